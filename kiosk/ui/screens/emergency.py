"""Help at once: the number, large, beside what to do. Whoever typed, said or asked it sees the same
page, and what they said stands nowhere on it: others can read this screen too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import EMERGENCY, Visit
from kiosk.ui.widgets.boxes import notice, whole_px
from kiosk.ui.widgets.parts import Card, Tap, Words, button
from kiosk.ui.widgets.rows import row

MOST_UPRIGHT = 900  # design units; what is read at once is not spread over an upright screen
NO_BREAK = "\u00a0"  # no line begins with the dot
BETWEEN = 10  # design units between one number and the next


def emergency(view: View, visit: Visit) -> Screen:
    """The page of one kind of emergency; of none in particular, where that is not known."""
    return help_page(view, _told(view, view.session.place.about))


def help_page(view: View, lines: Sequence[str]) -> Screen:
    """`lines`: the fixed words, then a number a line ("110: Polisi"), the one to call first. All of
    them stand on the first page; what the operator asks only where they leave it room."""
    look = view.look
    asked = _asked(view)

    def blocks(width: float) -> list[Widget]:
        bars = theme.HEADER + theme.FOOTER + 3 * theme.GAP
        room = look.dp(MOST_UPRIGHT) if look.portrait else look.height - look.dp(bars)
        if asked:
            text = f"{NO_BREAK}· ".join(asked)
            further = notice(
                look, text, width, icon="message-2", most=look.dp(240 if look.portrait else 104)
            )
            rest = room - further.height - look.dp(theme.GAP)
            help_first = _help(look, lines, width, most=rest, least=look.font(theme.ISI))
            if help_first.height <= rest:
                return [help_first, further]
        return [_help(look, lines, width, most=room, least=look.dp(theme.KET))]

    return Screen(
        heading="",
        blocks=blocks,
        footer=_footer(view),
        touched=False,
        spoken="\n".join([*lines, *asked]),
    )


def help_at_once(view: View, width: float, kind: str, *, told: bool = False) -> Tap:
    """The way to help, for somebody who may be in danger; with `told` also what to do."""
    return row(
        view.look,
        f"emergency:{kind}",
        view.on_meant,
        view.say("results.urgent"),
        width,
        sub=_told(view, kind)[0] if told else "",
        icon="urgent",
        kind="warn",
        one_line=not view.look.portrait,
    )


def _told(view: View, kind: str) -> Sequence[str]:
    return view.services.emergency_words(kind, view.session.lang)


def _asked(view: View) -> list[str]:
    """What the operator wants to know, as the catalogue has it."""
    service = view.services.catalogue.services.get(EMERGENCY)
    fact = service.fact("requirements") if service is not None else None
    return [view.said(line) for line in fact.lines] if fact is not None else []


def _footer(view: View) -> list[Tap]:
    """A false alarm leads back to what was said; for everybody else there are the staff."""
    look, meant, wide = view.look, view.on_meant, view.look.half
    none, ring = view.say("emergency.none"), view.say("staff.ring")
    return [
        button(look, "no_emergency", meant, none, icon="arrow-left", width=wide),
        button(look, "call_staff", meant, ring, kind="main", icon="bell-ringing", width=wide),
    ]


def _help(look: Look, lines: Sequence[str], width: float, *, most: float, least: int) -> Card:
    """What to do and whom to call, in one box. The words get smaller, as far as `least` pixels,
    rather than the box higher than `most`; the number to call first never does."""
    numbers = [line.partition(": ")[::2] for line in lines if line[:1].isdigit()]
    first, *others = numbers or [(EMERGENCY, "")]
    words = " ".join(line for line in lines if not line[:1].isdigit())
    pad, gap = look.dp(20), look.dp(24)
    inside = width - 2 * pad
    to_call = _to_call(look, *first, inside)
    room = inside if look.portrait else inside - to_call.width - gap
    px = look.font(theme.KARTU)
    while True:
        to_do = _to_do(look, words, others, room, px)
        high = max(to_call.height, to_do.height)
        if look.portrait:
            high = to_call.height + gap + to_do.height
        if high + 2 * pad <= most or px <= least:
            break
        px -= 2
    p = look.palette
    card = Card(look, (width, high + 2 * pad), paper=p.error_paper, edge=p.error)
    if look.portrait:
        card.put(to_call, pad + (inside - to_call.width) / 2, card.height - pad - to_call.height)
        card.put(to_do, pad, pad)
    else:
        card.put(to_call, pad, (card.height - to_call.height) / 2)
        card.put(to_do, pad + to_call.width + gap, (card.height - to_do.height) / 2)
    return card


def _to_call(look: Look, number: str, whose: str, width: float) -> RelativeLayout:
    """The number, as large as one in the queue, and below it whose it is."""
    p = look.palette
    style: dict[str, Any] = {"ink": p.error, "paper": p.error_paper}
    large = Words(look, number, font_px=look.dp(theme.ANTREAN), bold=True, **style)
    wide = width if look.portrait else large.width
    large.pos = (round((wide - large.width) / 2), 0)
    if not whose:
        return _stack([large], wide)
    px = whole_px(look, whose, theme.KET, wide)
    return _stack(
        [large, Words(look, whose, font_px=px, width=wide, align="center", **style)], wide
    )


def _to_do(
    look: Look, words: str, numbers: list[tuple[str, str]], width: float, px: int
) -> RelativeLayout:
    """The words, then the other numbers, each beside whose it is."""
    p = look.palette
    style: dict[str, Any] = {"ink": p.error, "paper": p.error_paper, "font_px": px}
    parts: list[Widget] = [Words(look, words, bold=True, width=width, **style)]
    for number, whose in numbers:
        sign = Words(look, number, bold=True, **style)
        lead = sign.width + look.dp(BETWEEN)
        name = Words(look, whose, width=width - lead, **style)
        line = RelativeLayout(size_hint=(None, None), size=(width, name.height))
        sign.pos = (0, name.height - sign.height)
        name.pos = (lead, 0)
        line.add_widget(sign)
        line.add_widget(name)
        parts.append(line)
    return _stack(parts, width, look.dp(BETWEEN))


def _stack(parts: Sequence[Widget], width: float, gap: float = 0) -> RelativeLayout:
    """One below the other, each where it is across."""
    high = sum(part.height for part in parts) + gap * (len(parts) - 1)
    stack = RelativeLayout(size_hint=(None, None), size=(width, high))
    y = high
    for part in parts:
        y -= part.height
        part.pos = (part.x, round(y))
        stack.add_widget(part)
        y -= gap
    return stack
