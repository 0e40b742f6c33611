"""Named places where a process kills itself with SIGKILL: at the n-th passing of a point.

A point is a place in the work, not a line of code: statements are named by the act they belong to
and how they begin, so that a rewrite of the store keeps its points or fails loudly (`passed`).
"""

from __future__ import annotations

import http.client
import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from kiosk.store.outbox import Outbox
from kiosk.store.transactions import Transactions
from sync import protocol

# point -> (act, how the statement begins); the kill comes before that statement runs
STATEMENTS = {
    "accept begun": ("accept", "BEGIN"),
    "accept: no row yet": ("accept", "INSERT INTO txn"),
    "accept: no payload yet": ("accept", "INSERT INTO payload"),
    "accept: no outbox row yet": ("accept", "INSERT INTO outbox"),
    "accept: held back, no row yet": ("accept", "INSERT INTO withheld"),
    "accept: not committed": ("accept", "COMMIT"),
    "release: moved, still held": ("release", "DELETE FROM withheld"),
    "release: not committed": ("release", "COMMIT"),
    "ack begun": ("record", "BEGIN"),
    "ack: half written": ("record", "UPDATE settled"),
    "ack: not committed": ("record", "COMMIT"),
    "failure noted: not committed": ("note_attempt", "COMMIT"),
    "pull staged": ("replace_pulled", "BEGIN"),
    "swap: old feed gone": ("replace_pulled", "INSERT INTO pulled"),
    "swap: not committed": ("replace_pulled", "COMMIT"),
    "resend: not committed": ("resend_from", "COMMIT"),
    "word written: not committed": ("note", "COMMIT"),
    "status of an errand: not committed": ("change_pulled", "COMMIT"),
    "confirm: not committed": ("confirm_through", "COMMIT"),
    "prune: bytes still there": ("prune", "DELETE FROM payload"),
    "prune: not committed": ("prune", "COMMIT"),
    "prune: log not emptied": ("prune", "PRAGMA wal_checkpoint"),
}
# point -> (owner, function, after): the kill comes before or after the call
CALLS: dict[str, tuple[Any, str, bool]] = {
    "accepted, not told": (Transactions, "accept", True),
    "push written, not sent": (protocol, "push_request", True),
    "sent, no reply yet": (http.client.HTTPConnection, "getresponse", False),
    "reply begun": (http.client.HTTPConnection, "getresponse", True),
    "push reply read": (protocol, "read_push_reply", True),
    "ack stored": (Outbox, "record", True),
    "page read": (protocol, "read_pull_page", True),
    "swapped": (Outbox, "replace_pulled", True),
}
KIOSK_POINTS = (*STATEMENTS, *CALLS)
ACTS = {act: Outbox for act, _ in STATEMENTS.values() if act != "accept"} | {"accept": Transactions}

CITY_POINTS = (
    "city: nothing written",
    "city: written, not committed",
    "city: committed, not answered",
)


class Counted:
    """Counts the passings of every point, and kills at one of them."""

    def __init__(self, point: str = "", passing: int = 1) -> None:
        self.point, self.passing = point, passing
        self.passed: Counter[str] = Counter()
        self._acts: list[str] = []

    def __call__(self, point: str) -> None:
        self.passed[point] += 1
        if point == self.point and self.passed[point] == self.passing:
            os.kill(os.getpid(), signal.SIGKILL)

    # --- the kiosk's process ------------------------------------------------------------------
    def arm_kiosk(self) -> None:
        for name, (owner, function, after) in CALLS.items():
            _wrap(owner, function, self._after(name) if after else self._before(name))
        for act, owner in ACTS.items():
            _wrap(owner, act, self._within(act))

    def watch(self, connection: Any) -> None:
        """Sees every statement of an open database before it runs."""
        connection.set_trace_callback(self._statement)

    def _statement(self, sql: str) -> None:
        words = sql.lstrip()
        for name, (act, start) in STATEMENTS.items():
            if self._acts[-1:] == [act] and words.startswith(start):
                self(name)

    def _before(self, name: str) -> Callable[..., Any]:
        def around(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
            self(name)
            return call(*args, **named)

        return around

    def _after(self, name: str) -> Callable[..., Any]:
        def around(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
            result = call(*args, **named)
            self(name)
            return result

        return around

    def _within(self, act: str) -> Callable[..., Any]:
        def around(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
            self._acts.append(act)
            try:
                return call(*args, **named)
            finally:
                self._acts.pop()

        return around

    # --- the city's process -------------------------------------------------------------------
    def arm_city(self) -> None:
        wrote = False

        @event.listens_for(Engine, "before_cursor_execute")
        def statement(_c: Any, _k: Any, sql: str, *_other: Any) -> None:
            nonlocal wrote
            if sql.startswith("INSERT INTO envelope"):
                self("city: nothing written")
                wrote = True

        @event.listens_for(Engine, "commit")
        def commit(_connection: Any) -> None:
            nonlocal wrote
            if wrote:
                self("city: written, not committed")
                wrote = False

        def answer(call: Callable[..., Any], message: Any) -> Any:
            if isinstance(message, protocol.PushReply):
                self("city: committed, not answered")
            return call(message)

        _wrap(protocol, "reply", answer)


def _wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    call = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        return around(call, *args, **named)

    setattr(owner, name, wrapped)
