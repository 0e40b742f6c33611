"""Sending errands to the city against PouchDB 9 -> express-pouchdb: same documents, same run.

Ours is the whole way: the kiosk's encrypted outbox, the agent, signed requests, `city serve` on
SQLite and on PostgreSQL, acknowledgements written back. The peer is node with leveldb at both
ends. Both send documents of about 1 KB with the same text in them, over a proxy that counts bytes.
  sync_rate            documents a second, from the start of the process to the last one written
  sync_bytes_up        bytes from kiosk to city for one document
  sync_idle_bytes      both ways, for one look at whether there is anything new
  sync_idle_server_cpu milliseconds of the server for one such look
  sync_resume          seconds to finish after the sender was killed in the middle; `missing` must
                       be 0
  sync_postgresql_ingest  rows a second that the city takes into PostgreSQL; the peer is COPY of the
                       same rows into the same indexed table (ingest.py)
KIOSK_BENCH_TURNS: so often, all sides in turn, the median of each figure (1 unless told).
KIOSK_BENCH_DOCS says how many (1,000 unless told; the published figures are of 10,000).
KIOSK_BENCH_POUCHDB names the folder where the peer's packages are or will be installed by npm.
A side that cannot be had is said on stderr and its figures are null.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT)]

from kiosk.config import WIB  # noqa: E402
from kiosk.domain.transaction import Draft  # noqa: E402
from kiosk.store.connection import open_database  # noqa: E402
from kiosk.store.outbox import Outbox  # noqa: E402
from kiosk.store.transactions import Transactions  # noqa: E402
from sync import protocol  # noqa: E402
from sync.agent import enrol  # noqa: E402
from tests.bench.ingest import against_copy  # noqa: E402
from tests.city_support import postgres_cluster  # noqa: E402
from tests.sync_support import free_port  # noqa: E402

DOCUMENTS = int(os.environ.get("KIOSK_BENCH_DOCS", "1000"))
TURNS = int(os.environ.get("KIOSK_BENCH_TURNS", "1"))
IDLE_LOOKS = 200
ANSWER_CHARS = 640  # with its envelope an errand then has about 1 KB
PEER = Path(__file__).with_name("pouchdb_peer.cjs")
PACKAGES = ("pouchdb@9.0.0", "express-pouchdb@4.2.0", "express@4.21.2")
PATIENCE_S = 1800.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Figures:
    """One side's. None: not measured."""

    rate: float | None = None
    bytes_up: float | None = None
    idle_bytes: float | None = None
    idle_cpu_ms: float | None = None
    resume_s: float | None = None
    missing: int | None = None


class Counter:
    """A TCP line that counts, in a thread of its own."""

    def __init__(self, to_port: int) -> None:
        self.port, self._to_port = free_port(), to_port
        self.up = self.down = 0
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True).start()
        ready.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self) -> tuple[int, int]:
        """(up, down) since the last time."""
        taken = self.up, self.down
        self.up = self.down = 0
        return taken

    async def _serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        ready.set()
        async with server:
            await server.serve_forever()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._carry(reader, there_writer, "up"), self._carry(there_reader, writer, "down")
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(262_144):
                setattr(self, way, getattr(self, way) + len(data))
                writer.write(data)
                await writer.drain()
        writer.close()


def cpu_s(process: int) -> float:
    """User and system time so far."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * TICK_S


@contextlib.contextmanager
def serving(words: list[str], port: int, **other: Any) -> Iterator[int]:
    """A server until the end of the block; its process id."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, **other)
    try:
        deadline = time.monotonic() + 60
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{words[0]} does not serve")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def measured(
    send: Callable[[], None],
    idle: Callable[[int], None],
    killed: Callable[[], int],
    line: Counter,
    server: int,
) -> Figures:
    """The same course for everybody. `killed` returns how many documents are missing after it."""
    line.take()
    start_s = time.perf_counter()
    send()
    took_s = time.perf_counter() - start_s
    up, _ = line.take()
    idle(1)
    line.take()
    cpu_before_s = cpu_s(server)
    idle(IDLE_LOOKS)
    cpu_ms = (cpu_s(server) - cpu_before_s) * 1000 / IDLE_LOOKS
    looked = sum(line.take()) / IDLE_LOOKS
    start_s = time.perf_counter()
    missing = killed()
    resume_s = time.perf_counter() - start_s
    return Figures(DOCUMENTS / took_s, up / DOCUMENTS, looked, cpu_ms, resume_s, missing)


# --- ours -----------------------------------------------------------------------------------------
OURS = [sys.executable, str(Path(__file__).with_name("sync_agent.py"))]


