"""The office the kiosk stands in, as its `kiosk.toml` tells."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.service import Text


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
