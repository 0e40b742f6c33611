"""Which day opening hours are asked of: "lusa", "sabtu", "tanggal 25", "17 agustus", "natal"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from kiosk.domain.service import Text
from kiosk.lookup.patterns import either

_HOUR = re.compile(r"\b(?:jam|pukul|at) \d")
_LONGEST_AHEAD = 366  # days: a date without a year is the next one


class Days:
    """The words are of dialogue.toml, the holidays those closed by law; changes nothing."""

    def __init__(self, table: Mapping[str, Any], holidays: Mapping[date, Text]) -> None:
        self._holidays = {day: _called(name) for day, name in sorted(holidays.items())}
        self._ahead = tuple(either([said]) for said in table["ahead"])
        self._weekdays = tuple(either([said]) for said in table["weekdays"])
        months = (
            rf"(?:tanggal )?(?P<d{at}>\d{{1,2}}) (?:{said})"
            for at, said in enumerate(table["months"], start=1)
        )
        self._dated = re.compile(rf"\b(?:{'|'.join(months)})\b|\btanggal (?P<d0>\d{{1,2}})\b")
        self._unsettled = either(table["unsettled"])
        self.names = _names(table, self._holidays.values())
        self.plain = (*table["ahead"], *table["weekdays"], *table["months"])  # of any calendar

    def asked(self, words: str, today: date) -> date | None:
        """The day that is named, from `today` on; None where none is. A weekday is the next one."""
        for days, said in reversed(list(enumerate(self._ahead))):
            if said.search(words):
                return today + timedelta(days)
        for day, called in self._holidays.items():
            if day >= today and re.search(rf"\b(?:{called})\b", words):
                return day
        if (dated := self._dated.search(words)) is not None:
            return _next(today, *_day_and_month(dated))
        for weekday, said in enumerate(self._weekdays):
            if said.search(words):
                return today + timedelta((weekday - today.weekday()) % 7)
        return None

    def without(self, words: str) -> str:
        """The words that name no day and no hour."""
        return re.sub(rf"\b(?:{self.names}|\d+)\b", " ", words)

    def at_an_hour(self, words: str) -> bool:
        """Is it asked of a certain hour, "jam 5", rather than of now?"""
        return bool(_HOUR.search(words))

    def unsettled(self, words: str) -> bool:
        """Is a time asked of that no office hours tell: the break, Ramadan, days of joint leave?"""
        return bool(self._unsettled.search(words))


def _names(table: Mapping[str, Any], holidays: Any) -> str:
    """One pattern for whatever names a day, for the questions that hold one."""
    months = "|".join(table["months"])
    said = [*table["ahead"], *table["weekdays"], *table["unsettled"], *dict.fromkeys(holidays)]
    return "|".join([*said, rf"(?:tanggal )?\d+ (?:{months})", r"tanggal \d+"])


def _called(name: Text) -> str:
    """As it is asked after: "Hari Natal" -> "natal"."""
    return re.escape(name.id.lower().removeprefix("hari "))


def _day_and_month(dated: re.Match[str]) -> tuple[int, int]:
    """The month is 0 where none was said."""
    name, day = next((name, day) for name, day in dated.groupdict().items() if day)
    return int(day), int(name[1:])


def _next(today: date, day: int, month: int) -> date | None:
    for ahead in range(_LONGEST_AHEAD):
        one = today + timedelta(ahead)
        if one.day == day and month in (0, one.month):
            return one
    return None
