"""The sync agent: drains the outbox to the city, pulls what the city publishes, never draws.

Nothing here is remembered about a batch on its way: what is not acknowledged is still `accepted`
in the outbox, and is simply sent again. The city tells a repetition by the id.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sync import backoff, protocol, signing
from sync.transport import (
    CityTransport,
    DeviceStopped,
    Refused,
    Unreachable,
    checked_city_url,
)

log = logging.getLogger("sync.agent")

WATCH_S = 0.3  # how often the agent looks whether another process committed
POLL_FROM_S, POLL_TO_S = 300.0, 900.0  # idle: a nation's kiosks must not ask every minute
BUGS_IN_A_ROW = 3  # then crash; the service manager starts a clean process
RESENDS_A_ROUND = 2

RecordedOutcome = tuple[str, str, int | None, str | None]  # id, outcome, server_seq, problem


class OutboxItem(Protocol):
    """One unsent transaction (kiosk.domain.transaction.OutboxItem); `body` are the exact bytes."""

    @property
    def id(self) -> str: ...
    @property
    def epoch(self) -> str: ...
    @property
    def dseq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def schema(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Outbox(Protocol):
    """What the agent needs of the device's store. Every call is one commit at most."""

    def due(self, limit: int, after_dseq: int = 0) -> Sequence[OutboxItem]:
        """Items in state accepted with dseq > after_dseq, in dseq order."""

    def record(self, outcomes: Sequence[RecordedOutcome]) -> None:
        """stored/duplicate -> acked; conflict and quarantined as they are. Repeatable."""

    def note_attempt(self, ids: Sequence[str], problem: str | None) -> None: ...
    def left(self) -> int: ...
    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...
    def device(self) -> dict[str, Any] | None: ...
    def save_device(self, device: dict[str, Any]) -> None: ...
    def replace_pulled(self, feed: str, items: list[dict[str, Any]], cursor: str) -> None:
        """Swaps the whole feed and puts `cursor:FEED`, in one transaction."""

    def resend_from(self, dseq: int) -> None:
        """acked items with this dseq or a later one become accepted again."""


class NotEnrolled(Exception):
    """This device has no city yet; the text says what to do."""


class EnrolRefused(Exception):
    """The city did not take the code; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What one round did. `acked` includes `duplicates`; `quarantined` includes conflicts.

    `problem` is one line for staff; `wait_s` what the city asked for; `stopped`: the city no
    longer serves this device.
    """

    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    quarantined: int = 0
    pulled: int = 0
    left: int = 0
    problem: str | None = None
    wait_s: float | None = None
    stopped: bool = False

    def counts(self) -> dict[str, int]:
        """The JSON object of `kiosk sync --once`."""
        fields = asdict(self)
        return {name: fields[name] for name in COUNTS}


COUNTS = ("sent", "acked", "duplicates", "quarantined", "pulled", "left")


def enrol(
    outbox: Outbox,
    home: Path,
    code: str,
    city_url: str,
    *,
    ca_file: Path | None = None,
    now: Callable[[], datetime] = signing.utc_now,
) -> str:
    """Registers this device; returns its id. Safe to repeat when the reply was lost.

    Raises BadCityUrl, KeyUnusable, EnrolRefused, Unreachable.
    """
    city_url = checked_city_url(city_url)
    if not protocol.plain_code(code):
        raise EnrolRefused("code: empty; ask the city for one (city enrol-code)")
    transport = CityTransport(city_url, signing.load_or_make_key(home), ca_file=ca_file, now=now)
    try:
        reply = transport.enrol(code)
    except DeviceStopped as stopped:
        raise EnrolRefused(
            f"the city refuses this device ({stopped.code}); ask the city's administrator"
        ) from stopped
    except Refused as refused:
        raise EnrolRefused(
            f"the city does not take this code ({refused.code}): wrong, used or expired; "
            "ask for a new one"
        ) from refused
    finally:
        transport.close()
    # The epoch is left to the first round: it must notice if this is another city than before.
    outbox.save_device(
        {"device": reply.device, "city_url": city_url, "enrolled_at": now().isoformat()}
    )
    outbox.put("stopped", "")
    return reply.device


def open_agent(outbox: Outbox, home: Path, *, ca_file: Path | None = None) -> Agent:
    """The agent of an enrolled device. Raises NotEnrolled, KeyUnusable, BadCityUrl."""
    device = outbox.device()
    if device is None:
        raise NotEnrolled("not enrolled: run kiosk enrol CODE --city URL")
    key = signing.load_key(home)
    return Agent(outbox, CityTransport(device["city_url"], key, ca_file=ca_file))


