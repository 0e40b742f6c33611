"""The field one types in, and the QR of a receipt."""

from __future__ import annotations

import segno
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Icon, Words


class TypedField(RelativeLayout):
    """What is being typed, large, with a bar where the next sign goes: at the end only."""

    private = True  # never read aloud unasked

    def __init__(
        self,
        look: Look,
        text: str,
        width: float,
        *,
        empty: str = "",
        wrong: bool = False,
        token: int = theme.KARTU,
        icon: str = "",
    ) -> None:
        p = look.palette
        pad = look.dp(14)
        lead = look.dp(48) if icon else 0
        px = look.font(token)
        room = width - 2 * pad - lead - look.dp(6)
        shown = text or empty
        ink = p.ink if text else p.soft
        words = Words(look, shown, font_px=px, bold=bool(text), ink=ink, paper=p.card)
        while words.texture_size[0] > room and px > look.dp(theme.KET):
            px = max(look.dp(theme.KET), round(px * 0.9))
            words = Words(look, shown, font_px=px, bold=bool(text), ink=ink, paper=p.card)
        while words.texture_size[0] > room and shown:  # the end is what one looks at while typing
            cut = max(1, round(len(shown) * (1 - room / words.texture_size[0])))
            shown = shown[cut:] if text else shown[:-cut]
            words = Words(
                look,
                ("…" + shown) if text else (shown + "…"),
                font_px=px,
                bold=bool(text),
                ink=ink,
                paper=p.card,
            )
        high = max(look.dp(66), look.font(token) * 1.26 + look.dp(12))
        super().__init__(size_hint=(None, None), size=(round(width), round(high)))
        edge, line = (
            (p.error, look.border * 1.25)
            if wrong
            else (p.main if not look.high_contrast else p.focus, look.border * 0.75)
        )
        with self.canvas.before:
            Color(*theme.colour(p.card))
            RoundedRectangle(pos=(0, 0), size=self.size, radius=[look.dp(theme.RADIUS_KEY)])
            Color(*theme.colour(edge))
            Line(
                rounded_rectangle=(
                    1,
                    1,
                    self.width - 2,
                    self.height - 2,
                    look.dp(theme.RADIUS_KEY),
                ),
                width=line,
            )
        if icon:
            sign = Icon(look, icon, size=look.dp(36), ink=p.soft, paper=p.card)
            sign.pos = (pad, round((self.height - sign.height) / 2))
            self.add_widget(sign)
        words.pos = (pad + lead, round((self.height - words.height) / 2))
        self.add_widget(words)
        caret = pad + lead + (words.texture_size[0] + look.dp(2) if text else -look.dp(4))
        with self.canvas.before:
            Color(*theme.colour(p.ink))
            Rectangle(pos=(caret, self.height * 0.2), size=(look.dp(3), self.height * 0.6))


def qr_code(look: Look, text: str, size: float) -> Widget:
    """The QR of `text` with its quiet zone, black on white in every palette (scanners need it)."""
    matrix = [list(line) for line in segno.make(text, error="m", micro=False).matrix]
    dots = len(matrix) + 8
    dot = max(1, int(size // dots))
    side = dot * dots
    card = Widget(size_hint=(None, None), size=(side, side))

    def draw(*_: object) -> None:
        card.canvas.clear()
        with card.canvas:
            Color(1, 1, 1, 1)
            Rectangle(pos=card.pos, size=card.size)
            Color(0, 0, 0, 1)
            for y, line in enumerate(matrix):
                for x, dark in enumerate(line):
                    if dark:
                        Rectangle(
                            pos=(card.x + (x + 4) * dot, card.y + side - (y + 5) * dot),
                            size=(dot, dot),
                        )

    card.bind(pos=draw)
    draw()
    return card
