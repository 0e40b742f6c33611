"""What this machine does, and the state it is in."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.transaction import WHYS, Unsent
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import labelled, notice, pairs
from kiosk.ui.widgets.parts import button


def machine(view: View, visit: Visit) -> Screen:
    """The open register: what is computed here, and what never is."""
    look = view.look

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        for key, icon in (
            ("does", "cpu"),
            ("never", "eye-off"),
            ("keeps", "lock"),
            ("decides", "user-check"),
            ("facts", "books"),
        ):
            lines = view.say(f"machine.{key}").split("\n")
            parts += labelled(
                look, view.say(f"machine.{key}_label"), lines, width, icon=icon, most=view.look.most
            )
        return parts

    footer = [
        button(
            look,
            "go:state",
            view.on_meant,
            view.say("machine.state"),
            icon="activity",
            width=look.dp(420),
        )
    ]
    return Screen(heading=view.say("machine.title"), blocks=blocks, footer=footer, touched=False)


def _why_not(view: View, unsent: Unsent) -> str:
    """Why nothing gets through; "" when nothing waits and it is nothing to act upon."""
    if unsent.why in WHYS and (unsent.count or unsent.why not in ("offline", "slow", "busy")):
        return view.say(f"why.{unsent.why}")
    return view.say("state.problem") if unsent.last_problem and unsent.count else ""


def state(view: View, visit: Visit) -> Screen:
    """Is anything waiting, since when, when was the city last reached. No personal data."""
    look = view.look
    unsent = view.services.unsent()
    lang, sentences = view.session.lang, view.sentences
    problems = view.services.catalogue.problems

    last = (
        sentences.moment(lang, unsent.last_success)
        if unsent.last_success
        else view.say("state.never")
    )
    told = [("last", last)]
    if unsent.oldest:
        told.append(("oldest", sentences.moment(lang, unsent.oldest)))
    if unsent.drain and unsent.count:
        began_with = max(unsent.drain.began_with, unsent.count)
        done = began_with - unsent.count
        told.append(("drain", view.say("state.drain", done=done, count=began_with)))
    if unsent.set_aside:
        told.append(("set_aside", view.say("state.set_aside", count=unsent.set_aside)))
    if unsent.withheld:
        told.append(("withheld", view.say("state.withheld", count=unsent.withheld)))
    rest = []
    rest.append(("clock", sentences.moment(lang, view.services.now())))
    words = view.say("state.services", count=len(view.services.catalogue.services))
    if problems:
        words += " " + view.say("state.broken", count=len(problems))
    rest.append(("services", words))
    why = _why_not(view, unsent)

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if unsent.count:
            parts.append(
                notice(
                    look,
                    " ".join(filter(None, (view.say("state.waiting", count=unsent.count), why))),
                    width,
                    tone="warn",
                    icon="cloud-off",
                    most=view.look.most,
                )
            )
        else:
            parts.append(
                notice(
                    look,
                    view.say("state.none_waiting"),
                    width,
                    tone="done",
                    icon="circle-check",
                    most=view.look.most,
                )
            )
            if why:
                parts.append(
                    notice(look, why, width, tone="warn", icon="cloud-off", most=view.look.most)
                )
        for box in (told, rest):
            named = [(view.say(f"state.{key}_label"), text) for key, text in box]
            parts += pairs(look, named, width, most=view.look.most)
        return parts

    footer = []
    if view.services.staff is not None:
        footer.append(
            button(
                look,
                "go:pin",
                view.on_meant,
                view.say("state.staff"),
                icon="lock",
                width=look.dp(420),
            )
        )
    return Screen(heading=view.say("state.title"), blocks=blocks, footer=footer, touched=False)
