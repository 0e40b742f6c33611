"""What `words.toml` beside this file holds: words whose spelling does not say how they sound, short
forms of typing, and words of every day.
"""

import tomllib
from pathlib import Path

LETTERS = {
    "a": "a", "b": "bé", "c": "cé", "d": "dé", "e": "é", "f": "éf", "g": "gé", "h": "ha",
    "i": "i", "j": "jé", "k": "ka", "l": "él", "m": "ém", "n": "én", "o": "o", "p": "pé",
    "q": "ki", "r": "ér", "s": "és", "t": "té", "u": "u", "v": "fé", "w": "wé", "x": "éks",
    "y": "yé", "z": "zét",
}  # fmt: skip


def letters(word: str) -> str:
    """The names of a word's letters, as an abbreviation is spelt."""
    return " ".join(LETTERS[letter] for letter in word if letter in LETTERS)


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())

SPELT = frozenset(_TABLE["spelt"].split())
EVERYDAY: tuple[str, ...] = tuple((_TABLE["everyday"] + _TABLE["common"]).split())
SHORTHAND: dict[str, str] = _TABLE["shorthand"]
SAID: dict[str, tuple[str, ...]] = {
    word: tuple(way.strip().replace("*", letters(word)) for way in ways.split("|"))
    for group in _TABLE["said"].values()
    for word, ways in group.items()
}
