"""The steps that bring a database to this version; each with its record in one transaction.

`sqlite_utils.migrations` does that. A later step that rebuilds a table (`transform()` drops its
triggers) ends with `make_triggers(db)`, or the next open refuses it.
"""

from __future__ import annotations

import re
import time
import uuid

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from kiosk.store import city_tables, counter_tables, desk_tables, epoch_tables
from kiosk.store.problems import DatabaseUnusable
from kiosk.store.schema import CORRECTION, TABLES, TRIGGERS, VIEWS

MIGRATIONS = Migrations("kiosk")

_LOOKED_INTO = re.compile(r"\b(?:ON|FROM|JOIN)\s+([a-z_]+)")


@MIGRATIONS()
def transactions_and_outbox(db: Database) -> None:
    for statement in (*TABLES.values(), *VIEWS.values()):
        db.conn.execute(statement)
    make_triggers(db)
    db.conn.execute("INSERT INTO settled VALUES (1, 0)")
    db.conn.execute(
        "INSERT INTO install (one, epoch, made_at_ms) VALUES (1, ?, ?)",
        (uuid.uuid4().hex, time.time_ns() // 1_000_000),
    )


@MIGRATIONS()
def corrections(db: Database) -> None:
    db.conn.execute(CORRECTION)


@MIGRATIONS()
def counter(db: Database) -> None:
    for statement in counter_tables.STATEMENTS:
        db.conn.execute(statement)
    make_triggers(db)


@MIGRATIONS()
def desk(db: Database) -> None:
    desk_tables.allow_acts(db)
    for statement in desk_tables.STATEMENTS:
        db.conn.execute(statement)
    make_triggers(db)


@MIGRATIONS()
def city(db: Database) -> None:
    for statement in city_tables.STATEMENTS:
        db.conn.execute(statement)
    make_triggers(db)


@MIGRATIONS()
def epochs(db: Database) -> None:
    for statement in epoch_tables.TABLES.values():
        db.conn.execute(statement)
    make_triggers(db)


def make_triggers(db: Database) -> None:
    """Bring every trigger to the text in `schema`; those that stand on, or look into, tables still
    to come wait for them."""
    tables = {one for (one,) in db.conn.execute("SELECT name FROM sqlite_master")}
    for name, statement in TRIGGERS.items():
        if tables.issuperset(_LOOKED_INTO.findall(statement)):
            db.conn.execute(f"DROP TRIGGER IF EXISTS {name}")
            db.conn.execute(statement)


def pending(db: Database, path: object, migrations: Migrations = MIGRATIONS) -> bool:
    """Is there a step to take? Raises E-14 for somebody else's tables, E-15 for a newer version."""
    tables = {
        row[0] for row in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    if Migrations.migrations_table not in tables:
        if tables:
            raise DatabaseUnusable("E-14", f"{path}: its tables are not the kiosk's")
        return True
    done = {
        row[0]
        for row in db.conn.execute(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ?",
            (migrations.name,),
        )
    }
    known = {step.name for step in migrations._migrations}  # the library has no public list
    if done - known:
        raise DatabaseUnusable("E-15", f"{path}: step {sorted(done - known)[0]} is unknown here")
    return bool(known - done)
