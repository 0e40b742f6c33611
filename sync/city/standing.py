"""How things stand for a device: one question to the database, because every idle poll asks it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from sync import protocol
from sync.city.feeds import EMPTY
from sync.city.tables import XID_HORIZON, ask, on_postgresql
from sync.protocol import FeedKey, Stream

_SEEN = """SELECT 'city', '', name, value, '', '' FROM city
  UNION ALL SELECT * FROM (
    SELECT 'stream', '', epoch, CAST(contiguous_through AS TEXT),
      CAST(backup_watermark AS TEXT), ''
    FROM stream WHERE device = ? ORDER BY epoch LIMIT ?) AS streams
  UNION ALL SELECT * FROM (
    SELECT 'status', '', CAST(xid AS TEXT), CAST(seq AS TEXT), '', ''
    FROM status WHERE device = ? AND xid < horizon()
    ORDER BY xid DESC, seq DESC LIMIT 1) AS newest
  UNION ALL SELECT 'key', added_at, key, public_key, endorsed_by, endorsement FROM feed_key"""

# Rows below it can no longer get company (tables.py).
_ON_SQLITE = _SEEN.replace("horizon()", "1")
_ON_POSTGRESQL = _SEEN.replace("horizon()", XID_HORIZON)


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
    """As of one instant, inside a transaction or without."""
    values = (device, protocol.STREAMS_MAX_ITEMS, device)
    rows = ask(db, _ON_POSTGRESQL if on_postgresql(db) else _ON_SQLITE, *values)
    of: dict[str, list[tuple[str, ...]]] = {"city": [], "stream": [], "status": [], "key": []}
    for what, *words in rows:
        of[what].append(tuple(words))
    city = {name: value for _, name, value, *_ in of["city"]}
    epoch = city["epoch"]
    _, xid, seq, *_ = (of["status"] or [("", "0", "0")])[0]
    # The version of every feed for this device; it changes with the contents alone.
    feeds = {feed: city.get(f"feed:{feed}", EMPTY) for feed in protocol.PUBLISHED_FEEDS}
    return Standing(
        epoch,
        tuple(
            Stream(name, int(through), int(backed_up))
            for _, name, through, backed_up, _ in sorted(of["stream"])
        ),
        feeds | {"statuses": f"{epoch}.{xid}.{seq}"},
        tuple(FeedKey(*words) for _, *words in sorted(of["key"], key=lambda row: row[:2])),
    )
