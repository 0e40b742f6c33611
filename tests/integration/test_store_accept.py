"""Accepting: one commit or nothing, in whatever company and whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.code import read_code
from kiosk.domain.payload import payload_sha256
from kiosk.domain.transaction import Draft
from kiosk.store import transactions as module
from kiosk.store.connection import first_wrong_row
from kiosk.store.outbox import Outbox
from kiosk.store.problems import StorageFull
from kiosk.store.room import BALLAST_NAME, drop_ballast, hold_ballast
from tests.store_support import LETTER, TICKET, run_together, transactions_in

PROCESSES, COMMITS = 3, 300


def test_an_accepted_errand_is_what_the_receipt_says(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    receipt = transactions.accept(LETTER)
    assert transactions.receipt(receipt.id) == receipt
    (item,) = Outbox(transactions._db, tmp_path).due(10)
    body = json.loads(item.body)
    assert body["answers"] == LETTER.answers
    assert (body["id"], body["code"], body["ticket"]) == (receipt.id, receipt.code, None)
    assert (item.id, item.dseq, item.kind) == (receipt.id, 1, "application")
    assert item.sha256 == payload_sha256(item.body)
    assert read_code(receipt.code) == receipt.code
    assert body["at"] == receipt.at.isoformat(timespec="milliseconds")
    with pytest.raises(KeyError):
        transactions.receipt("another")


def test_three_processes_commit_at_once(tmp_path: Path) -> None:
    transactions_in(tmp_path)._db.close()

    def act(number: int) -> None:
        transactions = transactions_in(tmp_path, queue_prefix="AAB"[number])
        for count in range(COMMITS):
            transactions.accept(TICKET if count % 3 == 0 else LETTER)

    assert run_together(PROCESSES, act) == [0] * PROCESSES
    transactions = transactions_in(tmp_path)
    rows = list(transactions.listing())
    assert [row["dseq"] for row in rows] == list(range(1, PROCESSES * COMMITS + 1))
    assert len({row["code"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert first_wrong_row(transactions._db) is None
    numbers: dict[str, list[int]] = {"A": [], "B": []}
    for prefix, number in transactions._db.conn.execute("SELECT prefix, number FROM ticket"):
        numbers[prefix].append(number)
    assert sorted(numbers["A"]) == list(range(1, 201))
    assert sorted(numbers["B"]) == list(range(1, 101))


def test_a_kill_leaves_the_whole_errand_or_nothing(tmp_path: Path) -> None:
    """Killed at growing moments; what the child had said was accepted must be there."""
    transactions_in(tmp_path)._db.close()
    said: list[str] = []
    for cycle in range(50):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read_end)
            transactions = transactions_in(tmp_path)
            while True:
                receipt = transactions.accept(TICKET if cycle % 2 else LETTER)
                os.write(write_end, f"{receipt.id} {receipt.code}\n".encode())
        os.close(write_end)
        with open(read_end) as lines:
            said.append(lines.readline().strip())  # it is running
            time.sleep(cycle * 0.0003)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            said += [line.strip() for line in lines if line.endswith("\n")]
    transactions = transactions_in(tmp_path)
    stored = [f"{row['id']} {row['code']}" for row in transactions.listing()]
    assert len(said) >= 50
    assert set(said) <= set(stored)
    assert len(stored) - len(said) <= 50  # at most the one in flight of each cycle
    assert first_wrong_row(transactions._db) is None
    tickets = transactions._db.conn.execute("SELECT count(*), max(number) FROM ticket").fetchone()
    assert tickets[0] == tickets[1]


@pytest.mark.parametrize("statement", ["_ADD_TXN", "_ADD_PAYLOAD", "_ADD_OUTBOX", "_ADD_TICKET"])
def test_an_error_between_two_rows_leaves_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    transactions = transactions_in(tmp_path)
    transactions.accept(TICKET)
    monkeypatch.setattr(module, statement, "INSERT INTO nowhere VALUES (?)")
    with pytest.raises(Exception, match="nowhere"):
        transactions.accept(TICKET)
    monkeypatch.undo()
    counts = [
        transactions._db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("txn", "payload", "outbox", "ticket")
    ]
    assert counts == [1, 1, 1, 1]
    assert transactions.accept(TICKET).ticket == "A-002"


def test_time_never_runs_behind_the_last_errand(tmp_path: Path) -> None:
    now_ms = [1_790_000_000_000]
    transactions = transactions_in(tmp_path, wall_ms=lambda: now_ms[0])
    first = transactions.accept(TICKET)
    now_ms[0] -= 20 * 365 * 86_400_000  # the battery of the clock
    second = transactions.accept(TICKET)
    assert second.at == first.at
    assert (first.ticket, second.ticket) == ("A-001", "A-002")
    now_ms[0] = 1_790_000_000_000 + 86_400_000
    assert transactions.accept(TICKET).ticket == "A-001"  # the next day


def test_the_day_of_a_ticket_is_the_local_one(tmp_path: Path) -> None:
    before_midnight_ms = 1_789_923_599_000  # 23:59:59 WIB, still the afternoon in UTC
    now_ms = [before_midnight_ms]
    transactions = transactions_in(tmp_path, wall_ms=lambda: now_ms[0])
    assert transactions.accept(TICKET).at.strftime("%H:%M:%S") == "23:59:59"
    now_ms[0] += 1000
    assert transactions.accept(TICKET).ticket == "A-001"
    days = transactions._db.conn.execute("SELECT count(DISTINCT day) FROM ticket").fetchone()
    assert days == (2,)


def test_a_code_that_is_taken_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = transactions_in(tmp_path)
    taken = transactions.accept(LETTER).code
    draws = iter([taken, taken, "KH22-2222"])
    monkeypatch.setattr(module, "new_code", lambda *_: next(draws))
    receipt = transactions.accept(LETTER)
    assert receipt.code == "KH22-2222"
    (_, item) = Outbox(transactions._db, tmp_path).due(10)
    assert json.loads(item.body)["code"] == "KH22-2222"
    assert first_wrong_row(transactions._db) is None


@given(
    answers=st.dictionaries(
        st.text("abc_", min_size=1), st.text(st.characters(exclude_categories=["Cs"])) | st.none()
    )
)
def test_any_answers_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, Any]
) -> None:
    home = tmp_path_factory.getbasetemp() / "any-answers"
    transactions = transactions_in(home)
    receipt = transactions.accept(Draft("complaint", "", answers, "en"))
    body, sha256 = transactions._db.conn.execute(
        "SELECT body, sha256 FROM payload JOIN txn USING (dseq) WHERE id = ?", (receipt.id,)
    ).fetchone()
    assert json.loads(body)["answers"] == answers
    assert payload_sha256(body) == sha256
    transactions._db.close()


def test_too_little_room_stores_nothing(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path, free_min_bytes=1 << 62)
    with pytest.raises(StorageFull, match="the disk is full"):
        transactions.accept(LETTER)
    assert list(transactions.listing()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """3 MB, mounted; needs root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a file system can only be mounted as root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_is_really_full_keeps_every_promise(small_disk: Path) -> None:
    """Without the named limit: SQLite itself meets the end of the disk in the middle."""
    transactions = transactions_in(small_disk, free_min_bytes=0)
    (small_disk / BALLAST_NAME).write_bytes(b"\0" * 500_000)
    big = Draft("complaint", "", {"text": "panjang " * 2000})
    receipts = []
    with pytest.raises(StorageFull):
        for _ in range(1000):
            receipts.append(transactions.accept(big))
    assert 10 < len(receipts) < 1000
    assert [row["id"] for row in transactions.listing()] == [one.id for one in receipts]
    assert first_wrong_row(transactions._db) is None
    reader = transactions_in(small_disk)._db.conn
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM txn").fetchone()  # so the WAL can only grow
    outbox = Outbox(transactions._db, small_disk)
    for number in range(1000):  # what the city says must be written down all the same
        outbox.put("said", f"{number} " + "x" * 1000)
        if not (small_disk / BALLAST_NAME).exists():
            break
    assert not (small_disk / BALLAST_NAME).exists()
    said = outbox.get("said")
    assert said is not None
    assert said.startswith(f"{number} ")
    reader.close()
    transactions._db.close()


def test_ballast_is_held_and_let_go(tmp_path: Path) -> None:
    assert hold_ballast(tmp_path)
    assert hold_ballast(tmp_path)
    assert (tmp_path / BALLAST_NAME).stat().st_blocks * 512 >= 8 * 1024 * 1024
    assert drop_ballast(tmp_path)
    assert not drop_ballast(tmp_path)
