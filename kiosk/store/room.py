"""Room on the disk: stop accepting while there is still enough left to keep one's word.

A full disk leaves acknowledged rows whole, but then neither a checkpoint nor a note of what the
city said can be written. So the last megabytes are held by a ballast file that can be let go.
"""

from __future__ import annotations

import os
from pathlib import Path

from kiosk.store.problems import StorageFull

# One WAL at its checkpoint size (4 MB), the same again in the database, and as much for others.
FREE_MIN_BYTES = 16 * 1024 * 1024
BALLAST_BYTES = 8 * 1024 * 1024
BALLAST_NAME = "ballast"


def free_bytes(home: Path) -> int:
    seen = os.statvfs(home)
    return seen.f_bavail * seen.f_frsize


def check_room(home: Path, need_bytes: int = FREE_MIN_BYTES) -> None:
    """Raises StorageFull when less than `need_bytes` are free."""
    if (free := free_bytes(home)) < need_bytes:
        raise StorageFull(
            f"{free // 1_000_000} MB free in {home}, at least {need_bytes // 1_000_000} MB needed"
        )


def hold_ballast(home: Path) -> bool:
    """Make the ballast file when there is ample room for it; is it there?"""
    path = home / BALLAST_NAME
    try:
        if path.exists() and path.stat().st_size == BALLAST_BYTES:
            return True
        if free_bytes(home) < BALLAST_BYTES + 2 * FREE_MIN_BYTES:
            return False
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    except OSError:
        return False
    return True


def drop_ballast(home: Path) -> bool:
    """Let go of the ballast, so that what must still be written can be; was it there?"""
    try:
        (home / BALLAST_NAME).unlink()
    except OSError:
        return False
    return True
