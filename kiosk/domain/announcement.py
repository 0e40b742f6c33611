"""What the city tells everybody for a while, in both languages, with who says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kiosk.domain.service import Text


@dataclass(frozen=True, slots=True)
class Announcement:
    """`begins` and `until` are days on which it is shown, both included."""

    id: str
    title: Text
    text: Text
    source: str
    begins: date
    until: date
