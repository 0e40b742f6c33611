"""How often people had to put right what the kiosk understood. Counts only, no words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlite_utils import Database

from kiosk.store.connection import DriverError, immediate
from kiosk.store.problems import explained

_COUNT = """INSERT INTO correction VALUES (?, ?, ?, 1)
  ON CONFLICT (day, shown, chosen) DO UPDATE SET count = count + 1"""
_LISTING = """SELECT shown, chosen, sum(count) FROM correction WHERE day BETWEEN ? AND ?
  GROUP BY shown, chosen ORDER BY sum(count) DESC, shown, chosen LIMIT ?"""
MOST = 50


class Corrections:
    """`shown` is the service found first, `chosen` what was wanted instead, "" for none of them."""

    def __init__(self, db: Database, home: Path) -> None:
        self._db = db
        self._home = home

    def count(self, day: date, shown: str, chosen: str) -> None:
        try:
            with immediate(self._db):
                self._db.conn.execute(_COUNT, (day.isoformat(), shown, chosen))
        except DriverError as error:
            raise explained(error, self._home) from None

    def listing(self, since: date, until: date) -> list[tuple[str, str, int]]:
        """(shown, chosen, how often) from the day `since` to `until`, the MOST frequent."""
        days = (since.isoformat(), until.isoformat())
        return [tuple(row) for row in self._db.conn.execute(_LISTING, (*days, MOST))]
