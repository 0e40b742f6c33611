"""Accepting a finished errand: one durable commit, then the receipt."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain.code import new_code
from kiosk.domain.identifier import RANDOM_BYTES, uuid7
from kiosk.domain.payload import PAYLOAD_VERSION, payload_bytes, payload_sha256
from kiosk.domain.queue import Taking, written
from kiosk.domain.transaction import WHYS, Draft, Drain, Receipt, Unsent
from kiosk.store import epochs, mark, withheld
from kiosk.store.connection import DriverError, IntegrityError, immediate
from kiosk.store.problems import NotInService, explained
from kiosk.store.queue import add_entry
from kiosk.store.room import FREE_MIN_BYTES, check_room

CODE_DRAWS_MAX = 50  # of 6.4 million codes a prefix; a busy kiosk uses 0.1 million a year
DRAW_BYTES = 8  # 64 bits for five signs: no sign is likelier than another by more than 1e-12
BODY_MAX_BYTES = 64 * 1024
NO_WISH = Taking()  # a number for the counter, nothing said

_LAST = "SELECT dseq, at_ms FROM txn ORDER BY dseq DESC LIMIT 1"
_LAST_NUMBER = "SELECT max(number) FROM ticket WHERE day = ? AND prefix = ?"
_ADD_TXN = "INSERT INTO txn VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_PAYLOAD = "INSERT INTO payload VALUES (?, ?)"
_ADD_OUTBOX = "INSERT INTO outbox (dseq) VALUES (?)"
_ADD_TICKET = "INSERT INTO ticket VALUES (?, ?, ?, ?)"
_RECEIPT = """SELECT t.id, t.code, t.kind, t.service, t.at_ms, o.state, n.prefix, n.number
  FROM txn t JOIN outbox o USING (dseq) LEFT JOIN ticket n USING (dseq) WHERE t.id = ?"""
_LISTING = """SELECT t.id, t.kind, t.code, t.dseq, o.state, o.attempts, o.last_problem
  FROM txn t JOIN outbox o USING (dseq) ORDER BY t.dseq"""
_UNSENT = """SELECT count(*), (SELECT at_ms FROM txn WHERE dseq = (SELECT min(dseq) FROM unsent))
  FROM unsent"""
_ASIDE = "SELECT count(*) FROM outbox WHERE state IN ('conflict', 'quarantined')"
_REVOKED = "SELECT 1 FROM sync_state WHERE name = 'revoked' AND value <> ''"
_SYNC_WORDS = """SELECT name, value FROM sync_state
  WHERE name IN ('last_success', 'last_problem', 'why', 'drain')"""


class Transactions:
    """The finished errands of one kiosk. Every method may raise DatabaseUnusable or TryLater."""

    def __init__(
        self,
        db: Database,
        home: Path,
        *,
        kiosk_prefix: str,
        queue_prefix: str,
        zone: tzinfo,
        free_min_bytes: int = FREE_MIN_BYTES,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._kiosk_prefix = kiosk_prefix
        self._queue_prefix = queue_prefix
        self._zone = zone
        self._free_min_bytes = free_min_bytes
        self._wall_ms = wall_ms
        self._boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def accept(self, draft: Draft, taking: Taking = NO_WISH) -> Receipt:
        """Store a checked draft for ever; when this returns, a power cut loses nothing of it.

        `taking` says what a ticket's number is for; nothing else has one.
        Raises StorageFull, StorageBusy or, while the city has revoked this device, NotInService:
        with nothing stored; ValueError for a draft too large.
        """
        return self._accept((draft,), taking)[0]

    def accept_all(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        """The letters of one errand, each a transaction with a code of its own, in one commit:
        after a power cut all of them are here or none. Raises as `accept` does."""
        return self._accept(drafts, NO_WISH)

    def _accept(self, drafts: Sequence[Draft], taking: Taking) -> tuple[Receipt, ...]:
        check_room(self._home, self._free_min_bytes)
        execute = self._db.conn.execute
        try:
            # The write lock first: the next dseq, ticket number and time are read under it.
            with immediate(self._db):
                # What staff did at the desk with what came before is still written down.
                if any(draft.kind != "act" for draft in drafts) and self._revoked():
                    raise NotInService
                return tuple(self._store(execute, draft, taking) for draft in drafts)
        except DriverError as error:
            raise explained(error, self._home) from None

    def _store(
        self, execute: Callable[..., Any], draft: Draft, taking: Taking = NO_WISH
    ) -> Receipt:
        last_dseq, last_ms = execute(_LAST).fetchone() or (0, 0)
        dseq = last_dseq + 1
        # A clock set back must not date an errand before the one already on paper.
        at_ms = max(self._wall_ms(), last_ms)
        at = datetime.fromtimestamp(at_ms / 1000, self._zone)
        if draft.nameless:
            return withheld.withhold(execute, draft, at, BODY_MAX_BYTES)
        number, prefix = None, self._queue_prefix + taking.letter
        if draft.kind == "ticket":
            day = at.date().isoformat()
            last_number = execute(_LAST_NUMBER, (day, prefix)).fetchone()[0] or 0
            number = max(last_number, epochs.passed(self._db, day, prefix)) + 1
        ticket = None if number is None else written(prefix, number)
        id_ = uuid7(at_ms, os.urandom(RANDOM_BYTES))
        for _ in range(CODE_DRAWS_MAX):
            code = new_code(self._kiosk_prefix, _drawn_from(os.urandom(DRAW_BYTES)))
            body = payload_bytes(draft, id=id_, code=code, ticket=ticket, at=at)
            if len(body) > BODY_MAX_BYTES:
                raise ValueError(f"answers take {len(body)} bytes, at most {BODY_MAX_BYTES} fit")
            what = (dseq, id_, code, draft.kind, draft.service, PAYLOAD_VERSION)
            when = (at_ms, self._boot_id, time.monotonic_ns() // 1_000_000)
            try:
                execute(_ADD_TXN, (*what, payload_sha256(body), *when))
                break
            except IntegrityError as error:  # rarer than asking for every code beforehand
                if "taken" not in str(error):
                    raise
        else:
            raise RuntimeError(f"{CODE_DRAWS_MAX} codes were taken: give a new kiosk_prefix")
        execute(_ADD_PAYLOAD, (dseq, body))
        epochs.place(self._db, dseq)
        execute(_ADD_OUTBOX, (dseq,))
        if number is None:
            mark.given(self._db, dseq, id_)
        else:
            mark.given(self._db, dseq, id_, day=day, prefix=prefix, number=number)
            execute(_ADD_TICKET, (day, prefix, number, dseq))
            add_entry(execute, dseq, at, at_ms, draft.service, taking)
        return Receipt(id_, code, draft.kind, draft.service, at, "accepted", ticket)

    def in_service(self) -> bool:
        """Not while the city has revoked this device: citizens are told to go to the counter."""
        try:
            return not self._revoked()
        except DriverError as error:
            raise explained(error, self._home) from None

    def _revoked(self) -> bool:
        return self._db.conn.execute(_REVOKED).fetchone() is not None

    def receipt(self, txn_id: str) -> Receipt:
        """What may be promised about it now. Raises KeyError for an id that is not here."""
        try:
            row = self._db.conn.execute(_RECEIPT, (txn_id,)).fetchone()
            if row is None:
                return withheld.receipt(self._db, txn_id, self._zone)
        except DriverError as error:
            raise explained(error, self._home) from None
        id_, code, kind, service, at_ms, state, prefix, number = row
        code = "" if code == id_ else code
        ticket = None if number is None else written(prefix, number)
        return Receipt(id_, code, kind, service, self._local(at_ms), state, ticket)

    def listing(self) -> Iterator[dict[str, Any]]:
        """Everything stored here and where it stands, in order, as `kiosk outbox` prints it.

        What is given without a name has no `code`, and no `dseq` before it is released.
        """
        names = ("id", "kind", "code", "dseq", "state", "attempts", "last_problem")
        try:
            for row in self._db.conn.execute(_LISTING):
                told = dict(zip(names, row, strict=True))
                yield told | {"code": ""} if told["code"] == told["id"] else told
            yield from withheld.listing(self._db)
        except DriverError as error:
            raise explained(error, self._home) from None

    def unsent(self) -> Unsent:
        """What still waits for the city, and how the last attempt went."""
        try:
            count, oldest_ms = self._db.conn.execute(_UNSENT).fetchone()
            words = dict(self._db.conn.execute(_SYNC_WORDS).fetchall())
            (aside,) = self._db.conn.execute(_ASIDE).fetchone()
            held_back = withheld.count(self._db)
        except DriverError as error:
            raise explained(error, self._home) from None
        success = words.get("last_success")
        return Unsent(
            count=count,
            oldest=None if oldest_ms is None else self._local(oldest_ms),
            last_success=None if success is None else _read_time(success, self._zone),
            last_problem=words.get("last_problem") or None,
            why=why if (why := words.get("why", "")) in WHYS else "",
            set_aside=aside,
            withheld=held_back,
            drain=_read_drain(words.get("drain", ""), self._zone),
        )

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self._zone)


def _drawn_from(random_bytes: bytes) -> Callable[[int], int]:
    """Draws whole numbers below n from bytes drawn at once: one system call instead of five."""
    left = int.from_bytes(random_bytes, "big")

    def draw(below: int) -> int:
        nonlocal left
        left, drawn = divmod(left, below)
        return drawn

    return draw


def _read_drain(text: str, zone: tzinfo) -> Drain | None:
    """The agent's note of a long queue on its way; None when there is none."""
    try:
        told = json.loads(text or "{}")
        since = _read_time(str(told.get("since")), zone)
        return None if since is None else Drain(int(told["began_with"]), since)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_time(text: str, zone: tzinfo) -> datetime | None:
    """The agent's ISO time in local time; None when it is not one."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(zone)
