"""What can be wrong with the store, sorted by what to do next.

`DatabaseUnusable`: do not start, call staff; its code stands on the "out of order" screen.
`TryLater`: nothing was stored, the same act may succeed later.
"""

from __future__ import annotations

import os

# code -> (what is wrong, what staff can do). Nothing here ever deletes or overwrites a file.
CODES: dict[str, tuple[str, str]] = {
    "E-10": (
        "the kiosk's folder or database cannot be written",
        "mount the disk writable and give the folder to the kiosk's user",
    ),
    "E-11": (
        "there is a database but no key file",
        "put db.key back from the sealed copy; without it the data cannot be read",
    ),
    "E-12": (
        "the key file is unsafe or not a key",
        "give it to the kiosk's user and run chmod 600 on it; it holds 64 hex digits",
    ),
    "E-13": (
        "the database cannot be read with this key",
        "wrong db.key or a damaged file: keep both, call the city's IT",
    ),
    "E-14": (
        "the file in the database's place is not the kiosk's",
        "move the foreign file away yourself after looking at it",
    ),
    "E-15": (
        "the database was written by a newer version",
        "install that version again; an older one must not touch it",
    ),
    "E-16": (
        "the database is damaged",
        "keep kiosk.db, kiosk.db-wal and db.key, call the city's IT",
    ),
    "E-17": (
        "a protection of the database is missing and its rows cannot be proven whole",
        "keep all files as they are, call the city's IT",
    ),
    "E-18": (
        "the database could not be opened: the disk is full or another program holds it",
        "free some room on the disk, then start the kiosk again",
    ),
}


class DatabaseUnusable(Exception):
    """The database must not be used. `code` is a key of CODES, `detail` never holds a value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {CODES[code][0]} ({detail}): {CODES[code][1]}")
        self.code = code
        self.detail = detail


class TryLater(Exception):
    """Nothing was stored; the same act may succeed later."""


class StorageFull(TryLater):
    """Too little room on the disk to promise anything."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the disk is full: {detail}: free some room, nothing was stored")


class StorageBusy(TryLater):
    """Another process held the database for longer than BUSY_TIMEOUT_S."""

    def __init__(self) -> None:
        super().__init__("the database is in use by another process: nothing was stored, try again")


class NotInService(TryLater):
    """The city revoked this device: what it took now would go to a quarantine, to nobody."""

    def __init__(self) -> None:
        super().__init__(
            "the city revoked this device: nothing was stored; ask the city's administrator"
        )


# SQLite's words, because the driver gives no error number on Python 3.11.
_WORDS: tuple[tuple[str, str], ...] = (
    ("readonly database", "E-10"),
    ("unable to open database", "E-10"),
    ("file is not a database", "E-13"),
    ("not authorized", "E-17"),
    ("malformed", "E-16"),
    ("disk i/o error", "E-16"),
)


_SHARED_BYTES = 64 * 1024  # SQLite's index of the log grows by half of this


def _is_full(path: object) -> bool:
    """SQLite calls it an I/O error when its shared memory file finds no room."""
    try:
        seen = os.statvfs(str(path))
    except OSError:
        return False
    return seen.f_bavail * seen.f_frsize < _SHARED_BYTES


def explained(error: Exception, path: object) -> Exception:
    """The driver's error as one of ours; an unknown one (a bug) is given back unchanged."""
    words = str(error).lower()
    if "is full" in words or ("disk i/o error" in words and _is_full(path)):
        return StorageFull(f"no room left beside {path}")
    if "locked" in words or "busy" in words:
        return StorageBusy()
    for part, code in _WORDS:
        if part in words:
            return DatabaseUnusable(code, f"{path}: {words}")
    return error
