"""Whole-window screens without a bar: attract, goodbye, "masih di sini?", out of order."""

from __future__ import annotations

import dataclasses
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

NEWS_MOST = 3  # beside the pictures: eight seconds each are soon too many
PICTURES = (("id", "ktp"), ("file-description", "letter"), ("ticket", "ticket"))


def _window(look: Look, paper: str) -> RelativeLayout:
    root = RelativeLayout(size_hint=(None, None), size=(look.width, look.height))
    with root.canvas.before:
        Color(*theme.colour(paper))
        Rectangle(pos=(0, 0), size=root.size)
    return root


def _centred(root: Widget, look: Look, gap: int, build: Callable[[Look], list[Widget]]) -> None:
    """Stacks what `build` gives around the middle; smaller text where it would not fit."""
    for text in (look.text, 1.33, 1.15, 1.0):
        fit = dataclasses.replace(look, text=min(text, look.text))
        parts = build(fit)
        total = sum(part.height for part in parts) + look.dp(gap) * (len(parts) - 1)
        if total <= root.height - 2 * look.dp(16):
            break
    y = (root.height + total) / 2
    for part in parts:
        y -= part.height
        part.pos = (round((root.width - part.width) / 2), round(y))
        root.add_widget(part)
        y -= look.dp(gap)


def _line(
    look: Look, text: str, token: int, ink: str, paper: str, *, bold: bool = True, width: float = 0
) -> Words:
    room = width or look.width - 2 * look.dp(32)
    return fitted(
        look,
        text,
        room,
        token=token,
        least=theme.ISI if not width else theme.KET,
        bold=bold,
        ink=ink,
        paper=paper,
        align="center",
    )


class Attract(Tap):
    """One touch anywhere starts. Pictures fade into each other, a finger taps now and then."""

    def __init__(self, view: View) -> None:
        look, p = view.look, view.look.palette
        super().__init__(
            look, "start", view.on_meant, size=(look.width, look.height), kind="bar", radius=0
        )
        self.pictures: list[tuple[Words, Words]] = []
        ink, paper = p.on_bar, p.bar
        name = _line(look, view.services.office.name, theme.ISI, ink, paper)
        self.put(name, (look.width - name.width) / 2, look.height - look.dp(28) - name.height)
        # The pill that wants to be touched, with the hand beside its words, in the lower part.
        start = _line(
            look,
            view.say("attract.start"),
            theme.TANYA,
            p.on_accent,
            p.accent,
            width=look.width - look.dp(48 + 72 + 70),
        )
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
        other = _line(
            look,
            view.sentences.say("en" if view.session.lang == "id" else "id", "attract.start"),
            theme.ISI,
            ink,
            paper,
            bold=False,
        )
        self.put(other, (look.width - other.width) / 2, y - other.height - look.dp(14))
        middle = (y + pill_high + look.height - look.dp(70)) / 2
        told = view.services.announcements()[:NEWS_MOST]
        shown = [(icon, view.say(f"attract.{key}")) for icon, key in PICTURES]
        shown += [("speakerphone", f"{one.source}: {view.said(one.title)}") for one in told]
        for icon, text in shown:
            sign = Icon(
                look, icon, size=look.dp(320 if look.portrait else 150), ink=p.accent, paper=paper
            )
            words = _line(look, text, theme.KARTU, ink, paper)
            total = sign.height + look.dp(12) + words.height
            sign.pos = (
                round((look.width - sign.width) / 2),
                round(middle + total / 2 - sign.height),
            )
            words.pos = (round((look.width - words.width) / 2), round(middle - total / 2))
            for part in (sign, words):
                part.opacity = 0
                self.add_widget(part)
            self.pictures.append((sign, words))
        self.show(0, 1.0)

    def show(self, number: int, share: float) -> None:
        """Picture `number` at `share` (0..1) of its strength, the one before it at the rest."""
        for place, parts in enumerate(self.pictures):
            strength = (
                share
                if place == number
                else (1 - share if place == (number - 1) % len(self.pictures) else 0.0)
            )
            for part in parts:
                part.opacity = strength


