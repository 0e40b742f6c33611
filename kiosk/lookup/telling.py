"""What is told of a service that is known: the fact asked for, its lines about one's own case, or
what people mostly want to know first."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.service import Catalogue, Service
from kiosk.domain.turn import Slot
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Case, Heard, Question
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.opening import Opening
from kiosk.lookup.thread import Reply
from kiosk.lookup.wording import Wording

# In this order something is told of a service that was only named.
_FIRST_TOLD: tuple[tuple[str, Slot], ...] = (
    ("requirements", "syarat"),
    ("steps", "langkah"),
    ("place", "lokasi"),
)


class Telling:
    """Changes nothing."""

    def __init__(
        self,
        catalogue: Catalogue,
        hearing: Hearing,
        wording: Wording,
        answers: Answering,
        opening: Opening,
    ) -> None:
        self._services = catalogue.services
        self._hearing = hearing
        self._wording = wording
        self._answers = answers
        self._opening = opening

    def told(
        self, chosen: str, question: Question | None, heard: Heard, now: datetime, *, spoken: bool
    ) -> Reply:
        """`question` may have been asked before the service was chosen; `spoken`: of this service
        one spoke already, so that a thing asked after belongs to it."""
        service = self._services[chosen]
        if heard.case is not None and heard.asks_case and (spoken or heard.case.kind == "own"):
            return self._of_the_case(service, heard.case, now)
        if chosen == self._hearing.emergency_service and self._hearing.moves(heard, "ambulance"):
            return Reply("unknown", self._answers.sentence("ambulance"), chosen)
        if question is None and chosen == self._hearing.emergency_service:
            return Reply("emergency", self._answers.emergency(""), chosen)
        if question is None:
            return self._first_told(service, heard, now)
        if question.slot == "jam":
            return self._opening.of(service, heard, now)
        if question.fact == "summary":
            return self._meaning(service, heard, now)
        said = self._answers.fact(service, question.fact, now.date())
        if said is None or self._at_another_counter(chosen, question, heard):
            said = self._answers.missing(service, question.fact, now.date())
            return Reply("unknown", said, chosen, question.slot)
        return Reply("answer", said, chosen, question.slot)

    def no_meaning(self, service: str | None) -> Reply:
        """A word is asked after that no service is called by."""
        return Reply("unknown", self._answers.sentence("no_meaning"), service)

    def asks_of_a_word(self, heard: Heard, likely: tuple[str, ...]) -> bool:
        """Is a meaning asked after of something that none of the likely services is called?"""
        if heard.question is None or heard.question.fact != "summary" or not heard.content:
            return False
        return not any(set(heard.content) <= self._wording.name(one) for one in likely)

    def _of_the_case(self, service: Service, case: Case, now: datetime) -> Reply:
        about = self._answers.about(service, case.lines, now.date())
        if about is not None:
            return Reply("answer", about, service.id)
        return Reply("unknown", self._answers.missing(service, "", now.date()), service.id)

    def _meaning(self, service: Service, heard: Heard, now: datetime) -> Reply:
        """The summary tells what a service is, never what a word means that only led to it."""
        if heard.content and not set(heard.content) & self._wording.name(service.id):
            return self.no_meaning(service.id)
        return Reply("answer", self._answers.overview(service, now.date()), service.id)

    def _at_another_counter(self, chosen: str, question: Question, heard: Heard) -> bool:
        """Of another's counter the catalogue's fee and time are not true, nor is the place that of
        an office it never speaks of."""
        here = self._services[chosen].at_kelurahan
        if question.slot in ("biaya", "waktu"):
            done_by = self._wording.done_by
            return any(here or not done_by(chosen, one) for one in heard.agencies)
        if question.slot != "lokasi" or not heard.agencies:
            return False
        if here:
            return not self._hearing.of_the_office(heard)
        return not any(self._wording.goes_to(chosen, one) for one in heard.agencies)

    def _first_told(self, service: Service, heard: Heard, now: datetime) -> Reply:
        if service.id == self._hearing.hours_service:
            return self._opening.of(service, heard, now)
        order = _FIRST_TOLD
        if service.id in self._hearing.steps_first:
            order = (order[1], order[0], *order[2:])
        for fact, slot in order:
            if (told := self._answers.fact(service, fact, now.date())) is not None:
                return Reply("answer", told, service.id, slot)
        nothing = self._answers.missing(service, "requirements", now.date(), whatever_it_says=True)
        return Reply("unknown", nothing, service.id, "syarat")