class Agent:
    """One device's conversation with its city. One thread; several processes may run it at once."""

    def __init__(
        self,
        outbox: Outbox,
        transport: CityTransport,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
        now: Callable[[], datetime] = signing.utc_now,
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._monotonic_s = monotonic_s
        self._draw = draw
        self._now = now
        self._batch_items = protocol.BATCH_MAX_ITEMS

    # --- one round ------------------------------------------------------------------------------
    def once(self) -> Summary:
        """Drains and pulls once, at once, whatever was left behind by earlier tries."""
        return self._round(poll=True)

    def _round(self, *, poll: bool) -> Summary:
        tally = _Tally()
        problem, wait_s, stopped = None, None, False
        try:
            self._drain(tally)
            if poll:
                if not tally.sent:
                    self._check_city(tally)
                tally.pulled += self._pull("catalogue")
        except Unreachable as error:
            problem, wait_s = f"the city could not be reached: {error}", error.retry_after_s
            if error.slow:  # a thin line: come back with less
                self._batch_items = max(1, self._batch_items // 2)
        except DeviceStopped as error:
            problem, stopped = f"the city does not serve this device: {error.code}", True
        except Refused as error:
            problem = f"the city refuses to answer: {error.code}"
        self._note(problem, stopped, spoke=poll or tally.sent > 0)
        summary = tally.summary(left=self._outbox.left())
        return replace(summary, problem=problem, wait_s=wait_s, stopped=stopped)

    def _note(self, problem: str | None, stopped: bool, *, spoke: bool) -> None:
        if problem is None and spoke:
            self._outbox.put("last_success", self._now().isoformat(timespec="seconds"))
        for name, value in (
            ("last_problem", problem or ""),
            ("stopped", (problem or "") if stopped else ""),
        ):
            if (self._outbox.get(name) or "") != value:  # a commit wakes every other process
                self._outbox.put(name, value)

    # --- up -------------------------------------------------------------------------------------
    def _drain(self, tally: _Tally) -> None:
        after_dseq = 0
        while found := self._outbox.due(self._batch_items, after_dseq):
            after_dseq = found[-1].dseq
            sound = self._sound(found, tally)
            for batch in protocol.pack(sound, self._batch_items):
                if self._push(batch, tally):
                    after_dseq = 0  # the city was restored: earlier ones are due again

    def _sound(self, found: Sequence[OutboxItem], tally: _Tally) -> list[protocol.Item]:
        """The items whose bytes are still what was hashed at the commit; others are set aside."""
        sound, damaged = [], []
        for item in found:
            if protocol.sha256_of(item.body) != item.sha256 or not _is_utf8(item.body):
                damaged.append((item.id, "quarantined", None, "damaged on this device"))
                continue
            sound.append(
                protocol.Item(
                    item.id, item.epoch, item.dseq, item.kind, item.schema, item.sha256, item.body
                )
            )
        if damaged:
            self._outbox.record(damaged)
            tally.quarantined += len(damaged)
        return sound

    def _push(self, batch: Sequence[protocol.Item], tally: _Tally) -> bool:
        """Sends one batch; True when earlier items became due again."""
        ids = [item.id for item in batch]
        tally.sent += len(batch)
        try:
            reply = self._transport.push(batch)
        except Refused as refused:
            tally.sent -= len(batch)
            return self._bisect(batch, refused, tally)
        except Unreachable as error:
            self._outbox.note_attempt(ids, str(error))
            raise
        except DeviceStopped as error:
            self._outbox.note_attempt(ids, error.code)
            raise
        again = self._meet(reply.server_epoch, reply.streams, tally)
        self._take(batch, reply, tally)
        self._batch_items = min(self._batch_items * 2, protocol.BATCH_MAX_ITEMS)
        return again

    def _bisect(self, batch: Sequence[protocol.Item], refused: Refused, tally: _Tally) -> bool:
        """One bad item must not hold up the others: halve until it stands alone."""
        if len(batch) > 1:
            middle = len(batch) // 2
            first = self._push(batch[:middle], tally)
            return self._push(batch[middle:], tally) or first
        tally.sent += 1
        (item,) = batch
        if refused.by_city:
            self._outbox.record([(item.id, "quarantined", None, refused.code)])
            tally.quarantined += 1
        else:  # a stranger on the way said so: no reason to give the item up
            self._outbox.note_attempt([item.id], refused.code)
        return False

    def _take(
        self, batch: Sequence[protocol.Item], reply: protocol.PushReply, tally: _Tally
    ) -> None:
        sent = {item.id: item for item in batch}
        outcomes: list[RecordedOutcome] = []
        for said in reply.outcomes:
            item = sent.pop(said.id, None)
            if item is None:
                continue
            if said.outcome in protocol.ACKNOWLEDGED:
                if said.sha256 != item.sha256 or said.server_seq is None:
                    sent[item.id] = item  # about other bytes than ours: not an acknowledgement
                    continue
                tally.acked += 1
                tally.duplicates += said.outcome == "duplicate"
            else:
                tally.quarantined += 1
            outcomes.append((said.id, said.outcome, said.server_seq, said.problem))
        self._outbox.record(outcomes)
        if sent:
            self._outbox.note_attempt(list(sent), "the reply said nothing valid about it")

    # --- has the city forgotten something? ------------------------------------------------------
    def _check_city(self, tally: _Tally) -> None:
        reply = self._transport.status()
        if self._meet(reply.server_epoch, reply.streams, tally):
            self._drain(tally)

    def _meet(self, server_epoch: str, streams: Sequence[protocol.Stream], tally: _Tally) -> bool:
        """Compares the city with what it was; True when acknowledged items must go again.

        A city restored from a backup has a new epoch, or simply has less than it acknowledged.
        """
        text = self._outbox.get("city_seen")
        seen = json.loads(text) if text else {}
        through = {stream.epoch: stream.contiguous_through for stream in streams}
        known: dict[str, int] = seen.get("through", {})
        restored = bool(seen) and seen.get("server_epoch") != server_epoch
        lost = [epoch for epoch, dseq in known.items() if through.get(epoch, 0) < dseq]
        again = (restored or bool(lost)) and tally.resends < RESENDS_A_ROUND
        if again:
            tally.resends += 1
            start = min((through.get(epoch, 0) for epoch in known), default=0) + 1
            log.warning("the city was restored: sending again from dseq %d", start)
            self._outbox.resend_from(start)
        now_seen = {"server_epoch": server_epoch, "through": through}
        if now_seen != seen and (again or not (restored or lost)):
            self._outbox.put("city_seen", json.dumps(now_seen, sort_keys=True))
        return again

    # --- down -----------------------------------------------------------------------------------
    def _pull(self, feed: str) -> int:
        """Stages a changed feed whole, then swaps it in; returns its number of items."""
        cursor = self._outbox.get(f"cursor:{feed}") or ""
        gathered: dict[str, dict[str, Any]] = {}
        for number in range(protocol.PULL_MAX_PAGES):
            page = self._transport.pull(feed, cursor)
            if page is None:
                return 0
            if page.reset:
                gathered.clear()
            elif number == 0:
                raise Unreachable("the feed does not start at its beginning")
            gathered |= {item.id: {"id": item.id, "content": item.content} for item in page.items}
            cursor = page.cursor
            if not page.more:
                self._outbox.replace_pulled(feed, list(gathered.values()), cursor)
                return len(gathered)
        raise Unreachable("the feed has more pages than any feed of the city")

    # --- for ever -------------------------------------------------------------------------------
    def run_forever(self, stop: threading.Event, data_version: Callable[[], int]) -> Summary:
        """Drains as soon as another process commits, polls slowly otherwise, backs off on failure.

        `data_version` reads PRAGMA data_version: it changes when another connection committed.
        Returns the last round's summary when `stop` is set or the city no longer serves us.
        """
        failures = bugs = 0
        poll_at_s = self._monotonic_s()
        summary = Summary()
        while not stop.is_set():
            poll = self._monotonic_s() >= poll_at_s
            version = data_version()  # before the round: a commit during it must wake us again
            try:
                summary, bugs = self._round(poll=poll), 0
            except Exception as bug:  # the agent's loop: one odd moment must not end the service
                bugs += 1
                if bugs >= BUGS_IN_A_ROW:
                    raise
                log.error("round failed: %s", type(bug).__name__)
                summary = Summary(problem=type(bug).__name__)
            if summary.stopped:
                log.error("%s", summary.problem)
                return summary
            if summary.problem is None:
                failures = 0
                if poll:
                    poll_at_s = self._monotonic_s() + self._between(POLL_FROM_S, POLL_TO_S)
                self._sleep(stop, poll_at_s, partial(_differs, data_version, version))
            else:
                failures += 1
                wait_s = backoff.delay_s(failures, self._draw(), summary.wait_s)
                log.warning("%s; again in %.0f s", summary.problem, wait_s)
                # New transactions do not shorten this: the city asked for quiet, or is not there.
                self._sleep(stop, self._monotonic_s() + wait_s, lambda: False)
        return summary

    def _between(self, low: float, high: float) -> float:
        return low + (high - low) * self._draw()

    def _sleep(self, stop: threading.Event, until_s: float, woken: Callable[[], bool]) -> None:
        while not stop.is_set() and not woken():
            left_s = until_s - self._monotonic_s()
            if left_s <= 0:
                return
            stop.wait(min(WATCH_S, left_s))


@dataclass(slots=True)
class _Tally:
    """The counts of a round while it runs."""

    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    quarantined: int = 0
    pulled: int = 0
    resends: int = 0

    def summary(self, *, left: int) -> Summary:
        return Summary(self.sent, self.acked, self.duplicates, self.quarantined, self.pulled, left)


def _differs(read: Callable[[], int], seen: int) -> bool:
    return read() != seen


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
