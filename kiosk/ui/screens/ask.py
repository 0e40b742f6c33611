"""Asking about a service in one's own words, and the answer with what it rests on."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.turn import Turn
from kiosk.ui import theme
from kiosk.ui.screens.emergency import help_at_once, help_page
from kiosk.ui.screens.search import gone, heard_line, letters
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, notice, paragraph
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Tap, button
from kiosk.ui.widgets.rows import row


def ask(view: View, visit: Visit) -> Screen:
    """One question, typed or said; the service of the page it came from is what it is about."""
    look, say = view.look, view.say
    typed = view.session.raw.get("ask", "")
    service = visit.service

    def field(width: float) -> Widget:
        empty = say("ask.empty")
        return TypedField(look, typed, width, empty=empty, icon="message-question", token=theme.ISI)

    def blocks(width: float) -> list[Widget]:
        about = say("ask.about", service=view.said(service.name)) if service else say("ask.any")
        if visit.heard and not visit.sure:
            most = look.dp(104)
            return [notice(look, say("ask.unsure"), width, tone="warn", icon="ear", most=most)]
        return [
            notice(look, about, width, icon="info-circle", tone="chosen", most=look.dp(104)),
            paragraph(look, say("ask.example"), width, ink=look.palette.soft),
        ]

    heading = say("ask.title") if look.portrait else ""
    tray = letters(view, visit, say("ask.go"), speaks=visit.ear is not None)
    strip = gone(view, visit)
    return Screen(
        heading=heading, blocks=blocks, typed=field, tray=tray, touched=False, strip=strip
    )


_TONES: dict[str, tuple[Tone, str]] = {
    "answer": ("plain", "message-2"),
    "unknown": ("warn", "help-circle"),
    "refused": ("warn", "hand-stop"),
    "smalltalk": ("plain", "mood-smile"),
    "out_of_scope": ("warn", "help-circle"),
}


def answer(view: View, visit: Visit) -> Screen:
    """What was said back. Only the catalogue's own lines and fixed words ever stand here."""
    look, said = view.look, view.session.said
    assert said is not None
    if said.outcome == "emergency":
        return help_page(view, said.text.split("\n"))
    service = visit.service
    lines = _lines(said, view.said(service.name) if service else "")
    asks = said.outcome == "choose"

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if said.besides:  # then nobody else is to read what was said
            parts.append(help_at_once(view, width, said.besides_kind))
        elif visit.heard:
            parts.append(heard_line(view, visit.heard, width))
        most = look.dp(700 if look.portrait else 284)
        if not look.portrait:
            most -= sum(one.height + look.dp(theme.GAP) for one in parts)
        if not asks:
            tone, icon = _TONES[said.outcome]
            title = lines[0] if lines else ""
            told = "\n".join(lines[1:])
            parts.append(notice(look, told, width, tone=tone, icon=icon, title=title, most=most))
        known = view.services.catalogue.services
        for one in said.options:
            if one in known:
                name, sign = view.said(known[one].name), known[one].icon
                parts.append(row(look, f"service:{one}", view.on_meant, name, width, icon=sign))
        return parts

    heading = view.said(service.name) if service else view.say("ask.answer")
    if asks:
        heading = lines[0]
    footer = _answer_footer(view, service.id if service else "")
    if visit.heard and visit.ear is not None:  # who spoke goes on so
        footer[-1] = microphone(look, view.on_meant, view.say("ask.again"), width=look.half)
    return Screen(
        heading=heading,
        blocks=blocks,
        footer=footer,
        touched=False,
        spoken="\n".join(dict.fromkeys([heading, *lines])),
    )


def _lines(said: Turn, name: str) -> list[str]:
    """The answer's lines without what the heading, and of a choice the rows below, say already."""
    lines = [line for line in said.text.split("\n") if line.strip() and line != name]
    if lines and name and lines[0].startswith(f"{name}: "):
        rest = lines[0].removeprefix(f"{name}: ")
        lines[0] = rest[:1].upper() + rest[1:]
    return lines[:1] if said.outcome == "choose" else lines


def _answer_footer(view: View, service_id: str) -> list[Tap]:
    look, meant = view.look, view.on_meant
    again = button(
        look,
        f"go:ask:{service_id}",
        meant,
        view.say("ask.again"),
        kind="main",
        icon="message-question",
        width=look.half,
    )
    if not service_id:
        return [again]
    page = view.say("ask.page")
    icon = "file-description"
    return [button(look, f"service:{service_id}", meant, page, icon=icon, width=look.half), again]
