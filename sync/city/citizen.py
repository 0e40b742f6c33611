"""A citizen's request for access, correction or erasure, by the reference code on their receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from sync.city import feeds
from sync.city.moments import iso
from sync.city.tables import ASIDE, CITIZEN_REQUEST, CORRECTION, ENVELOPE, STATUS


class CodeUnknown(Exception):
    """Nothing here has this reference code."""


def access(db: Connection, code: str, now: datetime) -> dict[str, Any]:
    """Everything that is held under a code. Raises CodeUnknown."""
    held = [_envelope(row) for table in (ENVELOPE, ASIDE) for row in _rows(db, table, code)]
    if not held:
        raise CodeUnknown
    corrections = db.execute(
        select(CORRECTION).where(CORRECTION.c.code == code).order_by(CORRECTION.c.seq)
    ).all()
    bodies = db.scalars(select(STATUS.c.body).where(STATUS.c.code == code)).all()
    requests = db.execute(
        select(CITIZEN_REQUEST)
        .where(CITIZEN_REQUEST.c.code == code)
        .order_by(CITIZEN_REQUEST.c.seq)
    ).all()
    _note(db, code, "access", now, "")
    return {
        "code": code,
        "held": held,
        "corrections": [
            {"at": row.at, "values": json.loads(row.values), "reason": row.reason}
            for row in corrections
        ],
        "statuses": [json.loads(body) for body in bodies if body],
        "requests": [{"act": row.act, "at": row.at, "reason": row.reason} for row in requests],
    }


def correct(
    db: Connection, code: str, values: Mapping[str, Any], reason: str, now: datetime
) -> None:
    """Sets right values beside what was sent, which stays as it was signed and hashed.

    Raises CodeUnknown, also when the bytes were erased: there is nothing left to set right.
    """
    rows = [row for table in (ENVELOPE, ASIDE) for row in _rows(db, table, code)]
    if all(row.erased_at for row in rows):
        raise CodeUnknown
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    db.execute(
        CORRECTION.insert().values({"code": code, "at": iso(now), "values": text, "reason": reason})
    )
    _note(db, code, "correct", now, reason)


def erase(db: Connection, code: str, reason: str, now: datetime) -> int:
    """Deletes bodies, corrections and statuses; how many bodies it was. Raises CodeUnknown.

    Id, place in the stream, digest and time stay: the device must not send the bytes again, and it
    can still be shown which bytes they were. Backups made earlier age out by their own rule.
    """
    if not any(_rows(db, table, code) for table in (ENVELOPE, ASIDE)):
        raise CodeUnknown
    erased = 0
    for table in (ENVELOPE, ASIDE):
        done = db.execute(
            update(table)
            .where(table.c.code == code, table.c.erased_at.is_(None))
            .values(body=b"", erased_at=iso(now))
        )
        erased += done.rowcount
    db.execute(delete(CORRECTION).where(CORRECTION.c.code == code))
    feeds.drop_status(db, code)
    _note(db, code, "erase", now, reason)
    return erased


def _rows(db: Connection, table: Any, code: str) -> list[Any]:
    order = table.c.received_at, table.c.dseq
    return list(db.execute(select(table).where(table.c.code == code).order_by(*order)).all())


def _envelope(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "device": row.device,
        "kind": row.kind,
        "received_at": row.received_at,
        "sha256": row.sha256,
        "problem": row.problem,
        "erased_at": row.erased_at,
        "body": row.body.decode("utf-8", "replace"),
    }


def _note(db: Connection, code: str, act: str, now: datetime, reason: str) -> None:
    db.execute(CITIZEN_REQUEST.insert().values(code=code, act=act, at=iso(now), reason=reason))
