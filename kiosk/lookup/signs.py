"""Signs: words that, said one after the other, tell something of what is meant.

A sign matches words that begin with its words (a short one only the same word). "~" lets up to
three words stand between, "@kin" stands for any word of that set: see assets/lookup/words.toml.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_GAP, _SET = "~", "@"
_LONGEST_GAP = 3
_SHORTEST_BEGUN = 5  # letters of a sign that a longer word may begin with
_OPENING = 2  # letters by which signs are kept


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a sign: `whole` or begun by one of `begun`, among the next `reach` words."""

    whole: frozenset[str]
    begun: tuple[str, ...]
    reach: int = 1

    def shows(self, word: str) -> bool:
        return word in self.whole or word.startswith(self.begun)

    def openings(self) -> set[str]:
        return {word[:_OPENING] for word in (*self.whole, *self.begun)}


Sign = tuple[Part, ...]
Shown = tuple[str, tuple[int, ...]]  # a group, and the places of a sign's words


def read_signs(table: Mapping[str, str], sets: Mapping[str, str]) -> dict[str, tuple[Sign, ...]]:
    """Groups of signs parted by commas. Raises KeyError of a set that is none."""
    return {
        group: tuple(_sign(sign.split(), sets) for sign in signs.split(","))
        for group, signs in table.items()
    }


def _sign(said: list[str], sets: Mapping[str, str]) -> Sign:
    parts: list[Part] = []
    reach = 1
    for word in said:
        if word == _GAP:
            reach += _LONGEST_GAP
            continue
        words = _meant(word, sets)
        whole = frozenset(one for one in words if len(one) < _SHORTEST_BEGUN)
        parts.append(Part(whole, tuple(one for one in words if one not in whole), reach))
        reach = 1
    return tuple(parts)


def words_of(said: str, sets: Mapping[str, str]) -> frozenset[str]:
    """All of them, those of sets too. Raises KeyError of a set that is none."""
    return frozenset(one for word in said.split() for one in _meant(word, sets))


def _meant(word: str, sets: Mapping[str, str]) -> list[str]:
    """The words of a set, and of those in it."""
    if not word.startswith(_SET):
        return [word]
    return [one for part in sets[word[1:]].split() for one in _meant(part, sets)]


class Signs:
    """Groups of signs, kept by how they begin."""

    def __init__(self, groups: Mapping[str, tuple[Sign, ...]]) -> None:
        self._by_opening: dict[str, list[tuple[str, Sign]]] = defaultdict(list)
        for group, signs in groups.items():
            for sign in signs:
                for opening in sign[0].openings():
                    self._by_opening[opening].append((group, sign))

    def seen(self, words: tuple[str, ...]) -> Counter[str]:
        """How many words of `words` begin a sign of each group."""
        begun = {(group, places[0]) for group, places in self.shown(words)}
        return Counter(group for group, _ in begun)

    def shown(self, words: tuple[str, ...]) -> Iterator[Shown]:
        for at, word in enumerate(words):
            for group, sign in self._by_opening.get(word[:_OPENING], ()):
                if places := _places(words, at, sign):
                    yield group, places


def _places(words: tuple[str, ...], at: int, sign: Sign) -> tuple[int, ...]:
    """Where each word of the sign stands that begins there; () where it is not said."""
    places: list[int] = []
    for part in sign:
        near = range(at, min(at + part.reach, len(words)))
        place = next((one for one in near if part.shows(words[one])), None)
        if place is None:
            return ()
        places.append(place)
        at = place + 1
    return tuple(places)
