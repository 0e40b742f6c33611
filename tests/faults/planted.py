"""One bug for each promise, to show that the suite would notice. Never imported by the product.

Each is a mistake that somebody made once (../shared/research/sync.md): planted in the forked
process of a kiosk or of the city, for one run.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from kiosk.store.outbox import Outbox
from kiosk.store.transactions import Transactions


def _nothing() -> None:
    """This side is healthy."""


def _no_change(_database: str) -> None:
    """This side is healthy."""


@dataclass(frozen=True)
class Bug:
    invariant: int
    in_kiosk: Callable[[], None] = _nothing
    in_city: Callable[[str], None] = _no_change  # gets the path of its SQLite file
    points: tuple[str, ...] = ()  # where the kills must fall to show it; () = anywhere


# --- 1: told before it is committed ---------------------------------------------------------------
class _LateCommit:
    """A connection that commits with the next transaction: a "group commit"."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._late = connection, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction and not self._late

    def execute(self, sql: str, *params: Any) -> Any:
        if sql == "COMMIT":
            self._late = True
            return None
        if sql.startswith("BEGIN") and self._late:
            self._connection.execute("COMMIT")
            self._late = False
        return self._connection.execute(sql, *params)


def told_before_commit() -> None:
    made = Transactions.__init__

    def late(self: Transactions, db: Any, *given: Any, **named: Any) -> None:
        db.conn = _LateCommit(db.conn)
        made(self, db, *given, **named)

    Transactions.__init__ = late  # type: ignore[method-assign]


# --- 2: the city does not tell a repetition -------------------------------------------------------
def stored_twice(database: str) -> None:
    """The table of envelopes without what makes an id unique."""
    with sqlite3.connect(database, isolation_level=None) as db:
        (table,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'envelope'").fetchone()
        loose = re.sub(r",\s*UNIQUE \([^)]*\)", "", table)
        if loose == table:
            return  # done by an earlier start of this city
        db.execute("BEGIN IMMEDIATE")
        db.execute(loose.replace("envelope", "loose", 1))
        db.execute("INSERT INTO loose SELECT * FROM envelope")
        db.execute("DROP TABLE envelope")
        db.execute("ALTER TABLE loose RENAME TO envelope")
        db.execute("COMMIT")


# --- 3: the highest number is taken for "all up to here" ------------------------------------------
def oldest_left_out() -> None:
    """Not a bug by itself: an order of sending that leaves a gap for a while."""
    due = Outbox.due

    def gapped(self: Outbox, *given: Any, **named: Any) -> Sequence[Any]:
        found = due(self, *given, **named)
        return found[1:] or found

    Outbox.due = gapped  # type: ignore[assignment,method-assign]


def highest_is_contiguous(database: str) -> None:
    with sqlite3.connect(database) as db:
        for act in ("INSERT", "UPDATE"):
            db.execute(
                f"CREATE TRIGGER IF NOT EXISTS planted_{act} AFTER {act} ON stream BEGIN"
                " UPDATE stream SET contiguous_through = (SELECT max(dseq) FROM envelope e"
                " WHERE e.device = NEW.device AND e.epoch = NEW.epoch)"
                " WHERE device = NEW.device AND epoch = NEW.epoch; END"
            )


# --- 4: the city answers, and its commit comes to nothing -----------------------------------------
def answered_without_commit(_database: str) -> None:
    wrote = False

    @event.listens_for(Engine, "before_cursor_execute")
    def statement(_connection: Any, _cursor: Any, sql: str, *_other: Any) -> None:
        nonlocal wrote
        wrote = wrote or sql.startswith("INSERT INTO envelope")

    @event.listens_for(Engine, "commit")
    def commit(connection: Any) -> None:
        nonlocal wrote
        if wrote:
            connection.connection.driver_connection.execute("ROLLBACK")
            wrote = False


# --- 5: the cursor goes ahead of the feed ---------------------------------------------------------
def cursor_first() -> None:
    swap = Outbox.replace_pulled

    def replace_pulled(self: Outbox, feed: str, items: Any, cursor: str) -> None:
        self.put(f"cursor:{feed}", cursor)
        swap(self, feed, items, cursor)

    Outbox.replace_pulled = replace_pulled  # type: ignore[method-assign]


# --- 6: what waits is not counted -----------------------------------------------------------------
def settled_too_far() -> None:
    note_attempt = Outbox.note_attempt

    def noted(self: Outbox, *given: Any, **named: Any) -> None:
        note_attempt(self, *given, **named)
        self._db.conn.execute("UPDATE settled SET through = (SELECT max(dseq) FROM outbox)")

    Outbox.note_attempt = noted  # type: ignore[method-assign]


# --- 7: "being sent" is stored --------------------------------------------------------------------
def sending_is_stored() -> None:
    due = Outbox.due

    def unmarked(self: Outbox, *given: Any, **named: Any) -> Sequence[Any]:
        marked = set(json.loads(self.get("sending") or "[]"))
        fresh = [item for item in due(self, *given, **named) if item.id not in marked]
        self.put("sending", json.dumps(sorted(marked | {item.id for item in fresh})))
        return fresh

    Outbox.due = unmarked  # type: ignore[assignment,method-assign]


BUGS = {
    "told_before_commit": Bug(1, told_before_commit, points=("accept: not committed",)),
    "stored_twice": Bug(2, in_city=stored_twice, points=("sent, no reply yet", "push reply read")),
    "highest_is_contiguous": Bug(
        3, oldest_left_out, highest_is_contiguous, points=("ack stored", "push reply read")
    ),
    "answered_without_commit": Bug(4, in_city=answered_without_commit),
    "cursor_first": Bug(5, cursor_first, points=("pull staged", "swap: not committed")),
    "settled_too_far": Bug(6, settled_too_far),
    "sending_is_stored": Bug(7, sending_is_stored, points=("sent, no reply yet",)),
}


def in_kiosk(plant: str) -> None:
    if plant:
        BUGS[plant].in_kiosk()


def in_city(plant: str, database: str) -> None:
    if plant:
        BUGS[plant].in_city(database.removeprefix("sqlite:///"))


def points(plant: str) -> tuple[str, ...]:
    return BUGS[plant].points if plant else ()
