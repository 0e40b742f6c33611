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

from kiosk.domain.service import Service
from kiosk.lookup.alarm import Dangers
from kiosk.lookup.decision import Decision, dangers, doubts, mixed
from kiosk.lookup.features import content
from kiosk.lookup.hinges import learn_hinges
from kiosk.lookup.index import Index
from kiosk.lookup.learned import key
from kiosk.lookup.lessons import CALM, NAMED, OUT_OF_SCOPE, Lesson
from kiosk.lookup.normalise import (
    Speech,
    as_errand,
    errand_of,
    load_speech,
    split,
    spoken_to_written,
)
from kiosk.lookup.signs import Signs
from kiosk.lookup.training import features_of, learn, score
from kiosk.lookup.vocabulary import Vocabulary, hashed

FOLDS = 5
REFUSED_MOST = 0.03  # of what is ours, half of it hard; of ordinary questions a tenth of it
CLEAR_RIGHT = 0.955  # of clear matches that are right
FALSE_ALARMS_MOST = 0.013  # of our lessons, half of them hard; of ordinary questions a third of it
PERHAPS_MOST = 0.06  # of our lessons, to which help is offered besides
ALARM_WORTH = 3.0  # an emergency missed is as bad as so many false alarms
DECAY, STEPS = 1.0, 12


@dataclass(frozen=True, slots=True)
class Unseen:
    """One lesson as judged without having been taught it. `ranked`: best first, with their share;
    `seen`, `danger`: see `decision.doubts` and `decision.dangers`."""

    lesson: Lesson
    ranked: tuple[tuple[str, float], ...]
    seen: dict[str, float]
    danger: dict[str, float]

    @property
    def doubt(self) -> dict[str, float]:
        return {**self.seen, **self.danger}

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
    told, topics = Dangers(speech), Signs(speech.foreign)
    sentences = [hashed(features_of(one.text, speech)) for one in lessons]
    fold = folds(lessons, by)
    judged: list[Unseen] = []
    for number in range(FOLDS):
        taught = [at for at, one in enumerate(fold) if one != number]
        left = [at for at, one in enumerate(fold) if one == number]
        vocabulary = Vocabulary([sentences[at] for at in taught])
        labels, weights = learn(
            [lessons[at] for at in taught],
            [vocabulary.row(sentences[at]) for at in taught],
            vocabulary,
        )
        rows = [vocabulary.row(sentences[at]) for at in left]
        for at, row in zip(left, score(rows, weights), strict=True):
            lesson = lessons[at]
            words = spoken_to_written(errand_of(split(lesson.text), speech), speech)
            learned = dict(zip(labels, map(float, row), strict=True))
            named = index.evidence(" ".join(words))
            errand = as_errand(words, speech)
            about, count = speech.about(errand), len(content(errand, speech))
            seen = doubts(learned, named, topics.seen(words), about, count)
            judged.append(
                Unseen(
                    lesson,
                    ranking(mixed(learned, named)),
                    seen,
                    dangers(told.view(words), learned, seen, speech.emergency_service),
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
    """Weights by logistic regression, hinges; the limits from the shares named above."""
    judged = [one for one in unseen if one.is_ours or one.is_foreign]
    ours = [one for one in judged if one.is_ours]
    hinges = learn_hinges([one.doubt for one in judged], [one.is_foreign for one in judged])
    told = [one for one in unseen if one.lesson.emergency is not None]
    alarm = _logistic([one.danger for one in told], [one.is_urgent for one in told], ALARM_WORTH)
    free = Decision(hinges, 0.0, 0.0, alarm, 0.0, 0.0)
    limit = np.quantile(_doubted_unseen(judged), 1 - REFUSED_MOST)
    calm = [free.danger(one.danger) for one in judged if one.lesson.emergency == CALM]
    alarms = np.quantile(calm, [1 - FALSE_ALARMS_MOST, 1 - PERHAPS_MOST])
    alarm_limit, perhaps_limit = (round(float(one), 4) for one in alarms)
    return Decision(
        hinges, round(float(limit), 4), _clear_share(ours), alarm, alarm_limit, perhaps_limit
    )


def _doubted_unseen(judged: Sequence[Unseen]) -> list[float]:
    """How much each of ours is doubted by hinges learned from the other half: about their own
    lessons they are too sure, and would refuse more of others than they should."""
    found: list[float] = []
    for half in (0, 1):
        taught = [one for one in judged if key(one.lesson.text) % 2 != half]
        hinges = learn_hinges([one.doubt for one in taught], [one.is_foreign for one in taught])
        left = [one for one in judged if key(one.lesson.text) % 2 == half and one.is_ours]
        found += [hinges.weigh(one.doubt) for one in left]
    return found


def _clear_share(ours: Sequence[Unseen]) -> float:
    """The least share from which on the first hits are right often enough."""
    listed = sorted(ours, key=lambda one: -one.ranked[0][1])
    right = np.cumsum([one.ranked[0][0] == one.lesson.service for one in listed])
    often = np.flatnonzero(right / np.arange(1, len(listed) + 1) >= CLEAR_RIGHT)
    return round(listed[int(often[-1])].ranked[0][1], 4) if len(often) else 1.0


def _logistic(
    seen: Sequence[dict[str, float]], yes: Sequence[bool], worth: float = 1.0
) -> dict[str, float]:
    """Weights by name, by Newton's steps; a yes counts `worth` times."""
    names = sorted({name for one in seen for name in one})
    table = np.array([[one.get(name, 0.0) for name in names] for one in seen])
    wanted = np.array(yes)
    counts = np.where(wanted, worth, 1.0)
    weights = np.zeros(len(names))
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-table @ weights))
        bend = (table.T * (counts * odds * (1 - odds))) @ table + DECAY * np.eye(len(names))
        weights -= np.linalg.solve(bend, table.T @ (counts * (odds - wanted)) + DECAY * weights)
    return {name: round(float(one), 4) for name, one in zip(names, weights, strict=True)}


