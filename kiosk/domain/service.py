"""What the catalogue says about a service: values only, as the clerk would name them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from kiosk.domain.form import Form

Lang = Literal["id", "en"]

# The order in which a clerk answers, and in which screen and paper show it.
FACT_NAMES = (
    "requirements",
    "steps",
    "fee",
    "time",
    "place",
    "counter",
    "output",
    "legal",
    "validity",
)


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Indonesian and in English."""

    id: str
    en: str

    def said(self, lang: str) -> str:
        return self.en if lang == "en" else self.id


Standing = Literal["disahkan", "contoh", "kedaluwarsa"]


@dataclass(frozen=True, slots=True)
class Approval:
    """Whose word a fact is that was said here, in this office, and not in the city's catalogue."""

    role: str  # "lurah"
    person: str
    day: date


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact with what it rests on.

    `evidence`: T a source of Kota Tangerang itself, N national, L another city's, K general
    knowledge. `lines` has one entry, or one a requirement or step; `papers` the key of the paper
    that each line asks for, "" where none is known.
    """

    lines: tuple[Text, ...]
    state: Literal["disahkan", "contoh"]
    evidence: Literal["T", "N", "L", "K"]
    sources: tuple[str, ...]
    recorded: date
    valid_until: date | None = None
    papers: tuple[str, ...] = ()
    approval: Approval | None = None

    def standing(self, today: date) -> Standing:
        """An expired fact is never shown as the rule, whoever approved it."""
        if self.valid_until is not None and today > self.valid_until:
            return "kedaluwarsa"
        return self.state


Filing = Literal["form", "ask_staff", "none"]


@dataclass(frozen=True, slots=True)
class FirstIssue:
    """What a service's facts tell of the first time only: they say nothing of one that is lost or
    damaged, nor, if it `expires`, of one past its date. `of`: as people call it; `also`: the facts
    that hold for another one too."""

    of: tuple[str, ...]
    also: tuple[str, ...] = ()
    expires: bool = False


@dataclass(frozen=True, slots=True)
class NotFor:
    """What people bring to a service, as they call it, and its facts do not tell of; `see`: the
    service that does ("")."""

    said: tuple[str, ...]
    see: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One thing people come for. `facts` lacks a name where no official data was found.

    `note_first`: the note may turn the whole errand round, so it is told before anything else.
    """

    id: str
    category: str
    icon: str
    name: Text
    summary: Text
    aliases: tuple[str, ...]
    agency: Text
    at_kelurahan: bool
    facts: dict[str, Fact]
    note: Text | None = None
    note_first: bool = False
    first_issue: FirstIssue | None = None
    not_for: tuple[NotFor, ...] = ()
    filing: Filing = "none"
    form: Form | None = None

    def fact(self, name: str) -> Fact | None:
        return self.facts.get(name)


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """Something that happened to a person, and the services it takes, in the order to do them.

    `given` are answers that the event itself gives, by service and field: nobody is asked them.
    """

    id: str
    icon: str
    name: Text
    services: tuple[str, ...]
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paper:
    """Something to bring: what to do when it is `missing`, and the `service` that gets it ("")."""

    key: str
    missing: Text
    service: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    icon: str
    name: Text


@dataclass(frozen=True, slots=True)
class Source:
    key: str
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class CatalogueProblem:
    """A file that could not be taken in: `file`, the `key` inside it, what to do about it."""

    file: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    services: dict[str, Service]
    events: tuple[LifeEvent, ...] = ()
    categories: tuple[Category, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    problems: tuple[CatalogueProblem, ...] = ()
