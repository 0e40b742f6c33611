"""Opening hours: this office's are set by the office, those of other agencies are not known."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.service import Catalogue, Service
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Agency, Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording


class Opening:
    """Changes nothing."""

    def __init__(
        self, catalogue: Catalogue, hearing: Hearing, wording: Wording, answers: Answering
    ) -> None:
        self._services = catalogue.services
        self._hearing = hearing
        self._wording = wording
        self._answers = answers

    def asked(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """None where no hours are asked of; "kalau minggu" does so only after hours."""
        asks = heard.question is not None and heard.question.slot == "jam"
        goes_on = thread.slot == "jam" and self._hearing.moves(heard, "bare_day")
        whose = self._whose(heard, thread) if asks or goes_on else None
        if isinstance(whose, Agency):
            return Reply("unknown", self._answers.hours_elsewhere(whose.name), slot="jam")
        return self.of(whose, heard, now) if whose is not None else None

    def of(self, service: Service, heard: Heard, now: datetime) -> Reply:
        """What is done here is done in the office's hours."""
        about = self._services.get(self._hearing.hours_service, service)
        asked = self._hearing.days.asked(heard.words, now.date())
        settled = asked is not None or not self._hearing.days.unsettled(heard.words)
        day = asked or now.date()
        is_now = day == now.date() and not self._hearing.days.at_an_hour(heard.words)
        clock = now.time() if is_now else None
        said = self._answers.hours(about, now.date(), day, clock, settled=settled)
        if said is None or not service.at_kelurahan:
            missing = self._answers.missing(service, "hours", now.date())
            return Reply("unknown", missing, service.id, "jam")
        return Reply("answer" if settled else "unknown", said, service.id, "jam")

    def _whose(self, heard: Heard, thread: Thread) -> Service | Agency | None:
        """An agency that is named, this office if it is, else what is named or spoken of."""
        for agency in heard.agencies:
            return self._services.get(agency.service, agency)
        office = self._services.get(self._hearing.hours_service)
        if self._hearing.of_the_office(heard):
            return office
        left = self._hearing.days.without(heard.words).split()
        named = self._wording.surely_named(" ".join(one for one in left if one in heard.beyond))
        spoken = named or thread.service
        return self._services[spoken] if spoken else office
