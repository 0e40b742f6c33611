"""Greeting, thanks, insults, and talk of the machine itself: answered shortly and kindly, unless an
errand is spoken of beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kiosk.domain.meaning import Meaning
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.patterns import either
from kiosk.lookup.wording import Find, Wording

_CUT = " ; "  # where courtesy was taken out: what stands on either side is not said together
_MOST = 3  # services that what is said beside it may mean


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
        self._kinds = {kind: either(said, hearing.parts) for kind, said in courtesy.items()}
        talk = {kind: frozenset(said.split()) for kind, said in table["talk"].items()}
        self._beside_talk = talk.pop("beside") | self._words
        self._talk: dict[str, frozenset[str]] = talk

    def only(self, heard: Heard, meaning: Meaning) -> str | None:
        """The kind that is all that was said. An insult is answered as one unless something is
        asked with it; a greeting only when nothing else is said."""
        if not heard.words:
            return "empty"
        kind = self._kind(heard)
        if kind is None:
            of_it = heard.case is None or heard.case.kind == "loose"  # "ada WC ga"
            return self._of_the_machine(heard) if of_it else None
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

    def _of_the_machine(self, heard: Heard) -> str | None:
        """What is said of the machine and of talking to it, if nothing else is spoken of."""
        said = set(heard.content)
        for kind, words in self._talk.items():
            if said & words and said <= words | self._beside_talk:
                return kind
        return None

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
