"""A service: what to bring, what it costs, how long, where; then the papers, ticked off."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.service import FACT_NAMES, Fact, Service
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import Tap, button
from kiosk.ui.widgets.rows import labelled, notice, paragraph, row

FACT_ICONS = {
    "requirements": "files",
    "steps": "list-numbers",
    "fee": "cash",
    "time": "clock",
    "place": "map-pin",
    "counter": "door-enter",
    "output": "file-check",
    "legal": "scale",
    "validity": "calendar-due",
}
SHOWN_FIRST = ("requirements", "fee", "time", "place")


def standing_words(view: View, fact: Fact) -> str:
    """What a fact rests on, and whether anyone approved it; on screen as on paper."""
    standing = fact.standing(view.services.now().date())
    parts = [view.say(f"standing.{standing}")]
    if fact.valid_until is not None:
        parts.append(view.say("fact.until", day=view.sentences.day(view.session.lang, fact.valid_until)))
    parts.append(view.say(f"evidence.{fact.evidence}"))
    parts.append(view.say("fact.recorded", day=view.sentences.day(view.session.lang, fact.recorded)))
    return " · ".join(parts)


def _fact(view: View, service: Service, name: str, width: float) -> list[Widget]:
    fact = service.fact(name)
    label, icon = view.say(f"fact.{name}"), FACT_ICONS[name]
    if fact is None:
        return labelled(view.look, label, [view.say("fact.unknown")], width, icon=icon)
    lines = [view.said(line) for line in fact.lines]
    expired = fact.standing(view.services.now().date()) == "kedaluwarsa"
    return labelled(view.look, label, lines, width, small=standing_words(view, fact), icon=icon,
                    tone="warn" if expired else "plain", numbered=name == "steps",
                    most=view.look.dp(700 if view.look.portrait else 330))


def _sources(view: View, service: Service, width: float) -> list[Widget]:
    keys = dict.fromkeys(key for fact in service.facts.values() for key in fact.sources)
    known = view.services.catalogue.sources
    lines = [f"{key}: {known[key].title}" for key in keys if key in known]
    if not lines:
        return []
    return labelled(view.look, view.say("fact.sources"), lines, width, icon="books",
                    most=view.look.dp(700 if view.look.portrait else 330))


def service(view: View, visit: Visit) -> Screen:
    item = visit.service
    assert item is not None
    look = view.look

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if item.id == "112":
            parts.append(notice(look, view.say("service.emergency"), width, tone="error", icon="urgent"))
        if item.filing == "ask_staff":
            parts.append(notice(look, view.say("service.ask_staff"), width, tone="warn", icon="help-circle"))
        if not item.at_kelurahan:
            parts.append(notice(look, view.say("service.elsewhere", agency=view.said(item.agency)), width,
                                tone="chosen", icon="map-pin"))
        for name in SHOWN_FIRST:
            parts += _fact(view, item, name, width)
        if item.note is not None:
            parts.append(notice(look, view.said(item.note), width, tone="warn", icon="info-circle",
                                title=view.say("service.note")))
        for name in FACT_NAMES:
            if name not in SHOWN_FIRST:
                parts += _fact(view, item, name, width)
        return [*parts, *_sources(view, item, width)]

    return Screen(heading=view.said(item.name), blocks=blocks, footer=_service_footer(view, item), touched=False)


def _service_footer(view: View, item: Service) -> list[Tap]:
    look, meant = view.look, view.on_meant
    half = (look.width - look.dp(52)) / 2
    if item.filing == "form":
        return [
            button(look, f"go:ticket:{item.id}", meant, view.say("service.ticket"), icon="ticket", width=half - look.dp(60)),
            button(look, f"apply:{item.id}", meant, view.say("service.apply"), kind="main", icon_right="arrow-right",
                   width=half + look.dp(60)),
        ]
    papers = button(look, f"apply:{item.id}", meant, view.say("service.papers"), icon="checklist", width=half)
    if item.id == "112":
        return [button(look, "staff", meant, view.say("bar.staff_long"), kind="main", icon="help", width=half)]
    if item.at_kelurahan:
        ticket = button(look, f"go:ticket:{item.id}", meant, view.say("service.ticket"), kind="main", icon="ticket", width=half)
        return [papers, ticket] if item.fact("requirements") else [ticket]
    return [button(look, f"apply:{item.id}", meant, view.say("service.papers"), kind="main", icon="checklist", width=half)] \
        if item.fact("requirements") else []


def checklist(view: View, visit: Visit) -> Screen:
    """Each paper: touched means "sudah saya bawa". Nothing is refused here, only said."""
    item = visit.service
    assert item is not None
    look, fact = view.look, item.fact("requirements")
    missing = set(visit.missing(item))

    def blocks(width: float) -> list[Widget]:
        if fact is None:
            return [notice(look, view.say("fact.unknown"), width, tone="warn", icon="help-circle")]
        rows: list[Widget] = [paragraph(look, standing_words(view, fact), width, token=24, ink=look.palette.soft)]
        for place, line in enumerate(fact.lines):
            here = place not in missing
            rows.append(row(look, f"tick:{place}", view.on_meant, view.said(line), width,
                            sub=view.say("checklist.here" if here else "checklist.not_here"),
                            icon="square-check-filled" if here else "square", kind="chosen" if here else "row", arrow=""))
        return rows

    key = "checklist.go" if item.filing == "form" else "checklist.ready"
    footer = [button(look, "papers_done:", view.on_meant, view.say(key), kind="main", icon_right="arrow-right",
                     width=look.dp(420))]
    if item.filing != "form" and not item.at_kelurahan:
        footer = [button(look, "back", view.on_meant, view.say("checklist.close"), kind="main", icon="check",
                         width=look.dp(420))]
    return Screen(heading=view.say("checklist.title"), blocks=blocks, footer=footer)


def missing(view: View, visit: Visit) -> Screen:
    """What is missing is said before a number is taken or a form is begun."""
    item = visit.service
    assert item is not None
    look, fact = view.look, item.fact("requirements")

    def blocks(width: float) -> list[Widget]:
        lines = [view.said(fact.lines[place]) for place in visit.missing(item)] if fact else []
        listed = labelled(look, view.say("missing.list"), lines, width, icon="alert-triangle", tone="warn",
                          most=look.dp(700 if look.portrait else 330))
        return [*listed, notice(look, view.say("missing.may"), width, icon="info-circle")]

    half = (look.width - look.dp(52)) / 2
    return Screen(
        heading=view.say("missing.title"),
        blocks=blocks,
        footer=[
            button(look, "finish", view.on_meant, view.say("missing.later"), width=half),
            button(look, "papers_done:anyway", view.on_meant, view.say("missing.anyway"), kind="main",
                   icon_right="arrow-right", width=half),
        ],
        touched=False,
    )
