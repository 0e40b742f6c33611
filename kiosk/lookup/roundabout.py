"""What of a long or roundabout telling is the errand: its beginning or its end, not what is denied,
and names that are spelt letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from kiosk.lookup.normalise import LONGEST_TEXT, MOST_WORDS, Words

MOST_SAID = 60  # words, from the beginning: of speech that is half a minute
_CLOSE = 12  # words
_LONGEST_DENIED = 40  # letters
_INSTEAD = r"tapi|tetapi|melainkan|maksudnya|maksud saya|deng"
# "bukan akta lahir, akta mati": but who is "bukan warga sini, ..." tells of himself.
_DENIED = re.compile(
    r"\b(?:bukan|bkn|(?:tidak|ga|gak|nggak|kagak|ora) mau)\s+"
    r"(?!(?:warga|penduduk|orang|asli|anak|suami|istri|punya|milik|atas|dari|karena)\b)"
    rf"[^,.;?!]{{1,{_LONGEST_DENIED}}}?"
    rf"(?:\s*,\s*(?:(?:{_INSTEAD})\s+)?|\s+(?:{_INSTEAD})\s+)(?=\w)"
)
_BUT_WHICH = re.compile(r"\bbukan\s+yang\s+\w+(?:\s+\w+)?\s+(?=yang\s+\w)")
_WRONG_BEFORE = re.compile(r"^.*\b(?:eh|aduh|maaf)\s+(?:bukan|salah)\b[\s,]*(?:deng\b\s*)?(?=\w)")

_LETTERS = {letter: letter for letter in "abcdefghijklmnopqrstuvwxyz"} | dict(
    be="b", ce="c", de="d", ef="f", ge="g", ha="h", je="j", ka="k", el="l", em="m", en="n", pe="p",
    ki="q", er="r", es="s", te="t", fe="v", ve="v", we="w", eks="x", ex="x", ye="y", zet="z",
)  # fmt: skip
_LONGEST_SPELT = 7


def without_denied(text: str) -> str:
    """Without what the citizen says it is not, where they say what it is instead."""
    said = text[:LONGEST_TEXT].lower()
    for denied in (_WRONG_BEFORE, _DENIED, _BUT_WHICH):
        said = denied.sub("", said)
    return said


def parts(words: Words) -> Iterator[Words]:
    """All of it; of what is longer, its beginning and its end: people tell a story before their
    errand or after it, in which the errand would drown."""
    return _ends(words, MOST_WORDS)


def close_parts(words: Words) -> Iterator[Words]:
    """Of a long telling, what stands at its very ends: too little to be unsure of."""
    return _ends(words, _CLOSE) if len(words) > MOST_WORDS else iter(())


def _ends(words: Words, size: int) -> Iterator[Words]:
    yield words[:size]
    if len(words) > size:
        yield words[-size:]


def read_letters(words: Words, names: AbstractSet[str]) -> Words:
    """ "ka te pe hilang", "k t p hilang" → "ktp hilang", for one of `names`."""
    done: list[str] = []
    at = 0
    while at < len(words):
        spelt = "".join(_LETTERS.get(word, " ") for word in words[at : at + _LONGEST_SPELT])
        sizes = range(len(spelt.partition(" ")[0]), 1, -1)
        size = next((size for size in sizes if spelt[:size] in names), 0)
        done.append(spelt[:size] if size else words[at])
        at += size or 1
    return tuple(done)
