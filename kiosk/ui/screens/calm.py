"""Whole-window screens without a bar: attract, goodbye, "masih di sini?", out of order."""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, Rectangle, RoundedRectangle
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.domain.office import Office
from kiosk.ui import theme
from kiosk.ui.i18n import Sentences
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.widgets.parts import Icon, Tap, Words, button, fitted

PICTURES = (("id", "ktp"), ("file-description", "letter"), ("ticket", "ticket"))


def _window(look: Look, paper: str) -> RelativeLayout:
    root = RelativeLayout(size_hint=(None, None), size=(look.width, look.height))
    with root.canvas.before:
        Color(*theme.colour(paper))
        Rectangle(pos=(0, 0), size=root.size)
    return root


def _centred(root: Widget, parts: list[Widget], gap: float, middle: float | None = None) -> None:
    """Stacks `parts` around the middle of the height, each centred on the width."""
    total = sum(part.height for part in parts) + gap * (len(parts) - 1)
    y = (root.height / 2 if middle is None else middle) + total / 2
    for part in parts:
        y -= part.height
        part.pos = (round((root.width - part.width) / 2), round(y))
        root.add_widget(part)
        y -= gap


def _line(look: Look, text: str, token: int, ink: str, paper: str, *, bold: bool = True) -> Words:
    room = look.width - 2 * look.dp(32)
    return fitted(look, text, room, token=token, least=theme.ISI, bold=bold, ink=ink, paper=paper, align="center")


class Attract(Tap):
    """One touch anywhere starts. Pictures fade into each other, a finger taps now and then."""

    def __init__(self, view: View) -> None:
        look, p = view.look, view.look.palette
        super().__init__(look, "start", view.on_meant, size=(look.width, look.height), kind="bar", radius=0)
        self.pictures: list[tuple[Words, Words]] = []
        ink, paper = p.on_bar, p.bar
        name = _line(look, view.services.office.name, theme.ISI, ink, paper)
        self.put(name, (look.width - name.width) / 2, look.height - look.dp(28) - name.height)
        # The pill that wants to be touched, with the hand beside its words, in the lower part.
        start = _line(look, view.say("attract.start"), theme.TANYA, p.on_accent, p.accent)
        self.hand = Icon(look, "hand-finger", size=look.dp(60), ink=p.on_accent, paper=p.accent)
        pill_wide = min(look.width - look.dp(48), start.width + self.hand.width + look.dp(72))
        pill_high = max(start.height, self.hand.height) + look.dp(36)
        x, y = (look.width - pill_wide) / 2, look.dp(90 if not look.portrait else 320)
        with self.canvas.before:
            Color(*theme.colour(p.accent))
            RoundedRectangle(pos=(x, y), size=(pill_wide, pill_high), radius=[pill_high / 2])
            Rectangle(pos=(0, 0), size=(look.width, look.dp(8)))
        self.put(self.hand, x + look.dp(28), y + (pill_high - self.hand.height) / 2)
        self.put(start, x + look.dp(40) + self.hand.width, y + (pill_high - start.height) / 2)
        other = _line(look, view.sentences.say("en" if view.session.lang == "id" else "id", "attract.start"),
                      theme.ISI, ink, paper, bold=False)
        self.put(other, (look.width - other.width) / 2, y - other.height - look.dp(14))
        middle = (y + pill_high + look.height - look.dp(70)) / 2
        for icon, key in PICTURES:
            sign = Icon(look, icon, size=look.dp(320 if look.portrait else 150), ink=p.accent, paper=paper)
            words = _line(look, view.say(f"attract.{key}"), theme.KARTU, ink, paper)
            total = sign.height + look.dp(12) + words.height
            sign.pos = (round((look.width - sign.width) / 2), round(middle + total / 2 - sign.height))
            words.pos = (round((look.width - words.width) / 2), round(middle - total / 2))
            for part in (sign, words):
                part.opacity = 0
                self.add_widget(part)
            self.pictures.append((sign, words))
        self.show(0, 1.0)

    def show(self, number: int, share: float) -> None:
        """Picture `number` at `share` (0..1) of its strength, the one before it at the rest."""
        for place, parts in enumerate(self.pictures):
            strength = share if place == number else (1 - share if place == (number - 1) % len(self.pictures) else 0.0)
            for part in parts:
                part.opacity = strength


def goodbye(view: View) -> Widget:
    look, p = view.look, view.look.palette
    root = _window(look, p.page)
    _centred(root, [
        Icon(look, "circle-check", size=look.dp(140), ink=p.done, paper=p.page),
        _line(look, view.say("goodbye.title"), theme.ANGKA, p.ink, p.page),
        _line(look, view.say("goodbye.wiped"), theme.ISI, p.ink, p.page, bold=False),
        _line(look, view.say("goodbye.take"), theme.ISI, p.ink, p.page, bold=False),
        button(look, "leave", view.on_meant, view.say("goodbye.leave"), kind="main", icon="home",
               width=look.dp(420)),
    ], look.dp(16))
    return root


def idle_warning(view: View, on_meant: Callable[[str], None]) -> tuple[Widget, Callable[[int], None]]:
    """Hides the answers first. Returns the widget and a function that shows the seconds left."""
    look, p = view.look, view.look.palette
    root = _window(look, p.page)
    count = Words(look, "00", token=theme.ANGKA, bold=True, ink=p.ink, paper=p.page, align="center", width=look.dp(300))
    wide = min(look.dp(760), look.width - look.dp(48))
    _centred(root, [
        _line(look, view.say("idle.title"), theme.ANGKA, p.ink, p.page),
        _line(look, view.say("idle.why"), theme.ISI, p.ink, p.page, bold=False),
        count,
        button(look, "still_here", on_meant, view.say("idle.stay"), kind="main", icon="hand-stop", width=wide),
        button(look, "leave", on_meant, view.say("idle.leave"), icon="trash", width=wide),
    ], look.dp(18))

    def show(left_s: int) -> None:
        count.text = str(left_s)

    return root, show


def out_of_order(look: Look, sentences: Sentences, office: Office, code: str) -> Widget:
    """Where to go now, the fate of the answers, a code for staff. Both languages, no red."""
    p = look.palette
    root = _window(look, p.page)
    parts: list[Widget] = [Icon(look, "tool", size=look.dp(96), ink=p.warn, paper=p.page)]
    for lang in ("id", "en"):
        bold = lang == "id"
        token = theme.TANYA if bold else theme.ISI
        parts.append(_line(look, sentences.say(lang, "broken.title"), token, p.ink, p.page, bold=bold))
        parts.append(_line(look, sentences.say(lang, "broken.go", counter=office.counter), theme.ISI, p.ink, p.page, bold=bold))
        parts.append(_line(look, sentences.say(lang, "broken.fate"), theme.ISI if bold else theme.KET, p.ink, p.page, bold=False))
    parts.append(_line(look, sentences.say("id", "broken.code", code=code), theme.KARTU, p.ink, p.page))
    _centred(root, parts, look.dp(8))
    return root
