"""The office the kiosk stands in, as its `kiosk.toml` tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kiosk.domain.service import Text

_DAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_DAY = "|".join(_DAYS)
_NAMED = re.compile(
    rf"\b({_DAY})(?:\s*(?:-|–|—|s/d|s\.d\.|sampai|hingga)\s*({_DAY}))?(?!\s*:?\s*(?:tutup|libur))\b"
)


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
        if self.hours is None:
            return None
        said = self.hours.id.lower().replace("jum'at", "jumat").replace("jum’at", "jumat")
        days: set[int] = set()
        for first, last in _NAMED.findall(said):
            begin = _DAYS.index(first)
            days.update(range(begin, (_DAYS.index(last) if last else begin) + 1))
        return frozenset(days) or None
