"""What happened to somebody, told without asking for a paper: all the services that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue, LifeEvent
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.patterns import either
from kiosk.lookup.thread import Reply, Thread

_MANY_NAMES = 2  # things named, from which on all that happened is meant and none of them


class Happenings:
    """The life events of the catalogue; changes nothing."""

    def __init__(
        self, table: Mapping[str, Any], catalogue: Catalogue, hearing: Hearing, answers: Answering
    ) -> None:
        """`table`: dialogue.toml."""
        self._events = catalogue.events
        said = table["events"].items()
        self._patterns = {event: either(words, hearing.parts) for event, words in said}
        self._certain, self._yielding, self._news = (
            frozenset(table[name].split()) for name in ("certain_events", "yielding_events", "news")
        )
        self._hearing = hearing
        self._answers = answers

    def meant(self, heard: Heard, meaning: Meaning, thread: Thread) -> Reply | None:
        """None where a slot is asked for, or one thing is named: that one is meant then. With a
        service in hand one that is told in passing is none either: "bapaknya udah meninggal, siapa
        walinya"."""
        if heard.question is not None and not self._hearing.moves(heard, "bundle"):
            return None
        one_named = not self._hearing.things.isdisjoint(heard.content)
        many_named = len(self._hearing.names.intersection(heard.content)) >= _MANY_NAMES
        clear = meaning.hits[0].service_id if meaning.outcome == "match" else None
        return self.told_of(heard, thread, clear, named=one_named and not many_named)

    def told_of(
        self, heard: Heard, thread: Thread, clear: str | None = None, *, named: bool = False
    ) -> Reply | None:
        """`clear`: what the words surely mean; an event that has nothing to do with it is none, nor
        one that yields to any, nor where a thing is `named`, unless its words leave no doubt. Help
        that was told in this talk is no errand of the event any more."""
        if self._in_passing(heard, thread):
            return None
        for event in self._events:
            if self._is_known(event, thread):
                continue
            pattern = self._patterns.get(event.id)
            other = named or (clear is not None and clear not in event.services)
            yields = clear is not None and event.id in self._yielding
            if yields or (other and event.id not in self._certain):
                continue
            if pattern is not None and pattern.search(heard.words):
                help_line = self._hearing.emergency_service
                services = tuple(
                    one for one in event.services if not (thread.helped and one == help_line)
                )
                said = self._answers.event(event.id, services)
                return Reply("choose", said, options=services)
        return None

    def _in_passing(self, heard: Heard, thread: Thread) -> bool:
        asides = ("asks", "what_about")
        passing = heard.pointing or any(self._hearing.moves(heard, one) for one in asides)
        return thread.in_hand is not None and passing

    def _is_known(self, event: LifeEvent, thread: Thread) -> bool:
        """Does its list stand, or is it the ground of the service spoken of, which is told of once
        more: "dagang di sini", of a business letter? Some are news all the same."""
        if event.id in self._certain:
            return False
        if thread.options == event.services and thread.service is None:
            return True
        return thread.in_hand in event.services and event.id not in self._news
