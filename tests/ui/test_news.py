"""What the city announces, and a kiosk that it revoked, on the screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kivy.base import EventLoop

from kiosk.store.feeds import announcements_on
from kiosk.ui import theme
from kiosk.ui.i18n import Sentences
from kiosk.ui.scenes import press
from kiosk.ui.screens import SCREENS, calm, news
from kiosk.ui.services import UiServices
from kiosk.ui.sheet import lay_out
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import Tap, Words, register_fonts
from tests.ui.support import NOW, Desk

TODAY = NOW.date()
WORDS = Sentences(theme.ASSETS / "locales")


@pytest.fixture(autouse=True, scope="module")
def drawing() -> None:
    EventLoop.ensure_window()  # text is measured by drawing it, which needs one
    register_fonts()


def told(name: str, begins: int, until: int) -> dict[str, Any]:
    """As the city signs it; days from today."""
    days = {"from": begins, "until": until}
    dates = {key: (TODAY + timedelta(days=count)).isoformat() for key, count in days.items()}
    title, text = {"id": f"Judul {name}", "en": f"Title {name}"}, {"id": "Isi.", "en": "Text."}
    content: dict[str, Any] = {"id": name, "title": title, "text": text, "source": "Dinas Contoh"}
    return content | dates


def services_with(*contents: dict[str, Any]) -> UiServices:
    return replace(Desk().services(), announcements=lambda: announcements_on(TODAY, contents))


def shown(services: UiServices, *meanings: str, lang: str = "id") -> tuple[set[str], set[str]]:
    """Every word on the screen, and what can be touched."""
    visit = Visit(services, 1)
    press(visit, *meanings)
    visit.session.lang = "en" if lang == "en" else "id"
    view = View(Look(1024, 600), visit.session, services, WORDS, lambda _meaning: None)
    place = visit.session.place.name
    tree = calm.Attract(view) if place == "attract" else lay_out(view, SCREENS[place](view, visit))
    widgets = list(tree.walk())
    words = {one.text for one in widgets if isinstance(one, Words)}
    return words, {one.meaning for one in widgets if isinstance(one, Tap)}


def test_only_todays_announcements_are_shown_with_source_and_days() -> None:
    services = services_with(
        told("lama", -9, -1), told("kini", -1, 0), told("besok", 1, 3), {"id": "rusak"}
    )
    words, taps = shown(services, "start")
    assert "go:news" in taps
    assert "Judul kini" in words
    words, _ = shown(services, "start", "go:news")
    text = " ".join(words)
    assert "Judul kini" in text
    assert "Dari Dinas Contoh" in text
    assert WORDS.day("id", TODAY) in text
    assert "lama" not in text
    assert "besok" not in text
    assert "Title kini" in " ".join(shown(services, "start", "go:news", lang="en")[0])
    assert "Dinas Contoh: Judul kini" in shown(services)[0], "and where nobody stands yet"


def test_without_announcements_nothing_points_to_them() -> None:
    services = services_with()
    assert "go:news" not in shown(services, "start")[1]
    pictures = {WORDS.say("id", f"attract.{key}") for _, key in calm.PICTURES}
    assert pictures <= shown(services)[0]
    assert not [text for text in shown(services)[0] if "Dinas" in text]
    assert WORDS.say("id", "news.none") in shown(services, "start", "go:news")[0]


def test_a_city_that_says_too_much_is_cut_short() -> None:
    many = services_with(*(told(f"n{number:02}", 0, number) for number in range(40)))
    assert len(many.announcements()) == 40
    assert len([word for word in shown(many)[0] if "Dinas" in word]) == calm.NEWS_MOST
    assert news.NEWS_MOST < 40


@pytest.mark.parametrize("size", [(1024, 600), (1080, 1920)])
def test_out_of_service_leads_to_the_counter_and_staff_to_why(size: tuple[int, int]) -> None:
    from kiosk.ui.staff_example import Example

    services = replace(Desk().services(), staff=Example(), in_service=lambda: False)
    visit = Visit(services, 1)
    view = View(Look(*size), visit.session, services, WORDS, lambda _meaning: None)
    tree = list(calm.not_in_service(view).walk())
    words = " ".join(one.text for one in tree if isinstance(one, Words))
    for lang in ("id", "en"):
        assert WORDS.say(lang, "revoked.title") in words
        assert services.office.counter in words
    assert {one.meaning for one in tree if isinstance(one, Tap)} == {"go:pin"}
