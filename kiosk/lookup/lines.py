"""Which of a service's own lines speak of what somebody said: of a card that was lost, "ke polisi
dulu ga" finds the line of the police report, "saya ngekos" of a move that of the landlord."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from kiosk.domain.service import Catalogue, Service, Text
from kiosk.lookup.normalise import Speech, load_speech, split, stem

_MOST_LINES = 3  # what more of them hold tells nothing
ENOUGH = 0.4  # of what was said, by its weight, must stand there
_SAME = 0.01  # nats
_LEAST = 0.5  # nats: what stands in most services is found by itself nowhere
RARE = 2.0  # nats: it stands in the lines of one service in seven
_PIECE = 120  # characters: `split` reads no more words than a question has


class OwnLines:
    """Compares by the groups of the thesaurus, so in any tongue and spelling that is in it. Keeps
    the groups of the catalogue's lines, never a visitor's words; not for two threads at once."""

    def __init__(
        self,
        services: Mapping[str, Service],
        speech: Speech,
        empty: Iterable[str],
        alike: Iterable[str],
        otherwise: str,
    ) -> None:
        """`empty` words say nothing of any line; each of `alike` is groups, parted by blanks, the
        first of which may mean what the others do; `otherwise` begins a line that goes with the
        one before."""
        self._services = services
        self._speech = speech
        self._otherwise = otherwise
        self._plain = frozenset(empty)
        about = (speech.about((word,), mends=False) for word in self._plain)
        self._empty = frozenset().union(*about)
        self._alike = {
            first: [*others, *map(stem, others)] for first, *others in map(str.split, alike)
        }
        self._of_line: dict[str, frozenset[str]] = {}
        self._weights: dict[str, float] = {}

    def of(
        self, service_id: str, words: str, *, least: float = _LEAST, enough: float = ENOUGH
    ) -> tuple[Text, ...]:
        """The lines and the note that hold most of the `words`; none where too many lines hold
        them. What they have in common must be so rare, in nats, and `enough` of what was said."""
        service = self._services[service_id]
        called = self._groups_of(service.name)
        told = self._groups(words, mends=True) - self._empty
        said = told - called
        if not said and len(told) == 1 and " " in words:  # of a lost card: "kalau cuma rusak"
            said = {one for one in told if self._weight(one) > RARE}
        total = sum(self._weight(one) for one in said if not one.isdigit())
        held = [(self._shared(said, self._groups_of(line)), line) for line in _lines_of(service)]
        most = max((weight for weight, _ in held), default=0.0)
        if most < least or most < enough * total - _SAME:
            return ()
        found = [line for weight, line in held if weight > most - _SAME]
        if len(found) > _MOST_LINES:
            return ()
        return tuple(one for line in found for one in (line, *self._else_of(service, line)))

    def _else_of(self, service: Service, line: Text) -> tuple[Text, ...]:
        """What stands behind a paper for whoever has none: "Bila tidak ada: …"."""
        facts = (fact.lines for fact in service.facts.values() if line in fact.lines)
        after = next((lines[lines.index(line) + 1 :][:1] for lines in facts), ())
        return tuple(one for one in after if one.id.startswith(self._otherwise))

    def _shared(self, said: set[str], there: frozenset[str]) -> float:
        """The weight of what was said that a line holds, or something alike."""
        return sum(
            self._weight(group)
            for group in said
            if group in there or not there.isdisjoint(self._alike.get(group, ()))
        )

    def _groups(self, text: str, *, mends: bool = False) -> set[str]:
        """Of the thesaurus; a word that is in none is its own."""
        words = split(text)
        about = self._speech.about
        known = self._plain.union(one for one in words if about((one,), mends=mends))
        return about(words, mends=mends) | {stem(one) for one in words if one not in known}

    def _groups_of(self, line: Text) -> frozenset[str]:
        if line.id not in self._of_line:
            pieces = (*wrap(line.id, _PIECE), *wrap(line.en, _PIECE))
            self._of_line[line.id] = frozenset().union(*map(self._groups, pieces))
        return self._of_line[line.id]

    def _weight(self, group: str) -> float:
        """How rare it is among the services, in nats; of no service at all: the rarest."""
        if not self._weights:
            self._weigh()
        return self._weights.get(group, self._weights[""])

    def _weigh(self) -> None:
        count = Counter(
            group for service in self._services.values() for group in self._groups_of_all(service)
        )
        every = 1 + len(self._services)
        self._weights = {group: math.log(every / number) for group, number in count.items()}
        self._weights[""] = math.log(every)

    def _groups_of_all(self, service: Service) -> frozenset[str]:
        return frozenset().union(*map(self._groups_of, _lines_of(service)))


def _lines_of(service: Service) -> list[Text]:
    """All but the laws, which nobody asks after by their names."""
    facts = (fact for name, fact in service.facts.items() if name != "legal")
    lines = [line for fact in facts for line in fact.lines]
    return [*lines, service.note] if service.note is not None else lines


def own_lines(catalogue: Catalogue, table: Mapping[str, Any]) -> OwnLines:
    """With the words of `table`, dialogue.toml."""
    own = table["own_lines"]
    empty = [*table["fillers"].split(), *own["empty"].split()]
    return OwnLines(catalogue.services, load_speech(), empty, own["alike"], own["otherwise"])
