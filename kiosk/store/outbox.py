"""The store as the sync agent sees it. The table is the queue; "sending" lives in memory alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from kiosk.config import WIB
from kiosk.domain.transaction import OutboxItem
from kiosk.store import epochs, retention, withheld
from kiosk.store.connection import DriverError, immediate
from kiosk.store.problems import StorageFull, explained
from kiosk.store.room import drop_ballast

PROBLEM_MAX_CHARS = 300
STATE_AFTER = {
    "stored": "acked",
    "duplicate": "acked",
    "conflict": "conflict",
    "quarantined": "quarantined",
}
# (transaction id, outcome, the server's sequence number, problem)
Outcome = tuple[str, str, int | None, str | None]

_ITEM = """SELECT t.id, coalesce(at.epoch, ?), t.dseq, t.kind, t.schema, t.sha256, p.body,
  u.attempts, coalesce(at.number, t.dseq) FROM unsent u
  JOIN txn t USING (dseq) JOIN payload p USING (dseq) LEFT JOIN place at USING (dseq)"""
_DUE = f"{_ITEM} WHERE u.dseq > ? ORDER BY u.dseq LIMIT ?"
_NEWEST = f"{_ITEM} ORDER BY u.dseq DESC LIMIT ?"
# A word that came late takes nothing back: what the city has acknowledged stays so. All words in
# one statement, as JSON: one each took twice as long.
_RECORD = """UPDATE outbox
  SET state = said.state, server_seq = coalesce(said.seq, server_seq),
    last_problem = said.problem, attempts = attempts + 1
  FROM (SELECT t.dseq, j.value ->> 1 AS state, j.value ->> 2 AS seq, j.value ->> 3 AS problem
    FROM json_each(?) j JOIN txn t ON t.id = j.value ->> 0) said
  WHERE outbox.dseq = said.dseq AND (outbox.state IN ('accepted', said.state)
    OR (said.state = 'acked' AND outbox.state IN ('conflict', 'quarantined')))"""
_ATTEMPT = """UPDATE outbox SET attempts = attempts + 1, last_problem = ?
  WHERE dseq = (SELECT dseq FROM txn WHERE id = ?)"""
_SETTLE = """UPDATE settled SET through =
  coalesce((SELECT min(dseq) - 1 FROM unsent), (SELECT max(dseq) FROM outbox), 0)"""
_FIRST = "SELECT epoch FROM install"
# Of one epoch: the first one's numbers are the dseq of all that have no place in a later one.
_OF_FIRST = "dseq {} ?2 AND NOT EXISTS (SELECT 1 FROM place p WHERE p.dseq = outbox.dseq)"
_OF_LATER = "dseq IN (SELECT p.dseq FROM place p WHERE p.epoch = ?1 AND p.number {} ?2)"
_RESEND = """UPDATE outbox SET state = 'accepted' WHERE state IN ('acked', 'confirmed') AND """
_CONFIRM = "UPDATE outbox SET state = 'confirmed' WHERE state = 'acked' AND "
_ACKNOWLEDGED = "SELECT 1 FROM outbox WHERE state IN ('acked', 'confirmed') AND "
_WITHOUT_BYTES = """SELECT (SELECT id FROM txn t WHERE t.dseq = outbox.dseq),
  coalesce((SELECT number FROM place p WHERE p.dseq = outbox.dseq), dseq) AS number
  FROM outbox WHERE state = 'prunable' AND """
_PUT = """INSERT INTO sync_state (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
_RUNNING = "INSERT OR REPLACE INTO running VALUES (?, ?, ?)"
_T = TypeVar("_T")


class Outbox:
    """What is to be sent, what became of it, and the agent's few lines of memory."""

    def __init__(
        self,
        db: Database,
        home: Path | None = None,
        *,
        keep_days: int | None = None,
        zone: tzinfo = WIB,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`keep_days`: how long bytes stay after their errand is closed; None: for ever."""
        self._db = db
        self._home = home
        self._keep_days = keep_days
        self._zone = zone
        self._now = now
        self._first: str = db.conn.execute(_FIRST).fetchone()[0]

    @property
    def epoch(self) -> str:
        """The one in which numbers are given now; with the device and the number it names a
        transaction. It begins with the install, and anew when the database was put back."""
        return self._trying(lambda: epochs.current(self._db))

    def epochs(self) -> list[tuple[str, int]]:
        """All of them, the oldest first, each with the last number given in it."""

        def told() -> list[tuple[str, int]]:
            names = epochs.everyone(self._db)
            return [(name, epochs.last_number(self._db, name)) for name in names]

        return self._trying(told)

    def begin_epoch(self, known: int) -> bool:
        """The city knows `known` numbers of the present epoch, more than were given here: nothing
        new may take the place of those. The day's tickets skip as many. False: it was done too
        often."""
        at = self._now()

        def begin() -> bool:
            missing = known - epochs.last_number(self._db, epochs.current(self._db))
            epochs.pass_by(self._db, at.astimezone(self._zone).date().isoformat(), missing)
            return epochs.begin(self._db, "city", known, int(at.timestamp() * 1000))

        return self._write(begin)

    def due(self, limit: int, after_dseq: int = 0) -> list[OutboxItem]:
        """The oldest unsent ones beyond `after_dseq`, in order."""
        return self._items(_DUE, (after_dseq, limit))

    def newest(self, limit: int) -> list[OutboxItem]:
        """The latest unsent ones, the latest first."""
        return self._items(_NEWEST, (limit,))

    def _items(self, sql: str, params: tuple[int, ...]) -> list[OutboxItem]:
        return [OutboxItem(*row) for row in self._rows(sql, (self._first, *params))]

    def release(self, *, everything: bool) -> int:
        """Answers without a name join the queue, shuffled: those of other days than today, or all.
        Returns how many."""
        today = self._now().astimezone(self._zone).date().isoformat()
        return self._trying(lambda: withheld.release(self._db, today, everything=everything))

    def record(self, outcomes: Sequence[Outcome], words: Mapping[str, str] | None = None) -> int:
        """Write down the city's word on each item and put `words`, all in one commit. How many are
        due again.

        A word on an item that is confirmed already changes nothing; an unknown outcome is a
        ValueError, and then nothing is written. What is in conflict because its number belongs to
        another errand, as this database was put back from a backup, gets a number of its own.
        """
        rows = []
        for txn_id, outcome, server_seq, problem in outcomes:
            if outcome not in STATE_AFTER:
                raise ValueError(f"unknown outcome {outcome!r}")
            rows.append((txn_id, STATE_AFTER[outcome], server_seq, _short(problem)))

        taken = any(problem == epochs.TAKEN for *_, problem in rows)
        at = self._now()

        def settle() -> int:
            self._db.conn.execute(_RECORD, (json.dumps(rows),))
            again = epochs.place_again(self._db, int(at.timestamp() * 1000)) if taken else 0
            if again:
                epochs.pass_by(self._db, at.astimezone(self._zone).date().isoformat(), again)
            self._db.conn.execute(_SETTLE)
            self._db.conn.executemany(_PUT, list((words or {}).items()))
            return again

        return self._write(settle)

    def note_attempt(self, ids: Iterable[str], problem: str | None) -> None:
        """One more try for each, and why it came to nothing (None: it did not fail)."""
        rows = [(_short(problem), txn_id) for txn_id in ids]
        self._write(lambda: self._db.conn.executemany(_ATTEMPT, rows))

    def left(self) -> int:
        """How many are still to be sent."""
        return int(self._rows("SELECT count(*) FROM unsent", ())[0][0])

    # In these a number is of `epoch`, or of the first one.
    def acknowledged(self, number: int, epoch: str = "") -> bool:
        """Has the city said that it holds this one, and could it be sent again?"""
        return bool(self._rows(*self._of(_ACKNOWLEDGED, "=", number, epoch)))

    def resend_from(self, number: int, epoch: str = "") -> int:
        """The city lost what it had acknowledged: send again from here on what has its bytes."""
        return self._changed(*self._of(_RESEND, ">=", number, epoch))

    def without_bytes(
        self, after_number: int, limit: int, epoch: str = ""
    ) -> list[tuple[str, int]]:
        """(id, number) of those whose bytes were deleted here, in order."""
        sql, values = self._of(_WITHOUT_BYTES, ">", after_number, epoch)
        return [(id_, n) for id_, n in self._rows(f"{sql} ORDER BY number LIMIT {limit}", values)]

    def confirm_through(self, number: int, epoch: str = "") -> int:
        """The city's backup has everything up to here; how many this is news of."""
        return self._changed(*self._of(_CONFIRM, "<=", number, epoch))

    def _of(self, act: str, how: str, number: int, epoch: str) -> tuple[str, tuple[str, int]]:
        first = epoch in ("", self._first)
        return act + (_OF_FIRST if first else _OF_LATER).format(how), (epoch, number)

    def _changed(self, sql: str, values: tuple[Any, ...]) -> int:
        return self._write(lambda: self._db.conn.execute(sql, values).rowcount)

    def prune(self, city_now: datetime) -> int:
        """Deletes the bytes of what is confirmed, closed and over its time; how many."""
        city_ms = int(city_now.timestamp() * 1000)
        return self._trying(lambda: retention.prune(self._db, self._keep_days, city_ms))

    def get(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM sync_state WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def put(self, name: str, value: str) -> None:
        """`last_success` (ISO time) and `last_problem` are shown to people; the rest is the
        agent's own. Never a personal value."""
        self._write(lambda: self._db.conn.execute(_PUT, (name, value)))

    def note(self, words: Mapping[str, str]) -> None:
        """Puts those that changed, in one commit, for a commit wakes every other process."""
        changed = [
            (name, value) for name, value in words.items() if (self.get(name) or "") != value
        ]
        if changed:
            self._write(lambda: self._db.conn.executemany(_PUT, changed))

    def device(self) -> dict[str, Any] | None:
        """What `save_device` was given, or None before enrolment."""
        saved = self.get("device")
        return None if saved is None else json.loads(saved)

    def save_device(self, device: dict[str, Any]) -> None:
        self.put("device", json.dumps(device, sort_keys=True))

    def replace_pulled(self, feed: str, items: list[dict[str, Any]], cursor: str) -> None:
        """Put a whole feed in the place of the old one, with `cursor:FEED`, in one commit."""
        rows = [(feed, place, json.dumps(item, sort_keys=True)) for place, item in enumerate(items)]

        def swap() -> None:
            self._db.conn.execute("DELETE FROM pulled WHERE feed = ?", (feed,))
            self._db.conn.executemany("INSERT INTO pulled VALUES (?, ?, ?)", rows)
            self._db.conn.execute(_PUT, (f"cursor:{feed}", cursor))

        self._write(swap)

    def change_pulled(
        self, feed: str, items: Sequence[dict[str, Any]], cursor: str, *, reset: bool
    ) -> None:
        """Each item in the place of that with its `id`, or away if it has no `body`; with
        `cursor:FEED`, in one commit. `reset`: what was held of the feed goes first."""

        def change() -> None:
            execute = self._db.conn.execute
            if reset:
                execute("DELETE FROM running WHERE feed = ?", (feed,))
            for item in items:
                if "body" in item:
                    execute(_RUNNING, (feed, item["id"], item["body"]))
                else:
                    execute("DELETE FROM running WHERE feed = ? AND id = ?", (feed, item["id"]))
            execute(_PUT, (f"cursor:{feed}", cursor))

        self._write(change)

    def pulled(self, feed: str) -> list[dict[str, Any]]:
        sql = "SELECT item FROM pulled WHERE feed = ? ORDER BY position"
        return [json.loads(row[0]) for row in self._rows(sql, (feed,))]

    def data_version(self) -> int:
        """Changes when another process commits; costs microseconds."""
        return int(self._rows("PRAGMA data_version", ())[0][0])

    def _rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]:
        try:
            return list(self._db.conn.execute(sql, params).fetchall())
        except DriverError as error:
            raise explained(error, self._home or "the database") from None

    def _write(self, act: Callable[[], _T]) -> _T:
        """One commit. On a full disk the ballast goes: what the city said must be kept."""

        def commit() -> _T:
            with immediate(self._db):
                return act()

        try:
            return self._trying(commit)
        except StorageFull:
            if self._home is None or not drop_ballast(self._home):
                raise
            return self._trying(commit)

    def _trying(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except DriverError as error:
            raise explained(error, self._home or "the database") from None


def _short(problem: str | None) -> str | None:
    if problem is None:
        return None
    return problem[:PROBLEM_MAX_CHARS].encode(errors="replace").decode()  # no half surrogates
