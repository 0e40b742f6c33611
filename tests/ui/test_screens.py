"""Every screen as laid out, looked over by `audit`: nothing clipped, overlapping, small, faint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.bootstrap import catalogue_of, understanding_of
from kiosk.config import load_settings
from kiosk.domain.service import Lang
from kiosk.domain.session import questions
from kiosk.ui import theme
from kiosk.ui.audit import Fault, faults
from kiosk.ui.i18n import Sentences
from kiosk.ui.scenes import (
    CHOICE_NEAR_DANGER,
    EMERGENCIES,
    ERRAND_NEAR_DANGER,
    NEAR_DANGER,
    NOT_SURELY_OURS,
    OVERLAYS,
    SCENES,
    answer,
    open_form,
    press,
)
from kiosk.ui.screens import SCREENS, calm
from kiosk.ui.sheet import lay_out
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import Card, Tap, Words, button, register_fonts
from tests.ui.support import LETTERS, OFFICE, Desk, Loket, catalogue, choices

SMALL = Look(1024, 600)
LARGE_TEXT = Look(1024, 600, text=1.5)
UPRIGHT = Look(1080, 1920)
HIGH = Look(1024, 600, high_contrast=True)
PAGES_MOST = 40
# What large text and an upright screen are most likely to break.
TRYING = (
    *("home", "search", "search-nothing", "results", "service", "service-expired", "checklist"),
    *("missing", "privacy", "question-nik-wrong", "question-nik-caution", "question-name-wrong"),
    *("question-kelurahan", "check", "ticket", "receipt", "receipt-ticket", "staff", "goodbye"),
    *("idle", "broken", "attract", "home-voice", "search-voice", "listen", "listen-missed-again"),
    *("heard", "aloud", "spoken-nik", "spoken-nik-short", "question-nik-voice"),
    *("letters", "missing-many", "preview", "receipts", "emergency", "search-emergency"),
    *("listen-missed-urgent-again", "answer-again"),
)


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    EventLoop.ensure_window()  # text is measured by drawing it, which needs one
    register_fonts()
    return Sentences(theme.ASSETS / "locales")


def name_of(look: Look) -> str:
    high = " high contrast" if look.high_contrast else ""
    return f"{look.width}x{look.height} {look.text:g}x{high}"


def nothing(_meaning: str) -> None:
    """A screen in a test is not touched."""


def drawn(visit: Visit, sentences: Sentences, look: Look, lang: Lang) -> Widget:
    """The tree of the screen this visit is at."""
    session = visit.session
    session.lang, session.text, session.high_contrast = lang, look.text, look.high_contrast
    view = View(look, session, visit.services, sentences, nothing)
    name = session.place.name
    if name == "attract":
        return calm.Attract(view)
    if name == "goodbye":
        return calm.goodbye(view)
    return lay_out(view, SCREENS[name](view, visit))


def overlay(scene: str, visit: Visit, sentences: Sentences, look: Look, lang: Lang) -> Widget:
    if scene == "broken":
        return calm.out_of_order(look, sentences, OFFICE, "E-12")
    SCENES["check"](visit)
    visit.session.lang = lang
    view = View(look, visit.session, visit.services, sentences, nothing)
    widget, show = calm.idle_warning(view, nothing)
    show(45)
    return widget


def meanings(widget: Widget) -> set[str]:
    return {one.meaning for one in widget.walk() if isinstance(one, Tap)}


def pages(visit: Visit, sentences: Sentences, look: Look, lang: Lang) -> Iterator[Widget]:
    """Every page of the screen this visit is at, first to last."""
    for _ in range(PAGES_MOST):
        widget = drawn(visit, sentences, look, lang)
        yield widget
        more = "page:+1" in meanings(widget)
        let_go(widget)
        if not more:
            return
        press(visit, "page:+1")
    raise AssertionError(f"{visit.session.place} has more than {PAGES_MOST} pages")


def let_go(widget: Widget) -> None:
    widget.clear_widgets()
    Clock.tick()  # textures of what is gone are freed between frames only


def faults_of_scene(scene: str, sentences: Sentences, look: Look, lang: Lang) -> list[str]:
    visit = Visit(Desk().services(), 1)
    if scene in OVERLAYS:
        widget = overlay(scene, visit, sentences, look, lang)
        found = [f"{scene} {lang}: {fault}" for fault in faults(widget, look)]
        let_go(widget)
        return found
    SCENES[scene](visit)
    return [
        f"{scene} {lang} page {number}: {fault}"
        for number, widget in enumerate(pages(visit, sentences, look, lang), 1)
        for fault in faults(widget, look)
    ]


def all_faults(
    scenes: tuple[str, ...], sentences: Sentences, look: Look, langs: tuple[Lang, ...]
) -> str:
    """One line a fault; "" when all is well."""
    return "\n".join(
        fault
        for lang in langs
        for scene in scenes
        for fault in faults_of_scene(scene, sentences, look, lang)
    )


# -- every screen


@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_screen_is_whole(sentences: Sentences, lang: Lang) -> None:
    assert all_faults((*SCENES, *OVERLAYS), sentences, SMALL, (lang,)) == ""


@pytest.mark.parametrize("look", [LARGE_TEXT, UPRIGHT, HIGH], ids=name_of)
def test_the_trying_screens_are_whole(sentences: Sentences, look: Look) -> None:
    assert set(TRYING) <= {*SCENES, *OVERLAYS}
    assert all_faults(TRYING, sentences, look, ("id",)) == ""


# The sizes between these follow from them; `kiosk screenshots` draws and audits every one. The
# smallest in usual text is drawn above.
EVERY_LOOK = [
    Look(1024, 600, text=1.5),
    Look(1080, 1920),
    Look(1080, 1920, text=1.5),
    HIGH,
]


@pytest.mark.slow
@pytest.mark.parametrize("look", EVERY_LOOK, ids=name_of)
def test_every_screen_is_whole_at_every_size(sentences: Sentences, look: Look) -> None:
    assert all_faults((*SCENES, *OVERLAYS), sentences, look, ("id", "en")) == ""


def test_sentences_of_the_scenes_still_mean_what_they_are_there_for(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home")
    understanding = understanding_of(settings, catalogue_of(settings))
    near, unsure = understanding.find(NEAR_DANGER), understanding.find(NOT_SURELY_OURS)
    assert (near.outcome, near.perhaps_urgent) == ("out_of_scope", True)
    choice, errand = understanding.find(CHOICE_NEAR_DANGER), understanding.find(ERRAND_NEAR_DANGER)
    assert (choice.outcome, choice.perhaps_urgent) == ("choose", True)
    assert (errand.outcome, errand.perhaps_urgent) == ("match", True)
    dangers = {understanding.find(said).emergency_kind for said in EMERGENCIES.values()}
    assert dangers == set(EMERGENCIES)
    assert unsure.outcome == "out_of_scope"
    assert unsure.guesses


def test_every_screen_the_kiosk_has_is_among_the_scenes() -> None:
    seen = set()
    for scene in SCENES.values():
        desk = Desk()
        desk.counter = Loket(desk)
        visit = Visit(desk.services(), 1)
        scene(visit)
        seen.add(visit.session.place.name)
    assert seen == {*SCREENS, "attract", "goodbye"}


@pytest.mark.slow
@pytest.mark.parametrize("look", [LARGE_TEXT], ids=name_of)
def test_every_page_of_every_service_is_whole(sentences: Sentences, look: Look) -> None:
    found = []
    for service in catalogue().services:
        for steps in ((), (f"go:sources:{service}",), (f"apply:{service}",)):
            visit = Visit(Desk().services(), 1)
            press(visit, "start", f"service:{service}", *steps)
            for number, widget in enumerate(pages(visit, sentences, look, "id"), 1):
                about = f"{visit.session.place.name} {service} page {number}"
                found += [f"{about}: {fault}" for fault in faults(widget, look)]
    assert "\n".join(found) == ""


def every_question(service: str) -> Iterator[Visit]:
    """A visit at each question, the last choice of a list taken so that `only_if` asks more."""
    visit = Visit(Desk().services(), 1)
    open_form(visit, service)
    while (page := visit.question) is not None:
        yield visit
        visit.session.turn(-visit.session.place.page)
        last = choices(visit, page)[-1] if page.field.kind == "choice" and not page.part else None
        answer(visit, last)
    assert visit.session.place.name == "check"
    yield visit


@pytest.mark.parametrize("service", LETTERS)
def test_every_question_is_whole(sentences: Sentences, service: str) -> None:
    found, asked = [], set()
    for visit in every_question(service):
        asked.add(visit.session.place.about.partition("/")[2])
        for lang in ("id", "en"):
            visit.session.turn(-visit.session.place.page)
            for widget in pages(visit, sentences, SMALL, lang):
                about = f"{visit.session.place.about} {lang}"
                found += [f"{about}: {fault}" for fault in faults(widget, SMALL)]
    form = catalogue().services[service].form
    assert form is not None
    assert {field.name for field in form.fields} == {key.partition(".")[0] for key in asked if key}
    assert len(asked) > len(questions(form, {}))  # and the check page
    assert "\n".join(found) == ""


@pytest.mark.slow
@pytest.mark.parametrize("look", [LARGE_TEXT, UPRIGHT], ids=name_of)
@pytest.mark.parametrize("service", LETTERS)
def test_every_question_is_whole_in_large_text_and_upright(
    sentences: Sentences, service: str, look: Look
) -> None:
    found = []
    for visit in every_question(service):
        for widget in pages(visit, sentences, look, "id"):
            found += [f"{visit.session.place.about}: {one}" for one in faults(widget, look)]
    assert "\n".join(found) == ""


# -- the way out


@pytest.mark.parametrize("look", [SMALL, LARGE_TEXT, UPRIGHT], ids=name_of)
def test_back_home_and_staff_are_within_reach_everywhere(sentences: Sentences, look: Look) -> None:
    for scene, reach in SCENES.items():
        visit = Visit(Desk().services(), 1)
        reach(visit)
        name = visit.session.place.name
        widget = drawn(visit, sentences, look, "id")
        offered = meanings(widget)
        let_go(widget)
        if name == "attract":
            assert "start" in offered
        elif name == "goodbye":
            assert "leave" in offered
        elif name in ("receipt", "receipts"):
            assert {"another", "staff"} <= offered
            assert offered & {"finish", "page:+1"}, "the next step is offered before the end"
        elif name == "home":
            assert {"staff", "lang", "text", "contrast"} <= offered
        else:
            assert {"back", "home", "staff"} <= offered, scene


def test_a_nik_is_never_whole_on_the_check_page(sentences: Sentences) -> None:
    visit = Visit(Desk().services(), 1)
    SCENES["check"](visit)
    nik = visit.session.raw["nik"]
    texts = [
        one.text
        for widget in pages(visit, sentences, SMALL, "id")
        for one in widget.walk()
        if isinstance(one, Words)
    ]
    assert any(text.startswith("3671••••••••") for text in texts)
    assert not any(nik in text or nik[4:12] in text for text in texts)


@pytest.mark.parametrize("scene", ["answer-alike", "answer-both"])
def test_what_is_told_of_several_stands_above_the_way_to_each(
    sentences: Sentences, scene: str
) -> None:
    visit = Visit(Desk().services(), 1)
    SCENES[scene](visit)
    said = visit.session.said
    assert said is not None
    widget = drawn(visit, sentences, UPRIGHT, "id")
    texts = "\n".join(one.text for one in widget.walk() if isinstance(one, Words))
    rows = meanings(widget)
    let_go(widget)
    assert [line for line in said.text.split("\n") if line not in texts] == []
    assert len(said.options) == 2
    assert {f"service:{one}" for one in said.options} <= rows


def test_an_answer_says_its_service_once(sentences: Sentences) -> None:
    visit = Visit(Desk().services(), 1)
    SCENES["answer-again"](visit)
    assert visit.session.said is not None
    assert visit.session.said.outcome == "unknown"
    widget = drawn(visit, sentences, SMALL, "id")
    texts = [one.text for one in widget.walk() if isinstance(one, Words)]
    let_go(widget)
    assert len([text for text in texts if "KTP-el hilang" in text]) == 1


# -- the audit can fail


def window(*parts: Widget) -> RelativeLayout:
    root = RelativeLayout(size_hint=(None, None), size=(1024, 600))
    for part in parts:
        root.add_widget(part)
    return root


def put(widget: Widget, x: float, y: float) -> Widget:
    widget.pos = (x, y)
    return widget


def a_button(meaning: str = "next", width: float | None = None) -> Tap:
    return button(SMALL, meaning, nothing, "Lanjut", kind="main", width=width)


def broken_words() -> Widget:
    return put(Words(SMALL, "Ketenagakerjaan", width=120), 20, 300)


def beyond_its_button() -> Widget:
    tap = Tap(SMALL, "next", nothing, size=(200, 84))
    tap.put(Words(SMALL, "Lanjut mengisi surat", ink=tap.ink, paper=tap.paper), 20, 20)
    return put(tap, 20, 200)


def faint() -> Widget:
    return put(Words(SMALL, "samar", ink="#999999", paper="#FFFFFF"), 20, 300)


def card() -> Widget:
    return Card(SMALL, (400, 200), paper=SMALL.palette.card)


BAD: dict[str, tuple[str, Callable[[], Widget]]] = {
    "text beyond the window": (
        "beyond the window",
        lambda: window(put(Words(SMALL, "Lebar sekali"), 950, 300)),
    ),
    "button beyond the window": ("beyond the window", lambda: window(put(a_button(), 950, -40))),
    "text beyond its button": ("beyond its button", lambda: window(beyond_its_button())),
    "a word broken": ("broken inside a word", lambda: window(broken_words())),
    "text over text": (
        "overlapping",
        lambda: window(
            put(Words(SMALL, "Nama lengkap"), 20, 300), put(Words(SMALL, "Tanggal lahir"), 60, 310)
        ),
    ),
    "faint text": ("contrast", lambda: window(faint())),
    "a small target": (
        "target",
        lambda: window(put(Tap(SMALL, "home", nothing, size=(60, 40)), 20, 300)),
    ),
    "targets too near": (
        "targets",
        lambda: window(put(a_button("send", width=300), 20, 300), put(a_button(), 322, 300)),
    ),
    "a box over a button": (
        "a box over a button",
        lambda: window(put(a_button(), 20, 300), put(card(), 20, 320)),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_the_audit_sees(name: str, sentences: Sentences) -> None:
    what, build = BAD[name]
    found = faults(build(), SMALL)
    assert [fault for fault in found if fault.what.startswith(what)], found


def test_the_audit_is_content_with_a_good_screen(sentences: Sentences) -> None:
    good: list[Fault] = faults(
        window(
            put(Words(SMALL, "Nama lengkap"), 20, 500),
            put(card(), 20, 200),
            put(a_button(), 20, 20),
            put(a_button("back"), 500, 20),
        ),
        SMALL,
    )
    assert good == []
