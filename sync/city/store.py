"""What the city holds. Every method is one transaction (a look: its nonce, then what it sees); what
it returns has been committed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import OperationalError

from sync import protocol, signing
from sync.city import citizen, feeds, intake
from sync.city.moments import iso
from sync.city.standing import Standing, standing_of
from sync.city.tables import (
    ASIDE,
    BACKUP_MARK,
    CITY,
    DEVICE,
    ENROL_CODE,
    ENVELOPE,
    NONCE,
    STATUS,
    STREAM,
    ask,
    insert,
    make_tables,
    on_postgresql,
    open_engine,
    tell,
    xid_horizon,
)
from sync.protocol import FeedKey, Outcome, PullPage, PushRequest, Stream

_T = TypeVar("_T")
_EPOCH = "SELECT value FROM city WHERE name = 'epoch'"
_DEVICE = "SELECT public_key, next_key, revoked_at FROM device WHERE id = ?"
_USE_NONCE = """INSERT INTO nonce (device, nonce, expires_s) VALUES (?, ?, ?)
  ON CONFLICT DO NOTHING"""
SPARE_MAX = 8  # connections; more only after a herd
NONCE_SWEEP_S = 60  # used nonces are forgotten in bulk, at most this much late


class CodeRefused(Exception):
    """Wrong, used or expired: which one is not told, so that nobody can try codes out."""


class Replayed(Exception):
    """This device has used this nonce within the window already."""


class WouldWait(Exception):
    """Somebody else is writing just now, or there is more to do."""


class KeyRefused(Exception):
    """This key is another device's, or was rotated away."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    public_key: str
    next_key: str | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    epoch: str
    outcomes: tuple[Outcome, ...]
    streams: tuple[Stream, ...]


class CityStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # A look commits its nonce alone. After a power cut a look could be repeated for as long as
        # its signature is valid: it changes nothing, and an idle poll waits for no disk. On SQLite
        # it waits for nothing at all (`at_hand`), so that it needs no thread of its own.
        url = engine.url.render_as_string(hide_password=False)
        self._looks = open_engine(url, durable=False)
        postgres = engine.dialect.name == "postgresql"
        # One snapshot for all a reader asks (SQLite's transactions are so by themselves).
        self._snapshots = engine
        if postgres:
            self._snapshots = engine.execution_options(isolation_level="REPEATABLE READ")
        self.at_hand = not postgres
        self._swept_s = 0
        self._spare: list[Connection] = []

    def close(self) -> None:
        self._close_spare()
        self._engine.dispose()
        self._looks.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        """For single statements. A few connections stay with us: taking one from the engine's pool
        and handing it back costs as much as the question."""
        try:  # not "if there is one": another thread may take it first
            db = self._spare.pop()
        except IndexError:
            db = self._looks.connect()
        try:
            yield db
        except OperationalError:  # if the server went away, all of them are dead
            db.close()
            self._close_spare()
            raise
        except BaseException:
            self._keep(db)
            raise
        self._keep(db)

    def _keep(self, db: Connection) -> None:
        if len(self._spare) < SPARE_MAX:
            self._spare.append(db)
        else:
            db.close()

    def _close_spare(self) -> None:
        with suppress(IndexError):
            while True:
                self._spare.pop().close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        reading = self._snapshots.connect().execution_options(reading=True)
        with reading as connection, connection.begin():
            yield connection

    def _write(self, act: Callable[..., _T], *arguments: Any) -> _T:
        with self._writing() as db:
            return act(db, *arguments)

    def prepare(self) -> None:
        """Makes what is missing and the epoch of this database. Harmless when repeated."""
        with self._writing() as db:
            if on_postgresql(db):  # two servers that start at once
                db.exec_driver_sql("SELECT pg_advisory_xact_lock(3671)")
            make_tables(db)
            db.execute(
                insert(db, CITY).values(name="epoch", value=_new_epoch()).on_conflict_do_nothing()
            )

    # --- epoch ------------------------------------------------------------------------------------
    def epoch(self) -> str:
        with self._reading() as db:
            return _epoch(db)

    def renew_epoch(self) -> str:
        """After a restore from a backup: devices then send again what the backup may lack."""
        fresh = _new_epoch()
        with self._writing() as db:
            db.execute(update(CITY).where(CITY.c.name == "epoch").values(value=fresh))
            # Numbers of another cluster's transactions: they would hide rows, or be hidden.
            for table in (ENVELOPE, STATUS):
                db.execute(update(table).where(table.c.xid != 0).values(xid=0))
            db.execute(delete(BACKUP_MARK))
        return fresh

    # --- devices ----------------------------------------------------------------------------------
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

        Raises CodeRefused, KeyRefused.
        """
        device = signing.device_id(request.public_key)
        mine = ENROL_CODE.c.code_sha256 == _hash(request.code)
        with self._writing() as db:
            row = db.execute(select(ENROL_CODE).where(mine)).one_or_none()
            if row is None or (row.device is not None and row.device != device):
                raise CodeRefused
            known = db.scalar(select(DEVICE.c.public_key).where(DEVICE.c.id == device))
            if known is not None and known != request.public_key:
                raise KeyRefused
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
                insert(db, DEVICE)
                .values(id=device, public_key=request.public_key, enrolled_at=iso(now))
                .on_conflict_do_nothing()
            )
        return device

    def find_device(self, device: str) -> KnownDevice | None:
        try:  # where a look will go next: what it has read it need not read again
            with self._looking() as db:
                rows = ask(db, _DEVICE, device)
        except OperationalError:
            with self._engine.connect() as db:
                rows = ask(db, _DEVICE, device)
        if not rows:
            return None
        ((public_key, next_key, revoked_at),) = rows
        return KnownDevice(public_key, next_key, revoked_at is not None)

    def rotate_key(self, device: str, public_key: str) -> None:
        """The device's next key, in force from its first use. Raises KeyRefused."""
        with self._writing() as db:
            taken = db.execute(
                select(DEVICE.c.id).where(
                    or_(DEVICE.c.public_key == public_key, DEVICE.c.next_key == public_key),
                    DEVICE.c.id != device,
                )
            ).first()
            if taken is not None:
                raise KeyRefused
            current = db.scalar(select(DEVICE.c.public_key).where(DEVICE.c.id == device))
            if current != public_key:  # else it is in force already, and its reply was lost
                db.execute(update(DEVICE).where(DEVICE.c.id == device).values(next_key=public_key))

    def promote_key(self, device: str, public_key: str, now: datetime) -> None:
        """The next key has been used: the old one is no more."""
        with self._writing() as db:
            db.execute(
                update(DEVICE)
                .where(DEVICE.c.id == device, DEVICE.c.next_key == public_key)
                .values(public_key=public_key, next_key=None, rotated_at=iso(now))
            )

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
            {
                "device": row.id,
                "enrolled_at": row.enrolled_at,
                "revoked_at": row.revoked_at,
                "rotated_at": row.rotated_at,
            }
            for row in rows
        ]

    def use_nonce(self, device: str, nonce: str, now: datetime) -> None:
        """Raises Replayed when this device used it within the window already."""
        self._sweep(now)
        with self._writing() as db:
            _use_nonce(db, device, nonce, now)

    def _sweep(self, now: datetime) -> None:
        """Nonces that nobody can use any more go, in bulk."""
        if self._sweep_is_due(now):
            self._swept_s = now_s = int(now.timestamp())
            with self._writing() as db:
                db.execute(delete(NONCE).where(NONCE.c.expires_s < now_s))

    def _sweep_is_due(self, now: datetime) -> bool:
        return abs(int(now.timestamp()) - self._swept_s) >= NONCE_SWEEP_S

    # --- transactions -----------------------------------------------------------------------------
    def take(
        self,
        device: str,
        asked: PushRequest,
        now: datetime,
        *,
        nonce: str | None = None,
        revoked: bool = False,
    ) -> Taken:
        """Stores a batch, raw first, and says per entry what became of it; with the request's nonce
        in one commit. Raises Replayed; KeptEnough, and then the nonce is not used."""
        self._sweep(now)
        with self._writing() as db:
            if nonce is not None:
                _use_nonce(db, device, nonce, now)
            outcomes, streams = intake.take(db, device, asked, now, revoked=revoked)
            return Taken(_epoch(db), tuple(outcomes), tuple(streams))

    def look(self, device: str, nonce: str, now: datetime) -> Standing:
        """How things stand for a device, for the request with this nonce. Raises Replayed."""
        self._sweep(now)
        with self._engine.connect() if self.at_hand else self._looking() as db:
            return _looked(db, device, nonce, now)

    def look_at_once(self, device: str, nonce: str, now: datetime) -> Standing:
        """The same on SQLite, without waiting for anything. Raises Replayed, and WouldWait when
        `look` would have to."""
        if self._sweep_is_due(now):
            raise WouldWait
        try:
            with self._looking() as db:
                return _looked(db, device, nonce, now)
        except OperationalError:
            raise WouldWait from None

    def standing(self, device: str) -> Standing:
        with self._reading() as db:
            return standing_of(db, device)

    def transactions(self, *, quarantined: bool = False) -> Iterator[dict[str, Any]]:
        """What has arrived, in order of arrival; or what arrived and cannot be used."""
        names = ("id", "device", "dseq", "kind", "sha256", "received_at", "problem")
        query = select(*(ENVELOPE.c[name] for name in names), ENVELOPE.c.server_seq.label("seq"))
        if quarantined:
            aside = select(*(ASIDE.c[name] for name in names), ASIDE.c.seq)
            both = union_all(query.where(ENVELOPE.c.problem.is_not(None)), aside).subquery()
            query = select(both).order_by(both.c.received_at, both.c.dseq, both.c.seq)
        else:
            query = query.where(ENVELOPE.c.problem.is_(None)).order_by(ENVELOPE.c.server_seq)
        with self._reading() as db:
            for row in db.execute(query.execution_options(yield_per=1000)):
                line = dict(row._mapping)
                del line["seq"]
                problem = line.pop("problem")
                yield line | {"problem": problem} if quarantined else line

    def transactions_after(self, cursor: str, limit: int) -> list[dict[str, Any]]:
        """The next usable ones for the city's own systems, each with the cursor after it.

        In an order that no commit slips behind; "" = from the first. A cursor of before a restore
        starts again from the first: whoever reads by it must take repetitions.
        """
        with self._reading() as db:
            epoch = _epoch(db)
            xid, seq = feeds.place_in(cursor, epoch) or (-1, -1)
            rows = db.execute(
                select(ENVELOPE)
                .where(
                    ENVELOPE.c.problem.is_(None),
                    ENVELOPE.c.xid < xid_horizon(db),
                    or_(
                        ENVELOPE.c.xid > xid,
                        and_(ENVELOPE.c.xid == xid, ENVELOPE.c.server_seq > seq),
                    ),
                )
                .order_by(ENVELOPE.c.xid, ENVELOPE.c.server_seq)
                .limit(limit)
            ).all()
        names = ("id", "device", "dseq", "kind", "sha256", "received_at")
        return [
            {name: getattr(row, name) for name in names}
            | {"cursor": f"{epoch}.{row.xid}.{row.server_seq}"}
            for row in rows
        ]

    # --- backup -----------------------------------------------------------------------------------
    def begin_backup(self, now: datetime) -> str:
        """Remembers how far every stream is now; what a backup begun after this surely has."""
        mark = f"b-{int(now.timestamp()):010}-{secrets.token_hex(4)}"  # sorts by age
        with self._writing() as db:
            place = select(
                literal(mark), STREAM.c.device, STREAM.c.epoch, STREAM.c.contiguous_through
            )
            db.execute(
                BACKUP_MARK.insert().from_select(["mark", "device", "epoch", "through"], place)
            )
        return mark

    def confirm_backup(self, mark: str | None) -> int:
        """That backup is made and checked; how many streams it moves. None: all there is now.

        Raises LookupError for a mark that is not open: not given out, or overtaken by a newer one.
        """
        with self._writing() as db:
            if mark is None:
                moved = update(STREAM).values(backup_watermark=STREAM.c.contiguous_through)
                return int(db.execute(moved).rowcount)
            rows = db.execute(select(BACKUP_MARK).where(BACKUP_MARK.c.mark == mark)).all()
            if not rows and (db.scalar(select(func.count()).select_from(STREAM)) or 0):
                raise LookupError(mark)
            moved_streams = 0
            for row in rows:
                here = (STREAM.c.device == row.device, STREAM.c.epoch == row.epoch)
                done = db.execute(
                    update(STREAM)
                    .where(*here, STREAM.c.backup_watermark < row.through)
                    .values(backup_watermark=row.through)
                )
                moved_streams += done.rowcount
            db.execute(delete(BACKUP_MARK).where(BACKUP_MARK.c.mark <= mark))
        return moved_streams

    def copy_to(self, file: Path) -> None:
        """SQLite: the whole database as of one instant, in a new file."""
        raw = self._engine.raw_connection()  # outside any transaction: VACUUM refuses one
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(file),))
        finally:
            raw.close()

    # --- feeds ------------------------------------------------------------------------------------
    def publish(
        self,
        feed: str,
        contents: Mapping[str, Mapping[str, Any]],
        key: Ed25519PrivateKey,
        now: datetime,
    ) -> int:
        return self._write(feeds.publish, feed, contents, key, now)

    def add_feed_key(self, key: FeedKey, now: datetime) -> bool:
        return self._write(feeds.add_key, key, now)

    def feed_keys(self) -> tuple[FeedKey, ...]:
        with self._reading() as db:
            return standing_of(db, "").feed_keys

    def feed_version(self, feed: str, device: str = "") -> str:
        with self._reading() as db:
            return standing_of(db, device).feeds[feed]

    def page(self, feed: str, device: str, cursor: str, nonce: str) -> tuple[PullPage, str]:
        """A page, and the feed's version at that instant."""
        with self._reading() as db:
            seen = standing_of(db, device)
            if feed in protocol.RUNNING_FEEDS:
                page = feeds.status_page(db, device, seen.epoch, cursor, nonce)
            else:
                page = feeds.published_page(db, feed, cursor, nonce)
            return page, seen.feeds[feed]

    def set_status(self, code: str, state: str, note: Mapping[str, str], now: datetime) -> int:
        return self._write(feeds.set_status, code, state, note, now)

    # --- a citizen asks ---------------------------------------------------------------------------
    def citizen_access(self, code: str, now: datetime) -> dict[str, Any]:
        return self._write(citizen.access, code, now)

    def citizen_correct(
        self, code: str, values: Mapping[str, Any], reason: str, now: datetime
    ) -> None:
        self._write(citizen.correct, code, values, reason, now)

    def citizen_erase(self, code: str, reason: str, now: datetime) -> int:
        erased = self._write(citizen.erase, code, reason, now)
        self._empty_log()
        return erased

    def _empty_log(self) -> None:
        """SQLite: what was erased stands in the write-ahead log until that is copied and cut."""
        if self._engine.dialect.name != "sqlite":
            return  # PostgreSQL: its log ages out, its dead rows go with the next VACUUM
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def _epoch(db: Connection) -> str:
    ((epoch,),) = ask(db, _EPOCH)
    return str(epoch)


def _looked(db: Connection, device: str, nonce: str, now: datetime) -> Standing:
    """Each of the two is a transaction by itself: the nonce is used even if nobody answers."""
    _use_nonce(db, device, nonce, now)
    if on_postgresql(db):
        return standing_of(db, device)
    tell(db, "BEGIN")
    try:
        return standing_of(db, device)
    finally:
        tell(db, "COMMIT")


def _use_nonce(db: Connection, device: str, nonce: str, now: datetime) -> None:
    expires_s = int(now.timestamp()) + protocol.NONCE_KEPT_S
    if tell(db, _USE_NONCE, device, nonce, expires_s) != 1:
        raise Replayed


def _new_epoch() -> str:
    return "c-" + secrets.token_hex(8)


def _hash(plain_code: str) -> str:
    return hashlib.sha256(plain_code.encode()).hexdigest()
