"""The rows a body is made of: choices, facts, notices, the field one types in, the QR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import segno
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Card, Icon, Kind, Tap, Words, fitted

OnMeant = Callable[[str], None]
Tone = Literal["plain", "warn", "error", "done", "chosen"]


def row(
    look: Look,
    meaning: str,
    on_meant: OnMeant,
    title: str,
    width: float,
    *,
    sub: str = "",
    icon: str = "",
    number: int = 0,
    kind: Kind = "row",
    arrow: str = "chevron-right",
    tail: str = "",
    one_line: bool = False,
    least: float = 72,
) -> Tap:
    """A choice over the width: icon or number, title, one small line, a word, an arrow.

    Grows with its text, or with `one_line` makes the text smaller before it wraps.
    """
    pad, gap = look.dp(16), look.dp(14)
    sign_px = look.dp(44)
    lead = sign_px * 1.1 + gap if icon or number else 0
    style: dict[str, Any] = _style(look, kind)
    end = Words(look, tail, token=theme.KET, bold=True, **style) if tail else None
    room = width - 2 * pad - lead - (look.dp(40) if arrow else 0) - (end.width + gap if end else 0)
    if one_line:
        words = fitted(
            look,
            title,
            room,
            token=theme.ISI,
            least=round(theme.ISI / look.text),
            bold=True,
            **style,
        )
    else:
        words = Words(look, title, token=theme.ISI, bold=True, width=room, **style)
    below = (
        Words(look, sub, token=theme.KET, width=room, **{**style, "ink": _soft(look, kind)})
        if sub
        else None
    )
    need = words.height + (below.height if below else 0) + 2 * look.dp(10)
    tap = Tap(look, meaning, on_meant, size=(width, max(look.dp(least), need)), kind=kind)
    if number:
        sign = Words(
            look,
            str(number),
            font_px=look.dp(40),
            bold=True,
            width=sign_px * 1.1,
            align="center",
            **style,
        )
        tap.put(sign, pad, (tap.height - sign.height) / 2)
    elif icon:
        sign = Icon(look, icon, size=sign_px, **style)
        tap.put(sign, pad, (tap.height - sign.height) / 2)
    text_high = words.height + (below.height if below else 0)
    y = (tap.height - text_high) / 2
    if below:
        tap.put(below, pad + lead, y)
        y += below.height
    tap.put(words, pad + lead, y)
    right = tap.width - pad
    if arrow:
        sign = Icon(look, arrow, size=look.dp(32), **style)
        right -= sign.width
        tap.put(sign, right, (tap.height - sign.height) / 2)
    if end:
        tap.put(end, right - end.width - look.dp(8), (tap.height - end.height) / 2)
    return tap


def _style(look: Look, kind: Kind) -> dict[str, Any]:
    p = look.palette
    papers = {
        "main": (p.on_main, p.main),
        "chosen": (p.ink, p.chosen),
        "warn": (p.warn, p.warn_paper),
    }
    ink, paper = papers.get(kind, (p.ink, p.card))
    return {"ink": ink, "paper": paper}


def _soft(look: Look, kind: Kind) -> str:
    p = look.palette
    return {"main": p.on_main, "warn": p.warn}.get(kind, p.soft)


def tile(
    look: Look, meaning: str, on_meant: OnMeant, title: str, icon: str, width: float, least: float
) -> Tap:
    """A big door: icon at the left, name at its right, both centred on the height."""
    pad = look.dp(16)
    px = look.dp(48)
    p = look.palette
    style: dict[str, Any] = {"ink": p.ink, "paper": p.card}
    lead = px * 1.1 + look.dp(12)
    words = whole_words(look, title, width - 2 * pad - lead, **style)
    tap = Tap(
        look,
        meaning,
        on_meant,
        size=(width, max(look.dp(least), words.height + 2 * look.dp(10))),
        radius=theme.RADIUS_CARD,
    )
    sign = Icon(
        look, icon, size=px, ink=p.main if not look.high_contrast else p.accent, paper=p.card
    )
    tap.put(sign, pad, (tap.height - sign.height) / 2)
    tap.put(words, pad + lead, (tap.height - words.height) / 2)
    return tap


def whole_words(look: Look, text: str, width: float, **style: Any) -> Words:
    """`text` wrapped between words only: smaller where one long word would be broken."""
    px = look.font(theme.ISI)
    while px > look.dp(theme.KET):
        longest = max(
            Words(look, part, font_px=px, bold=True).texture_size[0] for part in text.split()
        )
        if longest <= width:
            break
        px -= 2
    return Words(look, text, font_px=px, bold=True, width=width, **style)


def side_by_side(
    look: Look, width: float, make: list[Callable[[float, float], Tap]], columns: int, least: float
) -> list[Widget]:
    """Tiles in rows of `columns`, each row as high as its highest."""
    gap = look.dp(theme.GAP)
    wide = (width - (columns - 1) * gap) / columns
    rows: list[Widget] = []
    for start in range(0, len(make), columns):
        part = make[start : start + columns]
        high = max(one(wide, least).height for one in part) / look.k
        line = RelativeLayout(size_hint=(None, None), size=(width, look.dp(high)))
        for place, one in enumerate(part):
            tap = one(wide, high)
            tap.pos = (round(place * (wide + gap)), 0)
            line.add_widget(tap)
        rows.append(line)
    return rows


def notice(
    look: Look,
    text: str,
    width: float,
    *,
    tone: Tone = "plain",
    icon: str = "",
    title: str = "",
    most: float = 0,
) -> Widget:
    """Something to read, in a box; its tone is said by an icon and words, not by colour alone.

    With `most`, the words get smaller rather than the box higher than that many pixels.
    """
    p = look.palette
    ink, paper, edge = {
        "plain": (p.ink, p.card, p.edge),
        "warn": (p.warn, p.warn_paper, p.warn),
        "error": (p.error, p.error_paper, p.error),
        "done": (p.done, p.done_paper, p.done),
        "chosen": (p.ink, p.chosen, p.main),
    }[tone]
    pad = look.dp(14)
    px = look.dp(40)
    lead = px * 1.1 + look.dp(12) if icon else 0
    room = width - 2 * pad - lead
    style: dict[str, Any] = {"ink": ink, "paper": paper, "width": room}
    size = look.font(theme.ISI)
    while True:
        parts = [Words(look, title, font_px=size, bold=True, **style)] if title else []
        if text:
            parts.append(Words(look, text, font_px=size, **style))
        high = sum(part.height for part in parts) + 2 * look.dp(10)
        if not most or high <= most or size <= look.dp(theme.KET):
            break
        size -= 2
    card = Card(look, (width, max(high, look.dp(60))), paper=paper, edge=edge)
    y = card.height - (card.height - high) / 2 - look.dp(10)
    for part in parts:
        y -= part.height
        card.put(part, pad + lead, y)
    if icon:
        sign = Icon(look, icon, size=px, ink=ink, paper=paper)
        card.put(sign, pad, card.height - look.dp(10) - sign.height)
    return card


def paragraph(
    look: Look,
    text: str,
    width: float,
    *,
    bold: bool = False,
    token: int = theme.ISI,
    ink: str | None = None,
) -> Words:
    return Words(look, text, width=width, bold=bold, token=token, ink=ink)


def labelled(
    look: Look,
    label: str,
    lines: list[str],
    width: float,
    *,
    small: str = "",
    icon: str = "",
    tone: Tone = "plain",
    numbered: bool = False,
    most: float = 0,
) -> list[Widget]:
    """A fact: its name, its lines, and below them small what it rests on.

    A list higher than `most` pixels becomes several boxes, so that pages can break between them.
    """
    p = look.palette
    ink, paper = (p.warn, p.warn_paper) if tone == "warn" else (p.ink, p.card)
    soft = p.warn if tone == "warn" else p.soft
    room = width - 2 * look.dp(14) - (look.dp(52) if icon else 0)

    def words(text: str, token: int = theme.ISI, bold: bool = False, colour: str = ink) -> Words:
        return Words(look, text, token=token, bold=bold, ink=colour, paper=paper, width=room)

    groups: list[list[Words]] = [[words(label, theme.KET, True, soft)]]
    for place, line in enumerate(lines, 1):
        text = f"{place}. {line}" if numbered else (f"•  {line}" if len(lines) > 1 else line)
        part = words(text)
        if (
            most
            and len(groups[-1]) > 1
            and sum(one.height for one in groups[-1]) + part.height + look.dp(16) > most
        ):
            groups.append([])
        groups[-1].append(part)
    if small:
        groups[-1].append(words(small, theme.KET, colour=soft))
    return [
        _box(look, group, width, icon if not place else "", tone, bool(icon))
        for place, group in enumerate(groups)
    ]


def _box(
    look: Look, parts: list[Words], width: float, icon: str, tone: Tone, indent: bool
) -> Widget:
    p = look.palette
    paper, edge = (p.warn_paper, p.warn) if tone == "warn" else (p.card, p.edge)
    pad, lead = look.dp(14), look.dp(52) if indent else 0
    card = Card(
        look, (width, sum(part.height for part in parts) + 2 * look.dp(8)), paper=paper, edge=edge
    )
    y = card.height - look.dp(8)
    for part in parts:
        y -= part.height
        card.put(part, pad + lead, y)
    if icon:
        ink = p.warn if tone == "warn" else (p.ink if look.high_contrast else p.main)
        sign = Icon(look, icon, size=look.dp(40), ink=ink, paper=paper)
        card.put(sign, pad, card.height - look.dp(10) - sign.height)
    return card


class TypedField(RelativeLayout):
    """What is being typed, large, with a bar where the next sign goes: at the end only."""

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
            (p.error, look.border * 0.75 + 0.5)
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


def pairs(
    look: Look,
    items: list[tuple[str, str]],
    width: float,
    *,
    most: float = 0,
    token: int = theme.ISI,
) -> list[Widget]:
    """Names at the left, what they are at the right; a name stands above where there is no room.

    Boxes of at most `most` pixels (0: one box), so that pages can break between them.
    """
    p = look.palette
    pad, gap = look.dp(14), look.dp(8)
    beside = width > look.font(theme.ISI) * 11.5
    label_wide = round(max(width * 0.24, look.font(theme.KET) * 4.2)) if beside else width - 2 * pad
    value_wide = width - 2 * pad - (label_wide + look.dp(12) if beside else 0)
    lines: list[tuple[Words, Words, float]] = []
    for name, value in items:
        label = Words(
            look, name, token=theme.KET, bold=True, ink=p.soft, paper=p.card, width=label_wide
        )
        size = look.font(token)
        while True:
            words = Words(look, value, font_px=size, ink=p.ink, paper=p.card, width=value_wide)
            high = max(label.height, words.height) if beside else label.height + words.height
            if not most or high + look.dp(24) <= most or size <= look.dp(theme.KET):
                break
            size -= 2
        lines.append((label, words, high))
    groups: list[list[tuple[Words, Words, float]]] = [[]]
    for line in lines:
        used = sum(one[2] + gap for one in groups[-1])
        if most and groups[-1] and used + line[2] + 2 * look.dp(12) > most:
            groups.append([])
        groups[-1].append(line)
    boxes: list[Widget] = []
    for group in groups:
        high = sum(one[2] for one in group) + gap * (len(group) - 1) + 2 * look.dp(12)
        card = Card(look, (width, high), paper=p.card, edge=p.edge)
        y = card.height - look.dp(12)
        for label, words, tall in group:
            y -= tall
            if beside:
                card.put(label, pad, y + tall - label.height - look.dp(4))
                card.put(words, pad + label_wide + look.dp(12), y + tall - words.height)
            else:
                card.put(label, pad, y + words.height)
                card.put(words, pad, y)
            y -= gap
        boxes.append(card)
    return boxes


def answer_row(
    look: Look, meaning: str, on_meant: OnMeant, label: str, value: str, change: str, width: float
) -> Tap:
    """One answer with its name and the word "Ubah"; the whole row may be touched."""
    p = look.palette
    style: dict[str, Any] = {"ink": p.ink, "paper": p.card}
    pad, gap = look.dp(16), look.dp(12)
    end = Words(look, change, token=theme.KET, bold=True, **style)
    sign = Icon(look, "pencil", size=look.dp(28), **style)
    room = width - 2 * pad - end.width - sign.width - 2 * gap
    beside = width > look.font(theme.ISI) * 22
    label_wide = round(room * 0.27) if beside else room
    name = Words(
        look, label, token=theme.KET, bold=True, ink=p.soft, paper=p.card, width=label_wide
    )
    words = Words(
        look, value, bold=True, width=room - label_wide - gap if beside else room, **style
    )
    need = max(name.height, words.height) if beside else name.height + words.height
    tap = Tap(
        look,
        meaning,
        on_meant,
        size=(width, max(look.dp(theme.TARGET), need + 2 * look.dp(8))),
        kind="row",
    )
    if beside:
        tap.put(name, pad, (tap.height - name.height) / 2)
        tap.put(words, pad + label_wide + gap, (tap.height - words.height) / 2)
    else:
        low = (tap.height - need) / 2
        tap.put(words, pad, low)
        tap.put(name, pad, low + words.height)
    tap.put(end, width - pad - end.width, (tap.height - end.height) / 2)
    tap.put(sign, width - pad - end.width - gap / 2 - sign.width, (tap.height - sign.height) / 2)
    return tap


def columns(look: Look, width: float, parts: list[Widget]) -> Widget:
    """Boxes beside each other, tops aligned, as one block."""
    gap = look.dp(theme.GAP)
    high = max(part.height for part in parts)
    line = RelativeLayout(size_hint=(None, None), size=(width, high))
    x = 0.0
    for part in parts:
        part.pos = (round(x), round(high - part.height))
        line.add_widget(part)
        x += part.width + gap
    return line


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
