"""The waiting line: whose number is next, how long it takes, and what may be done with a number.

Pure: times come in. No rule on queue formats was found for a kelurahan (`rules.md` 11), so these
are this kiosk's own and stand here to be read:

* Numbers count up from 1 each day, one row of numbers a line ("A-017", "AK-003").
* Priority goes first, but after `PRIORITY_RUN_MAX` of them in a row one other person is called:
  otherwise a busy morning would make somebody wait for ever.
* Among equals, who came first. A number that was held or sent on keeps its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median, stdev
from typing import Literal

from kiosk.domain.service import Text
from kiosk.domain.speech import DIGITS

PRIORITY_RUN_MAX = 3
MEASURED_LEAST = 8  # service times; with fewer no estimate is given
Z_80 = 1.2816  # eight of ten people are called within the range
STEP_MIN = 5  # a range is told in steps of so many minutes
SERVICE_SHORTEST_S, SERVICE_LONGEST_S = 20, 2 * 3600  # a slip of the finger; a forgotten "done"

State = Literal["waiting", "called", "serving", "held", "no_show", "done"]
Act = Literal["take", "call", "recall", "serve", "hold", "resume", "no_show", "transfer", "done"]

STEPS: dict[Act, tuple[frozenset[str], State]] = {
    "call": (frozenset({"waiting", "held", "no_show"}), "called"),
    "recall": (frozenset({"called"}), "called"),
    "serve": (frozenset({"called"}), "serving"),
    "hold": (frozenset({"called", "serving"}), "held"),
    "resume": (frozenset({"held", "no_show"}), "waiting"),
    "no_show": (frozenset({"called"}), "no_show"),
    "transfer": (frozenset({"waiting", "called", "serving", "held"}), "waiting"),
    "done": (frozenset({"called", "serving"}), "done"),
}
"""act → (the states it may start from, the state after it)."""


def after(state: str, act: Act) -> State | None:
    """The state after `act`, None where it makes no sense."""
    starts, end = STEPS.get(act, (frozenset(), "waiting"))
    return end if state in starts else None


@dataclass(frozen=True, slots=True)
class Line:
    """People who wait for the same counter. `letter` follows the kiosk's prefix on the paper; the
    line without one takes whatever belongs to no other."""

    id: str
    letter: str
    name: Text
    categories: tuple[str, ...] = ()


def line_of(category: str, lines: Sequence[Line]) -> Line:
    """The line of a service's category; the first one without a letter for all others."""
    for line in lines:
        if category in line.categories:
            return line
    return next(line for line in lines if not line.letter)


