"""What may be told to whoever holds a code: where the errand stands, nothing of the person.

Guessing is slowed: a code has a check sign, so a wrong one is nearly always a slip, but whoever
tries many that are written well and are none waits, and then longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.queue import Entry, Outlook
from kiosk.domain.service import Text
from kiosk.domain.transaction import Receipt

MISSES_FREE = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 900.0
FORGOTTEN_AFTER_S = 1800.0


@dataclass(frozen=True, slots=True)
class Status:
    """`asked` is as of when this is known. `desk` is the state of `domain.work` at this office, ""
    for untouched, with the reason's code; `city` the state of the wire that the city said last, at
    `city_at`, with its note. `entry` is the number in the queue."""

    receipt: Receipt
    asked: datetime
    entry: Entry | None = None
    outlook: Outlook | None = None
    desk: str = ""
    desk_reason: str = ""
    desk_at: datetime | None = None
    city: str = ""
    city_at: datetime | None = None
    city_note: Text | None = None


class Guesses:
    """Codes that were tried and are none, whoever tried them. Seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._misses = 0
        self._last_s = 0.0

    def wait_s(self, now_s: float) -> int:
        """How long the next try has to wait; 0: not at all."""
        if now_s - self._last_s > FORGOTTEN_AFTER_S:
            self._misses = 0
        over = self._misses - MISSES_FREE
        if over < 0:
            return 0
        pause_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 16))
        left_s = self._last_s + pause_s - now_s
        return int(left_s) + 1 if left_s > 0 else 0

    def missed(self, now_s: float) -> None:
        self._misses += 1
        self._last_s = now_s

    def found(self) -> None:
        """A real one: whoever holds a paper is no guesser, but earlier misses still count half."""
        self._misses //= 2
