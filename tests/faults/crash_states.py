"""What a power cut may leave of a database: every prefix and reordering of unsynced writes.

    python -m tests.faults.crash_states --states 1000000 --jobs 2 --seed 1

A log of what SQLite asked of the disk (logged_vfs.py) while the product's own store accepted
errands, wrote acknowledgements and swapped feeds. A crash state takes what was synced, and of what
was not yet synced any subset, each write whole or torn into sectors of 512 bytes. Each state is
opened with the real driver: whatever the kiosk had promised before the cut must be there, with its
bytes, and nothing may be there by halves. Every 100th state is opened by `open_database` itself.
With --control NORMAL the store is weakened: then it must lose something.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sqlcipher3 import dbapi2 as sqlcipher  # noqa: E402

from kiosk.store import epochs, lost, mark  # noqa: E402
from kiosk.store.connection import CIPHER_PRAGMAS, DATABASE_NAME, open_database  # noqa: E402
from kiosk.store.key import KEY_NAME  # noqa: E402
from tests.faults.world import DRAFT, TICKET, Open, printed  # noqa: E402

SECTOR_BYTES = 512
PRODUCT_EVERY = 100  # states between two that open_database itself opens
ERRANDS = 14  # in one log
CONTROLS: dict[str, dict[str, str]] = {"": {}, "NORMAL": {"synchronous": "NORMAL"}}
_ROWS = """SELECT t.id, t.sha256, p.body, o.state FROM txn t LEFT JOIN payload p USING (dseq)
  LEFT JOIN outbox o USING (dseq) ORDER BY dseq"""


# --- the log --------------------------------------------------------------------------------------
@dataclass
class Recorded:
    """A log, the files before it, and what had been promised when (by the length of the log)."""

    log: list[Any]
    before: dict[str, bytes]
    key: str
    install: str = ""
    told: list[tuple[int, str]] = field(default_factory=list)  # after op n: this id
    acked: list[tuple[int, str]] = field(default_factory=list)


def record(seed: int, control: str) -> Recorded:
    """One kiosk's morning, whole, with checkpoints in the middle of it."""
    from tests.faults.logged_vfs import recording

    rng = random.Random(seed)
    log: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="kiosk-log-") as folder:
        home = Path(folder)
        with recording(log, **CONTROLS[control]):
            Open(home).db.close()
            gc.collect()
            before = {
                path.name: path.read_bytes()
                for path in home.iterdir()
                if path.name.startswith(DATABASE_NAME) and not path.name.endswith("-shm")
            }
            done = Recorded(log, before, (home / KEY_NAME).read_text().strip())
            log.clear()
            opened = Open(home)
            done.install = opened.outbox.epoch
            opened.db.conn.execute(f"PRAGMA wal_autocheckpoint = {rng.choice((5, 20, 60, 1000))}")
            for number in range(ERRANDS):
                id_ = opened.accept(TICKET if rng.random() < 0.3 else DRAFT)
                done.told.append((len(log), id_))
                if rng.random() < 0.4:
                    sent = rng.sample(done.told, min(len(done.told), 3))
                    opened.outbox.record([(name, "stored", number + 1, None) for _, name in sent])
                    done.acked += [(len(log), name) for _, name in sent]
                if rng.random() < 0.2:
                    opened.outbox.replace_pulled("catalogue", [{"id": "x", "content": {}}], "c")
            opened.db.close()
    return done


# --- states ---------------------------------------------------------------------------------------
class Disk:
    """Files as they are for sure, and what was asked since each file's last sync."""

    def __init__(self, before: dict[str, bytes]) -> None:
        self.sure = {name: bytearray(data) for name, data in before.items()}
        self.pending: dict[str, list[Any]] = {}

    def take(self, op: Any) -> None:
        if op.what == "sync":
            self.sure[op.file] = self._with(op.file, self.pending.pop(op.file, []))
        elif op.what == "delete":
            self.sure.pop(op.file, None)
            self.pending.pop(op.file, None)
        else:
            self.pending.setdefault(op.file, []).append(op)

    def _with(self, name: str, ops: list[Any]) -> bytearray:
        data = bytearray(self.sure.get(name, b""))
        for op in ops:
            if op.what == "truncate":
                del data[op.offset :]
            elif op.what == "unlink":
                data.clear()
            elif op.what == "write":
                end = op.offset + len(op.data)
                if len(data) < end:
                    data.extend(bytes(end - len(data)))
                data[op.offset : end] = op.data
        return data

    def state(self, rng: random.Random, how: str) -> dict[str, bytes]:
        """One way the disk may look after the cut: "all", "none" or "some" of the unsynced."""
        files = {name: bytes(data) for name, data in self.sure.items()}
        for name, ops in self.pending.items():
            kept = {"all": list(ops), "none": []}.get(how)
            if kept is None:
                kept = [part for op in ops if rng.random() < 0.6 for part in _torn(op, rng)]
            if kept:
                files[name] = bytes(self._with(name, kept))
        for name in [name for name, data in files.items() if not data]:
            del files[name]  # deleted, or made and never written: to SQLite the same
        return files


