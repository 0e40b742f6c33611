"""The office's own hours, set by the office itself, and the days it is closed by law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from kiosk.domain.office import Office
from kiosk.domain.service import Lang, Text


class Hours:
    """Changes nothing."""

    def __init__(
        self,
        office: Office,
        holidays: Mapping[date, Text],
        lang: Lang,
        sentences: Mapping[str, Any],
    ) -> None:
        self._office = office
        self._holidays = holidays
        self._lang = lang
        self._say = sentences

    def told(
        self, today: date, day: date, clock: time | None, *, settled: bool
    ) -> tuple[str, ...] | None:
        """The hours, whether the office is open on `day`, and at `clock` if that is asked. None
        when nobody has set them; a holiday is one all the same. Not `settled`: a time is asked of
        that the hours do not tell."""
        if self._office.hours is None:
            return tuple(self._open_on(today, day, None)) if day in self._holidays else None
        hours = f"{self._say['hours_of']}: {self._office.hours.said(self._lang)}"
        asked = self._open_on(today, day, clock) if settled else [self._say["unsettled"]]
        return (hours, *asked)

    def _open_on(self, today: date, day: date, clock: time | None) -> list[str]:
        which = self._say["which"][min((day - today).days, 3)]
        gaps = {
            "which": which.format(date=f"{day:%d-%m-%Y}"),
            "day": self._say["days"][day.weekday()],
        }
        if (holiday := self._holidays.get(day)) is not None:
            gaps["holiday"] = holiday.said(self._lang)
            return [self._say["today_holiday"].format(**gaps)]
        open_days = self._office.open_days
        if open_days is not None and day.weekday() not in open_days:
            return [self._say["today_closed"].format(**gaps)]
        said = self._say["today"].format(**gaps)
        spans = self._office.spans(day.weekday())
        if clock is None or not spans:
            return [said]
        is_open = any(begin <= clock < end for begin, end in spans)
        now = self._say["now_open" if is_open else "now_closed"]
        return [said, now.format(clock=f"{clock:%H.%M}")]
