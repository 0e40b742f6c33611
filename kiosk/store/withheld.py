"""Survey answers and complaints without a name: nothing in them leads back to who gave them.

No session, no reference code, no time finer than the day, and until their day is over no place
among the other errands either: a number between two applications would tell whose it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from sqlite_utils import Database

from kiosk.domain.payload import PAYLOAD_VERSION, nameless_bytes, payload_sha256
from kiosk.domain.transaction import Draft, Receipt
from kiosk.store import epochs, mark
from kiosk.store.connection import immediate

_ADD = "INSERT INTO withheld VALUES (?, ?, ?, ?, ?, ?, ?)"
_HELD = """SELECT id, kind, service, schema, sha256, body FROM withheld
  WHERE day <> ? ORDER BY id"""
# The time of the errand before it: released rows must not turn the kiosk's time back, and their
# own was never written down.
_ADD_TXN = """INSERT INTO txn
  SELECT coalesce(max(dseq), 0) + 1, :id, :id, :kind, :service, :schema, :sha256,
    coalesce((SELECT at_ms FROM txn ORDER BY dseq DESC LIMIT 1), 0), '', 0 FROM txn"""
_ADD_PAYLOAD = "INSERT INTO payload SELECT max(dseq), :body FROM txn"
_MOVE = (
    "INSERT INTO outbox (dseq) SELECT max(dseq) FROM txn",
    "DELETE FROM withheld WHERE id = :id",
)


def withhold(execute: Callable[..., Any], draft: Draft, at: datetime, most_bytes: int) -> Receipt:
    """Keep it back; inside the caller's transaction. Its receipt has no code.

    Raises ValueError for a draft too large.
    """
    day = at.date()
    id_ = str(uuid.uuid4())  # random alone: a UUIDv7 would tell the millisecond
    body = nameless_bytes(draft, id=id_, day=day)
    if len(body) > most_bytes:
        raise ValueError(f"answers take {len(body)} bytes, at most {most_bytes} fit")
    row = (draft.kind, draft.service, PAYLOAD_VERSION, payload_sha256(body), body)
    execute(_ADD, (id_, day.isoformat(), *row))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Receipt(id_, "", draft.kind, draft.service, midnight, "accepted")


def release(db: Database, today: str, *, everything: bool) -> int:
    """Those of other days than `today` (ISO), or all of them, join the outbox in one commit.

    Their ids are random, so the order of ids is a shuffle.
    """
    wanted = "" if everything else today
    rows = db.conn.execute(_HELD, (wanted,)).fetchall()
    if not rows:
        return 0
    with immediate(db):
        rows = db.conn.execute(_HELD, (wanted,)).fetchall()  # another process may have been here
        for id_, kind, service, schema, sha256, body in rows:
            row = {"id": id_, "kind": kind, "service": service, "schema": schema}
            row |= {"sha256": sha256, "body": body}
            for statement in (_ADD_TXN, _ADD_PAYLOAD):
                db.conn.execute(statement, row)
            (dseq,) = db.conn.execute("SELECT max(dseq) FROM txn").fetchone()
            epochs.place(db, dseq)
            for statement in _MOVE:
                db.conn.execute(statement, row)
            mark.given(db, dseq, id_)
    return len(rows)


def receipt(db: Database, txn_id: str, zone: tzinfo) -> Receipt:
    """Of one that is still held back. Raises KeyError for an id that is not here."""
    sql = "SELECT kind, service, day FROM withheld WHERE id = ?"
    row = db.conn.execute(sql, (txn_id,)).fetchone()
    if row is None:
        raise KeyError(txn_id)
    kind, service, day = row
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    return Receipt(txn_id, "", kind, service, midnight, "accepted")


def count(db: Database) -> int:
    return int(db.conn.execute("SELECT count(*) FROM withheld").fetchone()[0])


def listing(db: Database) -> Iterator[dict[str, Any]]:
    """As `Transactions.listing`: they are promised like all others, but have no number yet."""
    for id_, kind in db.conn.execute("SELECT id, kind FROM withheld ORDER BY id"):
        yield {
            "id": id_,
            "kind": kind,
            "code": "",
            "dseq": None,
            "state": "accepted",
            "attempts": 0,
            "last_problem": None,
        }
