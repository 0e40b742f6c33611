"""The kiosk's store above a file system that writes down what SQLite asks of it.

apsw-sqlite3mc reads and writes SQLCipher's format and lets Python be the file system, which
SQLCipher's own driver does not. `recording(log)` makes the product's `open_database` use it;
everything above (pragmas, triggers, transactions) is the product's own code.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import apsw

from kiosk.store import connection
from kiosk.store.connection import CIPHER_PRAGMAS

_NAMES = itertools.count()
store: Any = connection  # its driver and settings are changed for a while


@dataclass(frozen=True, slots=True)
class Op:
    """One request to the disk (`write`, `truncate`, `sync`, `delete`), or a mark between them."""

    what: str
    file: str = ""  # without its folder
    offset: int = 0  # also the new size of a truncate
    data: bytes = b""


Log = list[Op]


class _File(apsw.VFSFile):
    def __init__(self, log: Log, name: Any, flags: Any) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._log, self._name = log, Path(path).name if path else ""
        super().__init__("unix", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:
        self._log.append(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._log.append(Op("truncate", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._log.append(Op("sync", self._name))


class _Disk(apsw.VFS):
    def __init__(self, log: Log) -> None:
        self.name, self._log = f"logged{next(_NAMES)}", log
        super().__init__(self.name, "unix")

    def xOpen(self, name: Any, flags: Any) -> _File:
        return _File(self._log, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:
        super().xDelete(name, sync_folder)
        self._log.append(Op("delete" if sync_folder else "unlink", Path(name).name))


class _Cursor:
    """A driver's cursor above apsw's, which speaks otherwise of columns and changes."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db, self._cursor = db, db.cursor()
        self._columns: list[Any] = []
        self._cursor.exec_trace = _noting(self._columns)
        self.rowcount = -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Any:
        return iter(self._cursor)

    @property
    def description(self) -> Any:
        return self._columns[0] if self._columns else None

    @property
    def lastrowid(self) -> int:
        return self._db.last_insert_rowid()

    def execute(self, sql: str, params: Any = None) -> _Cursor:
        before = self._db.total_changes()
        self._cursor.execute(sql, params)
        self.rowcount = self._db.total_changes() - before
        return self

    def executemany(self, sql: str, rows: Any) -> _Cursor:
        before = self._db.total_changes()
        self._cursor.executemany(sql, rows)
        self.rowcount = self._db.total_changes() - before
        return self


def _noting(columns: list[Any]) -> Any:
    """Notes the columns while apsw still tells them: after the last row it does not.

    Not a method: a cycle would keep a cursor, and with it a transaction, open until collected.
    """

    def begun(cursor: apsw.Cursor, _sql: str, _params: Any) -> bool:
        columns[:] = [cursor.get_description() or None]
        return True

    return begun


class _Connection:
    """As much of the driver's connection as the store uses, above apsw."""

    def __init__(self, path: str, vfs: str) -> None:
        self._db = apsw.Connection(path, vfs=vfs, flags=apsw.SQLITE_OPEN_READWRITE)
        self._db.set_busy_timeout(10_000)
        self.row_factory = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, params: Any = None) -> _Cursor:
        if sql in [f"PRAGMA {pragma}" for pragma in CIPHER_PRAGMAS] or "cipher_log_level" in sql:
            return self.cursor()
        if sql == "PRAGMA cipher_version":
            sql = "SELECT 'sqlite3mc'"
        if sql.startswith("PRAGMA key"):
            for pragma in cipher_pragmas():
                self._db.execute(pragma)
        return self.cursor().execute(sql, params)

    def executemany(self, sql: str, rows: Any) -> _Cursor:
        return self.cursor().executemany(sql, rows)

    def cursor(self) -> _Cursor:
        return _Cursor(self._db)


def cipher_pragmas() -> tuple[str, ...]:
    """The kiosk's SQLCipher settings in sqlite3mc's words; an unknown one is a KeyError."""
    values = dict(pragma.split(" = ") for pragma in CIPHER_PRAGMAS)
    hmacs = {"HMAC_SHA256": 1}
    return (
        "PRAGMA cipher = 'sqlcipher'",
        "PRAGMA legacy = 4",
        f"PRAGMA legacy_page_size = {values.pop('cipher_page_size')}",
        f"PRAGMA hmac_algorithm = {hmacs[values.pop('cipher_hmac_algorithm')]}",
    )


@contextlib.contextmanager
def recording(log: Log, **pragmas: str) -> Iterator[None]:
    """`open_database` writes to `log`; `pragmas` weaken its settings, as a planted bug."""
    disk = _Disk(log)
    driver, settings = store.sqlcipher, store.PRAGMAS

    def connect(address: str, **_given: Any) -> _Connection:
        return _Connection(unquote(urlsplit(address).path), f"multipleciphers-{disk.name}")

    names = {name: getattr(driver, name) for name in dir(driver) if name.startswith("SQLITE_")}
    store.sqlcipher = SimpleNamespace(connect=connect, Error=driver.Error, **names)
    store.PRAGMAS = tuple(
        (name, pragmas.get(name, value), _meant(pragmas[name]) if name in pragmas else meant)
        for name, value, meant in settings
    )
    try:
        yield
    finally:
        store.sqlcipher, store.PRAGMAS = driver, settings


def _meant(value: str) -> object:
    return {"NORMAL": 1, "OFF": 0}.get(value, value.lower())
