"""Accepting an errand against raw SQLite: two rows a commit, WAL, synchronous=FULL, same disk.

Two peers, taken in turns with ours in one run: plain SQLite (the price of everything), and
SQLCipher with our page settings (the price of all but the encryption). A peer stores what we
store, with the same unique keys, in two rows: the transaction with its body, and its outbox row.
It has no triggers, draws no code and builds no JSON: all values are ready beforehand.
`disk_flush` (8 KB written and flushed) says how to read the ratio: our work costs a fixed fraction
of a millisecond, much of a flush that only reaches a cache, little of one that reaches a medium.
Run: `kiosk bench accept`, or this file; KIOSK_BENCH_DIR chooses the disk.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from kiosk.config import WIB
from kiosk.domain.transaction import Draft
from kiosk.store.connection import CIPHER_PRAGMAS, open_database
from kiosk.store.transactions import Transactions

WARM_UP = 50
ROUNDS = 600

DRAFT = Draft(
    "application",
    "sktm",
    {
        "nik": "3671011401940001",
        "name": "Contoh Warga",
        "birth_date": "1994-01-14",
        "address": {
            "street": "Jl. Contoh No. 1",
            "rt": "001",
            "rw": "002",
            "kecamatan": "36.71.01",
            "kelurahan": "36.71.01.1001",
        },
        "purpose": "sekolah",
        "phone": "6281200000000",
    },
)


def peer(connection: Any, body_bytes: int) -> Callable[[], None]:
    """One raw commit of a transaction row and an outbox row."""
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.execute(
        "CREATE TABLE txn (dseq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        " code TEXT NOT NULL UNIQUE, kind TEXT, service TEXT, schema INTEGER, sha256 TEXT,"
        " at_ms INTEGER, boot_id TEXT, monotonic_ms INTEGER, body BLOB NOT NULL)"
    )
    connection.execute("CREATE TABLE outbox (dseq INTEGER PRIMARY KEY, state TEXT NOT NULL)")
    body = b"x" * body_bytes
    same = ("application", "sktm", 1, "5" * 64, 1_790_000_000_000, str(uuid.uuid4()), 1, body)
    ready = [(f"{n:036}", f"{random.randrange(10**9):09}") for n in range(WARM_UP + ROUNDS)]
    numbers = itertools.count(1)
    add = f"INSERT INTO txn VALUES ({', '.join('?' * 11)})"

    def commit() -> None:
        dseq = next(numbers)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(add, (dseq, *ready[dseq - 1], *same))
        connection.execute("INSERT INTO outbox VALUES (?, ?)", (dseq, "accepted"))
        connection.execute("COMMIT")

    return commit


def measure(folder: Path, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each commit, by name, in turns."""
    home = folder / "home"
    home.mkdir()
    db = open_database(home)
    transactions = Transactions(db, home, kiosk_prefix="KH", queue_prefix="A", zone=WIB)
    transactions.accept(DRAFT)
    body_bytes = len(db.conn.execute("SELECT body FROM payload").fetchone()[0])
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
    secret = sqlcipher.connect(str(folder / "secret.db"), isolation_level=None)
    secret.execute(f"PRAGMA key = \"x'{'5a' * 32}'\"")
    for pragma in CIPHER_PRAGMAS:
        secret.execute(f"PRAGMA {pragma}")
    ways: dict[str, Callable[[], object]] = {
        "accept": lambda: transactions.accept(DRAFT),
        "sqlite": peer(plain, body_bytes),
        "sqlcipher": peer(secret, body_bytes),
    }
    log = os.open(folder / "flushed", os.O_WRONLY | os.O_CREAT)

    def flush() -> None:
        os.write(log, b"x" * 8192)
        os.fdatasync(log)

    ways["disk_flush"] = flush
    spent: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for number in range(WARM_UP + rounds):
        order.append(order.pop(0))  # nobody always comes after the same neighbour
        for name in order:
            start_s = time.perf_counter()
            ways[name]()
            if number >= WARM_UP:
                spent[name].append(time.perf_counter() - start_s)
    for connection in (plain, secret, db.conn):
        connection.close()
    os.close(log)
    return spent


def main() -> int:
    with tempfile.TemporaryDirectory(dir=os.environ.get("KIOSK_BENCH_DIR")) as folder:
        spent = measure(Path(folder))
    ours_ms = statistics.median(spent["accept"]) * 1000
    for name in ("sqlite", "sqlcipher"):
        peer_ms = statistics.median(spent[name]) * 1000
        line = {
            "name": f"accept_vs_{name}",
            "value": round(ours_ms, 3),
            "unit": "ms",
            "peer": round(peer_ms, 3),
            "ratio": round(peer_ms / ours_ms, 2),
        }
        print(json.dumps(line))
    flush_ms = statistics.median(spent["disk_flush"]) * 1000
    line = {"name": "disk_flush", "value": round(flush_ms, 3), "unit": "ms"}
    print(json.dumps({**line, "peer": None, "ratio": None}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
