"""The number and the receipt: what is stored, what the city has, what to do next."""

from __future__ import annotations

from typing import Any

from kivy.uix.widget import Widget

from kiosk.domain.service import Service
from kiosk.domain.transaction import RECEIVED_BY_CITY, Receipt
from kiosk.ui import theme
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import labelled, notice
from kiosk.ui.widgets.field import qr_code
from kiosk.ui.widgets.parts import Card, Words, button, fitted


def ticket(view: View, visit: Visit) -> Screen:
    """One more touch before a number is taken: a stray finger must not take one."""
    look = view.look
    service = visit.service
    about = service.id if service else ""

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if view.session.refused:
            parts.append(
                notice(
                    look,
                    view.say(f"not_accepted.{view.session.refused}"),
                    width,
                    tone="error",
                    icon="alert-triangle",
                    most=view.look.most,
                )
            )
        text = (
            view.say("ticket.for", service=view.said(service.name))
            if service
            else view.say("ticket.any")
        )
        parts.append(notice(look, text, width, icon="ticket", tone="chosen"))
        parts.append(
            notice(
                look, view.say("ticket.no_data"), width, icon="shield-check", most=view.look.most
            )
        )
        return parts

    footer = [
        button(
            look,
            f"take:{about}",
            view.on_meant,
            view.say("ticket.take"),
            kind="main",
            icon="ticket",
            width=look.dp(520),
        )
    ]
    return Screen(heading=view.say("ticket.title"), blocks=blocks, footer=footer, picture="ticket")


def _state(view: View, receipt: Receipt, width: float) -> Widget:
    """The truth about where it is now; changes by itself once the city has acknowledged.

    It stands beside the number in every text size: nobody turns a page to learn it.
    """
    look = view.look
    most = look.most if look.portrait else look.dp(104)
    if receipt.state in RECEIVED_BY_CITY:
        return notice(
            look, view.say("receipt.city"), width, tone="done", icon="circle-check", most=most
        )
    if receipt.state == "accepted":
        return notice(
            look, view.say("receipt.here"), width, tone="warn", icon="cloud-off", most=most
        )
    return notice(
        look, view.say("receipt.stuck"), width, tone="error", icon="alert-triangle", most=most
    )


def receipt(view: View, visit: Visit) -> Screen:
    look = view.look
    item = view.session.receipt
    assert item is not None
    service = view.services.catalogue.services.get(item.service)

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = [_number(view, item, service, width), _state(view, item, width)]
        parts += labelled(
            look,
            view.say("receipt.next_label"),
            _next_steps(view, item),
            width,
            icon="list-numbers",
            numbered=True,
        )
        return parts

    # In large text what happens next is a page away: nobody ends before having been offered it.
    more = look.text > 1.2 and not look.portrait and view.session.place.page == 0
    last = "page:+1" if more else "finish"
    words, icon = ("receipt.then", "chevron-down") if more else ("receipt.finish", "check")
    another = view.say("receipt.another")
    return Screen(
        heading="",
        blocks=blocks,
        footer=[
            button(look, "another", view.on_meant, another, width=look.half),
            button(
                look,
                last,
                view.on_meant,
                view.say(words),
                kind="main",
                icon=icon,
                width=look.half,
            ),
        ],
        touched=False,
        back=False,
    )


def _number(view: View, item: Receipt, service: Service | None, width: float) -> Widget:
    """The number is the largest thing; the QR holds the code and nothing else."""
    look, p = view.look, view.look.palette
    qr = qr_code(look, item.code, look.dp(176 if not look.portrait else 280))
    room = width - look.dp(40) - (0 if look.portrait else qr.width)
    tiny: dict[str, Any] = {"least": round(theme.KET / look.text), "paper": p.card}
    when = view.sentences.moment(view.session.lang, item.at)
    label = view.say("receipt.number" if item.ticket else "receipt.code")
    parts = [
        fitted(look, f"{label} · {when}", room, token=theme.KET, bold=True, ink=p.soft, **tiny),
        fitted(
            look,
            item.ticket or item.code,
            room,
            token=96 if look.portrait else 80 if item.ticket else 76,
            least=theme.TANYA,
            bold=True,
            paper=p.card,
        ),
    ]
    if item.ticket:
        parts.append(
            fitted(look, f"{view.say('receipt.code')}: {item.code}", room, token=theme.ISI, **tiny)
        )
    if service is not None and (look.portrait or not item.ticket):
        parts.append(
            fitted(look, view.said(service.name), room, token=theme.KET, ink=p.soft, **tiny)
        )
    text_high = sum(part.height for part in parts)
    high = text_high + qr.height if look.portrait else max(qr.height, text_high)
    card = Card(look, (width, high + look.dp(8)), paper=p.card, edge=p.edge)
    if look.portrait:
        scan = Words(
            look, view.say("receipt.scan"), width=width - qr.width - look.dp(60), paper=p.card
        )
        card.put(scan, look.dp(20), look.dp(4) + (qr.height - scan.height) / 2)
    y = card.height - look.dp(4) if look.portrait else card.height - (card.height - text_high) / 2
    for part in parts:
        y -= part.height
        card.put(part, look.dp(20), y)
    card.put(
        qr,
        width - qr.width - look.dp(14),
        look.dp(8) if look.portrait else (card.height - qr.height) / 2,
    )
    return card


def _next_steps(view: View, item: Receipt) -> list[str]:
    office = view.services.office
    if item.kind == "ticket":
        return [
            view.say("receipt.ticket_wait"),
            view.say("receipt.ticket_go", counter=office.counter),
        ]
    return [
        view.say("receipt.bring", counter=office.counter),
        view.say("receipt.hours", hours=view.said(office.hours))
        if office.hours
        else view.say("receipt.hours_unknown"),
    ]
