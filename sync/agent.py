"""The sync agent: drains the outbox to the city, pulls what the city publishes, never draws.

Nothing here is remembered about a batch on its way: what is not acknowledged is still `accepted`
in the outbox, and is simply sent again. The city tells a repetition by the id.
"""

from __future__ import annotations

import gc
import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sync import backoff, enrolment, protocol, signing
from sync.drain import Drain, Tally
from sync.enrolment import enrol, rotate_key
from sync.feeds import Feeds
from sync.outbox import Outbox
from sync.pace import Pace
from sync.problems import (
    STAFF_WORDS,
    DeviceStopped,
    EnrolRefused,
    NotEnrolled,
    Refused,
    Unreachable,
    Why,
)
from sync.standing import meet
from sync.transport import CityTransport

# One door for whoever runs the agent.
__all__ = ["Agent", "EnrolRefused", "NotEnrolled", "Summary", "enrol", "open_agent", "rotate_key"]

log = logging.getLogger("sync.agent")

WATCH_S = 0.3  # how often the agent looks whether another process committed
POLL_FROM_S, POLL_TO_S = 300.0, 900.0  # idle: a nation's kiosks must not ask every minute
PRUNE_EVERY_S = 3600.0
BUGS_IN_A_ROW = 3  # then crash; the service manager starts a clean process
LINK_UP_JITTER_S = 3.0  # a village's power comes back for all its kiosks at once
CLOCK_JUMP_S = 60.0
CLOCK_WRONG = timedelta(seconds=protocol.CLOCK_SKEW_MAX_S)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one round did. `acked` includes `duplicates`; `quarantined` includes conflicts.

    `problem` is one line for staff, `why` its word for programs; `wait_s` what the city asked
    for; `stopped`: the city no longer serves this device.
    """

    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    quarantined: int = 0
    pulled: int = 0
    left: int = 0
    problem: str | None = None
    why: Why | None = None
    wait_s: float | None = None
    stopped: bool = False

    def counts(self) -> dict[str, int]:
        """The JSON object of `kiosk sync --once`."""
        fields = asdict(self)
        return {name: fields[name] for name in COUNTS}


COUNTS = ("sent", "acked", "duplicates", "quarantined", "pulled", "left")


def open_agent(
    outbox: Outbox,
    home: Path,
    *,
    ca_file: Path | None = None,
    not_now: tuple[type[Exception], ...] = (),
    link_up: Callable[[], bool] = lambda: False,
) -> Agent:
    """The agent of an enrolled device. Raises NotEnrolled, KeyUnusable, BadCityUrl."""
    transport = enrolment.transport_of(outbox, home, ca_file=ca_file)
    if not gc.get_freeze_count():  # once a process
        gc.freeze()  # what is loaded stays; it need not be looked through beside each batch
    return Agent(outbox, transport, not_now=not_now, link_up=link_up)


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
        not_now: tuple[type[Exception], ...] = (),
        link_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """`not_now`: what the store raises when it cannot write just now (a full disk)."""
        self._outbox = outbox
        self._transport = transport
        self._monotonic_s = monotonic_s
        self._draw = draw
        self._now = now
        self._not_now = not_now
        self._link_up = link_up
        self._pace = Pace()
        self._feeds = Feeds(outbox, transport)
        self._city_clock: tuple[datetime, float] | None = None  # as heard, and when (monotonic)
        self._prune_at_s = self._monotonic_s()

    # --- one round ------------------------------------------------------------------------------
    def once(self) -> Summary:
        """Drains and pulls once, at once, whatever was left behind by earlier tries, answers that
        are held back for their day's end included."""
        self._transport.forget_status()
        return self._round(poll=True, everything=True)

    def _round(self, *, poll: bool, everything: bool = False, gently: bool = False) -> Summary:
        tally = Tally()
        problem: str | None = None
        why: Why | None = None
        wait_s, left, revoked = None, 0, False
        try:
            self._outbox.release(everything=everything)
            self._begin_long_drain()
            self._drain(tally).run(gently=gently)
            if poll:
                self._poll(tally)
                self._prune()
        except Unreachable as error:
            why, wait_s = error.why, error.retry_after_s
            problem = f"{STAFF_WORDS[why]} ({error})"
        except DeviceStopped as error:
            why, problem = "stopped", f"{STAFF_WORDS['stopped']} ({error.code})"
            revoked = error.code == "revoked"
        except Refused as error:
            why, problem = "refused", f"{STAFF_WORDS['refused']} ({error.code})"
        except self._not_now as error:
            why, problem = "disk", f"the store cannot be written just now: {error}"
        try:
            self._note(problem, why, spoke=poll or tally.sent > 0, revoked=revoked)
            left = self._outbox.left()
        except self._not_now as error:  # as above: it is in the log at least
            why, problem = "disk", problem or str(error)
        return Summary(
            tally.sent,
            tally.acked,
            tally.duplicates,
            tally.quarantined,
            tally.pulled,
            left,
            problem,
            why,
            wait_s,
            stopped=why == "stopped",
        )

    def _drain(self, tally: Tally) -> Drain:
        look = partial(meet, self._outbox, self._transport, tally)
        return Drain(self._outbox, self._transport, self._pace, tally, look, self._monotonic_s)

    def _begin_long_drain(self) -> None:
        """More than one request: whoever looks can see how far it is (left of `began_with`)."""
        left = self._outbox.left()
        if left > self._pace.items and not self._outbox.get("drain"):
            since = self._now().isoformat(timespec="seconds")
            self._outbox.note({"drain": json.dumps({"began_with": left, "since": since})})

    def _note(
        self, problem: str | None, why: Why | None, *, spoke: bool, revoked: bool = False
    ) -> None:
        words = {
            "last_problem": problem or "",
            "why": why or "",
            "stopped": (problem or "") if why == "stopped" else "",
        }
        if problem is None:
            words["drain"] = ""
            words["clock_error_s"] = self._clock_error_s()
            if spoke:
                words["last_success"] = self._now().isoformat(timespec="seconds")
                words["revoked"] = ""  # a line that broke takes no revocation back; the city does
        if revoked:
            words["revoked"] = self._now().isoformat(timespec="seconds")
        self._outbox.note(words)

    def _clock_error_s(self) -> str:
        """How far the city's clock is ahead of ours, if that is far: doctor says so."""
        heard = self._heard_city_time()
        error = self._transport.clock_error if heard is None else heard - self._now()
        return str(int(error.total_seconds())) if abs(error) > CLOCK_WRONG else ""

    # --- how things stand with the city ---------------------------------------------------------
    def _poll(self, tally: Tally) -> None:
        """Has the city forgotten something, what has its backup, which feeds have changed?"""
        reply = self._transport.status()
        if reply is None:  # nothing changed since it was asked last
            return
        self._hear_time(reply.server_time)
        met = meet(self._outbox, self._transport, tally, reply.server_epoch, reply.streams)
        self._outbox.note(met.words)
        if met.again:
            self._drain(tally).run()
        keys = enrolment.learn_feed_keys(self._outbox, enrolment.feed_keys(self._outbox), reply)
        try:
            tally.pulled += self._feeds.pull(reply.feeds, keys)
        except BaseException:
            self._transport.forget_status()  # what is not fetched yet must be told again
            raise

    # --- time, as the city tells it -------------------------------------------------------------
    def _hear_time(self, text: str) -> None:
        try:
            self._city_clock = datetime.fromisoformat(text), self._monotonic_s()
        except ValueError:
            pass

    def _heard_city_time(self) -> datetime | None:
        if self._city_clock is None:
            return None
        told, at_s = self._city_clock
        return told + timedelta(seconds=self._monotonic_s() - at_s)

    def _prune(self) -> None:
        city_now = self._heard_city_time()
        if city_now is not None and self._monotonic_s() >= self._prune_at_s:
            self._prune_at_s = self._monotonic_s() + PRUNE_EVERY_S
            if count := self._outbox.prune(city_now):
                log.info("%d errands are at their end: their bytes were deleted", count)

    # --- for ever -------------------------------------------------------------------------------
    def run_forever(self, stop: threading.Event, data_version: Callable[[], int]) -> Summary:
        """Drains as soon as another process commits, polls slowly otherwise.

        After a failure the way is shut for a while (`backoff`); then one single item tries it,
        and all the others follow only once it got through. `data_version` reads PRAGMA
        data_version: it changes when another connection committed.
        Returns the last round's summary when `stop` is set, the city no longer serves us, or this
        device was enrolled anew.
        """
        failures = bugs = 0
        poll_at_s = self._monotonic_s()
        summary = Summary()
        device = self._outbox.device()
        while not stop.is_set() and self._outbox.device() == device:
            poll = self._monotonic_s() >= poll_at_s
            version = data_version()  # before the round: a commit during it must wake us again
            try:
                summary, bugs = self._round(poll=poll, gently=failures > 0), 0
            except Exception as bug:  # the agent's loop: one odd moment must not end the service
                bugs += 1
                if bugs >= BUGS_IN_A_ROW:
                    raise
                log.error("round failed: %s", type(bug).__name__)
                summary = Summary(problem=type(bug).__name__, why="bug")
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
                if self._shut(stop, failures, summary):
                    failures = 1  # the network is new: its troubles are counted from here
                    self._sleep(stop, self._monotonic_s() + self._between(0, LINK_UP_JITTER_S))
        return summary

    def _shut(self, stop: threading.Event, failures: int, summary: Summary) -> bool:
        """Waits out a failure. New transactions do not shorten this: the city asked for quiet, or
        is not there. True: cut short, because the reason may be gone (a new link, a set clock)."""
        wait_s = backoff.delay_s(failures, self._draw(), summary.wait_s)
        log.warning("%s; again in %.0f s", summary.problem, wait_s)
        offset = self._clock_offset()
        self._link_up()  # what came up before this failure did not help
        cut_short = False

        def reason_gone() -> bool:
            nonlocal cut_short
            if summary.wait_s is None:  # a Retry-After is the city's own word, and holds
                jumped = abs(self._clock_offset() - offset) > timedelta(seconds=CLOCK_JUMP_S)
                cut_short = self._link_up() or (summary.why == "clock" and jumped)
            return cut_short

        self._sleep(stop, self._monotonic_s() + wait_s, reason_gone)
        return cut_short

    def _clock_offset(self) -> timedelta:
        """Changes only when somebody sets the clock."""
        return (
            self._now()
            - datetime(1970, 1, 1, tzinfo=self._now().tzinfo)
            - timedelta(seconds=self._monotonic_s())
        )

    def _between(self, low: float, high: float) -> float:
        return low + (high - low) * self._draw()

    def _sleep(
        self, stop: threading.Event, until_s: float, woken: Callable[[], bool] = lambda: False
    ) -> None:
        while not stop.is_set() and not woken():
            left_s = until_s - self._monotonic_s()
            if left_s <= 0:
                return
            stop.wait(min(WATCH_S, left_s))


def _differs(read: Callable[[], int], seen: int) -> bool:
    return read() != seen
