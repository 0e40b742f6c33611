"""Numbers said digit by digit, as people say a NIK or a telephone number."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.domain.nik import NIK_DIGITS, read_nik
from kiosk.domain.speech import digits_of

LONGEST_PHONE = 13


def plausible(text: str) -> bool:
    """Digits that somebody may have meant: none too long for anything but a NIK that is no NIK."""
    value = digits_of(text)
    return value is not None and (len(value) <= LONGEST_PHONE or _is_nik(value))


def likeliest(readings: Sequence[str]) -> str:
    """Of the readings of one recording, likeliest first, the words to go by: the first, unless it
    is too long for anything but a NIK, cannot be one, and another reading can."""
    if digits_of(readings[0]) is None or plausible(readings[0]):
        return readings[0]
    niks = (text for text in readings if _is_nik(digits_of(text) or ""))
    return next(niks, readings[0])


def _is_nik(value: str) -> bool:
    return len(value) == NIK_DIGITS and isinstance(read_nik(value), str)
