"""What the learned ranking sees of a question: its words, pairs of them, and pieces of them.

Pieces let a misspelt or joined word still say something; each feature is hashed into one of 2^BITS
places, so that the model needs no list of words.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable

from kiosk.lookup.normalise import Speech, Words, stem

BITS = 15
PIECE_SIZES = (3, 4, 5)


def content(words: Words, speech: Speech) -> list[str]:
    """The stems of the words that carry the errand."""
    return [stem(word) for word in words if word not in speech.fillers]


def features(words: Words, speech: Speech) -> set[str]:
    """`words` as `spoken_to_written` gives them."""
    stems = content(words, speech)
    found = {f"f:{word}" for word in words if word in speech.fillers}
    found.update(f"b:{one}_{other}" for one, other in itertools.pairwise(stems))
    for word in stems:
        found |= features_of_word(word)
    return found


def features_of_word(word: str) -> set[str]:
    """The word itself and its pieces; ^ and $ mark where it begins and ends."""
    whole = f"^{word}$"
    pieces = {
        f"c:{whole[at : at + size]}" for size in PIECE_SIZES for at in range(len(whole) - size + 1)
    }
    return {f"w:{word}"} | pieces


def places(names: Iterable[str]) -> list[int]:
    """Where the features stand in the model, each place once, in order."""
    return sorted({zlib.crc32(name.encode()) % (1 << BITS) for name in names})
