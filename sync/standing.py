"""How things stand between this device and its city: has it forgotten what it acknowledged, and
what is in its backup?
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from sync import protocol
from sync.drain import Tally
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
) -> bool:
    """Compares the city with what it was; True when acknowledged items must go again.

    A city restored from a backup has a new epoch, or has less than before, or waits for the very
    one that it has acknowledged. The last needs no memory, so nothing depends on an operator's
    `city restored`; it is believed once for the same place, lest a city that counts wrongly be
    sent everything for ever.
    """
    epoch = outbox.epoch
    mine = next((one for one in streams if one.epoch == epoch), protocol.Stream(epoch, 0))
    through = mine.contiguous_through
    seen = _seen(outbox)
    here = [server_epoch, through]
    restored = bool(seen) and (
        seen.get("server_epoch") != server_epoch or through < seen.get("through", 0)
    )
    lacks = seen.get("again_at") != here and outbox.acknowledged(through + 1)
    if restored or lacks:
        if tally.resends >= RESENDS_A_ROUND:
            return False  # and nothing is noted: the next round meets it again
        tally.resends += 1
        again = _send_again(outbox, transport, through)
        seen["again_at"] = here
    else:
        again = False
    if mine.backup_watermark > seen.get("backup", 0):
        outbox.confirm_through(mine.backup_watermark)
    now = {"server_epoch": server_epoch, "through": through, "backup": mine.backup_watermark}
    outbox.note({SEEN: json.dumps({"again_at": seen.get("again_at"), **now}, sort_keys=True)})
    return again


def _seen(outbox: Outbox) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(outbox.get(SEEN) or "{}")
    if isinstance(told := seen.get("through"), dict):  # as the first release kept it
        seen["through"] = told.get(outbox.epoch, 0)
    return seen


def _send_again(outbox: Outbox, transport: CityTransport, through: int) -> bool:
    """What a restored city lacks: sent again where its bytes are here, else told."""
    count = outbox.resend_from(through + 1)
    log.warning("the city lost what it had: %d are sent again", count)
    after, gone = through, 0
    while found := outbox.without_bytes(after, DECLARED_AT_ONCE):
        after = found[-1][1]
        gone += len(found)
        transport.push((), [protocol.Damaged(name, outbox.epoch, dseq) for name, dseq in found])
    if gone:
        log.error("%d errands are lost at the city and already deleted here", gone)
        outbox.note({"lost_at_city": str(gone)})
    return count > 0
