"""Taking a number: for what, whether one goes first, and how long it may take."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.queue import Outlook
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.parts import button
from kiosk.ui.widgets.rows import row


def ticket(view: View, visit: Visit) -> Screen:
    """One more touch before a number is taken: a stray finger must not take one."""
    look, known = view.look, view.services.catalogue.services
    about = view.session.place.about
    counter = view.services.counter
    wanted = visit.wanted if counter is not None else ((about,) if about in known else ())

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if view.session.refused:
            words = view.say(f"not_accepted.{view.session.refused}")
            parts.append(
                notice(look, words, width, tone="error", icon="alert-triangle", most=look.most)
            )
        parts += _for(view, visit, wanted, width)
        if counter is None:
            parts.append(
                notice(look, view.say("ticket.no_data"), width, icon="shield-check", most=look.most)
            )
            return parts
        first = visit.wishes.priority
        parts.append(
            row(
                look,
                "priority",
                view.on_meant,
                view.say("ticket.priority"),
                width,
                sub=view.say("ticket.priority_who"),
                icon="square-check" if first else "square",
                kind="chosen" if first else "row",
                arrow="",
            )
        )
        main = about or (wanted[0] if wanted else "")
        seen = counter.outlook(main, priority=first)
        if seen is not None:
            parts.append(
                notice(look, outlook_words(view, seen), width, icon="users", most=look.most)
            )
        return parts

    take = button(
        look,
        f"take:{about}",
        view.on_meant,
        view.say("ticket.take"),
        kind="main",
        icon="ticket",
        width=look.dp(520) if counter is None else look.half,
    )
    more = button(
        look, "more", view.on_meant, view.say("ticket.more"), icon="plus", width=look.half
    )
    return Screen(
        heading=view.say("ticket.title"),
        blocks=blocks,
        footer=[take] if counter is None else [more, take],
        picture="ticket",
        spoken=view.say("ticket.spoken"),
    )


def _for(view: View, visit: Visit, wanted: tuple[str, ...], width: float) -> list[Widget]:
    """What the number is for; several in one visit, each may be left out again."""
    look, known = view.look, view.services.catalogue.services
    if not wanted:
        words = view.say("ticket.any")
        return [notice(look, words, width, icon="ticket", tone="chosen", most=look.most)]
    if len(wanted) == 1:
        words = view.say("ticket.for", service=view.said(known[wanted[0]].name))
        return [notice(look, words, width, icon="ticket", tone="chosen", most=look.most)]
    filed = set(visit.wishes.filed.values())
    return [
        row(
            look,
            f"less:{one}" if one not in filed else "",
            view.on_meant,
            view.said(known[one].name),
            width,
            number=place,
            tail=view.say("ticket.filed" if one in filed else "ticket.less"),
            kind="chosen",
            arrow="",
            one_line=True,
        )
        for place, one in enumerate(wanted, start=1)
    ]


def outlook_words(view: View, seen: Outlook) -> str:
    """Who is before one and how long: a range, or that nobody can tell yet."""
    ahead = (
        view.say("wait.none_ahead") if seen.ahead == 0 else view.say("wait.ahead", count=seen.ahead)
    )
    if seen.wait is None:
        return f"{ahead} {view.say('wait.unmeasured')}"
    if seen.wait.low_min == 0:
        return f"{ahead} {view.say('wait.soon', high=seen.wait.high_min)}"
    return f"{ahead} {view.say('wait.range', low=seen.wait.low_min, high=seen.wait.high_min)}"
