"""What becomes of a batch: every entry kept raw first, then judged, then answered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text, tuple_, union_all, update

from sync import protocol
from sync.city.moments import iso
from sync.city.tables import ASIDE, ENVELOPE, STREAM, insert, on_postgresql
from sync.protocol import Damaged, Item, Outcome, OutcomeWord, PushRequest, Stream, Unreadable

STREAM_STEP = 1000
CODE_PATTERN = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")  # as it stands on the citizen's receipt


class KeptEnough(Exception):
    """A revoked device has handed over as much as any device could have had unsent."""


def take(
    db: Connection, device: str, asked: PushRequest, now: datetime, *, revoked: bool = False
) -> tuple[list[Outcome], list[Stream]]:
    """Stores a batch and says per entry what became of it. Raises KeptEnough."""
    if revoked:
        outcomes = _set_all_aside(db, device, asked, now)
    else:
        outcomes = _keep(db, device, asked.items, now)
        outcomes += _keep_unusable(db, device, asked, now)
    epochs = {item.epoch for item in asked.items}
    epochs |= {entry.epoch for entry in asked.unreadable} | {e.epoch for e in asked.damaged}
    for epoch in sorted(epochs - {""}):
        _advance(db, device, epoch)
    return outcomes, streams_of(db, device)


# --- kept and judged ------------------------------------------------------------------------------
def _keep(db: Connection, device: str, items: Sequence[Item], now: datetime) -> list[Outcome]:
    sound = [item for item in items if protocol.sha256_of(item.body) == item.sha256]
    fresh = _insert_envelopes(db, device, sound, now)
    others = [item.id for item in sound if item.id not in fresh]
    columns = (ENVELOPE.c.id, ENVELOPE.c.sha256, ENVELOPE.c.server_seq, ENVELOPE.c.problem)
    found = db.execute(select(*columns).where(ENVELOPE.c.id.in_(others))) if others else ()
    held = {row.id: row for row in found}
    outcomes = []
    for item in items:
        new = fresh.get(item.id)
        outcomes.append(_outcome(item, held.get(item.id)) if new is None else new)
    homeless = [
        _aside(device, item, said.problem or "", now)
        for item, said in zip(items, outcomes, strict=True)
        if said.outcome == "conflict" or said.problem == "digest-differs"
    ]
    _set_aside(db, homeless)
    return outcomes


_FRESH = ("id", "epoch", "dseq", "kind", "schema", "sha256", "body", "problem", "code")
# One array a column: a statement of one shape for every batch, and by far the quickest.
_UNNEST = text(
    "INSERT INTO envelope (device, received_at, xid,"
    " id, epoch, dseq, kind, schema, sha256, body, problem, code)"
    " SELECT :device, :received_at, pg_current_xact_id()::text::bigint, fresh.* FROM unnest("
    " CAST(:id AS text[]), CAST(:epoch AS text[]), CAST(:dseq AS bigint[]),"
    " CAST(:kind AS text[]), CAST(:schema AS integer[]), CAST(:sha256 AS text[]),"
    " CAST(:body AS bytea[]), CAST(:problem AS text[]), CAST(:code AS text[])"
    ") AS fresh ON CONFLICT DO NOTHING RETURNING id, server_seq"
)


def _insert_envelopes(
    db: Connection, device: str, items: Sequence[Item], now: datetime
) -> dict[str, Outcome]:
    """What each item that was not there before is now, by id."""
    if not items:
        return {}
    rows: dict[str, dict[str, Any]] = {}
    # In one order everywhere, so that two servers with overlapping batches cannot wait in a ring.
    for item in sorted(items, key=lambda item: item.id):
        problem, code = judge(item)
        rows[item.id] = {
            "id": item.id,
            "epoch": item.epoch,
            "dseq": item.dseq,
            "kind": item.kind,
            "schema": item.schema,
            "sha256": item.sha256,
            "body": item.body,
            "problem": problem,
            "code": code,
        }
    same = {"device": device, "received_at": iso(now)}
    if on_postgresql(db):
        arrays = {name: [row[name] for row in rows.values()] for name in _FRESH}
        stored = db.execute(_UNNEST, arrays | same)
    else:
        statement = insert(db, ENVELOPE).on_conflict_do_nothing()
        returning = statement.returning(ENVELOPE.c.id, ENVELOPE.c.server_seq)
        stored = db.execute(returning, [row | same for row in rows.values()])
    fresh = {}
    for name, server_seq in stored:
        digest, problem = rows[name]["sha256"], rows[name]["problem"]
        word: OutcomeWord = "quarantined" if problem else "stored"
        fresh[name] = Outcome(name, word, digest, server_seq, problem)
    return fresh


def judge(item: Item) -> tuple[str | None, str | None]:
    """Why a kept envelope cannot be used (None when it can), and the reference code in it."""
    try:
        body = json.loads(item.body)
    except (ValueError, RecursionError):
        return "body-not-json", None
    if not isinstance(body, dict):
        return "body-not-an-object", None
    found = body.get("code")
    code = found if isinstance(found, str) and CODE_PATTERN.fullmatch(found) else None
    if len(item.body) > protocol.ITEM_MAX_BYTES:
        return "body-too-large", code
    if item.kind not in protocol.KINDS:
        return "kind-unknown", code
    if item.schema not in protocol.SCHEMAS:
        return "schema-unknown", code
    if body.get("id") != item.id:
        return "body-id-differs", code
    if body.get("kind") != item.kind:
        return "body-kind-differs", code
    return None, code


def _outcome(item: Item, held: Any) -> Outcome:
    """What an item is that was not stored by this request."""
    if protocol.sha256_of(item.body) != item.sha256:
        return Outcome(item.id, "quarantined", item.sha256, None, "digest-differs")
    if held is None:  # not inserted, yet not there: its (device, epoch, dseq) is another item's
        return Outcome(item.id, "conflict", item.sha256, None, "dseq-taken")
    if held.sha256 != item.sha256:
        return Outcome(item.id, "conflict", held.sha256, held.server_seq, "id-taken")
    if held.problem is not None:
        return Outcome(item.id, "quarantined", item.sha256, held.server_seq, held.problem)
    return Outcome(item.id, "duplicate", held.sha256, held.server_seq)


# --- set aside ------------------------------------------------------------------------------------
def _keep_unusable(db: Connection, device: str, asked: PushRequest, now: datetime) -> list[Outcome]:
    """What cannot even be an envelope: unreadable entries, and those damaged on the device."""
    _set_aside(db, [_aside_raw(device, entry, "unreadable", now) for entry in asked.unreadable])
    _set_aside(db, [_aside_raw(device, entry, DAMAGED, now) for entry in asked.damaged])
    return [entry.outcome for entry in asked.unreadable] + [
        Outcome(entry.id, "quarantined", "", None, DAMAGED) for entry in asked.damaged
    ]


DAMAGED, REVOKED = "damaged-on-device", "device-revoked"


def _set_all_aside(db: Connection, device: str, asked: PushRequest, now: datetime) -> list[Outcome]:
    kept = db.scalar(select(func.count()).select_from(ASIDE).where(ASIDE.c.device == device)) or 0
    if kept >= protocol.REVOKED_KEPT_ITEMS:
        raise KeptEnough
    already = db.execute(
        select(ENVELOPE.c.id, ENVELOPE.c.server_seq).where(
            ENVELOPE.c.device == device,
            tuple_(ENVELOPE.c.id, ENVELOPE.c.sha256).in_(
                [(item.id, item.sha256) for item in asked.items]
            ),
        )
    )
    held = {row.id: row.server_seq for row in already}
    fresh = [item for item in asked.items if item.id not in held]
    others: list[Unreadable | Damaged] = [*asked.unreadable, *asked.damaged]
    rows = [_aside(device, item, REVOKED, now) for item in fresh]
    _set_aside(db, rows + [_aside_raw(device, entry, REVOKED, now) for entry in others])
    # What arrived before the revocation and only lost its reply is what it was.
    outcomes = [
        Outcome(item.id, "duplicate", item.sha256, held[item.id])
        for item in asked.items
        if item.id in held
    ]
    said = [(item.id, item.sha256) for item in fresh]
    said += [(entry.outcome.id, entry.outcome.sha256) for entry in asked.unreadable]
    said += [(entry.id, "") for entry in asked.damaged]
    return outcomes + [Outcome(name, "quarantined", sha, None, REVOKED) for name, sha in said]


def _aside(device: str, item: Item, problem: str, now: datetime) -> dict[str, Any]:
    return {
        "id": item.id,
        "device": device,
        "epoch": item.epoch,
        "dseq": item.dseq,
        "kind": item.kind,
        "schema": item.schema,
        "sha256": item.sha256,
        "raw_sha256": protocol.sha256_of(item.body),
        "body": item.body,
        "problem": problem,
        "received_at": iso(now),
        "code": judge(item)[1],
    }


def _aside_raw(
    device: str, entry: Unreadable | Damaged, problem: str, now: datetime
) -> dict[str, Any]:
    if isinstance(entry, Unreadable):
        name, claimed, raw = entry.outcome.id, entry.outcome.sha256, entry.raw
    else:
        name, claimed, raw = entry.id, "", b""
    return {
        "id": name,
        "device": device,
        "epoch": entry.epoch,
        "dseq": entry.dseq,
        "kind": "",
        "schema": 0,
        "sha256": claimed,
        "raw_sha256": hashlib.sha256(raw).hexdigest(),
        "body": raw,
        "problem": problem,
        "received_at": iso(now),
        "code": _code_in_raw(raw),
    }


def _code_in_raw(raw: bytes) -> str | None:
    """So that a citizen's request also finds what could not be read."""
    found = re.search(rb'\\"code\\": ?\\"(' + CODE_PATTERN.pattern.encode() + rb')\\"', raw)
    return found.group(1).decode() if found else None


