"""A phone number: Indonesian mobile, or a Tangerang and Jakarta landline (021)."""

from __future__ import annotations

import re

from kiosk.domain.problem import Problem
from kiosk.domain.signs import shown

# Counted with the leading 0, as people count.
SHORTEST, LONGEST = 10, 13
_STARTS = ("08", "021")


def read_phone(text: str) -> str | Problem:
    """ "0821-3333-5530" or "+62 821 3333 5530" -> "6282133335530"."""
    digits = re.sub(r"[\s.()\-]", "", text).removeprefix("+")
    if not digits:
        return Problem("phone_empty")
    if stray := re.search(r"[^0-9]", digits):
        return Problem("phone_not_digits", {"sign": shown(stray.group())})
    national = "0" + digits[2:] if digits.startswith("62") else digits
    if not national.startswith(_STARTS):
        return Problem("phone_start")
    if not SHORTEST <= len(national) <= LONGEST:
        return Problem("phone_length", {"min": SHORTEST, "max": LONGEST, "have": len(national)})
    return "62" + national[1:]