def fill(home: Path, count: int, text: str) -> None:
    home.mkdir(parents=True)
    db = open_database(home)
    accepting = Transactions(
        db, home, kiosk_prefix="KH", queue_prefix="A", zone=WIB, free_min_bytes=0
    )
    for number in range(count):
        at = number * ANSWER_CHARS % (len(text) - ANSWER_CHARS)
        answers_ = {"name": "Contoh Warga", "purpose": text[at : at + ANSWER_CHARS]}
        accepting.accept(Draft("application", "sktm", answers_))
    db.close()


def at_city(database: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-m", "sync.city", "transactions", "--database", database],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    ids = [json.loads(row)["id"] for row in done.stdout.splitlines()]
    if len(set(ids)) < len(ids):
        raise RuntimeError("an errand is at the city twice")
    return set(ids)


def ours(folder: Path, database: str, filled: Path) -> Figures:
    port = free_port()
    words = [sys.executable, "-m", "sync.city", "serve"]
    words += [f"--port={port}", f"--database={database}"]
    with serving(words, port, cwd=CHECKOUT) as server:
        line = Counter(port)

        def kiosk(name: str) -> Path:
            home = Path(shutil.copytree(filled / name, folder / name))
            made = subprocess.run(
                [sys.executable, "-m", "sync.city", "enrol-code", "--database", database],
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=True,
            )
            db = open_database(home)
            enrol(Outbox(db, home), home, json.loads(made.stdout)["code"], line.url)
            db.close()
            return home

        # As installed: with its byte code beside it, whatever the surroundings say of that.
        compiled = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        compiled.pop("PYTHONDONTWRITEBYTECODE", None)

        def run_agent(home: Path, looks: int) -> subprocess.Popen[bytes]:
            return subprocess.Popen([*OURS, str(home), str(looks)], cwd=CHECKOUT, env=compiled)

        first, second = kiosk("first"), kiosk("second")

        def done(process: subprocess.Popen[bytes], *, left: bool = False) -> None:
            if process.wait() != int(left):  # with a time-out it would look every 50 ms only
                raise RuntimeError("the agent failed")

        def killed() -> int:
            before = len(at_city(database))
            process = run_agent(second, 1)
            while len(at_city(database)) < before + DOCUMENTS * 2 // 5:
                if process.poll() is not None:
                    break  # so few that it was faster than a look
            process.send_signal(signal.SIGKILL)
            process.wait()
            done(run_agent(second, 1))
            return before + DOCUMENTS - len(at_city(database))

        done(run_agent(first, 0), left=True)
        return measured(
            lambda: done(run_agent(first, 1)),
            lambda looks: done(run_agent(first, looks)),
            killed,
            line,
            server,
        )


# --- PouchDB --------------------------------------------------------------------------------------
def pouchdb_packages() -> Path:
    """The folder of node_modules; installs them once. Raises OSError or CalledProcessError."""
    folder = Path(
        os.environ.get("KIOSK_BENCH_POUCHDB", f"{tempfile.gettempdir()}/kiosk-bench-pouchdb")
    )
    if not (folder / "node_modules" / "express-pouchdb").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        subprocess.run(
            [*words, "--loglevel=error", *PACKAGES],
            cwd=folder,
            check=True,
            stdout=sys.stderr,
            timeout=PATIENCE_S,
        )
    return folder / "node_modules"


def pouchdb(folder: Path, text: str) -> Figures:
    environment = {**os.environ, "NODE_PATH": str(pouchdb_packages())}
    sample = folder / "text"
    sample.write_text(text)

    def node(*words: object) -> list[str]:
        return ["node", str(PEER), *map(str, words)]

    def run(*words: object) -> str:
        done = subprocess.run(
            node(*words), env=environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
        if done.returncode:
            raise RuntimeError(f"pouchdb: {done.stderr.strip()[:200]}")
        return done.stdout

    server_folder, port = folder / "server", free_port()
    server_folder.mkdir()
    homes = [folder / "first", folder / "second"]
    for home in homes:
        home.mkdir()
        run("fill", home, DOCUMENTS, sample)
    with serving(node("serve", server_folder, port), port, env=environment) as server:
        line = Counter(port)
        url = f"{line.url}/city"

        def written() -> int:
            import urllib.request

            with urllib.request.urlopen(f"http://127.0.0.1:{port}/city", timeout=60) as reply:
                return int(json.loads(reply.read())["doc_count"])

        def killed() -> int:
            before = written()
            process = subprocess.Popen(
                node("replicate", homes[1], url), env=environment, stdout=subprocess.DEVNULL
            )
            while written() < before + DOCUMENTS * 2 // 5 and process.poll() is None:
                time.sleep(0.01)
            process.kill()
            process.wait()
            run("replicate", homes[1], url)
            return before + DOCUMENTS - written()

        return measured(
            lambda: _ignored(run("replicate", homes[0], url)),
            lambda looks: _ignored(run("idle", homes[0], url, looks)),
            killed,
            line,
            server,
        )


def _ignored(_said: str) -> None:
    """What the peer prints about itself."""


# --- side by side ---------------------------------------------------------------------------------
def tried(name: str, measure: Callable[[], Figures]) -> Figures:
    try:
        return measure()
    except Exception as error:  # a peer that is not here must not cost the other figures
        print(f"bench sync: {name}: {type(error).__name__}: {error}", file=sys.stderr)
        return Figures()


def lines(name: str, own: Figures, peer: Figures) -> Iterator[dict[str, Any]]:
    """Ratio: how many times better ours is."""
    for what, unit, more_is_better in (
        ("rate", "tx/s", True),
        ("bytes_up", "B", False),
        ("idle_bytes", "B", False),
        ("idle_cpu_ms", "ms", False),
        ("resume_s", "s", False),
        ("missing", "tx", False),
    ):
        value, other = getattr(own, what), getattr(peer, what)
        ratio = None
        if value and other:
            ratio = round(value / other if more_is_better else other / value, 2)
        yield {
            "name": f"sync_{name}_{what}",
            "value": value if value is None else round(value, 2),
            "unit": unit,
            "peer": other if other is None else round(other, 2),
            "ratio": ratio,
            "documents": DOCUMENTS,
        }


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    with postgres_cluster(durable=True) as url:
        yield url


def main() -> int:
    rng = random.Random(1)
    words = [
        "".join(rng.choices(string.ascii_lowercase, k=rng.randrange(2, 11))) for _ in range(900)
    ]
    text = " ".join(rng.choices(words, k=16_000))  # compresses as prose does, about 2.5 to 1
    turns: dict[str, list[Figures]] = {"peer": [], "sqlite": [], "postgresql": []}
    with contextlib.ExitStack() as stack:
        scratch = tempfile.TemporaryDirectory(dir=os.environ.get("KIOSK_BENCH_DIR"))
        folder = Path(stack.enter_context(scratch))
        for home in ("first", "second"):
            fill(folder / "filled" / home, DOCUMENTS, text)
        for turn in range(TURNS):
            for name, figures in turns.items():
                figures.append(one_turn(name, folder, f"{name}{turn}", text))
        peer = middle(turns["peer"])
        for name in ("sqlite", "postgresql"):
            for line in lines(name, middle(turns[name]), peer):
                print(json.dumps(line), flush=True)
        ingested(folder / "filled" / "first")
    return 0


def one_turn(name: str, scratch: Path, place: str, text: str) -> Figures:
    folder, filled = scratch / place, scratch / "filled"
    folder.mkdir()
    if name == "peer":
        return tried(name, lambda: pouchdb(folder, text))
    if name == "sqlite":
        return tried(name, lambda: ours(folder, f"sqlite:///{folder}/city.sqlite", filled))

    def on_postgres() -> Figures:
        with postgres() as url:
            return ours(folder, url, filled)

    return tried(name, on_postgres)


def middle(turns: list[Figures]) -> Figures:
    """The median of each figure; of what is missing, the worst."""

    def of(values: Iterable[float | None]) -> float | None:
        measured = [value for value in values if value is not None]
        return statistics.median(measured) if measured else None

    return Figures(
        rate=of(one.rate for one in turns),
        bytes_up=of(one.bytes_up for one in turns),
        idle_bytes=of(one.idle_bytes for one in turns),
        idle_cpu_ms=of(one.idle_cpu_ms for one in turns),
        resume_s=of(one.resume_s for one in turns),
        missing=max((one.missing for one in turns if one.missing is not None), default=None),
    )


def ingested(home: Path) -> None:
    db = open_database(home)
    items = [
        protocol.Item(one.id, one.epoch, one.number, one.kind, one.schema, one.sha256, one.body)
        for one in Outbox(db, home).due(DOCUMENTS)
    ]
    db.close()
    try:
        with postgres() as url:
            own, copy = against_copy(url, items)
    except Exception as error:  # as in `tried`
        print(f"bench sync: ingest: {type(error).__name__}: {error}", file=sys.stderr)
        return
    line = {"name": "sync_postgresql_ingest", "value": round(own), "unit": "rows/s"}
    print(json.dumps(line | {"peer": round(copy), "ratio": round(own / copy, 2)}), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
