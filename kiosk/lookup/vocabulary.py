"""Sentences as rows of numbers over features, for learning. Imports NumPy."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from kiosk.lookup.features import worth
from kiosk.lookup.learned import RARENESS_UNIT, key

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Hashed = tuple[NDArray[np.uint32], Floats]  # keys of a sentence's features, what each is worth
Row = tuple[Ints, Floats]  # places, rising, and what each is worth: length 1 together, or less

LEAST_SENTENCES = 2  # a feature of one sentence teaches nothing about others
MOST_FEATURES = 43_500  # the rarest fall away: the model stays under 5 MB


def hashed(names: Collection[str]) -> Hashed:
    """The features of a sentence, as little as is learned from: as text they take ten times the
    memory."""
    keys = np.fromiter(map(key, names), np.uint32, len(names))
    return keys, np.fromiter(map(worth, names), np.float32, len(names))


class Vocabulary:
    """The features of some sentences that are worth a place: `keys`, rising, and how rare each is
    (in RARENESS_UNIT)."""

    def __init__(self, sentences: Sequence[Hashed]) -> None:
        said = np.concatenate([keys for keys, _ in sentences])[::-1]
        found, last, held = np.unique(said, return_index=True, return_counts=True)
        worths = np.concatenate([worths for _, worths in sentences])[::-1][last]
        by_holders = np.lexsort((found, -held))
        kept = np.sort(by_holders[held[by_holders] >= LEAST_SENTENCES][:MOST_FEATURES])
        self.keys: Ints = found[kept].astype(np.int64)
        rare = (np.log((1 + len(sentences)) / (1 + held[kept])) + 1) * RARENESS_UNIT
        rare = np.round(rare * worths[kept].astype(np.float64))
        self.rareness: Floats = rare.clip(1, 255).astype(np.float32)

    def row(self, sentence: Hashed) -> Row:
        keys = np.unique(sentence[0])
        places = np.searchsorted(self.keys, keys)
        places = places[np.append(self.keys, -1)[places] == keys]
        rareness = self.rareness[places]
        length = max(float(np.linalg.norm(rareness)), RARENESS_UNIT)
        return places, (rareness / length).astype(np.float32)
