"""What did this citizen mean? Names and what was learned together, and a decision.

Names (`Index`) know every service of the catalogue at once; the learned ranking (`Model`) knows how
people ask, for the services it was taught. About a service it was not taught it has no opinion:
there names and examples decide, until `kiosk rebuild lookup` has run.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk.domain.meaning import Hit, Meaning, Outcome
from kiosk.domain.service import Service
from kiosk.lookup.alarm import UNKNOWN, Dangers
from kiosk.lookup.decision import Decision, Named, dangers, doubts, load_decision, mixed
from kiosk.lookup.english import English
from kiosk.lookup.features import content, features
from kiosk.lookup.index import Index
from kiosk.lookup.joined import Joiner, often_said
from kiosk.lookup.learned import Model
from kiosk.lookup.normalise import (
    Speech,
    Words,
    as_errand,
    errand_of,
    load_speech,
    split,
    spoken_to_written,
    stem,
)
from kiosk.lookup.roundabout import MOST_SAID, close_parts, parts, read_letters, without_denied
from kiosk.lookup.signs import Signs
from kiosk.lookup.slips import Slips
from kiosk.lookup.splits import Split, ask_which, load_splits, load_unasked

_UNTAUGHT_WEIGHT = 0.5  # of a BM25 point between a service that is new and the favourite
_WORTH_A_LOOK = 0.02  # a smaller share than this is offered to nobody
_BESIDE = 0.2  # of the best one's share: less is no third thing that may be meant
_NEAR = 0.06  # where not even the best has more, all are as far
_WORTH_A_GUESS = 0.1  # with a smaller share nothing is near
_FEW = 2  # content words: a sign of danger and hardly anything else
_CLEARNESS: dict[Outcome, int] = {"emergency": 3, "match": 2, "choose": 1, "out_of_scope": 0}
_SURE: tuple[Outcome, ...] = ("match", "emergency")
_NAMED = 0.9  # of a short question that names explain: then it is not doubted
_NEVER_TAUGHT = 255.0  # rareness of a word that is known from names only
_REASONS = 3
_WEAK_REASON = 0.2  # of the strongest word's worth


@dataclass(frozen=True, slots=True)
class _Judged:
    """What there is to decide on."""

    ours: dict[str, float]  # service -> log-odds
    named: Named
    topics: Mapping[str, int]  # signs of each
    about: Collection[str]  # groups of the thesaurus
    content_words: int
    doubts: dict[str, float]
    danger: float  # log-odds that somebody needs help now


class Understanding:
    """Built once per catalogue; `find` is safe from any thread, it changes nothing."""

    def __init__(
        self,
        services: Iterable[Service],
        examples: Mapping[str, Sequence[str]],
        model: Model | None,
        *,
        decision: Decision | None = None,
        splits: Sequence[Split] | None = None,
        speech: Speech | None = None,
    ) -> None:
        self._speech = speech or load_speech()
        self._model = model
        self._decision = decision or load_decision()
        self._splits = load_splits() if splits is None else splits
        self._unasked = load_unasked()
        self._dangers = Dangers(self._speech)
        self._english = English()
        self._topics = Signs(self._speech.foreign)
        listed = list(services)
        taught = set(model.labels) if model else set()
        self._untaught = {one.id for one in listed} - taught
        self._ids = {one.id for one in listed}
        self._names = {one.id: one.name for one in listed}
        new = {one: examples.get(one, ()) for one in self._untaught}
        self._index = Index(listed, self._speech, new)
        said = (
            model.often if model else often_said(text for one in examples.values() for text in one)
        )
        known = self._index.vocabulary.union(said)
        self._joiner = Joiner(known, self._speech, lambda word: self._rareness(word) is not None)
        written = (phrase[0] for phrase in self._speech.spoken if len(phrase) == 1)
        self._spelt = {*self._index.named, *written}
        self._slips = Slips(self._rareness, said, self._index.named)

    def find(self, text: str, limit: int = 3, *, typing: bool = False) -> Meaning:
        """What `text` asks for, best first, at most `limit` services. Who is `typing` may not have
        ended the last word. Never raises."""
        words = errand_of(split(without_denied(text), MOST_SAID), self._speech)
        said = read_letters(words, self._spelt)
        unfinished = typing and text[-1:].isalnum()

        def told(part: Words) -> Meaning:
            return self._found(part, max(limit, 0), unfinished and part[-1:] == said[-1:])

        close = [told(part) for part in close_parts(said)]
        sure = [one for one in close if one.outcome in _SURE]
        meaning = replace(_clearest([*map(told, parts(said)), *sure]), query=text)
        if meaning.hits and not meaning.because:
            meaning = replace(meaning, because=self._because(said, meaning.hits[0].service_id))
        if meaning.outcome == "choose":
            hits = [hit.service_id for hit in meaning.hits]
            about = self._speech.about(as_errand(self._read(said), self._speech))
            question, options = ask_which(self._splits, hits, self._names, about)
            meaning = replace(meaning, question=question, options=options)
        return meaning

    def _found(self, said: Words, limit: int, unfinished: bool) -> Meaning:
        text = " ".join(said)
        told = self._english.told(said)
        if told is not None and self._speech.emergency_service in self._ids:
            urgent = self._index.emergency(text, limit)
            return replace(urgent, because=told.words[:_REASONS], emergency_kind=told.kind)
        words = self._read(said, unfinished)
        if self._model is None or not words or (unfinished and self._is_begun(words)):
            return self._told(self._index.find(text, limit, typing=unfinished), said)
        judged = self._judged(words, self._model, unfinished)
        if not judged.ours:
            return self._index.find(text, limit, typing=unfinished)
        danger = max(judged.danger, self._danger_after_errand(words, self._model))
        if danger > self._decision.alarm_limit:
            return self._told(self._index.emergency(text, limit), said)
        offered = self._dangers.is_offered(words)
        perhaps = danger > self._decision.perhaps_limit or offered
        kind = self._dangers.kind(words) if perhaps else UNKNOWN
        ranked = self._offered(self._with_untaught(judged), judged.about)
        meaning = replace(
            self._ranked(text, ranked, judged.ours, limit),
            perhaps_urgent=perhaps,
            urgent_kind="" if kind == UNKNOWN else kind,
            urgent_told=offered or kind != UNKNOWN,
        )
        # A name or the beginning of one is little to judge by, but ours.
        count = judged.content_words
        said_all = max((share for _, share in judged.named.values()), default=0.0) >= _NAMED
        is_named = 0 < count <= _FEW and not judged.topics and said_all
        best = meaning.hits[0].score if meaning.hits else 0.0
        trusted = is_named or ranked[0] in self._untaught
        foreign = best < _NEAR or self._decision.doubt(judged.doubts) > self._decision.limit
        if foreign and not trusted:
            guesses = meaning.hits if best >= _WORTH_A_GUESS else ()
            return replace(meaning, outcome="out_of_scope", hits=(), guesses=guesses)
        if count == 1 and self._index.find(text, _FEW, typing=unfinished).outcome == "choose":
            # It names several services, however people mostly go on from it.
            return replace(meaning, outcome="choose")
        return meaning

    def _judged(self, words: Words, model: Model, unfinished: bool = False) -> _Judged:
        errand = as_errand(words, self._speech)
        about = self._speech.about(errand)
        scores = model.scores(model.places(features(errand, self._speech, about)))
        learned = {one: said for one, said in scores.items() if one[0] == "!" or one in self._ids}
        named = self._index.evidence(" ".join(words), unfinished=unfinished)
        topics, count = self._topics.seen(words), len(content(errand, self._speech))
        ours = mixed(learned, named)
        if not ours:
            return _Judged(ours, named, topics, about, count, {}, -math.inf)
        seen = doubts(learned, named, topics, about, count)
        view = self._dangers.view(words)
        signs = dangers(view, learned, seen, self._speech.emergency_service)
        danger = self._danger(words, signs)
        return _Judged(ours, named, topics, about, count, {**seen, **signs}, danger)

    def _danger_after_errand(self, words: Words, model: Model) -> float:
        """What is told of a danger after an errand, as if it were all that was said; of what is not
        said to be now help is offered at most: "santunan anak saya tenggelam"."""
        clause = self._dangers.clause(words)
        if not clause or self._dangers.is_not_now(words):
            return -math.inf
        danger = self._judged(clause, model).danger
        # "kartu anak saya hilang": certain of the child only without the papers before it.
        of_papers = self._dangers.is_certain(clause) and not self._dangers.is_certain(words)
        if of_papers or not self._dangers.is_pressing(clause):
            return min(danger, self._decision.alarm_limit)
        return danger

    def _with_untaught(self, judged: _Judged) -> list[str]:
        """Services, best first, the new ones by their names beside the favourite."""
        ours, named = judged.ours, judged.named
        favourite = max(ours, key=lambda one: (ours[one], one))
        for one in self._untaught & named.keys():
            more = named[one][0] - named.get(favourite, (0.0, 0.0))[0]
            ours[one] = ours[favourite] + _UNTAUGHT_WEIGHT * more
        return sorted(ours, key=lambda one: (-ours[one], one))

    def _offered(self, ranked: Sequence[str], about: Collection[str]) -> list[str]:
        """Without what nobody is offered beside another who did not speak of it."""
        unasked = self._unasked
        return [
            one
            for at, one in enumerate(ranked)
            if at == 0 or one not in unasked or not unasked[one].isdisjoint(about)
        ]

    def _read(self, said: Words, unfinished: bool = False) -> Words:
        """Slips mended, joined words apart, in the words of the catalogue. A last word that is
        still typed and begins one of the catalogue's is no slip yet: "kelur" is not "keluar"."""
        meant = self._slips.mended(said)
        if said and unfinished and self._index.begins(said[-1]):
            meant = (*meant[:-1], said[-1])
        return spoken_to_written(self._joiner.apart(meant), self._speech)

    def _rareness(self, word: str) -> float | None:
        """None of a word that nobody ever used."""
        if self._model is not None and (at := self._model.places((f"w:{stem(word)}",))):
            return self._model.rareness[at[0]]
        return _NEVER_TAUGHT if self._joiner.knows(word) or self._speech.knows(word) else None

    def _ranked(
        self, text: str, ranked: Sequence[str], scores: Mapping[str, float], limit: int
    ) -> Meaning:
        total = sum(math.exp(score - scores[ranked[0]]) for score in scores.values())
        shares = {one: math.exp(scores[one] - scores[ranked[0]]) / total for one in ranked[:limit]}
        clear = 1 / total >= self._decision.clear_share
        hits = tuple(
            Hit(one, round(share, 4))
            for at, (one, share) in enumerate(shares.items())
            if at < 2 or share >= max(_WORTH_A_LOOK, _BESIDE * shares[ranked[0]])
        )
        outcome: Outcome = "match" if clear else "choose"
        return Meaning(text, outcome, hits)

    def _danger(self, words: Words, signs: Mapping[str, float]) -> float:
        """Log-odds that somebody needs help now; beyond all doubt for a sign and little else, but
        of the past or a figure of speech ("antreannya bikin pingsan")."""
        if self._speech.emergency_service not in self._ids:
            return -math.inf
        if self._dangers.is_peaceful(words) or self._english.is_plain(words):
            return -math.inf
        count = len(content(words, self._speech))
        few = count <= _FEW and self._index.is_emergency(words)
        if (few or self._dangers.is_certain(words)) and not self._dangers.is_not_now(words):
            return math.inf
        danger = self._decision.danger(signs)
        # One word that is no sign of any, such as "atas": help is offered, no more.
        is_alone = count <= 1 and not signs["danger"] and not signs["now"]
        if is_alone or self._dangers.is_calm(words) or self._english.is_past(words):
            return min(danger, self._decision.alarm_limit)
        return danger

    def _told(self, meaning: Meaning, said: Words) -> Meaning:
        """With the kind of an emergency and the words that show it."""
        if meaning.outcome != "emergency":
            return meaning
        of = self._dangers.kind
        shown = tuple(word for word in dict.fromkeys(said) if of(self._read((word,))) != UNKNOWN)
        kind = of(self._read(said))
        if kind == UNKNOWN:
            kind = self._english.hinted(said) or UNKNOWN
        return replace(meaning, because=shown[:_REASONS], emergency_kind=kind)

    def _is_begun(self, words: Words) -> bool:
        """Little more than a word that may go on and is none yet: names know what it may become,
        beside words of theirs. Of "tambal ban" they know neither what is patched nor "banjir"."""
        return (
            len(content(words, self._speech)) <= _FEW
            and stem(words[-1]) not in self._index.vocabulary
            and words[-1] not in self._speech.fillers
            and self._index.begins(words[-1])
            and set(content(words[:-1], self._speech)) <= self._index.vocabulary
        )

    def _because(self, said: Words, service: str) -> tuple[str, ...]:
        worth = {word: self._worth(word, service) for word in dict.fromkeys(said)}
        best = max(worth.values(), default=0.0)
        told = sorted((word for word in worth if worth[word] > 0), key=lambda word: -worth[word])
        kept = {word for word in told[:_REASONS] if worth[word] >= best * _WEAK_REASON}
        return tuple(word for word in worth if word in kept)

    def _worth(self, word: str, service: str) -> float:
        """What one of the citizen's words says for a service."""
        words = as_errand(self._read((word,)), self._speech)
        stems = content(words, self._speech)
        if self._model is not None and service not in self._untaught:
            said = features(words, self._speech, self._speech.about(words)) if stems else ()
            return self._model.said(self._model.places(said), service)
        return sum(self._index.evidence(one).get(service, (0.0, 0.0))[0] for one in stems)


def _clearest(found: Sequence[Meaning]) -> Meaning:
    """Of what the parts of a long telling mean. A part is no whole sentence: there an alarm needs a
    sign of danger, else help is offered besides."""
    if len(found) == 1:
        return found[0]
    vague = [one.outcome == "emergency" and one.emergency_kind == UNKNOWN for one in found]
    if all(vague):
        return found[0]
    sure = [one for one, is_vague in zip(found, vague, strict=True) if not is_vague]
    best = max(sure, key=lambda one: (_CLEARNESS[one.outcome], sum(h.score for h in one.hits[:1])))
    urgent = any(vague) or any(one.perhaps_urgent for one in found)
    told = any(vague) or any(one.urgent_told for one in found)
    return replace(best, perhaps_urgent=urgent and best.outcome != "emergency", urgent_told=told)
