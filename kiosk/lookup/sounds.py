"""English written by ear: "wat shud i brng"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

_FEWEST = 5  # letters of a word that one slip does not make another
_LEAST = 2  # letters that may be written otherwise in a short word that sounds alike
_EACH = 4  # letters that bear one slip
_HEARD = (
    (r"ee|ea", "i"),
    (r"([a-z])\1+", r"\1"),  # letters that are doubled, or not said
    (r"ould", "ud"),
    (r"^wh", "w"),
    (r"gh|(?<=[aeiou])h", ""),
    (r"tch", "ch"),
    (r"ck|c(?![eiyh])|q", "k"),
    (r"c(?!h)", "s"),
    (r"ph", "f"),
    (r"x", "ks"),
    (r"z", "s"),
    (r"ng$", "n"),
    (r"(?<=[b-df-hj-np-tv-xz])e$", ""),
    (r"(?<=.)[aeiouwy]+$", "*"),  # that it ends in a vowel is heard, not in which
    (r"(?<=.)[aeiou]|(?<=[aeiou])[wy]", ""),
)
_STEPS = [(re.compile(said), heard) for said, heard in _HEARD]


class Sounds:
    """Changes nothing; any thread may use it."""

    def __init__(self, words: Sequence[str], english: Iterable[str]) -> None:
        """`words` may be written by ear where one of `english` shows the tongue."""
        self._words = words
        self._english = frozenset(english)
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            self._alike[_key(word)].append(word)

    def is_english(self, said: Iterable[str]) -> bool:
        return not self._english.isdisjoint(said)

    def meant(self, said: str) -> str | None:
        """The word that sounds as `said` is written, or is a slip away from it."""
        alike = self._alike.get(_key(said)) or self._alike.get(_key(said.removesuffix("s")))
        if alike:
            word = min(alike, key=lambda one: OSA.distance(said, one))
            near = OSA.distance(said, word) <= max(_LEAST, len(word) // 2)
            return word if near else None  # "Rudi" is not "ready"
        if len(said) < _FEWEST:
            return None
        most = len(said) // _EACH
        likely = [(OSA.distance(said, word, score_cutoff=most), word) for word in self._words]
        slips, word = min(likely, key=lambda one: one[0])
        return word if slips <= most else None


def _key(word: str) -> str:
    """How it sounds, roughly: "should" and "shud" alike."""
    heard = word
    for said, sound in _STEPS:
        heard = said.sub(sound, heard)
    return heard
