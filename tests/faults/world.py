"""A small world to break: kiosks' homes, and a city that is killed and back within a moment.

Everything runs in forked children (a fork costs milliseconds, a fresh Python seconds), so a
process that makes a `World` must have no other thread; the tests start it as a program.
The children use the commands and the small public functions, as a kiosk and a city do.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import io
import json
import os
import pickle
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

CHECKOUT = Path(__file__).resolve().parents[2]
if str(CHECKOUT) not in sys.path:  # started as a program
    sys.path[:0] = [str(CHECKOUT)]

import uvicorn.lifespan.on  # noqa: E402
import uvicorn.loops.auto  # noqa: E402
import uvicorn.protocols.http.auto  # noqa: E402
import uvicorn.protocols.websockets.auto  # noqa: E402, F401
from sqlalchemy import text  # noqa: E402

import sync.city.app  # noqa: E402, F401 - before the fork, so that a city starts in a moment
from kiosk.config import WIB  # noqa: E402
from kiosk.domain.transaction import Draft  # noqa: E402
from kiosk.store import epochs, lost  # noqa: E402
from kiosk.store.connection import DriverError, open_database  # noqa: E402
from kiosk.store.outbox import Outbox  # noqa: E402
from kiosk.store.problems import DatabaseUnusable, TryLater, explained  # noqa: E402
from kiosk.store.transactions import Transactions  # noqa: E402
from sync import agent as agents  # noqa: E402
from sync.city.__main__ import main as city_main  # noqa: E402
from sync.city.store import CityStore  # noqa: E402
from sync.city.tables import open_engine  # noqa: E402
from tests.faults.invariants import (  # noqa: E402
    Aside,
    CitySeen,
    Envelope,
    KioskRow,
    KioskSeen,
    Promise,
    Seen,
)
from tests.sync_support import free_port  # noqa: E402

T = TypeVar("T")
PATIENCE_S = 300.0  # waited out only when something is broken
DRAFT = Draft("application", "sktm", {"nik": "3671011401940001", "name": "Contoh Wargá"})
TICKET = Draft("ticket", "", {})
SURVEY = Draft("survey", "", {"stars": "5"})  # without a name: held back, then sent shuffled
_PROMISE = os.O_WRONLY | os.O_APPEND | os.O_CREAT


@dataclass(frozen=True)
class Ended(Generic[T]):
    """How a child ended: its result, or the signal that killed it (nothing came back)."""

    result: T | None = None
    signal: int = 0


def in_child(act: Callable[[], T], *, limit_s: float = PATIENCE_S) -> Ended[T]:
    """`act()` in a forked child. Raises RuntimeError when it raised, TimeoutError when it hung."""
    child, pipe = started(act)
    return collected(child, pipe, limit_s)


def started(act: Callable[[], Any]) -> tuple[int, int]:
    """Forks; the child's process id and the pipe that will hold its pickled result."""
    assert threading.active_count() == 1, "a fork beside threads may hang"
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        signal.alarm(int(PATIENCE_S * 3))  # never left behind
        if os.getppid() != parent:
            os._exit(1)
        answer = pickle.dumps((True, act()))
    except BaseException:
        answer = pickle.dumps((False, traceback.format_exc()))
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        pipe.write(answer)
    os._exit(0)


def collected(child: int, pipe: int, limit_s: float = PATIENCE_S) -> Ended[Any]:
    with os.fdopen(pipe, "rb") as reading:
        deadline = time.monotonic() + limit_s
        answer = b""
        os.set_blocking(reading.fileno(), False)
        while True:
            piece = reading.read()
            if piece == b"":
                break
            answer += piece or b""
            if piece is None:
                if time.monotonic() > deadline:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    raise TimeoutError(f"a child hung for {limit_s:.0f} s")
                time.sleep(0.001)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(signal=os.WTERMSIG(status))
    fine, result = pickle.loads(answer)
    if not fine:
        raise RuntimeError(result)
    return Ended(result)


