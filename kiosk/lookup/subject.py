"""Which service a turn of a conversation is about: the one spoken of, its sibling ("yang rusak"),
an earlier one ("yang tadi"), or another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue, Service
from kiosk.lookup.hearing import Heard, Hearing

Find = Callable[[str, int], Meaning]

MOST_OPTIONS = 3
_FEW = 2  # words that can point at a sibling


@dataclass(slots=True)
class Thread:
    """What a conversation remembers; dropped with it. `spoken` are ids, the last one spoken of
    last; `aside` means that the last turn was about none of them; `unanswered` is what was asked a
    turn ago and belongs elsewhere."""

    service: str | None = None
    spoken: list[str] = field(default_factory=list)
    options: tuple[str, ...] = ()
    ranked: bool = False  # the first option is the likeliest
    others: tuple[str, ...] = ()  # what else the last words may have meant
    aside: bool = False
    unanswered: Heard | None = None

    def now_about(self, service: str) -> None:
        self.service, self.aside, self.unanswered = service, False, None
        if service not in self.options:
            self.options, self.ranked = (), False
        if service in self.spoken:
            self.spoken.remove(service)
        self.spoken.append(service)

    def now_choosing(self, options: tuple[str, ...], ranked: bool) -> None:
        self.service, self.options, self.ranked = None, options, ranked
        self.aside, self.unanswered = False, None


class Subjects:
    """Reads the words of a service when it is first asked about; not for two threads at once."""

    def __init__(self, catalogue: Catalogue, find: Find, hearing: Hearing) -> None:
        self._find = find
        self._hearing = hearing
        self._services = catalogue.services
        self._words: dict[tuple[str, str], frozenset[str]] = {}  # of services asked about

    def of(self, heard: Heard, meaning: Meaning, thread: Thread) -> tuple[str, ...]:
        """One service, several to choose from, or none that is known."""
        hits = tuple(hit.service_id for hit in meaning.hits[:MOST_OPTIONS])
        content = set(heard.content)
        if (earlier := self._earlier(heard, content, thread)) is not None:
            return (earlier,)
        if not content:
            if again := self._asked_again(heard, thread):
                return again
            if one := self._continued(heard, thread) or self._described(heard, thread):
                return (one,)
            if thread.ranked and heard.question is not None:
                return thread.options[:1]  # not picked, but asked about: nobody is asked twice
            return thread.options or hits
        elsewhere = meaning.outcome == "match" and not set(hits[:1]) <= set(thread.options)
        if not elsewhere and (picked := self._picked(content, thread)):
            return (picked,)
        if thread.service and self._stays(heard, content, meaning, thread.service):
            return (thread.service,)
        if thread.service and self._strays(heard, content, meaning):
            return (thread.service,)
        if thread.service and (sibling := self._sibling(heard, content, thread.service)):
            return (sibling,)
        if meaning.outcome == "match" or len(hits) == 1:
            return hits[:1]
        known = [one for one in reversed(thread.spoken) if content <= self._own(one)]
        if known and known[0] in hits:
            return (known[0],)
        if not hits and thread.service and self._speaks_of(heard, content, thread.service):
            return (thread.service,)
        return hits

    def named(self, words: str) -> str | None:
        """The service that a few words name best."""
        hits = self._find(words, 1).hits
        return hits[0].service_id if hits else None

    def named_by_content(self, heard: Heard) -> str | None:
        return self.named(" ".join(heard.content))

    def _earlier(self, heard: Heard, content: set[str], thread: Thread) -> str | None:
        if not self._hearing.moves(heard, "back"):
            return None
        if content:
            spoken = list(reversed(thread.spoken))
            best = max(spoken, key=lambda one: len(content & self._own(one)), default=None)
            return best if best is not None and content & self._own(best) else None
        errands = [one for one in thread.spoken if one != self._hearing.hours_service]
        if not errands or errands[-1] != thread.service or thread.aside or len(errands) < 2:
            return errands[-1] if errands else thread.service
        return errands[-2]

    def _asked_again(self, heard: Heard, thread: Thread) -> tuple[str, ...]:
        """After a question about another city: "kalau di Kota Tangerang"."""
        before = thread.unanswered
        if before is None or not self._hearing.moves(heard, "here"):
            return ()
        left = [word for word in before.words.split() if word not in self._hearing.elsewhere]
        if len(left) == len(before.words.split()):
            return ()
        found = self._find(" ".join(left), MOST_OPTIONS)
        hits = tuple(hit.service_id for hit in found.hits)
        return hits[:1] if found.outcome == "match" else hits

    def _picked(self, content: set[str], thread: Thread) -> str | None:
        fitting = [one for one in thread.options if content <= self._own(one)]
        return fitting[0] if len(fitting) == 1 else None

    def _continued(self, heard: Heard, thread: Thread) -> str | None:
        """The service spoken of; after a word about opening hours, the one before, unless it is
        the office itself that is asked about."""
        is_hours = thread.service == self._hearing.hours_service
        if not is_hours or heard.question is None or len(thread.spoken) < 2:
            return thread.service
        office = self._services[self._hearing.hours_service]
        told = heard.question.slot == "jam" or heard.question.fact in office.facts
        return thread.service if told else thread.spoken[-2]

    def _described(self, heard: Heard, thread: Thread) -> str | None:
        """The option that "yang gratis" fits."""
        words = heard.words.split()
        if words[:1] != ["yang"]:
            return None
        fitting = [one for one in thread.options if set(words[1:]) & self._own(one)]
        return fitting[0] if len(fitting) == 1 else None

    def _strays(self, heard: Heard, content: set[str], meaning: Meaning) -> bool:
        """Does the lookup answer to "biaya" or "bayar" only, and to no word that names a thing?"""
        if heard.question is None or not meaning.hits or content & self._hearing.things:
            return False
        best = meaning.hits[0].service_id
        return not content & self._own(best) and self.named_by_content(heard) != best

    def _stays(self, heard: Heard, content: set[str], meaning: Meaning, service: str) -> bool:
        """Only what is asked about something stays with it: a bare subject is a new one."""
        asks = heard.question is not None or heard.case is not None
        if not asks or self._hearing.moves(heard, "on"):
            return False
        if content <= self._name(service) or heard.asks_case:
            return True
        hits = meaning.hits if meaning.outcome == "match" else ()
        match = hits[0].service_id if hits else None
        if content <= self._own(service):
            return match is None or not content <= self._name(match)
        if content & self._hearing.things:
            return False
        if heard.definite or content <= self._told(service):
            return True
        if meaning.outcome == "choose":  # the lookup is not sure of another one
            return True
        half = len(content & self._told(service)) * 2 >= len(content)
        return half and (match is None or self.named_by_content(heard) == service)

    def _speaks_of(self, heard: Heard, content: set[str], service: str) -> bool:
        return heard.question is not None and content <= self._told(service)

    def _sibling(self, heard: Heard, content: set[str], service: str) -> str | None:
        """Of a lost card, "yang rusak gimana": the card's own word with the new one."""
        if len(content) > _FEW or content & self._hearing.things:
            return None
        head = self._head(service)
        for hit in self._find(f"{head} {' '.join(heard.content)}", MOST_OPTIONS).hits:
            own = self._own(hit.service_id)
            if head in own and content <= own:
                return hit.service_id
        return None

    def _name(self, service: str) -> frozenset[str]:
        name = self._services[service].name
        return self._read("name", service, lambda: [name.id, name.en])

    def name_of(self, service: str) -> frozenset[str]:
        """The words of its name."""
        return self._name(service)

    def agency_of(self, service: str) -> frozenset[str]:
        """The words of whoever does it."""
        agency = self._services[service].agency
        return self._read("agency", service, lambda: [agency.id, agency.en])

    def _own(self, service: str) -> frozenset[str]:
        """The words it is called by: names and aliases."""
        aliases = self._services[service].aliases
        return self._name(service) | self._read("aliases", service, lambda: aliases)

    def _told(self, service: str) -> frozenset[str]:
        """All the words that the catalogue says of it."""
        texts = self._read("texts", service, lambda: _texts(self._services[service]))
        return self._own(service) | texts

    def _read(self, part: str, service: str, texts: Callable[[], Sequence[str]]) -> frozenset[str]:
        if (part, service) not in self._words:
            self._words[part, service] = self._hearing.own_words(texts())
        return self._words[part, service]

    def _head(self, service: str) -> str:
        """What it is one of several of: "ktp" for a lost card."""
        name = self._services[service].name.id
        return names[0] if (names := acronyms(name)) else name.lower().split()[0]


def acronyms(text: str) -> list[str]:
    """What a service is called by, in any sentence: "KTP-el hilang" -> ["ktp"]."""
    return [word.lower() for word in re.findall(r"\b[A-Z][A-Z0-9]+\b", text)]


def names_of(catalogue: Catalogue, ordinary: str) -> frozenset[str]:
    """All of them, without those that are ordinary words written large ("LAPOR")."""
    texts = [
        text
        for one in catalogue.services.values()
        for text in (one.name.id, one.name.en, *one.aliases)
    ]
    return frozenset(name for text in texts for name in acronyms(text)) - set(ordinary.split())


def _texts(service: Service) -> Sequence[str]:
    lines = [line for fact in service.facts.values() for line in fact.lines]
    both = [*lines, service.summary, *([service.note] if service.note else [])]
    return [said for text in both for said in (text.id, text.en)]
