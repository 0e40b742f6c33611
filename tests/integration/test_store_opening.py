"""Opening the database: ours and durable, or refused with a code and left alone."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from kiosk.store.connection import DATABASE_NAME, open_database, triggers_stand
from kiosk.store.key import KEY_NAME
from kiosk.store.migrations import MIGRATIONS, make_triggers
from kiosk.store.outbox import Outbox
from kiosk.store.problems import DatabaseUnusable
from tests.store_support import LETTER, files_of, raw_connection, run_together, transactions_in


def refused(home: Path) -> str:
    """The code with which `home` is refused; its files must not change by it."""
    before = files_of(home)
    with pytest.raises(DatabaseUnusable) as caught:
        open_database(home)
    after = files_of(home)
    after.pop(".setup.lock", None)
    assert after == {name: data for name, data in before.items() if name != ".setup.lock"}
    return caught.value.code


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A home with one errand in it, closed again."""
    transactions = transactions_in(tmp_path / "home")
    transactions.accept(LETTER)
    transactions._db.close()
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("secure_delete", 1),
    ],
)
def test_every_opening_is_durable(used: Path, pragma: str, value: object) -> None:
    for _ in range(2):
        db = open_database(used)
        assert db.conn.execute(f"PRAGMA {pragma}").fetchone() == (value,)
        db.close()


