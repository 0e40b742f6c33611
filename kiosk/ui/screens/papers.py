"""Before a number is taken or a form begun: is everything here, and what to do where it is not."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.errand import Errand
from kiosk.ui.screens.facts import standing_strip
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.parts import Tap, button
from kiosk.ui.widgets.rows import row


def checklist(view: View, visit: Visit) -> Screen:
    """One touch when all is here; else one more for each paper that is not."""
    errand = visit.errand
    assert errand is not None
    look, missing = view.look, visit.missing

    def blocks(width: float) -> list[Widget]:
        if not visit.needs:
            told = view.say("fact.unknown")
            return [notice(look, told, width, tone="warn", icon="help-circle", most=look.most)]
        rows: list[Widget] = []
        for place, need in enumerate(visit.needs):
            lacks = place in missing
            rows.append(
                row(
                    look,
                    f"tick:{place}",
                    view.on_meant,
                    view.said(need.line),
                    width,
                    tail=view.say("checklist.not_here" if lacks else "checklist.here"),
                    icon="square-x" if lacks else "square-check",
                    kind="warn" if lacks else "chosen",
                    arrow="",
                )
            )
        return rows

    elsewhere = errand.service is not None and not errand.service.at_kelurahan
    key = "checklist.go" if missing else "checklist.all" if visit.needs else "checklist.ready"
    act, icon = "papers_done:", "arrow-right"
    if elsewhere and not missing:
        act, key, icon = "back", "checklist.close", "check"
    listed = _print_list(view, visit)
    wide = look.half if listed else look.dp(560 if look.portrait else 520)
    rest = view.say("checklist.rest")
    more = button(
        look, "page:+1", view.on_meant, rest, kind="main", icon="chevron-down", width=wide
    )
    footer = [
        button(
            look,
            act,
            view.on_meant,
            view.say(key),
            kind="main",
            icon_right=icon,
            width=wide,
        )
    ]
    return Screen(
        heading=view.say("checklist.title"),
        blocks=blocks,
        footer=[*listed, *footer],
        until_seen=[*_print_list(view, visit), more],
        strip=_strip(view, errand),
        picture="checklist",
        spoken=_read_out(view, visit),
    )


def _print_list(view: View, visit: Visit) -> list[Tap]:
    """The list on paper, to take home; its button says what became of it."""
    look, counter, errand = view.look, view.services.counter, visit.errand
    service = errand.service if errand is not None else None
    if counter is None or not counter.prints() or service is None or not visit.needs:
        return []
    job = visit.lists.get(service.id)
    told = counter.print_job(job) if job is not None else None
    state = told[0] if told else ""
    words = {
        "": view.say("print.list"),
        "confirmed": view.say("print.list_confirmed"),
        "failed": view.say("print.list_failed"),
    }.get(state, view.say("print.list_queued"))
    icon = "printer-off" if state == "failed" else "printer"
    meaning = f"print_list:{service.id}"
    return [button(look, meaning, view.on_meant, words, icon=icon, width=look.half)]


def _strip(view: View, errand: Errand) -> str:
    """How sure the list is; of several letters what is said of the first that is not."""
    strips = (standing_strip(view, one) for one in errand.services)
    return next(filter(None, strips), "")


def _read_out(view: View, visit: Visit) -> str:
    lines = [view.said(need.line).rstrip(".") for need in visit.needs]
    return ".\n".join([view.say("checklist.title"), *(lines or [view.say("fact.unknown")])])


def missing(view: View, visit: Visit) -> Screen:
    """What is missing, each with what to do about it; a touch shows how it is got."""
    errand = visit.errand
    assert errand is not None
    look = view.look

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        for place in visit.missing:
            need = visit.needs[place]
            told = view.said(need.paper.missing) if need.paper else view.say("missing.ask")
            service = need.paper.service if need.paper else ""
            if service and service not in {one.id for one in errand.services}:
                parts.append(
                    row(
                        look,
                        f"service:{service}",
                        view.on_meant,
                        view.said(need.line),
                        width,
                        sub=told,
                        icon="alert-triangle",
                        kind="warn",
                    )
                )
            else:
                title = view.said(need.line)
                parts.append(
                    notice(look, told, width, tone="warn", icon="alert-triangle", title=title)
                )
        may = view.say("missing.may")
        return [*parts, notice(look, may, width, icon="info-circle", most=look.most)]

    elsewhere = errand.service is not None and not errand.service.at_kelurahan
    onward = [
        button(
            look,
            "papers_done:anyway",
            view.on_meant,
            view.say("missing.anyway"),
            kind="main",
            icon_right="arrow-right",
            width=look.half,
        )
    ]
    return Screen(
        heading=view.say("missing.title"),
        blocks=blocks,
        footer=[
            button(look, "finish", view.on_meant, view.say("missing.later"), width=look.half),
            *([] if elsewhere else onward),
        ],
        touched=False,
    )
