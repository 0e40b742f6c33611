"""Signs of life for systemd: sd_notify(3) in a few lines, over $NOTIFY_SOCKET.

Whoever beats does so from the loop whose hanging would matter, never from a thread of its own.
Without systemd every call does nothing.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from kiosk.memory import give_back

BEATS_A_LIMIT = 4  # so that three may be late before systemd loses patience
SLOWEST_S = 15.0
GIVEN_BACK_EVERY_S = 120.0


def notify(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tell the service manager one line such as `READY=1`; silent when there is none."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract name
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as teller:
        try:
            teller.sendto(text.encode(), address)
        except OSError:
            pass  # a manager that has gone is no reason to stop serving


class Heartbeat:
    """`beat()` as often as the loop turns: the first says READY=1, later ones WATCHDOG=1, no
    oftener than needed. WATCHDOG_USEC is the unit's WatchdogSec. Now and then a beat also gives
    freed memory back: three processes share a cheap box."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environment, self._monotonic_s = environment, monotonic_s
        limit = environment.get("WATCHDOG_USEC", "")
        limit_s = int(limit) / 1e6 if limit.isdigit() else SLOWEST_S * BEATS_A_LIMIT
        self._every_s = min(SLOWEST_S, limit_s / BEATS_A_LIMIT)
        self._told_at_s: float | None = None
        self._given_back_at_s = float("-inf")

    def beat(self, status: str = "") -> None:
        now_s = self._monotonic_s()
        if self._told_at_s is None:
            notify(f"READY=1\nWATCHDOG=1\nSTATUS={status or 'serving'}", self._environment)
        elif now_s - self._told_at_s < self._every_s:
            return
        else:
            notify("WATCHDOG=1", self._environment)
        self._told_at_s = now_s
        if now_s - self._given_back_at_s >= GIVEN_BACK_EVERY_S:
            self._given_back_at_s = now_s
            give_back()


class BeatingStop(threading.Event):
    """The agent's stop sign: looking at it is a beat, so that waiting for a city that is not there
    is a sign of life too."""

    def __init__(self, sign: threading.Event, beat: Callable[[], None]) -> None:
        super().__init__()
        self._sign, self._beat = sign, beat

    def is_set(self) -> bool:
        self._beat()
        return self._sign.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._sign.wait(timeout)


class BeatingOutbox:
    """The outbox, and each use of it a beat: an agent that sends, waits or looks is alive; one that
    hangs in a request beyond its deadline is not."""

    def __init__(self, outbox: Any, beat: Callable[[], None]) -> None:
        self._outbox, self._beat = outbox, beat

    def __getattr__(self, name: str) -> Any:
        self._beat()
        return getattr(self._outbox, name)
