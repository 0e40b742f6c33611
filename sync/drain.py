"""One way up: from the queue to the city, until nothing is left or the line breaks.

The newest ride along with the oldest: whoever has just been handed a receipt does not wait behind
a day's backlog on a thin line. Arriving out of order harms nothing: the city's
`contiguous_through` and `backup_watermark` look at the numbers that are there, not at their order,
and stay below the gap until the older ones have filled it; what was acknowledged above the gap is
simply confirmed later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sync import protocol
from sync.flight import Flight
from sync.outbox import Outbox, OutboxItem, RecordedOutcome
from sync.pace import Pace
from sync.problems import DeviceStopped, Refused, Unreachable
from sync.transport import CityTransport

NEWEST_ITEMS = 5  # of a batch; the rest are the oldest
NEWEST_MAX_BYTES = 16 * 1024  # an urgent errand is a small one
DEVICE_REVOKED = "device-revoked"  # the city took it into its quarantine, and the device is out
DAMAGED = "damaged-on-device"


@dataclass(slots=True)
class Tally:
    """The counts of a round while it runs. `acked` includes `duplicates`."""

    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    quarantined: int = 0
    pulled: int = 0
    resends: int = 0
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """`dseqs`: places in the queue; `reaches`: the highest of its oldest; `along`: of its newest.

    `full`: more waits than fits; `newest`: the highest dseq that waited when it was put together;
    `parcel`: all of it as it travels, if it was packed ahead.
    """

    items: tuple[protocol.Item, ...]
    damaged: tuple[protocol.Damaged, ...] = ()
    dseqs: frozenset[int] = frozenset()
    reaches: int = 0
    along: frozenset[int] = frozenset()
    full: bool = False
    newest: int = 0
    parcel: bytes = b""

    def __len__(self) -> int:
        return len(self.items) + len(self.damaged)

    @property
    def size(self) -> int:
        """Bytes of all bodies."""
        return sum(len(item.body) for item in self.items)

    @property
    def ids(self) -> list[str]:
        return [item.id for item in self.items] + [entry.id for entry in self.damaged]

    def halves(self) -> tuple[Batch, Batch]:
        """What is damaged stays with the first half; without items it is halved itself."""
        if len(self.items) > 1 or (self.items and self.damaged):
            middle = len(self.items) // 2
            return Batch(self.items[:middle], self.damaged), Batch(self.items[middle:])
        middle = len(self.damaged) // 2
        return Batch((), self.damaged[:middle]), Batch((), self.damaged[middle:])


class Meet(NamedTuple):
    """What a reply's epoch and streams told: are acknowledged items due again, and the words to
    remember it by, which belong into the commit of what the reply acknowledged."""

    again: bool
    words: Mapping[str, str]


class Drain:
    """The way up of one round. Nothing of it is stored: what is not acknowledged is unsent."""

    def __init__(
        self,
        outbox: Outbox,
        transport: CityTransport,
        pace: Pace,
        tally: Tally,
        meet: Callable[[str, Sequence[protocol.Stream]], Meet],
        monotonic_s: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._pace = pace
        self._tally = tally
        self._meet = meet
        self._monotonic_s = monotonic_s
        self._after_dseq = 0
        self._rode_along: set[int] = set()

    def run(self, *, gently: bool = False) -> None:
        """`gently`: one single item first, to see whether the city is there again.

        While the city works on one batch, what it said of the last is written down here and the
        next is put together. Raises Unreachable, DeviceStopped.
        """
        batch = self._next(1 if gently else self._pace.items)
        flight = self._depart(batch) if batch else None
        try:
            while batch and flight:
                ahead = None
                if batch.full and not gently:
                    ahead = self._next(self._pace.items, in_the_air=batch.dseqs)
                gently = False
                try:
                    reply = self._landed(batch, flight)
                except Refused as refused:
                    flight = None
                    self._tally.sent -= len(batch.items)
                    if self._bisect(batch, refused):
                        self._start_anew()
                    batch = self._next(self._pace.items)
                    flight = self._depart(batch) if batch else None
                    continue
                met = self._meet(reply.server_epoch, reply.streams)
                if met.again or ahead is None or self._overtaken(ahead):
                    flight = ahead = None
                else:
                    flight = self._depart(ahead)
                if self._take(batch, reply, met.words) or met.again:
                    self._start_anew()
                batch = ahead or self._next(self._pace.items)
                if batch and flight is None:
                    flight = self._depart(batch)
        finally:
            if flight is not None:
                flight.abandon()
        if self._tally.revoked:  # everything unsent has been handed over by now
            raise DeviceStopped("revoked")

    def _start_anew(self) -> None:
        """Earlier ones are due again."""
        self._after_dseq = 0
        self._rode_along.clear()

    # --- what goes next -------------------------------------------------------------------------
    def _next(self, most: int, in_the_air: frozenset[int] = frozenset()) -> Batch | None:
        """`in_the_air`: what is on its way at this moment."""
        due = self._outbox.due(most, self._after_dseq)
        oldest = [item for item in due if item.dseq not in in_the_air]
        if not oldest:
            return None
        chosen: list[OutboxItem] = []
        full = len(due) == most
        newest = due[-1].dseq
        if full:  # more waits than fits
            chosen = self._newest(min(NEWEST_ITEMS, (most + 1) // 2), newest)
            newest = max([newest, *self._rode_along, *(item.dseq for item in chosen)])
        along = frozenset(item.dseq for item in chosen)
        reaches = self._after_dseq
        size = sum(len(item.body) for item in chosen)
        for item in oldest[: most - len(chosen)]:
            size += len(item.body)
            if size > self._pace.bytes and chosen:
                full = True
                break
            chosen.append(item)
            reaches = item.dseq
        sound, damaged = _sorted_out(chosen)
        dseqs = frozenset(item.dseq for item in chosen)
        parcel = self._transport.packed(sound, damaged)
        return Batch(sound, damaged, dseqs, reaches, along, full, newest, parcel)

    def _newest(self, most: int, beyond_dseq: int) -> list[OutboxItem]:
        """Small ones that would wait otherwise; each of them rides along once a round."""
        found = [
            item
            for item in self._outbox.newest(most)
            if item.dseq > beyond_dseq and item.dseq not in self._rode_along
        ]
        while sum(len(item.body) for item in found) > min(NEWEST_MAX_BYTES, self._pace.bytes):
            found.pop()
        return found

    def _overtaken(self, ahead: Batch) -> bool:
        """Has somebody filed an errand since it was put together? Then it is done anew, lest that
        errand wait for two requests."""
        latest = self._outbox.newest(1)
        return bool(latest) and latest[0].dseq > ahead.newest

    # --- one request ----------------------------------------------------------------------------
    def _depart(self, batch: Batch) -> Flight[protocol.PushReply]:
        self._after_dseq = max(self._after_dseq, batch.reaches)
        self._rode_along |= batch.along
        self._tally.sent += len(batch.items)
        parcel = batch.parcel or self._transport.packed(batch.items, batch.damaged)
        return Flight(partial(self._transport.deliver, parcel), self._monotonic_s)

    def _landed(self, batch: Batch, flight: Flight[protocol.PushReply]) -> protocol.PushReply:
        try:
            reply = flight.landed()
        except Unreachable as error:
            self._outbox.note_attempt(batch.ids, str(error))
            if error.slow:  # a thin line: come back with less
                self._pace.too_slow(len(batch))
            raise
        except DeviceStopped as error:
            self._outbox.note_attempt(batch.ids, error.code)
            raise
        self._pace.allow(reply.batch)
        self._pace.took(len(batch), batch.size, flight.took_s)
        return reply

    def _push(self, batch: Batch) -> bool:
        """Sends one batch; True when earlier items became due again."""
        try:
            reply = self._landed(batch, self._depart(batch))
        except Refused as refused:
            self._tally.sent -= len(batch.items)
            return self._bisect(batch, refused)
        met = self._meet(reply.server_epoch, reply.streams)
        return self._take(batch, reply, met.words) or met.again

    def _bisect(self, batch: Batch, refused: Refused) -> bool:
        """One bad item must not hold up the others: halve until it stands alone."""
        if len(batch) > 1:
            first, second = batch.halves()
            again = self._push(first) if len(first) else False
            return self._push(second) or again
        self._tally.sent += len(batch.items)
        if not refused.by_city:  # a stranger on the way said so: no reason to give the item up
            self._outbox.note_attempt(batch.ids, refused.code)
            return False
        again = False
        for item in batch.items:  # so that its number is accounted for at the city, too
            try:
                again = self.declare([protocol.Damaged(item.id, item.epoch, item.dseq)])
            except Refused as other:  # then it is not about the item: nothing is given up
                raise Unreachable(f"the city refuses all: {other.code}", why="refused") from None
        self._outbox.record([(name, "quarantined", None, refused.code) for name in batch.ids])
        self._tally.quarantined += len(batch)
        return again

    def declare(self, damaged: Sequence[protocol.Damaged]) -> bool:
        """Tells the city of what cannot be sent; True when earlier items became due again."""
        reply = self._transport.push((), damaged)
        met = self._meet(reply.server_epoch, reply.streams)
        self._outbox.note(met.words)
        return met.again

    def _take(self, batch: Batch, reply: protocol.PushReply, words: Mapping[str, str]) -> bool:
        """Writes down what became of each; True when some are due again, under another number."""
        sent = {item.id: item for item in batch.items}
        outcomes: list[RecordedOutcome] = []
        for said in reply.outcomes:
            item = sent.pop(said.id, None)
            if item is None:
                continue
            if said.outcome in protocol.ACKNOWLEDGED:
                if said.sha256 != item.sha256 or said.server_seq is None:
                    sent[item.id] = item  # about other bytes than ours: not an acknowledgement
                    continue
                self._tally.acked += 1
                self._tally.duplicates += said.outcome == "duplicate"
            else:
                self._tally.quarantined += 1
                self._tally.revoked |= said.problem == DEVICE_REVOKED
            outcomes.append((said.id, said.outcome, said.server_seq, said.problem))
        # Whatever the city makes of them: our bytes of these will never be right again.
        outcomes += [(entry.id, "quarantined", None, DAMAGED) for entry in batch.damaged]
        self._tally.quarantined += len(batch.damaged)
        again = self._outbox.record(outcomes, words)
        self._tally.quarantined -= again
        if sent:
            self._outbox.note_attempt(list(sent), "the reply said nothing valid about it")
        return again > 0


def _sorted_out(
    found: Sequence[OutboxItem],
) -> tuple[tuple[protocol.Item, ...], tuple[protocol.Damaged, ...]]:
    """Whose bytes are still what was hashed at the commit is sent; others are told of."""
    sound, damaged = [], []
    for item in found:
        if protocol.sha256_of(item.body) != item.sha256 or not _is_utf8(item.body):
            damaged.append(protocol.Damaged(item.id, item.epoch, item.number))
            continue
        fields = (item.id, item.epoch, item.number, item.kind, item.schema, item.sha256)
        sound.append(protocol.Item(*fields, item.body))
    return tuple(sound), tuple(damaged)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
