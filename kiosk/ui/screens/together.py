"""Several letters of a life event in one go: which ones, and one receipt for all of them."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.errand import together
from kiosk.domain.transaction import RECEIVED_BY_CITY, Receipt
from kiosk.ui import theme
from kiosk.ui.screens.done import next_steps, state_box
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import columns, labelled, notice
from kiosk.ui.widgets.field import qr_code
from kiosk.ui.widgets.parts import Card, button, fitted
from kiosk.ui.widgets.rows import row


def letters(view: View, visit: Visit) -> Screen:
    """The letters of an event, none chosen: nobody files what they did not ask for."""
    look, known = view.look, view.services.catalogue
    event = next(one for one in known.events if one.id == view.session.place.about)
    found = together(event, known)
    chosen = [one for one in found if one.id in view.session.letters]

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if view.session.problem is not None:
            told = view.say(f"error.{view.session.problem.code}")
            parts.append(notice(look, told, width, tone="error", icon="alert-circle"))
        for one in found:
            here = one in chosen
            parts.append(
                row(
                    look,
                    f"letter:{one.id}",
                    view.on_meant,
                    view.said(one.name),
                    width,
                    icon="square-check" if here else "square",
                    kind="chosen" if here else "row",
                    arrow="",
                )
            )
        return parts

    several = len(chosen) > 1
    words = view.say("letters.go", count=len(chosen)) if several else view.say("checklist.ready")
    return Screen(
        heading=view.say("letters.title"),
        blocks=blocks,
        footer=[
            button(
                look,
                f"letters_done:{event.id}",
                view.on_meant,
                words,
                kind="main",
                icon_right="arrow-right",
                width=look.dp(520),
            )
        ],
        strip=view.say("letters.once"),
        picture=event.icon,
    )


def receipts(view: View, visit: Visit) -> Screen:
    """Every letter with its own code; one state for all, the least that is true of each."""
    look, items = view.look, view.session.receipts

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = [state_box(view, behind(items), width)]
        if look.portrait or look.text > 1.2:
            parts += [_one(view, item, width) for item in items]
        else:
            wide = (width - look.dp(theme.GAP)) / 2
            cards = [_one(view, item, wide) for item in items]
            parts += [columns(look, width, cards[at : at + 2]) for at in range(0, len(cards), 2)]
        parts += labelled(
            look,
            view.say("receipt.next_label"),
            next_steps(view, items[0]),
            width,
            icon="list-numbers",
            numbered=True,
            most=look.most,
        )
        return parts

    another = button(look, "another", view.on_meant, view.say("receipt.another"), width=look.half)
    rest = view.say("receipt.then")
    more = button(
        look, "page:+1", view.on_meant, rest, kind="main", icon="chevron-down", width=look.half
    )
    return Screen(
        heading=view.say("letters.stored", count=len(items)) if look.portrait else "",
        blocks=blocks,
        until_seen=[another, more],
        footer=[
            another,
            button(
                look,
                "finish",
                view.on_meant,
                view.say("receipt.finish"),
                kind="main",
                icon="check",
                width=look.half,
            ),
        ],
        touched=False,
        back=False,
    )


def behind(items: tuple[Receipt, ...]) -> Receipt:
    """The one that is least far: what is said of it may be said of all."""
    stuck = [one for one in items if one.state not in (*RECEIVED_BY_CITY, "accepted")]
    here = [one for one in items if one.state == "accepted"]
    return next(iter([*stuck, *here, *items]))


def _one(view: View, item: Receipt, width: float) -> Widget:
    """Its name, its code, and the code as a QR."""
    look, p = view.look, view.look.palette
    qr = qr_code(look, item.code, look.dp(108))
    room = width - qr.width - look.dp(48)
    service = view.services.catalogue.services.get(item.service)
    least = round(theme.KET / look.text)
    name = fitted(
        look,
        view.said(service.name) if service else item.service,
        room,
        token=theme.ISI,
        least=least,
        ink=p.soft,
        paper=p.card,
    )
    code = fitted(look, item.code, room, token=60, least=theme.ISI, bold=True, paper=p.card)
    high = max(qr.height, name.height + code.height) + look.dp(12)
    card = Card(look, (width, high), paper=p.card, edge=p.edge)
    low = (high - name.height - code.height) / 2
    card.put(code, look.dp(20), low)
    card.put(name, look.dp(20), low + code.height)
    card.put(qr, width - qr.width - look.dp(12), (high - qr.height) / 2)
    return card
