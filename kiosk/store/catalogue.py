"""Reads the catalogue from `assets/`: one file a service, and the lists that tie them together.

A broken file costs its own service or list entry, never the kiosk: it becomes a CatalogueProblem
naming file and key, and everything else loads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import fastjsonschema

from kiosk.domain.errand import LETTERS_MOST, clash, letters_of
from kiosk.domain.service import (
    FACT_NAMES,
    Catalogue,
    CatalogueProblem,
    Category,
    Fact,
    FirstIssue,
    LifeEvent,
    NotFor,
    Paper,
    Service,
    Source,
)
from kiosk.store.asset_file import Broken, Table, day_of, read_table, text_of
from kiosk.store.forms import SharedFields, form_of, load_shared_fields

LARGEST_FILE_BYTES = 64 * 1024
LARGEST_LIST_BYTES = 256 * 1024
Item = TypeVar("Item", Source, Category, LifeEvent, Paper)


def load_catalogue(folder: Path, city: Mapping[str, Table] | None = None) -> Catalogue:
    """`folder` is the assets folder: catalogue/*.toml, schemas/service.json, fields.toml,
    papers.toml, events.toml, categories.toml, sources.toml. `city` are services that the city
    published, by id, each in the place of the file of its name; it may cite sources of its own.

    Raises OSError or ValueError only when the schema itself, a part of the program, is unusable.
    """
    problems: list[CatalogueProblem] = []
    schema = (folder / "schemas" / "service.json").read_text(encoding="utf-8")
    validate, check_field = _compiled(schema), _compiled(_part(schema, "field"))
    sources = {one.key: one for one in _listed(folder / "sources.toml", _source, problems)}
    categories = _listed(folder / "categories.toml", _category, problems)
    events = _listed(folder / "events.toml", _event, problems)
    papers = {one.key: one for one in _listed(folder / "papers.toml", _paper, problems)}
    shared = load_shared_fields(folder / "fields.toml", check_field, problems)

    services: dict[str, Service] = {}
    paths = sorted((folder / "catalogue").glob("*.toml"))
    for path in paths:
        try:
            service = _service(_checked_table(path, validate), shared)
            _cross_check(service, path.stem, sources, papers)
        except Broken as why:
            problems.append(CatalogueProblem(path.name, why.key, why.message))
        else:
            services[service.id] = service
    for name, table in (city or {}).items():
        try:
            service = _service(_checked(table, validate), shared)
            sources |= {key: Source(key, key, "") for key in _cited(service) if key not in sources}
            _cross_check(service, name, sources, papers)
        except Broken as why:
            problems.append(CatalogueProblem(f"city: {name}", why.key, why.message))
        else:
            services[service.id] = service
    if not paths:
        problems.append(CatalogueProblem("catalogue/", "", "has no service in it"))

    files = {path.stem for path in paths} | set(services)
    events = [_with_known_services(event, services, files, problems) for event in events]
    for paper in papers.values():
        if paper.service and paper.service not in files:
            message = f"{paper.service!r} has no file in catalogue/"
            problems.append(CatalogueProblem("papers.toml", f"{paper.key}.service", message))
    for service in services.values():
        for other in service.not_for:
            if other.see and other.see not in files:
                message = f"{other.see!r} has no file in catalogue/"
                problems.append(CatalogueProblem(f"{service.id}.toml", "not_for.see", message))
    catalogue = Catalogue(
        services=services,
        events=tuple(event for event in events if event.services),
        categories=tuple(categories),
        sources=sources,
        papers=papers,
    )
    problems += [one for event in catalogue.events if (one := _bundle_problem(event, catalogue))]
    return replace(catalogue, problems=tuple(problems))


def _part(schema: str, name: str) -> str:
    """One definition of the schema, as a schema of its own."""
    definitions = json.loads(schema)["definitions"]
    return json.dumps({**definitions[name], "definitions": definitions})


@lru_cache(maxsize=2)
def _compiled(schema: str) -> Callable[[Table], Table]:
    compiled: Callable[[Table], Table] = fastjsonschema.compile(json.loads(schema))
    return compiled


def _checked_table(path: Path, validate: Callable[[Table], Table]) -> Table:
    return _checked(read_table(path, LARGEST_FILE_BYTES), validate)


def _checked(table: Table, validate: Callable[[Table], Table]) -> Table:
    try:
        return validate(table)
    except fastjsonschema.JsonSchemaValueException as why:
        key = ".".join(str(part) for part in why.path[1:])
        raise Broken(key, _schema_message(why)) from why


def _cited(service: Service) -> set[str]:
    return {key for fact in service.facts.values() for key in fact.sources}


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


def _service(table: Table, shared: SharedFields) -> Service:
    facts = {name: _fact(name, fact) for name, fact in table["facts"].items()}
    unknown = table.get("unknown", [])
    for name in FACT_NAMES:
        if (name in facts) == (name in unknown):
            said = "in both: remove one" if name in facts else "missing: add the fact or list it"
            raise Broken(f"facts.{name}", f"{said} ([facts.{name}] or `unknown`)")
    form = form_of(table["form"], shared) if "form" in table else None
    return Service(
        id=table["id"],
        category=table["category"],
        icon=table["icon"],
        name=text_of(table["name"]),
        summary=text_of(table["summary"]),
        aliases=tuple(table["aliases"]),
        agency=text_of(table["agency"]),
        at_kelurahan=table["at_kelurahan"],
        facts={name: facts[name] for name in FACT_NAMES if name in facts},
        note=text_of(table["note"]) if "note" in table else None,
        note_first=table.get("note", {}).get("first", False),
        first_issue=_first_issue(table["first_issue"]) if "first_issue" in table else None,
        not_for=tuple(
            NotFor(tuple(one["said"]), one.get("see", "")) for one in table.get("not_for", ())
        ),
        filing=table["filing"],
        form=form,
    )


def _first_issue(table: Table) -> FirstIssue:
    return FirstIssue(
        of=tuple(table["of"]),
        also=tuple(table.get("also", ())),
        expires=table.get("expires", False),
    )


def _fact(name: str, table: Table) -> Fact:
    until = table.get("valid_until")
    return Fact(
        lines=tuple(text_of(line) for line in table["lines"]),
        state=table["state"],
        evidence=table["evidence"],
        sources=tuple(table["sources"]),
        recorded=day_of(table["recorded"], f"facts.{name}.recorded"),
        valid_until=None if until is None else day_of(until, f"facts.{name}.valid_until"),
        papers=tuple(line.get("paper", "") for line in table["lines"]),
    )


def _cross_check(
    service: Service, stem: str, sources: dict[str, Source], papers: dict[str, Paper]
) -> None:
    if service.id != stem:
        raise Broken("id", f"{service.id!r} differs from the file's name; rename one")
    if (service.filing == "form") != (service.form is not None):
        raise Broken("filing", 'is "form" exactly if the file has [[form.fields]]')
    for name, fact in service.facts.items():
        if strange := next((key for key in fact.sources if key not in sources), None):
            raise Broken(f"facts.{name}.sources", f"{strange!r} is not in sources.toml")
        if strange := next((key for key in fact.papers if key and key not in papers), None):
            raise Broken(f"facts.{name}.lines", f"paper {strange!r} is not in papers.toml")


def _listed(
    path: Path, read: Callable[[Table], Item], problems: list[CatalogueProblem]
) -> list[Item]:
    """The items of a list file, its only key's tables (`[[event]]`); broken ones are left out."""
    try:
        table = read_table(path, LARGEST_LIST_BYTES)
        if len(table) != 1 or not isinstance(rows := next(iter(table.values())), list):
            raise Broken("", "need one list of tables and nothing else")
    except Broken as why:
        problems.append(CatalogueProblem(path.name, why.key, why.message))
        return []
    items: dict[str, Item] = {}
    for number, row in enumerate(rows):
        key = str(number)
        try:
            _check_row(row, key)
            key = row.get("id") or row["key"]
            if key in items:
                raise Broken(key, "is there twice; remove one")
            items[key] = read(row)
        except Broken as why:
            problems.append(CatalogueProblem(path.name, why.key, why.message))
        except KeyError as why:
            problems.append(CatalogueProblem(path.name, f"{key}.{why.args[0]}", "is missing"))
    return list(items.values())


def _check_row(row: object, number: str) -> None:
    """Texts, pairs of texts (id, en) or lists of texts are all that these files hold; and what an
    event gives: texts by service and field."""
    if not isinstance(row, dict):
        raise Broken(number, "need tables ([[...]])")
    given = row.get("given", {})
    if not isinstance(given, dict):
        raise Broken(f"{number}.given", "need a table")
    nested = {f"given.{name}": answers for name, answers in given.items()}
    for key, value in {**row, "given": "", **nested}.items():
        parts = value.values() if isinstance(value, dict) else value
        if isinstance(parts, str):
            continue
        if not hasattr(parts, "__iter__") or not all(isinstance(part, str) for part in parts):
            raise Broken(f"{number}.{key}", "need text")


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
    return LifeEvent(event.id, event.icon, event.name, known, event.given)


def _bundle_problem(event: LifeEvent, catalogue: Catalogue) -> CatalogueProblem | None:
    """What keeps the letters of an event from being filed in one go."""
    letters = letters_of(event, catalogue)
    if len(letters) > LETTERS_MOST:
        message = f"{len(letters)} letters, at most {LETTERS_MOST} in one go"
        return CatalogueProblem("events.toml", f"{event.id}.services", message)
    by_id = {one.id: one for one in letters}
    for service, answers in event.given.items():
        letter = by_id.get(service)
        fields = {one.name: one for one in letter.form.fields} if letter and letter.form else {}
        for name, value in answers.items():
            known = [choice.value for choice in fields[name].choices] if name in fields else []
            if value not in known and service in catalogue.services:
                message = f"{value!r} is no choice of a field {name!r} of {service!r}"
                return CatalogueProblem("events.toml", f"{event.id}.given.{service}", message)
    if differing := clash(letters, event.given):
        message = f"two letters ask {differing!r} differently: say it in given, or rename one"
        return CatalogueProblem("events.toml", f"{event.id}.services", message)
    return None


def _source(table: Table) -> Source:
    return Source(key=table["key"], title=table["title"], address=table["address"])


def _category(table: Table) -> Category:
    return Category(id=table["id"], icon=table["icon"], name=text_of(table["name"]))


def _event(table: Table) -> LifeEvent:
    services = tuple(table["services"])
    given = table.get("given", {})
    return LifeEvent(table["id"], table["icon"], text_of(table["name"]), services, given)


def _paper(table: Table) -> Paper:
    return Paper(table["key"], text_of(table["missing"]), table.get("service", ""))
