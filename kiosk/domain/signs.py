"""Which written signs an answer may hold: Latin letters, and none that paper cannot show."""

from __future__ import annotations

import re
import unicodedata

from kiosk.domain.problem import Problem

LONGEST_TIDIED = 2000
_LIKE = str.maketrans(
    {"‘": "'", "’": "'", "`": "'", "´": "'", "–": "-", "—": "-", "“": '"', "”": '"'}
)
_NAME_SIGNS = frozenset(" .',-")
# Pictures that fonts and receipt printers lack. "°" is the one symbol people do write.
_EMOJI = frozenset({"So", "Sk"})
_SHAPELESS = frozenset({"Cc", "Cs", "Co", "Cn"})


def tidy(text: str) -> str:
    """One line, single spaces, composed accents, plain quotes; invisible marks are dropped.

    Longer than `LONGEST_TIDIED` comes back as it is: no answer may be that long, and composing a
    long heap of accents takes quadratic time.
    """
    if len(text) > LONGEST_TIDIED:
        return text
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", seen.translate(_LIKE))).strip()


def shown(sign: str) -> str:
    """The sign itself if it can be drawn and encoded, otherwise its number."""
    return sign if sign.isprintable() and not sign.isspace() else f"U+{ord(sign):04X}"


def is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")


def text_problem(text: str, prefix: str, max_chars: int) -> Problem | None:
    """The first thing wrong with tidied free text; `prefix` starts the code, e.g. "text"."""
    if not text:
        return Problem(f"{prefix}_empty")
    if len(text) > max_chars:
        return Problem(f"{prefix}_too_long", {"max": max_chars, "have": len(text)})
    before = ""
    for sign in text:
        if (code := _sign_problem(sign, before)) == "emoji":
            return Problem(f"{prefix}_emoji")
        if code:
            return Problem(f"{prefix}_{code}", {"sign": shown(sign)})
        before = sign
    return None


def name_problem(text: str, max_chars: int) -> Problem | None:
    """As `text_problem`, and of a person's name: no digits, few signs, at least one letter."""
    if problem := text_problem(text, "name", max_chars):
        return problem
    for sign in text:
        if sign.isnumeric():
            return Problem("name_digits")
        if not sign.isalpha() and unicodedata.category(sign) != "Mn" and sign not in _NAME_SIGNS:
            return Problem("name_signs", {"sign": shown(sign)})
    return None if any(sign.isalpha() for sign in text) else Problem("name_empty")


def _sign_problem(sign: str, before: str) -> str | None:
    """ "emoji", "alphabet", "signs", or None when the sign may stand after `before`."""
    category = unicodedata.category(sign)
    if category in _SHAPELESS:
        return "signs"
    if category in _EMOJI and sign not in "°^":
        return "emoji"
    if category[0] == "L" and not is_latin(sign):
        return "alphabet"
    if category == "Nd" and not sign.isascii():
        return "alphabet"
    # One accent on one letter is writing; a heap of them covers the lines around it.
    if category[0] == "M" and not before.isalpha():
        return "signs"
    return None
