"""One conversation at the kiosk: `Talk.answer` takes what was said and gives a `Turn`.

It remembers which services were spoken of and the last question that belongs elsewhere, for as
long as the conversation lasts. What is told comes from the catalogue (see `answering`), what is
meant from `find`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.service import Catalogue, Lang, Service, Text
from kiosk.domain.turn import Slot, Turn, TurnOutcome
from kiosk.lookup.answering import Answering, Said, load_emergency
from kiosk.lookup.hearing import Heard, Hearing, Question, load_table
from kiosk.lookup.subject import MOST_OPTIONS, Find, Subjects, Thread, names_of

LONGEST_TURN = 5000  # characters; nobody says more, and it bounds the work

# In this order something is told of a service that was only named.
_FIRST_TOLD: tuple[tuple[str, Slot], ...] = (
    ("requirements", "syarat"),
    ("steps", "langkah"),
    ("place", "lokasi"),
)


class Talk:
    """Not for two threads at once. `holidays` are the days the office is closed by law."""

    def __init__(
        self,
        catalogue: Catalogue,
        find: Find,
        *,
        office: Office,
        holidays: Mapping[date, Text],
        lang: Lang = "id",
    ) -> None:
        table = load_table()
        self._catalogue = catalogue
        self._find = find
        self._hearing = Hearing(table, names_of(catalogue, table["ordinary"]))
        self._answers = Answering(
            catalogue, office, holidays, lang, table["say"][lang], load_emergency()
        )
        self.end()

    def end(self) -> None:
        """Forgets the conversation; the next turn begins another one."""
        self._number = 0
        self._forget()

    def turn_to(self, service_id: str) -> None:
        """From here on it is about this service: its page was opened, or asked from."""
        if service_id in self._catalogue.services and service_id != self._thread.service:
            self._thread.now_about(service_id)

    def _forget(self) -> None:
        self._subjects = Subjects(self._catalogue, self._find, self._hearing)
        self._thread = Thread()
        self._asked: Question | None = None  # of the options offered
        self._refused: str | None = None  # a turn ago

    def answer(self, text: str, now: datetime) -> Turn:
        """The answer to one turn. Never raises, whatever `text` is."""
        self._number += 1
        text = text[:LONGEST_TURN]
        meaning = self._find(text, MOST_OPTIONS)
        turn = self._answered(text, meaning, now.date())
        if not meaning.perhaps_urgent or turn.outcome == "emergency":
            return turn
        return replace(turn, besides=self._hearing.emergency_service)

    def _answered(self, text: str, meaning: Meaning, today: date) -> Turn:
        if meaning.outcome == "emergency":
            return self._emergency(meaning)
        if self._number > self._hearing.longest_turns:
            self._forget()
            return self._turn("smalltalk", self._answers.sentence("ended"))
        heard = self._hearing.hear(text)
        before, self._refused = self._refused, None
        if kind := self._hearing.refused(heard, before):
            self._refused, self._thread.aside = kind, True
            return self._turn("refused", self._answers.sentence(kind))
        if kind := self._only_courtesy(heard, meaning):
            self._thread.aside = True
            return self._turn("smalltalk", self._answers.sentence(kind))
        return (
            self._compared(heard)
            or self._picked(heard, today)
            or self._corrected(heard, meaning)
            or self._bundle(heard, meaning)
            or self._hours(heard, today)
            or self._status(heard, today)
            or self._about(heard, meaning, today)
        )

    def _turn(
        self,
        outcome: TurnOutcome,
        said: Said,
        service: str | None = None,
        slot: Slot | None = None,
        options: tuple[str, ...] = (),
    ) -> Turn:
        return Turn(
            number=self._number,
            outcome=outcome,
            text=said.text,
            service=service,
            slot=slot,
            options=options,
            sources=said.sources,
            standing=said.standing,
        )

    def _emergency(self, meaning: Meaning) -> Turn:
        self._thread.aside = True
        said = self._answers.emergency(meaning.emergency_kind)
        service = meaning.hits[0].service_id if meaning.hits else None
        return self._turn("emergency", said, service)

    def _only_courtesy(self, heard: Heard, meaning: Meaning) -> str | None:
        """An insult is answered as one unless something is asked with it; a greeting only when
        nothing else is said."""
        if not heard.words:
            return "empty"
        kind = self._hearing.courtesy(heard)
        beyond = self._hearing.beyond_courtesy(heard)
        if kind is None or heard.question is not None:
            return None
        if not beyond:
            return kind
        return kind if kind in ("insult", "thanks") and meaning.outcome != "match" else None

    def _compared(self, heard: Heard) -> Turn | None:
        sides = self._hearing.compared(heard)
        if sides is None:
            return None
        named = [self._subjects.named(one) if one else self._thread.service for one in sides]
        found = [one for one in named if one is not None]
        services = [self._catalogue.services[one] for one in dict.fromkeys(found)]
        if not services:
            return None
        if len(services) == 2:
            both = (services[0].id, services[1].id)
            self._choosing(both, None)
            return self._turn("answer", self._answers.compared(services), options=both)
        self._thread.now_about(services[0].id)
        if len(found) == 2:
            return self._turn("answer", self._answers.same(services[0]), services[0].id)
        return self._turn("unknown", self._answers.overview(services[0]), services[0].id)

    def _picked(self, heard: Heard, today: date) -> Turn | None:
        """The option meant by "yang pertama", of those offered a turn ago."""
        at = self._hearing.ordinal(heard)
        if at is None or not self._thread.options or at >= len(self._thread.options):
            return None
        question = heard.question or self._asked
        return self._told(self._thread.options[at], question, heard, today)

    def _corrected(self, heard: Heard, meaning: Meaning) -> Turn | None:
        """After "bukan itu": what else was likely, and what is named behind it. Which of its words
        are the wrong ones nobody knows ("bukan yang sertifikat"): so it is asked."""
        wrong = self._thread.service
        if wrong is None or not self._hearing.moves(heard, "no"):
            return None
        named = tuple(hit.service_id for hit in meaning.hits[:1]) if heard.content else ()
        likely = dict.fromkeys((*named, *self._thread.others))
        others = tuple(one for one in likely if one != wrong)[:MOST_OPTIONS]
        if not others:
            self._thread.aside = True
            return self._turn("out_of_scope", self._answers.sentence("out_of_scope"))
        self._choosing(others, heard.question)
        return self._turn("choose", self._answers.choice(others, None), options=others)

    def _bundle(self, heard: Heard, meaning: Meaning) -> Turn | None:
        """What happened to somebody, said without naming a paper: all that it takes."""
        if heard.question is not None or not self._hearing.things.isdisjoint(heard.content):
            return None
        clear = meaning.hits[0].service_id if meaning.outcome == "match" else None
        return self._event(heard, clear)

    def _event(self, heard: Heard, clear: str | None = None) -> Turn | None:
        """`clear`: what the words surely mean; an event that has nothing to do with it is none."""
        for event in self._catalogue.events:
            pattern = self._hearing.events.get(event.id)
            if clear is not None and clear not in event.services:
                continue
            if pattern is not None and pattern.search(heard.words):
                self._choosing(event.services, None)
                said = self._answers.choice(event.services, None, event=True)
                return self._turn("choose", said, options=event.services)
        return None

    def _hours(self, heard: Heard, today: date) -> Turn | None:
        """Opening hours: this office's are set by the office, other agencies' are not known."""
        if heard.question is None or heard.question.slot != "jam":
            return None
        service = self._catalogue.services.get(self._hearing.hours_service)
        if not self._hearing.of_the_office(heard):
            named = self._subjects.named_by_content(heard) if heard.content else None
            about = named or self._thread.service
            service = self._catalogue.services[about] if about else service
        if service is None:
            return None
        self._thread.now_about(service.id)
        said = self._hours_of(service, heard, today)
        if said is None:
            missing = self._answers.missing(service, "hours")
            return self._turn("unknown", missing, service.id, "jam")
        return self._turn("answer", said, service.id, "jam")

    def _hours_of(self, service: Service, heard: Heard, today: date) -> Said | None:
        """What is done here is done in the office's hours."""
        if not service.at_kelurahan:
            return None
        about = self._catalogue.services.get(self._hearing.hours_service, service)
        return self._answers.hours(about, today, self._hearing.day(heard, today))

    def _status(self, heard: Heard, today: date) -> Turn | None:
        """How far one's papers are: this office says how to ask, of others nothing is known."""
        question = heard.question
        if question is None or question.slot != "status":
            return None
        names = set(heard.content) - self._hearing.kinds
        about = self._subjects.named_by_content(heard) if names else self._thread.service
        service = self._catalogue.services.get(about or self._hearing.status_service)
        if service is not None and service.at_kelurahan:
            service = self._catalogue.services.get(self._hearing.status_service)
        if service is None:
            return None
        if service.id == self._hearing.status_service:
            return self._told(service.id, question, heard, today)
        self._thread.now_about(service.id)
        return self._turn("unknown", self._answers.missing(service, ""), service.id, "status")

    def _about(self, heard: Heard, meaning: Meaning, today: date) -> Turn:
        question = heard.question
        if question is None and not heard.content and self._thread.options:
            question = self._asked
        if question is None and not heard.content and self._thread.unanswered is not None:
            question = self._thread.unanswered.question
        found = self._subjects.of(heard, meaning, self._thread)
        if not found and (event := self._event(heard)) is not None:
            return event
        if not found:
            self._thread.aside, self._thread.unanswered = True, heard
            said = self._answers.sentence("out_of_scope")
            return self._turn("out_of_scope", said)
        if len(found) > 1:
            again = found == self._thread.options
            self._choosing(found, question, ranked=self._thread.ranked or not again)
            said = self._answers.choice(found, meaning.question)
            return self._turn("choose", said, options=found)
        nothing_new = question is None and heard.case is None and not heard.content
        is_told = found[0] == self._thread.service and not self._thread.aside
        if nothing_new and is_told and not self._hearing.moves(heard, "back"):
            return self._turn("unknown", self._answers.again(found[0]), found[0])
        self._thread.others = tuple(
            hit.service_id for hit in meaning.hits if hit.service_id != found[0]
        )
        return self._told(found[0], question or self._pending(found[0]), heard, today)

    def _pending(self, service: str) -> Question | None:
        """What was asked before the choice was offered."""
        return self._asked if service in self._thread.options else None

    def _told(self, chosen: str, question: Question | None, heard: Heard, today: date) -> Turn:
        service = self._catalogue.services[chosen]
        self._thread.now_about(chosen)
        self._asked = None
        if question is not None and question.slot in ("biaya", "waktu"):
            counters = self._hearing.agencies.intersection(heard.content)
            if counters - self._subjects.name_of(chosen) - self._subjects.agency_of(chosen):
                missing = self._answers.missing(service, question.fact)
                return self._turn("unknown", missing, chosen, question.slot)
        if heard.case is not None and heard.asks_case:
            about = self._answers.about(service, heard.case.lines, today)
            if about is not None:
                return self._turn("answer", about, chosen)
            return self._turn("unknown", self._answers.missing(service, ""), chosen)
        if question is None and chosen == self._hearing.emergency_service:
            return self._turn("emergency", self._answers.emergency(""), chosen)
        if question is None:
            return self._first_told(service, heard, today)
        if question.slot == "jam":  # asked before the service was chosen
            said = self._hours_of(service, heard, today)
            fact = "hours"
        elif question.fact == "summary":
            return self._turn("answer", self._answers.overview(service), chosen)
        else:
            fact = question.fact
            said = self._answers.fact(service, fact, today)
        if said is None:
            missing = self._answers.missing(service, fact)
            return self._turn("unknown", missing, chosen, question.slot)
        return self._turn("answer", said, chosen, question.slot)

    def _first_told(self, service: Service, heard: Heard, today: date) -> Turn:
        if service.id == self._hearing.hours_service:
            said = self._hours_of(service, heard, today)
            outcome: TurnOutcome = "answer" if said else "unknown"
            said = said or self._answers.missing(service, "hours")
            return self._turn(outcome, said, service.id, "jam")
        for fact, slot in _FIRST_TOLD:
            if (told := self._answers.fact(service, fact, today)) is not None:
                return self._turn("answer", told, service.id, slot)
        return self._turn(
            "unknown", self._answers.missing(service, "requirements"), service.id, "syarat"
        )

    def _choosing(
        self, options: tuple[str, ...], question: Question | None, ranked: bool = False
    ) -> None:
        self._thread.now_choosing(options, ranked)
        self._asked = question
