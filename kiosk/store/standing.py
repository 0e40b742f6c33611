"""Where the errand of a code stands: here, at the desk, at the city. Asked by code alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain.service import Text
from kiosk.store.connection import DriverError
from kiosk.store.problems import explained

_BY_CODE = """SELECT t.id, w.state, w.reason, w.changed_ms, r.item FROM txn t
  LEFT JOIN work w USING (dseq) LEFT JOIN running r ON r.feed = 'statuses' AND r.id = t.code
  WHERE t.code = ? AND t.kind IN ('application', 'ticket', 'complaint')"""
NOTE_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """`desk` and `city` are "" where nothing was said."""

    txn_id: str
    desk: str = ""
    desk_reason: str = ""
    desk_at: datetime | None = None
    city: str = ""
    city_at: datetime | None = None
    city_note: Text | None = None


def standing_of(db: Database, home: Path, code: str, zone: tzinfo) -> Standing | None:
    """None for a code that is not of this kiosk. Raises DatabaseUnusable or TryLater."""
    try:
        row: Any = db.conn.execute(_BY_CODE, (code,)).fetchone()
    except DriverError as error:
        raise explained(error, home) from None
    if row is None:
        return None
    txn_id, desk, reason, changed_ms, item = row
    city, city_at, note = _city(item, zone)
    return Standing(
        txn_id=txn_id,
        desk="" if desk in (None, "new") else desk,
        desk_reason=reason or "",
        desk_at=None if changed_ms is None else datetime.fromtimestamp(changed_ms / 1000, zone),
        city=city,
        city_at=city_at,
        city_note=note,
    )


def _city(item: str | None, zone: tzinfo) -> tuple[str, datetime | None, Text | None]:
    """What the city wrote, as far as it can be read; it is shown, never obeyed."""
    try:
        told = json.loads(item or "{}")
        at = datetime.fromisoformat(str(told["at"])) if "at" in told else None
        note = told.get("note") or {}
        words = Text(_short(note.get("id", "")), _short(note.get("en", "")))
        state = str(told.get("state", ""))
    except (ValueError, TypeError, AttributeError):
        return "", None, None
    if at is not None:
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    return state, at, words if words.id and words.en else None


def _short(text: object) -> str:
    kept = "".join(sign for sign in str(text) if sign.isprintable())
    return kept[:NOTE_MAX_CHARS].strip()
