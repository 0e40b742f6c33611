"""A letter's form from its tables: shared questions put in by `use`, then checked as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import fastjsonschema

from kiosk.domain.form import Choice, Field, Form, LetterWords, OnlyIf
from kiosk.domain.service import CatalogueProblem
from kiosk.store.asset_file import Broken, Table, read_table, text_of

LARGEST_FIELDS_BYTES = 64 * 1024
FIELDS_MOST = 24
_NEEDED = ("name", "kind", "label", "question")
_DEFAULT = Field.__dataclass_fields__


@dataclass(frozen=True, slots=True)
class SharedFields:
    """Tables of questions by name, and groups of them; from `fields.toml`."""

    fields: Mapping[str, Table] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_shared_fields(
    path: Path, check_field: Callable[[Table], Table], problems: list[CatalogueProblem]
) -> SharedFields:
    """What is broken in it is a problem, and is missing to the forms that use it."""
    try:
        table = read_table(path, LARGEST_FIELDS_BYTES)
        rows, groups = table.pop("field", []), table.pop("groups", {})
        if table or not isinstance(rows, list) or not isinstance(groups, dict):
            raise Broken("", "need [groups] and [[field]] and nothing else")
    except Broken as why:
        problems.append(CatalogueProblem(path.name, why.key, why.message))
        return SharedFields()
    fields: dict[str, Table] = {}
    for number, row in enumerate(rows):
        try:
            name = check_field(row).get("name", "")
            if "use" in row or not name or name in fields:
                raise Broken(str(number), "need a name of its own, and no `use`")
            fields[name] = row
        except fastjsonschema.JsonSchemaValueException as why:
            message = str(why.message).removeprefix(why.name or "").strip()
            problems.append(CatalogueProblem(path.name, f"field.{number}", message))
        except Broken as why:
            problems.append(CatalogueProblem(path.name, f"field.{why.key}", why.message))
    whole: dict[str, tuple[str, ...]] = {}
    for name, members in groups.items():
        if isinstance(members, list) and members and all(one in fields for one in members):
            whole[name] = tuple(members)
        else:
            message = "need a list of names of [[field]]s above"
            problems.append(CatalogueProblem(path.name, f"groups.{name}", message))
    return SharedFields(fields, whole)


def form_of(table: Table, shared: SharedFields) -> Form:
    """Raises Broken, with the key as it stands in the service's file."""
    fields: dict[str, Field] = {}
    for key, row in _written_out(table["fields"], shared):
        one = _field(row, key)
        if one.name in fields:
            raise Broken(f"{key}.name", f"{one.name!r} is used twice; rename one")
        if (one.kind == "choice") != bool(one.choices):
            raise Broken(f"{key}.choices", "a field has choices exactly if its kind is choice")
        if len({choice.value for choice in one.choices}) < len(one.choices):
            raise Broken(f"{key}.choices", "two choices have the same value; rename one")
        if one.only_if is not None:
            _check_only_if(one.only_if, fields, f"{key}.only_if")
        fields[one.name] = one
    if len(fields) > FIELDS_MOST:
        raise Broken("form.fields", f"{len(fields)} questions, at most {FIELDS_MOST}; ask less")
    words = table.get("letter")
    letter = None if words is None else LetterWords(words["title"], words["says"])
    for name in re.findall(r"\{(.*?)\}", letter.says) if letter else ():
        if name not in fields:
            raise Broken("form.letter.says", f"{{{name}}} is no field of this form")
    return Form(tuple(fields.values()), letter)


def _written_out(rows: list[Table], shared: SharedFields) -> list[tuple[str, Table]]:
    """Each field's table with its key; `use` replaced by what it stands for."""
    out: list[tuple[str, Table]] = []
    for number, row in enumerate(rows):
        key = f"form.fields.{number}"
        use = row.get("use")
        if use is None:
            out.append((key, row))
        elif use in shared.groups:
            if len(row) > 1:
                raise Broken(f"{key}.use", f"{use!r} is a group; nothing may stand beside it")
            out += [(key, shared.fields[name]) for name in shared.groups[use]]
        elif use in shared.fields:
            own = {name: value for name, value in row.items() if name != "use"}
            if {"name", "kind"} & own.keys():
                raise Broken(f"{key}.use", "a shared question keeps its name and kind")
            out.append((key, {**shared.fields[use], **own}))
        else:
            raise Broken(f"{key}.use", f"{use!r} is not in fields.toml")
    return out


def _field(table: Table, key: str) -> Field:
    if missing := next((name for name in _NEEDED if name not in table), None):
        raise Broken(f"{key}.{missing}", "is missing")
    return Field(
        name=table["name"],
        kind=table["kind"],
        label=text_of(table["label"]),
        question=text_of(table["question"]),
        hint=text_of(table["hint"]) if "hint" in table else None,
        required=table.get("required", True),
        choices=tuple(Choice(one["value"], text_of(one)) for one in table.get("choices", ())),
        max_chars=table.get("max_chars", _DEFAULT["max_chars"].default),
        only_if=_only_if(table["only_if"]) if "only_if" in table else None,
        most=table.get("most", _DEFAULT["most"].default),
        ahead=table.get("ahead", False),
    )


def _check_only_if(rule: OnlyIf, earlier: dict[str, Field], key: str) -> None:
    asked_before = earlier.get(rule.field)
    if asked_before is None or asked_before.kind != "choice":
        raise Broken(f"{key}.field", f"{rule.field!r} is no choice field above this one")
    known = {choice.value for choice in asked_before.choices}
    if strange := next((value for value in rule.values if value not in known), None):
        raise Broken(f"{key}.values", f"{strange!r} is no choice of {rule.field!r}")


def _only_if(table: Table) -> OnlyIf:
    return OnlyIf(field=table["field"], values=tuple(table["values"]))
