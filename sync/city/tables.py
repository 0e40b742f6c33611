"""The city's tables and how its database is opened.

SQLite by default, PostgreSQL for a city: only what both understand. Moments are ISO 8601 text in
UTC, so that both order and print them alike.
"""

from __future__ import annotations

from typing import Any

import sqlcipher3.dbapi2
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.engine import make_url

METADATA = MetaData()
BUSY_TIMEOUT_MS = 10_000

# SQLite numbers rows by itself only for a column that is exactly INTEGER.
_SEQ = BigInteger().with_variant(Integer, "sqlite")

CITY = Table(
    "city",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

ENROL_CODE = Table(
    "enrol_code",
    METADATA,
    Column("code_sha256", String(64), primary_key=True),
    Column("expires_at", String(32), nullable=False),
    Column("used_at", String(32)),
    Column("device", String(64)),
)

DEVICE = Table(
    "device",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("enrolled_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
)

NONCE = Table(
    "nonce",
    METADATA,
    Column("device", String(64), primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("expires_s", BigInteger, nullable=False, index=True),
)

# Every authenticated envelope whose digest holds, as it came; `problem` when it cannot be used.
ENVELOPE = Table(
    "envelope",
    METADATA,
    Column("server_seq", _SEQ, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("device", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("dseq", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("schema", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("problem", String(64)),
    Column("received_at", String(32), nullable=False),
    UniqueConstraint("device", "epoch", "dseq"),
    sqlite_autoincrement=True,  # a server_seq is never given twice, whatever is deleted
)

STREAM = Table(
    "stream",
    METADATA,
    Column("device", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("contiguous_through", BigInteger, nullable=False),
)

FEED_ITEM = Table(
    "feed_item",
    METADATA,
    Column("feed", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("id", String(64), nullable=False),
    Column("content", Text, nullable=False),
)


class DatabaseAddressWrong(ValueError):
    """The text says what is wrong with --database."""


def open_engine(url: str) -> Engine:
    """Raises DatabaseAddressWrong; SQLAlchemy's own errors when it cannot be reached."""
    try:
        backend = make_url(url).get_backend_name()
    except Exception as error:
        raise DatabaseAddressWrong(
            "--database: not a SQLAlchemy URL; give sqlite:///FILE or postgresql://…"
        ) from error
    if backend == "sqlite":
        # sqlcipher3 without a key is plain SQLite, and newer than Debian 12's, whose write-ahead
        # log can be reset wrongly when two connections write (fixed in 3.51.3).
        engine = create_engine(url, module=sqlcipher3.dbapi2)
        _prepare_sqlite(engine)
        return engine
    if backend == "postgresql":
        try:
            return create_engine(url)
        except ModuleNotFoundError as error:
            raise DatabaseAddressWrong(
                f"--database: the Python package {error.name} is needed for this URL; install it"
            ) from error
    raise DatabaseAddressWrong(f"--database: {backend} is not supported; use sqlite or postgresql")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        for pragma, value, meant in (
            ("journal_mode", "WAL", "wal"),
            ("synchronous", "FULL", 2),
            ("foreign_keys", "ON", 1),
        ):
            connection.execute(f"PRAGMA {pragma} = {value}")
            (got,) = connection.execute(f"PRAGMA {pragma}").fetchone()
            if got != meant:
                raise RuntimeError(f"PRAGMA {pragma} is {got}, not {value}: refusing to serve")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        # A writer that begins as a reader cannot wait for its turn: SQLite refuses at once.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
