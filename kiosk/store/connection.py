"""The one way to open the kiosk's database: encrypted, durable, ours, and proven so each time.

A file that is damaged, foreign, newer or read-only is never written: `DatabaseUnusable`.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import sqlite_utils.db
from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from kiosk.store import key as keys
from kiosk.store import lost, mark
from kiosk.store.city_tables import TABLES as CITY_TABLES
from kiosk.store.epoch_tables import TABLES as EPOCH_TABLES
from kiosk.store.migrations import MIGRATIONS, make_triggers, pending
from kiosk.store.problems import DatabaseUnusable, explained
from kiosk.store.schema import TABLES, TRIGGERS

DATABASE_NAME = "kiosk.db"
BUSY_TIMEOUT_S = 10.0
PLAIN_HEADER = b"SQLite format 3\x00"

# Half of SQLCipher's own page and SHA-256 instead of SHA-512: a commit enciphers and hashes some
# seven pages, and this took a quarter off it. Whoever else reads the file must say the same.
PAGE_BYTES = 2048
CIPHER_PRAGMAS = (f"cipher_page_size = {PAGE_BYTES}", "cipher_hmac_algorithm = HMAC_SHA256")

# Set, then read back: a setting that SQLite silently did not take loses someone's errand.
PRAGMAS: tuple[tuple[str, str, object], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("recursive_triggers", "ON", 1),
    ("secure_delete", "ON", 1),
    ("temp_store", "MEMORY", 2),
    ("trusted_schema", "OFF", 0),
)
_PROTECTED = (frozenset(TABLES) | frozenset(CITY_TABLES) | frozenset(EPOCH_TABLES)) - {
    "pulled",
    "running",
    "sync_state",
}
_FIXED_PRAGMAS = frozenset(name for name, _, _ in PRAGMAS) | {"writable_schema"}

_LOOKED_AT: set[tuple[int, int]] = set()

logger = logging.getLogger(__name__)

# The driver's exceptions are not sqlite3's; sqlite-utils catches by these names.
DriverError = (sqlite3.Error, sqlcipher.Error)
IntegrityError = sqlcipher.IntegrityError
sqlite_utils.db.OperationalError = (  # type: ignore[attr-defined,assignment]
    sqlite3.OperationalError,
    sqlcipher.OperationalError,
)


def open_database(home: Path, *, migrations: Migrations = MIGRATIONS) -> Database:
    """The database in `home`, made when there is none.

    Raises DatabaseUnusable (see `problems.CODES`), StorageFull or StorageBusy. The connection
    belongs to the thread that opened it.
    """
    path = home / DATABASE_NAME
    try:
        if _has_bytes(path):
            return _open(home, path, migrations, alone=False)
        # Whoever comes second waits until the first one has made all of it.
        with _first_time(home):
            if not _has_bytes(path):
                _make_file(home, path)
            return _open(home, path, migrations, alone=True)
    except DriverError as error:
        raise explained(error, path) from None
    except OSError as error:
        raise DatabaseUnusable("E-10", f"{path}: {os.strerror(error.errno or 0)}") from None


def _open(home: Path, path: Path, migrations: Migrations, *, alone: bool) -> Database:
    _refuse_foreign(path)
    if not (home / keys.KEY_NAME).exists():
        raise DatabaseUnusable("E-11", str(path))
    said = mark.read(home)  # before the database: what is committed meanwhile is no loss
    db = connect(path, keys.read_key(home))
    try:
        cut = lost.look_at_log(db, home, path)
        behind = pending(db, path, migrations)  # before anything is written
        _make_durable(db, path)
        if behind:
            with nullcontext() if alone else _first_time(home):
                migrations.apply(db)
        _verify_triggers(db, path)
        lost.look_at_mark(db, home, path, said, cut)
        db.conn.set_authorizer(_authorize)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def immediate(db: Database) -> Iterator[None]:
    """One transaction that holds the write lock from its start.

    `db.atomic()` begins deferred: two processes that read first and write then would meet
    "locked" at once, without the busy timeout. Inside this, `atomic()` is a savepoint, and another
    `immediate` is a part of it: what several stores write is one commit, or none of it is.
    """
    if db.conn.in_transaction:
        yield
        return
    execute = db.conn.execute
    execute("BEGIN IMMEDIATE")
    try:
        yield
        execute("COMMIT")
    except BaseException:
        mark.rolled_back(db)
        if db.conn.in_transaction:
            execute("ROLLBACK")
        raise
    mark.committed(db)


@contextmanager
def writing(db: Database, home: Path) -> Iterator[None]:
    """`immediate`, with the driver's errors as ours."""
    try:
        with immediate(db):
            yield
    except DriverError as error:
        raise explained(error, home) from None


def select(db: Database, home: Path, sql: str, values: Any = ()) -> list[Any]:
    """All rows of a question, with the driver's errors as ours."""
    try:
        return list(db.conn.execute(sql, values).fetchall())
    except DriverError as error:
        raise explained(error, home) from None