def _set_aside(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.execute(insert(db, ASIDE).on_conflict_do_nothing(), list(rows))


# --- how far without a gap ------------------------------------------------------------------------
def _advance(db: Connection, device: str, epoch: str) -> None:
    """Moves contiguous_through over every dseq that has arrived, kept here or there."""
    here = (STREAM.c.device == device, STREAM.c.epoch == epoch)
    # FOR UPDATE (PostgreSQL): two batches of one stream at once must not both miss the other's.
    seen = select(STREAM.c.contiguous_through).where(*here).with_for_update()
    known = db.scalar(seen)
    if known is None:
        first = insert(db, STREAM).values(device=device, epoch=epoch, contiguous_through=0)
        db.execute(first.on_conflict_do_nothing())
        known = db.scalar(seen)
    start = through = int(known or 0)
    while True:
        reached = through
        for dseq in _following(db, device, epoch, through):
            if dseq > through + 1:
                break
            through = max(through, dseq)  # the same dseq may be in both tables
        if through - reached < STREAM_STEP // 2:
            break
    if through > start:
        db.execute(update(STREAM).where(*here).values(contiguous_through=through))


def _following(db: Connection, device: str, epoch: str, after_dseq: int) -> Iterable[int]:
    both = union_all(
        *(
            select(table.c.dseq).where(
                table.c.device == device, table.c.epoch == epoch, table.c.dseq > after_dseq
            )
            for table in (ENVELOPE, ASIDE)
        )
    ).subquery()
    return db.scalars(select(both.c.dseq).order_by(both.c.dseq).limit(STREAM_STEP)).all()


_STREAMS = (
    select(STREAM)
    .where(STREAM.c.device == bindparam("of_device"))
    .order_by(STREAM.c.epoch)
    .limit(protocol.STREAMS_MAX_ITEMS)
)


def streams_of(db: Connection, device: str) -> list[Stream]:
    rows = db.execute(_STREAMS, {"of_device": device})
    return [Stream(row.epoch, row.contiguous_through, row.backup_watermark) for row in rows]
