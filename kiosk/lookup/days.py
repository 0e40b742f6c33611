"""Which day opening hours are asked of: "lusa", "sabtu", "tanggal 25", "17 agustus", "25/12",
"the 21st", "natal"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
        self._months = tuple(re.compile(said) for said in table["months"])
        self._numbers = {
            said: at for tongue in table["numbers"] for at, said in enumerate(tongue, start=1)
        }
        dated = _dated(table)
        self._dated = re.compile(rf"\b(?:{dated})\b")
        self.periods = "|".join(table["periods"])
        self._unsettled = either([*table["unsettled"], self.periods, *table["months"]])
        self.names = _names(table, dated, self._holidays.values())
        named = (*table["ahead"], *table["weekdays"], *table["months"])
        self.plain = (*named, *self._numbers)  # of any calendar

    def asked(self, words: str, today: date) -> date | None:
        """The day that is named, from `today` on; None where none is, or one that is past or on no
        calendar. A weekday is the next one."""
        if (dated := self._dated.search(words)) is not None:
            return self._on(today, {name: said for name, said in dated.groupdict().items() if said})
        for day, called in self._holidays.items():
            if day >= today and re.search(rf"\b(?:{called})\b", words):
                return day
        for days, said in reversed(list(enumerate(self._ahead))):
            if said.search(words):
                return today + timedelta(days)
        for weekday, said in enumerate(self._weekdays):
            if said.search(words):
                return today + timedelta((weekday - today.weekday()) % 7)
        return None

    def without(self, words: str) -> str:
        """The words that name no day and no hour."""
        return re.sub(rf"\b(?:{self.names}|{self.periods}|\d+)\b", " ", words)

    def at_an_hour(self, words: str) -> bool:
        """Is it asked of a certain hour, "jam 5", rather than of now?"""
        return bool(_HOUR.search(words))

    def unsettled(self, words: str) -> bool:
        """Is a time asked of that no office hours tell: the break, Ramadan, days of joint leave; or
        a day that is named, and not understood?"""
        return bool(self._unsettled.search(words) or self._dated.search(words))

    def _on(self, today: date, said: Mapping[str, str]) -> date | None:
        """`said`: "day", "month" and "year" as they were said; without a year the next one."""
        number = next(text for name, text in said.items() if name.startswith("day"))
        day = self._numbers.get(number) or int(re.sub(r"\D", "", number))
        month = next((self._month(text) for name, text in said.items() if "month" in name), 0)
        year = next((int(text) for name, text in said.items() if "year" in name), None)
        for ahead in range(_LONGEST_AHEAD):
            one = today + timedelta(ahead)
            if one.day == day and month in (0, one.month) and year in (None, one.year):
                return one
        return None

    def _month(self, said: str) -> int:
        if said.isdigit():
            return int(said)
        return next(at for at, one in enumerate(self._months, start=1) if one.fullmatch(said))


def _dated(table: Mapping[str, Any]) -> str:
    """A pattern for a date: "25 desember", "December 25", "25/12", "tanggal 25", "the 21st"."""
    months = "|".join(table["months"])
    ordinal = r"\d{1,2}(?:st|nd|rd|th)"
    in_words = [said for tongue in table["numbers"] for said in tongue]
    day = "|".join([ordinal, r"\d{1,2}", *sorted(in_words, key=len, reverse=True)])
    alone = "".join(rf"(?<!\b{word} )" for word in table["no_date_after"].split())
    year = r"(?: (?P<year{at}>20\d\d))?"
    forms = (
        rf"(?:tanggal |the )?(?P<day1>{day}) (?:of |bulan )?(?P<month1>{months})" + year,
        rf"(?P<month2>{months}) (?:the )?(?P<day2>{day})" + year,
        alone + r"(?:tanggal )?(?P<day3>\d{1,2}) (?P<month3>1[0-2]|0?[1-9])" + year,
        rf"tanggal (?P<day4>{day})",
        rf"(?:the )?(?P<day5>{ordinal})",
    )
    return "|".join(form.replace("{at}", str(at)) for at, form in enumerate(forms, start=1))


def _names(table: Mapping[str, Any], dated: str, holidays: Iterable[str]) -> str:
    """One pattern for whatever names a day, for the questions that hold one."""
    said = [*table["ahead"], *table["weekdays"], *table["unsettled"], *dict.fromkeys(holidays)]
    return "|".join([*said, re.sub(r"\?P<\w+>", "?:", dated)])


def _called(name: Text) -> str:
    """As it is asked after: "Hari Natal", "Christmas Day" -> "natal|christmas"."""
    english = name.en.lower().removesuffix(" day").replace("'s", "( ?s)?")
    return f"{re.escape(name.id.lower().removeprefix('hari '))}|{english}"
