"""Every screen by the name of its place."""

from collections.abc import Callable

from kiosk.ui.screens import (
    about,
    ask,
    done,
    find,
    help,
    letter,
    listen,
    news,
    office,
    papers,
    service,
    status,
    ticket,
    together,
)
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit

SCREENS: dict[str, Callable[[View, Visit], Screen]] = {
    "home": find.home,
    "events": find.events,
    "event": find.event,
    "services": find.services,
    "category": find.category,
    "search": find.search,
    "results": find.results,
    "ask": ask.ask,
    "answer": ask.answer,
    "service": service.service,
    "sources": service.sources,
    "checklist": papers.checklist,
    "missing": papers.missing,
    "letters": together.letters,
    "privacy": letter.privacy,
    "question": letter.question,
    "check": letter.check,
    "preview": letter.preview,
    "receipts": together.receipts,
    "listen": listen.listen,
    "aloud": listen.aloud,
    "spoken": listen.spoken,
    "ticket": ticket.ticket,
    "receipt": done.receipt,
    "staff": help.staff,
    "consent": help.consent,
    "handed": help.handed,
    "status": status.status,
    "standing": status.standing,
    "news": news.news,
    "machine": about.machine,
    "state": about.state,
    "pin": office.pin,
    "readiness": office.readiness,
}
