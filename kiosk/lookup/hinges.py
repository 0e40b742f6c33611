"""Learns yes or no from what is seen by a few hinges: sums that count only above zero.

A straight sum cannot say "a foreign word matters where hardly any of ours was said"; hinges can.
One hidden layer of a neural network, by small steps (Adam), the same each time. Imports NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from kiosk.lookup.decision import Hinges
from kiosk.lookup.vocabulary import Floats

HINGES = 64
ROUNDS = 20
BATCH = 256
PACE = 0.003  # at first; it falls to nothing
SHRINK = 0.1  # of a weight at each step, times the pace
LEFT_OUT = 0.1  # of the hinges at each step: none is relied upon alone
_LEAST_SPREAD = 0.25  # a rare sign is not blown up
_INERTIA, _MEMORY, _TINY = 0.9, 0.999, 1e-8


def learn_hinges(seen: Sequence[Mapping[str, float]], yes: Sequence[bool]) -> Hinges:
    """`seen`: by name; "always" is 1 in each. Seconds for 60,000."""
    names = sorted({name for one in seen for name in one})
    table = np.array([[one.get(name, 0.0) for name in names] for one in seen], np.float32)
    middle = table.mean(axis=0)
    spread = np.maximum(table.std(axis=0), np.float32(_LEAST_SPREAD))
    rows, start, worth = _fitted((table - middle) / spread, np.array(yes, np.float32))
    rows /= spread[:, None]
    rows[names.index("always")] += start - middle @ rows
    return Hinges(
        {name: _rounded(row) for name, row in zip(names, rows, strict=True)}, _rounded(worth)
    )


def _fitted(table: Floats, wanted: Floats) -> tuple[Floats, Floats, Floats]:
    """(column, hinge), where each hinge starts, and what each is worth."""
    draw = np.random.default_rng(1)
    columns = table.shape[1]
    learned = [
        draw.normal(0, columns**-0.5, (columns, HINGES)).astype(np.float32),
        np.zeros(HINGES, np.float32),
        draw.normal(0, HINGES**-0.5, HINGES).astype(np.float32),
    ]
    drift = [np.zeros_like(one) for one in learned]
    swing = [np.zeros_like(one) for one in learned]
    steps = ROUNDS * -(-len(table) // BATCH)
    for step, batch in enumerate(_batches(len(table), draw), 1):
        rows, start, worth = learned
        part = table[batch]
        sums = part @ rows + start
        kept = (sums > 0) * (draw.random(sums.shape, np.float32) > LEFT_OUT) / (1 - LEFT_OUT)
        bent = (sums * kept).astype(np.float32)
        wrong = (1 / (1 + np.exp(-(bent @ worth))) - wanted[batch]) / np.float32(len(batch))
        blame = (wrong[:, None] * worth * kept).astype(np.float32)
        pace = np.float32(PACE * (1 - step / (steps + 1)))
        slopes = (part.T @ blame, blame.sum(axis=0), bent.T @ wrong)
        for one, slope, mean, square in zip(learned, slopes, drift, swing, strict=True):
            mean += (1 - _INERTIA) * (slope - mean)
            square += (1 - _MEMORY) * (slope * slope - square)
            size = np.sqrt(square / (1 - _MEMORY**step)) + _TINY
            one -= pace * (mean / (1 - _INERTIA**step) / size + np.float32(SHRINK) * one)
    return learned[0], learned[1], learned[2]


def _batches(count: int, draw: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(ROUNDS):
        order = draw.permutation(count)
        for begin in range(0, count, BATCH):
            yield order[begin : begin + BATCH]


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(one), 3) for one in values)
