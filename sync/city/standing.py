"""How things stand for a device: one question to the database, because every idle poll asks it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from sync import protocol
from sync.city.feeds import EMPTY
from sync.city.tables import XID_HORIZON, ask, on_postgresql
from sync.protocol import FeedKey, Stream

# Five words of text each.
_ASKED = (
    "SELECT name, value, '', '', '' FROM city",
    """SELECT epoch, CAST(contiguous_through AS TEXT), CAST(backup_watermark AS TEXT), '', ''
      FROM stream WHERE device = ? ORDER BY epoch LIMIT ?""",
    """SELECT CAST(xid AS TEXT), CAST(seq AS TEXT), '', '', ''
      FROM status WHERE device = ? AND xid < horizon() ORDER BY xid DESC, seq DESC LIMIT 1""",
    "SELECT added_at, key, public_key, endorsed_by, endorsement FROM feed_key",
)
# SQLite is quicker with four questions; of a database server each is a journey.
_ON_SQLITE = tuple(one.replace("horizon()", "1") for one in _ASKED)
_ON_POSTGRESQL = " UNION ALL ".join(
    f"SELECT {part}, found.* FROM ({one}) AS found"  # noqa: S608 - our own words
    for part, one in enumerate(_ASKED)
).replace("horizon()", XID_HORIZON)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a status reply says of a device."""

    epoch: str
    streams: tuple[Stream, ...]
    feeds: Mapping[str, str]
    feed_keys: tuple[FeedKey, ...]

    def etag(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def standing_of(db: Connection, device: str) -> Standing:
    """As of one instant, if SQLite is in a transaction; of a database server in any case."""
    city, streams, newest, keys = _asked(db, device)
    said = {name: value for name, value, *_ in city}
    epoch = said["epoch"]
    xid, seq, *_ = newest[0] if newest else ("0", "0")
    # The version of every feed for this device; it changes with the contents alone.
    feeds = {feed: said.get(f"feed:{feed}", EMPTY) for feed in protocol.PUBLISHED_FEEDS}
    return Standing(
        epoch,
        tuple(Stream(name, int(all_of), int(safe)) for name, all_of, safe, *_ in sorted(streams)),
        feeds | {"statuses": f"{epoch}.{xid}.{seq}"},
        tuple(FeedKey(*words) for _, *words in sorted(keys, key=lambda row: row[:2])),
    )


def _asked(db: Connection, device: str) -> Sequence[Sequence[Any]]:
    of_device: tuple[Any, ...] = (device, protocol.STREAMS_MAX_ITEMS)
    if not on_postgresql(db):
        values: tuple[tuple[Any, ...], ...] = ((), of_device, (device,), ())
        return [ask(db, one, *v) for one, v in zip(_ON_SQLITE, values, strict=True)]
    parts: list[list[Any]] = [[] for _ in _ASKED]
    for part, *words in ask(db, _ON_POSTGRESQL, *of_device, device):
        parts[part].append(words)
    return parts
