"""A database with less than was promised of it: noticed, said, kept, and nothing given twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from kiosk.config import WIB
from kiosk.domain.transaction import Draft
from kiosk.store import cut_log, epochs, lost, mark
from kiosk.store.backup import back_up, proven
from kiosk.store.connection import DATABASE_NAME, IntegrityError, open_database
from kiosk.store.outbox import Outbox
from kiosk.store.transactions import Transactions
from tests.store_support import transactions_in

LETTER = Draft("application", "sktm", {"nik": "3671011401940001"})
NUMBER = Draft("ticket", "", {})
LOG = f"{DATABASE_NAME}-wal"
NOON_MS = int(datetime(2026, 11, 21, 12, tzinfo=WIB).timestamp() * 1000)


def files_of(home: Path, to: Path) -> Path:
    """What a power cut would leave: taken while the kiosk runs, so that the log is full."""
    shutil.copytree(home, to, ignore=shutil.ignore_patterns("*-shm"))
    return to


def ids_in(home: Path) -> list[str]:
    db = open_database(home)
    try:
        return [row[0] for row in db.execute("SELECT id FROM txn ORDER BY dseq")]
    finally:
        db.close()


def flipped(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


@pytest.fixture
def open_here(tmp_path: Path) -> Transactions:
    return transactions_in(tmp_path / "home", wall_ms=lambda: NOON_MS)


# --- the mark -------------------------------------------------------------------------------------
def test_the_mark_follows_every_commit(tmp_path: Path, open_here: Transactions) -> None:
    for number in range(1, 6):
        receipt = open_here.accept(NUMBER if number % 2 else LETTER)
        said = mark.read(tmp_path / "home")
        assert said is not None
        assert (said.dseq, said.id) == (number, receipt.id.replace("-", ""))
    said = mark.read(tmp_path / "home")
    assert said is not None
    assert (said.day, said.numbers) == ("2026-11-21", {"A": 3})


def test_what_is_rolled_back_is_not_noted(tmp_path: Path, open_here: Transactions) -> None:
    from kiosk.store.connection import immediate

    open_here.accept(LETTER)
    with pytest.raises(RuntimeError), immediate(open_here._db):
        open_here.accept(NUMBER)
        raise RuntimeError
    said = mark.read(tmp_path / "home")
    assert said is not None
    assert (said.dseq, said.numbers) == (1, {})


@pytest.mark.parametrize("slot", [0, 1])
def test_one_slot_of_the_mark_may_be_torn(tmp_path: Path, slot: int) -> None:
    transactions = transactions_in(tmp_path)
    for _ in range(4):
        transactions.accept(LETTER)
    flipped(tmp_path / mark.NAME, slot * mark.SLOT_BYTES + 3)
    said = mark.read(tmp_path)
    assert said is not None
    assert said.dseq == (3 if slot == 0 else 4)


def test_without_a_mark_or_with_a_wrong_one_the_kiosk_serves(tmp_path: Path) -> None:
    transactions_in(tmp_path).accept(LETTER)
    for data in (None, b"", b"\0" * 2000, os.urandom(3000)):
        path = tmp_path / mark.NAME
        path.unlink() if data is None else path.write_bytes(data)
        transactions_in(tmp_path).accept(LETTER)
        db = open_database(tmp_path)
        assert epochs.begun(db) == []
        db.close()


# --- the log --------------------------------------------------------------------------------------
def test_a_bit_flipped_anywhere_in_the_log_is_said(tmp_path: Path, open_here: Transactions) -> None:
    ids = [open_here.accept(LETTER).id for _ in range(12)]
    whole = files_of(tmp_path / "home", tmp_path / "whole")
    assert ids_in(files_of(whole, tmp_path / "again")) == ids
    assert not lost.folders(tmp_path / "again")
    size = (whole / LOG).stat().st_size
    for turn, at in enumerate(range(5, size, size // 25)):
        home = files_of(whole, tmp_path / f"flip-{turn}")
        flipped(home / LOG, at)
        as_found = (home / LOG).read_bytes()
        found = ids_in(home)
        if found != ids:
            assert found == ids[: len(found)]
            (folder,) = lost.folders(home)
            assert (folder / LOG).read_bytes() == as_found
            assert (folder / "README.txt").stat().st_size
            assert folder.stat().st_mode & 0o077 == 0
            db = open_database(home)  # and once is enough
            assert [(one.here, one.known) for one in epochs.begun(db)] == [(len(found), 12)]
            db.close()


def test_without_its_mark_all_but_the_last_commit_is_proven(
    tmp_path: Path, open_here: Transactions
) -> None:
    ids = [open_here.accept(LETTER).id for _ in range(8)]
    whole = files_of(tmp_path / "home", tmp_path / "whole")
    (whole / mark.NAME).unlink()
    size = (whole / LOG).stat().st_size
    for turn, at in enumerate(range(40, size, size // 15)):
        home = files_of(whole, tmp_path / f"flip-{turn}")
        flipped(home / LOG, at)
        found = ids_in(home)
        assert found == ids or lost.folders(home) or len(found) == len(ids) - 1


def test_a_commit_that_a_power_cut_tore_is_no_loss(tmp_path: Path, open_here: Transactions) -> None:
    """Cut off anywhere within the last commit: nobody was told of it."""
    ids = [open_here.accept(LETTER).id for _ in range(6)]
    before = files_of(tmp_path / "home", tmp_path / "before")
    open_here.accept(LETTER)
    after = files_of(tmp_path / "home", tmp_path / "after")
    start, end = ((one / LOG).stat().st_size for one in (before, after))
    for turn, size in enumerate(range(start, end, 512)):
        home = files_of(after, tmp_path / f"torn-{turn}")
        shutil.copyfile(before / mark.NAME, home / mark.NAME)
        with (home / LOG).open("r+b") as log:
            log.truncate(size)
            if turn % 2:  # its end is there, its middle is not
                log.seek(end - 600)
                log.write((after / LOG).read_bytes()[end - 600 :])
        assert ids_in(home)[:6] == ids
        assert not lost.folders(home)
        db = open_database(home)
        assert epochs.begun(db) == []
        db.close()


def test_a_log_that_others_write_to_is_never_taken_for_broken(
    tmp_path: Path, open_here: Transactions
) -> None:
    """Forked writers commit on and on while another process opens the database again and again."""
    home = tmp_path / "home"
    open_here.accept(LETTER)
    open_here._db.close()
    writers = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            try:
                writer = transactions_in(home)
                for _ in range(40):
                    writer.accept(LETTER)
            finally:
                os._exit(0)
        writers.append(child)
    path = home / DATABASE_NAME
    while any(os.waitpid(one, os.WNOHANG) == (0, 0) for one in writers[-1:]):
        db = open_database(home)

        found = [cut_log.lost_commits(path, partial(lost.frames, db)) for _ in range(20)]
        assert found == [0] * 20
        assert epochs.begun(db) == []
        db.close()
    os.waitpid(writers[0], 0)
    assert len(ids_in(home)) == 81
    assert not lost.folders(home)


# --- an older copy --------------------------------------------------------------------------------
def put_back(home: Path, copy: Path) -> None:
    """Its database alone, as somebody does who finds a backup."""
    for end in ("", "-wal", "-shm"):
        (home / f"{DATABASE_NAME}{end}").unlink(missing_ok=True)
    shutil.copyfile(copy / DATABASE_NAME, home / DATABASE_NAME)


def test_an_older_database_gives_no_number_twice(tmp_path: Path, open_here: Transactions) -> None:
    home = tmp_path / "home"
    first = [open_here.accept(NUMBER).ticket for _ in range(3)]
    back_up(home, tmp_path / "copy")
    lost_later = [open_here.accept(NUMBER).ticket for _ in range(4)]
    open_here._db.close()
    put_back(home, tmp_path / "copy")
    again = transactions_in(home, wall_ms=lambda: NOON_MS)
    assert again.accept(NUMBER).ticket == "A-008"
    assert (first[-1], lost_later[-1]) == ("A-003", "A-007")
    outbox = Outbox(again._db, home)
    assert [(one.why, one.here, one.known) for one in epochs.begun(again._db)] == [("mark", 3, 7)]
    old, new = (name for name, _ in outbox.epochs())
    assert [(one.epoch, one.dseq, one.number) for one in outbox.due(10)] == [
        (old, 1, 1),
        (old, 2, 2),
        (old, 3, 3),
        (new, 4, 1),
    ]
    assert outbox.epochs() == [(old, 3), (new, 1)]


def test_what_the_city_has_as_anothers_gets_a_place_once(open_here: Transactions) -> None:
    ids = [open_here.accept(LETTER).id for _ in range(3)]
    outbox = Outbox(open_here._db)
    taken = [(id_, "conflict", None, "dseq-taken") for id_ in ids[1:]]
    assert outbox.record([(ids[0], "duplicate", 1, None), *taken]) == 2
    (old, _), (new, last) = outbox.epochs()
    assert last == 2
    assert [(one.id, one.epoch, one.number) for one in outbox.due(5)] == [
        (ids[1], new, 1),
        (ids[2], new, 2),
    ]
    assert outbox.record(taken) == 0, "a city that says so for ever is for people"
    assert [name for name, _ in outbox.epochs()] == [old, new]
    assert {row["state"] for row in open_here.listing()} == {"acked", "conflict"}
    assert outbox.record([(ids[1], "stored", 5, None)]) == 0  # a late word still counts
    later = open_here.accept(LETTER).id
    assert [(one.id, one.number) for one in outbox.due(5)] == [(later, 3)]


def test_each_epoch_is_confirmed_and_sent_again_by_itself(open_here: Transactions) -> None:
    outbox = Outbox(open_here._db)
    old_ids = [open_here.accept(LETTER).id for _ in range(3)]
    assert outbox.begin_epoch(10)
    new_ids = [open_here.accept(LETTER).id for _ in range(3)]
    (old, three), (new, more) = outbox.epochs()
    assert (three, more) == (3, 3)
    outbox.record([(id_, "stored", 1, None) for id_ in old_ids + new_ids])
    assert outbox.confirm_through(2, old) == 2
    assert outbox.confirm_through(1, new) == 1
    assert [outbox.acknowledged(3, old), outbox.acknowledged(4, old)] == [True, False]
    assert [outbox.acknowledged(3, new), outbox.acknowledged(4, new)] == [True, False]
    assert outbox.resend_from(2, new) == 2
    assert [(one.id, one.number) for one in outbox.due(9)] == [(new_ids[1], 2), (new_ids[2], 3)]
    assert outbox.resend_from(3, old) == 1


def test_the_days_tickets_skip_what_the_city_alone_knows(open_here: Transactions) -> None:
    assert [open_here.accept(NUMBER).ticket for _ in range(2)] == ["A-001", "A-002"]
    outbox = Outbox(open_here._db, now=lambda: datetime(2026, 11, 21, 12, tzinfo=WIB))
    assert outbox.begin_epoch(7)
    assert open_here.accept(NUMBER).ticket == "A-008"
    assert open_here.accept(NUMBER).ticket == "A-009"


@pytest.mark.parametrize(
    "break_it",
    [
        "UPDATE epoch SET epoch = 'x'",
        "DELETE FROM epoch",
        "DELETE FROM place",
        "UPDATE place SET number = 9",
        "INSERT INTO place VALUES (1, (SELECT epoch FROM epoch), 9, 0)",
        "INSERT INTO epoch VALUES (9, 'y', 0, 'city', 0, 0)",
    ],
)
def test_the_tables_keep_what_they_hold(open_here: Transactions, break_it: str) -> None:
    open_here.accept(LETTER)
    Outbox(open_here._db).begin_epoch(5)
    open_here.accept(LETTER)
    with pytest.raises(IntegrityError):
        open_here._db.conn.execute(break_it)


def test_an_errand_without_its_place_is_refused(open_here: Transactions) -> None:
    Outbox(open_here._db).begin_epoch(5)
    forget: Callable[..., None] = lambda *_given: None  # noqa: E731
    place, epochs.place = epochs.place, forget
    try:
        with pytest.raises(IntegrityError):
            open_here.accept(LETTER)
    finally:
        epochs.place = place
    assert open_here.accept(LETTER).state == "accepted"


def test_a_backup_keeps_the_epochs(tmp_path: Path, open_here: Transactions) -> None:
    open_here.accept(LETTER)
    Outbox(open_here._db).begin_epoch(5)
    open_here.accept(LETTER)
    back_up(tmp_path / "home", tmp_path / "copy")
    assert proven(tmp_path / "copy") == 2
    assert Outbox(open_database(tmp_path / "copy")).epochs() == Outbox(open_here._db).epochs()
