"""The window: draws the visit, hands it touches and keys, watches the clock. No errand's logic."""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kivy.config import Config

# One finger, no red dots of the mouse's multi-touch play, no inspector, nothing written to disk.
Config.set("input", "mouse", "mouse,disable_multitouch")
Config.set("kivy", "exit_on_escape", "0")
Config.set("graphics", "multisamples", "0")

from kivy.app import App  # noqa: E402
from kivy.base import ExceptionHandler, ExceptionManager, stopTouchApp  # noqa: E402
from kivy.clock import Clock  # noqa: E402
from kivy.core.window import Window  # noqa: E402
from kivy.input.motionevent import MotionEvent  # noqa: E402
from kivy.uix.relativelayout import RelativeLayout  # noqa: E402
from kivy.uix.widget import Widget  # noqa: E402

from kiosk.domain.session import Place  # noqa: E402
from kiosk.domain.speech import Heard  # noqa: E402
from kiosk.ui import keyboard, theme  # noqa: E402
from kiosk.ui.calls import CallOut  # noqa: E402
from kiosk.ui.hearing import ListeningId  # noqa: E402
from kiosk.ui.i18n import Sentences  # noqa: E402
from kiosk.ui.idle import IdleWatch  # noqa: E402
from kiosk.ui.screens import SCREENS, calm  # noqa: E402
from kiosk.ui.screens.help import UNHEARD_S  # noqa: E402
from kiosk.ui.screens.listen import live_words  # noqa: E402
from kiosk.ui.services import UiServices, VoiceEvent  # noqa: E402
from kiosk.ui.sheet import lay_out  # noqa: E402
from kiosk.ui.theme import Look  # noqa: E402
from kiosk.ui.view import Screen, View  # noqa: E402
from kiosk.ui.visit import Visit  # noqa: E402
from kiosk.ui.widgets.microphone import OpenEar  # noqa: E402
from kiosk.ui.widgets.parts import Tap, register_fonts  # noqa: E402

log = logging.getLogger("kiosk.ui")

TICK_S = 0.5
SETTLE_S = 0.25  # the second half of a double tap must not act on the screen that just came
SWEEP_S = 0.1  # after a change of place, while touches are not listened to
SWEEP_AT = 50_000  # objects made since the last sweep, should nobody change the place for long
# How often touches are looked for, which costs a little each time: while somebody touches, while
# somebody reads, while nobody is there.
TOUCHED_HZ, READ_HZ, ALONE_HZ = 120, 60, 25
READS_AFTER_S = 3.0
GOODBYE_S = 8.0
PICTURE_S = 8.0
CRASHES_APART_S = 60.0
TAP_MOST_S = 0.35  # held longer, letting the microphone go is the end of what one says
METER_S = 0.1  # the meter moves no oftener
LISTENING_MOST_S = 45.0  # the ear has its own, shorter limits; this is for one that is broken
EXIT_CRASHED = 70
EXIT_STAFF = 77  # the unit of the packaged kiosk then leaves a log-in on the console
TIDY_S = 20.0
# While the city has revoked this device: papers given before, and the door for staff.
STILL_SHOWN = frozenset({"receipt", "receipts", "goodbye", "pin", "readiness"})
NEWS_AT = frozenset({"staff", "handed", "receipt", "checklist", "missing"})


class Surface(RelativeLayout):
    """The whole window. Lets no touch through that began before a person could see the screen."""

    def __init__(
        self, look: Look, on_touched: Callable[[], None], on_lifted: Callable[[int], None]
    ) -> None:
        super().__init__(size_hint=(None, None), size=(look.width, look.height))
        self._on_touched, self._on_lifted = on_touched, on_lifted
        self.quiet_until_s = 0.0
        self.finger = 0  # the one that came down last; its number, for a touch holds what it met

    def on_touch_down(self, touch: MotionEvent) -> bool:
        self.finger = touch.uid
        self._on_touched()
        if time.monotonic() < self.quiet_until_s:
            return True
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        done = bool(super().on_touch_up(touch))
        self._on_lifted(touch.uid)
        return done


