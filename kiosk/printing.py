"""The thread that prints: takes what is queued, one after another, and writes down what came of it.

The screen never waits for it. One try each: when the printer has no paper the person is shown the
QR and goes; a paper that came out minutes later would lie there for anybody.
"""

from __future__ import annotations

import logging
import threading

from kiosk.bootstrap import Shown, Store, layers_version, now, shown_of
from kiosk.config import Settings
from kiosk.devices.printer import NotPrinted, Printer
from kiosk.domain.paper import Paper
from kiosk.domain.service import Catalogue, Service
from kiosk.store.prints import PrintJob, Prints
from kiosk.store.problems import DatabaseUnusable, TryLater
from kiosk.ui.i18n import Sentences
from kiosk.ui.paper import Words, papers_paper, receipt_paper, ticket_paper

LOOK_S = 0.25
REST_S = 5.0  # after the store could not be asked

logger = logging.getLogger(__name__)


class PrintWorker:
    """Runs until `stop`. It has a database connection of its own."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, printer: Printer | None = None
    ) -> None:
        if printer is None and settings.printer is None:
            raise ValueError("no printer is set up")
        self._settings = settings
        self._shown = Shown(catalogue)
        self._printer = printer or Printer(settings.printer)  # type: ignore[arg-type]
        self._sentences = Sentences(settings.assets / "locales")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="printing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> None:
        """A paper that is coming out is waited for, not longer than `within_s`."""
        self._stop.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        store = Store(self._settings)
        prints: Prints | None = None
        while not self._stop.is_set():
            try:
                if prints is None:  # in this thread: the connection belongs to it
                    prints = store.prints
                    prints.start()
                job = prints.next()
                if job is not None:
                    self._print(prints, store, job)
                    continue
                self._stop.wait(LOOK_S)
            except (DatabaseUnusable, TryLater) as error:
                logger.warning("printing: %s", error)
                self._stop.wait(REST_S)
        store.close()

    def _print(self, prints: Prints, store: Store, job: PrintJob) -> None:
        try:
            said = self._printer.print(self.paper(job, store))
        except NotPrinted as error:
            logger.warning("paper %d did not come out: %s", job.id, error.problem)
            prints.fail(job.id, error.problem)
        else:
            prints.confirm(job.id, "" if said else "silent")

    def paper(self, job: PrintJob, store: Store) -> Paper:
        """From the record as it stands now."""
        words, office = Words(self._sentences, job.lang), self._settings.office
        if layers_version(store) != self._shown.version:  # paper says what the screens say
            self._shown = shown_of(self._settings)
        services = self._shown.catalogue.services
        if job.what == "papers":
            return papers_paper(words, office, services[job.service], now())
        receipt, copy = store.transactions.receipt(job.txn_id), bool(job.by)
        if job.what == "receipt":
            service = services.get(receipt.service)
            return receipt_paper(words, office, receipt, service, copy=copy)
        entry = store.queue.entry_of(job.txn_id)
        wanted: list[Service] = [
            services[one.service]
            for one in (entry.errands if entry else ())
            if one.service in services
        ]
        return ticket_paper(words, office, receipt, entry, wanted, copy=copy)
