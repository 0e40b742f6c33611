"""Reads the catalogue from `assets/`: one file a service, and the lists that tie them together.

A broken file costs its own service or list entry, never the kiosk: it becomes a CatalogueProblem
naming file and key, and everything else loads.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import fastjsonschema

from kiosk.domain.form import Choice, Field, Form, OnlyIf
from kiosk.domain.service import (
    FACT_NAMES,
    Catalogue,
    CatalogueProblem,
    Category,
    Fact,
    LifeEvent,
    Service,
    Source,
    Text,
)

LARGEST_FILE_BYTES = 64 * 1024
LARGEST_LIST_BYTES = 256 * 1024
Table = dict[str, Any]
Item = TypeVar("Item", Source, Category, LifeEvent)


class _Broken(Exception):
    """Why one file cannot be used: the key in it, and what to do. Never leaves this module."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key, self.message = key, message


def load_catalogue(folder: Path) -> Catalogue:
    """`folder` is the assets folder: catalogue/*.toml, schemas/service.json, events.toml,
    categories.toml, sources.toml.

    Raises OSError or ValueError only when the schema itself, a part of the program, is unusable.
    """
    problems: list[CatalogueProblem] = []
    schema = (folder / "schemas" / "service.json").read_text(encoding="utf-8")
    validate = _compiled(schema)
    sources = {one.key: one for one in _listed(folder / "sources.toml", _source, problems)}
    categories = _listed(folder / "categories.toml", _category, problems)
    events = _listed(folder / "events.toml", _event, problems)

    services: dict[str, Service] = {}
    paths = sorted((folder / "catalogue").glob("*.toml"))
    for path in paths:
        try:
            service = _service(_checked_table(path, validate))
            _cross_check(service, path.stem, sources)
        except _Broken as why:
            problems.append(CatalogueProblem(path.name, why.key, why.message))
        else:
            services[service.id] = service
    if not paths:
        problems.append(CatalogueProblem("catalogue/", "", "has no service in it"))

    files = {path.stem for path in paths}
    events = [_with_known_services(event, services, files, problems) for event in events]
    return Catalogue(
        services=services,
        events=tuple(event for event in events if event.services),
        categories=tuple(categories),
        sources=sources,
        problems=tuple(problems),
    )


@lru_cache(maxsize=1)
def _compiled(schema: str) -> Callable[[Table], Table]:
    compiled: Callable[[Table], Table] = fastjsonschema.compile(json.loads(schema))
    return compiled


def _read(path: Path, largest_bytes: int) -> Table:
    try:
        raw = path.read_bytes()
    except OSError as why:
        raise _Broken("", f"cannot be read: {why.strerror}") from why
    if len(raw) > largest_bytes:
        raise _Broken("", f"{len(raw)} bytes, more than {largest_bytes}; shorten it")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as why:
        raise _Broken("", f"byte {why.start} is not UTF-8; save the file as UTF-8") from why
    except (tomllib.TOMLDecodeError, RecursionError) as why:
        raise _Broken("", f"is not TOML: {why}") from why


def _checked_table(path: Path, validate: Callable[[Table], Table]) -> Table:
    table = _read(path, LARGEST_FILE_BYTES)
    try:
        return validate(table)
    except fastjsonschema.JsonSchemaValueException as why:
        key = ".".join(str(part) for part in why.path[1:])
        raise _Broken(key, _schema_message(why)) from why


def _schema_message(why: fastjsonschema.JsonSchemaValueException) -> str:
    """The schema's own words, with the keys it does not know: mostly one of them is a typo."""
    message = str(why.message).removeprefix(why.name or "").strip()
    known = why.definition.get("properties", {})
    if why.rule == "propertyNames":
        message, known = "has a table it may not have", FACT_NAMES
    if why.rule in ("required", "propertyNames"):
        strange = [key for key in why.value if key not in known]
        message += f"; unknown here: {', '.join(strange)}" if strange else ""
    return message


def _service(table: Table) -> Service:
    facts = {name: _fact(name, fact) for name, fact in table["facts"].items()}
    unknown = table.get("unknown", [])
    for name in FACT_NAMES:
        if (name in facts) == (name in unknown):
            said = "in both: remove one" if name in facts else "missing: add the fact or list it"
            raise _Broken(f"facts.{name}", f"{said} ([facts.{name}] or `unknown`)")
    form = _form(table["form"]["fields"]) if "form" in table else None
    return Service(
        id=table["id"],
        category=table["category"],
        icon=table["icon"],
        name=_text(table["name"]),
        summary=_text(table["summary"]),
        aliases=tuple(table["aliases"]),
        agency=_text(table["agency"]),
        at_kelurahan=table["at_kelurahan"],
        facts={name: facts[name] for name in FACT_NAMES if name in facts},
        note=_text(table["note"]) if "note" in table else None,
        filing=table["filing"],
        form=form,
    )


def _fact(name: str, table: Table) -> Fact:
    until = table.get("valid_until")
    return Fact(
        lines=tuple(_text(line) for line in table["lines"]),
        state=table["state"],
        evidence=table["evidence"],
        sources=tuple(table["sources"]),
        recorded=_day(table["recorded"], f"facts.{name}.recorded"),
        valid_until=None if until is None else _day(until, f"facts.{name}.valid_until"),
    )


