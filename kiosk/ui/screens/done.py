"""The receipt: what is stored, what the city has, what came out on paper, what to do next."""

from __future__ import annotations

from typing import Any

from kivy.uix.widget import Widget

from kiosk.domain.service import Service
from kiosk.domain.transaction import RECEIVED_BY_CITY, Receipt
from kiosk.ui import theme
from kiosk.ui.screens.ticket import outlook_words
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, columns, labelled, notice
from kiosk.ui.widgets.field import qr_code
from kiosk.ui.widgets.parts import Card, Words, button, fitted


def state_box(view: View, receipt: Receipt, width: float) -> Widget:
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

    waits, paper = wait_box, paper_box
    printed = bool(paper(view, item, look.half))
    staffed = view.services.counter is not None

    def steps(width: float) -> list[Widget]:
        words, label = next_steps(view, item), view.say("receipt.next_label")
        return labelled(look, label, words, width, icon="list-numbers", numbered=True)

    def blocks(width: float) -> list[Widget]:
        """Upright all below each other; else what changes stands in pairs, on the first page."""
        number = _number(view, item, service, width)
        if look.portrait or not staffed:
            told = [*paper(view, item, width), *waits(view, item, width)]
            return [number, *told, state_box(view, item, width), *steps(width)]
        half = (width - look.dp(theme.GAP)) / 2
        pair = [*waits(view, item, half), *paper(view, item, half)]
        if not item.ticket and pair:
            pair.insert(0, state_box(view, item, half))
        if len(pair) == 1:
            pair = [*waits(view, item, width), *paper(view, item, width)]
        parts: list[Widget] = [number, columns(look, width, pair)] if pair else [number]
        if item.ticket or not pair:
            parts.append(state_box(view, item, width))
        return [*parts, *steps(width)]

    # What happens next may be a page away: nobody ends before having been offered it.
    long = look.text > 1.2 or printed or (staffed and item.ticket is not None)
    paged = long and (not look.portrait or (look.text > 1.2 and staffed and bool(item.ticket)))
    more = paged and view.session.place.page == 0
    on, end = ("page:+1", "receipt.then", "chevron-down"), ("finish", "receipt.finish", "check")
    last = on if more else end
    acts = [("another", "receipt.another", ""), last]
    if staffed and item.kind == "application":
        acts.insert(1, (f"go:ticket:{item.service}", "receipt.take_number", "ticket"))
    wide = (look.width - 2 * look.margin - look.dp(theme.GAP) * (len(acts) - 1)) / len(acts)
    return Screen(
        heading="",
        blocks=blocks,
        footer=[
            button(
                look,
                meaning,
                view.on_meant,
                view.say(key),
                kind="main" if meaning == last[0] else "plain",
                icon="" if look.portrait and len(acts) > 2 else icon,
                width=wide,
            )
            for meaning, key, icon in acts
        ],
        touched=False,
        back=False,
        spoken=_spoken(view, item),
    )


def _spoken(view: View, item: Receipt) -> str:
    """The number and what to do; a code of eight signs is read, not heard."""
    parts = [view.say("receipt.number"), " ".join(item.ticket or "")] if item.ticket else []
    parts.append(view.say("receipt.city" if item.state in RECEIVED_BY_CITY else "receipt.here"))
    return ". ".join((*parts, *next_steps(view, item)))


def wait_box(view: View, item: Receipt, width: float) -> list[Widget]:
    """Who is before one, until one's number is called."""
    counter = view.services.counter
    seen = counter.entry(item.id) if counter is not None and item.ticket else None
    if seen is None:
        return []
    entry, outlook = seen
    look = view.look
    tone: Tone
    if entry.state == "waiting":
        words, icon, tone = outlook_words(view, outlook), "users", "chosen"
    elif entry.state in ("called", "serving"):
        where = entry.counter or view.services.office.counter
        words, icon, tone = view.say("queue_state.called", counter=where), "bell-ringing", "done"
    else:
        return []
    most = look.most if look.portrait else look.dp(104)
    return [notice(look, words, width, icon=icon, tone=tone, most=most)]


def paper_box(view: View, item: Receipt, width: float) -> list[Widget]:
    """Nothing where there is no printer: then nobody expects a paper."""
    counter = view.services.counter
    printed = counter.print_of(item.id) if counter is not None else None
    if printed is None:
        return []
    look, state = view.look, printed[0]
    most = look.most if look.portrait else look.dp(104)
    if state == "failed":
        words = view.say("print.failed")
        return [notice(look, words, width, icon="printer-off", tone="error", most=most)]
    words = view.say("print.confirmed" if state == "confirmed" else "print.queued")
    return [notice(look, words, width, icon="printer", most=most)]


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
        own = f"{view.say('receipt.own_code')}: {item.code}"
        parts.append(fitted(look, own, room, token=theme.ISI, **tiny))
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


def next_steps(view: View, item: Receipt) -> list[str]:
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
