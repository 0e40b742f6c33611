"""A count or a measure: a whole number from 1 on, with or without points between thousands."""

from __future__ import annotations

import re

from kiosk.domain.problem import Problem

_DIGITS = re.compile(r"[0-9]{1,18}")
_GROUPED = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+")


def read_number(text: str, most: int) -> int | Problem:
    """ "1200" or "1.200" -> 1200, at most `most`."""
    if not text:
        return Problem("number_empty")
    if not (_DIGITS.fullmatch(text) or _GROUPED.fullmatch(text)):
        return Problem("number_not_a_number")
    number = int(text.replace(".", ""))
    if number == 0:
        return Problem("number_zero")
    if number > most:
        return Problem("number_too_big", {"max": f"{most:,}".replace(",", ".")})
    return number
