"""The queue in its database: never a number twice, never an act lost, whoever comes at once."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.config import WIB
from kiosk.domain.queue import Taking, totals
from kiosk.domain.transaction import Draft
from kiosk.store.connection import IntegrityError, open_database
from kiosk.store.outbox import Outbox
from kiosk.store.queue import CounterBusy, Overtaken, Queue
from kiosk.store.transactions import Transactions
from tests.store_support import LETTER, TICKET, raw_connection, run_together, transactions_in

WRITERS, EACH = 8, 40
EIGHT = int(datetime(2026, 11, 23, 8, 0, tzinfo=WIB).timestamp() * 1000)


class Clock:
    """Local time that the test moves, in milliseconds since 1970."""

    def __init__(self, ms: int = EIGHT) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms

    def later(self, minutes: float) -> None:
        self.ms += round(minutes * 60_000)


def counter(home: Path) -> tuple[Transactions, Queue, Clock]:
    clock = Clock()
    transactions = transactions_in(home, wall_ms=clock)
    return transactions, Queue(transactions._db, home, zone=WIB, wall_ms=clock), clock


def take(transactions: Transactions, taking: Taking | None = None) -> int:
    receipt = transactions.accept(TICKET, taking or Taking())
    return int(
        transactions._db.conn.execute(
            "SELECT dseq FROM txn WHERE id = ?", (receipt.id,)
        ).fetchone()[0]
    )


def test_eight_writers_never_double_a_number_nor_leave_one_out(tmp_path: Path) -> None:
    transactions_in(tmp_path)._db.close()
    letters = ("", "K")

    def act(number: int) -> None:
        transactions = transactions_in(tmp_path)
        for count in range(EACH):
            letter = letters[count % 2]
            line = "kependudukan" if letter else "umum"
            transactions.accept(TICKET, Taking(line, letter, priority=number == 0))

    assert run_together(WRITERS, act) == [0] * WRITERS
    db = open_database(tmp_path)
    entries = Queue(db, tmp_path, zone=WIB).entries()
    tickets = [one.ticket for one in entries]
    half = WRITERS * EACH // 2
    expected = {f"{prefix}-{n:03d}" for prefix in ("A", "AK") for n in range(1, half + 1)}
    assert len(tickets) == len(set(tickets)) == WRITERS * EACH
    assert set(tickets) == expected
    assert sum(one.priority for one in entries) == EACH


def test_eight_clerks_never_call_the_same_number(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    for _ in range(WRITERS * 10):
        transactions.accept(TICKET)
    transactions._db.close()

    def act(number: int) -> None:
        queue = Queue(open_database(tmp_path), tmp_path, zone=WIB)
        while (entry := queue.call_next(str(number), f"clerk{number}")) is not None:
            queue.act(entry.dseq, "done", f"clerk{number}", version=entry.version)

    assert run_together(WRITERS, act) == [0] * WRITERS
    queue = Queue(open_database(tmp_path), tmp_path, zone=WIB)
    assert {one.state for one in queue.entries()} == {"done"}
    called = [event.dseq for event in queue.events() if event.act == "call"]
    assert sorted(called) == [one.dseq for one in queue.entries()]
    assert called == sorted(called)


def test_a_power_cut_while_calling_leaves_row_and_log_agreed(tmp_path: Path) -> None:
    """Killed again and again in the middle of takes, calls and ends."""
    transactions_in(tmp_path)._db.close()
    for cycle in range(25):
        child = os.fork()
        if child == 0:
            transactions = transactions_in(tmp_path)
            queue = Queue(transactions._db, tmp_path, zone=WIB)
            busy = queue.at_counter("1")
            if busy is not None:
                queue.act(busy.dseq, "done", "siti", version=busy.version)
            while True:
                transactions.accept(TICKET)
                entry = queue.call_next("1", "siti")
                assert entry is not None
                entry = queue.act(entry.dseq, "serve", "siti", version=entry.version)
                queue.act(entry.dseq, "done", "siti", version=entry.version)
        time.sleep(0.15 + cycle * 0.004)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    queue = Queue(open_database(tmp_path), tmp_path, zone=WIB)
    entries, events = queue.entries(), queue.events()
    assert len(entries) > 25
    assert [one.ticket for one in entries] == [f"A-{n:03d}" for n in range(1, len(entries) + 1)]
    for one in entries:
        assert one.version == sum(event.dseq == one.dseq for event in events)
    done = sum(one.state == "done" for one in entries)
    assert totals(events).done == done == sum(event.act == "done" for event in events)
    assert sum(one.state in ("called", "serving") for one in entries) <= 1


def test_numbers_begin_anew_each_day_and_yesterday_is_over(tmp_path: Path) -> None:
    transactions, queue, clock = counter(tmp_path)
    take(transactions)
    take(transactions, Taking("kependudukan", "K"))
    clock.later(24 * 60)
    dseq = take(transactions)
    assert queue.entry(dseq).ticket == "A-001"
    assert [one.dseq for one in queue.waiting()] == [dseq]
    assert [one.ticket for one in queue.entries(date(2026, 11, 23))] == ["A-001", "AK-001"]
    assert queue.calls_after(0) == []
    # 23.59 and 0.01 by the office's clock, whatever the day is in Greenwich
    clock.ms = int(datetime(2026, 11, 24, 16, 59, tzinfo=UTC).timestamp() * 1000)
    assert queue.entry(take(transactions)).ticket == "A-002"
    clock.later(2)
    assert queue.entry(take(transactions)).ticket == "A-001"


def test_a_visit_from_number_to_done(tmp_path: Path) -> None:
    transactions, queue, clock = counter(tmp_path)
    application = transactions.accept(LETTER)
    wish = Taking(services=("sktm", "ktp-hilang"), applications=(application.id,))
    dseq = take(transactions, wish)
    clock.later(4)
    entry = queue.call_next("1", "siti")
    assert entry is not None
    assert (entry.dseq, entry.state, entry.counter, entry.calls) == (dseq, "called", "1", 1)
    assert [(one.service, one.application) for one in entry.errands] == [
        ("sktm", application.id),
        ("ktp-hilang", ""),
    ]
    entry = queue.act(dseq, "recall", "siti", version=entry.version)
    assert [one.ticket for one in queue.calls_after(0)] == ["A-001", "A-001"]
    assert queue.calls_after(queue.last_seq()) == []
    clock.later(1)
    entry = queue.act(dseq, "serve", "siti", version=entry.version)
    clock.later(6)
    entry = queue.act(dseq, "done", "siti", version=entry.version)
    assert (entry.state, entry.version, entry.calls) == ("done", 5, 2)
    assert entry.served is not None
    assert entry.ended is not None
    assert (entry.ended - entry.served).total_seconds() == 360
    assert queue.entry_of(application.id) == entry
    day = queue.totals()
    assert (day.taken, day.done, day.open, day.wait_min, day.service_min) == (1, 1, 0, 4.0, 6.0)


def test_priority_goes_first_and_the_line_is_kept(tmp_path: Path) -> None:
    transactions, queue, _ = counter(tmp_path)
    first, second = take(transactions), take(transactions)
    elder = take(transactions, Taking(priority=True))
    other = take(transactions, Taking("kependudukan", "K"))
    assert [one.dseq for one in queue.waiting()] == [elder, first, second, other]
    assert [one.dseq for one in queue.waiting(lines=["kependudukan"])] == [other]
    called = queue.call_next("2", "budi", ["kependudukan"])
    assert called is not None
    assert called.ticket == "AK-001"
    board = queue.board()
    assert [(one.ticket, one.counter) for one in board.calls] == [("AK-001", "2")]
    assert (board.waiting, board.following) == ({"umum": 3}, ("A-003", "A-001", "A-002"))


def test_the_second_clerk_is_told(tmp_path: Path) -> None:
    transactions, queue, _ = counter(tmp_path)
    dseq = take(transactions)
    seen = queue.entry(dseq)
    queue.act(dseq, "call", "siti", version=seen.version, counter="1")
    with pytest.raises(Overtaken) as told:
        queue.act(dseq, "call", "budi", version=seen.version, counter="2")
    assert (told.value.entry.state, told.value.entry.counter) == ("called", "1")
    take(transactions)
    with pytest.raises(CounterBusy) as busy:
        queue.call_next("1", "siti")
    assert busy.value.entry.dseq == dseq


def test_hold_no_show_transfer(tmp_path: Path) -> None:
    transactions, queue, clock = counter(tmp_path)
    one, two = take(transactions), take(transactions)
    entry = queue.call_next("1", "siti")
    assert entry is not None
    entry = queue.act(one, "hold", "siti", version=entry.version)
    assert [e.dseq for e in queue.waiting()] == [two]
    entry = queue.act(one, "resume", "siti", version=entry.version)
    assert [e.dseq for e in queue.waiting()] == [one, two]  # keeps its place
    assert entry.counter == ""
    entry = queue.act(one, "call", "siti", version=entry.version, counter="1")
    entry = queue.act(one, "no_show", "siti", version=entry.version)
    assert queue.totals().no_show == 1
    with pytest.raises(ValueError, match="no sense"):
        queue.act(one, "done", "siti", version=entry.version)
    clock.later(5)
    back = queue.act(one, "call", "siti", version=entry.version, counter="1")  # came after all
    moved = queue.act(one, "transfer", "siti", version=back.version, line="kependudukan")
    assert (moved.ticket, moved.line, moved.state) == ("A-001", "kependudukan", "waiting")
    assert [e.dseq for e in queue.waiting(lines=["kependudukan"])] == [one]
    with pytest.raises(ValueError, match="needs a line"):
        queue.act(one, "transfer", "siti", version=moved.version)
    with pytest.raises(KeyError):
        queue.act(99, "done", "siti", version=1)


def test_the_wait_is_told_only_when_measured(tmp_path: Path) -> None:
    transactions, queue, clock = counter(tmp_path)
    for count in range(8):
        dseq = take(transactions)
        assert queue.outlook(queue.entry(dseq)).wait is None
        entry = queue.call_next("1", "siti")
        assert entry is not None
        clock.later(4 if count % 2 else 8)
        queue.act(dseq, "done", "siti", version=entry.version)
    before = [take(transactions) for _ in range(4)]
    assert queue.call_next("1", "siti") is not None
    seen = queue.outlook(queue.entry(before[3]))
    # two ahead, one at the only counter, 4 and 8 minutes in turn: 15 ± 5.0
    assert (seen.ahead, seen.wait and (seen.wait.low_min, seen.wait.high_min)) == (2, (10, 20))
    new = queue.outlook_before("umum", priority=False)
    assert new.ahead == 3
    assert queue.outlook_before("umum", priority=True).ahead == 0
    other = queue.outlook_before("kependudukan", priority=False)
    assert (other.ahead, other.wait) == (0, None)


def test_the_log_only_grows(tmp_path: Path) -> None:
    transactions, queue, _ = counter(tmp_path)
    take(transactions)
    queue.call_next("1", "siti")
    db: Any = transactions._db.conn
    for statement in (
        "UPDATE queue_event SET by = 'other'",
        "DELETE FROM queue_event",
        "INSERT OR REPLACE INTO queue_event SELECT * FROM queue_event LIMIT 1",
        "DELETE FROM queue",
    ):
        with pytest.raises(IntegrityError, match=r"grows|is kept"):
            db.execute(statement)
    assert [one.act for one in queue.events()] == ["take", "call"]


def test_a_ticket_s_bytes_tell_neither_priority_nor_errands(tmp_path: Path) -> None:
    """Who has priority may be ill: it stays in the office."""
    transactions, _, _ = counter(tmp_path)
    transactions.accept(Draft("ticket", "", {}), Taking(priority=True, services=("disabilitas",)))
    (item,) = Outbox(transactions._db, tmp_path).due(5)
    assert b"disabilitas" not in item.body
    assert b"priority" not in item.body


def test_numbers_given_by_the_version_before_still_wait(tmp_path: Path) -> None:
    """A database of the version before, with two numbers of today in it."""
    from sqlite_utils.migrations import Migrations

    from kiosk.store import migrations as steps

    before = Migrations("kiosk")
    names = [one.name for one in steps.MIGRATIONS._migrations]
    before._migrations = steps.MIGRATIONS._migrations[: names.index("counter")]
    db = open_database_before(tmp_path, before)
    at_ms = int(time.time() * 1000)
    for number in (1, 2):
        what = (number, f"id{number}", f"code{number}", "ticket", "", 1, "0" * 64, at_ms, "b", 1)
        db.conn.execute("INSERT INTO txn VALUES (?,?,?,?,?,?,?,?,?,?)", what)
        db.conn.execute("INSERT INTO payload VALUES (?, ?)", (number, b"{}"))
        db.conn.execute("INSERT INTO outbox (dseq) VALUES (?)", (number,))
        day = datetime.fromtimestamp(at_ms / 1000, WIB).date().isoformat()
        db.conn.execute("INSERT INTO ticket VALUES (?, 'A', ?, ?)", (day, number, number))
    db.close()
    queue = Queue(open_database(tmp_path), tmp_path, zone=WIB)
    assert [one.ticket for one in queue.waiting()] == ["A-001", "A-002"]
    assert [one.act for one in queue.events()] == ["take", "take"]


def open_database_before(home: Path, migrations: Any) -> Any:
    from kiosk.store import connection

    raised = connection._verify_triggers
    connection._verify_triggers = lambda db, path: None
    try:
        return open_database(home, migrations=migrations)
    finally:
        connection._verify_triggers = raised


def test_the_raw_file_shows_no_number_without_the_key(tmp_path: Path) -> None:
    transactions, _, _ = counter(tmp_path)
    take(transactions)
    assert raw_connection(tmp_path).execute("SELECT count(*) FROM queue").fetchone() == (1,)
    for path in tmp_path.glob("kiosk.db*"):
        assert b"queue_event" not in path.read_bytes()
