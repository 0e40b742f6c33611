"""What may be filed, asked before every commit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.filing import NotFileable, fileable
from kiosk.domain.transaction import Draft
from kiosk.example import example_draft
from kiosk.store.catalogue import load_catalogue
from kiosk.store.regions import load_regions

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CATALOGUE = load_catalogue(ASSETS)
REGIONS = load_regions(ASSETS / "regions.tsv")
TODAY = date(2026, 11, 22)


def filed(kind: Any, service: str, answers: dict[str, Any]) -> Draft:
    return fileable(Draft(kind, service, answers), CATALOGUE, today=TODAY, regions=REGIONS)


def test_checked_answers_are_taken_again_as_they_are() -> None:
    """The screens hand in checked answers; checking them a second time changes nothing."""
    forms = [one.id for one in CATALOGUE.services.values() if one.filing == "form"]
    assert forms
    for service in forms:
        answers = example_draft(CATALOGUE, service, REGIONS, TODAY)["answers"]
        once = filed("application", service, answers)
        assert filed("application", service, once.answers) == once


@pytest.mark.parametrize(
    ("kind", "service", "answers", "problem"),
    [
        ("gift", "", {}, ("kind", "kind_unknown")),
        ("application", "", {}, ("service", "service_unknown")),
        ("application", "ktp-hilang", {}, ("service", "service_not_filed")),
        ("application", "sktm", {"x": 1}, ("answers.x", "unknown_field")),
        ("ticket", "", {"x": 1}, ("answers", "ticket_answers")),
        ("ticket", "no-such", {}, ("service", "service_unknown")),
        ("complaint", "", {"a b": "x"}, ("answers", "free_name")),
        ("complaint", "", {"a": ["x"]}, ("answers.a", "free_text")),
        ("complaint", "", {"a": 1.5}, ("answers.a", "free_text")),
        ("complaint", "", {"a": "x" * 2001}, ("answers.a", "free_text")),
        ("complaint", "", {"a": "\ud800"}, ("answers.a", "free_text")),
        ("survey", "", {f"u{n}": 1 for n in range(65)}, ("answers", "free_too_many")),
    ],
)
def test_what_cannot_be_filed_says_why(
    kind: str, service: str, answers: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(NotFileable) as caught:
        filed(kind, service, answers)
    assert problem in [(key, one.code) for key, one in caught.value.problems]


def test_what_needs_no_form_is_taken_as_it_is() -> None:
    assert filed("ticket", "sktm", {}).service == "sktm"
    answers = {"text": "Lampu mati", "u1": 4, "anonymous": True, "phone": None}
    assert filed("complaint", "", answers).answers == answers
