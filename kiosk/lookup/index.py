"""Finds the service a citizen means, live while typing, all in memory.

Every word of the question looks for words of the catalogue: the same one, one it is a typing slip
of, or, for the last word, one it begins. Services are ranked by BM25 over weighted fields, and an
alias said whole counts extra. "Not understood" is an answer: below a threshold nothing is offered.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kiosk.domain.meaning import Hit, Meaning
from kiosk.domain.service import Service
from kiosk.lookup.normalise import (
    Speech,
    Words,
    as_errand,
    has_phrase,
    load_speech,
    split,
    spoken_to_written,
    stem,
)

# Weights of the fields, and of ways to hit a word.
_NAME, _ALIAS, _SUMMARY, _ENGLISH, _EXAMPLE = 3.0, 2.5, 0.4, 1.0, 0.4
_SLIP, _BEGUN = 0.55, 0.8
_AGAIN = 0.3  # for each field or alias that has the word again
_WHOLE_ALIAS = 0.6  # of the worth of its words, when every word of an alias or name was said
_SHARED_BY = 4
_MOST_SLIPS = 5
_K1, _B = 1.2, 0.3
# Decisions. Scores are in the unit of one rare word of a name (about 1 to 8 each).
_LEAST_SCORE = 1.5
_LEAST_SHARE = 0.25  # of the question's worth that the best service must explain
_NEARLY_ALL = 0.75  # explained: then even a common word ("sura", "surat") is worth a list
_CLEAR_SHARE = 0.6  # explained: less is no clear match, only something to choose from
_UNKNOWN_WORD = 0.7  # worth of a word that the catalogue lacks, in rarest words
_CLEAR = 0.8  # a second one below this share of the first leaves no choice to make
_WORTH_A_LOOK = 0.45  # a service below this share of the first is not offered


@dataclass(frozen=True, slots=True)
class _Asked:
    """One word of the question: words of the catalogue with weights up to 1, and what it would be
    worth if one of them were what was said."""

    weights: dict[str, float]
    worth: float


class Index:
    """Built once per catalogue; `find` is safe from any thread, it changes nothing."""

    def __init__(
        self,
        services: Iterable[Service],
        speech: Speech | None = None,
        examples: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`examples`: more ways to ask for a service, by its id, where names must do alone."""
        self._speech = speech or load_speech()
        self._examples = examples or {}
        self._ids: list[str] = []
        self._whole: list[tuple[int, frozenset[str]]] = []
        self._named_words: set[str] = set()  # slips are looked for among these only
        counts: list[dict[str, float]] = []
        for service in services:
            counts.append(self._read(service, len(self._ids)))
            self._ids.append(service.id)
        self._postings = _postings(counts)
        self._worth = {
            word: _worth(len(hits), len(self._ids)) for word, hits in self._postings.items()
        }
        # An alias that half the catalogue shares ("e-KTP") tells nothing by being said whole.
        self._whole = [
            (number, whole)
            for number, whole in self._whole
            if min(len(self._postings[word]) for word in whole) <= _SHARED_BY
        ]
        self._rarest = max(self._worth.values(), default=1.0)
        self._vocabulary = sorted(self._postings)
        self.vocabulary = frozenset(self._postings)  # stems
        self.named = sorted(self._named_words)

    def find(self, text: str, limit: int = 3, *, typing: bool = False) -> Meaning:
        """What `text` asks for, best first, at most `limit` services. Who is `typing` may mean a
        word that the last one begins. Never raises."""
        words = spoken_to_written(split(text), self._speech)
        if self.is_emergency(words):
            return self.emergency(text, limit)
        asking = self._asking(as_errand(words, self._speech), typing and text[-1:].isalnum())
        if not asking or self._is_elsewhere(words):
            return Meaning(text, "out_of_scope", ())
        scores, shares = self._scores(asking)
        ranked = sorted(scores, key=lambda service: (-scores[service], service))
        if not ranked:
            return Meaning(text, "out_of_scope", ())
        best, share = scores[ranked[0]], shares[ranked[0]]
        if share < _LEAST_SHARE or (share < _NEARLY_ALL and best < _LEAST_SCORE):
            return Meaning(text, "out_of_scope", ())
        near = [service for service in ranked if scores[service] >= best * _WORTH_A_LOOK]
        alone = len(near) == 1 or scores[near[1]] < best * _CLEAR
        clear = alone and share >= _CLEAR_SHARE
        hits = tuple(Hit(self._ids[one], round(scores[one], 3)) for one in near[: max(limit, 0)])
        return Meaning(text, "match" if clear else "choose", hits)

    def emergency(self, text: str, limit: int = 3) -> Meaning:
        """The answer to somebody in danger."""
        hit = Hit(self._speech.emergency_service, 1.0)
        return Meaning(text, "emergency", (hit,)[: max(limit, 0)])

    def begins(self, word: str) -> bool:
        """Whether a word of the catalogue begins with it."""
        at = bisect_left(self._vocabulary, word)
        return at < len(self._vocabulary) and self._vocabulary[at].startswith(word)

    def evidence(self, text: str, *, unfinished: bool = False) -> dict[str, tuple[float, float]]:
        """Every service that shares a word with `text`: its score, and the share (0 to 1) of the
        question's worth that it explains. No decision. `unfinished`: the last word may go on."""
        words = self._errand(text)
        asking = self._asking(words, unfinished)
        scores, shares = self._scores(asking)
        return {self._ids[one]: (score, shares[one]) for one, score in scores.items()}

    def _read(self, service: Service, number: int) -> dict[str, float]:
        """The weights of one service's words; notes its whole names on the way."""
        count: dict[str, float] = defaultdict(float)
        for weight, text in (
            (_NAME, service.name.id),
            (_SUMMARY, service.summary.id),
            (_ENGLISH, service.name.en),
            (_SUMMARY, service.summary.en),
            *((_ALIAS, alias) for alias in service.aliases),
            *((_EXAMPLE, example) for example in self._examples.get(service.id, ())),
        ):
            words = self._content(self._errand(text))
            for word in set(words):
                count[word] = max(count[word], weight) + _AGAIN
            if words and weight > _SUMMARY:
                self._whole.append((number, frozenset(words)))
            if weight >= _ALIAS:
                self._named_words.update(words)
        return count

    def _errand(self, text: str) -> Words:
        return as_errand(spoken_to_written(split(text), self._speech), self._speech)

    def _content(self, words: Words) -> list[str]:
        return [stem(word) for word in words if word not in self._speech.fillers]

    def _asking(self, words: Words, unfinished: bool) -> list[_Asked]:
        """What each content word of the question may mean."""
        asking = []
        for word in dict.fromkeys(words):
            is_last = unfinished and word == words[-1]
            if is_last and len(word) == 1:
                continue  # one letter of a word to come
            if word in self._speech.fillers and not (is_last and len(words) == 1):
                continue
            asking.append(self._asked(stem(word), word if is_last else None))
        return asking

    def _asked(self, word: str, begun: str | None) -> _Asked:
        weights = self._begun_by(begun) if begun is not None else {}
        if word in self._postings:
            weaker = {known: weight / 2 for known, weight in weights.items()}
            return _Asked({**weaker, word: 1.0}, self._worth[word])
        slips = 0 if len(word) < 4 or word.isdigit() else 1 if len(word) < 8 else 2
        if weights:
            known, weight = next(iter(weights.items()))
            return _Asked(weights, self._worth[known] * weight / _BEGUN)
        if slips:
            near = process.extract(
                word, self.named, scorer=OSA.distance, score_cutoff=slips, limit=_MOST_SLIPS
            )
            for known, distance, _ in near:
                if len(known) >= 4 and known[0] == word[0]:
                    weights[known] = _SLIP / distance
        unknown = self._rarest * _UNKNOWN_WORD
        return _Asked(weights, max((self._worth[known] for known in weights), default=unknown))

    def _begun_by(self, begun: str) -> dict[str, float]:
        """The words it begins, weighted so that together they are worth what one word in as many
        services is: two letters begin a rare word of almost every service, and mean none."""
        words = [known for known in self._vocabulary if known.startswith(begun)]
        services = {service for word in words for service in self._postings[word]}
        worth = _worth(len(services), len(self._ids))
        return {word: _BEGUN * worth / self._worth[word] for word in words}

    def _scores(self, asking: list[_Asked]) -> tuple[dict[int, float], dict[int, float]]:
        """Score of each service, and the share of the question's worth that it explains."""
        scores: dict[int, float] = {}
        explained: dict[int, float] = {}
        said: dict[str, float] = {}
        total = 0.0
        for asked in asking:
            best: dict[int, tuple[float, float]] = {}
            for word, weight in asked.weights.items():
                worth = self._worth[word] * weight
                said[word] = max(said.get(word, 0.0), weight)
                for service, saturation in self._postings[word].items():
                    best[service] = max(best.get(service, (0.0, 0.0)), (worth * saturation, worth))
            for service, (score, worth) in best.items():
                scores[service] = scores.get(service, 0.0) + score
                explained[service] = explained.get(service, 0.0) + worth
            total += asked.worth
        for service, whole in self._whole:
            if service in scores and whole <= said.keys():
                extra = sum(self._worth[word] * said[word] for word in whole)
                scores[service] += _WHOLE_ALIAS * extra / math.sqrt(len(whole))
        return scores, {service: worth / (total or 1.0) for service, worth in explained.items()}

    def is_emergency(self, words: Words) -> bool:
        """A phrase of danger, and no word of an errand."""
        if not any(has_phrase(words, phrase) for phrase in self._speech.emergencies):
            return False
        return self._speech.errands.isdisjoint(words)

    def _is_elsewhere(self, words: Words) -> bool:
        if not any(has_phrase(words, phrase) for phrase in self._speech.elsewhere):
            return False
        return self._speech.unless.isdisjoint(words)


def _worth(holders: int, services: int) -> float:
    """What a word in `holders` of all services tells: about 0 in all of them, 4 to 5 in one."""
    return math.log(1 + (services - holders + 0.5) / (holders + 0.5))


def _postings(counts: list[dict[str, float]]) -> dict[str, dict[int, float]]:
    """Word -> service number -> BM25's saturated weight, below _K1 + 1."""
    lengths = [sum(count.values()) for count in counts]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    postings: dict[str, dict[int, float]] = {}
    for number, count in enumerate(counts):
        damping = _K1 * (1 - _B + _B * lengths[number] / usual)
        for word, weight in count.items():
            saturated = weight * (_K1 + 1) / (weight + damping)
            postings.setdefault(word, {})[number] = saturated
    return postings
