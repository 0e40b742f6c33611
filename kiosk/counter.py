"""The counter as the screens see it: the queue, the desk's bell, hand-overs, status, paper.

Everything here runs in the thread of the screen and takes milliseconds. What cannot be asked now
is answered as if there were nothing: a citizen goes on without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

from kiosk.bootstrap import Store, now
from kiosk.config import WIB, Settings
from kiosk.domain.filing import fileable
from kiosk.domain.handover import Handover, Standing
from kiosk.domain.paper import PrintState, PrintWhat
from kiosk.domain.queue import Call, Entry, Line, Outlook, Taking, line_of
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Lang
from kiosk.domain.status import Guesses, Status
from kiosk.domain.transaction import Draft, Receipt
from kiosk.store.handover import TooMany
from kiosk.store.prints import AlreadyPrinted, PrintJob
from kiosk.store.problems import DatabaseUnusable, TryLater
from kiosk.store.queue import load_lines
from kiosk.store.standing import standing_of

SERVICES_MOST = 6  # of one visit

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Counter:
    """`stored` files something and turns what went wrong into NotAccepted."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        catalogue: Catalogue,
        regions: Regions,
        stored: Callable[[Callable[[], Receipt]], Receipt],
    ) -> None:
        self._settings = settings
        self._store = store
        self._catalogue = catalogue
        self._regions = regions
        self._stored = stored
        self._guesses = Guesses()

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        return load_lines(self._settings.assets / "queue.toml")

    # -- the queue

    def take(
        self,
        draft: Draft,
        *,
        priority: bool,
        services: tuple[str, ...],
        applications: tuple[str, ...],
    ) -> Receipt:
        line = self._line_of(draft.service)
        taking = Taking(
            line=line.id,
            letter=line.letter,
            priority=priority,
            services=tuple(one for one in services if one in self._catalogue.services)[
                :SERVICES_MOST
            ],
            applications=applications[:SERVICES_MOST],
        )

        def file() -> Receipt:
            today = now().date()
            checked = fileable(draft, self._catalogue, today=today, regions=self._regions)
            return self._store.transactions.accept(checked, taking)

        receipt = self._stored(file)
        self.print_record(receipt, draft.lang)
        return receipt

    def _line_of(self, service_id: str) -> Line:
        service = self._catalogue.services.get(service_id)
        return line_of(service.category if service else "", self._lines)

    def outlook(self, service: str, *, priority: bool) -> Outlook | None:
        line = self._line_of(service).id
        return _calmly(lambda: self._store.queue.outlook_before(line, priority=priority))

    def entry(self, txn_id: str) -> tuple[Entry, Outlook] | None:
        def ask() -> tuple[Entry, Outlook] | None:
            entry = self._store.queue.entry_of(txn_id)
            return None if entry is None else (entry, self._store.queue.outlook(entry))

        return _calmly(ask)

    def calls_after(self, seq: int | None) -> list[Call]:
        if seq is None:
            last = _calmly(self._store.queue.last_seq) or 0
            return [Call(last, "", "", now())]
        return _calmly(lambda: self._store.queue.calls_after(seq)) or []

    # -- the desk

    def ring(self, lang: Lang) -> Handover | None:
        return _calmly(lambda: self._store.handovers.ring(lang))

    def offer(
        self, service: str, raw: Mapping[str, str], answered: frozenset[str], lang: Lang
    ) -> Handover | None:
        return _calmly(lambda: self._store.handovers.offer(service, raw, answered, lang))

    def standing(self, handover_id: str) -> Standing | None:
        return _calmly(lambda: self._store.handovers.standing(handover_id))

    def take_back(self, handover_id: str) -> None:
        _calmly(lambda: self._store.handovers.end(handover_id))

    def tidy(self) -> None:
        _calmly(self._store.handovers.expire)

    # -- status

    def status(self, code: str) -> Status | int | None:
        now_s = time.monotonic()
        if (wait_s := self._guesses.wait_s(now_s)) > 0:
            return wait_s
        home = self._settings.home
        found = _calmly(lambda: standing_of(self._store.db, home, code, WIB))
        if found is None:
            self._guesses.missed(now_s)
            return None
        self._guesses.found()
        receipt = self._store.transactions.receipt(found.txn_id)
        seen = self.entry(found.txn_id)
        return Status(
            receipt=receipt,
            asked=now(),
            entry=seen[0] if seen else None,
            outlook=seen[1] if seen else None,
            desk=found.desk,
            desk_reason=found.desk_reason,
            desk_at=found.desk_at,
            city=found.city,
            city_at=found.city_at,
            city_note=found.city_note,
        )

    # -- paper

    def prints(self) -> bool:
        return self._settings.printer is not None

    def print_record(self, receipt: Receipt, lang: str) -> None:
        """Its receipt or ticket, once; the screen does not wait for it."""
        if self.prints():
            what: PrintWhat = "ticket" if receipt.kind == "ticket" else "receipt"
            _calmly(lambda: self._store.prints.ask(what, txn_id=receipt.id, lang=lang))

    def print_papers(self, service: str, lang: Lang) -> int | None:
        return _calmly(lambda: self._store.prints.ask("papers", service=service, lang=lang))

    def print_of(self, txn_id: str) -> tuple[PrintState, str] | None:
        return _state(_calmly(lambda: self._store.prints.of(txn_id)))

    def print_job(self, job: int) -> tuple[PrintState, str] | None:
        return _state(_calmly(lambda: self._store.prints.job(job)))


def _state(job: PrintJob | None) -> tuple[PrintState, str] | None:
    return None if job is None else (job.state, job.problem)


def _calmly(ask: Callable[[], T]) -> T | None:
    """None where it cannot be done now; the log says why, without a person in it."""
    try:
        return ask()
    except (DatabaseUnusable, TryLater, TooMany) as error:
        logger.warning("the counter: %s", error)
    except (AlreadyPrinted, KeyError, ValueError) as error:
        logger.warning("the counter: %s", type(error).__name__)
    return None
