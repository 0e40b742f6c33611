"""The app while it listens and speaks: real touches on the real widgets, the ear in another thread.

Only the clock and what is heard are ours.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window

from kiosk.domain.speech import Closed, Heard, Level, Partial, Transcript
from kiosk.ui import app as app_module
from kiosk.ui import theme
from kiosk.ui.app import LISTENING_MOST_S, SETTLE_S, TAP_MOST_S, KioskApp
from kiosk.ui.i18n import Sentences
from kiosk.ui.scenes import NIK
from kiosk.ui.services import VoiceEvent, VoiceState
from kiosk.ui.theme import Look
from kiosk.ui.widgets.microphone import OpenEar
from kiosk.ui.widgets.parts import Tap, Words, register_fonts
from tests.ui.support import Desk, Ear
from tests.ui.test_random_taps import Finger

SIZE = (1024, 600)
SENTENCE = "kartu keluarga saya hilang"


@dataclass
class Counter:
    """The kiosk, its ear, and the finger of somebody before it."""

    app: KioskApp
    ear: Ear
    clock: SimpleNamespace

    @property
    def screen(self) -> str:
        return self.app.visit.session.place.name

    def taps(self) -> dict[str, Tap]:
        return {one.meaning: one for one in self.app.surface.walk() if isinstance(one, Tap)}

    def texts(self) -> list[str]:
        return [one.text for one in self.app.surface.walk() if isinstance(one, Words)]

    def down(self, meaning: str) -> Finger:
        self.clock.now_s += SETTLE_S + 0.01
        aim = self.taps()[meaning]
        finger = Finger(*aim.to_window(*aim.center))
        EventLoop.post_dispatch_input("begin", finger)
        return finger

    def up(self, finger: Finger, held_s: float = 0.1) -> None:
        self.clock.now_s += held_s
        EventLoop.post_dispatch_input("end", finger)

    def tap(self, *meanings: str) -> None:
        for meaning in meanings:
            self.up(self.down(meaning))

    def hears(self, *events: VoiceEvent, number: int = -1) -> None:
        """In the voice's own thread; then the screen's turn comes."""
        tell = self.ear.listened[number].tell
        thread = threading.Thread(target=lambda: [tell(event) for event in events])
        thread.start()
        thread.join()
        Clock.tick()


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    clock = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(app_module, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    register_fonts()
    Window.size = SIZE
    ear = Ear()
    app = KioskApp(Desk(voice=ear).services(), Sentences(theme.ASSETS / "locales"), Look(*SIZE))
    Window.add_widget(app.build())
    app.on_meant("start")
    yield Counter(app, ear, clock)
    Window.remove_widget(app.surface)
    Window.unbind(on_key_down=app._on_key_down, on_textinput=app._on_text)
    Window.release_all_keyboards()
    Clock.unschedule(app._tick)
    Clock.tick()


def said(text: str) -> Heard:
    return Heard(Transcript(text, 0.9, True, None, (text,)), "heard")


def test_a_tap_listens_until_the_end_of_speech(counter: Counter) -> None:
    finger = counter.down("listen:")
    assert counter.screen == "listen", "it listens before the finger is lifted"
    assert counter.ear.last.hold
    counter.up(finger, TAP_MOST_S / 2)
    assert not counter.ear.last.hold
    assert not counter.ear.last.finished
    counter.tap("listened")
    assert counter.ear.last.finished


def test_held_it_listens_until_the_finger_goes_up(counter: Counter) -> None:
    finger = counter.down("listen:")
    counter.up(finger, TAP_MOST_S * 2)
    assert counter.ear.last.hold
    assert counter.ear.last.finished
    assert len(counter.ear.listened) == 1


def test_another_finger_ends_nothing(counter: Counter) -> None:
    holding = counter.down("listen:")
    other = Finger(5, 5)  # beside everything
    EventLoop.post_dispatch_input("begin", other)
    counter.up(other, TAP_MOST_S * 2)
    assert counter.ear.last.hold
    assert not counter.ear.last.finished
    counter.up(holding)
    assert counter.ear.last.finished


def test_a_finger_that_goes_up_later_ends_no_other_listening(counter: Counter) -> None:
    finger = counter.down("listen:")
    counter.hears(Heard(None, "unclear"))
    counter.up(finger, TAP_MOST_S * 2)
    assert not counter.ear.last.finished
    counter.tap("listen:")
    counter.tap("back")
    assert counter.screen == "home"
    assert not counter.ear.last.finished


def test_words_appear_while_they_are_said_and_cards_at_the_end(counter: Counter) -> None:
    counter.tap("listen:")
    ear = next(one for one in counter.app.surface.walk() if isinstance(one, OpenEar))
    counter.hears(Level(0.1))
    assert "Mendengarkan…" in counter.texts()
    assert "Suara tidak disimpan." in counter.texts()
    for step, words in enumerate(("kartu", "kartu keluarga"), 1):
        counter.clock.now_s += 0.2
        counter.hears(Partial(words), Level(0.3 * step))
        assert words in counter.texts()
    assert ear.parent is not None, "the screen is not built anew for a word"
    counter.hears(said(SENTENCE))
    assert counter.screen == "results"
    assert "service:kk-hilang" in counter.taps()
    assert not counter.app.visit.listening


def test_it_says_that_it_listens_only_while_it_does(counter: Counter) -> None:
    """Who began to speak by a word on the screen lost what was said before the microphone was
    open; and it is closed while what was said is worked out."""

    def told() -> tuple[bool, ...]:
        texts = counter.texts()
        return tuple(one in texts for one in ("Mendengarkan…", "Sebentar…"))

    counter.tap("listen:")
    assert told() == (False, True)
    counter.hears(Level(0.1))
    assert told() == (True, False)
    counter.hears(Level(0.2))
    counter.app.show()  # drawn anew, as in the other language
    assert told() == (True, False)
    counter.hears(Closed())
    assert told() == (False, True)
    counter.hears(Heard(None, "unclear"))
    counter.tap("listen:")
    assert told() == (False, True), "the next one is another"


def test_what_is_heard_of_the_one_before_never_reaches_the_next(counter: Counter) -> None:
    counter.tap("listen:")
    number = counter.app.visit.session.number
    counter.app.on_meant("leave")
    assert counter.ear.last.cancelled
    counter.app.on_meant("start")
    assert counter.app.visit.session.number == number + 1
    counter.hears(Partial(SENTENCE), said(SENTENCE))
    assert counter.screen == "home"
    counter.tap("listen:")
    counter.hears(Partial(SENTENCE), said(SENTENCE), number=0)
    assert counter.screen == "listen"
    assert SENTENCE not in counter.texts()


def test_who_speaks_is_there_but_not_for_ever(counter: Counter) -> None:
    counter.tap("listen:")
    idle = counter.app.services.idle
    for _ in range(int(LISTENING_MOST_S) - 1):
        counter.clock.now_s += 1
        counter.app._tick(0)
    assert counter.app.visit.listening
    counter.clock.now_s += 2
    counter.app._tick(0)
    assert counter.ear.last.cancelled
    assert "Belum tertangkap" in counter.texts()
    counter.clock.now_s += idle.info_s - 5
    counter.app._tick(0)
    assert counter.app._warning is None, "the seconds count from the end of listening"
    counter.clock.now_s += 10
    counter.app._tick(0)
    assert counter.app._warning is not None


def test_idle_ends_what_is_read_out(counter: Counter) -> None:
    counter.app.on_meant("service:sktm")
    counter.tap("say")
    hushed, idle = counter.ear.hushed, counter.app.services.idle
    for wait_s in (idle.info_s + 1, idle.warning_s):
        counter.clock.now_s += wait_s
        counter.app._tick(0)
    assert counter.screen == "attract"
    assert counter.ear.hushed > hushed


@pytest.mark.parametrize("state", ["no_model", "no_microphone", "off"])
def test_where_nothing_hears_no_screen_has_a_microphone(
    counter: Counter, state: VoiceState
) -> None:
    counter.ear.now = state
    for meanings in (
        ("home",),
        ("go:search",),
        ("home", "service:ktp-hilang", "go:ask:ktp-hilang"),
    ):
        for meaning in meanings:
            counter.app.on_meant(meaning)
        assert not [one for one in counter.taps() if one.startswith(("listen", "go:aloud"))]
    counter.app.on_meant("service:sktm")
    assert "say" in counter.taps(), "it can still be read out"
    counter.ear.audible = False
    counter.app.show()
    assert "say" not in counter.taps()


def test_reading_out_is_ended_by_any_touch(counter: Counter) -> None:
    counter.app.on_meant("service:sktm")
    counter.tap("say")
    ((text, lang, _),) = counter.ear.said
    assert text.startswith("Surat Keterangan Tidak Mampu")
    assert "Bawa: " in text
    assert "Biaya: Gratis" in text
    assert lang == "id"
    before = counter.ear.hushed
    finger = Finger(5, 5)  # beside everything
    EventLoop.post_dispatch_input("begin", finger)
    assert counter.ear.hushed == before + 1
    EventLoop.post_dispatch_input("end", finger)
    assert len(counter.ear.said) == 1


def test_a_number_is_read_out_only_when_asked_for(counter: Counter) -> None:
    app = counter.app
    for meaning in ("service:sktm", "apply:sktm", "papers_done:anyway", "agree"):
        app.on_meant(meaning)
    for digit in NIK:
        app.on_meant(f"key:{digit}")
    counter.tap("say")
    ((text, _, _),) = counter.ear.said
    assert text.startswith("Berapa NIK Anda?")
    assert not [part for part in (NIK, NIK[:4], " ".join(NIK[:4])) if part in text]
    counter.tap("go:aloud:sktm/nik", "listen:")
    counter.hears(Heard(Transcript("…", 0.9, True, NIK), "heard"))
    assert counter.screen == "spoken"
    assert [group for group in (NIK[:4], NIK[12:]) if group in counter.texts()] == [
        NIK[:4],
        NIK[12:],
    ]
    assert len(counter.ear.said) == 1
    counter.tap("say:digits")
    text, _, slow = counter.ear.said[-1]
    assert (text[:8], slow) == ("3 6 7 1,", True)
    counter.ear.audible = False
    counter.app.show()
    assert set(counter.taps()) >= {"by_keys", "right:", "listen:0"}
    assert "say:digits" not in counter.taps(), "nothing here speaks"


def test_digits_that_were_refused_are_asked_after(counter: Counter) -> None:
    for meaning in ("service:sktm", "apply:sktm", "papers_done:anyway", "agree"):
        counter.app.on_meant(meaning)
    counter.tap("go:aloud:sktm/nik", "listen:")
    counter.hears(Heard(Transcript("", 0.7, False, None, ("tiga enam tujuh satu",)), "heard"))
    assert counter.screen == "spoken"
    assert "Maksud Anda ini?" in counter.texts()
    assert "Betul angkanya?" not in counter.texts()


def test_a_bug_while_listening_ends_the_listening(counter: Counter) -> None:
    counter.tap("listen:")
    counter.app.crashed(RuntimeError("any"))
    assert counter.ear.last.cancelled
    Clock.tick()
    assert counter.screen == "attract"


@pytest.mark.parametrize("what", ["listen", "spoken"])
def test_a_kiosk_taken_out_of_service_hears_nobody(counter: Counter, what: str) -> None:
    """The city's word comes by another process while somebody speaks, or looks at what was said."""
    app, in_service = counter.app, [False]
    for meaning in ("service:sktm", "apply:sktm", "papers_done:anyway", "agree"):
        app.on_meant(meaning)
    counter.tap("go:aloud:sktm/nik", "listen:")
    if what == "spoken":
        counter.hears(Heard(Transcript("…", 0.9, True, NIK), "heard"))
    assert counter.screen == what
    version, hushed = app.services.version() + 1, counter.ear.hushed
    app.services = replace(app.services, version=lambda: version, in_service=lambda: in_service[0])
    app._tick(0)
    assert "Kiosk ini sedang tidak dipakai" in counter.texts()
    assert counter.ear.hushed > hushed
    assert not app.visit.listening
    if what == "listen":
        assert counter.ear.last.cancelled
        counter.hears(Partial("tiga"), Heard(Transcript("…", 0.9, True, NIK), "heard"))
    assert app.visit.said is None
    in_service[0], version = True, version + 1
    app._tick(0)
    assert counter.screen == "question", "taken up again where touch left it"
    assert "go:aloud:sktm/nik" in counter.taps()
