"""How often people had to put right what the kiosk understood. Counts only, no words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlite_utils import Database

from kiosk.store.connection import DriverError, immediate
from kiosk.store.problems import explained

_COUNT = """INSERT INTO correction VALUES (?, ?, ?, 1)
  ON CONFLICT (day, shown, chosen) DO UPDATE SET count = count + 1"""
_LISTING = """SELECT shown, chosen, sum(count) AS count, max(day) AS last_day FROM correction
  GROUP BY shown, chosen ORDER BY count DESC, shown, chosen"""


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

    def listing(self) -> Iterator[dict[str, object]]:
        """The most frequent first, over all days."""
        for shown, chosen, count, last_day in self._db.conn.execute(_LISTING):
            yield {"shown": shown, "chosen": chosen, "count": count, "last_day": last_day}
