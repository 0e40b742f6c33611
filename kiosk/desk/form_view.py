"""A declared form as a page of fields, and answers as a clerk reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.desk.desk import Desk
from kiosk.domain.answers import asked
from kiosk.domain.form import Field, Form
from kiosk.domain.problem import Problem
from kiosk.domain.session import ADDRESS_PARTS


def fields_of(
    desk: Desk, form: Form, raw: Mapping[str, str], problems: Mapping[str, Problem]
) -> list[dict[str, Any]]:
    """What the template needs of each question; those with `only_if` are there too and are shown
    or hidden by the page's script (and dropped by the check if they are not asked)."""
    now_asked = {item.name for item in asked(form, raw)}
    return [
        {
            "field": item,
            "value": raw.get(item.name, ""),
            "parts": {part: raw.get(f"{item.name}.{part}", "") for part in ADDRESS_PARTS},
            "problem": desk.words.problem(problems[item.name]) if item.name in problems else "",
            "asked": item.name in now_asked,
        }
        for item in form.fields
    ]


def posted(desk: Desk, form: Form, given: Mapping[str, list[str]]) -> dict[str, str]:
    """What was typed by question key. A kelurahan names its kecamatan."""
    raw: dict[str, str] = {}
    for item in form.fields:
        for key in _keys(item):
            if key in given:
                raw[key] = given[key][0]
        chosen = desk.services.regions.find_code(raw.get(f"{item.name}.kelurahan", ""))
        if item.kind == "address" and chosen is not None:
            raw[f"{item.name}.kecamatan"] = chosen.parent
    return raw


def kelurahan_by_kecamatan(desk: Desk) -> list[tuple[str, list[tuple[str, str]]]]:
    regions = desk.services.regions
    return [
        (one.name, [(inner.code, inner.name) for inner in regions.kelurahan(one.code)])
        for one in regions.kecamatan()
    ]


def written_answers(
    desk: Desk, form: Form | None, answers: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """(label, answer) in the form's order; what a newer catalogue no longer asks comes last."""
    fields = {item.name: item for item in form.fields} if form else {}
    names = [name for name in fields if name in answers]
    names += [name for name in answers if name not in fields]
    return [
        (
            fields[name].label.id if name in fields else name,
            written_answer(desk, fields.get(name), answers[name]),
        )
        for name in names
        if answers[name] is not None
    ]


def written_answer(desk: Desk, item: Field | None, value: Any) -> str:
    kind = item.kind if item else "text"
    if isinstance(value, Mapping):
        return _address(desk, value)
    if kind == "nik":
        text = str(value)
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
    if kind == "choice" and item is not None:
        return next((one.name.id for one in item.choices if one.value == value), str(value))
    if kind == "phone":
        return f"+{value}"
    if kind == "rupiah" and isinstance(value, int):
        return "Rp" + f"{value:,}".replace(",", ".")
    if kind == "date":
        year, _, rest = str(value).partition("-")
        month, _, day = rest.partition("-")
        return f"{day}-{month}-{year}"
    return str(value)


def _address(desk: Desk, parts: Mapping[str, Any]) -> str:
    regions = desk.services.regions
    names = []
    for part, before in (("kelurahan", "Kel."), ("kecamatan", "Kec.")):
        region = regions.find_code(str(parts.get(part, "")))
        names.append(f"{before} {region.name if region else parts.get(part, '?')}")
    where = f"RT {parts.get('rt', '?')}/RW {parts.get('rw', '?')}"
    return ", ".join([str(parts.get("street", "")), where, *names])


def _keys(item: Field) -> list[str]:
    if item.kind == "address":
        return [f"{item.name}.{part}" for part in ADDRESS_PARTS]
    return [item.name]