def _form(tables: list[Table]) -> Form:
    fields: dict[str, Field] = {}
    for number, table in enumerate(tables):
        key = f"form.fields.{number}"
        field = Field(
            name=table["name"],
            kind=table["kind"],
            label=_text(table["label"]),
            question=_text(table["question"]),
            hint=_text(table["hint"]) if "hint" in table else None,
            required=table.get("required", True),
            choices=tuple(Choice(one["value"], _text(one)) for one in table.get("choices", ())),
            max_chars=table.get("max_chars", Field.__dataclass_fields__["max_chars"].default),
            only_if=_only_if(table["only_if"]) if "only_if" in table else None,
        )
        if field.name in fields:
            raise _Broken(f"{key}.name", f"{field.name!r} is used twice; rename one")
        if (field.kind == "choice") != bool(field.choices):
            raise _Broken(f"{key}.choices", "a field has choices exactly if its kind is choice")
        if len({choice.value for choice in field.choices}) < len(field.choices):
            raise _Broken(f"{key}.choices", "two choices have the same value; rename one")
        if field.only_if is not None:
            _check_only_if(field.only_if, fields, f"{key}.only_if")
        fields[field.name] = field
    return Form(tuple(fields.values()))


def _check_only_if(rule: OnlyIf, earlier: dict[str, Field], key: str) -> None:
    asked_before = earlier.get(rule.field)
    if asked_before is None or asked_before.kind != "choice":
        raise _Broken(f"{key}.field", f"{rule.field!r} is no choice field above this one")
    known = {choice.value for choice in asked_before.choices}
    if strange := next((value for value in rule.values if value not in known), None):
        raise _Broken(f"{key}.values", f"{strange!r} is no choice of {rule.field!r}")


def _cross_check(service: Service, stem: str, sources: dict[str, Source]) -> None:
    if service.id != stem:
        raise _Broken("id", f"{service.id!r} differs from the file's name; rename one")
    if (service.filing == "form") != (service.form is not None):
        raise _Broken("filing", 'is "form" exactly if the file has [[form.fields]]')
    for name, fact in service.facts.items():
        if strange := next((key for key in fact.sources if key not in sources), None):
            raise _Broken(f"facts.{name}.sources", f"{strange!r} is not in sources.toml")


def _listed(
    path: Path, read: Callable[[Table], Item], problems: list[CatalogueProblem]
) -> list[Item]:
    """The items of a list file, its only key's tables (`[[event]]`); broken ones are left out."""
    try:
        table = _read(path, LARGEST_LIST_BYTES)
        if len(table) != 1 or not isinstance(rows := next(iter(table.values())), list):
            raise _Broken("", "need one list of tables and nothing else")
    except _Broken as why:
        problems.append(CatalogueProblem(path.name, why.key, why.message))
        return []
    items: dict[str, Item] = {}
    for number, row in enumerate(rows):
        key = str(number)
        try:
            _check_row(row, key)
            key = row.get("id") or row["key"]
            if key in items:
                raise _Broken(key, "is there twice; remove one")
            items[key] = read(row)
        except _Broken as why:
            problems.append(CatalogueProblem(path.name, why.key, why.message))
        except KeyError as why:
            problems.append(CatalogueProblem(path.name, f"{key}.{why.args[0]}", "is missing"))
    return list(items.values())


def _check_row(row: object, number: str) -> None:
    """Texts, pairs of texts (id, en) or lists of texts are all that these files hold."""
    if not isinstance(row, dict):
        raise _Broken(number, "need tables ([[...]])")
    for key, value in row.items():
        parts = value.values() if isinstance(value, dict) else value
        if isinstance(parts, str):
            continue
        if not hasattr(parts, "__iter__") or not all(isinstance(part, str) for part in parts):
            raise _Broken(f"{number}.{key}", "need text")


def _with_known_services(
    event: LifeEvent,
    services: dict[str, Service],
    files: set[str],
    problems: list[CatalogueProblem],
) -> LifeEvent:
    """Without the services that did not load; one that has no file at all is a problem."""
    for service in event.services:
        if service not in files:
            message = f"{service!r} has no file in catalogue/"
            problems.append(CatalogueProblem("events.toml", f"{event.id}.services", message))
    known = tuple(service for service in event.services if service in services)
    return LifeEvent(event.id, event.icon, event.name, known)


def _source(table: Table) -> Source:
    return Source(key=table["key"], title=table["title"], address=table["address"])


def _category(table: Table) -> Category:
    return Category(id=table["id"], icon=table["icon"], name=_text(table["name"]))


def _event(table: Table) -> LifeEvent:
    services = tuple(table["services"])
    return LifeEvent(table["id"], table["icon"], _text(table["name"]), services)


def _only_if(table: Table) -> OnlyIf:
    return OnlyIf(field=table["field"], values=tuple(table["values"]))


def _text(table: Table) -> Text:
    return Text(id=table["id"], en=table["en"])


def _day(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as why:
        raise _Broken(key, f"{text!r} is no day of the calendar") from why
