"""Rows to touch: choices, tiles, answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Icon, Kind, Tap, Words, fitted

OnMeant = Callable[[str], None]


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
    wide = room - label_wide - gap if beside else room
    if " " in value:
        words = Words(look, value, bold=True, width=wide, **style)
    else:  # a NIK broken over two lines reads as another number
        words = fitted(look, value, wide, token=theme.ISI, least=theme.KET, bold=True, **style)
    need = max(name.height, words.height) if beside else name.height + words.height
    tap = Tap(
        look,
        meaning,
        on_meant,
        size=(width, max(look.dp(theme.TARGET), need + 2 * look.dp(8))),
        kind="row",
    )
    words.private = True  # read aloud only when asked for
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
