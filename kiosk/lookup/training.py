"""Learns the ranking from its lessons: logistic regression, in NumPy, the same each time.

Two things are learned over the same features: which label (service or kind of out-of-scope), and
whether it is an emergency. By small batches, each feature with a pace of its own (AdaGrad): few
sentences hold a feature, and four rounds do what a hundred steps over all of them did.
This module and `kiosk.lookup.vocabulary` import NumPy: nobody imports them but to learn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kiosk.lookup.features import features
from kiosk.lookup.joined import often_said
from kiosk.lookup.learned import RARENESS_UNIT, Model
from kiosk.lookup.lessons import ALARM, CALM, Lesson
from kiosk.lookup.normalise import (
    Speech,
    as_errand,
    errand_of,
    load_speech,
    split,
    spoken_to_written,
)
from kiosk.lookup.vocabulary import Floats, Row, Vocabulary, hashed

ROUNDS = 4
BATCH = 32  # sentences
PACE = 1.0
DECAY = 0.0005  # pulls the weights at hand towards zero
ALARM_WORTH = 5.0  # one emergency missed is as bad as so many false alarms
_FIRST_SQUARE = 1e-6
_BYTE_MAX = 127


def train(lessons: Sequence[Lesson], digest: str, speech: Speech | None = None) -> Model:
    """Half a minute on one core for 64,000 lessons, and 290 MB while it lasts."""
    speech = speech or load_speech()
    sentences = [hashed(features_of(lesson.text, speech)) for lesson in lessons]
    vocabulary = Vocabulary(sentences)
    rows = [vocabulary.row(one) for one in sentences]
    del sentences
    labels, weights = learn(lessons, rows, vocabulary)
    weights *= (vocabulary.rareness / RARENESS_UNIT)[:, None]
    scales = np.abs(weights).max(axis=0) / _BYTE_MAX
    scales[scales == 0] = 1
    small = np.round(weights / scales).astype(np.int8)
    asked = (lesson.text for lesson in lessons if (lesson.service or "!")[0] != "!")
    return Model(
        digest,
        labels,
        tuple(sorted(often_said(asked))),
        tuple(float(scale) for scale in scales),
        memoryview(vocabulary.keys.astype("<u4").tobytes()).cast("I"),
        vocabulary.rareness.astype(np.uint8).tobytes(),
        memoryview(small.tobytes()).cast("b"),
    )


def features_of(text: str, speech: Speech) -> set[str]:
    words = as_errand(spoken_to_written(errand_of(split(text), speech), speech), speech)
    return features(words, speech, speech.about(words))


def learn(
    lessons: Sequence[Lesson], rows: Sequence[Row], vocabulary: Vocabulary
) -> tuple[tuple[str, ...], Floats]:
    """The labels, ALARM the last of them, and (feature, label): what each feature says."""
    labels = (*sorted({one.service for one in lessons if one.service is not None}), ALARM)
    wanted = np.zeros((len(lessons), len(labels)), np.float32)
    counts = np.ones_like(wanted)
    for at, lesson in enumerate(lessons):
        if lesson.service is None:
            counts[at, :-1] = 0
        else:
            wanted[at, labels.index(lesson.service)] = 1
        if lesson.emergency is None:
            counts[at, -1] = 0
        elif lesson.emergency != CALM:
            wanted[at, -1], counts[at, -1] = 1, ALARM_WORTH
    weights = np.zeros((len(vocabulary.keys), len(labels)), np.float32)
    squares = np.full(len(weights), _FIRST_SQUARE, np.float32)
    draw = np.random.default_rng(1)
    for _ in range(ROUNDS):
        order = draw.permutation([at for at, (places, _) in enumerate(rows) if len(places)])
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            taught = [rows[at] for at in batch]
            _step(weights, squares, taught, wanted[batch], counts[batch])
    return labels, weights


def _step(
    weights: Floats, squares: Floats, rows: Sequence[Row], wanted: Floats, counts: Floats
) -> None:
    """One step of AdaGrad on a few sentences; changes `weights` and `squares`."""
    place = np.concatenate([places for places, _ in rows])
    worth = np.concatenate([worth for _, worth in rows])[:, None]
    lengths = np.array([len(places) for places, _ in rows])
    begins = np.cumsum(lengths) - lengths
    wrong = counts * (_odds(np.add.reduceat(weights[place] * worth, begins, axis=0)) - wanted)
    sentence = np.repeat(np.arange(len(rows)), lengths)
    order = np.argsort(place, kind="stable")
    begins = np.flatnonzero(np.diff(place[order], prepend=-1))
    held = place[order][begins]
    slope = np.add.reduceat(wrong[sentence[order]] * worth[order], begins, axis=0)
    slope += np.float32(DECAY) * weights[held]
    squares[held] += np.einsum("ij,ij->i", slope, slope)
    weights[held] -= np.float32(PACE) * slope / np.sqrt(squares[held])[:, None]


def _odds(scores: Floats) -> Floats:
    """Softmax of all columns but the last, which stands alone."""
    ranking = np.exp(scores[:, :-1] - scores[:, :-1].max(axis=1, keepdims=True))
    ranking /= ranking.sum(axis=1, keepdims=True)
    return np.hstack([ranking, 1 / (1 + np.exp(-scores[:, -1:]))])


def score(rows: Sequence[Row], weights: Floats) -> list[Floats]:
    """What each sentence says for each label."""
    return [worth @ weights[places] for places, worth in rows]
