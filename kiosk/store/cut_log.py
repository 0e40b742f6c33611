"""Commits that lie in the write-ahead log behind a frame that is no longer what was written.

SQLite ends the log at the first frame whose checksum is wrong and says nothing: it cannot tell a
flipped bit from a commit that a power cut tore. The frames behind it can. Each checksum goes on
from the one before, and with synchronous=FULL no commit is begun before the last one is on the
disk: where a second commit follows, the first was whole once, and somebody was told so.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

HEAD_BYTES, FRAME_HEAD_BYTES = 32, 24
TRIES = 5
_BIG_ENDIAN_SUMS = 0x377F0683


def lost_commits(path: Path, count: Callable[[], int]) -> int:
    """How many commits of the log beside the database `path` no reader gets to see; 0: all is well,
    or the one there is may have been torn before anybody was told of it.

    `count` tells how many frames SQLite goes by (`PRAGMA wal_checkpoint(NOOP)`). Only the log is
    opened: closing the database or its index here would drop this process's locks on them. Costs
    some reads of a few bytes while all is well.
    """
    try:
        with open(f"{path}-wal", "rb") as file:
            log = file.fileno()
            for _ in range(TRIES):
                head, first = os.pread(log, HEAD_BYTES, 0), count()
                if first < 0 or len(head) < HEAD_BYTES:
                    return 0
                if _whole(head):
                    found = _commits(log, head, first) if _suspicious(log, head, first) else 0
                else:
                    found = _behind_a_broken_head(log)
                # Somebody who commits meanwhile may be seen in the middle of it: look again.
                if not found or (count() == first and os.pread(log, HEAD_BYTES, 0) == head):
                    return found
    except OSError:
        pass  # no log
    return 0


def identity(path: Path) -> str:
    """The same for the same log, whoever looks at it."""
    try:
        with open(f"{path}-wal", "rb") as file:
            return file.read(HEAD_BYTES)[16:24].hex()
    except OSError:
        return ""


def _suspicious(log: int, head: bytes, first: int) -> bool:
    """Frames of this log behind its end: a commit that is being written, was torn, or is lost."""
    salts = (os.pread(log, 8, _at(head, first + more) + 8) for more in (0, 1))
    return any(one == head[16:24] for one in salts)


def _commits(log: int, head: bytes, first: int) -> int:
    """Commits from one broken frame on that hang together; those before it are about to count."""
    order, page_bytes = _order(head), struct.unpack_from(">I", head, 8)[0]
    # The checksum so far stands in the last frame that counts, or in the head.
    before = os.pread(log, 8, _at(head, first - 1) + 16) if first else head[24:32]
    ways: set[tuple[int, ...]] = {struct.unpack(">II", before)}
    broken, found, number = False, 0, first
    while True:
        frame = os.pread(log, FRAME_HEAD_BYTES + page_bytes, _at(head, number))
        if len(frame) < FRAME_HEAD_BYTES + page_bytes:
            break
        stored = struct.unpack_from(">II", frame, 16)
        reckoned = {_summed(order, frame[:8] + frame[24:], way) for way in ways}
        if stored in reckoned and frame[8:16] == head[16:24]:
            ways = {stored}
        elif broken:
            break
        else:  # wrong itself, or only its checksum: what follows tells by which it goes on
            broken, found, ways = True, 0, {stored, *reckoned}
        found += bool(struct.unpack_from(">I", frame, 4)[0])  # a commit's last frame
        number += 1
    return found if broken and found > 1 else 0


def _behind_a_broken_head(log: int) -> int:
    """The head is written before the first frame and lies in one sector: no power cut tears it."""
    first = os.pread(log, FRAME_HEAD_BYTES, HEAD_BYTES)
    return int(len(first) == FRAME_HEAD_BYTES and any(first))


def _whole(head: bytes) -> bool:
    magic, _, page_bytes = struct.unpack_from(">III", head)
    known = magic in (_BIG_ENDIAN_SUMS - 1, _BIG_ENDIAN_SUMS) and 512 <= page_bytes <= 65536
    return known and _summed(_order(head), head[:24], (0, 0)) == struct.unpack_from(">II", head, 24)


def _order(head: bytes) -> str:
    return ">" if struct.unpack_from(">I", head)[0] == _BIG_ENDIAN_SUMS else "<"


def _at(head: bytes, number: int) -> int:
    return HEAD_BYTES + number * (FRAME_HEAD_BYTES + int(struct.unpack_from(">I", head, 8)[0]))


def _summed(order: str, data: bytes, sums: tuple[int, ...]) -> tuple[int, int]:
    """The checksum of the file format's chapter 4.2, gone on with from `sums`."""
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
