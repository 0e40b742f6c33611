"""Every screen by the name of its place."""

from collections.abc import Callable

from kiosk.ui.screens import about, ask, done, find, letter, listen, service
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
    "checklist": service.checklist,
    "missing": service.missing,
    "privacy": letter.privacy,
    "question": letter.question,
    "check": letter.check,
    "listen": listen.listen,
    "aloud": listen.aloud,
    "spoken": listen.spoken,
    "ticket": done.ticket,
    "receipt": done.receipt,
    "staff": about.staff,
    "machine": about.machine,
    "state": about.state,
}
