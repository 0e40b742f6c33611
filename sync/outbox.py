"""What the agent needs of the device's store (kiosk.store.outbox). The table is the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

RecordedOutcome = tuple[str, str, int | None, str | None]  # id, outcome, server_seq, problem


class OutboxItem(Protocol):
    """One unsent transaction (kiosk.domain.transaction.OutboxItem); `body` are the exact bytes."""

    @property
    def id(self) -> str: ...
    @property
    def epoch(self) -> str: ...
    @property
    def dseq(self) -> int:
        """Its place in this device's queue."""

    @property
    def number(self) -> int:
        """Its place in `epoch`, which the wire calls dseq; the same on nearly every device."""

    @property
    def kind(self) -> str: ...
    @property
    def schema(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Outbox(Protocol):
    """Every call is one commit at most."""

    @property
    def epoch(self) -> str:
        """The present one: with the device and the number it names a transaction."""

    def epochs(self) -> Sequence[tuple[str, int]]:
        """All of them, the oldest first, each with the last number given in it."""

    def begin_epoch(self, known: int) -> bool:
        """The city knows `known` numbers of the present epoch, more than were given here; False:
        this happened too often."""

    # --- the queue ------------------------------------------------------------------------------
    def due(self, limit: int, after_dseq: int = 0) -> Sequence[OutboxItem]:
        """Items in state accepted with dseq > after_dseq, in dseq order."""

    def newest(self, limit: int) -> Sequence[OutboxItem]:
        """The latest items in state accepted, the latest first."""

    def left(self) -> int: ...

    def release(self, *, everything: bool) -> int:
        """Answers without a name that were held back join the queue, shuffled: those of earlier
        days, or all of them. Returns how many."""

    # --- what became of it ----------------------------------------------------------------------
    def record(
        self, outcomes: Sequence[RecordedOutcome], words: Mapping[str, str] | None = None
    ) -> int:
        """stored/duplicate -> acked; conflict and quarantined as they are; and puts `words`, all
        in one commit. Repeatable. How many are due again, under another number."""

    def note_attempt(self, ids: Sequence[str], problem: str | None) -> None: ...

    def acknowledged(self, number: int, epoch: str) -> bool:
        """Has the city said that it holds this one, and could it be sent again? False for a number
        that is not given yet."""

    def resend_from(self, number: int, epoch: str) -> int:
        """What is acknowledged, from this number on, and still has its bytes is due again."""

    def without_bytes(self, after_number: int, limit: int, epoch: str) -> Sequence[tuple[str, int]]:
        """(id, number) of those whose bytes were deleted here, in order."""

    def confirm_through(self, number: int, epoch: str) -> int:
        """acked -> confirmed up to this number: the city's backup has them."""

    def prune(self, city_now: datetime) -> int:
        """Deletes the bytes of what is confirmed, closed and over its time; returns how many."""

    # --- the agent's memory ---------------------------------------------------------------------
    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...

    def note(self, words: Mapping[str, str]) -> None:
        """Puts those that changed, in one commit; none when nothing did."""

    def device(self) -> dict[str, Any] | None: ...
    def save_device(self, device: dict[str, Any]) -> None: ...

    # --- feeds ----------------------------------------------------------------------------------
    def replace_pulled(self, feed: str, items: list[dict[str, Any]], cursor: str) -> None:
        """Swaps the whole feed and puts `cursor:FEED`, in one transaction."""

    def change_pulled(
        self, feed: str, items: Sequence[dict[str, Any]], cursor: str, *, reset: bool
    ) -> None:
        """Each item in the place of that with its `id`, or away if it has no `body`; with the
        cursor, in one transaction. `reset`: what was held of the feed goes first."""
