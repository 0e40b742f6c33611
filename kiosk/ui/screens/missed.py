"""What was not understood: said without blame, with the ways on."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.ui.hearing import MISSES_MOST, Hearing
from kiosk.ui.screens.emergency import help_at_once
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import button
from kiosk.ui.widgets.rows import row


def missed(view: View, visit: Visit, hearing: Hearing) -> Screen:
    """Honest, and no blame; after the second time the list and the staff come first."""
    look, say = view.look, view.say
    often = visit.misses >= MISSES_MOST
    tip = {"silence": "listen.nearer", "too_long": "listen.shorter"}
    keys, other = _by_touch(view, visit, hearing)

    def blocks(width: float) -> list[Widget]:
        told = say("listen.again_or_touch" if visit.spoken_question else "listen.again_or_type")
        calmer = "listen.calmer_code" if hearing.task == "code" else "listen.calmer"
        why = say(tip.get(hearing.missed, calmer))
        urgent = hearing.urgent_kind is not None  # a cry for help is the hardest to understand
        beside = 100 if urgent else 128
        most = look.dp(700 if look.portrait else beside if often else 240)
        rows = other if often else []
        parts: list[Widget] = [
            notice(look, why, width, tone="warn", icon="ear", title=told, most=most)
        ]
        if hearing.urgent_kind is not None:
            parts.insert(0, help_at_once(view, width, hearing.urgent_kind))
            rows = rows[-1:]  # the staff
        parts += [
            row(look, meaning, view.on_meant, words, width, icon=icon)
            for meaning, words, icon in rows
        ]
        return parts

    footer = [
        button(look, keys[0], view.on_meant, keys[1], icon=keys[2], width=look.half),
        microphone(look, view.on_meant, say("listen.again"), width=look.half),
    ]
    return Screen(
        heading=say("listen.still_missed" if often else "listen.missed"),
        blocks=blocks,
        footer=footer,
        picture="ear",
    )


def _by_touch(
    view: View, visit: Visit, hearing: Hearing
) -> tuple[tuple[str, str, str], list[tuple[str, str, str]]]:
    """The way on by touch: meaning, words and icon of the button; then of the rows."""
    say, begun_at = view.say, hearing.begun_at
    staff = ("staff", say("bar.staff_long"), "help")
    if visit.spoken_question is not None:
        listed = hearing.task != "digits"
        words = say("listen.from_list" if listed else "listen.keys")
        return ("back", words, "list" if listed else "keyboard"), [staff]
    if hearing.task == "code":
        return ("back", say("listen.type"), "keyboard"), [staff]
    shelf = ("go:services", say("home.all"), "layout-grid")
    if begun_at.name in ("ask", "answer"):
        return (f"go:ask:{begun_at.about}", say("listen.type"), "keyboard"), [shelf, staff]
    return ("go:search", say("listen.type"), "keyboard"), [shelf, staff]
