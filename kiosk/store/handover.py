"""Calls for help, and half-filled forms that a citizen agreed to hand to the desk.

No Transaction and never sent: a row here ends by being deleted, when it is finished, refused or
taken back, and after `KEEP_S` in any case. A call for help holds nothing of the person.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain.code import SIGNS
from kiosk.domain.handover import HalfForm, Handover, Standing
from kiosk.domain.identifier import RANDOM_BYTES, uuid7
from kiosk.store.connection import DriverError, select, writing

KEEP_S = 30 * 60
ROWS_MAX = 50  # of each kind; more than that is somebody playing
BODY_MAX_CHARS = 64 * 1024

_ADD = """INSERT INTO handover (id, sign, kind, lang, service, body, at_ms, boot_id, monotonic_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_LISTING = "SELECT id, sign, kind, state, lang, service, by, at_ms FROM handover ORDER BY at_ms, id"
# A clock that was set back must not keep a form: what lies in the future is over too.
_EXPIRED = """DELETE FROM handover WHERE at_ms <= :now - :keep OR at_ms > :now + 60000
  OR (boot_id = :boot AND monotonic_ms <= :monotonic - :keep)"""
_ANY_EXPIRED = _EXPIRED.replace("DELETE FROM", "SELECT count(*) FROM")


class TakenByOther(Exception):
    """Another clerk (`by`) sees to it already."""

    def __init__(self, by: str) -> None:
        super().__init__(f"taken by {by}")
        self.by = by


class Gone(Exception):
    """It was finished, refused, taken back, or its time is over."""


class TooMany(Exception):
    """So many wait that no more are taken: somebody must come."""


class Handovers:
    """Every method may raise DatabaseUnusable or TryLater; each deletes what is over first."""

    def __init__(
        self,
        db: Database,
        home: Path,
        *,
        zone: tzinfo,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._zone = zone
        self._wall_ms = wall_ms
        self._monotonic_ms = monotonic_ms
        self._boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    # -- the kiosk's side

    def ring(self, lang: str) -> Handover:
        """Somebody at the kiosk calls. Raises TooMany."""
        return self._add("ring", lang, "", None)

    def offer(
        self, service: str, raw: Mapping[str, str], answered: frozenset[str], lang: str
    ) -> Handover:
        """The citizen agreed on the screen: the form goes to the desk. Raises TooMany, ValueError
        for a form that is too large."""
        body = json.dumps({"raw": dict(raw), "answered": sorted(answered)}, ensure_ascii=False)
        if len(body) > BODY_MAX_CHARS:
            raise ValueError(f"a form of {len(body)} signs, at most {BODY_MAX_CHARS} fit")
        return self._add("form", lang, service, body)

    def standing(self, id_: str) -> Standing | None:
        """None: it is gone."""
        self.expire()
        rows = self._rows("SELECT state FROM handover WHERE id = ?", (id_,))
        return rows[0][0] if rows else None

    def end(self, id_: str) -> None:
        """Finished, refused, or taken back: nothing of it stays. It may be gone already."""
        with writing(self._db, self._home):
            self._db.conn.execute("DELETE FROM handover WHERE id = ?", (id_,))
        self._scrub()

    # -- the desk's side

    def listing(self) -> list[Handover]:
        """All that wait or are seen to, oldest first."""
        self.expire()
        return [self._read(row) for row in self._rows(_LISTING, ())]

    def seen(self, ids: list[str]) -> None:
        """These stand on a desk's screen now: the citizen may be told that they were heard."""
        rows = [(one,) for one in ids]
        with writing(self._db, self._home):
            self._db.conn.executemany(
                "UPDATE handover SET state = 'seen' WHERE id = ? AND state = 'waiting'", rows
            )

    def take(self, id_: str, by: str) -> HalfForm | None:
        """`by` sees to it; a form is given out, a call for help has none. The same person may take
        it again. Raises TakenByOther, Gone."""
        self.expire()
        with writing(self._db, self._home):
            row = self._db.conn.execute(
                "SELECT state, by, service, lang, body FROM handover WHERE id = ?", (id_,)
            ).fetchone()
            if row is None:
                raise Gone(id_)
            state, holder, service, lang, body = row
            if state == "taken" and holder != by:
                raise TakenByOther(holder)
            self._db.conn.execute(
                "UPDATE handover SET state = 'taken', by = ? WHERE id = ?", (by, id_)
            )
        if body is None:
            return None
        form = json.loads(body)
        return HalfForm(service, lang, form["raw"], tuple(form["answered"]))

    def give_back(self, id_: str, by: str) -> None:
        """The clerk leaves it to others."""
        with writing(self._db, self._home):
            self._db.conn.execute(
                "UPDATE handover SET state = 'seen', by = '' WHERE id = ? AND by = ?", (id_, by)
            )

    # -- its end

    def expire(self) -> int:
        """Delete what is older than `KEEP_S`; how many were. Reads first: it is asked often."""
        when = {
            "now": self._wall_ms(),
            "keep": KEEP_S * 1000,
            "boot": self._boot_id,
            "monotonic": self._monotonic_ms(),
        }
        if not self._rows(_ANY_EXPIRED, when)[0][0]:
            return 0
        with writing(self._db, self._home):
            count = int(self._db.conn.execute(_EXPIRED, when).rowcount)
        self._scrub()
        return count

    # -- inside

    def _add(self, kind: str, lang: str, service: str, body: str | None) -> Handover:
        self.expire()
        at_ms = self._wall_ms()
        id_ = uuid7(at_ms, os.urandom(RANDOM_BYTES))
        with writing(self._db, self._home):
            signs = self._db.conn.execute("SELECT sign, kind FROM handover").fetchall()
            if sum(one == kind for _, one in signs) >= ROWS_MAX:
                raise TooMany(kind)
            taken = {one for one, _ in signs}
            free = [a + b for a in SIGNS if a.isalpha() for b in SIGNS if b.isdigit()]
            sign = secrets.choice([one for one in free if one not in taken])
            self._db.conn.execute(
                _ADD,
                (id_, sign, kind, lang, service, body, at_ms, self._boot_id, self._monotonic_ms()),
            )
        row = self._rows(_LISTING.replace("ORDER", "WHERE id = ? ORDER"), (id_,))[0]
        return self._read(row)

    def _read(self, row: Any) -> Handover:
        id_, sign, kind, state, lang, service, by, at_ms = row
        at = datetime.fromtimestamp(at_ms / 1000, self._zone)
        return Handover(id_, sign, kind, state, lang, service, by, at)

    def _scrub(self) -> None:
        """Out of the write-ahead log too. Another reader may hold it; then a later one does it."""
        try:
            self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except DriverError:
            pass

    def _rows(self, sql: str, values: Any = ()) -> list[Any]:
        return select(self._db, self._home, sql, values)
