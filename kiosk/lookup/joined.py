"""Words written together ("bikinktphilang") taken apart into words that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

from kiosk.lookup.normalise import Speech, Words, stem

_SHORTEST_JOINED = 7
_SHORTEST_PART = 3
_LONGEST_PART = 16
_LONGEST_JOINED = 60
_SHORT_WORDS = frozenset({"kk", "di", "ke", "yg", "ga", "ak", "rt", "rw", "sd"})


def often_said(examples: Iterable[str], least: int = 3) -> set[str]:
    """The words in at least so many examples: fewer may be a slip."""
    said = Counter(word for text in examples for word in set(text.lower().split()))
    return {word for word, times in said.items() if times >= least and word.isalpha()}


class Joiner:
    """`vocabulary` holds words or their stems that others are made of; what `is_word` is never
    taken apart: "dipukulin" is one, not "di pukulin"."""

    def __init__(
        self, vocabulary: Collection[str], speech: Speech, is_word: Callable[[str], bool]
    ) -> None:
        self._is_word = is_word
        said = {word for phrase in (*speech.spoken, *speech.english) for word in phrase}
        self._known = {*vocabulary, *speech.fillers, *said}

    def apart(self, words: Words) -> Words:
        """Each word that is unknown but made of known ones becomes those, the fewest."""
        done: list[str] = []
        for word in words:
            done += self._parts(word) or [word]
        return tuple(done)

    def knows(self, word: str) -> bool:
        return word in self._known or stem(word) in self._known

    def _is_part(self, piece: str) -> bool:
        return self.knows(piece) if len(piece) >= _SHORTEST_PART else piece in _SHORT_WORDS

    def _parts(self, word: str) -> list[str]:
        if not _SHORTEST_JOINED <= len(word) <= _LONGEST_JOINED:
            return []
        if self._is_part(word) or self._is_word(word):
            return []
        best: list[list[str] | None] = [[]] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - _LONGEST_PART), end):
                before = best[start]
                if before is not None and self._is_part(word[start:end]):
                    now = best[end]
                    if now is None or len(before) + 1 < len(now):
                        best[end] = [*before, word[start:end]]
        return best[-1] or []