def test_the_files_on_disk_are_closed_to_others_and_not_readable_as_text(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    transactions.accept(LETTER)
    for name in (KEY_NAME, DATABASE_NAME, f"{DATABASE_NAME}-wal"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name
    written = b"".join(files_of(tmp_path).values())
    assert b"Contoh Warga" not in written
    assert b"3671011401940001" not in written
    assert b"CREATE TABLE" not in written


def test_a_plain_sqlite_file_is_foreign(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    foreign.close()
    assert refused(tmp_path) == "E-14"


def test_somebody_elses_tables_under_our_key_are_foreign(used: Path) -> None:
    other = used.parent / "other"
    other.mkdir()
    (other / KEY_NAME).write_text((used / KEY_NAME).read_text())
    (other / KEY_NAME).chmod(0o600)
    connection = raw_connection(other)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    assert refused(other) == "E-14"


@pytest.mark.parametrize(("content", "code"), [(b"a shopping list", "E-16"), (b"x" * 9000, "E-13")])
def test_a_file_of_something_else_is_refused(used: Path, content: bytes, code: str) -> None:
    (used / DATABASE_NAME).write_bytes(content)
    assert refused(used) == code


def test_the_wrong_key_is_refused(used: Path) -> None:
    (used / KEY_NAME).write_text("0" * 64)
    assert refused(used) == "E-13"


def test_a_lost_key_is_never_replaced(used: Path) -> None:
    (used / KEY_NAME).unlink()
    assert refused(used) == "E-11"
    assert not (used / KEY_NAME).exists()


def test_a_lost_database_with_its_wal_left_behind_is_not_built_upon(used: Path) -> None:
    (used / DATABASE_NAME).rename(used / f"{DATABASE_NAME}-wal")
    assert refused(used) == "E-16"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_refused(used: Path, mode: int) -> None:
    (used / KEY_NAME).chmod(mode)
    assert refused(used) == "E-12"


@pytest.mark.parametrize("text", ["", "0" * 63, "g" * 64, "0" * 65])
def test_a_key_that_is_none_is_refused(used: Path, text: str) -> None:
    (used / KEY_NAME).write_text(text)
    assert refused(used) == "E-12"


def test_a_newer_database_is_refused(used: Path) -> None:
    db = open_database(used)
    db.table("_sqlite_migrations").insert(
        {"migration_set": "kiosk", "name": "from_next_year", "applied_at": "2027-01-01"}
    )
    db.close()
    assert refused(used) == "E-15"


@pytest.mark.parametrize("size", [1, 500, 3000])
def test_a_database_cut_short_is_refused(used: Path, size: int) -> None:
    path = used / DATABASE_NAME
    path.write_bytes(path.read_bytes()[:size])
    assert refused(used) in {"E-13", "E-16"}


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own; needs root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a file system can only be mounted as root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_read_only_disk_is_refused(mounted: Path) -> None:
    transactions = transactions_in(mounted / "home", free_min_bytes=0)
    transactions.accept(LETTER)
    transactions._db.close()
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert refused(mounted / "home") == "E-10"


def test_three_first_starts_at_once_make_one_database(tmp_path: Path) -> None:
    def act(_number: int) -> None:
        transactions_in(tmp_path).accept(LETTER)

    assert run_together(3, act) == [0, 0, 0]
    rows = list(transactions_in(tmp_path).listing())
    assert [row["dseq"] for row in rows] == [1, 2, 3]
    assert [name for name in os.listdir(tmp_path) if name.startswith(".db.key")] == []


def test_a_missing_trigger_is_put_back_when_all_rows_are_whole(
    used: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw = raw_connection(used)
    raw.execute("DROP TRIGGER txn_fixed")
    raw.close()
    with caplog.at_level(logging.WARNING):
        db = open_database(used)
    assert triggers_stand(db)
    assert "put back" in caplog.text


def test_a_missing_trigger_with_a_changed_row_is_refused(used: Path) -> None:
    raw = raw_connection(used)
    raw.execute("DROP TRIGGER payload_fixed")
    raw.execute("UPDATE payload SET body = CAST('{}' AS BLOB)")
    raw.close()
    assert refused(used) == "E-17"


def test_a_missing_trigger_with_a_missing_row_is_refused(used: Path) -> None:
    transactions = transactions_in(used)
    transactions.accept(LETTER)
    transactions._db.close()
    raw = raw_connection(used)
    for trigger in ("txn_kept", "payload_kept", "outbox_kept"):
        raw.execute(f"DROP TRIGGER {trigger}")
    for table in ("payload", "outbox", "txn"):
        raw.execute(f"DELETE FROM {table} WHERE dseq = 1")
    raw.close()
    assert refused(used) == "E-17"


def test_a_trigger_that_is_not_ours_is_refused(used: Path) -> None:
    raw = raw_connection(used)
    raw.execute("CREATE TRIGGER sly AFTER INSERT ON txn BEGIN SELECT 1; END")
    raw.close()
    assert refused(used) == "E-17"


def test_a_table_transformed_by_a_tool_has_its_triggers_again_or_is_refused(used: Path) -> None:
    """sqlite-utils' transform() rebuilds a table and drops its triggers without a word."""
    tool = Database(raw_connection(used))
    tool.table("txn").transform(types={"service": str})
    assert not triggers_stand(tool)
    tool.close()
    db = open_database(used)
    with pytest.raises(Exception, match="txn is immutable"):
        db.conn.execute("UPDATE txn SET service = 'x'")
    assert db.conn.execute("SELECT service FROM txn").fetchall() == [("sktm",)]


def test_two_upgrading_at_once_take_the_step_once(used: Path) -> None:
    migrations = steps()

    @migrations()
    def slow(db: Database) -> None:
        time.sleep(0.2)
        db.conn.execute("CREATE TABLE later (x)")

    assert run_together(2, lambda _: open_database(used, migrations=migrations).close()) == [0, 0]


def steps() -> Migrations:
    """Our steps as the released version has them."""
    migrations = Migrations("kiosk")
    for step in MIGRATIONS._migrations:
        migrations(name=step.name)(step.fn)
    return migrations


def test_a_migration_and_its_record_are_one(used: Path) -> None:
    migrations = steps()

    @migrations()
    def half(db: Database) -> None:
        db.conn.execute("CREATE TABLE half (x)")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        open_database(used, migrations=migrations)
    raw = raw_connection(used)
    assert raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None
    done = raw.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
    assert done == [(step.name,) for step in MIGRATIONS._migrations]
    raw.close()
    open_database(used).close()


def test_a_migration_that_rebuilds_a_table_leaves_transactions_immutable(used: Path) -> None:
    migrations = steps()

    @migrations()
    def rebuild(db: Database) -> None:
        db.table("sync_state").add_column("changed_at_ms", int)
        make_triggers(db)

    db = open_database(used, migrations=migrations)
    assert triggers_stand(db)
    for statement in ("UPDATE txn SET code = 'x'", "DELETE FROM txn", "DELETE FROM payload"):
        with pytest.raises(Exception, match=r"immutable|kept"):
            db.conn.execute(statement)
    assert Outbox(db, used).left() == 1
