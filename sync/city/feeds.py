"""What the city tells its devices: published feeds, signed before they come here, and statuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, and_, delete, func, or_, select

from sync import feed_signing, protocol, signing
from sync.city.moments import iso
from sync.city.tables import (
    CITY,
    ENVELOPE,
    FEED_ITEM,
    FEED_KEY,
    STATUS,
    insert,
    xid_horizon,
    xid_now,
)
from sync.protocol import FeedItem, FeedKey, FeedSignature, PullPage

EMPTY = "0"  # the version of a feed without items


# --- published feeds: whole and signed ------------------------------------------------------------
def publish(
    db: Connection,
    feed: str,
    contents: Mapping[str, Mapping[str, Any]],
    key: Ed25519PrivateKey,
    now: datetime,
) -> int:
    """Replaces a feed whole (`contents` by id); returns its edition.

    What is published already, with the same key, keeps its edition: no device fetches it again.
    """
    bodies = {name: _text(contents[name]) for name in sorted(contents)}
    rows = db.execute(select(FEED_ITEM).where(FEED_ITEM.c.feed == feed)).all()
    mine = protocol.key_id(signing.public_text(key))
    if rows and {(row.id, row.content, row.signing_key) for row in rows} == {
        (name, body, mine) for name, body in bodies.items()
    }:
        return int(rows[0].edition)
    last = db.scalar(select(CITY.c.value).where(CITY.c.name == f"edition:{feed}"))
    # From the clock, so that it grows on after a restore from a backup as well.
    edition = max(int(last or 0) + 1, int(now.timestamp() * 1000))
    fresh = [
        _signed_row(feed, position, name, bodies, edition, key)
        for position, name in enumerate(bodies)
    ]
    db.execute(delete(FEED_ITEM).where(FEED_ITEM.c.feed == feed))
    if fresh:
        db.execute(FEED_ITEM.insert(), fresh)
    version = hashlib.sha256(json.dumps(fresh, sort_keys=True).encode()).hexdigest()[:16]
    _put(db, f"feed:{feed}", version if fresh else EMPTY)
    _put(db, f"edition:{feed}", str(edition))
    return edition


def _signed_row(
    feed: str,
    position: int,
    name: str,
    bodies: Mapping[str, str],
    edition: int,
    key: Ed25519PrivateKey,
) -> dict[str, Any]:
    body = bodies[name]
    signature = feed_signing.sign_item(key, feed, name, edition, len(bodies), body.encode())
    return {
        "feed": feed,
        "position": position,
        "id": name,
        "content": body,
        "signing_key": signature.key,
        "edition": edition,
        "of_items": signature.of,
        "signature": signature.value,
    }


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _put(db: Connection, name: str, value: str) -> None:
    statement = insert(db, CITY).values(name=name, value=value)
    db.execute(
        statement.on_conflict_do_update(
            index_elements=[CITY.c.name], set_={"value": statement.excluded.value}
        )
    )


def published_page(db: Connection, feed: str, cursor: str, nonce: str) -> PullPage:
    """`cursor` is "" or VERSION (start again) or VERSION.POSITION (inside that version)."""
    version = str(db.scalar(select(CITY.c.value).where(CITY.c.name == f"feed:{feed}")) or EMPTY)
    named, _, place = cursor.partition(".")
    inside = named == version and place.isascii() and place.isdigit()
    start = int(place[:9]) if inside else 0
    found = db.execute(
        select(FEED_ITEM)
        .where(FEED_ITEM.c.feed == feed, FEED_ITEM.c.position >= start)
        .order_by(FEED_ITEM.c.position)
        .limit(protocol.PULL_PAGE_ITEMS + 1)
    ).all()
    rows, more = _paged(found)
    return PullPage(
        nonce=nonce,
        feed=feed,
        reset=start == 0,
        more=more,
        cursor=f"{version}.{start + len(rows)}" if more else version,
        items=tuple(_published_item(row) for row in rows),
    )


def _published_item(row: Any) -> FeedItem:
    signed = row.signature is not None  # else the first release published it
    signature = FeedSignature(row.signing_key, row.edition, row.of_items, row.signature)
    return FeedItem(
        row.id,
        json.loads(row.content),
        row.content.encode(),
        signature if signed else None,
    )


def _paged(found: Sequence[Any]) -> tuple[Sequence[Any], bool]:
    return found[: protocol.PULL_PAGE_ITEMS], len(found) > protocol.PULL_PAGE_ITEMS


# --- keys -----------------------------------------------------------------------------------------
def add_key(db: Connection, key: FeedKey, now: datetime) -> bool:
    """False when it was there already. Raises OverflowError beyond KEYS_MAX_ITEMS."""
    there = db.scalar(select(FEED_KEY.c.key).where(FEED_KEY.c.key == key.key))
    if there is not None:
        return False
    if (db.scalar(select(func.count()).select_from(FEED_KEY)) or 0) >= protocol.KEYS_MAX_ITEMS:
        raise OverflowError
    db.execute(
        FEED_KEY.insert().values(
            key=key.key,
            public_key=key.public_key,
            endorsed_by=key.endorsed_by,
            endorsement=key.endorsement,
            added_at=iso(now),
        )
    )
    return True


# --- statuses: what changed, for one device -------------------------------------------------------
def set_status(
    db: Connection, code: str, state: str, note: Mapping[str, str], now: datetime
) -> int:
    """Tells every device that sent something with this code; returns how many."""
    devices = db.scalars(
        select(ENVELOPE.c.device)
        .where(ENVELOPE.c.code == code, ENVELOPE.c.kind != "act", ENVELOPE.c.problem.is_(None))
        .distinct()
    ).all()
    body = {"id": code, "code": code, "state": state, "at": iso(now), "note": dict(note)}
    for device in devices:
        _write_status(db, device, code, _text(body))
    return len(devices)


def drop_status(db: Connection, code: str) -> None:
    """The devices that hold a status of this code are told that it is gone."""
    for device in db.scalars(select(STATUS.c.device).where(STATUS.c.code == code)).all():
        _write_status(db, device, code, None)


def _write_status(db: Connection, device: str, code: str, body: str | None) -> None:
    db.execute(delete(STATUS).where(STATUS.c.device == device, STATUS.c.code == code))
    db.execute(STATUS.insert().values(device=device, code=code, body=body, xid=xid_now(db)))


def status_page(db: Connection, device: str, epoch: str, cursor: str, nonce: str) -> PullPage:
    """`cursor` is EPOCH.XID.SEQ of the last change the device has; anything else starts again."""
    place = place_in(cursor, epoch)
    xid, seq = place or (-1, -1)
    later = or_(STATUS.c.xid > xid, and_(STATUS.c.xid == xid, STATUS.c.seq > seq))
    query = (
        select(STATUS)
        .where(STATUS.c.device == device, STATUS.c.xid < xid_horizon(db), later)
        .order_by(STATUS.c.xid, STATUS.c.seq)
        .limit(protocol.PULL_PAGE_ITEMS + 1)
    )
    if place is None:
        query = query.where(STATUS.c.body.is_not(None))
    rows, more = _paged(db.execute(query).all())
    # From what was read and nothing newer: a change may have been committed meanwhile.
    xid, seq = (rows[-1].xid, rows[-1].seq) if rows else place or (0, 0)
    end = f"{epoch}.{xid}.{seq}"
    return PullPage(nonce, "statuses", place is None, more, end, tuple(_status_items(rows)))


def _status_items(rows: Iterable[Any]) -> Iterable[FeedItem]:
    for row in rows:
        if row.body is None:
            yield FeedItem(row.code, {}, gone=True)
        else:
            yield FeedItem(row.code, json.loads(row.body), row.body.encode())


def place_in(cursor: str, epoch: str) -> tuple[int, int] | None:
    named, _, place = cursor.partition(".")
    xid, _, seq = place.partition(".")
    numbers = [text for text in (xid, seq) if text.isascii() and text.isdigit() and len(text) < 19]
    return (int(xid), int(seq)) if named == epoch and len(numbers) == 2 else None
