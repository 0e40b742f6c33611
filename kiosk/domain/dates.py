"""A date as people write it: day, month, full year. Never a guess about the century."""

from __future__ import annotations

import re
from datetime import date

from kiosk.domain.problem import Problem
from kiosk.domain.signs import shown

FIRST_YEAR = 1900
YEARS_AHEAD_MOST = 5  # nobody plans a wedding later; a wrong digit in the year does
_DAY_FIRST = re.compile(r"(\d{1,2})[\s./-]+(\d{1,2})[\s./-]+(\d{1,4})")
_DAY_FIRST_TIGHT = re.compile(r"(\d{2})(\d{2})(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def read_date(text: str, today: date, *, ahead: bool = False) -> str | Problem:
    """ "17 08 1990", "17/8/1990", "17081990" or "1990-08-17" -> "1990-08-17".

    Up to today; with `ahead` from today on.
    """
    text = text.strip()
    if not text:
        return Problem("date_empty")
    if stray := re.search(r"[^0-9\s./-]", text):
        sign = stray.group()
        if sign.isalpha() or sign.isascii():
            return Problem("date_letters", {"sign": shown(sign)})
        return Problem("date_emoji")
    if not (parts := _parts(text)):
        return Problem("date_not_a_date")
    day, month, year = parts
    if len(year) < 4:
        return Problem("date_short_year")
    try:
        read = date(int(year), int(month), int(day))
    except ValueError:
        return Problem("date_not_a_date")
    if ahead and read < today:
        return Problem("date_past")
    if ahead and read.year > today.year + YEARS_AHEAD_MOST:
        return Problem("date_too_far", {"year": today.year + YEARS_AHEAD_MOST})
    if read > today and not ahead:
        return Problem("date_future")
    if read.year < FIRST_YEAR:
        return Problem("date_too_old", {"year": FIRST_YEAR})
    return read.isoformat()


def _parts(text: str) -> tuple[str, str, str] | None:
    """Day, month and year as written, or None when there are not three of them."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
        return day, month, year
    if found := _DAY_FIRST.fullmatch(text) or _DAY_FIRST_TIGHT.fullmatch(text):
        day, month, year = found.groups()
        return day, month, year
    return None
