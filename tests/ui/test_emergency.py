"""Help at once: on the first page, of the same words however it was reached, and no alarm unasked.

The kinds are those of assets/lookup/emergency.toml, whichever there are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from kivy.base import EventLoop

from kiosk.domain.meaning import Hit, Meaning
from kiosk.domain.service import Lang
from kiosk.domain.session import Place
from kiosk.domain.turn import Turn
from kiosk.lookup.helplines import load_emergency
from kiosk.ui import theme
from kiosk.ui.audit import faults
from kiosk.ui.i18n import Sentences
from kiosk.ui.keyboard import words_of
from kiosk.ui.scenes import press, type_text
from kiosk.ui.screenshots import SIZES, TEXTS
from kiosk.ui.theme import Look
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import Words, register_fonts
from tests.ui.support import Desk, Ear, Loket
from tests.ui.test_screens import drawn, let_go, meanings, name_of

KINDS = tuple(load_emergency()["kind"])
LOOKS = [Look(*size, text=text) for size in SIZES for text in TEXTS]
SAID = "suami saya mukulin saya"


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    EventLoop.ensure_window()  # text is measured by drawing it, which needs one
    register_fonts()
    return Sentences(theme.ASSETS / "locales")


def understood(desk: Desk, meaning: Callable[[str], Meaning]) -> Visit:
    """A visit to a kiosk that understands so."""
    find = lambda text, limit=3, *, typing=False: meaning(text)  # noqa: E731
    services = desk.services()
    visit = Visit(dataclasses.replace(services, find=find), 1)
    press(visit, "start")
    return visit


def alarm(text: str) -> Meaning:
    return Meaning(text, "emergency", (Hit("112", 1.0),), emergency_kind="kekerasan")


def near(text: str) -> Meaning:
    hits = (Hit("ktp-hilang", 1.0),)
    return Meaning(text, "match", hits, perhaps_urgent=True, urgent_kind="kekerasan")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def place(visit: Visit) -> tuple[str, str]:
    return visit.session.place.name, visit.session.place.about


def search(visit: Visit, text: str) -> None:
    press(visit, "go:search")
    type_text(visit, text)
    press(visit, "next")


# -- what stands on it


def texts(visit: Visit, sentences: Sentences, look: Look, lang: Lang) -> Iterator[str]:
    widget = drawn(visit, sentences, look, lang)
    assert [str(fault) for fault in faults(widget, look)] == []
    assert "page:+1" not in meanings(widget), "nobody in need turns a page"
    yield from (one.text for one in widget.walk() if isinstance(one, Words))
    let_go(widget)


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_kind_is_whole_on_one_page(
    sentences: Sentences, desk: Desk, look: Look, lang: Lang
) -> None:
    for kind in KINDS:
        visit = understood(desk, alarm)
        press(visit, f"emergency:{kind}")
        shown = list(texts(visit, sentences, look, lang))
        told, *numbers = desk.services().emergency_words(kind, lang)
        assert told in shown, kind
        for line in numbers:
            number, _, whose = line.partition(": ")
            assert {number, whose} <= set(shown), kind


@pytest.mark.parametrize("look", LOOKS, ids=name_of)
def test_an_answer_is_the_same_page(sentences: Sentences, desk: Desk, look: Look) -> None:
    for kind in KINDS:
        visit = understood(desk, alarm)
        lines = desk.services().emergency_words(kind, "id")
        press(visit, f"emergency:{kind}")
        opened = list(texts(visit, sentences, look, "id"))
        visit.session.said = Turn(1, "emergency", "\n".join(lines), "112")
        visit.session.go(Place("answer", "112"))
        assert list(texts(visit, sentences, look, "id")) == opened


def test_the_number_to_call_is_the_largest_and_first(sentences: Sentences, desk: Desk) -> None:
    for look in LOOKS:
        visit = understood(desk, alarm)
        press(visit, "emergency:kekerasan")
        widget = drawn(visit, sentences, look, "id")
        largest = max(
            (one for one in widget.walk() if isinstance(one, Words)), key=lambda one: one.font_size
        )
        read = words_of(widget, private=False)
        let_go(widget)
        assert largest.text == "112"
        assert read.index("112") < read.index("129")


def test_the_unknown_kind_has_the_words_of_none_in_particular(desk: Desk) -> None:
    words = desk.services().emergency_words
    assert words("zzxq", "id") == words("", "id") == words("darurat", "id")


def test_what_happened_and_where_is_asked_before_who(desk: Desk) -> None:
    asked = desk.services().catalogue.services["112"].fact("requirements")
    assert asked is not None
    lines = [line.id for line in asked.lines]
    assert [place for place, line in enumerate(lines) if "nama" in line] == [3]
    assert ("terjadi" in lines[0], "alamat" in lines[1]) == (True, True)


# -- how it is reached


def test_typed_danger_leads_to_the_words_of_its_kind(sentences: Sentences, desk: Desk) -> None:
    visit = understood(desk, alarm)
    search(visit, SAID)
    assert place(visit) == ("emergency", "kekerasan")
    shown = list(texts(visit, sentences, LOOKS[0], "id"))
    assert "129" in shown
    assert not [text for text in shown if SAID in text], "others can read it"


def test_danger_is_seen_while_it_is_typed(sentences: Sentences, desk: Desk) -> None:
    visit = understood(desk, alarm)
    press(visit, "go:search")
    type_text(visit, SAID)
    told = desk.services().emergency_words("kekerasan", "id")[0]
    for look in LOOKS:
        widget = drawn(visit, sentences, look, "id")
        seen, offered = words_of(widget, private=True), meanings(widget)
        let_go(widget)
        assert told.rstrip(".") in seen
        assert "emergency:kekerasan" in offered


def test_spoken_danger_leads_to_the_words_of_its_kind(desk: Desk) -> None:
    desk.voice = ear = Ear()
    visit = understood(desk, alarm)
    press(visit, "listen:")
    ear.hears(SAID)
    assert place(visit) == ("emergency", "kekerasan")


def test_the_service_112_is_that_page(desk: Desk) -> None:
    visit = understood(desk, near)
    press(visit, "service:112")
    assert place(visit) == ("emergency", "")


@pytest.mark.parametrize("spoken", [False, True])
def test_an_offer_leads_to_the_words_of_its_kind(
    sentences: Sentences, desk: Desk, spoken: bool
) -> None:
    desk.voice = ear = Ear()
    visit = understood(desk, near)
    if spoken:
        press(visit, "listen:")
        ear.hears(SAID)
    else:
        search(visit, SAID)
    widget = drawn(visit, sentences, LOOKS[0], "id")
    offered, shown = meanings(widget), words_of(widget, private=True)
    let_go(widget)
    assert {"emergency:kekerasan", "service:ktp-hilang"} <= offered
    assert SAID not in shown
    press(visit, "emergency:kekerasan")
    assert place(visit) == ("emergency", "kekerasan")
    assert desk.corrections == [], "help is wanted besides, not instead"


def test_an_offer_beside_an_answer_leads_to_the_words_of_its_kind(
    sentences: Sentences, desk: Desk
) -> None:
    visit = understood(desk, near)
    visit.session.said = Turn(1, "answer", "Gratis", besides="112", besides_kind="krisis")
    visit.session.go(Place("answer"))
    widget = drawn(visit, sentences, LOOKS[0], "id")
    assert "emergency:krisis" in meanings(widget)
    let_go(widget)


def test_one_touch_rings_the_staff_and_says_so(desk: Desk) -> None:
    desk.counter = loket = Loket(desk)
    visit = understood(desk, alarm)
    search(visit, SAID)
    press(visit, "call_staff")
    assert (place(visit)[0], len(loket.handovers)) == ("staff", 1)
    assert visit.bell_standing() == "waiting"
    press(visit, "back", "call_staff")
    assert len(loket.handovers) == 1, "the desk rings once"


def test_without_a_desk_the_same_touch_says_where_they_are(desk: Desk) -> None:
    visit = understood(desk, alarm)
    press(visit, "emergency:", "call_staff")
    assert place(visit)[0] == "staff"


# -- a false alarm


def test_a_false_alarm_leads_back_to_the_words_and_is_counted(desk: Desk) -> None:
    visit = understood(desk, alarm)
    search(visit, "mama ada mama")
    press(visit, "no_emergency")
    assert place(visit) == ("search", "")
    assert visit.session.raw["search"] == "mama ada mama"
    assert desk.corrections == [("112", "")]


def test_leaving_a_page_that_was_only_opened_counts_nothing(desk: Desk) -> None:
    visit = understood(desk, near)
    search(visit, "ktp hilang")
    press(visit, "home", "go:category:kesehatan", "service:112", "no_emergency")
    assert place(visit) == ("category", "kesehatan")
    assert desk.corrections == []


def test_a_half_heard_danger_is_offered_help_where_it_was_missed(
    sentences: Sentences, desk: Desk
) -> None:
    desk.voice = ear = Ear()
    for look in LOOKS:
        visit = understood(desk, alarm)
        for _ in range(2):
            press(visit, "listen:")
            ear.hears("anak saya mukulin", sure=False, confidence=0.6)
            assert place(visit)[0] == "listen"
            widget = drawn(visit, sentences, look, "id")
            offered, found = meanings(widget), faults(widget, look)
            let_go(widget)
            assert "emergency:kekerasan" in offered
            assert found == []
