"""Calling the staff, and handing a half-filled form to the desk."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, notice
from kiosk.ui.widgets.parts import Card, Tap, button, fitted

UNHEARD_S = 20  # after that it is said that nobody has looked yet


def staff(view: View, visit: Visit) -> Screen:
    """A touch rings the desk; the screen says only what the desk has really done."""
    look, office = view.look, view.services.office
    can_ring = view.services.counter is not None
    standing = visit.bell_standing()

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if can_ring and (standing is not None or visit.unheard):
            parts.append(_bell(view, visit, standing, width))
        parts.append(
            notice(
                look,
                view.say("staff.go", counter=office.counter),
                width,
                tone="plain" if standing in ("seen", "taken") else "warn",
                icon="hand-stop",
                title=view.say("staff.wave"),
                most=look.most,
            )
        )
        if standing is None or not look.text > 1.2:
            words = view.say("staff.kept")
            parts.append(notice(look, words, width, icon="device-floppy", most=look.most))
        return parts

    acts: list[tuple[str, str, str]] = [("back", "staff.back", "arrow-left")]
    if can_ring and visit.half_filled:
        acts.append(("go:consent", "staff.hand_over", "send"))
    if can_ring and standing is None:
        acts.append(("ring", "staff.ring", "bell-ringing"))
    room = (look.width - 2 * look.margin - look.dp(theme.GAP) * (len(acts) - 1)) / len(acts)
    crowded = look.portrait and len(acts) == 3
    return Screen(
        heading=view.say("staff.title"),
        blocks=blocks,
        footer=[
            button(
                look,
                meaning,
                view.on_meant,
                view.say(key),
                kind="main" if meaning == acts[-1][0] else "plain",
                icon="" if crowded else icon,
                width=min(room, look.dp(460)),
            )
            for meaning, key, icon in acts
        ],
        touched=False,
        spoken=view.say("staff.spoken", counter=office.counter),
    )


def _bell(view: View, visit: Visit, standing: str | None, width: float) -> Widget:
    """Ringing, on a desk's screen, or somebody is coming. "Terkirim" only when it is."""
    look = view.look
    waited_s = (
        (view.services.now() - visit.bell.at).total_seconds() if visit.bell is not None else 0.0
    )
    tone: Tone
    if standing == "taken":
        key, tone, icon = "bell.coming", "done", "user-check"
    elif standing == "seen":
        key, tone, icon = "bell.seen", "done", "circle-check"
    elif standing is None or waited_s > UNHEARD_S:
        key, tone, icon = "bell.unheard", "error", "alert-triangle"
    else:
        key, tone, icon = "bell.ringing", "chosen", "bell-ringing"
    return notice(look, view.say(key), width, tone=tone, icon=icon, most=look.most)


def consent(view: View, visit: Visit) -> Screen:
    """What is given to whom, for how long; nothing leaves this screen before the touch."""
    look, office = view.look, view.services.office
    told = [
        view.say("consent.what", count=len(visit.session.answered)),
        view.say("consent.who", counter=office.counter),
        view.say("consent.gone"),
    ]

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = [
            notice(
                look,
                "\n".join(told),
                width,
                title=view.say("consent.label"),
                icon="shield-check",
                most=look.most,
            )
        ]
        if visit.unheard:
            words = view.say("consent.failed", counter=office.counter)
            parts.insert(0, notice(look, words, width, tone="error", icon="alert-triangle"))
        return parts

    return Screen(
        heading=view.say("consent.title"),
        blocks=blocks,
        footer=[
            button(look, "back", view.on_meant, view.say("consent.no"), width=look.half),
            button(
                look,
                "hand_over",
                view.on_meant,
                view.say("consent.yes"),
                kind="main",
                icon="send",
                width=look.half,
            ),
        ],
        touched=False,
        spoken=" ".join(told),
    )


def handed(view: View, visit: Visit) -> Screen:
    """The form is at the desk: the sign that names it, and where to go."""
    look, office = view.look, view.services.office
    standing = visit.bell_standing()
    sign = visit.bell.handover.sign if visit.bell is not None else ""

    def blocks(width: float) -> list[Widget]:
        state: tuple[Tone, str, str]
        if standing == "taken":
            state = ("done", "user-check", view.say("handed.open"))
        elif standing is not None:
            state = ("done", "circle-check", view.say("handed.there"))
        else:
            state = ("plain", "info-circle", view.say("handed.over"))
        tone, icon, words = state
        return [
            _sign(view, sign, width),
            notice(look, words, width, tone=tone, icon=icon, most=look.most),
            notice(
                look,
                view.say("handed.go", counter=office.counter),
                width,
                icon="map-pin",
                most=look.most,
            ),
        ]

    footer: list[Tap] = []
    if standing in ("waiting", "seen"):
        footer.append(
            button(look, "take_back", view.on_meant, view.say("handed.take_back"), width=look.half)
        )
    footer.append(
        button(
            look,
            "finish",
            view.on_meant,
            view.say("handed.finish"),
            kind="main",
            icon="check",
            width=look.half,
        )
    )
    return Screen(
        heading=view.say("handed.title"),
        blocks=blocks,
        footer=footer,
        touched=False,
        back=False,
        spoken=view.say("handed.spoken", sign=" ".join(sign), counter=office.counter),
    )


def _sign(view: View, sign: str, width: float) -> Widget:
    look, p = view.look, view.look.palette
    label = fitted(
        look, view.say("handed.sign"), width / 2, token=theme.ISI, ink=p.soft, paper=p.card
    )
    large = fitted(look, sign, width / 2, token=96, least=theme.TANYA, bold=True, paper=p.card)
    high = max(label.height, large.height) + look.dp(12)
    card = Card(look, (width, high), paper=p.card, edge=p.edge)
    card.put(label, look.dp(20), (high - label.height) / 2)
    card.put(large, width - look.dp(28) - large.width, (high - large.height) / 2)
    return card
