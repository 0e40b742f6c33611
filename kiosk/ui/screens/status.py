"""Where an errand stands, asked by its code: typed, scanned, never by a name or a NIK."""

from __future__ import annotations

from typing import Any

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.domain.status import Status
from kiosk.domain.transaction import RECEIVED_BY_CITY
from kiosk.domain.work import REASONS
from kiosk.ui import theme
from kiosk.ui.counter import shown_code
from kiosk.ui.screens.search import gone
from kiosk.ui.screens.ticket import outlook_words
from kiosk.ui.sheet import kept
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, notice, pairs
from kiosk.ui.widgets.code_keys import code_keys
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.parts import button

CITY_STATES = ("received", "in-process", "needs-citizen", "ready", "done", "refused")
DESK_STATES = ("open", "accepted", "returned", "rejected", "done")


def status(view: View, visit: Visit) -> Screen:
    """Only the signs that a code can have are on the keys: nothing can be mistaken."""
    look = view.look
    typed = shown_code(view.session.raw.get("status", ""))

    def field(width: float) -> Widget:
        empty = view.say("status.empty")
        token = theme.TANYA if look.portrait else theme.KARTU
        return TypedField(look, typed, width, empty=empty, icon="qrcode", token=token)

    def blocks(width: float) -> list[Widget]:
        told = view.say("status.hint_speak" if visit.ear is not None else "status.hint")
        hint = notice(look, told, width, icon="info-circle", most=look.dp(120))
        return [hint]

    speaks = visit.ear is not None

    def keys() -> RelativeLayout:
        return code_keys(
            look,
            view.on_meant,
            erase=view.say("keys.erase"),
            done=view.say("status.go"),
            speak=view.say("status.speak") if speaks else "",
        )

    tray = kept(("code_keys", look, view.session.lang, speaks, view.on_meant), keys)
    return Screen(
        heading=view.say("status.title"),
        blocks=blocks,
        tray=tray,
        typed=field,
        spoken=view.say("status.hint"),
        strip=gone(view, visit),
        picture="qrcode",
    )


def standing(view: View, visit: Visit) -> Screen:
    """What is known, as of when; of another code, that it is none of this kiosk."""
    look, asked = view.look, visit.asked
    assert asked is not None
    found = asked.status

    def blocks(width: float) -> list[Widget]:
        if found is None:
            return [_nothing(view, visit, width)]
        parts: list[Widget] = [_now(view, found, width)]
        parts += pairs(look, _told(view, found), width, most=look.most)
        return parts

    again = button(
        look,
        "go:status",
        view.on_meant,
        view.say("status.again"),
        icon="qrcode",
        kind="plain" if found is not None else "main",
        width=look.half,
    )
    footer = [again]
    if found is not None:
        finish = view.say("receipt.finish")
        footer.append(
            button(
                look, "finish", view.on_meant, finish, kind="main", icon="check", width=look.half
            )
        )
    return Screen(
        heading=view.say("status.result", code=asked.code)
        if asked.code
        else view.say("status.title"),
        blocks=blocks,
        footer=footer,
        touched=False,
        spoken=" ".join(_now_words(view, found)[1:]) if found is not None else "",
    )


def _nothing(view: View, visit: Visit, width: float) -> Widget:
    look, asked = view.look, visit.asked
    assert asked is not None
    tone: Tone = "warn"
    if asked.wait_s:
        title, words = view.say("status.slow"), view.say("status.slow_how", seconds=asked.wait_s)
    elif asked.code:
        counter = view.services.office.counter
        title = view.say("status.unknown")
        words = view.say("status.unknown_how", counter=counter)
    else:
        title, words, tone = view.say("status.no_code"), view.say("status.no_code_how"), "error"
    return notice(look, words, width, title=title, tone=tone, icon="alert-triangle", most=look.most)


def _now_words(view: View, found: Status) -> tuple[Tone, str, str]:
    """The one thing a person came for: done, to be done, or waiting. Newest word first: the
    city's, the desk's, the queue's, the kiosk's own."""
    counter = view.services.office.counter
    if found.city in CITY_STATES:
        tones: dict[str, Tone] = {"ready": "done", "done": "done", "needs-citizen": "warn"}
        return tones.get(found.city, "plain"), view.say(f"city_state.{found.city}"), ""
    if found.desk in DESK_STATES:
        desk: dict[str, Tone] = {"done": "done", "accepted": "done", "returned": "warn"}
        reason = _reason(view, found)
        words = view.say(f"desk_state.{found.desk}", counter=counter)
        return desk.get(found.desk, "plain"), words, reason
    entry = found.entry
    if entry is not None and entry.state in ("called", "serving"):
        return "done", view.say("queue_state.called", counter=entry.counter or counter), ""
    if entry is not None and found.receipt.kind == "ticket":
        return "plain", view.say(f"queue_state.{entry.state}", counter=counter), ""
    key = "receipt.city" if found.receipt.state in RECEIVED_BY_CITY else "receipt.here"
    return "plain", view.say(key), ""


def _reason(view: View, found: Status) -> str:
    kinds: dict[str, str] = {"returned": "return", "rejected": "reject"}
    words = REASONS.get(kinds.get(found.desk, ""), {}).get(found.desk_reason)
    return "" if words is None else words[1 if view.session.lang == "en" else 0] + "."


def _now(view: View, found: Status, width: float) -> Widget:
    tone, title, words = _now_words(view, found)
    icons: dict[Any, str] = {"done": "circle-check", "warn": "alert-triangle"}
    icon = icons.get(tone, "clock")
    look = view.look
    return notice(look, words, width, title=title, tone=tone, icon=icon, most=look.most)


def _told(view: View, found: Status) -> list[tuple[str, str]]:
    lang, say, moment = view.session.lang, view.say, view.sentences.moment
    receipt, services = found.receipt, view.services.catalogue.services
    told = []
    if receipt.service in services:
        told.append((say("status.what"), view.said(services[receipt.service].name)))
    told.append((say("status.when"), moment(lang, receipt.at)))
    entry = found.entry
    if entry is not None:
        words = entry.ticket
        if entry.state == "waiting" and found.outlook is not None:
            words += f". {outlook_words(view, found.outlook)}"
        told.append((say("status.number"), words))
    if found.city and found.city_at is not None:
        note = f" {view.said(found.city_note)}" if found.city_note else ""
        told.append((say("status.city"), moment(lang, found.city_at) + note))
    elif found.desk or entry is not None:  # else it is the one thing said above
        key = "receipt.city" if receipt.state in RECEIVED_BY_CITY else "receipt.here"
        told.append((say("status.city"), say(key)))
    told.append((say("status.as_of"), moment(lang, found.asked)))
    return told