@dataclass(frozen=True, slots=True)
class Taking:
    """What a number is taken for. `services` are ids, several in one visit; `applications` the ids
    of the transactions this person filed before. Why somebody has priority is never asked."""

    line: str = "umum"
    letter: str = ""
    priority: bool = False
    services: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Errand:
    """One service of a visit; `application` is the id of what was filed for it here, or ""."""

    service: str
    application: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of one day. `version` counts what was done with it: an act names the version that
    was seen, so of two clerks the second is told."""

    dseq: int
    code: str
    ticket: str
    line: str
    priority: bool
    state: State
    version: int
    calls: int
    counter: str
    taken: datetime
    called: datetime | None = None
    served: datetime | None = None
    ended: datetime | None = None
    errands: tuple[Errand, ...] = ()


def in_order(waiting: Iterable[Entry], run: int) -> list[Entry]:
    """Who is called when; `run` is how many with priority were called last, without another."""
    left = sorted(waiting, key=lambda one: (one.taken, one.dseq))
    first, others = [e for e in left if e.priority], [e for e in left if not e.priority]
    order: list[Entry] = []
    while first or others:
        if first and (run < PRIORITY_RUN_MAX or not others):
            order.append(first.pop(0))
            run += 1
        else:
            order.append(others.pop(0))
            run = 0
    return order


@dataclass(frozen=True, slots=True)
class Wait:
    """Eight of ten people wait between `low_min` and `high_min` minutes."""

    low_min: int
    high_min: int


def wait(ahead: int, serving: int, counters: int, times_s: Sequence[float]) -> Wait | None:
    """How long until one is called, or None where too few service times were measured.

    `ahead` wait before this person, `serving` of `counters` are busy. With a free counter for each
    of them it is one's turn now. Else n = ahead − free + ½ services must end first (the ones under
    way are half over), one each mean/counters. The range is that of a sum of n services of this
    spread, made wider by how little the mean itself is known: (n·m ± z·√(n·s² + n²·s²/k)) / c.
    """
    if len(times_s) < MEASURED_LEAST:
        return None
    counters = max(1, counters)
    free = counters - min(serving, counters)
    if ahead < free:
        return Wait(0, STEP_MIN)
    load, mean_s, spread_s = ahead - free + 0.5, fmean(times_s), stdev(times_s)
    half_s = Z_80 * spread_s * math.sqrt(load + load * load / len(times_s))
    low_min = max(0.0, load * mean_s - half_s) / counters / 60
    high_min = (load * mean_s + half_s) / counters / 60
    low = STEP_MIN * math.floor(low_min / STEP_MIN)
    return Wait(low, max(low + STEP_MIN, STEP_MIN * math.ceil(high_min / STEP_MIN)))


def measured(times_s: Iterable[float]) -> list[float]:
    """The service times that were really services."""
    return [one for one in times_s if SERVICE_SHORTEST_S <= one <= SERVICE_LONGEST_S]


def written(prefix: str, number: int) -> str:
    """The number on the paper: "A-017"."""
    return f"{prefix}-{number:03d}"


# The first name of each digit: "nol", not "kosong".
_SAID = {digit: word for word, digit in reversed(DIGITS.items())}


def _in_words(text: str) -> str:
    """Letters one by one, digits one by one: what is understood best across a hall."""
    return " ".join(_SAID.get(sign, sign) for sign in text)


def call_words(ticket: str, counter: str) -> str:
    """ "A-017", "1" → "Nomor antrean A nol satu tujuh, ke loket satu"."""
    number = _in_words("".join(sign for sign in ticket if sign.isalnum()))
    where = f"loket {_in_words(counter)}" if counter.isdigit() else counter
    return f"Nomor antrean {number}, ke {where}" if where else f"Nomor antrean {number}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to be shown and said. `seq` rises with every call and recall."""

    seq: int
    ticket: str
    counter: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many are before one, and how long it takes; `wait` None: too little was measured."""

    ahead: int
    wait: Wait | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the queue's log, in its order."""

    seq: int
    dseq: int
    at: datetime
    act: Act
    line: str
    counter: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """One day. Minutes are medians of first call − taken and of done − served; None: none yet."""

    taken: int
    done: int
    no_show: int
    open: int
    wait_min: float | None
    service_min: float | None


def totals(events: Iterable[Event]) -> Totals:
    """The day's figures from its log alone."""
    state: dict[int, str] = {}
    taken: dict[int, datetime] = {}
    served: dict[int, datetime] = {}
    waits: dict[int, float] = {}
    services: dict[int, float] = {}
    for one in events:
        if one.act == "take":
            state[one.dseq], taken[one.dseq] = "waiting", one.at
            continue
        state[one.dseq] = STEPS[one.act][1]
        if one.act == "call":
            waits.setdefault(one.dseq, (one.at - taken[one.dseq]).total_seconds() / 60)
            served[one.dseq] = one.at
        elif one.act == "serve":
            served[one.dseq] = one.at
        elif one.act == "done":
            services[one.dseq] = (one.at - served[one.dseq]).total_seconds() / 60
    states = list(state.values())
    return Totals(
        taken=len(states),
        done=states.count("done"),
        no_show=states.count("no_show"),
        open=len(states) - states.count("done") - states.count("no_show"),
        wait_min=median(waits.values()) if waits else None,
        service_min=median(services.values()) if services else None,
    )
