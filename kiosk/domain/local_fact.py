"""A fact as a person of this office said it, laid over the one of the city's catalogue.

It stands as long as the fact beneath is the one it was said about. Once the city publishes
another version of that fact, the city's is shown, and both are kept until a person decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

from kiosk.domain.payload import canonical_json
from kiosk.domain.service import FACT_NAMES, Approval, Catalogue, Fact, Service, Source, Text

LINES_MAX = 20
LINE_MAX_CHARS = 300
NAME_MAX_CHARS = 80

Choice = Literal["local", "city"]
Place = Literal["shown", "undecided", "city"]


@dataclass(frozen=True, slots=True)
class LocalFact:
    """`lines` empty: taken back, the city's is to be shown. `over` is `fact_digest` of the fact
    beneath when it was said, `source` on what it rests, in words."""

    service: str
    fact: str
    lines: tuple[Text, ...]
    role: str
    person: str
    day: date
    source: str
    over: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """A local fact and where it stands: shown, to be decided upon, or the city's is shown."""

    local: LocalFact
    place: Place
    beneath: Fact | None


class NotSayable(ValueError):
    """What is wrong with a local fact: the key, and what to do."""


def fact_digest(fact: Fact | None) -> str:
    """Tells one version of a fact from another; "" where there is none."""
    if fact is None:
        return ""
    told = asdict(replace(fact, approval=None))
    return hashlib.sha256(canonical_json(_plain(told))).hexdigest()


def layered(catalogue: Catalogue, said: Iterable[LocalFact]) -> tuple[Catalogue, tuple[Laid, ...]]:
    """The catalogue as it is shown, and where each local fact stands. `said` holds the newest of
    each fact; one of a service that is no longer there stands as undecided."""
    services, sources = dict(catalogue.services), dict(catalogue.sources)
    laid = []
    for one in said:
        service = services.get(one.service)
        beneath = None if service is None else service.fact(one.fact)
        place = _place(one, service, beneath)
        laid.append(Laid(one, place, beneath))
        if place == "shown" and service is not None:
            key = f"lokal-{one.service}-{one.fact}"
            sources[key] = Source(key, one.source, "")
            facts = {**service.facts, one.fact: shown_fact(one, key)}
            in_order = {name: facts[name] for name in FACT_NAMES if name in facts}
            services[one.service] = replace(service, facts=in_order)
    return replace(catalogue, services=services, sources=sources), tuple(laid)


def _place(one: LocalFact, service: Service | None, beneath: Fact | None) -> Place:
    if not one.lines:
        return "city"
    same = service is not None and fact_digest(beneath) == one.over
    return "shown" if same else "undecided"


def shown_fact(one: LocalFact, source_key: str) -> Fact:
    return Fact(
        lines=one.lines,
        state="disahkan",
        evidence="T",
        sources=(source_key,),
        recorded=one.day,
        valid_until=one.valid_until,
        approval=Approval(one.role, one.person, one.day),
    )


def check(one: LocalFact, catalogue: Catalogue) -> None:
    """Raises NotSayable."""
    if one.service not in catalogue.services:
        raise NotSayable(f"service: {one.service!r} is not in the catalogue")
    if one.fact not in FACT_NAMES:
        raise NotSayable(f"fact: write one of {', '.join(FACT_NAMES)}")
    if len(one.lines) > LINES_MAX:
        raise NotSayable(f"lines: at most {LINES_MAX}")
    for line in one.lines:
        if not _is_short(line.id, LINE_MAX_CHARS) or not _is_short(line.en, LINE_MAX_CHARS):
            raise NotSayable(f"lines: each in id and en, 1 to {LINE_MAX_CHARS} characters")
    for key, text in (("role", one.role), ("person", one.person), ("source", one.source)):
        if not _is_short(text, NAME_MAX_CHARS):
            raise NotSayable(f"{key}: write it in 1 to {NAME_MAX_CHARS} characters")
    if one.valid_until is not None and one.valid_until < one.day:
        raise NotSayable("valid_until: is over already")


def _is_short(text: str, most: int) -> bool:
    return bool(text.strip()) and len(text) <= most and text.isprintable()


# --- as it is kept and signed ---------------------------------------------------------------------
def to_table(one: LocalFact) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(asdict(one))
    return plain


def from_table(table: dict[str, Any]) -> LocalFact:
    """Raises ValueError, KeyError or TypeError when it is not as it was written."""
    until = table["valid_until"]
    return LocalFact(
        service=str(table["service"]),
        fact=str(table["fact"]),
        lines=tuple(Text(str(line["id"]), str(line["en"])) for line in table["lines"]),
        role=str(table["role"]),
        person=str(table["person"]),
        day=date.fromisoformat(table["day"]),
        source=str(table["source"]),
        over=str(table["over"]),
        valid_until=None if until is None else date.fromisoformat(until),
    )


def _plain(value: Any) -> Any:
    """Days as text, tuples as lists: what JSON has."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