# --- the city -------------------------------------------------------------------------------------
@dataclass
class City:
    """One city on one database; `start` and `kill` as often as you like."""

    folder: Path
    database: str = ""
    port: int = 0
    process: int = 0
    restarts: int = 0
    published: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = self.database or f"sqlite:///{self.folder}/city.sqlite"
        self.port = free_port()
        self.command("devices")  # makes the tables

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, before: Callable[[], None] = lambda: None) -> None:
        """Serves until killed; `before()` runs in the serving process first (faults, bugs)."""
        if not self.process:
            self.process, pipe = started(lambda: self._serve(before))
            os.close(pipe)
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(self.port):
            if time.monotonic() > deadline:
                raise TimeoutError("the city does not answer, see city.log")
            if os.waitpid(self.process, os.WNOHANG)[0]:  # killed itself at a crash point
                self.process = 0
                return
            time.sleep(0.005)

    def _serve(self, before: Callable[[], None]) -> None:
        signal.alarm(0)
        log = os.open(self.folder / "city.log", _PROMISE, 0o600)
        os.dup2(log, 2)
        before()
        city_main(["serve", "--port", str(self.port), "--database", self.database])

    def kill(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.process = 0
            self.restarts += 1

    def is_up(self) -> bool:
        if self.process and os.waitpid(self.process, os.WNOHANG)[0]:
            self.process = 0
            self.restarts += 1
        return bool(self.process)

    def command(self, *words: str) -> list[dict[str, Any]]:
        """The lines that `city WORDS` prints."""
        return in_child(lambda: _city_lines([*words, "--database", self.database])).result or []

    def code(self) -> str:
        return str(self.command("enrol-code")[0]["code"])

    def publish(self, number: int) -> None:
        """A new version of the catalogue: two services, both naming the version."""
        folder = self.folder / f"catalogue-{number}"
        folder.mkdir()
        contents = {}
        for name in ("sktm", "kk"):
            (folder / f"{name}.toml").write_text(f'id = "{name}"\nversion = {number}\n')
            contents[name] = {"id": name, "version": number}
        self.published.append(contents)  # before: a kiosk may have it as soon as it is committed
        self.command("publish-catalogue", str(folder))
        self.versions[in_child(self._version).result or ""] = contents

    def _version(self) -> str:
        store = CityStore(open_engine(self.database))
        try:
            return store.feed_version("catalogue")
        finally:
            store.close()

    def seen(self) -> CitySeen:
        return in_child(lambda: city_seen(self.database)).result or CitySeen()

    def backup(self, to: Path) -> None:
        """A checked copy that the devices hear of: what is in it they may delete."""
        self.command("backup", str(to))

    def copy(self, to: Path) -> None:
        """A snapshot that the devices do not hear of."""

        def act() -> None:
            store = CityStore(open_engine(self.database))
            store.copy_to(to)
            store.close()

        in_child(act)

    def restore(self, copy: Path, *, told: bool = True) -> None:
        """Back to a backup; `told`: the operator runs `city restored` as he must."""
        path = Path(self.database.removeprefix("sqlite:///"))
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        path.write_bytes(copy.read_bytes())
        if told:
            self.command("restored")


class CityRefused(Exception):
    """A command of the city ended otherwise than with 0; what it said."""


def _city_lines(words: Sequence[str]) -> list[dict[str, Any]]:
    said, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        status = city_main(words)
    if status:
        raise CityRefused(complaint.getvalue())
    return [json.loads(line) for line in said.getvalue().splitlines()]


def city_seen(database: str) -> CitySeen:
    """What the city's database holds, read past the city's own code."""
    engine = open_engine(database)
    sql = "SELECT id, device, epoch, dseq, sha256, body, problem FROM envelope ORDER BY server_seq"
    aside_sql = "SELECT id, device, epoch, dseq FROM aside ORDER BY seq"
    streams = "SELECT device, epoch, contiguous_through FROM stream"
    with engine.connect() as db:
        envelopes = [
            Envelope(
                row.id,
                row.device,
                row.epoch,
                row.dseq,
                row.sha256,
                hashlib.sha256(bytes(row.body)).hexdigest(),
                row.problem,
            )
            for row in db.execute(text(sql))
        ]
        aside = [Aside(*row) for row in db.execute(text(aside_sql))]
        through = {(row[0], row[1]): int(row[2]) for row in db.execute(text(streams))}
    engine.dispose()
    return CitySeen(envelopes, through, aside)


def _answers(port: int) -> bool:
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return line.recv(12).startswith(b"HTTP/1.1 404")
    except OSError:
        return False


# --- a kiosk --------------------------------------------------------------------------------------
class Open:
    """A home as one process of the kiosk has it open. Made in a child, never in the parent."""

    def __init__(self, home: Path, promises: Path | None = None, **other: Any) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.db = open_database(home)
        self.outbox = Outbox(self.db, home, keep_days=0)  # bytes go as soon as they may
        settings: dict[str, Any] = {
            "kiosk_prefix": "KH",
            "queue_prefix": "A",
            "zone": WIB,
            "free_min_bytes": 0,
        }
        self.transactions = Transactions(self.db, home, **(settings | other))
        self._promises = promises

    def accept(self, draft: Draft = DRAFT) -> str:
        """Accepts, then tells the citizen: from that line on it is promised."""
        receipt = self.transactions.accept(draft)
        if self._promises is not None:
            told = os.open(self._promises, _PROMISE, 0o600)
            os.write(told, f"{receipt.id} {receipt.code}\n".encode())
            os.close(told)
        return receipt.id

    def once(self) -> agents.Summary:
        return agents.open_agent(self.outbox, self.home).once()


@dataclass
class Kiosk:
    """One kiosk's home, seen from outside, with what its citizens were promised."""

    home: Path

    @property
    def promises(self) -> Path:
        return self.home.with_name(self.home.name + ".promises")

    def open(self, **other: Any) -> Open:
        return Open(self.home, self.promises, **other)

    def enrol(self, city: City) -> None:
        code = city.code()

        def act() -> None:
            opened = self.open()
            agents.enrol(opened.outbox, self.home, code, city.url)

        in_child(act)

    def submit(self, count: int = 1) -> None:
        in_child(lambda: self._submit(count))

    def _submit(self, count: int) -> int:
        opened = self.open()
        for _ in range(count):
            opened.accept()
        return count

    def once(self, via: str | None = None) -> agents.Summary:
        """One round of the agent, over another address than the city's when `via` is given."""
        summary = in_child(lambda: self._once(via)).result
        assert summary is not None
        return summary

    def _once(self, via: str | None) -> agents.Summary:
        opened = self.open()
        if via is not None:
            speak_via(opened, via)
        return opened.once()

    def promised(self) -> list[Promise]:
        if not self.promises.exists():
            return []
        return [Promise(line.split()[0]) for line in self.promises.read_text().splitlines()]

    def codes(self) -> list[str]:
        """The reference codes on the receipts."""
        lines = self.promises.read_text().splitlines() if self.promises.exists() else []
        return [line.split()[1] for line in lines if len(line.split()) > 1]

    def seen(self) -> KioskSeen:
        return in_child(lambda: kiosk_seen(self.home)).result or KioskSeen("?", "?")


def speak_via(opened: Open, url: str) -> None:
    """The agent's next round goes over `url`, as if the line lay there."""
    device = opened.outbox.device()
    assert device is not None
    if device["city_url"] != url:
        opened.outbox.save_device(device | {"city_url": url})


def kiosk_seen(home: Path) -> KioskSeen:
    """What a home holds, through the kiosk's own door; an E-code when it stays shut."""
    try:
        opened = Open(home)
        sql = "SELECT t.id, t.dseq, t.sha256, o.state, p.body, o.last_problem FROM txn t"
        sql += " JOIN outbox o USING (dseq) LEFT JOIN payload p USING (dseq) ORDER BY t.dseq"
        rows = [
            KioskRow(
                id_,
                dseq,
                sha256,
                state,
                None if body is None else hashlib.sha256(body).hexdigest(),
                problem,
            )
            for id_, dseq, sha256, state, body, problem in opened.db.conn.execute(sql)
        ]
        held = "SELECT id, 0, sha256, 'withheld', body, NULL FROM withheld ORDER BY id"
        rows += [
            KioskRow(id_, dseq, sha256, state, hashlib.sha256(body).hexdigest(), problem)
            for id_, dseq, sha256, state, body, problem in opened.db.conn.execute(held)
        ]
        device = opened.outbox.device()
        return KioskSeen(
            device["device"] if device else "",
            opened.outbox.epoch,
            rows,
            opened.transactions.unsent().count,
            opened.outbox.get("last_problem") or "",
            {item["id"]: json.loads(item["body"]) for item in opened.outbox.pulled("catalogue")},
            opened.outbox.get("cursor:catalogue") or "",
            said=[f"{one.why}: {one.here} of {one.known}" for one in epochs.begun(opened.db)]
            + [folder.name for folder in lost.folders(home)],
        )
    except (DatabaseUnusable, TryLater, *DriverError) as shut:
        said = shut if isinstance(shut, DatabaseUnusable | TryLater) else explained(shut, home)
        return KioskSeen("?", "?", out_of_order=getattr(said, "code", "try later"))
    finally:
        with contextlib.suppress(UnboundLocalError):
            opened.db.close()


# --- all of it ------------------------------------------------------------------------------------
@dataclass
class World:
    """One city and its kiosks in `folder`, driven by one seed."""

    folder: Path
    seed: int
    city: City = field(init=False)
    kiosks: list[Kiosk] = field(default_factory=list)
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.city = City(self.folder / "city")

    def add_kiosk(self) -> Kiosk:
        kiosk = Kiosk(self.folder / f"kiosk-{len(self.kiosks)}")
        self.kiosks.append(kiosk)
        return kiosk

    def promised(self) -> list[Promise]:
        return [promise for kiosk in self.kiosks for promise in kiosk.promised()]

    def seen(self, *, quiet: bool = False) -> Seen:
        return Seen(
            self.promised(),
            [kiosk.seen() for kiosk in self.kiosks],
            self.city.seen(),
            quiet,
            tuple(self.city.published),
            self.city.versions,
        )

    def settle(self, rounds: int = 3) -> Seen:
        """The network is quiet and the city up: every agent has its rounds, then all is looked at.

        A round more than one, because a restored city is noticed in one and healed in the next.
        """
        self.city.start()
        for kiosk in self.kiosks:
            for _ in range(rounds):
                kiosk.once(self.city.url)
        return self.seen(quiet=True)

    def close(self) -> None:
        self.city.kill()


@contextlib.contextmanager
def world(seed: int) -> Iterator[World]:
    """In memory where there is /dev/shm: a SIGKILL asks nothing of the disk, a power cut does."""
    where = os.environ.get("KIOSK_FAULTS_DIR", "/dev/shm" if os.path.isdir("/dev/shm") else None)
    with tempfile.TemporaryDirectory(prefix="kiosk-faults-", dir=where) as folder:
        made = World(Path(folder), seed)
        gc.collect()
        gc.freeze()  # a child that never touches these pages need not copy them
        try:
            yield made
        finally:
            made.close()


def printed(line: dict[str, Any]) -> int:
    """The one JSON line of a run; the exit code, 1 when a promise was broken."""
    print(json.dumps(line), flush=True)
    return 1 if line.get("lost") or line.get("doubled") or line.get("silently_stuck") else 0
