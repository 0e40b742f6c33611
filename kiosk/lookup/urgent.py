"""What is said after an alarm: the help again, who was called already, or that it is over."""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.meaning import Meaning
from kiosk.lookup.alarm import UNKNOWN
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.thread import Reply, Thread


class Urgency:
    """Changes nothing but the thread it is given."""

    def __init__(self, hearing: Hearing, answers: Answering) -> None:
        self._hearing = hearing
        self._answers = answers

    def alarm(self, heard: Heard, meaning: Meaning, before: Reply | None) -> Reply:
        """A cry that does not say for what is still for what the help was told `before`."""
        if meaning.emergency_kind == UNKNOWN and before is not None:
            return self._again(heard, before)
        service = meaning.hits[0].service_id if meaning.hits else None
        told = Reply("emergency", self._answers.emergency(meaning.emergency_kind), service)
        return told if before is None else self._again(heard, told)

    def over(self, heard: Heard, thread: Thread) -> bool:
        """After an alarm: somebody helps by now, or there is no danger any more."""
        is_over = (
            thread.urgent is not None
            and self._hearing.moves(heard, "safe")
            and not self._hearing.moves(heard, "lasts")
        )
        if is_over:
            thread.urgent = None
        return is_over

    def relief(self, heard: Heard) -> Reply | None:
        """What is said to that, unless something is asked with it."""
        if heard.question is not None or _needs(heard) or self._hearing.of_an_errand(heard):
            return None
        return Reply("smalltalk", self._answers.sentence("safe"))

    def still(self, heard: Heard, meaning: Meaning, thread: Thread) -> Reply | None:
        """After an alarm "nomornya berapa" and "terus gimana" are of the help that was told, never
        of the errand before it, until something else is asked for."""
        urgent = thread.urgent
        sure = bool(heard.content) and meaning.outcome == "match"
        if urgent is None:
            return None
        if self._hearing.moves(heard, "address"):  # where the help is wanted
            return self._again(heard, urgent)
        wishes = self._hearing.moves(heard, "wish") and meaning.hits and heard.content
        if sure or wishes or self._hearing.of_an_errand(heard):
            return None
        needs = _needs(heard) and not self._hearing.moves(heard, "helpline")
        if needs and thread.in_hand is not None and not meaning.perhaps_urgent:
            return None
        return self._again(heard, urgent)

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
