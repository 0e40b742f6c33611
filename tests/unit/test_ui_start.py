"""KIOSK_UI_START: the first visit stands at the check page, by the keys a citizen would press."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import build_ui
from kiosk.config import load_settings
from kiosk.domain.filing import NotFileable
from kiosk.example import example_draft
from kiosk.problems import BadInput
from kiosk.ui.services import UiServices
from kiosk.ui.start import start_from
from kiosk.ui.visit import Visit

LETTERS = ("sktm", "dom-penduduk", "penghasilan", "ket-umum")


@pytest.fixture
def services(home: Path) -> UiServices:
    return build_ui(load_settings(home))


def example(services: UiServices, service: str) -> dict[str, Any]:
    today = services.now().date()
    return example_draft(services.catalogue, service, services.regions, today)


def written(tmp_path: Path, form: object) -> str:
    path = tmp_path / "form.json"
    path.write_text(json.dumps(form))
    return str(path)


@pytest.mark.parametrize("service", LETTERS)
def test_the_check_page_holds_what_the_form_says(
    services: UiServices, tmp_path: Path, service: str
) -> None:
    form = example(services, service)
    visit = Visit(services, 1)
    start_from(written(tmp_path, form))(visit)
    assert visit.session.place.name == "check"
    assert services.unsent().count == 0  # nothing is filed by it
    visit.meant("send")
    assert visit.session.place.name == "receipt"
    assert services.unsent().count == 1


def test_the_language_of_the_form_is_the_visits(services: UiServices, tmp_path: Path) -> None:
    visit = Visit(services, 1)
    start_from(written(tmp_path, {**example(services, "sktm"), "lang": "en"}))(visit)
    assert (visit.session.lang, visit.session.place.name) == ("en", "check")


def test_an_optional_answer_may_be_missing_a_needed_one_not(
    services: UiServices, tmp_path: Path
) -> None:
    form = example(services, "sktm")
    service = services.catalogue.services["sktm"]
    assert service.form is not None
    optional = next(field.name for field in service.form.fields if not field.required)
    del form["answers"][optional]
    visit = Visit(services, 1)
    start_from(written(tmp_path, form))(visit)
    assert visit.session.place.name == "check"
    del form["answers"]["nik"]
    with pytest.raises(NotFileable, match=r"answers\.nik"):
        start_from(written(tmp_path, form))(Visit(services, 2))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"kind": "ticket"}, "kind: write application"),
        ({"kind": "application", "answers": []}, "answers: write an object"),
        ([], "write a JSON object"),
    ],
)
def test_a_file_that_is_no_letter_is_told(tmp_path: Path, form: object, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        start_from(written(tmp_path, form))


def test_the_command_line_says_it_in_one_line(home: Path, tmp_path: Path) -> None:
    absent = tmp_path / "no.json"
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "ui", "--windowed"],
        env={**os.environ, "KIOSK_UI_START": str(absent), "DISPLAY": ":0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"kiosk ui: {absent}: No such file or directory: give a readable FORM.json"
    ]
