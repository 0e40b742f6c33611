"""How much goes into one request: what the line carries in a few seconds. Pure."""

from __future__ import annotations

from sync.protocol import Batch

TARGET_S = 10.0  # a new transaction waits for one request at most, however long the queue
QUICK_S = 0.5  # below this the time says nothing about the line's width
GROWTH = 4.0


class Pace:
    """`items` and `bytes` (of bodies) are the limits of the next batch; one item always fits."""

    def __init__(self) -> None:
        self._most = Batch()
        self.items = self._most.items
        self.bytes = float(self._most.bytes)

    def allow(self, most: Batch) -> None:
        """What this city takes in one request."""
        self._most = most
        self._set(self.items, self.bytes)

    def took(self, items: int, size: int, duration_s: float) -> None:
        """A request of that many items and bytes got its answer after `duration_s`."""
        fitting = GROWTH if duration_s <= QUICK_S else TARGET_S / duration_s
        if fitting >= 1 and items < self.items and size < self.bytes:
            return  # it was not full: no reason to believe that more fits, or less
        grown = min(fitting, GROWTH)
        self._set(int(max(items, 1) * grown), max(size, 1) * grown)

    def too_slow(self, items: int) -> None:
        """A request of that many items did not get through in time."""
        self._set(min(self.items, items) // 2, self.bytes / 2)

    def _set(self, items: int, size: float) -> None:
        self.items = max(1, min(self._most.items, items))
        self.bytes = max(1.0, min(float(self._most.bytes), size))
