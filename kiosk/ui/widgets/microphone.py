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
    """The microphone is on: said by a word, a sign, a meter and the words heard so far."""

    def __init__(
        self,
        look: Look,
        size: tuple[float, float],
        *,
        title: str,
        prompt: str,
        hint: str,
        promise: str,
        words: str,
        level: float,
    ) -> None:
        super().__init__(size_hint=(None, None), size=(round(size[0]), round(size[1])))
        p = look.palette
        side, gap = look.dp(96), look.dp(20)
        sign = Icon(look, "microphone", size=look.dp(60), ink=p.on_accent, paper=p.accent)
        room = self.width - side - gap
        meter_wide = look.dp(230)
        line = fitted(
            look,
            title,
            room - meter_wide - gap,
            token=theme.TANYA,
            least=theme.KET,
            bold=True,
            ink=p.accent,
            paper=p.night,
        )
        told = fitted(
            look, prompt, room, token=theme.ISI, least=theme.KET, ink=p.on_night, paper=p.night
        )
        head = max(side, line.height + told.height)
        top = self.height - head
        with self.canvas.before:
            Color(*theme.colour(p.accent))
            Ellipse(pos=(0, top + (head - side) / 2), size=(side, side))
        self._put(sign, (side - sign.width) / 2, top + (head - sign.height) / 2)
        self._put(line, side + gap, self.height - line.height)
        self._put(told, side + gap, self.height - line.height - told.height)
        self._meter = Meter(look, (meter_wide, look.dp(52)))
        self._put(
            self._meter,
            self.width - meter_wide,
            self.height - line.height / 2 - self._meter.height / 2,
        )
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
        self.show(level, words)

    def _put(self, widget: Widget, x: float, y: float) -> None:
        widget.pos = (round(x), round(y))
        self.add_widget(widget)

    def show(self, level: float, words: str) -> None:
        """Only what changed is drawn anew."""
        self._meter.show(level)
        self._words.show(words)
