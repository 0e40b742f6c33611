"""The part of a visit that has to do with the counter: its number, its paper, its staff, its code.

What is only of this visit (what a number is wanted for, who has priority) lives here and dies with
it. No Kivy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kiosk.domain.code import read_code
from kiosk.domain.errand import find_errand
from kiosk.domain.handover import Handover
from kiosk.domain.session import Place, Session, questions
from kiosk.domain.status import Status
from kiosk.domain.transaction import Draft
from kiosk.ui.hearing import Hears
from kiosk.ui.services import Counter, NotAccepted, UiServices

WANTED_MOST = 6
STATUS_MAX = 24  # a scanner may give a NIK: it is refused like any other text that is no code


@dataclass
class Asked:
    """The code that was asked for: what is known of it, or how long to wait, or that it is none."""

    code: str
    status: Status | None = None
    wait_s: int = 0


@dataclass
class Bell:
    """A call for help, or a form on its way; `at` when it was sent."""

    handover: Handover
    at: datetime


@dataclass
class Wishes:
    """What this person's number is for. `filed` are the ids and services of their applications."""

    services: list[str] = field(default_factory=list)
    filed: dict[str, str] = field(default_factory=dict)
    priority: bool = False


class AtCounter(Hears):
    def __init__(self, services: UiServices, session: Session) -> None:
        super().__init__(services, session)
        self.wishes = Wishes()
        self.asked: Asked | None = None
        self.bell: Bell | None = None
        self.unheard = False  # the bell could not be rung: wave, or walk
        self.lists: dict[str, int] = {}  # print job of a "bring these" list, by service

    @property
    def counter(self) -> Counter | None:
        return self.services.counter

    # -- a number

    @property
    def wanted(self) -> tuple[str, ...]:
        """The services this number would be for, those that were filed first."""
        here = self.session.place.about if self.session.place.name == "ticket" else ""
        known = self.services.catalogue.services
        named = [*self.wishes.filed.values(), *self.wishes.services, here]
        return tuple(dict.fromkeys(one for one in named if one in known))[:WANTED_MOST]

    def _more(self, _about: str) -> None:
        """Another service in the same visit: this one is kept, the next one is looked for."""
        self.wishes.services = [one for one in self.wanted if one not in self._filed]
        self.session.go(Place("services"))

    def _less(self, service_id: str) -> None:
        self.wishes.services = [
            one for one in self.wanted if one not in self._filed and one != service_id
        ]
        if self.session.place.about == service_id:
            self.session.places[-1] = Place("ticket", next(iter(self.wishes.services), ""))

    @property
    def _filed(self) -> set[str]:
        return set(self.wishes.filed.values())

    def _send(self) -> None:
        super()._send()
        session = self.session
        for receipt in (session.receipt, *session.receipts):
            if receipt is not None and receipt.kind == "application":
                self.wishes.filed[receipt.id] = receipt.service

    def _take(self, service_id: str) -> None:
        counter, wanted = self.counter, self.wanted
        if counter is None:
            super()._take(service_id)
            return
        main = service_id or (wanted[0] if wanted else "")
        try:
            receipt = counter.take(
                Draft("ticket", main, {}, self.session.lang),
                priority=self.wishes.priority,
                services=wanted,
                applications=tuple(self.wishes.filed),
            )
        except NotAccepted as refusal:
            self.session.refused = refusal.code
            return
        self.wishes = Wishes(priority=self.wishes.priority)
        self.session.hand_over(receipt)

    def _priority(self, _about: str) -> None:
        self.wishes.priority = not self.wishes.priority

    # -- help

    def _ring(self, _about: str) -> None:
        """The desk rings once, however often it is touched."""
        counter = self.counter
        if counter is None or self.bell_standing() is not None:
            return
        handover = counter.ring(self.session.lang)
        self.unheard = handover is None
        if handover is not None:
            self.bell = Bell(handover, self.services.now())

    def bell_standing(self) -> str | None:
        """How the call or the form stands at the desk; None: there is none, or it is over."""
        if self.bell is None or self.counter is None:
            return None
        return self.counter.standing(self.bell.handover.id)

    @property
    def half_filled(self) -> str:
        """The errand whose form is being filled in on the way here, "" when none is."""
        for place in reversed(self.session.places):
            if place.name in ("question", "check"):
                return place.about.partition("/")[0]
        return ""

    def _hand_over(self, _about: str) -> None:
        """Agreed on the screen: the form goes to the desk. What was typed stays in memory until
        the person ends the visit, so that they may take it back."""
        counter, errand = self.counter, find_errand(self.services.catalogue, self.half_filled)
        if counter is None or errand is None:
            return
        self._stop_bell()
        # It is written to the disk: nothing goes there that is no question of this form.
        keys = {page.key for page in questions(errand.form, self.session.raw)}
        raw = {key: text for key, text in self.session.raw.items() if key in keys}
        answered = frozenset(self.session.answered & keys)
        handover = counter.offer(errand.key, raw, answered, self.session.lang)
        self.unheard = handover is None
        if handover is not None:
            self.bell = Bell(handover, self.services.now())
            self.session.go(Place("handed"))

    def _take_back(self, _about: str) -> None:
        """Only while no clerk has it open: two must not go on with the same form."""
        if self.bell_standing() != "taken":
            self._stop_bell()
        while self.session.place.name in ("handed", "consent", "staff"):
            self.session.back()

    def _stop_bell(self) -> None:
        bell, self.bell = self.bell, None
        if bell is not None and self.counter is not None:
            self.counter.take_back(bell.handover.id)

    # -- status by code

    def _ask_status(self, typed: str) -> None:
        """A code that is none is said to be none whatever it is: a NIK, too, is just not a code."""
        counter, code = self.counter, read_code(typed)
        self.session.raw.pop("status", None)
        if counter is None:
            return
        self.asked = Asked("")
        if code is not None:
            found = counter.status(code)
            if isinstance(found, int):
                self.asked = Asked(code, wait_s=found)
            else:
                self.asked = Asked(code, found)
        self.session.go(Place("standing"))

    def _scanned(self, text: str) -> None:
        """A scanner types faster than anybody; on a screen where something else is typed it is
        not heeded."""
        if self.counter is not None and self.session.place.name not in ("question", "check"):
            if self.session.place.name in ("attract", "goodbye"):
                self.session.home()
            self._ask_status(text[:STATUS_MAX])

    # -- paper

    def _print_list(self, service_id: str) -> None:
        """One list a service and visit: more are for the staff to print."""
        counter = self.counter
        if counter is not None and service_id not in self.lists:
            job = counter.print_papers(service_id, self.session.lang)
            if job is not None:
                self.lists[service_id] = job

    def forget_counter(self) -> None:
        """The visit is over. A call for help goes on ringing only if nobody ended it."""
        self.wishes, self.asked, self.bell, self.unheard = Wishes(), None, None, False
        self.lists.clear()


def shown_code(typed: str) -> str:
    """What was typed so far as it stands on the paper: "KH7F-3K"."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    return f"{signs[:4]}-{signs[4:]}" if len(signs) > 4 else signs
