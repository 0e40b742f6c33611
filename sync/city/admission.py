"""Who waits and who comes back later, so that a whole city's kiosks can return at once.

In memory, of one server process: a few numbers, bounded, forgotten with it.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PUSHES_AT_ONCE = 8  # in the database; more would only wait for its one writer
PUSHES_WAITING_MAX = 32
BODIES_MAX_BYTES = 32 * 1024 * 1024  # of all requests being received or waiting, together
RECEIVE_DEADLINE_S = 90.0  # longer than the device itself tries
RETRY_FROM_S, RETRY_TO_S = 5, 60  # drawn at random, so that a herd comes back spread out
ENROL_FAILURES_MAX = 20  # wrong codes from one address …
ENROL_WINDOW_S = 600.0  # … within this time
ADDRESSES_MAX = 10_000


class Busy(Exception):
    """Come back after `retry_after_s`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("busy")
        self.retry_after_s = retry_after_s


def spread_s(draw: Callable[[], float] = random.random) -> int:
    return RETRY_FROM_S + int(draw() * (RETRY_TO_S - RETRY_FROM_S + 1))


class Admission:
    def __init__(
        self,
        *,
        at_once: int = PUSHES_AT_ONCE,
        waiting_max: int = PUSHES_WAITING_MAX,
        bodies_max: int = BODIES_MAX_BYTES,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._waiting_max = waiting_max
        self._held_bytes = 0
        self._bodies_max = bodies_max
        self._draw = draw
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn at the database. Raises Busy when too many wait for one already."""
        if self._waiting >= self._waiting_max and self._turns.locked():
            raise Busy(spread_s(self._draw))
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    def hold(self, size: int) -> None:
        """Bytes of a body are in memory now. Raises Busy when it is too much with all others."""
        if self._held_bytes + size > self._bodies_max:
            raise Busy(spread_s(self._draw))
        self._held_bytes += size

    def release(self, size: int) -> None:
        self._held_bytes -= size

    # --- wrong enrol codes --------------------------------------------------------------------
    def may_enrol(self, address: str, now_s: float) -> None:
        """Raises Busy for an address that has tried too many wrong codes lately."""
        tried = self._failures.get(address)
        if tried is None:
            return
        while tried and tried[0] <= now_s - ENROL_WINDOW_S:
            tried.popleft()
        if len(tried) >= ENROL_FAILURES_MAX:
            left_s = tried[0] + ENROL_WINDOW_S - now_s
            raise Busy(int(left_s) + spread_s(self._draw))

    def enrol_failed(self, address: str, now_s: float) -> None:
        tried = self._failures.setdefault(address, deque(maxlen=ENROL_FAILURES_MAX))
        tried.append(now_s)
        self._failures.move_to_end(address)
        while len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)