def _has_bytes(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _make_file(home: Path, path: Path) -> None:
    """An empty database file and its key; what was left of another one is not built upon."""
    if _has_bytes(path.with_name(f"{path.name}-wal")):
        raise DatabaseUnusable("E-16", f"{path} is missing but {path.name}-wal is there")
    keys.make_key(home)
    path.touch(mode=0o600)
    keys.fsync_folder(home)


@contextmanager
def _first_time(home: Path) -> Iterator[None]:
    """One process at a time makes or migrates; the lock ends with the process."""
    with (home / ".setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _refuse_foreign(path: Path) -> None:
    """SQLite would take a file shorter than a page for an empty database, and write it.

    Looked at once: to close a file drops every lock that this process has on it, SQLite's too.
    """
    seen = path.stat()
    if (seen.st_dev, seen.st_ino) in _LOOKED_AT and seen.st_size >= PAGE_BYTES:
        return
    with path.open("rb") as file:
        if file.read(len(PLAIN_HEADER)) == PLAIN_HEADER:
            raise DatabaseUnusable("E-14", f"{path}: a plain SQLite file")
    if 0 < seen.st_size < PAGE_BYTES:
        raise DatabaseUnusable("E-16", f"{path}: shorter than one page")
    if seen.st_size:
        _LOOKED_AT.add((seen.st_dev, seen.st_ino))


def connect(path: Path, key_hex: str) -> Database:
    """Opened with the key and nothing more: no pragma, no check of version or triggers."""
    if not os.access(path, os.W_OK):
        raise DatabaseUnusable("E-10", f"{path}: read-only")
    connection = sqlcipher.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # we say BEGIN ourselves
    )
    try:
        # SQLCipher would write lines of its own to stderr; what is wrong is said once, by us.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key_hex}'\"")
        for pragma in CIPHER_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if not connection.execute("PRAGMA cipher_version").fetchone():
            raise DatabaseUnusable("E-17", f"{path}: this SQLite cannot encrypt")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return Database(cast(sqlite3.Connection, connection), execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def _make_durable(db: Database, path: Path) -> None:
    for name, value, expected in PRAGMAS:
        if _pragma(db, name) != expected:
            db.conn.execute(f"PRAGMA {name} = {value}")
            if (found := _pragma(db, name)) != expected:
                raise DatabaseUnusable("E-17", f"{path}: {name} is {found}, not {expected}")


def _pragma(db: Database, name: str) -> object:
    return db.conn.execute(f"PRAGMA {name}").fetchone()[0]


def _verify_triggers(db: Database, path: Path) -> None:
    """All triggers stand as written, or are put back once the rows are proven whole.

    Some tool rebuilt a table (`transform()` drops triggers without a word). In the hall a kiosk
    that stops for this keeps people waiting and protects nothing more, so when every row still
    agrees with its digest the protection returns and the log says so; otherwise it stops.
    """
    if triggers_stand(db):
        return
    with immediate(db):
        if triggers_stand(db):  # another process put them back meanwhile
            return
        if extra := sorted(set(_triggers(db)) - set(TRIGGERS)):
            raise DatabaseUnusable("E-17", f"{path}: trigger {extra[0]} is not the kiosk's")
        for table, statement in TABLES.items():
            if _columns(db.conn, table) != _columns_of(statement, table):
                raise DatabaseUnusable("E-17", f"{path}: table {table} was rebuilt differently")
        if wrong := first_wrong_row(db):
            raise DatabaseUnusable("E-17", f"{path}: {wrong}")
        make_triggers(db)
    logger.warning("%s: missing triggers were put back, every row agrees with its digest", path)


def triggers_stand(db: Database) -> bool:
    return _triggers(db) == TRIGGERS


def _triggers(db: Database) -> dict[str, str]:
    return dict(db.conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))


def _columns(connection: Any, table: str) -> list[tuple[Any, ...]]:
    """Name, type, not null and place in the primary key of each column."""
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [(row[1], row[2], bool(row[3]), row[5]) for row in rows]


def _columns_of(statement: str, table: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(":memory:") as blank:
        blank.execute(statement)
        return _columns(blank, table)


def first_wrong_row(db: Database, newest: int | None = None) -> str | None:
    """What is wrong with the first row that does not agree with itself, among the newest or all.

    Counts dseq (no gap) when all are asked for. The answer names the dseq, never a value.
    """
    sql = "SELECT t.dseq, t.sha256, p.body, o.state FROM txn t"
    sql += " LEFT JOIN payload p USING (dseq) LEFT JOIN outbox o USING (dseq)"
    sql += " ORDER BY t.dseq DESC LIMIT ?"
    for dseq, sha256, body, state in db.conn.execute(sql, (-1 if newest is None else newest,)):
        if state is None:
            return f"dseq {dseq} has no outbox row"
        if body is None and state != "prunable":
            return f"dseq {dseq} has no payload"
        if body is not None and hashlib.sha256(body).hexdigest() != sha256:
            return f"dseq {dseq} does not agree with its digest"
    count, last = db.conn.execute("SELECT count(*), coalesce(max(dseq), 0) FROM txn").fetchone()
    return None if count == last else f"{last - count} of {last} transactions are missing"


def _authorize(
    action: int, first: str | None, second: str | None, _schema: str | None, _source: str | None
) -> int:
    """No statement of ours may take a protection away, whichever library writes it."""
    if action in (sqlcipher.SQLITE_DROP_TABLE, sqlcipher.SQLITE_DROP_TRIGGER):
        name = second if action == sqlcipher.SQLITE_DROP_TRIGGER else first
        return int(sqlcipher.SQLITE_DENY if name in _PROTECTED else sqlcipher.SQLITE_OK)
    if action == sqlcipher.SQLITE_ALTER_TABLE and second in _PROTECTED:
        return int(sqlcipher.SQLITE_DENY)
    if action == sqlcipher.SQLITE_PRAGMA and second is not None and first in _FIXED_PRAGMAS:
        return int(sqlcipher.SQLITE_DENY)
    return int(sqlcipher.SQLITE_OK)
