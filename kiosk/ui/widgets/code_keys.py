"""Keys for a reference code: its 23 signs and no other, so that 0 and O are never a question."""

from __future__ import annotations

from collections.abc import Callable

from kivy.graphics import Color, Rectangle
from kivy.uix.relativelayout import RelativeLayout

from kiosk.domain.code import SIGNS
from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.keys import key
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Tap, button

COLUMNS = 9
DIGITS = "".join(sign for sign in SIGNS if sign.isdigit())
LETTERS = "".join(sign for sign in SIGNS if sign.isalpha())


def code_keys(
    look: Look, on_meant: Callable[[str], None], *, erase: str, done: str, speak: str = ""
) -> RelativeLayout:
    """Digits in one row, letters in two, then what to do with them; with `speak` a microphone
    among that."""
    gap, pad = look.dp(theme.GAP), look.dp(8)
    high = look.dp(72 if look.portrait else 60)
    wide = (look.width - 2 * look.dp(18) - (COLUMNS - 1) * gap) / COLUMNS
    tray = RelativeLayout(size_hint=(None, None), size=(look.width, 4 * high + 3 * gap + 2 * pad))
    with tray.canvas.before:
        Color(*theme.colour(look.palette.chosen))
        Rectangle(pos=(0, 0), size=tray.size)

    def put(tap: Tap, x: float, line: int) -> None:
        tap.pos = (round(x), round(tray.height - pad - (line + 1) * high - line * gap))
        tray.add_widget(tap)

    for line, row in enumerate((DIGITS, LETTERS[:8], LETTERS[8:])):
        span = len(row) * wide + (len(row) - 1) * gap
        x = (look.width - span) / 2
        for sign in row:
            put(key(look, f"key:{sign}", on_meant, sign, (wide, high)), x, line)
            x += wide + gap
    edge = look.dp(18)
    count = 3 if speak else 2
    part = (look.width - 2 * edge - (count - 1) * gap) / count
    put(key(look, "erase", on_meant, erase, (part, high)), edge, 3)
    if speak:
        put(microphone(look, on_meant, speak, width=part, height=high), edge + part + gap, 3)
    tap = button(look, "next", on_meant, done, width=part, height=high, kind="main")
    put(tap, look.width - edge - part, 3)
    return tray
