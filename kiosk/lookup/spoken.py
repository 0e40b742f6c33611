"""The words of a visitor as assets/lookup/dialogue.toml writes them: other tongues, SMS spellings
and endings such as -nya taken off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

from kiosk.lookup.normalise import split

_ENDINGS = ("nya", "nye", "ny", "na", "ne")  # "biayanya", Betawi, SMS, Sundanese, Javanese
_SHORTEST = 3  # letters that stay when an ending falls off
_PIECE = 120  # characters of a catalogue text: `split` reads no more than a question has


class Spoken:
    """Changes nothing but what it keeps of the catalogue's words; any thread may use it."""

    def __init__(self, meant: Mapping[str, str], known: Iterable[str]) -> None:
        """`meant`: a word as spoken -> the word or words meant. `known` need no mending."""
        self._meant = meant
        self._in_order = tuple(known)
        self._known = frozenset(self._in_order)
        self._short = _abbreviations(self._in_order)
        self._written: dict[str, set[str]] = {}  # words of the catalogue, never of a visitor

    def words(self, text: str) -> list[tuple[str, bool]]:
        """Each word, and whether an ending such as -nya fell off. Of a long text only the
        beginning, as `split` cuts it."""
        return [one for said in split(text) for one in self._standard(said)]

    def words_of(self, texts: Iterable[str]) -> frozenset[str]:
        """The words of the catalogue's texts as a question would be heard."""
        found: set[str] = set()
        for text in texts:
            for piece in wrap(text, _PIECE):
                for said in split(piece):
                    if said not in self._written:
                        self._written[said] = {word for word, _ in self._standard(said)}
                    found |= self._written[said]
        return frozenset(found)

    def _standard(self, said: str) -> list[tuple[str, bool]]:
        if plain := self._plain(said):
            return [(word, False) for word in plain.split()]
        for ending in _ENDINGS:
            base = said.removesuffix(ending)
            if base == said or len(base) < _SHORTEST:
                continue
            if plain := self._plain(base):
                return [(word, True) for word in plain.split()]
            if ending in ("nya", "nye"):
                return [(base, True)]
        return [(said, False)]

    def _plain(self, said: str) -> str | None:
        if meant := self._meant.get(said):
            return meant
        if said in self._known:
            return said
        if said.endswith("e") and (lighter := said[:-1] + "a") in self._known:
            return lighter  # Betawi "berape"
        whole, word = self._short.get(_bare(said), ("", ""))
        return word if _is_part(said, whole) else None


def literals(patterns: Iterable[str]) -> list[str]:
    """The words that the patterns spell out, in order; "fees?" spells out both."""
    plain = re.sub(r"\(\?<?[!=].*?\)|\\.|\[.*?\]|\{.*?\}", " ", " ".join(patterns))
    plain = re.sub(r"\b([a-z]+)([a-z])\?", r"\1 \1\2", plain)
    return [word for word in re.findall(r"[a-z]+", plain) if len(word) > 1]


def _abbreviations(known: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Consonants -> the whole that may be meant and its word, as in an SMS: "crny" -> "caranya",
    "cara". The first of several stays."""
    short: dict[str, tuple[str, str]] = {}
    for word in known:
        for whole in (word, word + "nya"):
            if len(bare := _bare(whole)) >= _SHORTEST:
                short.setdefault(bare, (whole, word))
    return short


def _bare(word: str) -> str:
    return re.sub("[aeiou]", "", word)


def _is_part(said: str, whole: str) -> bool:
    """Are the letters said among those of `whole`, in their order, and fewer?"""
    letters = iter(whole)
    return len(said) < len(whole) and all(letter in letters for letter in said)
