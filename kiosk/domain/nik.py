"""The national identity number: 16 digits, no check digit.

Two digits each of province, city and kecamatan where it was first issued, then DDMMYY of birth
(women: day + 40), then a serial from 0001. It never changes: not after a move, and not when the
birth date in it turns out to be a slip. So only what no true NIK can show is a problem; whatever an
old slip or a move explains is a caution.
"""

from __future__ import annotations

import re
from datetime import date

from kiosk.domain.problem import Caution, Problem
from kiosk.domain.regions import Regions
from kiosk.domain.signs import shown

NIK_DIGITS = 16
_WOMAN = 40


def read_nik(text: str) -> str | Problem:
    """The 16 digits, without the spaces, dots and dashes people put between them."""
    digits = re.sub(r"[\s.\-]", "", text)
    if not digits:
        return Problem("nik_empty")
    if stray := re.search(r"[^0-9]", digits):
        return Problem("nik_not_digits", {"sign": shown(stray.group())})
    if len(digits) != NIK_DIGITS:
        return Problem("nik_length", {"need": NIK_DIGITS, "have": len(digits)})
    if len(set(digits)) == 1:
        return Problem("nik_all_same")
    if not 1 <= _day(digits) <= 31:
        return Problem("nik_day")
    if not 1 <= int(digits[8:10]) <= 12:
        return Problem("nik_month")
    if digits[12:] == "0000":
        return Problem("nik_serial")
    return digits


def nik_cautions(
    nik: str, regions: Regions, birth_date: str | None = None, woman: bool | None = None
) -> tuple[Caution, ...]:
    """What a clerk would ask about. `birth_date` is "YYYY-MM-DD"; None = not answered."""
    found = []
    if not any(nik.startswith(one.code.replace(".", "")) for one in regions.kecamatan()):
        found.append(Caution("nik_other_region"))
    if not _on_a_calendar(nik):
        found.append(Caution("nik_impossible_date"))
    if birth_date is not None and not has_birth_date(nik, birth_date):
        found.append(Caution("nik_birth_date_differs"))
    if woman is not None and woman != is_woman(nik):
        found.append(Caution("nik_gender_differs"))
    return tuple(found)


def has_birth_date(nik: str, birth_date: str) -> bool:
    """Day, month and two-digit year agree; the NIK does not tell the century."""
    year, month, day = birth_date.split("-")
    return (f"{_day(nik):02d}", nik[8:10], nik[10:12]) == (day, month, year[2:])


def is_woman(nik: str) -> bool:
    return int(nik[6:8]) > _WOMAN


def mask_nik(nik: str) -> str:
    """ "3671••••••••1234"; anything that is no NIK is covered whole."""
    if len(nik) != NIK_DIGITS:
        return "•" * len(nik)
    return f"{nik[:4]}{'•' * 8}{nik[-4:]}"


def _day(nik: str) -> int:
    day = int(nik[6:8])
    return day - _WOMAN if day > _WOMAN else day


def _on_a_calendar(nik: str) -> bool:
    return any(_is_date(century + int(nik[10:12]), nik) for century in (1900, 2000))


def _is_date(year: int, nik: str) -> bool:
    try:
        date(year, int(nik[8:10]), _day(nik))
    except ValueError:
        return False
    return True
