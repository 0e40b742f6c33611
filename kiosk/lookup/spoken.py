"""The words of a visitor as assets/lookup/dialogue.toml writes them: other tongues, SMS spellings
and endings such as -nya taken off."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from kiosk.lookup.normalise import split
from kiosk.lookup.sounds import Sounds

_ENDINGS = ("nya", "nye", "ny", "na", "ne", "e")  # "biayanya", Betawi, SMS, Sundanese, Javanese
_SHORTEST = 3  # letters that stay when an ending falls off
_LONG = 5  # those before the shortest ending: "ragate"
_FEWEST_CONSONANTS = 2  # of a word that is told by them
# No syllable has such consonants together: vowels were left out of "dlu", "udh", "gmana".
_CLUSTER = re.compile(r"(?!ng|ny|sy|kh|([a-z])\1)[^aeiou]{2}")
_PIECE = 120  # characters of a catalogue text: `split` reads no more than a question has


class Spoken:
    """Changes nothing but what it keeps of the catalogue's words; any thread may use it."""

    def __init__(
        self,
        meant: Mapping[str, str],
        known: Sequence[str],
        rarer: Sequence[str] = (),
        regional: Mapping[str, str] | None = None,
        sounds: Sounds | None = None,
    ) -> None:
        """`meant` and `regional`: a word as spoken -> the word or words meant; those of another
        tongue are not abbreviated. `known` and, less often said, `rarer` words need no mending; in
        English others may be written as they sound."""
        self._sounds = sounds
        self._meant = {**(regional or {}), **meant}
        self._known = frozenset([*known, *rarer])
        self._short = _abbreviations([*known, *meant, *rarer])
        self._written: dict[str, set[str]] = {}  # words of the catalogue, never of a visitor

    def words(self, text: str) -> list[tuple[str, bool]]:
        """Each word, and whether an ending such as -nya fell off. Of a long text only the
        beginning, as `split` cuts it."""
        said = split(text)
        english = self._sounds is not None and self._sounds.is_english(said)
        return [one for word in said for one in self._standard(word, english=english)]

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

    def _standard(self, said: str, *, english: bool = False) -> list[tuple[str, bool]]:
        if len(said) > _SHORTEST and said[-1] == "2" and said[:-1].isalpha():
            said = said[:-1]  # "surat2"
        if plain := self._plain(said):
            return [(word, False) for word in plain.split()]
        for ending in _ENDINGS:
            base = said.removesuffix(ending)
            if base == said or len(base) < (_LONG if len(ending) == 1 else _SHORTEST):
                continue
            if plain := self._plain(base):
                return [(word, True) for word in plain.split()]
            if ending in ("nya", "nye"):
                return [(base, True)]
        if english and self._sounds is not None and said.isalpha():
            return [(self._sounds.meant(said) or said, False)]
        return [(said, False)]

    def _plain(self, said: str) -> str | None:
        if meant := self._meant.get(said):
            return meant
        if said in self._known:
            return said
        for written in (*_respelt(said), *self._written_out(said)):
            if written in self._known or written in self._meant:
                return self._meant.get(written, written)
        return None

    def _written_out(self, said: str) -> Iterator[str]:
        """What an abbreviation may stand for."""
        if len(said) >= _SHORTEST and _CLUSTER.search(said) is not None:
            wholes = self._short.get(_bare(said), ())
            yield from (word for whole, word in wholes if _is_part(said, whole))


def literals(patterns: Iterable[str]) -> list[str]:
    """The words that the patterns spell out, in order; "fees?" spells out both."""
    plain = re.sub(r"\(\?<?[!=].*?\)|\\.|\[.*?\]|\{.*?\}", " ", " ".join(patterns))
    plain = re.sub(r"\b([a-z]+)([a-z])\?", r"\1 \1\2", plain)
    return [word for word in re.findall(r"[a-z]+", plain) if len(word) > 1]


def _abbreviations(words: Iterable[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Consonants -> the wholes that may be meant and their words, as in an SMS: "crny" ->
    "caranya", "cara". The first of several is the likeliest."""
    short: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for word in dict.fromkeys(words):
        for whole in (word, word + "nya"):
            if len(bare := _bare(whole)) >= _FEWEST_CONSONANTS:
                short[bare].append((whole, word))
    return dict(short)


def _respelt(said: str) -> Iterator[str]:
    """As Jakarta says it: "berape" for "berapa", "dateng" for "datang"."""
    if said.endswith("e"):
        yield said[:-1] + "a"
    if (spoken := re.fullmatch(r"(\w{2,})e([^aeiou]{1,2})", said)) is not None:
        yield "a".join(spoken.groups())


def _bare(word: str) -> str:
    return re.sub("[aeiou]", "", word)


def _is_part(said: str, whole: str) -> bool:
    """Are the letters said among those of `whole`, in their order, and fewer?"""
    letters = iter(whole)
    return len(said) < len(whole) and all(letter in letters for letter in said)
