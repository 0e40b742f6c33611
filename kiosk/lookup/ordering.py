"""Which of several things comes first, as the life events of the catalogue have it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kiosk.domain.service import Catalogue
from kiosk.domain.turn import TurnOutcome
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording


class Ordering:
    """Changes nothing."""

    def __init__(
        self, catalogue: Catalogue, hearing: Hearing, wording: Wording, answers: Answering
    ) -> None:
        self._events = [one.services for one in catalogue.events]
        self._hearing = hearing
        self._wording = wording
        self._answers = answers

    def is_event(self, services: tuple[str, ...]) -> bool:
        """Are they what a life event takes, which stand in their order already?"""
        return services in self._events

    def asked(self, heard: Heard, thread: Thread) -> Reply | None:
        """None where no order is asked for, or of fewer than two things."""
        first = self._hearing.moves(heard, "order")
        first = first or (bool(thread.options) and self._hearing.moves(heard, "sequence"))
        if not first and not self._hearing.moves(heard, "order_of"):
            return None
        services = self._named(heard, thread)
        if not services and first and self._hearing.things.isdisjoint(heard.content):
            services = self._running(thread)
        if len(services) < 2:
            return None
        ordered = self._in_order(services)
        if services == thread.options and not ordered and not thread.together:
            return None  # nobody wished for each of them: whoever leaves it to us is told of one
        rest = tuple(one for one in services if one not in ordered)
        parts = [self._answers.choice(ordered, sentence="in_order")] if ordered else []
        if rest:
            parts.append(self._answers.choice(rest, sentence="no_order", first=len(ordered) + 1))
        said = self._answers.each(parts)
        # Of a choice the screen shows the first line only, as if the rest came in order too.
        outcome: TurnOutcome = "answer" if ordered and rest else "choose"
        return Reply(outcome, said, options=(*ordered, *rest), together=True)

    def _running(self, thread: Thread) -> tuple[str, ...]:
        """The options that stand, or else what was spoken of. Of a life event the first is told."""
        if self.is_event(thread.options):
            return ()
        return thread.options or thread.told_in_order()

    def _in_order(self, services: Collection[str]) -> tuple[str, ...]:
        """Those of which a life event tells what comes before or after them."""
        known = [
            one for one in services if any(self._side(one, two) for two in services if one != two)
        ]
        return tuple(sorted(known, key=lambda one: sum(self._side(one, two) for two in known)))

    def _side(self, one: str, two: str) -> int:
        """-1 for what comes before the other one, 1 after; 0 where it depends or is not known."""
        places = [(e.index(one), e.index(two)) for e in self._events if one in e and two in e]
        sides = {1 if mine > other else -1 for mine, other in places if mine != other}
        return sides.pop() if len(sides) == 1 else 0

    def _named(self, heard: Heard, thread: Thread) -> tuple[str, ...]:
        """The service of each side, if each is known: of "KK" alone the one that was spoken of or
        offered, or that a life event has beside the other."""
        errand = self._hearing.patterns["errand"]
        sides = [
            {word for word in self._hearing.content(one) if not errand.match(word)}
            for one in self._hearing.sides(heard)
        ]
        sides = [one for one in sides if one & self._hearing.things]
        if len(sides) < 2:
            return ()
        near = (*thread.options, *reversed(thread.spoken))
        lists = [one for one in (near, *self._events) if one]
        for services in lists:
            found = [self._called(side, services) for side in sides]
            if None not in found and len(set(found)) == len(found):
                return tuple(one for one in found if one is not None)
        sure = [self._wording.surely_named(" ".join(side)) for side in sides]
        return tuple(dict.fromkeys(one for one in sure if one)) if all(sure) else ()

    def _called(self, words: Collection[str], services: Iterable[str]) -> str | None:
        """The first whose name holds all the words, or else one of its other names; or at least the
        acronyms among them."""
        names = self._hearing.names.intersection(words)
        listed = [one for one in services if names <= self._wording.name(one)]
        calls = (self._wording.name, self._wording.own)
        for said in (set(words), names):
            found = (one for called in calls for one in listed if said <= called(one))
            if said and (one := next(found, None)) is not None:
                return one
        return None
