"""A copy of the database that is proven before it counts, and the way back to one.

The copy is as encrypted as the original, under the same key, which is copied beside it: whoever
holds a backup folder can read it, so it stays on this machine or is carried by hand.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.store.connection import (
    CIPHER_PRAGMAS,
    DATABASE_NAME,
    DriverError,
    connect,
    first_wrong_row,
    immediate,
    open_database,
)
from kiosk.store.key import KEY_NAME, fsync_folder, read_key
from kiosk.store.migrations import make_triggers
from kiosk.store.problems import DatabaseUnusable, explained

BESIDE = (KEY_NAME, "device.key", "staff-pin.json", "kiosk-prefix")  # what else makes this kiosk
NEWER = f"{DATABASE_NAME}.newer"
# Carried over from a newer version's database in this order, then checked row by row.
CARRIED = ("epoch", "txn", "payload", "place", "outbox", "ticket")
STATE = "sync_state"


def back_up(home: Path, folder: Path) -> int:
    """A proven copy of the database, with its keys, in `folder`, replaced in one step.

    Other processes may go on writing. Returns the number of transactions in the copy. Raises
    DatabaseUnusable, StorageFull or OSError; then an earlier backup in `folder` still stands.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        for name in BESIDE:
            if (home / name).exists():
                shutil.copy2(home / name, draft / name)
        db = open_database(home)
        try:
            _copy(db, draft / DATABASE_NAME, read_key(home))
        finally:
            db.close()
        count = proven(draft)
        for path in draft.iterdir():
            _fsync(path)
        fsync_folder(draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
        fsync_folder(folder.parent)
        return count
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def proven(folder: Path) -> int:
    """The number of transactions of a backup, each of which agrees with its digest.

    Raises DatabaseUnusable.
    """
    path = folder / DATABASE_NAME
    if not path.exists():
        raise DatabaseUnusable("E-16", f"{path}: no such backup")
    try:
        # Never by `open_database`: a newer version would bring the backup to its own steps, and the
        # older one for which it was made could not go back to it.
        db = connect(path, read_key(folder))
        try:
            db.conn.execute("PRAGMA query_only = ON")
            if db.conn.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                raise DatabaseUnusable("E-16", f"{path}: quick_check found damage")
            if wrong := first_wrong_row(db):
                raise DatabaseUnusable("E-16", f"{path}: {wrong}")
            return int(db.conn.execute("SELECT count(*) FROM txn").fetchone()[0])
        finally:
            db.close()
    except DriverError as error:
        raise explained(error, path) from None


def go_back(home: Path, folder: Path) -> str:
    """Make the database readable to this version again, after a newer one wrote it; nothing else
    may have it open.

    It stays as it is when this version can open it. Otherwise the backup takes its place, and every
    transaction that came after the backup is carried over and checked; only then are the files
    exchanged. The newer file is kept beside it. Returns what was done, in one line. Raises
    DatabaseUnusable; then nothing has changed.
    """
    try:
        open_database(home).close()
        return "the database stays: this version reads it"
    except DatabaseUnusable as error:
        if error.code != "E-15":
            raise
    proven(folder)
    draft = home / ".going-back"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(folder, draft)
    try:
        carried = _carry_over(home, draft)
        proven(draft)
        for end in ("-wal", "-shm"):  # empty or gone once the last connection has closed
            if (draft / f"{DATABASE_NAME}{end}").exists():
                (draft / f"{DATABASE_NAME}{end}").unlink()
        _fsync(draft / DATABASE_NAME)
        for end in ("", "-wal", "-shm"):
            if (home / f"{DATABASE_NAME}{end}").exists():
                (home / f"{DATABASE_NAME}{end}").replace(home / f"{NEWER}{end}")
        (draft / DATABASE_NAME).replace(home / DATABASE_NAME)
        fsync_folder(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return f"the database from before the update is back, {carried} later transactions carried over"


def _copy(db: Any, path: Path, key_hex: str) -> None:
    """One consistent reading of the whole database, while others may go on writing."""
    connection = db.conn
    connection.set_authorizer(None)
    with _attached(connection, path, key_hex, "copy"):
        connection.execute("SELECT sqlcipher_export('copy')")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA copy.user_version = {int(version)}")
    os.chmod(path, 0o600)


def _carry_over(home: Path, draft: Path) -> int:
    db, newer = open_database(draft), None
    connection: Any = db.conn
    try:
        newer = connect(home / DATABASE_NAME, read_key(home))
        connection.set_authorizer(None)
        last = connection.execute("SELECT coalesce(max(dseq), 0) FROM txn").fetchone()[0]
        begun = connection.execute("SELECT coalesce(max(serial), 0) FROM epoch").fetchone()[0]
        with immediate(db):
            connection.execute("DROP TRIGGER place_new")  # they come in the order of their dseq
            for table in CARRIED:
                # An outbox row starts as accepted: what the city has already is sent once more.
                columns = "dseq" if table == "outbox" else _columns(connection, table)
                key, after = ("serial", begun) if table == "epoch" else ("dseq", last)
                rows = f"SELECT {columns} FROM {table} WHERE {key} > ? ORDER BY {key}"  # noqa: S608
                _insert(connection, "INSERT", table, columns, newer.conn.execute(rows, (after,)))
            make_triggers(db)
            columns = _columns(connection, STATE)
            known = newer.conn.execute(f"SELECT {columns} FROM {STATE}")  # noqa: S608
            _insert(connection, "INSERT OR REPLACE", STATE, columns, known)
        now = connection.execute("SELECT coalesce(max(dseq), 0) FROM txn").fetchone()[0]
        return int(now - last)
    except DriverError as error:
        raise DatabaseUnusable(
            "E-15", f"{home / DATABASE_NAME}: newer, and not to be carried over: {error}"
        ) from None
    finally:
        if newer is not None:
            newer.close()
        db.close()


def _insert(connection: Any, act: str, table: str, columns: str, rows: Any) -> None:
    places = ", ".join("?" * (columns.count(",") + 1))
    connection.executemany(f"{act} INTO {table} ({columns}) VALUES ({places})", rows)


def _columns(connection: Any, table: str) -> str:
    """This version's columns; a newer one may have more, never fewer."""
    return ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})"))


@contextmanager
def _attached(connection: Any, path: Path, key_hex: str, name: str) -> Iterator[None]:
    connection.execute(f"ATTACH ? AS {name} KEY ?", (str(path), f"x'{key_hex}'"))
    try:
        for pragma in CIPHER_PRAGMAS:
            connection.execute(f"PRAGMA {name}.{pragma}")
        yield
    finally:
        connection.execute(f"DETACH {name}")


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
