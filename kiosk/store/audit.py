"""Who did what at the desk, when: a log that only grows, and a transaction for each act.

Neither holds anything of a citizen: an act names its clerk by number and what it is about by the
id of a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain.transaction import Draft
from kiosk.store.connection import select, writing
from kiosk.store.transactions import Transactions

PAGE_LINES = 100

_ADD = """INSERT INTO audit (seq, at_ms, staff, act, about, reason, dseq) VALUES
  ((SELECT coalesce(max(seq), 0) + 1 FROM audit), ?, ?, ?, ?, ?, ?)"""
# What an act is about: a number in the queue, an application by its code, or a person here.
_LISTING = """SELECT a.seq, a.at_ms, coalesce(s.name, ''), a.act, a.about, a.reason,
    CASE WHEN n.number IS NOT NULL THEN printf('%s-%03d', n.prefix, n.number)
      WHEN a.act GLOB 'staff_*' THEN coalesce(w.name, '') ELSE coalesce(t.code, '') END,
    coalesce(o.state, '')
  FROM audit a LEFT JOIN staff s ON s.id = a.staff LEFT JOIN txn t ON t.id = a.about
  LEFT JOIN ticket n ON n.dseq = t.dseq LEFT JOIN outbox o ON o.dseq = a.dseq
  LEFT JOIN staff w ON a.act GLOB 'staff_*' AND w.id = CAST(a.about AS INTEGER)
  WHERE a.seq < ? {} ORDER BY a.seq DESC LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Line:
    """`by` is "" for somebody unknown; `subject` what it is about in words;
    `sent` where the act's own transaction stands (an OutboxState), "" where it has none."""

    seq: int
    at: datetime
    by: str
    act: str
    about: str
    reason: str
    subject: str
    sent: str


class Audit:
    """Every method may raise DatabaseUnusable or TryLater."""

    def __init__(
        self,
        db: Database,
        home: Path,
        transactions: Transactions,
        *,
        zone: tzinfo,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._transactions = transactions
        self._zone = zone
        self._wall_ms = wall_ms

    def act(
        self, staff: int, act: str, about: str = "", reason: str = "", service: str = ""
    ) -> None:
        """The line and the transaction that syncs. Inside `immediate` of what was done, so that
        neither stands without the other."""
        answers: dict[str, Any] = {"act": act, "clerk": staff}
        if about:
            answers["about"] = about
        if reason:
            answers["reason"] = reason
        with writing(self._db, self._home):
            receipt = self._transactions.accept(Draft("act", service, answers))
            row = self._db.conn.execute("SELECT dseq FROM txn WHERE id = ?", (receipt.id,))
            at_ms = round(receipt.at.timestamp() * 1000)
            self._db.conn.execute(_ADD, (at_ms, staff, act, about, reason, row.fetchone()[0]))

    def id_of(self, dseq: int) -> str:
        """The id of a transaction that is here, to say what an act is about. Raises KeyError."""
        row = self._db.conn.execute("SELECT id FROM txn WHERE dseq = ?", (dseq,)).fetchone()
        if row is None:
            raise KeyError(dseq)
        return str(row[0])

    def dseq_of(self, txn_id: str) -> int:
        """The other way round. Raises KeyError."""
        row = self._db.conn.execute("SELECT dseq FROM txn WHERE id = ?", (txn_id,)).fetchone()
        if row is None:
            raise KeyError(txn_id)
        return int(row[0])

    def note(self, staff: int, act: str, about: str = "", reason: str = "") -> None:
        """A line that stays here: a log-in, a look into an application."""
        with writing(self._db, self._home):
            self._db.conn.execute(_ADD, (self._wall_ms(), staff, act, about, reason, None))

    def listing(self, before: int | None = None, about: str = "") -> list[Line]:
        """The newest first, `PAGE_LINES` at most, older than line `before`; all, or about one."""
        sql = _LISTING.format("AND a.about = ?" if about else "")
        start = 2**62 if before is None else before
        params = (start, about, PAGE_LINES) if about else (start, PAGE_LINES)
        return [
            Line(seq, datetime.fromtimestamp(at_ms / 1000, self._zone), *others)
            for seq, at_ms, *others in select(self._db, self._home, sql, params)
        ]
