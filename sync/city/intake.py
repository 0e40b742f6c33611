"""What becomes of a batch: every entry kept raw first, then judged, then answered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from sync import protocol
from sync.city.moments import iso
from sync.city.tables import ASIDE, ENVELOPE, ask, insert, on_postgresql, tell
from sync.protocol import Damaged, Item, Outcome, OutcomeWord, PushRequest, Stream, Unreadable

STREAM_STEP = 2 * protocol.BATCH_TOLD_MAX_ITEMS + 2
CODE_PATTERN = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")  # as it stands on the citizen's receipt


DAMAGED, REVOKED, DIGEST_DIFFERS = "damaged-on-device", "device-revoked", "digest-differs"


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
    fresh = {said.id for said in outcomes if said.outcome == "stored"}
    arrived: dict[str, set[int]] = {}  # by epoch: what has just come, and need not be looked for
    for item in asked.items:
        arrived.setdefault(item.epoch, set()).update({item.dseq} if item.id in fresh else ())
    for epoch in [e.epoch for e in asked.unreadable] + [e.epoch for e in asked.damaged]:
        arrived.setdefault(epoch, set())
    for epoch in sorted(arrived.keys() - {""}):
        _advance(db, device, epoch, arrived[epoch])
    return outcomes, streams_of(db, device)


# --- kept and judged ------------------------------------------------------------------------------
def _keep(db: Connection, device: str, items: Sequence[Item], now: datetime) -> list[Outcome]:
    sound = {item.id: item for item in items if protocol.sha256_of(item.body) == item.sha256}
    fresh = _insert_envelopes(db, device, sound, now)
    others = [name for name in sound if name not in fresh]
    columns = (ENVELOPE.c.id, ENVELOPE.c.sha256, ENVELOPE.c.server_seq, ENVELOPE.c.problem)
    found = db.execute(select(*columns).where(ENVELOPE.c.id.in_(others))) if others else ()
    held = {row.id: row for row in found}
    outcomes = []
    homeless = []
    for item in items:
        said = fresh.get(item.id) or _outcome(item, item.id in sound, held.get(item.id))
        outcomes.append(said)
        if said.outcome == "conflict" or said.problem == DIGEST_DIFFERS:
            homeless.append(_aside(device, item, said.problem or "", now))
    _set_aside(db, homeless)
    return outcomes


_INSERT = """INSERT INTO envelope
  (device, received_at, id, epoch, dseq, kind, schema, sha256, problem, code, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_LAST = "SELECT coalesce(max(server_seq), 0) FROM envelope"
_SINCE = "SELECT id, server_seq FROM envelope WHERE server_seq > ?"
# One value a column: a statement of one shape for every batch. What travels joined by commas has
# none in it: ids, numbers, digests and words of the protocol.
_UNNEST = """INSERT INTO envelope
  (device, received_at, id, epoch, dseq, kind, schema, sha256, problem, code, body, xid)
  SELECT %s, %s, fresh.*, pg_current_xact_id()::text::bigint FROM unnest(
    string_to_array(%s, ','), string_to_array(%s, ','), string_to_array(%s, ',')::bigint[],
    string_to_array(%s, ','), string_to_array(%s, ',')::integer[], string_to_array(%s, ','),
    string_to_array(%s, ',', ''), string_to_array(%s, ',', ''), %b::bytea[]) AS fresh
  ON CONFLICT DO NOTHING RETURNING id, server_seq"""


def _insert_envelopes(
    db: Connection, device: str, items: Mapping[str, Item], now: datetime
) -> dict[str, Outcome]:
    """What each item that was not there before is now, by id."""
    if not items:
        return {}
    problems: dict[str, str | None] = {}
    rows = []  # in the order of the columns
    # In one order everywhere, so that two servers with overlapping batches cannot wait in a ring.
    for name in sorted(items):
        one = items[name]
        problem, code = judge(one)
        problems[name] = problem
        named = (name, one.epoch, one.dseq, one.kind, one.schema, one.sha256)
        rows.append((*named, problem, code, one.body))
    same = (device, iso(now))
    if on_postgresql(db):
        ids, epochs, dseqs, kinds, schemas, digests, *maybe, bodies = zip(*rows, strict=True)
        words = (ids, epochs, map(str, dseqs), kinds, map(str, schemas), digests)
        joined = [",".join(word) for word in words]
        joined += [",".join([one or "" for one in word]) for word in maybe]
        stored: Sequence[Any] = db.exec_driver_sql(_UNNEST, (*same, *joined, list(bodies))).all()
    else:  # the only writer there is: what has a higher number afterwards came with this batch
        ((last,),) = ask(db, _LAST)
        db.exec_driver_sql(_INSERT, [same + row for row in rows])
        stored = ask(db, _SINCE, last)
    fresh = {}
    for name, server_seq in stored:
        word: OutcomeWord = "quarantined" if problems[name] else "stored"
        fresh[name] = Outcome(name, word, items[name].sha256, server_seq, problems[name])
    return fresh


def judge(item: Item) -> tuple[str | None, str | None]:
    """Why a kept envelope cannot be used (None when it can), and the reference code in it."""
    try:
        body = protocol.parsed(item.body)
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


def _outcome(item: Item, sound: bool, held: Any) -> Outcome:
    """What an item is that was not stored by this request."""
    if not sound:
        return Outcome(item.id, "quarantined", item.sha256, None, DIGEST_DIFFERS)
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
_REACHED = "SELECT contiguous_through FROM stream WHERE device = ? AND epoch = ?"
_FIRST = """INSERT INTO stream (device, epoch, contiguous_through) VALUES (?, ?, 0)
  ON CONFLICT DO NOTHING"""
_MOVE = "UPDATE stream SET contiguous_through = ? WHERE device = ? AND epoch = ?"
_FOLLOWING = """SELECT dseq FROM envelope WHERE device = ? AND epoch = ? AND dseq > ?
  UNION ALL SELECT dseq FROM aside WHERE device = ? AND epoch = ? AND dseq > ?
  ORDER BY dseq LIMIT ?"""


def _advance(db: Connection, device: str, epoch: str, arrived: Set[int]) -> None:
    """Moves contiguous_through over every dseq that has arrived, kept here or there; `arrived`:
    some of which that is known already."""
    here = (device, epoch)
    # FOR UPDATE: two batches of one stream at once must not both miss the other's.
    reached = _REACHED + (" FOR UPDATE" if on_postgresql(db) else "")
    if not (known := ask(db, reached, *here)):
        tell(db, _FIRST, *here)
        known = ask(db, reached, *here)
    start = through = int(known[0][0])
    while True:
        while through + 1 in arrived:
            through += 1
        before = through
        for (dseq,) in ask(db, _FOLLOWING, *here, through, *here, through, STREAM_STEP):
            if dseq > through + 1:
                break
            through = max(through, dseq)  # the same dseq may be in both tables
        if through - before < STREAM_STEP // 2:
            break
    if through > start:
        tell(db, _MOVE, through, *here)


_STREAMS = """SELECT epoch, contiguous_through, backup_watermark FROM stream WHERE device = ?
  ORDER BY epoch LIMIT ?"""


def streams_of(db: Connection, device: str) -> list[Stream]:
    return [Stream(*row) for row in ask(db, _STREAMS, device, protocol.STREAMS_MAX_ITEMS)]