class KioskApp(App):
    def __init__(self, services: UiServices, sentences: Sentences, look: Look) -> None:
        super().__init__()
        self.services, self.sentences = services, sentences
        self.base_look = look
        self.visit = self._visit(1)
        self.watch = IdleWatch(services.idle, time.monotonic())
        self.surface = Surface(look, self._seen, self._lifted)
        self._shown: Widget | None = None
        self._warning: Callable[[int], None] | None = None
        self._version = services.version()
        self._goodbye_at_s: float | None = None
        self._picture, self._picture_at_s = 0, 0.0
        self._hand_at_s = 0.0
        self._touched_at_s = 0.0
        self._crashed_at_s: float | None = None
        self._ear: OpenEar | None = None
        self._could_listen = False  # when the screen was drawn
        self._screen: Screen | None = None  # what "Dengarkan" reads out
        # The finger on the microphone, and since when.
        self._holding: tuple[int, float] | None = None
        self._listening_at_s = 0.0
        self._metered_at_s = 0.0
        self._tap_map = os.environ.get("KIOSK_TAP_MAP")
        self._meant = 0
        self.focus, self._scan = keyboard.Focus(), keyboard.Scan()
        self._read_at: tuple[int, Place] | None = None  # where something was read out already
        self._news: object = None
        self._in_service = True
        self._tidied_at_s = 0.0
        counter, caller = services.counter, services.caller
        self.calls = CallOut(counter, caller) if counter is not None and caller else None
        if self.calls is not None:
            self.calls.look(0.0)
        self.exit_code = 0

    def build(self) -> Widget:
        self.title = "Kiosk Kelurahan"
        Window.bind(on_key_down=self._on_key_down, on_textinput=self._on_text)
        Window.request_keyboard(lambda: None, self.surface)
        Clock.schedule_interval(self._tick, TICK_S)
        self.show()
        return self.surface

    # -- drawing

    @property
    def look(self) -> Look:
        session = self.visit.session
        return Look(
            self.base_look.width, self.base_look.height, session.text, session.high_contrast
        )

    def view(self) -> View:
        again = self._read_at == (self.visit.session.number, self.visit.session.place)
        return View(
            self.look, self.visit.session, self.services, self.sentences, self.on_meant, again
        )

    def show(self) -> None:
        """Draws the screen the visit is at, in place of the one before."""
        self._could_listen = self.visit.ear is not None
        view, place = self.view(), self.visit.session.place
        self._warning, self._screen = None, None
        shown: Widget
        self._in_service = self.services.in_service()
        if not self._in_service and place.name not in STILL_SHOWN:
            self.visit.leave_speech()
            shown = calm.not_in_service(view)
        elif place.name == "attract":
            shown = calm.Attract(view)
        elif place.name == "goodbye":
            shown = calm.goodbye(view)
        else:
            screen = SCREENS[place.name](view, self.visit)
            self._screen = screen
            shown = lay_out(view, screen)
        self._put(shown)
        self._ear = next((one for one in shown.walk() if isinstance(one, OpenEar)), None)

    def _put(self, shown: Widget) -> None:
        self.surface.clear_widgets()
        if self._shown is not None:
            self._shown.clear_widgets()  # lets the kept bar and keyboard go
        self._shown = shown
        self.surface.add_widget(shown)
        self._news = self._counter_news()
        if self.focus.meaning:
            self.focus.show(shown, self.look)
        if self._tap_map:
            Clock.schedule_once(lambda _dt: Clock.schedule_once(self._write_tap_map, 0), 0)

    def on_meant(self, meaning: str) -> None:
        before, number = self.visit.session.place, self.visit.session.number
        self._meant += 1
        if meaning == "still_here":
            self.watch.seen(time.monotonic())
            self.show()
            return
        if meaning.startswith("say"):
            self._read_out(digits=meaning == "say:digits")
            return
        if meaning.startswith(("hold:", "listen:")):
            self._listening_at_s = time.monotonic()
            held = meaning.startswith("hold:")
            self._holding = (self.surface.finger, self._listening_at_s) if held else None
        self.visit.meant(meaning)
        if self.visit.leaves:
            self.exit_code = EXIT_STAFF
            stopTouchApp()
            return
        if self.visit.ended:
            self._new_visit()
        if self.visit.session.place.name == "goodbye":
            self._goodbye_at_s = time.monotonic()
        if self.visit.session.place != before or self.visit.session.number != number:
            self.surface.quiet_until_s = time.monotonic() + SETTLE_S
            Clock.schedule_once(lambda _dt: gc.collect(), SWEEP_S)
        self.show()

    def _new_visit(self) -> None:
        """The next person finds nothing of this one: language, size and contrast included."""
        self.visit.quiet()
        if (fresh := self.services.renewed()) is not None:  # the city or this office said more
            voice, caller = self.services.voice, self.services.caller
            self.services = replace(fresh, voice=voice, caller=caller)
        self.visit = self._visit(self.visit.session.number + 1)
        self._scan = keyboard.Scan()
        self._goodbye_at_s = None

    def _visit(self, number: int) -> Visit:
        visit = Visit(self.services, number)
        visit.post = self._from_the_voice_thread
        return visit

    # -- speaking and listening

    def _from_the_voice_thread(self, listening_id: ListeningId, event: VoiceEvent) -> None:
        Clock.schedule_once(lambda _dt: self._on_voice(listening_id, event), 0)

    def _on_voice(self, listening_id: ListeningId, event: VoiceEvent) -> None:
        """The visit drops what belongs to another listening than the one on the screen."""
        before = self.visit.hearing
        self.visit.take(listening_id, event)
        if isinstance(event, Heard):
            if before is not None and before.id == listening_id:
                now_s = time.monotonic()
                self.watch.seen(now_s)
                self.surface.quiet_until_s = now_s + SETTLE_S
                self.show()
        elif self._ear is not None and self.visit.hearing is not None:
            hearing, now_s = self.visit.hearing, time.monotonic()
            turned = hearing.is_open != self._ear.is_open  # shown at once: others speak by it
            if turned or now_s - self._metered_at_s >= METER_S:
                self._metered_at_s = now_s
                self._ear.show(hearing.level, live_words(hearing), is_open=hearing.is_open)

    def _lifted(self, finger: int) -> None:
        """The finger that came down on the microphone: at once means tap to talk. Any other finger
        ends nothing."""
        if self._holding is None or self._holding[0] != finger:
            return
        (_, pressed_at_s), self._holding = self._holding, None
        if self.visit.listening:
            held = time.monotonic() - pressed_at_s >= TAP_MOST_S
            self.visit.meant("listened" if held else "tapped")

    def _read_out(self, *, digits: bool) -> None:
        """What stands on the screen; what a person gave only when asked for it, by asking again.
        Asked again where nothing is of a person: slowly."""
        voice, said = self.services.voice, self.visit.said
        if voice is None:
            return
        session = self.visit.session
        here = (session.number, session.place)
        again, self._read_at = self._read_at == here, here
        if digits and said is not None:
            voice.say(", ".join(" ".join(group) for group in said.groups), "id", slow=True)
            return
        if self._screen is not None and self._shown is not None:
            text = keyboard.read_out(self._screen, self._shown, session.place.name, asked=again)
            voice.say(text, session.lang, slow=again)
        if not again:
            self.show()  # the button says now what a second touch does

    def on_stop(self) -> None:
        self.visit.quiet()

    # -- a person, or none

    def _seen(self, *, by_keys: bool = False) -> None:
        self._touched_at_s = time.monotonic()
        if not by_keys:
            self.focus.forget()
        if self.services.voice is not None:
            self.services.voice.hush()
        if self._warning is None:  # "masih di sini?" waits for its answer, not for any touch
            self.watch.seen(self._touched_at_s)
        Clock._max_fps = TOUCHED_HZ  # a frame is a look for touches; drawn only at need

    def _on_key_down(
        self, _window: object, key: int, _scan: int, _text: str, mods: list[str]
    ) -> bool:
        self._seen(by_keys=True)
        place = self.visit.session.place.name
        now_s, typing = time.monotonic(), self.visit.typing
        enter = key in (keyboard.ENTER, keyboard.PAD_ENTER)
        scanned = self._scan.ended(now_s) if enter else ""
        if place in ("attract", "goodbye") and not scanned:
            self.on_meant("start" if place == "attract" else "leave")
        elif self._warning is not None:
            self.on_meant("still_here")
        elif scanned and typing != "status":
            self.on_meant(f"scanned:{scanned}")
        elif key == keyboard.TAB or (key in keyboard.FORWARD | keyboard.BACKWARD):
            backward = key in keyboard.BACKWARD or (key == keyboard.TAB and "shift" in mods)
            if self._shown is not None:
                self.focus.move(self._shown, self.look, -1 if backward else 1)
                if self._tap_map:
                    self._write_tap_map(0)
        elif self.focus.meaning and (enter or (key == keyboard.SPACE and not typing)):
            self.on_meant(self.focus.meaning)
        elif key == keyboard.ESCAPE:
            self.on_meant("back")
        elif typing and (enter or key == keyboard.BACKSPACE):
            self.on_meant("next" if enter else "erase")
        return True

    def _on_text(self, _window: object, text: str) -> None:
        self._seen()
        self._scan.typed(text, time.monotonic())
        if self.visit.typing and self._warning is None and text.isprintable():
            self.focus.forget()  # who types goes on typing: Enter hands in
            for sign in text:
                self.on_meant(f"key:{sign}")

    def _tick(self, _dt: float) -> None:
        now_s = time.monotonic()
        place = self.visit.session.place
        if now_s - self._touched_at_s > READS_AFTER_S:
            Clock._max_fps = ALONE_HZ if place.name == "attract" else READ_HZ
        if gc.get_count()[0] > SWEEP_AT:
            gc.collect()
        self._look_for_news(place)
        self._serve_counter(now_s, place)
        if place.name == "attract":
            self._move_pictures(now_s)
            self.watch.seen(now_s)
            return
        if self.visit.listening:
            self._keep_listening(now_s)
            return
        if self._goodbye_at_s is not None and now_s - self._goodbye_at_s > GOODBYE_S:
            self.on_meant("leave")
            return
        if self._warning is None and self._could_listen != (self.visit.ear is not None):
            self.show()  # a microphone was plugged in, or pulled out
        idle = self.watch.state(now_s, in_form=self.visit.session.in_form)
        if idle.name == "expired":
            self.on_meant("leave")
        elif idle.name == "warning":
            if self._warning is None:
                shown, self._warning = calm.idle_warning(self.view(), self.on_meant)
                warn = self._warning
                self._put(shown)
                self._warning = warn
            self._warning(idle.left_s)

    def _keep_listening(self, now_s: float) -> None:
        """Somebody is speaking, so somebody is there; but not for ever."""
        if now_s - self._listening_at_s < LISTENING_MOST_S:
            self.watch.seen(now_s)
        else:
            self.visit.give_up()
            self.show()

    def _look_for_news(self, place: Place) -> None:
        """Another process committed: an open receipt may now say "diterima kota"."""
        version = self.services.version()
        if version == self._version:
            return
        self._version = version
        if self.calls is not None:
            self.calls.look(time.monotonic())
        if self.services.in_service() != self._in_service and self._warning is None:
            self.show()
        session = self.visit.session
        receipt = session.receipt
        if receipt is not None:
            fresh = self.services.receipt(receipt.id)
            changed = fresh.state != receipt.state
            session.receipt = fresh
            if changed and place.name == "receipt" and self._warning is None:
                self.show()
        elif session.receipts:
            before = [one.state for one in session.receipts]
            session.receipts = tuple(self.services.receipt(one.id) for one in session.receipts)
            changed = before != [one.state for one in session.receipts]
            if changed and place.name == "receipts" and self._warning is None:
                self.show()
        elif place.name == "state" and self._warning is None:
            self.show()

    def _serve_counter(self, now_s: float, place: Place) -> None:
        """Numbers are called out; what the desk or the printer did since is shown."""
        if self.calls is not None:
            self.calls.speak(now_s, listening=self.visit.listening, voice=self.services.voice)
        counter = self.services.counter
        if counter is not None and now_s - self._tidied_at_s > TIDY_S:
            self._tidied_at_s = now_s
            counter.tidy()
        if place.name in NEWS_AT and self._warning is None:
            news = self._counter_news()
            if news != self._news:
                self.show()

    def _counter_news(self) -> object:
        """What a screen about the counter rests on; another value is a reason to draw it anew."""
        counter, visit = self.services.counter, self.visit
        name, receipt = visit.session.place.name, visit.session.receipt
        if counter is None or name not in NEWS_AT:
            return None
        if name == "receipt":
            if receipt is None:
                return None
            entry = counter.entry(receipt.id) if receipt.ticket else None
            return counter.print_of(receipt.id), entry
        if name in ("checklist", "missing"):
            return tuple(counter.print_job(job) for job in visit.lists.values())
        since = self.services.now() - visit.bell.at if visit.bell is not None else None
        unheard = since is not None and since.total_seconds() > UNHEARD_S
        return visit.bell_standing(), unheard

    def _move_pictures(self, now_s: float) -> None:
        """Cross-fade each 8 s; a tapping hand at random, which is seen more than a regular one."""
        shown = self._shown
        if not isinstance(shown, calm.Attract):
            return
        if now_s - self._picture_at_s > PICTURE_S:
            self._picture = (self._picture + 1) % len(shown.pictures)
            self._picture_at_s = now_s
            self._fade(shown, self._picture, 0)
        if now_s > self._hand_at_s:
            self._hand_at_s = now_s + random.uniform(8, 15)
            rest = shown.hand.y
            for step, lift in enumerate((14, 0, 14, 0)):
                Clock.schedule_once(
                    lambda _dt, y=lift: setattr(shown.hand, "y", rest + y * self.look.k),
                    0.25 * step,
                )

    def _fade(self, shown: calm.Attract, picture: int, step: int) -> None:
        shown.show(picture, step / 4)
        if step < 4:
            Clock.schedule_once(lambda _dt: self._fade(shown, picture, step + 1), 0.05)

    # -- for tests and for trouble

    def _write_tap_map(self, _dt: float) -> None:
        """Where each meaning can be touched now, in window pixels from the top left."""
        taps = {}
        for widget in self.surface.walk():
            if isinstance(widget, Tap) and widget.meaning:
                x, y = widget.to_window(*widget.center)
                taps[widget.meaning] = [round(x), round(self.base_look.height - y)]
        place = self.visit.session.place
        state = {
            "screen": place.name,
            "page": place.page,
            "session": self.visit.session.number,
            "meant": self._meant,  # how many touches and keys this screen already answers
            "about": place.about if place.name in ("question", "service") else "",
            "focus": self.focus.meaning,
            "taps": taps,
        }
        path = Path(str(self._tap_map))
        part = path.with_suffix(".part")
        part.write_text(json.dumps(state))
        part.replace(path)

    def crashed(self, problem: BaseException) -> bool:
        """A bug ends the session, not the kiosk; two within a minute end the process."""
        frames = traceback.extract_tb(problem.__traceback__)
        where = " < ".join(
            f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames[-6:])
        )
        log.error(
            "bug %s at %s", type(problem).__name__, where
        )  # no message: it may quote a person
        now_s = time.monotonic()
        again = self._crashed_at_s is not None and now_s - self._crashed_at_s < CRASHES_APART_S
        self._crashed_at_s = now_s
        if again:
            self.exit_code = EXIT_CRASHED
            stopTouchApp()
            return False
        self._new_visit()
        Clock.schedule_once(lambda _dt: self.show(), 0)
        return True


