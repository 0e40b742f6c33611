"""A service: what to bring, what it costs, how long, where."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.service import FACT_NAMES, Service
from kiosk.ui.screens.facts import (
    SHOWN_FIRST,
    fact_boxes,
    first_facts,
    is_expired,
    source_boxes,
    standing_strip,
    standings,
    unknown,
)
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.parts import Tap, button
from kiosk.ui.widgets.rows import row


def service(view: View, visit: Visit) -> Screen:
    item = visit.service
    assert item is not None
    look = view.look

    def blocks(width: float) -> list[Widget]:
        note, facts = _note(view, item, width), first_facts(view, item, width)
        parts = note + facts if item.note_first else facts + note
        for name in FACT_NAMES:
            if name not in SHOWN_FIRST and name != "legal":
                parts += fact_boxes(view, item, name, width)
        parts += unknown(view, item, width)
        parts.append(
            row(
                look,
                f"go:sources:{item.id}",
                view.on_meant,
                view.say("service.sources"),
                width,
                icon="books",
            )
        )
        return parts

    return Screen(
        heading=view.said(item.name),
        blocks=blocks,
        footer=_service_footer(view, item),
        touched=False,
        strip=standing_strip(view, item),
        spoken=_read_out(view, item),
    )


def _note(view: View, item: Service, width: float) -> list[Widget]:
    if item.note is None:
        return []
    look, told, title = view.look, view.said(item.note), view.say("service.note")
    box = notice(look, told, width, tone="warn", icon="info-circle", title=title, most=look.most)
    return [box]


def _read_out(view: View, item: Service) -> str:
    """The name, the note that may turn the errand round, what to bring, cost, time and place: what
    one would ask at the counter."""
    parts = [view.said(item.name)]
    if item.note is not None and item.note_first:
        parts.append(view.said(item.note).rstrip("."))
    told = []
    for name in SHOWN_FIRST:
        fact = item.fact(name)
        if fact is not None and not is_expired(view, fact):
            lines = ", ".join(view.said(line).rstrip(".") for line in fact.lines)
            told.append(f"{view.say(f'fact.{name}')}: {lines}")
    return ".\n".join([*parts, *(told or [view.say("fact.unknown")])])


def sources(view: View, visit: Visit) -> Screen:
    """How sure each fact is, what it rests on, and the law behind it."""
    item = visit.service
    assert item is not None

    def blocks(width: float) -> list[Widget]:
        return [
            *standings(view, item, width),
            *fact_boxes(view, item, "legal", width),
            *source_boxes(view, item, width),
        ] or [notice(view.look, view.say("fact.unknown"), width, icon="help-circle")]

    return Screen(heading=view.say("service.sources"), blocks=blocks, touched=False)


def _service_footer(view: View, item: Service) -> list[Tap]:
    """Ask about it always; then what this office can do for it, the most wanted at the right."""
    look = view.look
    acts: list[tuple[str, str, str, float]] = [
        (f"go:ask:{item.id}", "ask.open", "message-question", 0.22)
    ]
    if item.filing == "form":
        acts.append((f"number:{item.id}", "service.ticket", "ticket", 0.31))
        acts.append((f"apply:{item.id}", "service.apply", "", 0.47))
    else:
        if item.fact("requirements"):
            acts.append((f"apply:{item.id}", "service.papers", "checklist", 0.39))
        if item.at_kelurahan:
            acts.append((f"number:{item.id}", "service.ticket", "ticket", 0.39))
    room = look.width - 2 * look.margin - look.dp(12) * (len(acts) - 1)
    crowded = look.portrait and len(acts) == 3
    return [
        button(
            look,
            meaning,
            view.on_meant,
            view.say(key),
            kind="main" if meaning == acts[-1][0] else "plain",
            icon="" if crowded else icon,
            icon_right="arrow-right" if key == "service.apply" and not crowded else "",
            width=room * (share if len(acts) == 3 else max(share, 0.3)),
        )
        for meaning, key, icon, share in acts
    ]
