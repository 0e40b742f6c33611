"""What the learned ranking sees of a question: its words, what they are about, pairs and pieces.

What a word is about (assets/lookup/thesaurus.tsv) lets a word nobody used in an example still say
something; pieces do it for a misspelt or joined one.
"""

from __future__ import annotations

import itertools
from collections.abc import Set as AbstractSet

from kiosk.lookup.normalise import Speech, Words, stem

PIECE_SIZES = (3, 4)
MOST_TOPICS = 14  # of a question, for pairs of them
_TELLING = ("k:", "q:", "r:", "r>")  # topics, and what stands beside a place
_MUCH = 3.0  # they are worth beside a word; measured by leaving lessons out


def content(words: Words, speech: Speech) -> list[str]:
    """The stems of the words that carry the errand."""
    return [stem(word) for word in words if word not in speech.fillers]


def features(words: Words, speech: Speech, about: AbstractSet[str]) -> set[str]:
    """`words` as `spoken_to_written` gives them, and what `Speech.about` says of them."""
    stems = content(words, speech)
    topics = sorted(about)[:MOST_TOPICS]
    found = {f"f:{word}" for word in words if word in speech.fillers}
    found.update(f"b:{one}_{other}" for one, other in itertools.pairwise(stems))
    found.update(f"k:{topic}" for topic in topics)
    found.update(f"q:{one}|{other}" for one, other in itertools.combinations(topics, 2))
    for begin, end in speech.regions(words):
        found |= _beside(words, begin, end)
    for word in stems:
        found |= features_of_word(word)
    return found


def _beside(words: Words, begin: int, end: int) -> set[str]:
    """How a place elsewhere is spoken of: "meninggal di", "ktp", "orang", whichever place it is."""
    before = words[max(0, begin - 2) : begin]
    return {
        f"r:{before[-1] if before else ''}",
        f"r:{'_'.join(before)}",
        f"r>{words[end] if end < len(words) else ''}",
    }


def worth(name: str) -> float:
    """Of a feature beside a word."""
    return _MUCH if name.startswith(_TELLING) else 1.0


def features_of_word(word: str) -> set[str]:
    """The word itself and its pieces; ^ and $ mark where it begins and ends."""
    whole = f"^{word}$"
    pieces = {
        f"c:{whole[at : at + size]}" for size in PIECE_SIZES for at in range(len(whole) - size + 1)
    }
    return {f"w:{word}"} | pieces
