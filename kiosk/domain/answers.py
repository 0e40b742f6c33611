"""From what was typed or tapped to a checked answer, or to the one thing wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from kiosk.domain.address import read_address
from kiosk.domain.dates import read_date
from kiosk.domain.form import Field, Form
from kiosk.domain.nik import has_birth_date, is_woman, nik_cautions, read_nik
from kiosk.domain.number import read_number
from kiosk.domain.phone import read_phone
from kiosk.domain.problem import Caution, Problem
from kiosk.domain.regions import Regions
from kiosk.domain.rupiah import read_rupiah
from kiosk.domain.signs import name_problem, text_problem, tidy

Value: TypeAlias = "str | int | dict[str, str] | None"

LONGEST_NAME = 100
# In a form, `mother_nik` belongs with `mother_birth_date` and `mother_gender`.
_NIK, _BIRTH_DATE, _GENDER = "nik", "birth_date", "gender"
_WOMEN, _MEN = ("female", "perempuan", "p"), ("male", "laki_laki", "l")


@dataclass(frozen=True, slots=True)
class Checked:
    """`value` by kind: nik 16 digits; date "YYYY-MM-DD"; address a dict of `ADDRESS_PARTS`;
    phone "62…"; rupiah and number an int; choice its value; None for an optional field left empty.
    """

    value: Value
    cautions: tuple[Caution, ...] = ()


def check(
    field: Field,
    raw: object,
    *,
    today: date,
    regions: Regions,
    answers: Mapping[str, object],
) -> Checked | Problem:
    """`raw` as screen or JSON gives it: text, or for an address a mapping of its parts.

    `answers` are the checked answers so far, for cautions across fields. Never raises.
    """
    read = _read(field, raw, today, regions)
    if isinstance(read, Problem):
        if not field.required and read.code == f"{field.kind}_empty":
            return Checked(None)
        return read
    return Checked(read, _cautions(field, read, regions, answers))


def asked(form: Form, answers: Mapping[str, object]) -> tuple[Field, ...]:
    """The fields whose `only_if` holds. An answer to a field no longer asked opens nothing."""
    fields: dict[str, Field] = {}
    for field in form.fields:
        rule = field.only_if
        if rule is None or (rule.field in fields and answers.get(rule.field) in rule.values):
            fields[field.name] = field
    return tuple(fields.values())


def check_all(
    form: Form, raw_answers: Mapping[str, object], *, today: date, regions: Regions
) -> tuple[dict[str, Value], list[tuple[str, Problem]]]:
    """Every field in order: the checked values, and (field name, problem) for the others.

    Answers to fields that are not asked are dropped; a key that is no field is a problem.
    """
    values: dict[str, Value] = {}
    problems: list[tuple[str, Problem]] = []
    names = {field.name for field in form.fields}
    for key in raw_answers:
        if key not in names:
            known = tidy(str(key))[:40]
            problems.append((known, Problem("unknown_field", {"name": known})))
    for field in form.fields:
        if field not in asked(form, values):
            continue
        raw = raw_answers.get(field.name)
        outcome = check(field, raw, today=today, regions=regions, answers=values)
        if isinstance(outcome, Problem):
            problems.append((field.name, outcome))
        else:
            values[field.name] = outcome.value
    return values, problems


def _read(field: Field, raw: object, today: date, regions: Regions) -> Value | Problem:
    if field.kind == "address":
        if raw is None or raw == "":
            return Problem("address_empty")
        return read_address(raw, regions) if isinstance(raw, Mapping) else Problem("not_text")
    if raw is None:
        raw = ""
    elif isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        raw = str(raw)  # a NIK or an amount written without quotes in JSON
    if not isinstance(raw, str):
        return Problem("not_text")
    text = tidy(raw)
    readers: dict[str, Callable[[], Value | Problem]] = {
        "nik": lambda: read_nik(text),
        "name": lambda: name_problem(text, min(LONGEST_NAME, field.max_chars)) or text,
        "date": lambda: read_date(text, today, ahead=field.ahead),
        "phone": lambda: read_phone(text),
        "choice": lambda: _read_choice(field, text),
        "text": lambda: text_problem(text, "text", field.max_chars) or text,
        "rupiah": lambda: read_rupiah(text),
        "number": lambda: read_number(text, field.most),
    }
    return readers[field.kind]()


def _read_choice(field: Field, text: str) -> str | Problem:
    if not text:
        return Problem("choice_empty")
    known = any(text == choice.value for choice in field.choices)
    return text if known else Problem("choice_unknown")


def _cautions(
    field: Field, value: Value, regions: Regions, answers: Mapping[str, object]
) -> tuple[Caution, ...]:
    """A NIK against date and gender, whichever of them was answered last."""
    if not isinstance(value, str):
        return ()
    if field.kind == "nik":
        whose = field.name.removesuffix(_NIK)
        born = answers.get(whose + _BIRTH_DATE)
        woman = _is_woman(answers.get(whose + _GENDER))
        return nik_cautions(value, regions, born if isinstance(born, str) else None, woman)
    if field.kind == "date" and field.name.endswith(_BIRTH_DATE):
        nik = answers.get(field.name.removesuffix(_BIRTH_DATE) + _NIK)
        if isinstance(nik, str) and not has_birth_date(nik, value):
            return (Caution("nik_birth_date_differs"),)
    if field.kind == "choice" and field.name.endswith(_GENDER):
        nik = answers.get(field.name.removesuffix(_GENDER) + _NIK)
        if isinstance(nik, str) and _is_woman(value) not in (None, is_woman(nik)):
            return (Caution("nik_gender_differs"),)
    return ()


def _is_woman(gender: object) -> bool | None:
    return True if gender in _WOMEN else False if gender in _MEN else None
