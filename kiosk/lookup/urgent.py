"""What is said after an alarm: the help again, who was called already, or that it is over. And
whom to call, where nothing else is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kiosk.domain.meaning import Meaning
from kiosk.lookup.alarm import UNKNOWN
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.patterns import either
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Find

_MOST = 3  # services that may be meant beside the word that it is over


class Urgency:
    """Changes nothing but the thread it is given. `table`: of dialogue.toml, `emergency`."""

    def __init__(
        self, table: Mapping[str, Any], find: Find, hearing: Hearing, answers: Answering
    ) -> None:
        self._find = find
        self._hearing = hearing
        self._answers = answers
        self._helpers = frozenset(table["helpers"].split())
        self._kinds = {kind: either(said) for kind, said in table["kind"].items()}

    def alarm(self, heard: Heard, meaning: Meaning, before: Reply | None) -> Reply:
        """A cry that does not say for what is still for what the help was told `before`."""
        kind = meaning.emergency_kind
        if kind == UNKNOWN:
            said = (one for one, words in self._kinds.items() if words.search(heard.words))
            kind = next(said, UNKNOWN)
        if kind == UNKNOWN and before is not None:
            return self._again(heard, before)
        service = meaning.hits[0].service_id if meaning.hits else None
        told = Reply("emergency", self._answers.emergency(kind), service)
        return told if before is None else self._again(heard, told)

    def unasked(self, meaning: Meaning) -> Meaning:
        """Of several that may be meant none is the help line, where nothing sounds like a cry."""
        if meaning.outcome != "choose" or meaning.perhaps_urgent or len(meaning.hits) == 1:
            return meaning
        help_line = self._hearing.emergency_service
        hits = tuple(hit for hit in meaning.hits if hit.service_id != help_line)
        return replace(meaning, hits=hits) if len(hits) < len(meaning.hits) else meaning

    def over(self, heard: Heard, thread: Thread) -> bool:
        """After an alarm: somebody helps by now, or there is no danger any more."""
        return (
            thread.urgent is not None
            and self._hearing.moves(heard, "safe")
            and not self._hearing.moves(heard, "lasts")
        )

    def beside(self, heard: Heard, thread: Thread) -> tuple[Heard, Meaning] | None:
        """What is told with the word that it is over, and what that means: something asked for, or
        another danger; None where it is neither, then it is said how good that is."""
        rest = self._hearing.without(heard, "safe")
        meaning = self._find(rest.words, _MOST)
        if meaning.outcome == "emergency":
            told = self.alarm(rest, meaning, None)
            same = thread.urgent is not None and told.said.lines[0] in thread.urgent.said.lines
            if same or meaning.emergency_kind == UNKNOWN:
                return None
            return rest, meaning
        asks = rest.question is not None or _needs(rest) or self._hearing.of_an_errand(rest)
        wishes = self._hearing.moves(rest, "wish") and bool(meaning.hits)
        if not asks and not (rest.content and (wishes or meaning.outcome == "match")):
            return None
        return rest, meaning

    def number(self, heard: Heard, thread: Thread) -> Reply | None:
        """Of the police, the fire brigade: what it is, unless it was just told with the help."""
        asks = self._hearing.moves(heard, "number_of")
        if not asks or not self._helpers.issuperset(heard.content):
            return None
        said = self._answers.numbers(heard.content)
        told = thread.urgent.said.lines if thread.urgent is not None else ()
        if said is None or set(said.lines) <= set(told):
            return None
        return Reply("answer", said)

    def at_a_loss(self, heard: Heard, thread: Thread) -> bool:
        """After an alarm "what should I do" is no question about the machine."""
        return thread.urgent is not None and not heard.content

    def still(self, heard: Heard, meaning: Meaning, thread: Thread) -> Reply | None:
        """After an alarm "nomornya berapa" and "terus gimana" are of the help that was told, never
        of the errand before it, until something else is asked for."""
        urgent = thread.urgent
        if urgent is None:
            return None
        if self._hearing.moves(heard, "address"):  # where the help is wanted
            return self._again(heard, urgent)
        if self._turns_away(heard, meaning):
            return None
        needs = _needs(heard) and not self._hearing.moves(heard, "helpline")
        if needs and thread.in_hand is not None and not meaning.perhaps_urgent:
            return None
        return self._again(heard, urgent)

    def calm(self, heard: Heard, meaning: Meaning, thread: Thread) -> bool:
        """No help is offered besides: no sign of danger is said, and a question is asked of one's
        own case or of the errand in hand."""
        if meaning.urgent_told or self._hearing.moves(heard, "helpline"):
            return False
        asked = heard.case is not None or heard.question is not None
        return asked and thread.in_hand is not None

    def _turns_away(self, heard: Heard, meaning: Meaning) -> bool:
        """Is something else asked for than help?"""
        if self._hearing.of_an_errand(heard):
            return True
        if not heard.content or self._hearing.moves(heard, "lasts"):
            return False
        wishes, best = self._hearing.moves(heard, "wish"), meaning.hits[:1]
        if meaning.outcome == "match" or not best:
            return meaning.outcome == "match"
        if best[0].service_id == self._hearing.emergency_service or meaning.perhaps_urgent:
            return False
        return wishes or heard.question is not None or heard.case is not None

    def _again(self, heard: Heard, urgent: Reply) -> Reply:
        """Who has called already is told what to do besides."""
        if not self._hearing.moves(heard, "called"):
            return urgent
        (again,) = self._answers.sentence("call_again").lines
        told = tuple(line for line in urgent.said.lines if line != again)
        return replace(urgent, said=replace(urgent.said, lines=(again, *told)))


def _needs(heard: Heard) -> bool:
    """Is it asked what an errand needs: "perlu saksi ga"?"""
    return heard.case is not None and heard.case.kind == "need"
