"""What the city holds. Every method is one transaction; what it returns has been committed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sync import protocol, signing
from sync.city.tables import (
    CITY,
    DEVICE,
    ENROL_CODE,
    ENVELOPE,
    FEED_ITEM,
    METADATA,
    NONCE,
    STREAM,
)
from sync.protocol import Item, Outcome, Stream

STREAM_STEP = 1000


class CodeRefused(Exception):
    """Wrong, used or expired: which one is not told, so that nobody can try codes out."""


class CityStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(reading=True) as connection:
            yield connection

    def _insert(self, table: Table) -> Any:
        """INSERT of the dialect, for ON CONFLICT DO NOTHING, which both spell alike."""
        return (postgresql if self._engine.dialect.name == "postgresql" else sqlite).insert(table)

    def prepare(self) -> None:
        """Makes missing tables and the epoch of this database. Harmless when repeated."""
        with self._writing() as db:
            METADATA.create_all(db)
            db.execute(
                self._insert(CITY).values(name="epoch", value=_new_epoch()).on_conflict_do_nothing()
            )

    # --- epoch ----------------------------------------------------------------------------------
    def epoch(self) -> str:
        with self._reading() as db:
            return str(db.scalar(select(CITY.c.value).where(CITY.c.name == "epoch")))

    def renew_epoch(self) -> str:
        """After a restore from a backup: devices then send again what the backup may lack."""
        fresh = _new_epoch()
        with self._writing() as db:
            db.execute(update(CITY).where(CITY.c.name == "epoch").values(value=fresh))
        return fresh

    # --- devices --------------------------------------------------------------------------------
    def issue_code(self, now: datetime, hours: float) -> tuple[str, datetime]:
        drawn = "".join(secrets.choice(protocol.CODE_ALPHABET) for _ in range(protocol.CODE_LENGTH))
        expires_at = now + timedelta(hours=hours)
        with self._writing() as db:
            db.execute(
                ENROL_CODE.insert().values(code_sha256=_hash(drawn), expires_at=iso(expires_at))
            )
        return "-".join(drawn[i : i + 4] for i in range(0, len(drawn), 4)), expires_at

    def enrol(self, request: protocol.EnrolRequest, now: datetime) -> str:
        """The device's id. The same key may repeat its code: its first reply may be lost.

        Raises CodeRefused.
        """
        device = signing.device_id(request.public_key)
        mine = ENROL_CODE.c.code_sha256 == _hash(request.code)
        with self._writing() as db:
            row = db.execute(select(ENROL_CODE).where(mine)).one_or_none()
            if row is None or (row.device is not None and row.device != device):
                raise CodeRefused
            if row.device is None:
                if row.expires_at <= iso(now):
                    raise CodeRefused
                taken = db.execute(
                    update(ENROL_CODE)
                    .where(mine, ENROL_CODE.c.device.is_(None))
                    .values(device=device, used_at=iso(now))
                )
                if taken.rowcount != 1:  # another server process was faster
                    raise CodeRefused
            db.execute(
                self._insert(DEVICE)
                .values(id=device, public_key=request.public_key, enrolled_at=iso(now))
                .on_conflict_do_nothing()
            )
        return device

    def find_device(self, device: str) -> tuple[str, bool] | None:
        """Its public key and whether it was revoked; None when it never enrolled here."""
        with self._reading() as db:
            row = db.execute(select(DEVICE).where(DEVICE.c.id == device)).one_or_none()
        return None if row is None else (row.public_key, row.revoked_at is not None)

    def revoke(self, device: str, now: datetime) -> bool:
        """False when there is no such device."""
        with self._writing() as db:
            done = db.execute(
                update(DEVICE)
                .where(DEVICE.c.id == device)
                .values(revoked_at=func.coalesce(DEVICE.c.revoked_at, iso(now)))
            )
        return done.rowcount == 1

    def devices(self) -> list[dict[str, Any]]:
        with self._reading() as db:
            rows = db.execute(select(DEVICE).order_by(DEVICE.c.enrolled_at, DEVICE.c.id)).all()
        return [
            {"device": row.id, "enrolled_at": row.enrolled_at, "revoked_at": row.revoked_at}
            for row in rows
        ]

    def use_nonce(self, device: str, nonce: str, now: datetime) -> bool:
        """False when this device used it within the window already."""
        now_s = int(now.timestamp())
        with self._writing() as db:
            db.execute(delete(NONCE).where(NONCE.c.expires_s < now_s))
            fresh = db.execute(
                self._insert(NONCE)
                .values(device=device, nonce=nonce, expires_s=now_s + protocol.NONCE_KEPT_S)
                .on_conflict_do_nothing()
                .returning(NONCE.c.nonce)
            ).one_or_none()
        return fresh is not None

    # --- transactions ---------------------------------------------------------------------------
    def take(
        self, device: str, items: Sequence[Item], now: datetime
    ) -> tuple[list[Outcome], list[Stream]]:
        """Stores a batch, raw first, and says per item what became of it."""
        sound = [item for item in items if protocol.sha256_of(item.body) == item.sha256]
        with self._writing() as db:
            fresh = self._keep(db, device, sound, now)
            held = {
                row.id: row
                for row in db.execute(
                    select(
                        ENVELOPE.c.id,
                        ENVELOPE.c.sha256,
                        ENVELOPE.c.server_seq,
                        ENVELOPE.c.problem,
                    ).where(ENVELOPE.c.id.in_([item.id for item in sound]))
                )
            }
            for epoch in {item.epoch for item in sound}:
                self._advance(db, device, epoch)
            streams = _streams(db, device)
        return [_outcome(item, held.get(item.id), item.id in fresh) for item in items], streams

    def _keep(self, db: Connection, device: str, items: Sequence[Item], now: datetime) -> set[str]:
        if not items:
            return set()
        rows = [
            {
                "id": item.id,
                "device": device,
                "epoch": item.epoch,
                "dseq": item.dseq,
                "kind": item.kind,
                "schema": item.schema,
                "sha256": item.sha256,
                "body": item.body,
                "problem": problem_in(item),
                "received_at": iso(now),
            }
            for item in items
        ]
        stored = db.execute(
            self._insert(ENVELOPE).values(rows).on_conflict_do_nothing().returning(ENVELOPE.c.id)
        )
        return set(stored.scalars())

    def _advance(self, db: Connection, device: str, epoch: str) -> None:
        """Moves contiguous_through over every dseq that has arrived without a gap."""
        here = (STREAM.c.device == device, STREAM.c.epoch == epoch)
        db.execute(
            self._insert(STREAM)
            .values(device=device, epoch=epoch, contiguous_through=0)
            .on_conflict_do_nothing()
        )
        start = through = int(db.scalar(select(STREAM.c.contiguous_through).where(*here)) or 0)
        while True:
            reached = through
            following = select(ENVELOPE.c.dseq).where(
                ENVELOPE.c.device == device, ENVELOPE.c.epoch == epoch, ENVELOPE.c.dseq > through
            )
            for dseq in db.scalars(following.order_by(ENVELOPE.c.dseq).limit(STREAM_STEP)).all():
                if dseq != through + 1:
                    break
                through = dseq
            if through - reached < STREAM_STEP:
                break
        if through > start:
            db.execute(
                update(STREAM)
                .where(*here, STREAM.c.contiguous_through < through)
                .values(contiguous_through=through)
            )

    def streams(self, device: str) -> list[Stream]:
        with self._reading() as db:
            return _streams(db, device)

    def transactions(self, *, quarantined: bool = False) -> Iterator[dict[str, Any]]:
        """What has arrived, in order of arrival; or what arrived and cannot be used."""
        wanted = ENVELOPE.c.problem.is_not(None) if quarantined else ENVELOPE.c.problem.is_(None)
        query = (
            select(
                ENVELOPE.c.id,
                ENVELOPE.c.device,
                ENVELOPE.c.dseq,
                ENVELOPE.c.kind,
                ENVELOPE.c.sha256,
                ENVELOPE.c.received_at,
                ENVELOPE.c.problem,
            )
            .where(wanted)
            .order_by(ENVELOPE.c.server_seq)
        )
        with self._reading() as db:
            for row in db.execute(query.execution_options(yield_per=1000)):
                line = dict(row._mapping)
                problem = line.pop("problem")
                yield line | {"problem": problem} if quarantined else line

    # --- feeds ----------------------------------------------------------------------------------
    def publish(self, feed: str, contents: dict[str, dict[str, Any]]) -> None:
        """Replaces a feed whole: `contents` by id."""
        rows = [
            {
                "feed": feed,
                "position": position,
                "id": name,
                "content": json.dumps(contents[name], ensure_ascii=False, sort_keys=True),
            }
            for position, name in enumerate(sorted(contents))
        ]
        version = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]
        with self._writing() as db:
            db.execute(delete(FEED_ITEM).where(FEED_ITEM.c.feed == feed))
            if rows:
                db.execute(FEED_ITEM.insert(), rows)
            db.execute(delete(CITY).where(CITY.c.name == f"feed:{feed}"))
            db.execute(CITY.insert().values(name=f"feed:{feed}", value=version))

    def feed_version(self, feed: str) -> str:
        """Changes with the contents alone, so a restored city cannot reuse one; "0" = empty."""
        with self._reading() as db:
            found = db.scalar(select(CITY.c.value).where(CITY.c.name == f"feed:{feed}"))
        return str(found or "0")

    def page(self, feed: str, cursor: str, nonce: str) -> protocol.PullPage:
        """`cursor` is "" or VERSION (start again) or VERSION.POSITION (inside that version)."""
        with self._reading() as db:
            version = str(
                db.scalar(select(CITY.c.value).where(CITY.c.name == f"feed:{feed}")) or "0"
            )
            named, _, place = cursor.partition(".")
            inside = named == version and place.isascii() and place.isdigit()
            start = int(place[:9]) if inside else 0
            rows = db.execute(
                select(FEED_ITEM)
                .where(FEED_ITEM.c.feed == feed, FEED_ITEM.c.position >= start)
                .order_by(FEED_ITEM.c.position)
                .limit(protocol.PULL_PAGE_ITEMS + 1)
            ).all()
        more = len(rows) > protocol.PULL_PAGE_ITEMS
        rows = rows[: protocol.PULL_PAGE_ITEMS]
        return protocol.PullPage(
            nonce=nonce,
            feed=feed,
            reset=start == 0,
            more=more,
            cursor=f"{version}.{start + len(rows)}" if more else version,
            items=tuple(protocol.FeedItem(row.id, json.loads(row.content)) for row in rows),
        )


# --- what one item is worth -----------------------------------------------------------------------
def problem_in(item: Item) -> str | None:
    """Why a kept envelope cannot be used (it is quarantined, not lost); None when it can."""
    if len(item.body) > protocol.ITEM_MAX_BYTES:
        return "body-too-large"
    if item.kind not in protocol.KINDS:
        return "kind-unknown"
    if item.schema not in protocol.SCHEMAS:
        return "schema-unknown"
    try:
        body = json.loads(item.body)
    except (ValueError, RecursionError):
        return "body-not-json"
    if not isinstance(body, dict):
        return "body-not-an-object"
    if body.get("id") != item.id:
        return "body-id-differs"
    if body.get("kind") != item.kind:
        return "body-kind-differs"
    return None


def _outcome(item: Item, held: Any, fresh: bool) -> Outcome:
    if protocol.sha256_of(item.body) != item.sha256:
        return Outcome(item.id, "quarantined", item.sha256, None, "digest-differs")
    if held is None:  # not inserted, yet not there: its (device, epoch, dseq) is another item's
        return Outcome(item.id, "conflict", item.sha256, None, "dseq-taken")
    if held.sha256 != item.sha256:
        return Outcome(item.id, "conflict", held.sha256, held.server_seq, "id-taken")
    if held.problem is not None:
        return Outcome(item.id, "quarantined", item.sha256, held.server_seq, held.problem)
    return Outcome(item.id, "stored" if fresh else "duplicate", held.sha256, held.server_seq, None)


def _streams(db: Connection, device: str) -> list[Stream]:
    rows = db.execute(select(STREAM).where(STREAM.c.device == device).limit(1000)).all()
    return [Stream(row.epoch, row.contiguous_through) for row in rows]


def _new_epoch() -> str:
    return "c-" + secrets.token_hex(8)


def _hash(plain_code: str) -> str:
    return hashlib.sha256(plain_code.encode()).hexdigest()


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
