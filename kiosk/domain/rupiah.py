"""An amount of money in whole rupiah, as people write it."""

from __future__ import annotations

import re

from kiosk.domain.problem import Problem

MOST = 99_999_999_999
_LONGEST_TEXT = 40  # also keeps int() away from numbers that take it long to read
_AMOUNT = re.compile(
    r"(?:rp\.?)?(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*|\d+)(?:[.,]00|,-)?", re.IGNORECASE
)


def read_rupiah(text: str) -> int | Problem:
    """ "Rp 1.500.000,00" or "1500000" -> 1500000."""
    tight = re.sub(r"\s", "", text)
    if not tight:
        return Problem("rupiah_empty")
    found = _AMOUNT.fullmatch(tight) if len(tight) <= _LONGEST_TEXT and tight.isascii() else None
    if not found:
        return Problem("rupiah_not_a_number")
    amount = int(re.sub(r"[.,]", "", found.group(1)))
    return amount if amount <= MOST else Problem("rupiah_too_big", {"max": MOST})
