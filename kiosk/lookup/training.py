"""Learns the ranking from its lessons: kernel logistic regression, in NumPy, the same each time.

Sentences are few and features many, so the weights are sought in the span of the sentences (one
number per sentence and label), by accelerated gradient steps.
This module alone imports NumPy, when it is asked to learn.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kiosk.lookup.alarm import Signs
from kiosk.lookup.features import BITS, features, places
from kiosk.lookup.learned import RARENESS_UNIT, Model
from kiosk.lookup.lessons import CALM, Lesson
from kiosk.lookup.normalise import Speech, load_speech, split, spoken_to_written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DECAY = 0.02  # pulls all weights towards zero
STEPS = 200
ALARM_WORTH = 5.0  # one emergency missed is as bad as so many false alarms
ALARM_DECAY, ALARM_STEPS = 0.5, 30
_OFTEN = 40  # a place in more sentences than this is worth a dense column
_BYTE_MAX = 127


def train(lessons: Sequence[Lesson], digest: str, speech: Speech | None = None) -> Model:
    """Half a minute on two cores for 5,000 lessons, and about 500 MB while it lasts."""
    import numpy as np

    speech = speech or load_speech()
    rows, worths, rareness = measured([lesson.text for lesson in lessons], speech)
    labels = sorted({lesson.service for lesson in lessons if lesson.service is not None})
    found = solve(kernel(rows, worths), [lesson.service for lesson in lessons], labels)
    weights = np.zeros((1 << BITS, found.shape[1]), np.float32)
    for row, worth, share in zip(rows, worths, found, strict=True):
        weights[row] += np.outer(worth, share)
    weights *= (rareness / RARENESS_UNIT)[:, None]
    scales = np.abs(weights).max(axis=0) / _BYTE_MAX
    scales[scales == 0] = 1
    small = np.round(weights / scales).astype(np.int8)
    return Model(
        digest,
        tuple(labels),
        tuple(float(scale) for scale in scales),
        learn_alarm(lessons, speech),
        rareness.astype(np.uint8).tobytes(),
        memoryview(small.tobytes()).cast("b"),
    )


def measured(
    texts: Sequence[str], speech: Speech
) -> tuple[list[NDArray[np.int64]], list[Floats], Floats]:
    """The places of each text, what each is worth in it (length 1 together), and how rare each
    place is (in RARENESS_UNIT; 0: in no text)."""
    import numpy as np

    rows = [
        np.array(places(features(spoken_to_written(split(text), speech), speech)), np.int64)
        for text in texts
    ]
    holders = np.bincount(np.concatenate(rows), minlength=1 << BITS)
    rare = np.round((np.log((1 + len(rows)) / (1 + holders)) + 1) * RARENESS_UNIT)
    rareness: Floats = np.where(holders > 0, rare, 0).clip(0, 255).astype(np.float32)
    worths: list[Floats] = [
        (rareness[row] / max(float(np.linalg.norm(rareness[row])), 1.0)).astype(np.float32)
        for row in rows
    ]
    return rows, worths, rareness


def learn_alarm(lessons: Sequence[Lesson], speech: Speech) -> tuple[float, ...]:
    """The weights of `Signs.alarm_view`, by Newton's steps of a logistic regression."""
    import numpy as np

    signs = Signs(speech.danger, speech.cues)
    taught = [lesson for lesson in lessons if lesson.emergency is not None]
    seen = np.array(
        [signs.alarm_view(spoken_to_written(split(lesson.text), speech)) for lesson in taught]
    )
    urgent = np.array([lesson.emergency != CALM for lesson in taught])
    counts = np.where(urgent, ALARM_WORTH, 1.0)
    weights = np.zeros(seen.shape[1])
    for _ in range(ALARM_STEPS):
        odds = 1 / (1 + np.exp(-seen @ weights))
        slope = seen.T @ (counts * (odds - urgent)) + ALARM_DECAY * weights
        bend = (seen.T * (counts * odds * (1 - odds))) @ seen + ALARM_DECAY * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return tuple(round(float(weight), 6) for weight in weights)


def kernel(rows: Sequence[NDArray[np.int64]], worths: Sequence[Floats]) -> Floats:
    """How alike each two sentences are, 0 to 1: (sentence, sentence)."""
    import numpy as np

    count = len(rows)
    sentence = np.repeat(np.arange(count), [len(row) for row in rows])
    place, worth = np.concatenate(rows), np.concatenate(worths).astype(np.float32)
    order = np.argsort(place, kind="stable")
    sentence, place, worth = sentence[order], place[order], worth[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1, append=-1))
    often = [(start, end) for start, end in itertools.pairwise(starts) if end - start > _OFTEN]
    dense = np.zeros((count, len(often)), np.float32)
    for column, (start, end) in enumerate(often):
        dense[sentence[start:end], column] = worth[start:end]
    alike = dense @ dense.T
    for start, end in itertools.pairwise(starts):
        if end - start <= _OFTEN:
            who, much = sentence[start:end], worth[start:end]
            alike[np.ix_(who, who)] += np.outer(much, much)
    return alike


def solve(alike: Floats, labels: Sequence[str | None], names: Sequence[str]) -> Floats:
    """The share of each sentence in each label's weights: (sentence, label). A sentence without a
    label has none."""
    import numpy as np

    number = {name: column for column, name in enumerate(names)}
    taught = np.array([label is not None for label in labels])
    target = np.zeros((len(labels), len(names)), np.float32)
    for row, label in enumerate(labels):
        if label is not None:
            target[row, number[label]] = 1
    step = np.float32(1 / (0.5 * _largest(alike) + DECAY))
    share, ahead, pace = target * 0, target * 0, 1.0
    for _ in range(STEPS):
        odds = alike @ ahead
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        wrong = np.where(taught[:, None], odds - target, 0)
        new = ahead - step * (wrong + np.float32(DECAY) * ahead)
        next_pace = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = new + np.float32((pace - 1) / next_pace) * (new - share)
        share, pace = new, next_pace
    return share


def _largest(alike: Floats) -> float:
    """The largest eigenvalue, by powers."""
    import numpy as np

    vector = np.ones(len(alike), np.float32)
    size = 1.0
    for _ in range(20):
        vector = alike @ vector
        size = float(np.linalg.norm(vector))
        vector /= size
    return size
