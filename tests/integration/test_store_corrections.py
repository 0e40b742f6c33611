"""What people put right is counted, and no word of theirs is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kiosk.store.connection import open_database
from kiosk.store.corrections import Corrections

TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)


def test_corrections_add_up_over_days(home: Path) -> None:
    home.mkdir()
    counted = Corrections(open_database(home), home)
    for day in (TODAY, TODAY, TOMORROW):
        counted.count(day, "sktm", "dtsen")
    counted.count(TODAY, "sktm", "")
    again = Corrections(open_database(home), home)
    assert again.listing(TODAY, TOMORROW) == [("sktm", "dtsen", 3), ("sktm", "", 1)]
    assert again.listing(TOMORROW, TOMORROW) == [("sktm", "dtsen", 1)]


def test_the_table_has_no_place_for_a_sentence(home: Path) -> None:
    home.mkdir()
    columns = open_database(home)["correction"].columns
    assert [one.name for one in columns] == ["day", "shown", "chosen", "count"]
