"""Words, icons and things to touch. Sizes are known when built: a screen is laid out in one go."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.graphics import Color, InstructionGroup, Line, Rectangle, RoundedRectangle
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look

Kind = Literal["main", "plain", "row", "bar", "key", "chosen", "warn", "voice"]


def register_fonts() -> None:
    fonts = theme.ASSETS / "fonts"
    LabelBase.register(
        theme.FONT,
        str(fonts / "PlusJakartaSans-Regular.ttf"),
        fn_bold=str(fonts / "PlusJakartaSans-Bold.ttf"),
    )
    LabelBase.register(theme.ICONS, str(theme.ASSETS / "icons" / "tabler-icons.ttf"))


@cache
def _codepoints() -> dict[str, int]:
    table = json.loads((theme.ASSETS / "icons" / "icons.json").read_text("utf-8"))
    return {
        name: int(str(code), 16) if isinstance(code, str) else code for name, code in table.items()
    }


def icon_text(name: str) -> str:
    """The sign of a Tabler icon; an unknown name shows the plain file sign."""
    table = _codepoints()
    return chr(table.get(name, table["file-text"]))


class Words(Widget):
    """Text wrapped to `width` (or as wide as it is); its height is known at once.

    `ink` and `paper` are kept so that contrast can be checked from the tree. Kivy's Label draws
    the same pixels but takes several times as long to make, and a screen tries many.
    """

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        token: int = theme.ISI,
        bold: bool = False,
        ink: str | None = None,
        paper: str | None = None,
        width: float | None = None,
        align: str = "left",
        font_px: int | None = None,
        font: str = theme.FONT,
        lines: int = 0,
    ) -> None:
        self.ink = ink or look.palette.ink
        self.paper = paper or look.palette.page
        self.token, self.halign = token, align
        self.font_size = font_px or look.font(token)
        self.text_size = (width, None)
        self._written = CoreLabel(
            text=text,
            font_name=font,
            font_size=self.font_size,
            bold=bold,
            color=theme.colour(self.ink),
            halign=align,
            valign="middle",
            line_height=1.0,
            text_size=self.text_size,
            shorten=bool(lines),
            shorten_from="right",
            max_lines=lines,
        )
        self._sheet = Rectangle()
        self._write()
        size = (width or self.texture_size[0], self.texture_size[1])
        super().__init__(size_hint=(None, None), size=size)
        self.canvas.add(Color(1, 1, 1, 1))
        self.canvas.add(self._sheet)

    @property
    def text(self) -> str:
        return str(self._written.text)

    @text.setter
    def text(self, text: str) -> None:
        self._written.text = text
        self._write()
        self._place()

    def recolour(self, ink: str, paper: str) -> None:
        self.ink, self.paper = ink, paper
        self._written.options["color"] = theme.colour(ink)
        self._write()

    def _write(self) -> None:
        """Lays the text out; Kivy paints it when it is first drawn."""
        texture = None
        if self.text:
            self._written.refresh()
            texture = self._written.texture
        self.texture_size = texture.size if texture else (0, 0)
        self._sheet.texture = None  # the same texture anew would not be drawn anew
        self._sheet.texture, self._sheet.size = texture, self.texture_size

    def _place(self) -> None:
        wide, high = self.texture_size
        self._sheet.pos = (int(self.center_x - wide / 2), int(self.center_y - high / 2))

    def on_pos(self, *_change: object) -> None:
        self._place()

    def on_size(self, *_change: object) -> None:
        self._place()


class Icon(Words):
    def __init__(
        self,
        look: Look,
        name: str,
        *,
        size: float,
        ink: str | None = None,
        paper: str | None = None,
    ) -> None:
        super().__init__(
            look,
            icon_text(name),
            font=theme.ICONS,
            font_px=round(size),
            ink=ink,
            paper=paper,
            align="center",
            width=round(size * 1.1),
        )


def fitted(
    look: Look, text: str, width: float, *, token: int, least: int = theme.ISI, **style: Any
) -> Words:
    """One line as large as `token`, smaller only as far as `least` when it would not fit."""
    px, floor = look.font(token), look.font(least)
    words = Words(look, text, token=token, font_px=px, **style)
    while words.texture_size[0] > width and px > floor:
        px = max(floor, min(px - 1, int(px * width / words.texture_size[0])))
        words = Words(look, text, token=token, font_px=px, **style)
    if words.texture_size[0] > width:
        words = Words(look, text, token=token, font_px=floor, width=width, **style)
    return words


def _ink_and_paper(look: Look, kind: str) -> tuple[str, str, str]:
    """Text, background and edge of a thing to touch."""
    p = look.palette
    return {
        "main": (p.on_main, p.main, p.main),
        "plain": (p.ink, p.card, p.edge),
        "row": (p.ink, p.card, p.edge),
        "bar": (p.on_bar, p.bar, p.bar),
        "key": (p.ink, p.card, p.edge),
        "chosen": (p.ink, p.chosen, p.main),
        "warn": (p.warn, p.warn_paper, p.warn),
        "voice": (p.on_accent, p.accent, p.ink),
    }[kind]


class Tap(ButtonBehavior, RelativeLayout):
    """Something to touch. It acts when the finger is lifted inside it, and reports `meaning`."""

    def __init__(
        self,
        look: Look,
        meaning: str,
        on_meant: Callable[[str], None],
        *,
        size: tuple[float, float],
        kind: Kind = "plain",
        radius: int = theme.RADIUS_BUTTON,
    ) -> None:
        self.look, self.meaning, self.kind = look, meaning, kind
        self._on_meant = on_meant
        self.ink, self.paper, self._edge = _ink_and_paper(look, kind)
        super().__init__(size_hint=(None, None), size=(round(size[0]), round(size[1])))
        inset = look.border / 2
        box = (inset, inset, self.width - 2 * inset, self.height - 2 * inset)
        with self.canvas.before:
            self._fill = Color(*theme.colour(self.paper))
            RoundedRectangle(pos=(0, 0), size=self.size, radius=[look.dp(radius)])
            self._line = Color(*theme.colour(self._edge))
            width = look.border * (0.75 if kind == "chosen" else 0.5)
            Line(rounded_rectangle=(*box, look.dp(radius)), width=width)
        self._radius = look.dp(radius)
        self._ring: InstructionGroup | None = None

    def on_state(self, _widget: Widget, state: str) -> None:
        """Pressed is seen at once, by colour and by a ring."""
        p = self.look.palette
        pressed = state == "down"
        ink, paper = (p.on_pressed, p.pressed) if pressed else (self.ink, self.paper)
        self._fill.rgba = theme.colour(paper)
        if self._ring is not None:
            self.canvas.before.remove(self._ring)
        self._ring = self._ring_of_a_press() if pressed else None
        if self._ring is not None:
            self.canvas.before.add(self._ring)
        for child in self.children:
            if isinstance(child, Words):
                child.recolour(ink, paper)

    def _ring_of_a_press(self) -> InstructionGroup:
        """Drawn only while it is seen: a see-through line costs a frame more than all else does."""
        look, p = self.look, self.look.palette
        inset = look.dp(4)
        box = (inset, inset, self.width - 2 * inset, self.height - 2 * inset, self._radius)
        ring = InstructionGroup()
        # In high contrast the focus colour is too faint on white.
        ring.add(Color(*theme.colour(p.on_pressed if look.high_contrast else p.focus)))
        ring.add(Line(rounded_rectangle=box, width=look.dp(2)))
        return ring

    def on_release(self) -> None:
        self._on_meant(self.meaning)

    def put(self, widget: Widget, x: float, y: float) -> None:
        """Place `widget` with its lower left corner at x, y inside."""
        widget.pos = (round(x), round(y))
        self.add_widget(widget)


def button(
    look: Look,
    meaning: str,
    on_meant: Callable[[str], None],
    text: str,
    *,
    width: float | None = None,
    height: float | None = None,
    kind: Kind = "plain",
    icon: str = "",
    icon_right: str = "",
    make: type[Tap] = Tap,
) -> Tap:
    """A button of one line or, when the text is long, two; never narrower than it needs."""
    ink, paper, _ = _ink_and_paper(look, kind)
    high = round(height or look.dp(theme.FOOTER))
    pad, icon_px = (
        look.dp(18),
        round(look.font(theme.KARTU) if look.text < 1.4 else look.font(theme.ISI)),
    )
    icons = sum(icon_px * 1.1 + look.dp(8) for name in (icon, icon_right) if name)
    style: dict[str, Any] = {"bold": True, "ink": ink, "paper": paper, "align": "center"}
    if width is None:
        words = Words(look, text, **style)
        width = words.width + icons + 2 * pad
    else:
        words = _to_fit(look, text, width - icons - 2 * pad, high - look.dp(8), **style)
    tap = make(look, meaning, on_meant, size=(width, high), kind=kind)
    total = words.texture_size[0] + icons
    x = (width - total) / 2
    if icon:
        sign = Icon(look, icon, size=icon_px, ink=ink, paper=paper)
        tap.put(sign, x, (high - sign.height) / 2)
        x += icon_px * 1.1 + look.dp(8)
    words.width = words.texture_size[0]
    tap.put(words, x, (high - words.height) / 2)
    if icon_right:
        sign = Icon(look, icon_right, size=icon_px, ink=ink, paper=paper)
        tap.put(sign, x + words.width + look.dp(8), (high - sign.height) / 2)
    return tap


def _to_fit(look: Look, text: str, width: float, height: float, **style: Any) -> Words:
    """`text` inside width x height: one line, two lines, then smaller."""
    px = look.font(theme.ISI)
    floor = round(look.dp(theme.KET) * 0.9)
    while True:
        words = Words(look, text, font_px=px, **style)
        if words.texture_size[0] > width:
            words = Words(look, text, font_px=px, width=width, **style)
            longest = max(
                (Words(look, part, font_px=px, **style).texture_size[0] for part in text.split()),
                default=0,
            )
        else:
            longest = 0
        if (words.height <= height and longest <= width) or px <= floor:
            return _tight(look, text, words, longest, px, **style)
        px = max(floor, px - 2)


def _tight(look: Look, text: str, words: Words, longest: float, px: int, **style: Any) -> Words:
    """The same lines in the least width, so that an icon stands beside them, not apart."""
    while longest and words.width * 0.94 >= longest:
        closer = Words(look, text, font_px=px, width=round(words.width * 0.94), **style)
        if closer.height > words.height:
            break
        words = closer
    return words


class Card(RelativeLayout):
    """A plain box with a background, an edge, and widgets placed inside."""

    def __init__(
        self,
        look: Look,
        size: tuple[float, float],
        *,
        paper: str,
        edge: str | None = None,
        radius: int = theme.RADIUS_CARD,
    ) -> None:
        super().__init__(size_hint=(None, None), size=(round(size[0]), round(size[1])))
        with self.canvas.before:
            Color(*theme.colour(paper))
            RoundedRectangle(pos=(0, 0), size=self.size, radius=[look.dp(radius)])
            if edge:
                Color(*theme.colour(edge))
                inset = look.border / 2
                Line(
                    rounded_rectangle=(
                        inset,
                        inset,
                        self.width - 2 * inset,
                        self.height - 2 * inset,
                        look.dp(radius),
                    ),
                    width=look.border / 2,
                )

    def put(self, widget: Widget, x: float, y: float) -> None:
        widget.pos = (round(x), round(y))
        self.add_widget(widget)
