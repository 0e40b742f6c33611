"""Thousands of random taps over many people: no crash, and nobody meets a trace of another.

Real touches on the real widget tree, off screen, with the real store; only the clock is ours. Each
person's answers carry a mark of their own. Marks are built where they are typed and never kept, so
that whatever the search finds in memory, the kiosk kept it.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.input.motionevent import MotionEvent

from kiosk.bootstrap import build_ui
from kiosk.config import load_settings
from kiosk.domain.session import Session
from kiosk.ui import app as app_module
from kiosk.ui import sheet, theme
from kiosk.ui.app import KioskApp
from kiosk.ui.filing import shape
from kiosk.ui.i18n import Sentences
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Tap, Words, register_fonts
from tests.ui.support import choices, strings_of

SIZE = (1024, 600)
# A name's mark; a NIK and a phone number as typed, grouped, masked or stored.
MARKED = re.compile(r"xqz[a-j]{5}|3671 ?0155 ?0281|3671\u2022{8}0\d{3}|899-?77-?88", re.IGNORECASE)
NAME_MARK = re.compile(r"xqz([a-j]{5})", re.IGNORECASE)
ONWARD = ("service:sktm", "apply:", "papers_done:", "agree", "send", "go:category:surat", "take:")
TAPS_A_PERSON = 150
TAPS_IN_ALL = int(os.environ.get("KIOSK_TAPS", "3000"))  # 10,000 take some five minutes
LONG_TYPED = 8  # a text this long is nobody else's by chance
BACKSPACE = 8


class Finger(MotionEvent):
    """One touch at x, y of the window."""

    def __init__(self, x: float, y: float) -> None:
        place = {"x": x / (Window.width - 1), "y": y / (Window.height - 1)}
        super().__init__("finger", 1, place, is_touch=True, type_id="touch")
        self.profile = ["pos"]

    def depack(self, args: dict[str, float]) -> None:
        self.sx, self.sy = args["x"], args["y"]
        super().depack(args)


def code_of(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}")


@dataclass
class Crowd:
    """One person after the other at the screen; `typed` are the hashes of all they typed."""

    app: KioskApp
    clock: SimpleNamespace
    hand: random.Random
    sweeps: list[float]
    typed: set[int] = field(default_factory=set)
    endings: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @property
    def number(self) -> int:
        return self.app.visit.session.number

    def tap(self, x: float, y: float) -> None:
        finger = Finger(x, y)
        EventLoop.post_dispatch_input("begin", finger)
        EventLoop.post_dispatch_input("end", finger)
        self.clock.now_s += self.hand.choice((0.05, 0.3, 0.6, 2.0))

    def tap_something(self) -> None:
        taps = [one for one in self.app.surface.walk() if isinstance(one, Tap) and one.meaning]
        if not taps or self.hand.random() < 0.25:
            self.tap(self.hand.uniform(0, SIZE[0] - 1), self.hand.uniform(0, SIZE[1] - 1))
            return
        onward = [tap for tap in taps if tap.meaning.startswith(ONWARD)]
        aim = self.hand.choice(onward if onward and self.hand.random() < 0.5 else taps)
        self.tap(*aim.to_window(*aim.center))

    def write(self) -> None:
        """A right answer on the keyboard, with this person's mark where it can carry one."""
        visit = self.app.visit
        page = visit.question
        if page is None or shape(page) == "list":
            if page is not None:
                self.app.on_meant(f"choose:{self.hand.choice(choices(visit, page))}")
            elif visit.typing:
                Window.dispatch("on_textinput", f"xqz{code_of(self.number)} surat")
                Window.dispatch("on_key_down", 13, 0, None, [])
            return
        for _ in visit.session.raw.get(page.key, ""):
            Window.dispatch("on_key_down", BACKSPACE, 0, None, [])
        kind, serial = page.part or page.field.kind, f"{self.number:04d}"
        answers = {
            "nik": "3671" + "0155" + "0281" + serial,
            "date": "15021981",
            "phone": "08" + "99" + "77" + "88" + serial,
            "rupiah": "2500000",
            "rt": "2",
            "rw": "5",
        }
        Window.dispatch("on_textinput", answers.get(kind, f"Xqz{code_of(self.number)}"))
        Window.dispatch("on_key_down", 13, 0, None, [])

    def step(self) -> None:
        session = self.app.visit.session
        if self.app.visit.typing and self.hand.random() < 0.2:
            self.write()
        self.tap_something()
        if self.hand.random() < 0.2:
            self.app._tick(0)
        listed = listed_values(self.app)
        for key, text in session.raw.items():
            is_listed = text in listed or key.endswith(("kecamatan", "kelurahan"))
            if len(text) >= LONG_TYPED and not is_listed:
                self.typed.add(hash(text))
        self.seen.add(self.app.visit.session.place.name)
        if self.number != session.number:
            self.endings["by touch"] = self.endings.get("by touch", 0) + 1

    def walk_away(self) -> None:
        """Nobody there: the warning hides the answers, then they are wiped."""
        limits = self.app.services.idle
        self.clock.now_s += limits.form_s + 1
        self.app._tick(0)
        if self.app._warning is not None:
            assert not [one for one in shown(self.app) if MARKED.search(one)]
            self.clock.now_s += limits.warning_s
            self.app._tick(0)
        self.endings["idle"] = self.endings.get("idle", 0) + 1


