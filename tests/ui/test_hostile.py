"""Somebody types harm at the kiosk, and it goes the whole way: screen, store, paper, desk, PDF.

Everywhere it is words; nothing runs, opens or grows.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from kivy.base import EventLoop

from kiosk.bootstrap import Store, build_ui, catalogue_of
from kiosk.config import PrinterSettings, load_settings
from kiosk.devices.paper import escpos_bytes
from kiosk.domain.session import Place
from kiosk.letters.pdf import letter_pdf
from kiosk.ui import theme
from kiosk.ui.counter import STATUS_MAX
from kiosk.ui.i18n import Sentences
from kiosk.ui.paper import Words as PaperWords
from kiosk.ui.paper import receipt_paper
from kiosk.ui.scenes import answer, press, to_question, type_text
from kiosk.ui.screens import SCREENS
from kiosk.ui.services import UiServices
from kiosk.ui.sheet import lay_out
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.visit import PIN_MAX, SEARCH_MAX, Visit
from kiosk.ui.widgets.parts import Words, register_fonts

MEGABYTE = "x" * 1_000_000
HARM = {
    "script": "<script>alert(1)</script>",
    "formula": '=HYPERLINK("http://a","b")',
    "path": "../../../etc/passwd",
    "markup": "[color=ff0000][size=99]merah[/size]",
    "template": "{{7*7}} {name} %s %(x)s",
}


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    EventLoop.ensure_window()
    register_fonts()
    return Sentences(theme.ASSETS / "locales")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[UiServices]:
    yield build_ui(
        dataclasses.replace(
            load_settings(tmp_path), printer=PrinterSettings("file", str(tmp_path / "roll"), 58)
        )
    )


def at_free_text(services: UiServices) -> Visit:
    visit = Visit(services, 1)
    to_question(visit, "ket-umum", lambda page: page.key == "statement")
    return visit


def texts(visit: Visit, sentences: Sentences, look: Look) -> list[str]:
    """What stands on every page of this screen."""
    found: list[str] = []
    for page in range(12):
        visit.session.places[-1] = Place(visit.session.place.name, visit.session.place.about, page)
        view = View(look, visit.session, visit.services, sentences, lambda _meaning: None)
        root = lay_out(view, SCREENS[visit.session.place.name](view, visit))
        found += [one.text for one in root.walk() if isinstance(one, Words)]
    return found


@pytest.mark.parametrize("kind", sorted(HARM))
def test_harm_is_words_on_the_whole_way(
    kind: str, services: UiServices, sentences: Sentences, tmp_path: Path
) -> None:
    harm, visit, look = HARM[kind], at_free_text(services), Look(1024, 600)
    type_text(visit, harm)
    press(visit, "next")
    while visit.question is not None:
        answer(visit)
    assert visit.session.place.name == "check"
    shown = " ".join(" ".join(texts(visit, sentences, look)).split())
    assert harm in shown
    press(visit, "send")
    receipt = visit.session.receipt
    assert receipt is not None

    store = Store(load_settings(tmp_path))
    try:
        store.work.take_in()
        work = store.work.find(receipt.id)
        assert work is not None
        answers = store.work.answers(work.dseq)
    finally:
        store.close()
    assert answers is not None
    assert answers["statement"] == harm
    service = catalogue_of(load_settings(tmp_path)).services["ket-umum"]
    paper = receipt_paper(PaperWords(sentences, "id"), services.office, receipt, service)
    assert harm.encode() not in escpos_bytes(paper, 58)
    drafted = _letter(services, answers)
    assert not [one for one in (b"/JavaScript", b"/JS", b"/URI", b"/Launch") if one in drafted]
    pages = pypdfium2.PdfDocument(io.BytesIO(drafted))
    drawn = "".join(page.get_textpage().get_text_range() for page in pages)
    assert harm.split()[0][:12] in drawn


def _letter(services: UiServices, answers: dict[str, object]) -> bytes:
    from kiosk.domain.letter import letter_of

    letter = letter_of(
        services.catalogue.services["ket-umum"],
        answers,
        office=services.office,
        regions=services.regions,
        day=services.now().date(),
        code="KH7F-3KTC",
    )
    return letter_pdf(letter, theme.ASSETS / "fonts")


def test_a_megabyte_is_cut_where_it_is_typed(services: UiServices) -> None:
    """As a device that claims to be a keyboard would send it; in one go, or sign by sign."""
    visit = at_free_text(services)
    press(visit, f"key:{MEGABYTE}")
    assert 0 < len(visit.session.raw["statement"]) <= 200
    for place, most in (("search", SEARCH_MAX), ("status", STATUS_MAX), ("pin", PIN_MAX)):
        visit.session.go(Place(place))
        press(visit, f"key:{MEGABYTE if place != 'pin' else '1' * 1_000_000}")
        assert 0 < len(visit.session.raw[place]) <= most
    press(visit, "home", f"scanned:{MEGABYTE}")
    assert visit.asked is not None
    assert (visit.asked.code, visit.asked.status) == ("", None)
    assert not [text for text in visit.session.raw.values() if len(text) > 1000]
