"""Our own keyboard and number keys: Kivy's covers the field and knows no Indonesian layout."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.uix.relativelayout import RelativeLayout

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Kind, Tap, Words, button

LETTERS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SIGNS = ("1234567890", "/.,-'():;", '?@&+"')

OnMeant = Callable[[str], None]


def key(
    look: Look,
    meaning: str,
    on_meant: OnMeant,
    face: str,
    size: tuple[float, float],
    *,
    kind: Kind = "key",
) -> Tap:
    tap = Tap(look, meaning, on_meant, size=size, kind=kind, radius=theme.RADIUS_KEY)
    if len(face) == 1:
        large = 48 if size[0] > look.dp(110) else 34
        px = min(look.font(large), round(size[1] * 0.72), round(size[0] * 0.6))
    else:
        px = look.dp(26)
    room = size[0] - look.dp(16)
    sign = Words(look, face, font_px=px, bold=True, ink=tap.ink, paper=tap.paper)
    while sign.width > room and " " not in face:
        px -= 1
        sign = Words(look, face, font_px=px, bold=True, ink=tap.ink, paper=tap.paper)
    if sign.width > room:  # two words, one above the other
        style: dict[str, Any] = {"bold": True, "ink": tap.ink, "paper": tap.paper}
        sign = Words(look, face, font_px=round(px * 0.92), width=room, align="center", **style)
    tap.put(sign, (tap.width - sign.width) / 2, (tap.height - sign.height) / 2)
    return tap


def keyboard(
    look: Look,
    on_meant: OnMeant,
    *,
    capitals: bool,
    signs: bool,
    done: str,
    space: str,
    erase: str,
    speak: str = "",
) -> RelativeLayout:
    """The letter tray over the whole width. `done` is the word on the key that hands in, `speak`
    the one beside the microphone, if there is one."""
    gap, pad = look.dp(theme.GAP), look.dp(8)
    high = look.dp(72 if look.portrait else 60)
    wide = (look.width - 2 * look.dp(18) - 9 * gap) / 10
    rows = SIGNS if signs else LETTERS
    tray = RelativeLayout(size_hint=(None, None), size=(look.width, 4 * high + 3 * gap + 2 * pad))
    with tray.canvas.before:
        Color(*theme.colour(look.palette.chosen))
        Rectangle(pos=(0, 0), size=tray.size)

    def put(tap: Tap, x: float, line: int) -> None:
        tap.pos = (round(x), round(tray.height - pad - (line + 1) * high - line * gap))
        tray.add_widget(tap)

    for line, row in enumerate(rows):
        span = len(row) * wide + (len(row) - 1) * gap
        x = (look.width - span) / 2
        if line == 2:
            x = look.dp(18) + 1.5 * wide + gap * 1.5 if not signs else (look.width - span) / 2
        for sign in row:
            face = sign.upper() if capitals and not signs else sign
            put(key(look, f"key:{face}", on_meant, face, (wide, high)), x, line)
            x += wide + gap
    edge = look.dp(18)
    side = 1.5 * wide + gap * 0.5
    if not signs:
        put(
            key(
                look,
                "shift",
                on_meant,
                "abc" if capitals else "ABC",
                (side, high),
                kind="chosen" if capitals else "key",
            ),
            edge,
            2,
        )
    put(key(look, "erase", on_meant, erase, (side, high)), look.width - edge - side, 2)
    put(key(look, "signs", on_meant, "abc" if signs else "123", (side, high)), edge, 3)
    done_wide = 3 * wide + 2 * gap
    left = edge + side + gap
    space_wide = look.width - edge - done_wide - gap - left
    if speak:
        space_wide -= done_wide + gap
        plain = dataclasses.replace(look, text=1.0)  # a key: it does not grow with the text
        mic = microphone(plain, on_meant, speak, width=done_wide, height=high)
        put(mic, left + space_wide + gap, 3)
    put(key(look, "key: ", on_meant, space, (space_wide, high)), left, 3)
    tap = button(look, "next", on_meant, done, width=done_wide, height=high, kind="main")
    put(tap, look.width - edge - done_wide, 3)
    return tray


def keypad(look: Look, on_meant: OnMeant, *, erase: str, again: str) -> RelativeLayout:
    """Numbers, three in a row as on a telephone; wider on an upright screen."""
    gap = look.dp(theme.GAP)
    wide, high = (look.dp(180), look.dp(84)) if look.portrait else (look.dp(104), look.dp(72))
    pad = RelativeLayout(size_hint=(None, None), size=(3 * wide + 2 * gap, 4 * high + 3 * gap))
    for place, face in enumerate(
        ("1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "erase")
    ):
        meaning = face if face in ("erase", "clear") else f"key:{face}"
        word = {"erase": erase, "clear": again}.get(face, face)
        tap = key(look, meaning, on_meant, word, (wide, high))
        tap.pos = (
            round(place % 3 * (wide + gap)),
            round(pad.height - high - place // 3 * (high + gap)),
        )
        pad.add_widget(tap)
    return pad
