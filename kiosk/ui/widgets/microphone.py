"""The microphone one touches or holds, and what the screen shows while it is on."""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, Ellipse, RoundedRectangle
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Icon, Kind, Tap, Words, button, fitted

BARS = 14


class Mic(Tap):
    """Acts when the finger comes down, so that no first word is lost: `listen:x` as `hold:x`. The
    app sees the finger go up again, on whatever screen stands there by then."""

    def on_press(self) -> None:
        self._on_meant("hold" + self.meaning.removeprefix("listen"))

    def on_release(self) -> None:
        """Nothing more: it acted."""


def microphone(
    look: Look,
    on_meant: Callable[[str], None],
    text: str,
    *,
    meaning: str = "listen:",
    width: float | None = None,
    height: float | None = None,
    kind: Kind = "voice",
) -> Tap:
    return button(
        look,
        meaning,
        on_meant,
        text,
        width=width,
        height=height,
        kind=kind,
        icon="microphone",
        make=Mic,
    )


class Meter(Widget):
    """How loud it is: bars that grow from the left, each a dot while it is too quiet for it."""

    def __init__(self, look: Look, size: tuple[float, float]) -> None:
        super().__init__(size_hint=(None, None), size=size)
        self.shown = -1
        with self.canvas:
            Color(*theme.colour(look.palette.accent))
            self._bars = [RoundedRectangle() for _ in range(BARS)]
        self.bind(pos=lambda *_: self._place())
        self.show(0.0)

    def show(self, level: float) -> None:
        """`level`: 0 to 1. Draws nothing anew while as many bars stand."""
        count = round(max(0.0, min(1.0, level)) * BARS)
        if count != self.shown:
            self.shown = count
            self._place()

    def _place(self) -> None:
        step = self.width / BARS
        wide = step * 0.55
        for place, bar in enumerate(self._bars):
            tallest = wide + (self.height - wide) * (0.35 + 0.65 * (place + 1) / BARS)
            high = tallest if place < self.shown else wide
            bar.radius = [wide / 2]
            bar.size = (wide, high)
            bar.pos = (self.x + place * step, self.y + (self.height - high) / 2)


class LiveWords(RelativeLayout):
    """What is heard so far, as large as it fits; of what is too long, the end."""

    def __init__(
        self, look: Look, size: tuple[float, float], text: str, hint: str, paper: str, ink: str
    ) -> None:
        super().__init__(size_hint=(None, None), size=size)
        self._look, self._hint, self._paper, self._ink = look, hint, paper, ink
        self._text: str | None = None
        self.show(text)

    def show(self, text: str) -> None:
        if text == self._text:
            return
        self._text = text
        self.clear_widgets()
        words = self._fit(text or self._hint, hint=not text)
        words.pos = (0, round((self.height - words.height) / 2))
        self.add_widget(words)

    def _fit(self, text: str, *, hint: bool) -> Words:
        look = self._look
        largest = look.font(theme.ISI if hint else theme.ANGKA)
        for px in (largest, round(largest * 0.8), round(largest * 0.65), look.dp(theme.KET)):
            words = self._written(text, px, bold=not hint)
            if words.height <= self.height:
                return words
        while words.height > self.height and " " in text:
            text = text.partition(" ")[2]
            words = self._written(f"… {text}", px, bold=not hint)
        return words

    def _written(self, text: str, px: int, *, bold: bool) -> Words:
        return Words(
            self._look,
            text,
            font_px=px,
            bold=bold,
            ink=self._ink,
            paper=self._paper,
            width=self.width,
        )


class OpenEar(RelativeLayout):
    """The microphone is on: said by a word, a sign, a meter and the words heard so far. Before and
    after it only asks to wait: who speaks while nothing listens loses their first words."""

    def __init__(
        self,
        look: Look,
        size: tuple[float, float],
        *,
        title: str,
        wait: str,
        prompt: str,
        hint: str,
        promise: str,
        words: str,
        level: float,
        is_open: bool,
    ) -> None:
        super().__init__(size_hint=(None, None), size=(round(size[0]), round(size[1])))
        p = look.palette
        side, gap = look.dp(96), look.dp(20)
        room = self.width - side - gap
        meter_wide = look.dp(230)
        line, waits = (
            fitted(
                look,
                text,
                room - meter_wide - gap,
                token=theme.TANYA,
                least=theme.KET,
                bold=True,
                ink=ink,
                paper=p.night,
            )
            for text, ink in ((title, p.accent), (wait, p.on_night))
        )
        told = fitted(
            look, prompt, room, token=theme.ISI, least=theme.KET, ink=p.on_night, paper=p.night
        )
        head = max(side, line.height + told.height)
        top = self.height - head
        with self.canvas.before:
            self._light = Color()
            Ellipse(pos=(0, top + (head - side) / 2), size=(side, side))
        self._lights = {True: theme.colour(p.accent), False: theme.colour(p.night)}
        lit, dark = (
            Icon(look, "microphone", size=look.dp(60), ink=ink, paper=paper)
            for ink, paper in ((p.on_accent, p.accent), (p.on_night, p.night))
        )
        for sign in (lit, dark):
            _place(sign, (side - sign.width) / 2, top + (head - sign.height) / 2)
        _place(line, side + gap, self.height - line.height)
        _place(told, side + gap, self.height - line.height - told.height)
        _place(waits, side + gap, top + (head - waits.height) / 2)
        self._meter = Meter(look, (meter_wide, look.dp(52)))
        middle = self.height - line.height / 2
        _place(self._meter, self.width - meter_wide, middle - self._meter.height / 2)
        self._head: dict[bool, list[Widget]] = {
            True: [lit, line, told, self._meter],
            False: [dark, waits],
        }
        self.is_open: bool | None = None  # nothing is shown yet
        lock = Icon(look, "shield-check", size=look.dp(36), ink=p.on_night, paper=p.night)
        kept = fitted(
            look,
            promise,
            self.width - look.dp(52),
            token=theme.ISI,
            least=theme.KET,
            ink=p.on_night,
            paper=p.night,
        )
        self._put(lock, 0, (kept.height - lock.height) / 2)
        self._put(kept, look.dp(52), 0)
        space = (self.width, round(top - kept.height - 2 * look.dp(12)))
        self._words = LiveWords(look, space, words, hint, p.night, p.on_night)
        self._put(self._words, 0, kept.height + look.dp(12))
        self.show(level, words, is_open=is_open)

    def _put(self, widget: Widget, x: float, y: float) -> None:
        _place(widget, x, y)
        self.add_widget(widget)

    def show(self, level: float, words: str, *, is_open: bool) -> None:
        """Only what changed is drawn anew."""
        if is_open != self.is_open:
            self.is_open = is_open
            self._light.rgba = self._lights[is_open]
            self.clear_widgets(self._head[not is_open])
            for part in self._head[is_open]:
                self.add_widget(part)
        self._meter.show(level)
        self._words.show(words)


def _place(widget: Widget, x: float, y: float) -> None:
    widget.pos = (round(x), round(y))