def _torn(op: Any, rng: random.Random) -> Iterator[Any]:
    """The write whole, or some of its sectors."""
    if op.what != "write" or rng.random() < 0.6:
        yield op
        return
    first = op.offset - op.offset % SECTOR_BYTES
    for start in range(first, op.offset + len(op.data), SECTOR_BYTES):
        if rng.random() < 0.5:
            low, high = max(start, op.offset), min(start + SECTOR_BYTES, op.offset + len(op.data))
            yield type(op)("write", op.file, low, op.data[low - op.offset : high - op.offset])


# --- opening one ----------------------------------------------------------------------------------
def wrong_with(
    home: Path, told: frozenset[str], acked: frozenset[str], key: str, thorough: bool
) -> str:
    """What the kiosk would have broken, "" when its word stands. Whatever a power cut left is no
    loss, so the kiosk must not say that it is one either."""
    try:
        if thorough:
            product = open_database(home)
            alarms = epochs.begun(product)
            product.close()
            if alarms or lost.folders(home):
                return f"a loss was said where there is none: {alarms}"
        db = sqlcipher.connect(str(home / DATABASE_NAME), isolation_level=None)
    except Exception as error:
        return f"cannot be opened: {type(error).__name__}"
    try:
        db.execute(f"PRAGMA key = \"x'{key}'\"")
        for pragma in CIPHER_PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        if thorough and db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return "integrity_check complains"
        rows = db.execute(_ROWS).fetchall()
    except sqlcipher.Error as error:
        return f"cannot be read: {error}"
    finally:
        db.close()
    for id_, sha256, body, state in rows:
        if body is None or state is None or hashlib.sha256(body).hexdigest() != sha256:
            return f"{id_} is there by halves"
    if gone := told - {row[0] for row in rows}:
        return f"{len(gone)} promised errands are lost"
    forgotten = acked - {row[0] for row in rows if row[3] == "acked"}
    return f"{len(forgotten)} acknowledgements are lost" if forgotten else ""


def explore(seed: int, states: int, control: str, within_s: float) -> dict[str, Any]:
    """`states` crash states, from as many logs as they take, or as many as the time allows."""
    end_s = time.monotonic() + within_s
    rng = random.Random(seed)
    where = "/dev/shm" if os.path.isdir("/dev/shm") else None
    seen: set[bytes] = set()
    made = logs = ops = 0
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kiosk-states-", dir=where) as folder:
        home = Path(folder)
        while made < states and time.monotonic() < end_s:
            log_seed = rng.randrange(2**32)
            recorded = record(log_seed, control)
            logs, ops = logs + 1, ops + len(recorded.log)
            (home / KEY_NAME).write_text(recorded.key)
            (home / KEY_NAME).chmod(0o600)
            left = max(1, states // 40) if states > 4000 else states  # many logs, not one
            tries = max(3, min(left, states - made) // max(1, len(recorded.log)))
            disk = Disk(recorded.before)
            for at, op in enumerate(recorded.log):
                disk.take(op)
                if time.monotonic() > end_s:
                    break
                told = frozenset(id_ for after, id_ in recorded.told if after <= at + 1)
                acked = frozenset(id_ for after, id_ in recorded.acked if after <= at + 1)
                for number in range(tries if disk.pending else 1):
                    files = disk.state(rng, ("all", "none")[number] if number < 2 else "some")
                    made += 1
                    # The same files are another state once more has been promised.
                    digest = hashlib.sha256(b"%d %d" % (len(told), len(acked)))
                    for name in sorted(files):
                        digest.update(name.encode() + files[name])
                    if digest.digest() in seen:
                        continue
                    seen.add(digest.digest())
                    for end in ("", "-wal", "-shm", "-journal"):
                        (home / (DATABASE_NAME + end)).unlink(missing_ok=True)
                    for name, data in files.items():
                        (home / name).write_bytes(data)
                    last = [id_ for after, id_ in recorded.told if after <= at + 1][-1:]
                    mark.leave(home, recorded.install, len(told), *last or ["0" * 32])
                    thorough = len(seen) % PRODUCT_EVERY == 1
                    if words := wrong_with(home, told, acked, recorded.key, thorough):
                        wrong.append(f"log seed {log_seed}, op {at}, try {number}: {words}")
    return {"states": made, "distinct": len(seen), "logs": logs, "ops": ops, "wrong": wrong}


def run(states: int, seed: int, jobs: int, control: str, within_s: float) -> dict[str, Any]:
    began = time.monotonic()
    share = [(seed * 1000 + job, -(-states // jobs), control, within_s) for job in range(jobs)]
    with get_context("spawn").Pool(jobs) as pool:
        parts = pool.starmap(explore, share)
    wrong = [words for part in parts for words in part["wrong"]]
    figures = {
        name: sum(part[name] for part in parts) for name in ("states", "distinct", "logs", "ops")
    }
    return {
        "name": "crash_states",
        "seed": seed,
        "control": control,
        **figures,
        "lost": len(wrong),
        "doubled": 0,
        "silently_stuck": 0,
        "breaches": wrong[:10],
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--states", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--control", default="", choices=list(CONTROLS))
    parser.add_argument("--within-s", type=float, default=3600.0, help="ends earlier than that")
    given = parser.parse_args(arguments)
    counts = (given.states, given.seed, given.jobs)
    return printed(run(*counts, given.control, given.within_s))


if __name__ == "__main__":
    raise SystemExit(main())
