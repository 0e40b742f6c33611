"""What one came for: a service, or several letters in one go with each question asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kiosk.domain.answers import Value, asked
from kiosk.domain.form import Field, Form
from kiosk.domain.service import Catalogue, LifeEvent, Paper, Service, Text
from kiosk.domain.transaction import Draft

Given = Mapping[str, Mapping[str, str]]
LETTERS_MOST = 6  # of one errand; as many as a screen has rows


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to bring, and what is known about the paper it is."""

    line: Text
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """`form` asks what its services ask together; `given` is what the life event answered.

    `key` is its name in a place of the visit: "sktm", or "menikah:belum-menikah+pengantar-nikah".
    """

    key: str
    services: tuple[Service, ...]
    form: Form
    given: Given = field(default_factory=dict)

    @property
    def service(self) -> Service | None:
        """The one service it is about; None when it is about several."""
        return self.services[0] if len(self.services) == 1 else None

    @property
    def is_filed(self) -> bool:
        """Whether it ends in an application; otherwise in a number or in nothing."""
        return bool(self.form.fields)

    def needs(self, catalogue: Catalogue) -> tuple[Need, ...]:
        """What to bring, each thing once, in the services' order."""
        needs: dict[Text, Need] = {}
        for service in self.services:
            fact = service.fact("requirements")
            for place, line in enumerate(fact.lines if fact else ()):
                key = fact.papers[place] if fact and fact.papers else ""
                needs.setdefault(line, Need(line, catalogue.papers.get(key)))
        return tuple(needs.values())

    def drafts(self, values: Mapping[str, Value], lang: str) -> tuple[Draft, ...]:
        """An application for each letter, of the checked answers to `form`."""
        return tuple(
            Draft("application", service.id, self._answers(service, values), lang)
            for service in self.services
        )

    def _answers(self, service: Service, values: Mapping[str, Value]) -> dict[str, Value]:
        assert service.form is not None
        known = {**values, **self.given.get(service.id, {})}
        return {
            one.name: known[one.name] for one in asked(service.form, known) if one.name in known
        }


def find_errand(catalogue: Catalogue, key: str) -> Errand | None:
    """The errand of a key; None when something in it is not of this catalogue."""
    event_id, colon, names = key.partition(":")
    if not colon:
        service = catalogue.services.get(key)
        if service is None:
            return None
        return Errand(key, (service,), service.form or Form(()))
    event = next((one for one in catalogue.events if one.id == event_id), None)
    if event is None:
        return None
    possible = {one.id: one for one in letters_of(event, catalogue)}
    chosen = names.split("+")
    if not set(chosen) <= possible.keys():
        return None
    letters = tuple(one for one in possible.values() if one.id in chosen)
    if clash(letters, event.given):
        return None
    if len(letters) == 1:  # an errand like any other, and with what the event knows
        return Errand(key, letters, Form(tuple(_asked(letters[0], event.given))), event.given)
    return Errand(key, letters, Form(joined(letters, event.given)), event.given)


def letters_of(event: LifeEvent, catalogue: Catalogue) -> tuple[Service, ...]:
    """The letters of a life event that can be filed here, in the order to do them."""
    known = (catalogue.services[key] for key in event.services if key in catalogue.services)
    return tuple(one for one in known if one.filing == "form" and one.form is not None)


def together(event: LifeEvent, catalogue: Catalogue) -> tuple[Service, ...]:
    """The letters of an event that can be filed in one go; empty when there are not two."""
    letters = letters_of(event, catalogue)
    return letters if len(letters) > 1 and clash(letters, event.given) is None else ()


def errand_key(event: LifeEvent, letters: Sequence[str]) -> str:
    return f"{event.id}:{'+'.join(letters)}"


def joined(letters: Sequence[Service], given: Given) -> tuple[Field, ...]:
    """The fields of all letters, a name once, in order; nothing of what is given.

    What ends a letter's own form, such as the phone number, ends the whole.
    """
    fields: dict[str, Field] = {}
    last = set()
    for service in letters:
        for one in _asked(service, given):
            fields.setdefault(one.name, one)
            if service.form is not None and one.name == service.form.fields[-1].name:
                last.add(one.name)
    return tuple(sorted(fields.values(), key=lambda one: one.name in last))


def clash(letters: Sequence[Service], given: Given) -> str | None:
    """The name of a field that two letters mean differently; then they cannot be filed together."""
    fields: dict[str, Field] = {}
    for service in letters:
        for one in _asked(service, given):
            if _meaning(fields.setdefault(one.name, one)) != _meaning(one):
                return one.name
    return None


def _asked(service: Service, given: Given) -> list[Field]:
    """The letter's fields without those that are given, and without what hung on them."""
    known = given.get(service.id, {})
    fields = []
    for one in service.form.fields if service.form else ():
        rule = one.only_if
        if one.name in known:
            continue
        if rule is not None and rule.field in known:
            if known[rule.field] not in rule.values:
                continue
            one = replace(one, only_if=None)
        fields.append(one)
    return fields


def _meaning(one: Field) -> Field:
    """The field without its words: what makes an answer to it good for another letter too."""
    words = Text("", "")
    return replace(one, label=words, question=words, hint=None)
