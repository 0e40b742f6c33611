"""Boxes to read: notices, facts, names beside values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Card, Icon, Words

Tone = Literal["plain", "warn", "error", "done", "chosen"]


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
    size = min(
        whole_px(look, words, theme.ISI, room, bold=words == title)
        for words in (title, text)
        if words.strip()
    )
    while True:
        parts = [Words(look, title, font_px=size, bold=True, **style)] if title else []
        if text:
            parts.append(Words(look, text, font_px=size, **style))
        high = sum(part.height for part in parts) + 2 * look.dp(8)
        if not most or high <= most or size <= look.dp(theme.KET):
            break
        size -= 2
    card = Card(look, (width, max(high, look.dp(56))), paper=paper, edge=edge)
    y = card.height - (card.height - high) / 2 - look.dp(8)
    for part in parts:
        y -= part.height
        card.put(part, pad + lead, y)
    if icon:
        sign = Icon(look, icon, size=px, ink=ink, paper=paper)
        card.put(sign, pad, card.height - look.dp(8) - sign.height)
    return card


def word_width(look: Look, text: str, token: int, *, bold: bool = False) -> float:
    """The width in pixels of the longest word: a column narrower than that would break it."""
    return float(max(Words(look, word, token=token, bold=bold).width for word in text.split()))


def whole_px(look: Look, text: str, token: int, width: float, *, bold: bool = False) -> int:
    """The font size in pixels at which no word of `text` is wider than `width`: an address of the
    web or a long name cannot be broken, so it gets smaller."""
    needed = word_width(look, text, token, bold=bold)
    share = 1.0 if needed <= width else 0.97 * width / needed  # signs do not shrink quite evenly
    return int(look.font(token) * share)


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
    least: float = 0,
) -> list[Widget]:
    """A fact: its name, its lines, and below them small what it rests on.

    A list higher than `most` pixels becomes several boxes, so that pages can break between them;
    a single box is at least `least` high.
    """
    p = look.palette
    ink, paper = (p.warn, p.warn_paper) if tone == "warn" else (p.ink, p.card)
    soft = p.warn if tone == "warn" else p.soft
    room = width - 2 * look.dp(14) - (look.dp(52) if icon else 0)

    def words(text: str, token: int, bold: bool, colour: str, wide: float) -> Words:
        px = whole_px(look, text, token, wide, bold=bold)
        while True:
            made = Words(look, text, font_px=px, bold=bold, ink=colour, paper=paper, width=wide)
            # One long line cannot go to the next page in parts: it gets smaller.
            if not most or made.height <= most - look.dp(62) or px <= look.dp(theme.KET):
                return made
            px -= 2

    groups: list[list[_Line]] = [[_Line(words(label, theme.KET, True, soft, room))]]
    for place, line in enumerate(lines, 1):
        sign = f"{place}." if numbered else "•" if len(lines) > 1 else ""
        lead = look.font(theme.ISI) * (1.1 if numbered else 0.75) if sign else 0
        part = _Line(
            words(line, theme.ISI, False, ink, room - lead),
            Words(look, sign, ink=ink, paper=paper) if sign else None,
            lead,
        )
        used = sum(one.words.height for one in groups[-1])
        if most and len(groups[-1]) > 1 and used + part.words.height + look.dp(16) > most:
            groups.append(
                [_Line(words(f"{label} ({len(groups) + 1})", theme.KET, True, soft, room))]
            )
        groups[-1].append(part)
    if small:
        last = _Line(words(small, theme.KET, False, soft, room))
        used = sum(one.words.height for one in groups[-1]) + last.words.height
        groups += [[]] if most and used + look.dp(16) > most else []
        groups[-1].append(last)
    if len(groups) > 1:
        least = 0
    return [
        _box(look, group, width, icon if not place else "", tone, bool(icon), least)
        for place, group in enumerate(groups)
    ]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a box; its number or bullet stands before it, so that it wraps under itself."""

    words: Words
    sign: Words | None = None
    lead: float = 0


def _box(
    look: Look, parts: list[_Line], width: float, icon: str, tone: str, indent: bool, least: float
) -> Widget:
    p = look.palette
    paper, edge = (p.warn_paper, p.warn) if tone == "warn" else (p.card, p.edge)
    pad, lead = look.dp(14), look.dp(52) if indent else 0
    high = sum(part.words.height for part in parts) + 2 * look.dp(8)
    card = Card(look, (width, max(high, least)), paper=paper, edge=edge)
    y = card.height - look.dp(8)
    for part in parts:
        if part.sign is not None:
            card.put(part.sign, pad + lead, y - part.sign.height)
        y -= part.words.height
        card.put(part.words, pad + lead + part.lead, y)
    if icon:
        ink = p.warn if tone == "warn" else (p.ink if look.high_contrast else p.main)
        sign = Icon(look, icon, size=look.dp(40), ink=ink, paper=paper)
        card.put(sign, pad, card.height - look.dp(10) - sign.height)
    return card


def pairs(
    look: Look,
    items: list[tuple[str, str]],
    width: float,
    *,
    most: float = 0,
    least: float = 0,
    token: int = theme.ISI,
) -> list[Widget]:
    """Names at the left, what they are at the right; a name stands above where there is no room.

    Boxes of at most `most` pixels (0: one box), so that pages can break between them.
    """
    p = look.palette
    pad, gap = look.dp(14), look.dp(8)
    label_wide = round(max(width * 0.24, look.font(theme.KET) * 4.2))
    longest = max(word_width(look, name, theme.KET, bold=True) for name, _ in items)
    beside = width > look.font(theme.ISI) * 11.5 and longest <= label_wide
    label_wide = label_wide if beside else round(width - 2 * pad)
    value_wide = width - 2 * pad - (label_wide + look.dp(12) if beside else 0)
    lines: list[tuple[Words, Words, float]] = []
    for name, value in items:
        label = Words(
            look, name, token=theme.KET, bold=True, ink=p.soft, paper=p.card, width=label_wide
        )
        size = whole_px(look, value, token, value_wide)
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
        tall_enough = max(high, least if len(groups) == 1 else 0)
        card = Card(look, (width, tall_enough), paper=p.card, edge=p.edge)
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
