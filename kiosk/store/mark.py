"""A note beside the database: the last errand, and the day's numbers on papers.

A log (WAL) that lost its end, or a database put back from a backup, cannot know what is missing;
this note can say so. It is written after the commit and not flushed, so it costs no turn of the
disk: after a power cut it may be older than the database, never newer, and the kernel has it on the
disk within half a minute. Errands take turns in two slots, so one of them is always whole.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlite_utils import Database

NAME = "kiosk.mark"
SLOT_BYTES = 512  # a sector each: the even errands', the odd ones', the numbers
NUMBERS_AT = 2 * SLOT_BYTES
_ERRAND = struct.Struct(">Q16s16s")  # dseq, install, id; its checksum follows
_SUM = struct.Struct(">I")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """`dseq` and `id` of the last errand; `numbers` by prefix, those given on `day`."""

    install: str
    dseq: int
    id: str  # 32 hex digits
    day: str = ""
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Given:
    """What one connection's transaction has given so far."""

    path: Path
    install: bytes
    errand: tuple[int, str] | None = None
    day: str = ""
    numbers: dict[str, int] = field(default_factory=dict)


_OPEN: WeakKeyDictionary[Database, _Given] = WeakKeyDictionary()


def read(home: Path) -> Mark | None:
    """None when there is none that can be read."""
    try:
        raw = (home / NAME).read_bytes()
    except OSError:
        return None
    errands = [_errand(raw[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
    known = [one for one in errands if one is not None]
    if not known:
        return None
    dseq, install, id_ = max(known)
    return Mark(install.hex(), dseq, id_.hex(), *_numbers(raw[NUMBERS_AT:]))


def keep(db: Database, home: Path, wrong: Mark | None = None) -> None:
    """From here on the commits of this connection are noted. `wrong` said of more than is here: it
    is overwritten, but for the numbers on papers."""
    (install,) = db.conn.execute("SELECT epoch FROM install").fetchone()
    given = _OPEN[db] = _Given(home / NAME, bytes.fromhex(install))
    if wrong is None and given.path.exists():
        return
    last = db.conn.execute("SELECT dseq, id FROM txn ORDER BY dseq DESC LIMIT 1").fetchone()
    leave(home, install, *(last or (0, "0" * 32)))


def leave(home: Path, install: str, dseq: int, id_: str) -> None:
    """The note anew, but for the numbers on papers."""
    both = _errand_bytes(bytes.fromhex(install), dseq, id_).ljust(SLOT_BYTES, b"\0") * 2
    _write(home / NAME, lambda file: os.pwrite(file, both, 0))


def given(
    db: Database, dseq: int, id_: str, *, day: str = "", prefix: str = "", number: int = 0
) -> None:
    """This errand is in the transaction that is open now."""
    note = _OPEN.get(db)
    if note is not None:
        note.errand = dseq, id_
        if number:
            note.day, note.numbers[prefix] = day, number


def committed(db: Database) -> None:
    """Never raises: an errand that is committed is accepted, whatever becomes of its note."""
    note = _OPEN.get(db)
    if note is None or note.errand is None:
        return
    (dseq, id_), day, numbers = note.errand, note.day, note.numbers
    rolled_back(db)

    def write(file: int) -> None:
        at = dseq % 2 * SLOT_BYTES
        os.pwrite(file, _errand_bytes(note.install, dseq, id_), at)
        if numbers:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            known_day, known = _numbers(os.pread(file, SLOT_BYTES, NUMBERS_AT))
            told = known | numbers if known_day == day else numbers
            os.pwrite(file, _numbers_bytes(day, told), NUMBERS_AT)

    _write(note.path, write)


def rolled_back(db: Database) -> None:
    note = _OPEN.get(db)
    if note is not None and note.errand is not None:
        note.errand, note.day, note.numbers = None, "", {}


def _write(path: Path, act: Callable[[int], object]) -> None:
    """Opened each time: who unmounts the disk need not wait for a note."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            act(file)
        finally:
            os.close(file)
    except OSError as error:
        logger.warning("%s: %s: a lost end would go unseen", path, error.strerror)


def _errand_bytes(install: bytes, dseq: int, id_: str) -> bytes:
    data = _ERRAND.pack(dseq, install, bytes.fromhex(id_.replace("-", "")))
    return data + _SUM.pack(zlib.crc32(data))


def _errand(slot: bytes) -> tuple[int, bytes, bytes] | None:
    data, said = slot[: _ERRAND.size], slot[_ERRAND.size : _ERRAND.size + _SUM.size]
    if len(said) < _SUM.size or _SUM.unpack(said)[0] != zlib.crc32(data):
        return None
    dseq, install, id_ = _ERRAND.unpack(data)
    return dseq, install, id_


def _numbers_bytes(day: str, numbers: dict[str, int]) -> bytes:
    text = json.dumps([day, numbers]).encode()
    data = text + b" %08x" % zlib.crc32(text)
    return data.ljust(SLOT_BYTES, b"\0") if len(data) <= SLOT_BYTES else bytes(SLOT_BYTES)


def _numbers(slot: bytes) -> tuple[str, dict[str, int]]:
    text, _, said = slot.rstrip(b"\0").rpartition(b" ")
    try:
        if int(said, 16) == zlib.crc32(text):
            day, numbers = json.loads(text)
            return str(day), {str(prefix): int(number) for prefix, number in numbers.items()}
    except (ValueError, TypeError, AttributeError):
        pass
    return "", {}