def shown(app: KioskApp) -> list[str]:
    return [one.text for one in app.surface.walk() if isinstance(one, Words)]


def live_texts() -> Iterator[str]:
    """Every text that an object known to the collector holds, one step or a plain box away."""
    for one in gc.get_objects():
        todo = [one]
        while todo:
            for part in gc.get_referents(todo.pop()):
                if issubclass(type(part), str):  # isinstance would ask a dead weak reference
                    yield part
                elif type(part) in (dict, tuple, list) and not gc.is_tracked(part):
                    todo.append(part)


def listed_values(app: KioskApp) -> set[str]:
    """What is chosen from a list is a word of the catalogue's own, such as "meninggal"."""
    forms = (one.form for one in app.services.catalogue.services.values() if one.form)
    return {choice.value for form in forms for one in form.fields for choice in one.choices}


def traces(texts: Iterable[str], typed: set[int]) -> list[str]:
    return [
        text
        for text in texts
        if MARKED.search(text) or (len(text) >= LONG_TYPED and hash(text) in typed)
    ]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """All that was logged, as it would be written."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Keep(level=logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def crowd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Crowd]:
    clock = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(app_module, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    sweeps: list[float] = []  # a full collection at each new place takes the test's time: counted
    sweeper = SimpleNamespace(**vars(gc))
    sweeper.collect = lambda *_generation: sweeps.append(clock.now_s)
    monkeypatch.setattr(app_module, "gc", sweeper)
    register_fonts()
    Window.size = SIZE
    app = KioskApp(
        build_ui(load_settings(tmp_path / "home")),
        Sentences(theme.ASSETS / "locales"),
        Look(*SIZE),
    )
    Window.add_widget(app.build())
    yield Crowd(app, clock, random.Random(request.node.name), sweeps)
    Window.remove_widget(app.surface)
    Window.unbind(on_key_down=app._on_key_down, on_textinput=app._on_text)
    Window.release_all_keyboards()
    Clock.unschedule(app._tick)
    Clock.tick()


@pytest.mark.parametrize("taps", [300, pytest.param(TAPS_IN_ALL, marks=pytest.mark.slow)])
def test_nobody_meets_a_trace_of_another(taps: int, crowd: Crowd, lines: list[str]) -> None:
    app = crowd.app
    gc.collect()
    gc.freeze()  # what stood before the first person is looked at once, at the end
    try:
        so_far, number = 0, crowd.number
        for _ in range(taps):
            so_far += 1
            crowd.step()
            if so_far > TAPS_A_PERSON:
                crowd.walk_away()
            own = code_of(crowd.number)
            marks = {mark for text in shown(app) for mark in NAME_MARK.findall(text)}
            assert {mark.casefold() for mark in marks} <= {own}, "another's mark on the screen"
            if crowd.number != number:
                so_far, number = 0, crowd.number
                assert app.visit.session == Session(number), "the next one begins anew"
                assert not [text for text in shown(app) if MARKED.search(text)]
                nothing_left(crowd, deep=taps < 1000 or number % 8 == 0)
    finally:
        gc.unfreeze()
    crowd.walk_away()
    nothing_left(crowd, deep=True)
    assert crowd.sweeps, "the kiosk never swept up after anybody"
    assert traces(lines, crowd.typed) == []
    assert crowd.typed, "nobody typed anything"
    assert {"question", "service"} <= crowd.seen
    assert crowd.number > taps / TAPS_A_PERSON / 2
    if taps >= 3000:
        assert app.services.unsent().count > taps / 500, "hardly anybody filed anything"
        assert {"receipt", "goodbye", "ticket", "missing", "privacy", "results"} <= crowd.seen
        assert min(crowd.endings.get(way, 0) for way in ("by touch", "idle")) > taps / 2000
    print(crowd.number, "people", crowd.endings, app.services.unsent().count, "filed")


def nothing_left(crowd: Crowd, *, deep: bool) -> None:
    """Not where a trace might stand by design, and with `deep` nowhere in memory."""
    EventLoop.idle()
    gc.collect()
    app = crowd.app
    beyond = [app.services, app.sentences]
    kept = strings_of(app.visit, vars(app), sheet._kept, beyond=beyond)
    assert traces((text for _, text in kept), crowd.typed) == []
    if deep:
        assert traces(live_texts(), crowd.typed) == []


def test_the_search_finds_what_is_there(crowd: Crowd) -> None:
    """The test above can fail: in the middle of a form its searches find the answers."""
    app = crowd.app
    for meaning in ("start", "service:sktm", "apply:sktm", "papers_done:anyway", "agree"):
        app.on_meant(meaning)
    crowd.write()
    crowd.write()
    crowd.write()
    assert app.visit.session.answered == {"nik", "name", "birth_date"}
    raw = app.visit.session.raw
    assert all(MARKED.search(raw[key]) for key in ("nik", "name"))
    found = traces(live_texts(), set())
    assert raw["nik"] in found
    assert raw["name"] in found
    kept = [text for _, text in strings_of(app.visit, beyond=[app.services])]
    assert traces(kept, set())
    app.on_meant("back")
    app.on_meant("back")
    assert [text for text in shown(app) if NAME_MARK.search(text)]


def warned(crowd: Crowd) -> list[str]:
    """On the home screen, warned; the numbers on the screen."""
    crowd.app.on_meant("start")
    crowd.clock.now_s += crowd.app.services.idle.info_s + 1
    crowd.app._tick(0)
    assert crowd.app._warning is not None
    return [text for text in shown(crowd.app) if text.isdigit()]


def test_a_touch_beside_the_warning_does_not_stop_its_clock(crowd: Crowd) -> None:
    before, number = warned(crowd), crowd.number
    crowd.tap(5, 5)
    crowd.clock.now_s += 10
    crowd.app._tick(0)
    (left,) = [text for text in shown(crowd.app) if text.isdigit()]
    assert int(left) < int(before[0]) - 9
    crowd.clock.now_s += crowd.app.services.idle.warning_s
    crowd.app._tick(0)
    assert crowd.number == number + 1


def test_still_here_goes_back_to_the_screen_before(crowd: Crowd) -> None:
    warned(crowd)
    number = crowd.number
    aim = next(
        one
        for one in crowd.app.surface.walk()
        if isinstance(one, Tap) and one.meaning == "still_here"
    )
    crowd.tap(*aim.to_window(*aim.center))
    crowd.clock.now_s += crowd.app.services.idle.info_s - 10
    crowd.app._tick(0)
    assert crowd.app._warning is None
    assert (crowd.number, crowd.app.visit.session.place.name) == (number, "home")
