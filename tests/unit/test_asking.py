"""Asking on the page of a service, and putting right what was understood; without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.meaning import Hit, Meaning
from kiosk.ui.scenes import press, type_text
from kiosk.ui.visit import Visit
from tests.ui.support import Desk, index


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


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("mau nikah", "choose"),  # the services of the event, in the order to do them
        ("beda kk sama ktp apa", "answer"),  # both were told
    ],
)
def test_one_of_several_that_belong_together_corrects_nothing(question: str, outcome: str) -> None:
    desk = Desk()
    visit = Visit(desk.services(), 1)
    press(visit, "start")
    ask(visit, "", question)
    said = visit.session.said
    assert said is not None
    assert (said.outcome, len(said.options) > 1) == (outcome, True)
    press(visit, f"service:{said.options[-1]}")
    assert desk.corrections == []


def test_another_than_the_likeliest_of_an_answer_corrects_it() -> None:
    desk = Desk()
    visit = Visit(desk.services(), 1)
    press(visit, "start")
    ask(visit, "", "yang hilang gimana")
    said = visit.session.said
    assert said is not None
    assert said.outcome == "choose"
    press(visit, f"service:{said.options[1]}")
    assert desk.corrections == [(said.options[0], said.options[1])]


def test_help_that_was_offered_besides_corrects_nothing() -> None:
    desk = Desk()

    def find(text: str, limit: int = 3, *, typing: bool = False) -> Meaning:
        """As where the words are near to an emergency."""
        return Meaning(text, "match", (Hit("kk-baru", 1.0),), perhaps_urgent=True)

    visit = Visit(replace(desk.services(), find=find), 1)
    press(visit, "start", "go:search")
    type_text(visit, "suami saya mukul saya mau urus cerai")
    press(visit, "next", "service:112")
    assert desk.corrections == []


def test_other_words_are_not_held_against_what_the_first_ones_found() -> None:
    desk = Desk()
    visit = Visit(desk.services(), 1)
    press(visit, "start", "go:search")
    type_text(visit, "ktp hilang")
    press(visit, "next", "back", "clear")
    type_text(visit, "akta lahir")
    row = index().find("akta lahir", 1, typing=True).hits[0].service_id
    assert row != "ktp-hilang"
    press(visit, f"service:{row}")  # of those shown while one types
    assert desk.corrections == []


@pytest.mark.parametrize("way", ["home", "back", "shelf"])
def test_a_question_half_typed_for_one_service_is_not_asked_of_another(way: str) -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:ktp-hilang", "go:ask:ktp-hilang")
    type_text(visit, "saya punya utang")
    press(visit, *{"back": ("back",), "home": ("home",), "shelf": ("go:services",)}[way])
    press(visit, "service:sktm", "go:ask:sktm")
    assert visit.session.raw.get("ask", "") == ""
    type_text(visit, "gratis")
    press(visit, "staff", "back")
    assert visit.session.raw["ask"] == "gratis", "who only calls for help goes on with it"


def test_nothing_typed_outside_of_a_form_survives_the_way_home() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "go:search")
    type_text(visit, "ktp")
    press(visit, "go:ask:")
    type_text(visit, "utang")
    press(visit, "go:status")
    type_text(visit, "KH7")
    press(visit, "go:pin")
    type_text(visit, "47")
    assert set(visit.session.raw) == {"search", "ask", "status", "pin"}
    press(visit, "home")
    assert visit.session.raw == {}


def test_the_conversation_ends_with_the_visit() -> None:
    visit = Visit(Desk().services(), 1)
    press(visit, "start", "service:ktp-hilang")
    ask(visit, "ktp-hilang", "bayar ga?")
    press(visit, "finish")
    assert visit.session.said is None
    assert visit.session.found == ()
    assert visit._talk is None
