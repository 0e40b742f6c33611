"""Beginning to count anew (see `epoch_tables`), and what is told of it. SQL inside the caller's
transaction; nothing here looks at a clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from kiosk.store.epoch_tables import NEWEST, NEXT

# `mark`: the note beside the database knew more; `log`: commits are missing from it; `other`: the
# note is of another database; `city`: the city knows more; `taken`: it has a number as another's.
Why = Literal["mark", "log", "other", "city", "taken"]
EPOCHS_MAX = 100  # a city or a disk that never stops lying is for people, not for counting on
TAKEN = "dseq-taken"

_NOW = """SELECT coalesce((SELECT epoch FROM epoch ORDER BY serial DESC LIMIT 1),
  (SELECT epoch FROM install))"""
_ALL = """SELECT epoch, 0 AS serial FROM install UNION ALL SELECT epoch, serial FROM epoch
  ORDER BY serial"""
_BEGIN = """INSERT INTO epoch SELECT coalesce(max(serial), 0) + 1, ?, ?, ?,
  (SELECT coalesce(max(dseq), 0) FROM txn), ? FROM epoch"""
_LAST = """SELECT CASE WHEN ?1 = (SELECT epoch FROM install)
  THEN coalesce((SELECT here FROM epoch WHERE serial = 1), (SELECT max(dseq) FROM txn), 0)
  ELSE (SELECT coalesce(max(number), 0) FROM place WHERE epoch = ?1) END"""
_IN_CONFLICT = """SELECT o.dseq, coalesce(p.epoch, (SELECT epoch FROM install)), p.dseq IS NULL
  FROM outbox o LEFT JOIN place p USING (dseq)
  WHERE o.state = 'conflict' AND o.last_problem = ? AND p.again IS NOT 1 ORDER BY o.dseq"""
_PLACE = f"INSERT INTO place SELECT ?, {NEWEST}, {NEXT}, ?"
_PLACE_ANEW = "UPDATE place SET again = 1, " + f"epoch = {NEWEST}, number = {NEXT} WHERE dseq = ?"  # noqa: S608
_DUE = "UPDATE outbox SET state = 'accepted', last_problem = 'sent again' WHERE dseq = ?"
_PASS = """INSERT INTO passed VALUES (?1, ?2, ?3) ON CONFLICT (day, prefix)
  DO UPDATE SET number = max(number, excluded.number)"""
_PASS_BY = """INSERT INTO passed
  SELECT ?1, prefix, max(number) + ?2 FROM ticket WHERE day = ?1 GROUP BY prefix
  UNION ALL SELECT ?1, '', ?2 ORDER BY 1
  ON CONFLICT (day, prefix) DO UPDATE SET number = max(number, excluded.number)"""


@dataclass(frozen=True, slots=True)
class Begun:
    """One new beginning. `here`: how many errands the database had; `known`: of how many more was
    known by then, 0 where nothing could be."""

    made_at_ms: int
    why: Why
    here: int
    known: int


def current(db: Database) -> str:
    return str(db.conn.execute(_NOW).fetchone()[0])


def everyone(db: Database) -> list[str]:
    """All epochs of this database, the oldest first; one, on nearly every kiosk."""
    return [epoch for epoch, _ in db.conn.execute(_ALL)]


def last_number(db: Database, epoch: str) -> int:
    return int(db.conn.execute(_LAST, (epoch,)).fetchone()[0])


def begin(db: Database, why: Why, known: int, at_ms: int) -> bool:
    """From here on numbers are given in a new epoch. False: there were too many already."""
    if len(everyone(db)) > EPOCHS_MAX:
        return False
    db.conn.execute(_BEGIN, (uuid.uuid4().hex, at_ms, why, known))
    return True


def place(db: Database, dseq: int) -> None:
    """Its number in the newest epoch, if there is another than the install's: asked for first, as
    an INSERT of no row still costs a commit a fifth."""
    if db.conn.execute("SELECT 1 FROM epoch LIMIT 1").fetchone():
        db.conn.execute(_PLACE, (dseq, 0))


def place_again(db: Database, at_ms: int) -> int:
    """What the city set aside because its number is another errand's gets a place of its own in the
    newest epoch, and is due again. How many."""
    rows: list[Any] = db.conn.execute(_IN_CONFLICT, (TAKEN,)).fetchall()
    if not rows:
        return 0
    if current(db) in {epoch for _, epoch, _ in rows} and not begin(db, "taken", 0, at_ms):
        return 0
    for dseq, _, placeless in rows:
        if placeless:
            db.conn.execute(_PLACE, (dseq, 1))
        else:
            db.conn.execute(_PLACE_ANEW, (dseq,))
        db.conn.execute(_DUE, (dseq,))
    return len(rows)


def pass_numbers(db: Database, day: str, numbers: Mapping[str, int]) -> None:
    """These tickets are in somebody's hand: the next one of each prefix comes after them."""
    db.conn.executemany(_PASS, [(day, prefix, number) for prefix, number in numbers.items()])


def pass_by(db: Database, day: str, count: int) -> None:
    """So many errands are unknown here, any of which may have been a ticket of this day."""
    db.conn.execute(_PASS_BY, (day, count))


def passed(db: Database, day: str, prefix: str) -> int:
    sql = "SELECT coalesce(max(number), 0) FROM passed WHERE day = ? AND prefix IN (?, '')"
    return int(db.conn.execute(sql, (day, prefix)).fetchone()[0])


def begun(db: Database) -> list[Begun]:
    """Every new beginning, the latest first."""
    sql = "SELECT made_at_ms, why, here, known FROM epoch ORDER BY serial DESC"
    return [Begun(*row) for row in db.conn.execute(sql)]
