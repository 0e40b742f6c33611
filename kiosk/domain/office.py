"""The office the kiosk stands in, as its `kiosk.toml` tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from kiosk.domain.service import Text

_DAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_DAY = "|".join(_DAYS)
_CLOCK = r"([01]?\d|2[0-3])(?:[.:]([0-5]\d))?"
_SPAN = rf"\b{_CLOCK}\s*(?:-|–|—|s/d|sampai|hingga)\s*{_CLOCK}\b"
_NAMED = re.compile(
    rf"\b({_DAY})(?:\s*(?:-|–|—|s/d|s\.d\.|sampai|hingga)\s*({_DAY}))?(?!\s*:?\s*(?:tutup|libur))\b"
)
_PART = re.compile(f"{_NAMED.pattern}|{_SPAN}")


@dataclass(frozen=True, slots=True)
class Office:
    """`kiosk_prefix` starts reference codes (two signs, see `code.is_prefix`); `queue_prefix`
    starts ticket numbers ("A-017"), one letter per kiosk. No `hours`: none were approved.
    `keep_days` is how long the kiosk keeps a finished errand; None = not decided yet."""

    name: str
    kecamatan: str
    city: str
    counter: str
    kiosk_prefix: str
    queue_prefix: str
    hours: Text | None = None
    contact: str | None = None  # whom to ask about one's data: a desk, a phone number
    keep_days: int | None = None

    @property
    def open_days(self) -> frozenset[int] | None:
        """The weekdays that the hours name, 0 for Monday; None where they name none."""
        days = {day for first, last in _NAMED.findall(self._said) for day in _days(first, last)}
        return frozenset(days) or None

    def spans(self, weekday: int) -> tuple[tuple[time, time], ...]:
        """From when to when it is open on that day, 0 for Monday; () where the hours do not tell.
        A span is of the days named last before it, of every day where none are."""
        of: set[int] = set()
        spans: list[tuple[time, time]] = []
        after_span = True
        for first, last, *clock in _PART.findall(self._said):
            if first:
                of = (set() if after_span else of) | set(_days(first, last))
            elif not of or weekday in of:
                spans.append((_time(*clock[:2]), _time(*clock[2:])))
            after_span = not first
        return tuple(spans)

    @property
    def _said(self) -> str:
        if self.hours is None:
            return ""
        return self.hours.id.lower().replace("jum'at", "jumat").replace("jum’at", "jumat")


def _days(first: str, last: str) -> range:
    """Those from `first` to `last` ("": it alone)."""
    begin = _DAYS.index(first)
    return range(begin, (_DAYS.index(last) if last else begin) + 1)


def _time(hour: str, minute: str) -> time:
    return time(int(hour), int(minute or 0))
