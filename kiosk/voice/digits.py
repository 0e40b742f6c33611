"""Numbers said digit by digit, as people say a NIK or a telephone number."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.domain.nik import NIK_DIGITS, read_nik

SAID = {
    "nol": "0",
    "kosong": "0",
    "satu": "1",
    "dua": "2",
    "tiga": "3",
    "empat": "4",
    "lima": "5",
    "enam": "6",
    "tujuh": "7",
    "delapan": "8",
    "sembilan": "9",
}
WORDS = tuple(SAID)
LONGEST_PHONE = 13


def value_of(text: str) -> str | None:
    """ "tiga enam kosong" → "360"; None where a word is no digit, or nothing was said."""
    said = text.split()
    if not said or not all(word in SAID for word in said):
        return None
    return "".join(SAID[word] for word in said)


def likeliest(readings: Sequence[str]) -> str:
    """Of the readings of one recording, likeliest first, the words to go by: the first, unless it
    is too long for anything but a NIK, cannot be one, and another reading can."""
    value = value_of(readings[0])
    if value is None or len(value) <= LONGEST_PHONE or _is_nik(value):
        return readings[0]
    niks = (text for text in readings if _is_nik(value_of(text) or ""))
    return next(niks, readings[0])


def _is_nik(value: str) -> bool:
    return len(value) == NIK_DIGITS and isinstance(read_nik(value), str)
