"""Numbers said digit by digit, as people say a NIK or a telephone number."""

from __future__ import annotations

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
_READ = {digit: word for word, digit in SAID.items() if word != "kosong"}  # "nol" is read out
GROUP = 4


def value_of(text: str) -> str | None:
    """ "tiga enam kosong" → "360"; None where a word is no digit, or nothing was said."""
    said = text.split()
    if not said or not all(word in SAID for word in said):
        return None
    return "".join(SAID[word] for word in said)


def in_groups(value: str, size: int = GROUP) -> tuple[str, ...]:
    """ "3671012345670001" → ("3671", "0123", "4567", "0001"), as it is read back on the screen."""
    return tuple(value[at : at + size] for at in range(0, len(value), size))


def to_read_out(value: str) -> str:
    """The words of digits, with a pause after each group, for the speaker when asked to."""
    groups = (" ".join(_READ[digit] for digit in group) for group in in_groups(value))
    return ", ".join(groups)


def likeliest_nik(readings: tuple[str, ...]) -> str | None:
    """The first of the readings that can be a NIK; None where none can."""
    for reading in readings:
        value = value_of(reading)
        if value and len(value) == NIK_DIGITS and isinstance(read_nik(value), str):
            return value
    return None
