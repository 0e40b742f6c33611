"""What is said back: lines of the catalogue, with source and standing, and fixed sentences around
them. Nothing is composed: every line is the catalogue's, the office's, or stands in
assets/lookup/dialogue.toml and emergency.toml."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from kiosk.domain.office import Office
from kiosk.domain.service import Catalogue, Fact, Lang, Service, Standing, Text
from kiosk.lookup.helplines import emergency_words, numbers
from kiosk.lookup.hours import Hours
from kiosk.lookup.patterns import NEVER
from kiosk.lookup.said import Said

BULLET = "• "
_MOST_TITLES = 2
_MOST_OPTIONS = 8
_WEAKEST: tuple[Standing, ...] = ("kedaluwarsa", "contoh", "disahkan")


class Answering:
    """Speaks one language of one catalogue for one office; changes nothing."""

    def __init__(
        self,
        catalogue: Catalogue,
        office: Office,
        holidays: Mapping[date, Text],
        lang: Lang,
        sentences: Mapping[str, Any],
        emergency: Mapping[str, Any],
        remarks: Mapping[str, str],
    ) -> None:
        """`remarks`: the name of a fact -> what a remark says that speaks of it."""
        self._catalogue = catalogue
        self._office = office
        self._hours = Hours(office, holidays, lang, sentences)
        self._lang = lang
        self._say = sentences
        self._emergency = emergency
        self._remarks = {name: re.compile(said, re.I) for name, said in remarks.items()}

    def sentence(self, *names: str) -> Said:
        return Said(tuple(self._say[name] for name in names))

    def alike(
        self, services: Sequence[Service], name: str, today: date, *, shown: bool
    ) -> Said | None:
        """A fact that several services have alike, which were `shown` to choose from or have to be
        named; None where it differs."""
        facts = [fact for one in services if (fact := one.fact(name)) is not None]
        if len(facts) < len(services) or len({fact.lines for fact in facts}) != 1:
            return None
        whose = self._say["alike"] if shown else "; ".join(map(self._named, services))
        return self._grounded([whose, *self._listed(name, facts[0])], facts, today)

    def again(self, service: str) -> Said:
        """What may be asked of it, to whom nothing new was understood."""
        name = self._named(self._catalogue.services[service])
        return Said((self._say["again"].format(service=name),))

    def fact(
        self, service: Service, name: str, today: date, before: Sequence[str] = ()
    ) -> Said | None:
        """The fact with its standing and sources, what is to be said `before` it ahead of it; None
        when the catalogue has none."""
        fact = service.fact(name)
        if fact is None:
            return None
        lines = [self._named(service), *before, *self._listed(name, fact)]
        if name in ("requirements", "place") and not service.at_kelurahan:
            lines.append(self._agency("elsewhere", service))
        return self._grounded(lines, [fact], today)

    def missing(
        self,
        service: Service,
        name: str,
        today: date,
        before: Sequence[str] = (),
        *,
        whatever_it_says: bool = False,
    ) -> Said:
        """No such fact in the catalogue: said so, after what is to be said `before`, with the
        catalogue's own remark if that speaks of it, or `whatever_it_says`."""
        label = self._say["hours_of"] if name == "hours" else self._say["labels"].get(name)
        unknown = self._say["unknown"]
        lines = [self._named(service), *before, f"{label}: {unknown}" if label else unknown]
        topics = (self._remarks["always"], self._remarks.get(name, NEVER))
        note = service.note.id if service.note is not None else ""
        tells = whatever_it_says or any(one.search(note) for one in topics)
        if note and tells and self._note(service)[0] not in lines:
            lines += self._note(service)
        return self._grounded(lines, [], today) if len(lines) > 2 else Said(tuple(lines))

    def first(self, service: Service, *, new: bool, here: bool) -> tuple[str, ...]:
        """What comes before anything else: its note if that may turn the errand round and the
        service is `new` to the talk, and that it is done elsewhere if asked whether `here`."""
        place = service.fact("place")
        lines = [service.agency, *(place.lines if place is not None else ())]
        named = any(self._remarks["here"].search(line.id) for line in lines)
        elsewhere = not service.at_kelurahan and not named
        note = self._note(service) if service.note_first and (new or here) else ()
        return ((self._say["not_here"],) if here and elsewhere else ()) + note

    def mishap(
        self, service: Service, kind: str, asked: str, police: Service | None, today: date
    ) -> Said:
        """That of a lost or damaged one nothing is known but what is `asked` ("": nothing), and
        what the notes of it and the `police` say; of one past its date, how a new one is got."""
        said = self._say["mishaps"][kind]
        if kind == "over":
            facts = (asked, "requirements", "steps")
            told = (self.fact(service, name, today, before=[said]) for name in facts)
            if (new := next((one for one in told if one is not None), None)) is not None:
                return new
        lines = [self._named(service), said]
        if service.note is not None and self._remarks["lost"].search(service.note.id):
            lines += self._note(service)
        lines += self._note(police) if police is not None else ()
        fact = service.fact(asked)
        lines += self._listed(asked, fact) if fact is not None else []
        lines.append(self._agency("ask_at", service))
        return self._grounded(lines, [fact] if fact is not None else [], today)

    def not_for(self, service: Service, called: str, today: date) -> Said:
        """Something was `called` by name that only sounds like what this service is for."""
        unknown = f"{called.upper()}: {self._say['unknown']}"
        lines = [self._named(service), service.summary.said(self._lang), unknown]
        return self._grounded([*lines, self._agency("ask_at", service)], [], today)

    def ask_at(self, service: Service | None) -> Said:
        """Nothing is known, and who may know it of such a service."""
        asked = (self._agency("ask_at", service),) if service is not None else ()
        return Said((self._say["unknown"], *asked))

    def hours_elsewhere(self, name: Text) -> Said:
        """Of an agency whose hours nobody has told us."""
        return Said((name.said(self._lang), f"{self._say['hours_of']}: {self._say['unknown']}"))

    def not_known(self, service: str) -> Said:
        """Something was asked that the catalogue does not say of it; what may be asked instead."""
        return Said((self._say["not_known"], *self.again(service).lines))

    def noted(self, service: str) -> Said:
        """Something was told that the catalogue does not speak of."""
        return Said((self._say["noted"], *self.again(service).lines))

    def overview(self, service: Service, today: date) -> Said:
        """What it is and who does it."""
        lines = [self._named(service), service.summary.said(self._lang), *self._note(service)]
        if not service.at_kelurahan:
            lines.append(self._agency("elsewhere", service))
        return self._grounded(lines, [], today)

    def about(self, service: Service, is_told: Callable[[Text], bool], today: date) -> Said | None:
        """The service's own lines of which `is_told` is true; None when there are none."""
        lines, facts = [], []
        for fact in service.facts.values():
            found = [line for line in fact.lines if is_told(line)]
            lines += [BULLET + line.said(self._lang) for line in found]
            facts += [fact] if found else []
        note = service.note
        if note is not None and is_told(note):
            lines.append(note.said(self._lang))
        if not lines:
            return None
        return self._grounded([self._named(service), *lines], facts, today)

    def hours(
        self, service: Service, today: date, day: date, clock: time | None, *, settled: bool
    ) -> Said | None:
        """As `Hours.told`, with the note of `service`, the one that is about them, and a source."""
        told = self._hours.told(today, day, clock, settled=settled)
        if told is None or self._office.hours is None:  # that of a holiday is the law
            return None if told is None else Said((self._office.name, *told))
        return Said((self._office.name, *told, *self._note(service), self._say["office_source"]))

    def compared(self, services: Iterable[Service], today: date) -> Said:
        """Name and summary of each, one after the other."""
        lines = [self._say["compare"]]
        for service in services:
            lines += [BULLET + self._named(service), service.summary.said(self._lang)]
        return self._grounded(lines, [], today)

    def none_here(self, services: Sequence[Service], today: date) -> Said | None:
        """That none of them is done at this office; None where one is, or may be."""
        told = [self.first(one, new=False, here=True) for one in services]
        if not all(self._say["not_here"] in one for one in told):
            return None
        agencies = "; ".join(dict.fromkeys(one.agency.said(self._lang) for one in services))
        elsewhere = self._say["elsewhere"].format(agency=agencies)
        names = "; ".join(map(self._named, services))
        return self._grounded([names, self._say["not_here"], elsewhere], [], today)

    def same(self, service: Service, today: date) -> Said:
        lines = [self._named(service), service.summary.said(self._lang), *self._note(service)]
        return self._grounded([self._say["compare_same"], *lines], [], today)

    def each(self, told: Sequence[Said]) -> Said:
        """Several answers in one, as weak as the weakest of them."""
        standings = [one.standing for one in told if one.standing is not None]
        return Said(
            tuple(line for one in told for line in one.lines),
            tuple(dict.fromkeys(key for one in told for key in one.sources)),
            min(standings, key=_WEAKEST.index) if standings else None,
        )

    def in_one(self, told: Sequence[Said]) -> Said:
        """Several facts of one service under its name."""
        first, *others = told
        rest = [replace(one, lines=one.lines[1:]) for one in others]
        return self.each([first, *rest])

    def choice(
        self,
        options: Iterable[str],
        question: Text | None = None,
        sentence: str = "choose",
        first: int = 1,
    ) -> Said:
        """Under the lookup's own `question`, or the fixed `sentence`; numbered from `first` on."""
        asked = self._say[sentence] if question is None else question.said(self._lang)
        names = [self._named(self._catalogue.services[one]) for one in options][:_MOST_OPTIONS]
        return Said((asked, *(f"{at}. {name}" for at, name in enumerate(names, start=first))))

    def event(self, event: str, services: Iterable[str]) -> Said:
        """What somebody's event takes, after a kind word where it calls for one."""
        takes = self.choice(services, sentence="options")
        kind_word = self._say.get(f"event-{event}")
        return Said((kind_word, *takes.lines)) if kind_word else takes

    def emergency(self, kind: str) -> Said:
        return emergency_words(self._emergency, kind, self._lang)

    def numbers(self, words: Collection[str]) -> Said | None:
        """As `helplines.numbers`."""
        return numbers(self._emergency, words, self._lang)

    def _named(self, service: Service) -> str:
        return service.name.said(self._lang)

    def _note(self, service: Service) -> tuple[str, ...]:
        return (service.note.said(self._lang),) if service.note is not None else ()

    def _agency(self, said: str, service: Service) -> str:
        return str(self._say[said].format(agency=service.agency.said(self._lang)))

    def _listed(self, name: str, fact: Fact) -> list[str]:
        label = self._say["labels"][name]
        lines = [line.said(self._lang) for line in fact.lines]
        if len(lines) == 1:
            return [f"{label}: {lines[0]}"]
        return [f"{label}:", *(BULLET + line for line in lines)]

    def _grounded(self, lines: list[str], facts: list[Fact], today: date) -> Said:
        """What is past its date is said to be so before it is told, whoever approved it."""
        standings = [fact.standing(today) for fact in facts] or ["contoh"]
        weakest = min(standings, key=_WEAKEST.index)
        keys = tuple(dict.fromkeys(key for fact in facts for key in fact.sources))
        known = [self._catalogue.sources[key] for key in keys if key in self._catalogue.sources]
        standing = self._say[weakest]
        if weakest == "disahkan" and (said_by := facts[0].approval):
            day = f"{said_by.day:%d-%m-%Y}"
            standing = self._say["local"].format(role=said_by.role, day=day)
        if weakest == "kedaluwarsa":
            told = [lines[0], standing, *lines[1:]]
        else:
            told = [*lines, standing]
        if known:
            titles = "; ".join(source.title for source in known[:_MOST_TITLES])
            told.append(self._say["sources"].format(titles=titles))
        else:
            told.append(self._say["no_sources" if facts else "unsourced"])
        return Said(tuple(told), keys, weakest)
