"""How much goes into one request: what the line carries in a few seconds. Pure."""

from __future__ import annotations

from sync.protocol import BATCH_MAX_BYTES, BATCH_MAX_ITEMS

TARGET_S = 10.0  # a new transaction waits for one request at most, however long the queue
QUICK_S = 0.5  # below this the time says nothing about the line's width
GROWTH = 4.0


class Pace:
    """`items` and `bytes` (of bodies) are the limits of the next batch; one item always fits."""

    def __init__(self) -> None:
        self.items = BATCH_MAX_ITEMS
        self.bytes = float(BATCH_MAX_BYTES)

    def took(self, items: int, size: int, duration_s: float) -> None:
        """A request of that many items and bytes got its answer after `duration_s`."""
        fitting = TARGET_S / duration_s if duration_s > QUICK_S else GROWTH
        if fitting >= 1 and items < self.items and size < self.bytes:
            return  # it was not full: no reason to believe that more fits, or less
        grown = min(fitting, GROWTH)
        self.items = max(1, min(BATCH_MAX_ITEMS, int(max(items, 1) * grown)))
        self.bytes = min(float(BATCH_MAX_BYTES), max(1.0, max(size, 1) * grown))

    def too_slow(self, items: int) -> None:
        """A request of that many items did not get through in time."""
        self.items = max(1, min(self.items, items) // 2)
        self.bytes = max(1.0, self.bytes / 2)