def goodbye(view: View) -> Widget:
    p = view.look.palette
    root = _window(view.look, p.page)

    def parts(look: Look) -> list[Widget]:
        return [
            Icon(look, "circle-check", size=look.dp(140), ink=p.done, paper=p.page),
            _line(look, view.say("goodbye.title"), theme.ANGKA, p.ink, p.page),
            _line(look, view.say("goodbye.wiped"), theme.ISI, p.ink, p.page, bold=False),
            _line(look, view.say("goodbye.take"), theme.ISI, p.ink, p.page, bold=False),
            button(
                look,
                "leave",
                view.on_meant,
                view.say("goodbye.leave"),
                kind="main",
                icon="home",
                width=look.dp(460),
            ),
        ]

    _centred(root, view.look, 16, parts)
    return root


def idle_warning(
    view: View, on_meant: Callable[[str], None]
) -> tuple[Widget, Callable[[int], None]]:
    """Hides the answers first. Returns the widget and a function that shows the seconds left."""
    p = view.look.palette
    root = _window(view.look, p.page)
    wide = min(view.look.dp(760), view.look.width - view.look.dp(48))
    counts: list[Words] = []

    def parts(look: Look) -> list[Widget]:
        counts.append(
            Words(
                look,
                "00",
                token=theme.ANGKA,
                bold=True,
                ink=p.ink,
                paper=p.page,
                align="center",
                width=look.dp(300),
            )
        )
        return [
            _line(look, view.say("idle.title"), theme.ANGKA, p.ink, p.page),
            _line(look, view.say("idle.why"), theme.ISI, p.ink, p.page, bold=False),
            counts[-1],
            button(
                look,
                "still_here",
                on_meant,
                view.say("idle.stay"),
                kind="main",
                icon="hand-stop",
                width=wide,
            ),
            button(look, "leave", on_meant, view.say("idle.leave"), icon="trash", width=wide),
        ]

    _centred(root, view.look, 18, parts)

    def show(left_s: int) -> None:
        counts[-1].text = str(left_s)

    return root, show


def not_in_service(view: View) -> Widget:
    """The city revoked this device: where to go, in both languages, and a door for staff only."""
    look, services, p = view.look, view.services, view.look.palette
    root = _window(look, p.page)

    def parts(fit: Look) -> list[Widget]:
        stack: list[Widget] = [Icon(fit, "tool", size=fit.dp(96), ink=p.warn, paper=p.page)]
        for lang in ("id", "en"):
            bold = lang == "id"
            for key in ("revoked.title", "revoked.go"):
                text = view.sentences.say(lang, key, counter=services.office.counter)
                token = theme.TANYA if bold and key == "revoked.title" else theme.ISI
                first = key == "revoked.title"
                stack.append(_line(fit, text, token, p.ink, p.page, bold=first))
            stack.append(Widget(size_hint=(None, None), size=(1, fit.dp(8))))
        if services.staff is not None:
            stack.append(
                button(
                    fit,
                    "go:pin",
                    view.on_meant,
                    view.sentences.say("id", "revoked.staff"),
                    icon="lock",
                    width=fit.dp(460),
                )
            )
        return stack

    _centred(root, look, 6, parts)
    return root


def out_of_order(look: Look, sentences: Sentences, office: Office, code: str) -> Widget:
    """Where to go now, the fate of the answers, a code for staff. Both languages, no red."""
    p = look.palette
    root = _window(look, p.page)

    def parts(fit: Look) -> list[Widget]:
        stack: list[Widget] = [Icon(fit, "tool", size=fit.dp(96), ink=p.warn, paper=p.page)]
        for lang in ("id", "en"):
            bold = lang == "id"
            lines = (
                ("broken.title", theme.TANYA if bold else theme.ISI),
                ("broken.go", theme.ISI),
                ("broken.fate", theme.ISI),
            )
            for key, token in lines:
                text = sentences.say(lang, key, counter=office.counter)
                stack.append(_line(fit, text, token, p.ink, p.page, bold=key == "broken.title"))
            stack.append(Widget(size_hint=(None, None), size=(1, fit.dp(8))))
        stack.append(
            _line(fit, sentences.say("id", "broken.code", code=code), theme.KARTU, p.ink, p.page)
        )
        return stack

    _centred(root, look, 6, parts)
    return root
