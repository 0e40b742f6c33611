"""Asking on the page of a service, and putting right what was understood; without a screen."""

from __future__ import annotations

from kiosk.ui.scenes import press, type_text
from kiosk.ui.visit import Visit
from tests.ui.support import Desk


def ask(visit: Visit, service: str, text: str) -> None:
    press(visit, f"go:ask:{service}")
    type_text(visit, text)
    press(visit, "next")


def test_a_question_on_a_services_page_is_about_that_service() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:ktp-hilang")
    ask(visit, "ktp-hilang", "bayar ga?")
    said = visit.session.said
    assert said is not None
    assert (said.outcome, said.service, said.slot) == ("answer", "ktp-hilang", "biaya")
    assert said.standing == "contoh"
    assert said.sources
    assert visit.session.place.name == "answer"
    assert "ask" not in visit.session.raw, "the words themselves are not kept"


def test_the_answer_is_in_the_language_of_the_moment() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:ktp-hilang")
    ask(visit, "ktp-hilang", "bayar ga?")
    indonesian = visit.session.said
    press(visit, "lang")
    ask(visit, "ktp-hilang", "bayar ga?")
    english = visit.session.said
    assert indonesian is not None
    assert english is not None
    assert "Gratis" in indonesian.text
    assert "Free" in english.text


def test_an_emergency_is_answered_at_once_from_any_page() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:sktm")
    ask(visit, "sktm", "tolong rumah saya kebakaran")
    assert visit.session.said is not None
    assert visit.session.said.outcome == "emergency"
    assert "112" in visit.session.said.text


def test_choosing_another_than_the_first_is_counted_without_words() -> None:
    desk = Desk()
    visit = Visit(desk.services(), 1)
    press(visit, "start", "go:search")
    type_text(visit, "tidak mampu")
    press(visit, "next")
    first, second = visit.session.found[:2]
    press(visit, f"service:{second}")
    assert desk.corrections == [(first, second)]


def test_taking_the_first_corrects_nothing_and_none_of_these_does() -> None:
    desk = Desk()
    visit = Visit(desk.services(), 1)
    for last in (None, "none_of_these"):
        press(visit, "home", "go:search")
        type_text(visit, "tidak mampu")
        press(visit, "next")
        first = visit.session.found[0]
        press(visit, last or f"service:{first}")
    assert desk.corrections == [(first, "")]


def test_the_conversation_ends_with_the_visit() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:ktp-hilang")
    ask(visit, "ktp-hilang", "bayar ga?")
    press(visit, "finish")
    assert visit.session.said is None
    assert visit.session.found == ()
    assert visit._talk is None
