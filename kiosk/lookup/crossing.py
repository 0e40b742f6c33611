"""How well is learned what was not taught? Cross-validation over the lessons themselves.

Whole ways of asking are left out at a time ("way"), or single lines ("line"). What is decided on
scores (is it ours? is it clear?) is fitted here too: on sentences that the ranking had not seen.
Imports NumPy.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.domain.service import Service
from kiosk.lookup.alarm import Signs, against, weighed
from kiosk.lookup.decision import Decision, doubts, mixed
from kiosk.lookup.features import content
from kiosk.lookup.index import Index
from kiosk.lookup.lessons import CALM, NAMED, OUT_OF_SCOPE, Lesson
from kiosk.lookup.normalise import Speech, load_speech, split, spoken_to_written
from kiosk.lookup.training import kernel, learn_alarm, measured, solve
from kiosk.lookup.understanding import ALARM_AGAINST, ALARM_LIMIT

FOLDS = 5
REFUSED_MOST = 0.028  # of what is ours
CLEAR_RIGHT = 0.955  # of clear matches that are right
DECAY, STEPS = 1.0, 40


@dataclass(frozen=True, slots=True)
class Unseen:
    """One lesson as judged without having been taught it. `ranked`: best first, with their share;
    `alarm`: log-odds of an emergency; `seen`: see `decision.doubts`."""

    lesson: Lesson
    ranked: tuple[tuple[str, float], ...]
    alarm: float
    seen: dict[str, float]

    @property
    def is_ours(self) -> bool:
        label = self.lesson.service
        return label is not None and label[0] != "!"

    @property
    def is_foreign(self) -> bool:
        return self.lesson.service in OUT_OF_SCOPE

    @property
    def is_urgent(self) -> bool:
        return self.lesson.emergency not in (None, CALM)


def folds(lessons: Sequence[Lesson], by: str) -> list[int]:
    """The fold in which each lesson is left out; -1: names, which every office has, stay."""
    ways = sorted({one.way for one in lessons if one.service and one.service[0] != "!"})
    draw = random.Random(1)
    chosen = []
    for one in lessons:
        line = draw.randrange(FOLDS)
        whole = by == "way" and one.way in ways and one.emergency in (CALM, None)
        chosen.append(-1 if one.way == NAMED else ways.index(one.way) % FOLDS if whole else line)
    return chosen


def cross(
    services: Iterable[Service], lessons: Sequence[Lesson], by: str, speech: Speech | None = None
) -> list[Unseen]:
    """Every lesson but names, judged by what the other folds teach. Minutes."""
    speech = speech or load_speech()
    index = Index(services, speech)
    danger, topics = Signs(speech.danger, speech.cues), Signs(speech.foreign)
    rows, worths, _ = measured([one.text for one in lessons], speech)
    alike = kernel(rows, worths)
    labels = sorted({one.service for one in lessons if one.service is not None})
    fold = np.array(folds(lessons, by))
    judged: list[Unseen] = []
    for number in range(FOLDS):
        taught, left = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        known = [lessons[int(at)] for at in taught]
        shares = solve(
            np.ascontiguousarray(alike[np.ix_(taught, taught)]),
            [one.service for one in known],
            labels,
        )
        scores = alike[np.ix_(left, taught)] @ shares
        alarm = learn_alarm(known, speech)
        for at, row in zip(map(int, left), scores, strict=True):
            lesson = lessons[at]
            words = spoken_to_written(split(lesson.text), speech)
            learned = dict(zip(labels, map(float, row), strict=True))
            named = index.evidence(" ".join(words))
            seen = doubts(learned, named, topics.seen(words), len(content(words, speech)))
            judged.append(
                Unseen(
                    lesson,
                    ranking(mixed(learned, named)),
                    weighed(danger.alarm_view(words), alarm)
                    + ALARM_AGAINST * against(learned, speech.emergency_service),
                    seen,
                )
            )
    return judged


def ranking(scores: dict[str, float], most: int = 3) -> tuple[tuple[str, float], ...]:
    ranked = sorted(scores, key=lambda one: (-scores[one], one))
    total = sum(np.exp(scores[one] - scores[ranked[0]]) for one in ranked)
    return tuple(
        (one, float(np.exp(scores[one] - scores[ranked[0]]) / total)) for one in ranked[:most]
    )


def fit_decision(unseen: Sequence[Unseen]) -> Decision:
    """Weights by logistic regression; the limits from REFUSED_MOST and CLEAR_RIGHT."""
    judged = [one for one in unseen if one.is_ours or one.is_foreign]
    names = sorted({name for one in judged for name in one.seen})
    table = np.array([[one.seen.get(name, 0.0) for name in names] for one in judged])
    weights = _logistic(table, np.array([one.is_foreign for one in judged]))
    kept = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
    ours = [one for one in judged if one.is_ours]
    free = Decision(kept, 0.0, 0.0)
    limit = float(np.quantile([free.doubt(one.seen) for one in ours], 1 - REFUSED_MOST))
    return Decision(kept, round(limit, 4), _clear_share(ours))


def _clear_share(ours: Sequence[Unseen]) -> float:
    """The least share from which on the first hits are right often enough."""
    listed = sorted(ours, key=lambda one: -one.ranked[0][1])
    right = np.cumsum([one.ranked[0][0] == one.lesson.service for one in listed])
    often = np.flatnonzero(right / np.arange(1, len(listed) + 1) >= CLEAR_RIGHT)
    return round(listed[int(often[-1])].ranked[0][1], 4) if len(often) else 1.0


def _logistic(table: NDArray[np.float64], yes: NDArray[np.bool_]) -> NDArray[np.float64]:
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-table @ weights))
        bend = (table.T * (odds * (1 - odds))) @ table + DECAY * np.eye(len(weights))
        weights -= np.linalg.solve(bend, table.T @ (odds - yes) + DECAY * weights)
    return weights


def figures(unseen: Sequence[Unseen]) -> dict[str, float]:
    """Shares of 1. The decision on each sentence is fitted without a fifth that holds it."""
    draw = random.Random(2)
    part = [draw.randrange(FOLDS) for _ in unseen]
    refused: dict[int, bool] = {}
    clear: dict[int, bool] = {}
    for number in range(FOLDS):
        decision = fit_decision([one for one, at in zip(unseen, part, strict=True) if at != number])
        for at, one in enumerate(unseen):
            if part[at] == number:
                refused[at] = decision.doubt(one.seen) > decision.limit
                clear[at] = one.ranked[0][1] >= decision.clear_share
    ours = [at for at, one in enumerate(unseen) if one.is_ours]
    foreign = [at for at, one in enumerate(unseen) if one.is_foreign]
    urgent = [one.alarm > ALARM_LIMIT for one in unseen if one.is_urgent]
    calm = [one.alarm > ALARM_LIMIT for one in unseen if one.lesson.emergency == CALM]
    first = [unseen[at].ranked[0][0] == unseen[at].lesson.service for at in ours]
    three = [unseen[at].lesson.service in dict(unseen[at].ranked) for at in ours]
    asked = [not clear[at] for at in ours if not refused[at]]
    told = {
        "top1": first,
        "top3": three,
        "out_of_scope_found": [refused[at] for at in foreign],
        "ours_refused": [refused[at] for at in ours],
        "choose": asked,
        "emergencies_found": urgent,
        "false_alarms": calm,
    }
    return {name: round(float(np.mean(values)), 4) for name, values in told.items() if values}
