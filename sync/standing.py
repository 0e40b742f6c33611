"""How things stand between this device and its city: has it forgotten what it acknowledged, and
what is in its backup?
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from sync import protocol
from sync.drain import Meet, Tally
from sync.outbox import Outbox
from sync.transport import CityTransport

log = logging.getLogger("sync.standing")

RESENDS_A_ROUND = 2
DECLARED_AT_ONCE = protocol.BATCH_MAX_ITEMS
SEEN = "city_seen"  # of the outbox's memory


def meet(
    outbox: Outbox,
    transport: CityTransport,
    tally: Tally,
    server_epoch: str,
    streams: Sequence[protocol.Stream],
) -> Meet:
    """Compares the city with what it was: must acknowledged items go again?

    A city that knows numbers which were never given here has met this device in a later state: its
    store was put back from a backup, and begins an epoch before it gives them a second time.

    A city restored from a backup has a new epoch, or has less than before, or waits for the very
    one that it has acknowledged. The last needs no memory, so nothing depends on an operator's
    `city restored`; it is believed once for the same place, lest a city that counts wrongly be
    sent everything for ever.
    """
    told = {one.epoch: one for one in streams}
    mine = [(told.get(name, protocol.Stream(name, 0)), last) for name, last in outbox.epochs()]
    newest, last = mine[-1]
    if newest.contiguous_through > last and outbox.begin_epoch(newest.contiguous_through):
        log.error("this store is older than what the city has of it: numbers are given anew")
    again = False
    words: dict[str, str] = {}
    for place, (stream, _) in enumerate(mine):
        name = SEEN if place == 0 else f"{SEEN}:{stream.epoch}"
        met = _meet(outbox, transport, tally, server_epoch, stream, name)
        again = met.again or again
        words |= met.words
    return Meet(again, words)


def _meet(
    outbox: Outbox,
    transport: CityTransport,
    tally: Tally,
    server_epoch: str,
    mine: protocol.Stream,
    name: str,
) -> Meet:
    """One epoch's; `name` is under which its state is kept."""
    epoch, through = mine.epoch, mine.contiguous_through
    seen = _seen(outbox, name, epoch)
    here = [server_epoch, through]
    restored = bool(seen) and (
        seen.get("server_epoch") != server_epoch or through < seen.get("through", 0)
    )
    lacks = seen.get("again_at") != here and outbox.acknowledged(through + 1, epoch)
    if restored or lacks:
        if tally.resends >= RESENDS_A_ROUND:
            return Meet(False, {})  # nothing is noted: the next round meets it again
        tally.resends += 1
        again = _send_again(outbox, transport, epoch, through)
        seen["again_at"] = here
    else:
        again = False
    if mine.backup_watermark > seen.get("backup", 0):
        outbox.confirm_through(mine.backup_watermark, epoch)
    now = {
        "again_at": seen.get("again_at"),
        "server_epoch": server_epoch,
        "through": through,
        "backup": mine.backup_watermark,
    }
    return Meet(again, {name: json.dumps(now, sort_keys=True)})


def _seen(outbox: Outbox, name: str, epoch: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(outbox.get(name) or "{}")
    if isinstance(told := seen.get("through"), dict):  # as the first release kept it
        seen["through"] = told.get(epoch, 0)
    return seen


def _send_again(outbox: Outbox, transport: CityTransport, epoch: str, through: int) -> bool:
    """What a restored city lacks: sent again where its bytes are here, else told."""
    count = outbox.resend_from(through + 1, epoch)
    log.warning("the city lost what it had: %d are sent again", count)
    after, gone = through, 0
    while found := outbox.without_bytes(after, DECLARED_AT_ONCE, epoch):
        after = found[-1][1]
        gone += len(found)
        transport.push((), [protocol.Damaged(name, epoch, number) for name, number in found])
    if gone:
        log.error("%d errands are lost at the city and already deleted here", gone)
        outbox.note({"lost_at_city": str(gone)})
    return count > 0
