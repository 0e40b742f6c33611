"""Words nobody knows, read as the known ones they are a slip of: letters left out ("perpnjng"),
doubled, or, of a name, one more or swapped.

Looser than this harms: a foreign word one letter from ours ("lalat", "alat") makes a question ours.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kiosk.lookup.normalise import Words

_SHORTEST, _SHORTEST_NAME = 4, 5
_FEWEST_SOUNDS = 3  # beside vowels
_MOST_LEFT_OUT = 3
_CANDIDATES = 5


class Slips:
    """`said`: words that may be meant; `names`: those of the catalogue. `rareness`: the less, the
    more a word is said; None of one that nobody knows."""

    def __init__(
        self,
        rareness: Callable[[str], float | None],
        said: Iterable[str],
        names: Collection[str],
    ) -> None:
        self._rareness = rareness
        self._said = _mendable({*said, *names})
        self._names = _mendable(names)

    def mended(self, words: Words) -> Words:
        return tuple(self._meant(word) for word in words)

    def _meant(self, word: str) -> str:
        if len(word) < _SHORTEST or not word.isalpha():
            return word
        if self._rareness(word) is not None:
            return word
        if len(_sounds(word)) >= _FEWEST_SOUNDS:
            whole = list(self._whole(word))
            if whole:
                return min(whole, key=lambda one: (self._rareness(one) or 0.0, one))
        return self._name(word) or word

    def _whole(self, word: str) -> Iterator[str]:
        """Words that sound the same and have more vowels. Few begin alike, so none are kept by
        how they sound: that took more memory than looking takes time."""
        once, sounds = _once(word), _sounds(word)
        begin, end = (
            bisect_left(self._said, letter) for letter in (word[0], chr(ord(word[0]) + 1))
        )
        for one in self._said[begin:end]:
            if _is_within(once, one) and _sounds(one) == sounds:
                yield one

    def _name(self, word: str) -> str:
        if len(word) < _SHORTEST_NAME:
            return ""
        near = process.extract(
            word, self._names, scorer=OSA.distance, score_cutoff=1, limit=_CANDIDATES
        )
        return min((one for one, _, _ in near if _is_likely(word, one)), default="")


def _mendable(words: Iterable[str]) -> list[str]:
    return sorted(one for one in words if len(one) >= _SHORTEST_NAME and one.isalpha())


def _is_likely(slip: str, meant: str) -> bool:
    """Begun and ended alike, a letter left out or too many or two of them swapped; one in the place
    of another makes too many other words."""
    alike = (slip[0], slip[-1]) == (meant[0], meant[-1])
    return alike and (len(slip) != len(meant) or sorted(slip) == sorted(meant))


def _once(word: str) -> str:
    """Without letters written twice in a row."""
    return re.sub(r"(.)\1+", r"\1", word)


def _sounds(word: str) -> str:
    """The first letter and all that are no vowels after it."""
    once = _once(word)
    return once[0] + re.sub(r"[aeiou]", "", once[1:])


def _is_within(short: str, long: str) -> bool:
    """Are the letters of one all in the other, in order, and not many of them left out?"""
    if not len(short) <= len(long) <= len(short) + _MOST_LEFT_OUT:
        return False
    left = iter(long)
    return all(letter in left for letter in short)
