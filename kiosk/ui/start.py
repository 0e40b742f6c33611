"""The first visit put at "periksa jawaban", by the keys and choices a citizen would have used.

For tests and for rehearsing assisted entry: `kiosk ui` does this when KIOSK_UI_START names a
FORM.json. Nothing is filed by it: what stands on the screen still waits for a touch on "Kirim".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.domain.filing import fileable
from kiosk.domain.session import Question
from kiosk.form_file import read_form
from kiosk.problems import BadInput
from kiosk.ui.filing import shape
from kiosk.ui.scenes import open_form, press, type_text
from kiosk.ui.visit import Visit


def start_from(path: str) -> Callable[[Visit], None]:
    """A function that walks a new visit to the check page with the answers in `path`.

    `path` is a FORM.json as `kiosk submit` takes it, of kind "application"; BadInput tells what is
    wrong with it. The function raises NotFileable for answers that could not be filed.
    """
    draft = read_form(path)
    if draft.kind != "application":
        raise BadInput(f"{path}: kind: write application: only a letter has answers to check")

    def walk(visit: Visit) -> None:
        services = visit.services
        today = services.now().date()
        good = fileable(draft, services.catalogue, today=today, regions=services.regions)
        if visit.session.lang != good.lang:
            press(visit, "lang")
        open_form(visit, good.service)
        while (page := visit.question) is not None:
            _answer(visit, page, _as_typed(page, good.answers[page.field.name]))

    return walk


def _as_typed(page: Question, value: Any) -> str:
    """A checked value as fingers give it: a date as day, month, year; nothing for none."""
    if value is None:
        return ""
    if page.part:
        return str(value[page.part])
    if page.field.kind == "date":
        year, month, day = str(value).split("-")
        return day + month + year
    return str(value)


def _answer(visit: Visit, page: Question, text: str) -> None:
    if shape(page) == "list":
        press(visit, f"choose:{text}")
    else:
        type_text(visit, text)
        press(visit, "next")
    if visit.session.cautions:  # said once; the same answer again goes on
        press(visit, f"choose:{text}" if shape(page) == "list" else "next")
    if visit.question == page:
        problem = visit.session.problem
        raise AssertionError(f"{page.key}: {problem.code if problem else 'no way on'}")
