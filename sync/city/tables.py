"""The city's tables and how its database is opened.

SQLite by default, PostgreSQL for a city: only what both understand. Moments are ISO 8601 text in
UTC, so that both order and print them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlcipher3.dbapi2
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateColumn

METADATA = MetaData()
BUSY_TIMEOUT_MS = 10_000
LOG_PAGES = 5_000  # 20 MB: a long drain waits for the copying once, not with each third push

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
    Column("next_key", String(64)),  # asked for; takes the place of public_key at its first use
    Column("rotated_at", String(32)),
)

NONCE = Table(
    "nonce",
    METADATA,
    Column("device", String(64), primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("expires_s", BigInteger, nullable=False),  # no index: NONCE_KEPT_S' worth is soon read
    sqlite_with_rowid=False,  # one page to write for an idle poll instead of three
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
    Column("code", String(16)),  # the citizen's reference code, if the body has one
    Column("erased_at", String(32)),  # the body is gone, its digest is not
    Column("xid", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("device", "epoch", "dseq"),
    Index("envelope_code", "code"),
    Index("envelope_order", "xid", "server_seq"),
    sqlite_autoincrement=True,  # a server_seq is never given twice, whatever is deleted
)

# What was sent by a known key but has no place in `envelope`: from a revoked device, in conflict,
# unreadable, damaged. Raw, so that a human can decide; `raw_sha256` is of what really came.
ASIDE = Table(
    "aside",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False),
    Column("device", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),  # "" and dseq 0: unreadable
    Column("dseq", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("schema", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("raw_sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("problem", String(64), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("code", String(16)),
    Column("erased_at", String(32)),
    UniqueConstraint("device", "id", "raw_sha256"),
    Index("aside_stream", "device", "epoch", "dseq"),
    Index("aside_code", "code"),
    sqlite_autoincrement=True,
)

STREAM = Table(
    "stream",
    METADATA,
    Column("device", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("contiguous_through", BigInteger, nullable=False),
    Column("backup_watermark", BigInteger, nullable=False, server_default="0"),
)

# How far every stream was when a backup began; confirmed once that backup is made and checked.
BACKUP_MARK = Table(
    "backup_mark",
    METADATA,
    Column("mark", String(32), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("through", BigInteger, nullable=False),
)

FEED_KEY = Table(
    "feed_key",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("endorsed_by", String(64)),
    Column("endorsement", String(96)),
    Column("added_at", String(32), nullable=False),
)

FEED_ITEM = Table(
    "feed_item",
    METADATA,
    Column("feed", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("id", String(64), nullable=False),
    Column("content", Text, nullable=False),  # the exact text that was signed
    Column("signing_key", String(64)),
    Column("edition", BigInteger),
    Column("of_items", Integer),
    Column("signature", String(96)),
)

# The latest word on each application; a newer one takes the row's place with a new seq.
STATUS = Table(
    "status",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("xid", BigInteger, nullable=False, server_default="0"),
    Column("device", String(64), nullable=False),
    Column("code", String(16), nullable=False),
    Column("body", Text),  # NULL: gone
    UniqueConstraint("device", "code"),
    Index("status_order", "device", "xid", "seq"),
    sqlite_autoincrement=True,
)

CORRECTION = Table(
    "correction",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("code", String(16), nullable=False, index=True),
    Column("at", String(32), nullable=False),
    Column("values", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

# That a citizen asked, and what was done; never what is known about them.
CITIZEN_REQUEST = Table(
    "citizen_request",
    METADATA,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("code", String(16), nullable=False, index=True),
    Column("act", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)


def insert(db: Connection, table: Table) -> Any:
    """INSERT of the dialect, for ON CONFLICT, which both spell alike."""
    return (postgresql if on_postgresql(db) else sqlite).insert(table)


def ask(db: Connection, sql: str, *values: Any) -> Sequence[Any]:
    """The rows of a question written as SQL, `?` for each value, inside the running transaction.

    For what every request asks: building the question would take longer than answering it.
    """
    return _executed(db, sql, values).fetchall()  # type: ignore[no-any-return]


def tell(db: Connection, sql: str, *values: Any) -> int:
    """The same for a change; how many rows it changed."""
    return int(_executed(db, sql, values).rowcount)


def _executed(db: Connection, sql: str, values: tuple[Any, ...]) -> Any:
    driver: Any = db.connection.driver_connection
    try:
        return driver.execute(sql.replace("?", "%s") if on_postgresql(db) else sql, values)
    except db.dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError(None, None, error) from error


def on_postgresql(db: Connection) -> bool:
    return db.dialect.name == "postgresql"


# --- an order that no commit slips behind ---------------------------------------------------------
# PostgreSQL gives out sequence numbers before the commit: a reader of `seq > cursor` would pass by
# one that commits later. Rows carry their transaction's number, and a reader stops below the oldest
# transaction still running. SQLite has one writer at a time, so there every number is 0.
def xid_now(db: Connection) -> Any:
    return literal_column("pg_current_xact_id()::text::bigint" if on_postgresql(db) else "0")


XID_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def xid_horizon(db: Connection) -> int:
    """Rows with an xid below this can no longer get company."""
    if not on_postgresql(db):
        return 1
    ((found,),) = ask(db, f"SELECT {XID_HORIZON}")
    return int(found or 0)


def make_tables(db: Connection) -> None:
    """Makes missing tables, columns and indexes, so that the first release's database is served."""
    METADATA.create_all(db)
    known = inspect(db)
    for table in METADATA.tables.values():
        there: Mapping[str, Any] = {c["name"]: c for c in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                spelled = _spelled(db, column)
                db.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {spelled}")
        for index in table.indexes:
            index.create(db, checkfirst=True)


def _spelled(db: Connection, column: Column[Any]) -> str:
    """A column as it stands in CREATE TABLE."""
    return str(CreateColumn(column).compile(dialect=db.dialect))


class DatabaseAddressWrong(ValueError):
    """The text says what is wrong with --database."""


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """`durable`: a commit is on the disk. Without, a power cut can take back the latest ones, and
    on SQLite nothing is ever waited for, neither a disk nor a lock (OperationalError at once): for
    what may be forgotten, and for who can come back.

    Raises DatabaseAddressWrong; SQLAlchemy's own errors when it cannot be reached.
    """
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
        _prepare_sqlite(engine, durable)
        return engine
    if backend == "postgresql":
        try:
            # psycopg 3 whatever the URL says: the one driver that is installed with the city.
            engine = create_engine(
                make_url(url).set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=16
            )
            if not durable:
                _forget_in_time(engine)
            return engine
        except ModuleNotFoundError as error:
            raise DatabaseAddressWrong(
                f"--database: the Python package {error.name} is needed for this URL; install it"
            ) from error
    raise DatabaseAddressWrong(f"--database: {backend} is not supported; use sqlite or postgresql")


def _forget_in_time(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # single statements: nothing to begin and to end around them
        connection.execute("SET synchronous_commit = off")


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    log_pages = LOG_PAGES if durable else 0  # the log is copied back by those who may wait

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS if durable else 0}")
        for pragma, value, meant in (
            ("journal_mode", "WAL", "wal"),
            ("synchronous", *(("FULL", 2) if durable else ("NORMAL", 1))),
            ("wal_autocheckpoint", str(log_pages), log_pages),
            ("foreign_keys", "ON", 1),
            ("secure_delete", "ON", 1),  # what a citizen had erased does not linger in free pages
        ):
            connection.execute(f"PRAGMA {pragma} = {value}")
            (got,) = connection.execute(f"PRAGMA {pragma}").fetchone()
            if got != meant:
                raise RuntimeError(f"PRAGMA {pragma} is {got}, not {value}: refusing to serve")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer that begins as a reader cannot wait for its turn: SQLite refuses at once.
        reading = connection.get_execution_options().get("reading", False)
        _executed(connection, "BEGIN" if reading else "BEGIN IMMEDIATE", ())
