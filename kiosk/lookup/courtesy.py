"""Greeting, thanks, insults, and talk of the machine itself and of whoever stands before it:
answered shortly and kindly, unless an errand is spoken of beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from kiosk.domain.meaning import Meaning
from kiosk.lookup.alarm import UNKNOWN
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import OF_AN_ERRAND, Hearing
from kiosk.lookup.patterns import NEVER, either
from kiosk.lookup.wording import Find, Wording

_CUT = " ; "  # where courtesy was taken out: what stands on either side is not said together
_FEW_STRANGE = 1  # word beside those of a topic
_MOST = 3  # services that what is said beside it may mean
_MOST_PARTS = 8  # of a turn; more are noise
_PARTS = re.compile(r"[.?!,;\n]+|\b(?:and|dan)\b", re.I)  # of a turn that asks two things at once


@dataclass(frozen=True, slots=True)
class _Topic:
    """One of `words` is said and nothing else but `beside`; with `marks`, one of them."""

    words: frozenset[str]
    beside: frozenset[str]
    marks: re.Pattern[str] | None
    unless: re.Pattern[str]
    loose: bool  # its marks tell enough beside a word that is not known

    def is_said(self, heard: Heard) -> bool:
        if self.words.isdisjoint(heard.words.split()) or self.unless.search(heard.words):
            return False
        return self.marks is None or bool(self.marks.search(heard.words))

    @property
    def known(self) -> frozenset[str]:
        return self.words | self.beside


class Courtesies:
    """The tables `courtesy` and `talk` of dialogue.toml, compiled; changes nothing."""

    def __init__(
        self, table: Mapping[str, Any], find: Find, hearing: Hearing, wording: Wording
    ) -> None:
        self._find = find
        self._hearing = hearing
        self._wording = wording
        courtesy = dict(table["courtesy"])
        self._words = frozenset(courtesy.pop("words").split())
        self._outweighing = frozenset(courtesy.pop("outweighing").split())
        self._telling = frozenset(courtesy.pop("telling").split())
        self._peaceful = frozenset(courtesy.pop("peaceful").split())
        self._kinds = {kind: either(said, hearing.parts) for kind, said in courtesy.items()}
        self._topics: dict[str, _Topic] = {
            kind: self._topic(row) for kind, row in table["talk"].items()
        }

    def _topic(self, row: Mapping[str, Any]) -> _Topic:
        marks, parts = row.get("marks"), self._hearing.parts
        return _Topic(
            frozenset(row["words"].split()),
            frozenset(row["beside"].split()) | self._words,
            either(marks, parts) if marks else None,
            either(row["unless"], parts) if "unless" in row else NEVER,
            row.get("loose", False),
        )

    def told(self, text: str, heard: Heard, meaning: Meaning) -> tuple[str, ...]:
        """The kinds that are all that was said; two of the machine are told one after the other."""
        if not heard.words:
            return ("empty",)
        if kinds := self._of_the_parts(text):
            telling = [kind for kind in dict.fromkeys(kinds) if kind in self._telling]
            others = [kind for kind in kinds if kind != "ok"] or kinds
            return tuple(telling[:2]) or (others[-1],)
        if (kind := self._only(heard, meaning)) is not None:
            return (kind,)
        return self._two_topics(heard)

    def _of_the_parts(self, text: str) -> list[str]:
        """The kind of each part of a turn that has several; none where one of them is no courtesy.
        Each costs a lookup: of many parts none is looked at."""
        parts = [part for part in _PARTS.split(text) if part.strip()]
        if not 1 < len(parts) <= _MOST_PARTS:
            return []
        kinds = []
        for part in map(self._hearing.hear, parts):
            if (kind := self._only(part, self._find(part.words, _MOST))) is None:
                return []
            kinds.append(kind)
        return kinds

    def is_peaceful(self, kinds: Sequence[str], meaning: Meaning) -> bool:
        """Is nobody in danger who says no more than this, though it sounds like a cry, of no kind
        in particular?"""
        kind = meaning.emergency_kind or meaning.urgent_kind or UNKNOWN
        return kind == UNKNOWN and bool(kinds) and self._peaceful.issuperset(kinds)

    def _only(self, heard: Heard, meaning: Meaning) -> str | None:
        """An insult is answered as one unless something is asked with it; a greeting only when
        nothing else is said."""
        kind = self._kind(heard)
        found = self._by_pattern(kind, heard, meaning) if kind else None
        return found or self._topic_of(heard)

    def _by_pattern(self, kind: str, heard: Heard, meaning: Meaning) -> str | None:
        beside = self._beside(heard)
        asked = beside.question
        waits = asked is not None and asked.slot == "waktu" and kind == "complaint"  # "lama banget"
        if asked is not None and asked.fact != "summary" and not waits:  # "apaan sih"
            return None
        if not beside.content:
            return kind
        if kind not in self._outweighing or meaning.outcome == "match":
            return None
        named = not self._hearing.names.isdisjoint(beside.content)
        return None if named or self._wording.sure(beside.words) is not None else kind

    def beside(self, heard: Heard, meaning: Meaning) -> tuple[Heard, Meaning]:
        """After thanks the errand is looked for in what else was said: "makasih, kalau SIM?"."""
        kind = self._kind(heard)
        if kind not in self._outweighing or meaning.outcome == "match":
            return heard, meaning
        beside = self._beside(heard, kind)
        return beside, self._find(beside.words, _MOST)

    def _kind(self, heard: Heard) -> str | None:
        return next((kind for kind, said in self._kinds.items() if said.search(heard.words)), None)

    def _topic_of(self, heard: Heard) -> str | None:
        """What is said of the machine and of talking to it, if nothing else is spoken of."""
        if _is_of_an_errand(heard):
            return None
        for kind, topic in self._topics.items():
            if topic.is_said(heard) and _all_in(heard, topic.known):
                return kind
        return None

    def loosely(self, heard: Heard, meaning: Meaning) -> str | None:
        """The kind that something was said of, beside what no service answers, or the queue."""
        queues = meaning.hits[:1] and meaning.hits[0].service_id == self._hearing.status_service
        if meaning.outcome != "out_of_scope" and not queues:
            return None
        if not self._hearing.things.isdisjoint(heard.content) or _is_of_an_errand(heard):
            return None
        asked = heard.question
        if asked is not None and asked.slot != "waktu":  # "lama banget"
            return None
        for kind, topic in self._topics.items():
            strange = [word for word in heard.content if word not in topic.known]
            near = topic.loose and len(strange) <= _FEW_STRANGE
            near = near or (bool(queues) and topic.marks is not None)
            if near and topic.is_said(heard):
                return kind
        return None

    def _two_topics(self, heard: Heard) -> tuple[str, ...]:
        """ "Are you AI, do you keep my voice": no one topic has all the words, but two have."""
        telling = (kind for kind in self._topics if kind in self._telling)
        said = [kind for kind in telling if self._topics[kind].is_said(heard)]
        for pair in combinations(said, 2):
            one, other = (self._topics[kind].known for kind in pair)
            if _all_in(heard, one | other):
                return pair
        return ()

    def _beside(self, heard: Heard, kind: str | None = None) -> Heard:
        """What is said and asked beside this kind of courtesy, or beside them all."""
        rest = heard.words
        for one, said in self._kinds.items():
            rest = said.sub(_CUT, rest) if kind in (None, one) else rest
        left = set(rest.split()) - self._words
        return replace(
            heard,
            words=" ".join(rest.replace(_CUT, " ").split()),
            content=tuple(word for word in heard.content if word in left),
            question=self._hearing.asked(rest),
        )


def _is_of_an_errand(heard: Heard) -> bool:
    return heard.question is not None and heard.question.slot in OF_AN_ERRAND


def _all_in(heard: Heard, known: frozenset[str]) -> bool:
    return all(word in known or word.isdigit() for word in heard.content)
