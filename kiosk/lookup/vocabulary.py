"""Sentences as rows of numbers over features, for learning. Imports NumPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from kiosk.lookup.features import worth
from kiosk.lookup.learned import RARENESS_UNIT, key

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Row = tuple[Ints, Floats]  # places, rising, and what each is worth: length 1 together, or less

LEAST_SENTENCES = 2  # a feature of one sentence teaches nothing about others
MOST_FEATURES = 43_500  # the rarest fall away: the model stays under 5 MB


class Vocabulary:
    """The features of some sentences that are worth a place: `keys`, rising, and how rare each is
    (in RARENESS_UNIT)."""

    def __init__(self, sentences: Sequence[Set[str]]) -> None:
        holders = Counter(key(name) for names in sentences for name in names)
        worths = {key(name): worth(name) for names in sentences for name in names}
        kept = [(-n, one) for one, n in holders.items() if n >= LEAST_SENTENCES]
        self.keys: Ints = np.sort(
            np.array([one for _, one in sorted(kept)[:MOST_FEATURES]], np.int64)
        )
        held = np.array([holders[int(one)] for one in self.keys])
        rare = (np.log((1 + len(sentences)) / (1 + held)) + 1) * RARENESS_UNIT
        rare = np.round(rare * np.array([worths[int(one)] for one in self.keys]))
        self.rareness: Floats = rare.clip(1, 255).astype(np.float32)
        self._places = {int(one): place for place, one in enumerate(self.keys)}

    def row(self, names: Iterable[str]) -> Row:
        known = {key(name) for name in names} & self._places.keys()
        places = np.array(sorted(self._places[one] for one in known), np.int64)
        rareness = self.rareness[places]
        length = max(float(np.linalg.norm(rareness)), RARENESS_UNIT)
        return places, (rareness / length).astype(np.float32)
