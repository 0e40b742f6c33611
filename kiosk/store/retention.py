"""The end of the way: the bytes of an errand go when the city's backup has them, the errand is
closed and the set time is over. All of it by the city's clock; this machine's may be years off.
"""

from __future__ import annotations

from sqlite_utils import Database

from kiosk.store.connection import immediate

PRUNED_AT_ONCE_MAX = 1000
DAY_MS = 24 * 3600 * 1000
WIPE_DUE = "wipe_due"

_REOPENED = "DELETE FROM closed WHERE dseq NOT IN (SELECT dseq FROM ended)"
_CLOSED = """INSERT INTO closed SELECT e.dseq, ? FROM ended e JOIN outbox o USING (dseq)
  WHERE o.state = 'confirmed' AND e.dseq NOT IN (SELECT dseq FROM closed)"""
_DUE = """SELECT o.dseq FROM outbox o JOIN closed c USING (dseq)
  WHERE o.state = 'confirmed' AND c.city_ms + ? <= ? ORDER BY o.dseq LIMIT ?"""
_PUT = """INSERT INTO sync_state (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


def prune(db: Database, keep_days: int | None, city_ms: int) -> int:
    """Deletes what is over its time, `city_ms` being now; how many were deleted.

    Without `keep_days` the office has not said how long: nothing is deleted.
    """
    if keep_days is None:
        return 0
    keep_ms = keep_days * DAY_MS
    with immediate(db):
        execute = db.conn.execute
        execute("UPDATE keeping SET keep_ms = ?, city_ms = ?", (keep_ms, city_ms))
        execute(_REOPENED)
        execute(_CLOSED, (city_ms,))
        rows = execute(_DUE, (keep_ms, city_ms, PRUNED_AT_ONCE_MAX)).fetchall()
        if rows:
            db.conn.executemany("UPDATE outbox SET state = 'prunable' WHERE dseq = ?", rows)
            db.conn.executemany("DELETE FROM payload WHERE dseq = ?", rows)
            execute(_PUT, (WIPE_DUE, "yes"))  # until the log is gone as well
    wipe(db)
    return len(rows)


def wipe(db: Database) -> bool:
    """After a deletion: the write-ahead log is emptied too; False while a reader holds it.

    `secure_delete` has overwritten the rows in their pages; the log still has older pages.
    """
    due = db.conn.execute("SELECT value FROM sync_state WHERE name = ?", (WIPE_DUE,)).fetchone()
    if due is None or not due[0]:
        return True
    busy, *_ = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return False
    with immediate(db):
        db.conn.execute(_PUT, (WIPE_DUE, ""))
    return True
