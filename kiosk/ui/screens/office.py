"""For staff: the PIN that opens it, how the machine is, and the way out of the screens."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.sheet import kept
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, notice, paragraph
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.keys import keypad
from kiosk.ui.widgets.parts import button

ICONS = {"ok": "circle-check", "warn": "alert-triangle", "fail": "alert-circle"}
TONES: dict[str, Tone] = {"ok": "plain", "warn": "warn", "fail": "error"}


def pin(view: View, visit: Visit) -> Screen:
    """Dots only: whoever stands behind sees no digit. Says how long to wait after wrong ones."""
    look, staff = view.look, view.services.staff
    assert staff is not None
    typed, wait_s = view.session.raw.get("pin", ""), staff.wait_s()

    def blocks(width: float) -> list[Widget]:
        if not staff.has_pin():
            words = notice(look, view.say("pin.none"), width, icon="info-circle", most=look.most)
            return [words]
        empty = view.say("pin.empty")
        field = TypedField(look, "•" * len(typed), width, empty=empty, token=theme.TANYA)
        parts: list[Widget] = [field]
        if wait_s:
            words = view.say("pin.wait", seconds=round(wait_s) or 1)
            parts.append(notice(look, words, width, tone="warn", icon="clock", most=look.most))
        elif visit.pin_wrong:
            words = view.say("pin.wrong")
            parts.append(notice(look, words, width, tone="error", icon="lock", most=look.most))
        else:
            parts.append(paragraph(look, view.say("pin.hint"), width, ink=look.palette.soft))
        return parts

    say = view.say
    pad = kept(
        ("keypad", look, view.session.lang, view.on_meant),
        lambda: keypad(look, view.on_meant, erase=say("keys.erase"), again=say("keys.again")),
    )
    go = button(
        look, "next", view.on_meant, say("pin.go"), kind="main", icon="lock", width=look.dp(336)
    )
    shown = staff.has_pin() and not wait_s
    return Screen(
        heading=say("pin.title"),
        blocks=blocks,
        aside=pad if shown else None,
        footer=[go] if shown else [],
        touched=False,
    )


def readiness(view: View, visit: Visit) -> Screen:
    """`kiosk doctor` as it stands now; what is not right stands first."""
    look = view.look
    order = {"fail": 0, "warn": 1, "ok": 2}
    checks = sorted(visit.checks, key=lambda check: order.get(check[1], 0))

    def blocks(width: float) -> list[Widget]:
        return [
            notice(
                look,
                detail,
                width,
                title=view.say(f"readiness.{state}", check=name),
                tone=TONES.get(state, "plain"),
                icon=ICONS.get(state, "info-circle"),
                most=look.most,
            )
            for name, state, detail in checks
        ]

    leave = button(
        look, "leave_screens", view.on_meant, view.say("readiness.leave"), icon="logout",
        width=look.dp(420),
    )  # fmt: skip
    return Screen(heading=view.say("readiness.title"), blocks=blocks, footer=[leave], touched=False)
