"""What staff must be told about the store though it serves on; a word each, "" for none."""

from __future__ import annotations

import time
from pathlib import Path

from sqlite_utils import Database

from kiosk.store import epochs, lost
from kiosk.store.epochs import Begun

TOLD_DAYS = 30
DAY_MS = 24 * 3600 * 1000


def troubles(db: Database, home: Path) -> list[str]:
    """`revoked`: the city no longer takes anything from here; `older`: the database was found to
    have less than was promised of it; `kept`: the files of that time wait for somebody."""
    found = []
    sql = "SELECT 1 FROM sync_state WHERE name = 'revoked' AND value <> ''"
    if db.conn.execute(sql).fetchone():
        found.append("revoked")
    if lately_begun(db):
        found.append("older")
    if lost.folders(home):
        found.append("kept")
    return found


def lately_begun(db: Database) -> list[Begun]:
    since_ms = time.time_ns() // 1_000_000 - TOLD_DAYS * DAY_MS
    return [one for one in epochs.begun(db) if one.made_at_ms > since_ms]