def figures(unseen: Sequence[Unseen]) -> dict[str, float]:
    """Shares of 1. The decision on each sentence is fitted without a fifth that holds it."""
    draw = random.Random(2)
    part = [draw.randrange(FOLDS) for _ in unseen]
    refused: dict[int, bool] = {}
    clear: dict[int, bool] = {}
    alarm: dict[int, bool] = {}
    perhaps: dict[int, bool] = {}
    for number in range(FOLDS):
        decision = fit_decision([one for one, at in zip(unseen, part, strict=True) if at != number])
        for at, one in enumerate(unseen):
            if part[at] == number:
                refused[at] = decision.doubt(one.doubt) > decision.limit
                clear[at] = one.ranked[0][1] >= decision.clear_share
                danger = decision.danger(one.danger)
                alarm[at] = danger > decision.alarm_limit
                perhaps[at] = danger > decision.perhaps_limit
    ours = [at for at, one in enumerate(unseen) if one.is_ours]
    foreign = [at for at, one in enumerate(unseen) if one.is_foreign]
    urgent = [at for at, one in enumerate(unseen) if one.is_urgent]
    calm = [at for at, one in enumerate(unseen) if one.lesson.emergency == CALM]
    like = [at for at in calm if unseen[at].lesson.service is None]
    first = [unseen[at].ranked[0][0] == unseen[at].lesson.service for at in ours]
    three = [unseen[at].lesson.service in dict(unseen[at].ranked) for at in ours]
    asked = [not clear[at] for at in ours if not refused[at]]
    told = {
        "top1": first,
        "top3": three,
        "out_of_scope_found": [refused[at] for at in foreign],
        "ours_refused": [refused[at] for at in ours],
        "choose": asked,
        "emergencies_found": [alarm[at] for at in urgent],
        "emergencies_found_or_offered": [perhaps[at] for at in urgent],
        "false_alarms": [alarm[at] for at in calm if unseen[at].lesson.service is not None],
        "look_alikes_alarmed": [alarm[at] for at in like],
        "offered_besides": [perhaps[at] for at in calm if unseen[at].lesson.service is not None],
    }
    return {name: round(float(np.mean(values)), 4) for name, values in told.items() if values}