class _Bugs(ExceptionHandler):
    def __init__(self, app: KioskApp) -> None:
        super().__init__()
        self.app = app

    def handle_exception(self, inst: Exception) -> int:
        if isinstance(inst, KeyboardInterrupt):
            return int(ExceptionManager.RAISE)
        self.app.crashed(inst)
        return int(ExceptionManager.PASS)


class OutOfOrderApp(App):
    def __init__(self, shown: Widget) -> None:
        super().__init__()
        self._widget = shown

    def build(self) -> Widget:
        return self._widget


def run_ui(
    services: UiServices,
    *,
    size: tuple[int, int] | None,
    windowed: bool,
    out_of_order: str | None = None,
    start: Callable[[Visit], None] | None = None,
    alive: Callable[[], None] | None = None,
) -> int:
    """Runs until the window is closed. Returns the exit code: 0, or 70 after two bugs in a minute.

    With `out_of_order` only that screen is shown, with this code for the staff. `start` sets the
    first visit somewhere else than the attract screen, for tests. `alive` is called again and again
    from the loop that draws and takes touches: when that hangs, so does it.
    """
    register_fonts()
    if alive is not None:
        Clock.schedule_interval(lambda _dt: alive(), TICK_S)
    if windowed:
        Window.fullscreen = False
        Window.borderless = False
        if size is not None:
            Window.size = size
    else:
        Window.fullscreen = "auto" if size is None else False
        Window.show_cursor = False
    width, height = (int(part) for part in (size or Window.size))
    look = Look(width, height)
    sentences = Sentences(theme.ASSETS / "locales")
    if out_of_order is not None:
        OutOfOrderApp(calm.out_of_order(look, sentences, services.office, out_of_order)).run()
        return 1
    app = KioskApp(services, sentences, look)
    if start is not None:
        start(app.visit)
    ExceptionManager.add_handler(_Bugs(app))
    # Old screens are swept when nobody waits, not in the middle of building the next one: that
    # took more than the building. What stands now stays, no sweep need look at it.
    gc.collect()
    gc.freeze()
    gc.disable()
    app.run()
    return app.exit_code


if __name__ == "__main__":  # pragma: no cover
    sys.exit("run: python -m kiosk ui")
