"""Papers to be printed and what became of each. A paper that failed is never counted as given.

A record is printed once by itself; a second copy is a clerk's word (`by`). What stands on a paper
is made from the record when it is printed: no copy of it lies here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain.paper import PrintProblem, PrintState, PrintWhat
from kiosk.domain.queue import written
from kiosk.store.connection import select, writing

LATE_S = 120  # by then whoever waited for it has gone
_COLUMNS = """SELECT p.id, coalesce(t.id, ''), coalesce(t.code, ''), n.prefix, n.number, p.what,
  p.service, p.lang, p.state, p.problem, p.by, p.at_ms
  FROM print_job p LEFT JOIN txn t USING (dseq) LEFT JOIN ticket n USING (dseq)"""
_FAILED = """WHERE p.state = 'failed' AND p.dseq IS NOT NULL AND p.id =
  (SELECT max(q.id) FROM print_job q WHERE q.dseq = p.dseq) ORDER BY p.id DESC LIMIT 200"""
_ADD = """INSERT INTO print_job (dseq, what, service, lang, by, at_ms)
  VALUES ((SELECT dseq FROM txn WHERE id = ?), ?, ?, ?, ?, ?)"""
_TAKE = "UPDATE print_job SET state = 'printing' WHERE id = ? AND state = 'queued'"
_END = """UPDATE print_job SET state = ?, problem = ?, ended_ms = ?
  WHERE id = ? AND state = 'printing'"""
_BROKEN_OFF = """UPDATE print_job SET state = 'failed', problem = 'cut', ended_ms = ?
  WHERE state = 'printing'"""
_TOO_LATE = """UPDATE print_job SET state = 'failed', problem = 'late', ended_ms = :now
  WHERE state = 'queued' AND by = '' AND (at_ms < :now - :late OR at_ms > :now + :late)"""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """`txn_id`, `code` and `ticket` are "" for a list of papers to bring. `by` is "" for the one
    that the kiosk printed by itself."""

    id: int
    txn_id: str
    code: str
    ticket: str
    what: PrintWhat
    service: str
    lang: str
    state: PrintState
    problem: PrintProblem | str
    by: str
    at: datetime


class AlreadyPrinted(Exception):
    """The kiosk prints a record once; another copy is for the staff to give."""


class Prints:
    """Every method may raise DatabaseUnusable or TryLater."""

    def __init__(
        self,
        db: Database,
        home: Path,
        *,
        zone: tzinfo,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._zone = zone
        self._wall_ms = wall_ms

    def ask(self, what: PrintWhat, *, txn_id: str = "", service: str = "", lang: str = "id") -> int:
        """To be printed for the person at the kiosk. Raises AlreadyPrinted, KeyError."""
        return self._add(what, txn_id, service, lang, "")

    def reprint(self, txn_id: str, by: str, lang: str = "id") -> int:
        """A copy for a record, on the word of `by`. Raises KeyError, ValueError without a name."""
        if not by:
            raise ValueError("a copy needs the name of who gives it")
        kind = self._rows("SELECT kind FROM txn WHERE id = ?", (txn_id,))
        what: PrintWhat = "ticket" if kind and kind[0][0] == "ticket" else "receipt"
        return self._add(what, txn_id, "", lang, by)

    def job(self, id_: int) -> PrintJob:
        """Raises KeyError."""
        rows = self._rows(f"{_COLUMNS} WHERE p.id = ?", (id_,))
        if not rows:
            raise KeyError(id_)
        return self._read(rows[0])

    def of(self, txn_id: str) -> PrintJob | None:
        """The latest for this record; None: nothing was to be printed."""
        sql = f"{_COLUMNS} WHERE t.id = ? ORDER BY p.id DESC LIMIT 1"
        rows = self._rows(sql, (txn_id,))
        return self._read(rows[0]) if rows else None

    def failed(self, day: date | None = None) -> list[PrintJob]:
        """Records without their paper, newest first: the latest try failed, none came out since.
        All, or those of a local date."""
        jobs = [self._read(row) for row in self._rows(f"{_COLUMNS} {_FAILED}", ())]
        return [one for one in jobs if day is None or one.at.date() == day]

    # -- the worker's side

    def start(self) -> int:
        """What another run left half printed has failed: nobody knows what came out of it. How
        many there were."""

        def mark() -> int:
            return int(self._db.conn.execute(_BROKEN_OFF, (self._wall_ms(),)).rowcount)

        return int(self._write(mark))

    def next(self) -> PrintJob | None:
        """The oldest that is queued, marked as printing."""
        if not self._rows("SELECT 1 FROM print_job WHERE state = 'queued' LIMIT 1", ()):
            return None

        def take() -> int | None:
            execute = self._db.conn.execute
            execute(_TOO_LATE, {"now": self._wall_ms(), "late": LATE_S * 1000})
            row = execute("SELECT min(id) FROM print_job WHERE state = 'queued'").fetchone()
            if row[0] is None:
                return None
            execute(_TAKE, (row[0],))
            return int(row[0])

        id_ = self._write(take)
        return None if id_ is None else self.job(id_)

    def confirm(self, id_: int, note: str = "") -> None:
        """The printer said that it is out; `note` when it can say nothing."""
        self._end(id_, "confirmed", note)

    def fail(self, id_: int, problem: PrintProblem) -> None:
        self._end(id_, "failed", problem)

    # -- inside

    def _add(self, what: PrintWhat, txn_id: str, service: str, lang: str, by: str) -> int:
        if txn_id and not self._rows("SELECT 1 FROM txn WHERE id = ?", (txn_id,)):
            raise KeyError(txn_id)

        def add() -> int:
            once = "SELECT 1 FROM print_job JOIN txn USING (dseq) WHERE txn.id = ? AND by = ''"
            if txn_id and not by and self._db.conn.execute(once, (txn_id,)).fetchone():
                raise AlreadyPrinted(txn_id)
            row = (txn_id, what, service, lang, by, self._wall_ms())
            return int(self._db.conn.execute(_ADD, row).lastrowid or 0)

        return int(self._write(add))

    def _end(self, id_: int, state: PrintState, problem: str) -> None:
        row = (state, problem, self._wall_ms(), id_)
        self._write(lambda: self._db.conn.execute(_END, row))

    def _read(self, row: Any) -> PrintJob:
        id_, txn_id, code, prefix, number, what, service, lang, state, problem, by, at_ms = row
        return PrintJob(
            id=id_,
            txn_id=txn_id,
            code=code,
            ticket="" if number is None else written(prefix, number),
            what=what,
            service=service,
            lang=lang,
            state=state,
            problem=problem,
            by=by,
            at=datetime.fromtimestamp(at_ms / 1000, self._zone),
        )

    def _rows(self, sql: str, values: Any = ()) -> list[Any]:
        return select(self._db, self._home, sql, values)

    def _write(self, act: Callable[[], Any]) -> Any:
        with writing(self._db, self._home):
            return act()
