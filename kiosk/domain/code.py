"""The reference code on a receipt: read aloud, copied by hand, typed on a phone.

Eight signs, "KH7F-3KTM": two of the kiosk, five drawn, one check sign. The alphabet leaves out
what is mistaken for something else (0 O D Q, 1 I, B, S, Z, G, N, U, V) and has 23 signs, a prime:
with the weights 1 to 8 modulo 23 every single wrong sign and every swap of two signs shows.
"""

from __future__ import annotations

from collections.abc import Callable

SIGNS = "23456789ACEFHJKLMPRTWXY"
PREFIX_SIGNS = 2
DRAWN_SIGNS = 5
_LENGTH = PREFIX_SIGNS + DRAWN_SIGNS + 1
_LONGEST_TEXT = 40


def new_code(prefix: str, draw: Callable[[int], int]) -> str:
    """`draw(n)` gives a random whole number from 0 to n - 1, e.g. `secrets.randbelow`.

    Raises ValueError for a prefix that `is_prefix` refuses.
    """
    if not is_prefix(prefix):
        raise ValueError(f"kiosk prefix {prefix!r}: need {PREFIX_SIGNS} of {SIGNS}")
    signs = prefix + "".join(SIGNS[draw(len(SIGNS))] for _ in range(DRAWN_SIGNS))
    return _written(signs + _check_sign(signs))


def read_code(text: str) -> str | None:
    """The code as printed, from text in any case with any spaces and dashes; None if it is none."""
    if len(text) > _LONGEST_TEXT:
        return None
    signs = "".join(text.upper().split()).replace("-", "")
    if len(signs) != _LENGTH or any(sign not in SIGNS for sign in signs):
        return None
    return _written(signs) if _check_sign(signs[:-1]) == signs[-1] else None


def is_prefix(text: str) -> bool:
    return len(text) == PREFIX_SIGNS and all(sign in SIGNS for sign in text)


def _check_sign(signs: str) -> str:
    """The sign that brings the weighted sum of all eight to 0 modulo 23."""
    total = sum(weight * SIGNS.index(sign) for weight, sign in enumerate(signs, start=1))
    return SIGNS[-total * pow(_LENGTH, -1, len(SIGNS)) % len(SIGNS)]


def _written(signs: str) -> str:
    return f"{signs[:4]}-{signs[4:]}"
