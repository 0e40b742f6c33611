"""Reads assets/holidays.toml: the days on which offices are closed by law."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from kiosk.domain.service import Text


def load_holidays(path: Path) -> dict[date, Text]:
    """Raises OSError when it cannot be read, ValueError (file and entry) when it is broken."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("holiday", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: not TOML: {error}") from None
    holidays: dict[date, Text] = {}
    for number, row in enumerate(rows, start=1):
        day, name = row.get("day"), row.get("name", {})
        if type(day) is not date or not name.get("id") or not name.get("en"):
            raise ValueError(f"{path.name} holiday {number}: need a day and a name in id and en")
        holidays[day] = Text(name["id"], name["en"])
    return holidays
