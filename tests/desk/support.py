"""A desk with people and errands: the real command over TLS, and a browser that looks at it."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import loop

from kiosk.bootstrap import Store, catalogue_of, file_draft, now, regions_of
from kiosk.config import load_settings
from kiosk.desk.passwords import hashed
from kiosk.domain.queue import Taking
from kiosk.domain.transaction import Draft, Receipt
from kiosk.example import example_draft
from kiosk.store.staff import Role

CHECKOUT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60.0
PASSWORD = "kapal biru di sawah"
PEOPLE: dict[str, Role] = {
    "Rina": "petugas",
    "Budi": "petugas",
    "Ibu Lurah": "lurah",
    "Pak Kelola": "admin",
}
_HASH = hashed(PASSWORD)


class Office:
    """A home with its people, and what citizens do at the kiosk, in this process."""

    def __init__(self, home: Path, *, lock_s: int = 600) -> None:
        self.home = home
        load_settings(home)
        path = home / "kiosk.toml"
        text = path.read_text().replace("Kelurahan (belum diatur)", "Kelurahan Sukasari")
        path.write_text(text.replace("desk_s = 600", f"desk_s = {lock_s}"))
        self.settings = load_settings(home)
        self.store = Store(self.settings)
        self.catalogue = catalogue_of(self.settings)
        self.regions = regions_of(self.settings)
        self.ids: dict[str, int] = {}
        for name, role in PEOPLE.items():
            id_ = self.store.staff.add(name, role, _HASH)
            self.store.staff.set_password(id_, _HASH, must_change=False)
            self.ids[name] = id_

    def apply(self, service: str = "sktm", **answers: Any) -> Receipt:
        """An application as the kiosk files it; `answers` instead of the example's own."""
        example = example_draft(self.catalogue, service, self.regions, now().date())
        draft = Draft("application", service, {**example["answers"], **answers})
        return file_draft(draft, self.store, self.catalogue, self.regions)

    def ticket(self, *applications: str, line: str = "umum", priority: bool = False) -> Receipt:
        letter = {"umum": "", "kependudukan": "K", "sosial": "S"}[line]
        taking = Taking(line, letter, priority, (), applications)
        return self.store.transactions.accept(Draft("ticket", "", {}), taking)

    def dseq(self, receipt: Receipt) -> int:
        sql = "SELECT dseq FROM txn WHERE id = ?"
        return int(self.store.db.conn.execute(sql, (receipt.id,)).fetchone()[0])

    def rows(self, sql: str, *values: object) -> list[Any]:
        return list(self.store.db.conn.execute(sql, values).fetchall())


class RunningDesk:
    """`kiosk desk` as its own process."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.port = loop.free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.log = office.home / "desk.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Should this process be killed outright, the kernel ends the desk.
        command = [
            "setpriv",
            "--pdeathsig",
            "TERM",
            sys.executable,
            "-m",
            "kiosk",
            "--home",
            str(self.office.home),
            "desk",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=CHECKOUT,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                fetch(f"{self.url}/masuk")
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(self.log.read_text()) from None
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


@contextmanager
def running(office: Office) -> Iterator[RunningDesk]:
    desk = RunningDesk(office)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def fetch(url: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(url, timeout=30, context=context) as answer:
        return str(answer.read().decode())


def log_in(page: Any, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/masuk")
    page.get_by_label("Nama").fill(name)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_load_state()


def number_in(text: str) -> int:
    found = re.search(r"\d+", text)
    assert found
    return int(found.group())
