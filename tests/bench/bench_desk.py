"""The desk's pages with 20,000 transactions in the store, over TLS, beside the kiosk in use.

Each figure is one action of a clerk as the browser waits for it: the request, what is stored, and
the page that follows. Meanwhile somebody stands at the kiosk (its window on a virtual screen),
leafs, types and takes numbers, touch upon touch. Kiosk, its screen and desk share one core; the
clerk's PC and the finger have another where there is one. The peer is what no page can be faster
than: the bare query under the work page, 50 new applications out of the same rows in plain SQLite,
and one fixed file over the same line. The goal is p95 ≤ 150 ms.
Run: `kiosk bench desk`, or this file.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "build/dev")]

from kiosk.domain.queue import Taking  # noqa: E402  # a script finds its checkout first
from kiosk.domain.transaction import Draft  # noqa: E402
from kiosk.store.connection import writing  # noqa: E402
from tests.bench.walk import FILING, LOOKING_ROUND, SEARCHING  # noqa: E402
from tests.bench.window import (  # noqa: E402
    BAR,
    HEIGHT_PX,
    WIDTH_PX,
    Display,
    Kiosk,
    percentile,
    say,
)
from tests.desk.support import PASSWORD, Office, running  # noqa: E402

TRANSACTIONS = 20_000
LEFT_NEW = 60
QUEUE_TODAY = 60
ROUNDS = 40
DAYS = 365
# A number in every round; the form after it is left half-filled, as people do.
ROUND = (*LOOKING_ROUND[1:], "go:ticket", "take:*", "another", *SEARCHING, *FILING, "home")
PAUSES_S = (0.05, 0.25)  # the clerk's, between two acts: so that each meets another touch


def fill(office: Office) -> None:
    """A year of work, day by day: applications with an act or two each, and a queue for today."""
    store, rina = office.store, office.ids["Rina"]
    draft = Draft("application", "sktm", {"nik": "3671011401940001", "name": "Contoh Warga"})
    applications = (TRANSACTIONS - QUEUE_TODAY) * 2 // 5
    now_ms = time.time_ns() // 1_000_000
    step_ms = DAYS * 24 * 3_600_000 // applications
    moments = itertools.count(now_ms - DAYS * 24 * 3_600_000, step_ms)
    store.transactions._wall_ms = lambda: min(next(moments), now_ms)
    with writing(store.db, office.home):
        for _ in range(applications):
            store.transactions.accept(draft)
    store.work.take_in()
    with writing(store.db, office.home):
        for work in store.work.listing(["new"], applications - LEFT_NEW):
            now = store.work.act(work.dseq, "open", rina, version=1)
            if work.dseq % 2:
                store.work.act(work.dseq, "reject", rina, version=now.version, reason="withdrawn")
        left = TRANSACTIONS - QUEUE_TODAY - office.rows("SELECT count(*) FROM txn")[0][0]
        for _ in range(left):
            store.transactions.accept(Draft("survey", "", {"u1": 4}))
    store.transactions._wall_ms = lambda: time.time_ns() // 1_000_000
    with writing(store.db, office.home):
        for _ in range(QUEUE_TODAY):
            store.transactions.accept(Draft("ticket", "", {}), Taking())
    # What is still open was done long ago; its rows stay, its state is that of an old office.
    store.db.conn.execute("UPDATE work SET state = 'done', holder = NULL WHERE state = 'open'")


def plain_peer(office: Office, folder: Path) -> Callable[[], object]:
    plain = sqlite3.connect(folder / "plain.db")
    plain.execute("CREATE TABLE txn (dseq INTEGER PRIMARY KEY, id TEXT, code TEXT, service TEXT)")
    plain.execute("CREATE TABLE work (dseq INTEGER PRIMARY KEY, state TEXT, arrived_ms INTEGER)")
    plain.execute("CREATE INDEX work_state ON work (state, dseq)")
    txn = office.rows("SELECT dseq, id, code, service FROM txn")
    work = office.rows("SELECT dseq, state, arrived_ms FROM work")
    plain.executemany("INSERT INTO txn VALUES (?, ?, ?, ?)", txn)
    plain.executemany("INSERT INTO work VALUES (?, ?, ?)", work)
    plain.commit()
    sql = """SELECT t.id, t.code, t.service, w.arrived_ms FROM work w JOIN txn t USING (dseq)
      WHERE w.state = 'new' ORDER BY w.dseq LIMIT 50"""
    return lambda: plain.execute(sql).fetchall()


class Clerk:
    def __init__(self, url: str, certificate: Path, name: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env, self.http.verify = False, str(certificate)
        self.http.headers["Sec-Fetch-Site"] = "same-origin"
        self.csrf = ""
        self.post("/masuk", name=name, password=PASSWORD)
        self.csrf = re.findall(r'name="csrf" value="([^"]+)"', self.get("/sandi"))[0]

    def get(self, path: str) -> str:
        answer = self.http.get(self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.text

    def post(self, path: str, **fields: str) -> str:
        data = {"csrf": self.csrf} | fields
        answer = self.http.post(self.url + path, data=data, timeout=60)
        if answer.status_code not in (200, 401):
            raise SystemExit(f"{path}: {answer.status_code}")
        return answer.text


def first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"the page lacks {pattern}")
    return found.group(1)


class Person:
    """Somebody at the kiosk who never rests, in a thread of their own until `leave`."""

    def __init__(self, display: Display, kiosk: Kiosk) -> None:
        self._display, self._kiosk = display, kiosk
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._walk)
        self.touches = 0
        self.problem = ""

    def come(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        self._left.set()
        self._thread.join()

    def _walk(self) -> None:
        try:
            self._kiosk.tap("start")
            for meaning in itertools.cycle(ROUND):
                if self._left.is_set():
                    return
                self._kiosk.tap(meaning)
                self.touches += 1
        except (TimeoutError, RuntimeError, OSError) as problem:
            self.problem = f"{type(problem).__name__}: {problem}"


def measure(rina: Clerk, lurah: Clerk) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {}

    hand = random.Random(1)

    def timed(name: str, act: Callable[[], str]) -> str:
        time.sleep(hand.uniform(*PAUSES_S))
        start_s = time.perf_counter()
        page = act()
        spent.setdefault(name, []).append((time.perf_counter() - start_s) * 1000)
        return page

    rina.post("/loket", counter="1", line="")
    for turn in range(ROUNDS):
        page = timed("work_page", lambda: rina.get("/pekerjaan"))
        dseq = first(r"/permohonan/(\d+)/open", page)
        path = f"/permohonan/{dseq}"
        page = timed("open", partial(rina.post, f"{path}/open", version="1"))
        version = first(r'data-version="(\d+)"', page)
        fields = {"version": version, "sure": "1", "ticked": "0"}
        page = timed("accept", partial(rina.post, f"{path}/accept", **fields))
        version = first(r'data-version="(\d+)"', page)
        timed("done", partial(rina.post, f"{path}/done", version=version))
        page = timed("call_next", partial(rina.post, "/antrean/panggil"))
        number = first(r"/antrean/(\d+)/done", page)
        version = first(rf'/antrean/{number}/done.*?name="version" value="(\d+)"', page)
        timed("number_done", partial(rina.post, f"/antrean/{number}/done", version=version))
        timed("fixed_file", lambda: rina.get("/static/desk.css"))
        timed("form_page", lambda: rina.get("/isi/sktm"))
        timed("television", lambda: rina.get("/tv"))
        if turn % 4 == 0:
            timed("figures_30_days", lambda: lurah.get("/angka?hari=30"))
            timed("log_page", lambda: lurah.get("/catatan"))
    return spent


def main() -> int:
    cores = os.sched_getaffinity(0)
    office_core = {min(cores)}
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-desk-") as folder:
        office = Office(Path(folder) / "home")
        fill(office)
        query = plain_peer(office, Path(folder))
        os.sched_setaffinity(0, office_core)  # for whatever is started from here
        with (
            Display(WIDTH_PX, HEIGHT_PX) as display,
            running(office) as desk,
            Kiosk(display, Path(folder)) as kiosk,
        ):
            kiosk.first_frame_s(BAR)
            os.sched_setaffinity(0, cores - office_core or cores)
            person = Person(display, kiosk)
            person.come()
            certificate = office.home / "desk.crt"
            rina = Clerk(desk.url, certificate, "Rina")
            lurah = Clerk(desk.url, certificate, "Ibu Lurah")
            spent = measure(rina, lurah)
            person.leave()
        if person.problem:
            raise SystemExit(f"at the kiosk: {person.problem}")
        bare = []
        for _ in range(200):
            start_s = time.perf_counter()
            query()
            bare.append((time.perf_counter() - start_s) * 1000)
        office.store.close()
    line = spent.pop("fixed_file")
    peer = statistics.median(bare) + statistics.median(line)
    for name, values in spent.items():
        say(f"desk_{name}_p95", percentile(values, 0.95), "ms", peer)
    every = [value for values in spent.values() for value in values]
    say("desk_p50", statistics.median(every), "ms", peer)
    say("desk_p95", percentile(every, 0.95), "ms", peer)
    say("desk_touches_meanwhile", person.touches, "touches")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
