"""What is told of a service that is known: the fact asked for, its lines about one's own case, or
what people mostly want to know first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue, Service, Text
from kiosk.domain.turn import Slot, TurnOutcome
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Case, Heard, Question
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.lines import ENOUGH, OwnLines
from kiosk.lookup.opening import Opening
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording

_ALL = 1.0  # of what was asked after stands in the line
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
        lines: OwnLines,
    ) -> None:
        self._services = catalogue.services
        self._hearing = hearing
        self._wording = wording
        self._answers = answers
        self._opening = opening
        self._lines = lines

    def told(
        self,
        chosen: str,
        question: Question | None,
        heard: Heard,
        now: datetime,
        before: Collection[str],
    ) -> Reply:
        """`question` may have been asked before the service was chosen; of one that was spoken of
        `before` a thing asked after belongs to it."""
        service, spoken = self._services[chosen], chosen in before
        new = not spoken or self._hearing.moves(heard, "registers")
        here = question is not None and question.here
        first = self._answers.first(service, new=new, here=here)
        if heard.case is not None and heard.asks_case and (spoken or heard.case.kind == "own"):
            return self._of_the_case(service, heard, heard.case, now)
        if chosen == self._hearing.emergency_service and self._hearing.moves(heard, "ambulance"):
            return Reply("unknown", self._answers.sentence("ambulance"), chosen)
        if spoken and question is None and (own := self.of_the_words(service, heard, now)):
            return own
        if question is None and chosen == self._hearing.emergency_service:
            return Reply("emergency", self._answers.emergency(""), chosen)
        if question is None:
            return self._first_told(service, heard, now, first)
        if question.slot == "jam":
            return self._opening.of(service, heard, now)
        if question.fact == "summary":
            return self._meaning(service, heard, now)
        if len(asked := self._hearing.all_asked(heard)) > 1 and question in asked:
            return self._each_told(service, asked, now)
        if question.slot == "langkah" and self._is_strange(service, heard):
            return Reply("unknown", self._answers.not_known(chosen), chosen)
        if self._hearing.moves(heard, "here_city") and self._of_other_towns(service, question):
            first += self._answers.sentence("other_towns").lines
        said = self._answers.fact(service, question.fact, now.date(), first)
        if said is None or self._at_another_counter(chosen, question, heard):
            one_of = question.slot == "lokasi" and heard.beyond  # "ke polisi apa ke sekolah"
            if one_of and (own := self.of_the_words(service, heard, now)) is not None:
                return own
            said = self._answers.missing(service, question.fact, now.date(), first)
            return Reply("unknown", said, chosen, question.slot)
        return Reply("answer", said, chosen, question.slot)

    def _is_strange(self, service: Service, heard: Heard) -> bool:
        """Is it asked what becomes of something that the service never speaks of: "pensiunnya
        gimana"?"""
        if not heard.content or not self._hearing.moves(heard, "becomes"):
            return False
        told = self._wording.told(service.id)
        return told.isdisjoint(heard.content) and not self._lines.of(service.id, heard.words)

    def _of_other_towns(self, service: Service, question: Question) -> bool:
        """Is each line of what is asked after of another town?"""
        fact, town = service.fact(question.fact), self._hearing.patterns["other_town"]
        return fact is not None and all(town.search(line.id.lower()) for line in fact.lines)

    def _each_told(self, service: Service, asked: tuple[Question, ...], now: datetime) -> Reply:
        """ "Bayar berapa sama berapa lama": all that was asked, each known or not."""
        told = [self._answers.fact(service, one.fact, now.date()) for one in asked]
        missing = (self._answers.missing(service, one.fact, now.date()) for one in asked)
        said = [known or unknown for known, unknown in zip(told, missing, strict=True)]
        outcome: TurnOutcome = "answer" if any(told) else "unknown"
        return Reply(outcome, self._answers.in_one(said), service.id, asked[0].slot)

    def status(self, heard: Heard, meaning: Meaning, thread: Thread, now: datetime) -> Reply | None:
        """How far one's papers are: this office says how to ask, of others nothing is known."""
        question = heard.question
        if self._hearing.moves(heard, "overdue") and not self._knows_why(heard, meaning):
            question = self._hearing.status
        if question is None or question.slot != "status":
            return None
        names = set(heard.content) - self._hearing.kinds
        about = self._wording.sure(" ".join(heard.content)) if names else thread.service
        if names and about is None:
            likely = self._services.get(self._wording.named_by_content(heard) or "")
            return Reply("unknown", self._answers.ask_at(likely), slot="status")
        service = self._services.get(about or self._hearing.status_service)
        if service is not None and service.at_kelurahan:
            service = self._services.get(self._hearing.status_service)
        if service is None:
            return None
        if service.id == self._hearing.status_service:
            return self.told(service.id, question, heard, now, thread.spoken)
        missing = self._answers.missing(service, "", now.date())
        return Reply("unknown", missing, service.id, "status")

    def _knows_why(self, heard: Heard, meaning: Meaning) -> bool:
        """Is a service surely meant by more than its name: "KTP ga jadi, datanya dobel"?"""
        if meaning.outcome != "match":
            return False
        name = self._wording.name(meaning.hits[0].service_id)
        return not all(word in name or word.isdigit() for word in heard.content)

    def no_meaning(self, service: str | None) -> Reply:
        """A word is asked after that no service is called by."""
        return Reply("unknown", self._answers.sentence("no_meaning"), service)

    def asks_of_a_word(self, heard: Heard, likely: tuple[str, ...]) -> bool:
        """Is a meaning asked after of something that none of the likely services is called?"""
        if heard.question is None or heard.question.fact != "summary" or not heard.content:
            return False
        return not any(set(heard.content) <= self._wording.name(one) for one in likely)

    def of_the_words(self, service: Service, heard: Heard, now: datetime) -> Reply | None:
        """What the service's own lines say of what was said; whether a thing is needed, only
        those that hold all of it."""
        if not heard.content:
            return None
        needs = heard.case is not None and heard.case.kind == "need"
        lines = self._lines.of(service.id, heard.words, enough=_ALL if needs else ENOUGH)
        ends = tuple(line for line in lines if line in _of(service, "steps", "output"))
        if ends and self._hearing.moves(heard, "becomes"):
            lines = ends  # "terus KK-nya gimana" is not asked of the KK that is brought
        errand = self._hearing.moves(heard, "errand") and len(ends) == len(lines)
        if errand and self._wording.sure(heard.words) == service.id:
            return None  # "ganti agama bisa": it is what the service is for
        needed = service.fact("requirements")
        one_of_them = needed is not None and set(lines) & set(needed.lines)
        if one_of_them and self._hearing.moves(heard, "enough"):  # alone it would say yes
            all_of_them = self._answers.fact(service, "requirements", now.date())
            return Reply("answer", all_of_them, service.id, "syarat") if all_of_them else None
        said = self._answers.about(service, lambda line: line in lines, now.date())
        return Reply("answer", said, service.id) if said is not None else None

    def _of_the_case(self, service: Service, heard: Heard, case: Case, now: datetime) -> Reply:
        asked = heard.question if heard.question and heard.question.slot in case.over else None
        fact = self._answers.fact(service, asked.fact, now.date()) if asked is not None else None
        about = self._answers.about(service, case.is_told_by, now.date())
        if asked is not None and fact is not None:
            lasts = about is None and asked.slot == "waktu"  # "paling lama berapa hari"
            if lasts or self._speaks(service, asked.fact, case):
                return Reply("answer", fact, service.id, asked.slot)
        if about is not None:
            return Reply("answer", about, service.id)
        own = None if case.strict else self.of_the_words(service, heard, now)
        missing = self._answers.missing(service, "", now.date())
        return own or Reply("unknown", missing, service.id)

    def _speaks(self, service: Service, fact: str, case: Case) -> bool:
        """Do the lines of the fact asked for speak of the case: the fee, of a wedding at home?"""
        one = service.fact(fact)
        return one is not None and any(map(case.is_told_by, one.lines))

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

    def _first_told(
        self, service: Service, heard: Heard, now: datetime, first: tuple[str, ...]
    ) -> Reply:
        if service.id == self._hearing.hours_service:
            return self._opening.of(service, heard, now)
        order = _FIRST_TOLD
        if service.id in self._hearing.steps_first:
            order = (order[1], order[0], *order[2:])
        for fact, slot in order:
            if (told := self._answers.fact(service, fact, now.date(), first)) is not None:
                return Reply("answer", told, service.id, slot)
        nothing = self._answers.missing(
            service, "requirements", now.date(), first, whatever_it_says=True
        )
        return Reply("unknown", nothing, service.id, "syarat")


def _of(service: Service, *names: str) -> list[Text]:
    """All lines of these facts."""
    facts = (service.fact(name) for name in names)
    return [line for fact in facts if fact is not None for line in fact.lines]
