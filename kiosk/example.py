"""A valid form for a service: what `kiosk submit --example` prints, invented from its fields."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kiosk.domain.form import Field, Form
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue

AGE_DAYS = 12_000  # born some 33 years ago; people in the example were never asked
AHEAD_DAYS = 30  # of what is still planned


class NoExample(Exception):
    """This service takes no form here; the text says what to do."""


def example_draft(
    catalogue: Catalogue, service_id: str, regions: Regions, today: date
) -> dict[str, Any]:
    """A FORM.json with every field that is asked. Raises NoExample."""
    service = catalogue.services.get(service_id)
    if service is None:
        raise NoExample("no such service: the file names in assets/catalogue are the ids")
    if service.filing != "form" or service.form is None:
        with_form = sorted(one.id for one in catalogue.services.values() if one.filing == "form")
        raise NoExample(f"has no form to file here; these have: {', '.join(with_form)}")
    return {
        "kind": "application",
        "service": service_id,
        "answers": _answers(service.form, regions, today),
    }


def _answers(form: Form, regions: Regions, today: date) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for field in form.fields:
        rule = field.only_if
        if rule is None or answers.get(rule.field) in rule.values:
            answers[field.name] = _answer(field, regions, today)
    return answers


def _answer(field: Field, regions: Regions, today: date) -> Any:
    born = today - timedelta(days=AGE_DAYS)
    day = today + timedelta(days=AHEAD_DAYS) if field.ahead else born
    kecamatan = regions.kecamatan()[0]
    kelurahan = regions.kelurahan(kecamatan.code)[0]
    if field.kind == "choice":
        return field.choices[0].value
    examples: dict[str, Any] = {
        "nik": f"{kecamatan.code.replace('.', '')}{born:%d%m%y}0001",
        "name": "Contoh Warga",
        "date": day.isoformat(),
        "address": {
            "street": "Jl. Contoh No. 1",
            "rt": "001",
            "rw": "002",
            "kecamatan": kecamatan.code,
            "kelurahan": kelurahan.code,
        },
        "phone": "081200000000",
        "text": "contoh"[: field.max_chars],
        "rupiah": "1500000",
        "number": min(12, field.most),
    }
    return examples[field.kind]
