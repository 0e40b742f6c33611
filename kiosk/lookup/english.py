"""Dangers told in English, and of which kind: assets/lookup/english.toml.

The learned ranking has heard few guests; what it makes of their words may be an alarm or nothing.
Here the words themselves decide, and what takes them back.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.lookup.alarm import UNKNOWN
from kiosk.lookup.normalise import Words
from kiosk.lookup.signs import Signs, read_signs

ENGLISH_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "english.toml"
_MARKED = 3  # one word of so many shows that it is English


@dataclass(frozen=True, slots=True)
class _Danger:
    kind: str
    signs: Signs
    unless: Signs
    hints: Signs


@dataclass(frozen=True, slots=True)
class Told:
    """A kind of assets/lookup/emergency.toml, and the words that show it."""

    kind: str
    words: Words


class English:
    """All English signs of danger; changes nothing. Raises OSError, tomllib.TOMLDecodeError or
    KeyError: the file is a part of the program."""

    def __init__(self, path: Path = ENGLISH_FILE) -> None:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        sets = table["sets"]
        self._beside = Signs(read_signs(table["beside"], sets))
        groups = ("signs", "unless", "hints")
        self._dangers = [
            _Danger(row["kind"], *(_signs(row, group, sets) for group in groups))
            for row in table["danger"]
        ]
        plain = table["plain"]
        self._markers = frozenset(plain["markers"].split())
        self._cry = frozenset(plain["cry"].split())
        self._crying = self._cry.union(plain["crying"].split())
        self._telling = _signs({"": ",".join(plain["telling"].split())}, "", sets)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(one.kind for one in self._dangers)

    def hinted(self, words: Words) -> str | None:
        """The kind of a danger that was heard otherwise."""
        if not self._is_english(words):
            return None
        return next((one.kind for one in self._dangers if one.hints.seen(words)), None)

    def is_plain(self, words: Words) -> bool:
        """English, and not a word in it that tells of danger: "she left us with the house"."""
        return self._is_english(words) and not self._telling.seen(words)

    def is_past(self, words: Words) -> bool:
        """English, and of what was or is only talked about."""
        return self._is_english(words) and "past" in self._beside.seen(words)

    def told(self, words: Words) -> Told | None:
        """The first kind of danger that is told; None of what is past, or of papers and not now."""
        if self._crying.issuperset(words) and not self._cry.isdisjoint(words):
            return Told(UNKNOWN, words)
        beside = self._beside.seen(words)
        if beside["past"] or (beside["papers"] and not beside["now"]):
            return None
        for one in self._dangers:
            places = {at for _, shown in one.signs.shown(words) for at in shown}
            if places and not one.unless.seen(words):
                return Told(one.kind, tuple(words[at] for at in sorted(places)))
        return None

    def _is_english(self, words: Words) -> bool:
        marked = sum(word in self._markers for word in words)
        return bool(marked) and marked * _MARKED >= len(words)


def _signs(row: Mapping[str, str], name: str, sets: Mapping[str, str]) -> Signs:
    """Those of this name; none where there are none."""
    return Signs(read_signs({name: row[name]} if name in row else {}, sets))
