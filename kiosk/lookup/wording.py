"""The words that the catalogue uses of each service: what it is called by, and all it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue, Service
from kiosk.lookup.heard import Agency, Heard
from kiosk.lookup.hearing import Hearing

Find = Callable[[str, int], Meaning]
_SIBLINGS = 3  # services looked among


class Wording:
    """Reads the words of a service when it is first asked about; not for two threads at once."""

    def __init__(self, catalogue: Catalogue, find: Find, hearing: Hearing) -> None:
        self._find = find
        self._hearing = hearing
        self._services = catalogue.services
        self._words: dict[tuple[str, str], frozenset[str]] = {}  # of services asked about

    def forget(self) -> None:
        self._words.clear()

    def name(self, service: str) -> frozenset[str]:
        name = self._services[service].name
        return self._read("name", service, lambda: [name.id, name.en])

    def own(self, service: str) -> frozenset[str]:
        """The words it is called by: names and aliases."""
        aliases = self._services[service].aliases
        return self.name(service) | self._read("aliases", service, lambda: aliases)

    def told(self, service: str) -> frozenset[str]:
        """All the words that the catalogue says of it."""
        texts = self._read("texts", service, lambda: _texts(self._services[service]))
        return self.own(service) | texts

    def is_of(self, service: str, heard: Heard) -> bool:
        """Is it called by each name of a thing that was said?"""
        said = self._hearing.things.intersection(heard.content)
        return bool(said) and said <= self.name(service)

    def head(self, service: str) -> str:
        """What it is one of several of: "ktp" for a lost card."""
        name = self._services[service].name.id
        return names[0] if (names := acronyms(name)) else name.lower().split()[0]

    def done_by(self, service: str, agency: Agency) -> bool:
        """Does this agency do it, or bears it the agency's name?"""
        one = self._services[service]
        return bool(agency.written.search(f"{one.name.id}\n{one.agency.id}"))

    def goes_to(self, service: str, agency: Agency) -> bool:
        """Is the agency named where it is done?"""
        place = self._services[service].fact("place")
        lines = [line.id for line in place.lines] if place is not None else []
        return self.done_by(service, agency) or bool(agency.written.search("\n".join(lines)))

    def is_paper_of(self, paper: str, service: str) -> bool:
        """Do the requirements or the steps of `service` name what this other one issues?"""
        facts = [self._services[service].fact(name) for name in ("requirements", "steps")]
        lines = [self._hearing.own_words([line.id]) for one in facts if one for line in one.lines]
        called = (self._services[paper].name.id, *self._services[paper].aliases)
        names = [self._hearing.own_words([one]) for one in called]
        return any(name and name <= line for name in names for line in lines)

    def named(self, words: str) -> str | None:
        """The service that a few words name best."""
        hits = self._find(words, 1).hits
        return hits[0].service_id if hits else None

    def named_by_content(self, heard: Heard) -> str | None:
        return self.named(" ".join(heard.content))

    def sure(self, words: str) -> str | None:
        """The service that they mean beyond doubt."""
        meaning = self._find(words, 1)
        hits = meaning.hits if meaning.outcome == "match" else ()
        return hits[0].service_id if hits else None

    def surely_named(self, words: str) -> str | None:
        """The service that they name best, if it is called by one of them."""
        found = self.named(words) if words.strip() else None
        if found is None or not self._hearing.own_words([words]) & self.own(found):
            return None
        return found

    def sibling(self, service: str, content: Collection[str]) -> str | None:
        """Of a lost card, "yang rusak gimana": the card's own word with the new one."""
        head = self.head(service)
        for hit in self._find(f"{head} {' '.join(content)}", _SIBLINGS).hits:
            own = self.own(hit.service_id)
            if head in own and set(content) <= own:
                return hit.service_id
        return None

    def meant(self, words: str, service: str | None) -> str | None:
        """What is surely meant: a sibling of the `service` spoken of, or what all of the words
        name."""
        content = self._hearing.content(words)
        things = self._hearing.things.intersection(content)
        is_aspect = service is not None and content and not things  # "as a damaged one"
        sibling = self.sibling(str(service), content) if is_aspect else None
        if sibling not in (None, service):
            return sibling
        if (sure := self.sure(words) or self.sure(" ".join(content))) is not None:
            return sure
        named = self.named(" ".join(content)) if content else None
        return named if named is not None and set(content) <= self.own(named) else None

    def _read(self, part: str, service: str, texts: Callable[[], Sequence[str]]) -> frozenset[str]:
        if (part, service) not in self._words:
            self._words[part, service] = self._hearing.own_words(texts())
        return self._words[part, service]


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
