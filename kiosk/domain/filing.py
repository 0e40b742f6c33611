"""Is this draft something that can be filed here? Asked before every commit, by screen and CLI."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from kiosk.domain.answers import check_all
from kiosk.domain.problem import Problem
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue
from kiosk.domain.transaction import KINDS, Draft

# Complaints and surveys have no form in the catalogue: flat answers within these limits.
FREE_ANSWERS_MAX = 64
FREE_NAME_MAX_CHARS = 40
FREE_TEXT_MAX_CHARS = 2000


class NotFileable(Exception):
    """`problems` are (key in the draft, problem), never empty; no value of the draft is in them."""

    def __init__(self, problems: list[tuple[str, Problem]]) -> None:
        super().__init__(", ".join(f"{key}: {problem.code}" for key, problem in problems))
        self.problems = problems


def fileable(draft: Draft, catalogue: Catalogue, *, today: date, regions: Regions) -> Draft:
    """The draft with checked answers. Raises NotFileable.

    Codes beyond those of `kiosk.domain.problem`: kind_unknown, service_unknown {service},
    service_not_filed {service}, ticket_answers, free_too_many {max}, free_name {max},
    free_text {max}.
    """
    if draft.kind not in KINDS:
        raise NotFileable([("kind", Problem("kind_unknown"))])
    if draft.kind == "application":
        return _application(draft, catalogue, today, regions)
    if draft.service and draft.service not in catalogue.services:
        raise NotFileable([("service", Problem("service_unknown", {"service": draft.service}))])
    if draft.kind == "ticket":
        if draft.answers:
            raise NotFileable([("answers", Problem("ticket_answers"))])
    elif problems := _free_problems(draft.answers):
        raise NotFileable(problems)
    return draft


def _application(draft: Draft, catalogue: Catalogue, today: date, regions: Regions) -> Draft:
    service = catalogue.services.get(draft.service)
    if service is None:
        raise NotFileable([("service", Problem("service_unknown", {"service": draft.service}))])
    if service.filing != "form" or service.form is None:
        raise NotFileable([("service", Problem("service_not_filed", {"service": service.id}))])
    values, problems = check_all(service.form, draft.answers, today=today, regions=regions)
    if problems:
        raise NotFileable([(f"answers.{name}", problem) for name, problem in problems])
    return replace(draft, answers=dict(values))


def _free_problems(answers: dict[str, Any]) -> list[tuple[str, Problem]]:
    if len(answers) > FREE_ANSWERS_MAX:
        return [("answers", Problem("free_too_many", {"max": FREE_ANSWERS_MAX}))]
    for name, value in answers.items():
        if len(name) > FREE_NAME_MAX_CHARS or not (name.isidentifier() and name.isascii()):
            return [("answers", Problem("free_name", {"max": FREE_NAME_MAX_CHARS}))]
        text = value if isinstance(value, str) else ""
        is_number = isinstance(value, int) and abs(value) < 10**15  # True and False are numbers
        if not (isinstance(value, str) or value is None or is_number) or not _is_plain(text):
            return [(f"answers.{name}", Problem("free_text", {"max": FREE_TEXT_MAX_CHARS}))]
    return []


def _is_plain(text: str) -> bool:
    """Short enough, and every character has a place in UTF-8."""
    return len(text) <= FREE_TEXT_MAX_CHARS and not any("\ud800" <= one <= "\udfff" for one in text)
