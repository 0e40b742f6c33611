"""The database key: 32 random bytes as hex in a file that only the kiosk's user can read."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from kiosk.store.problems import DatabaseUnusable

KEY_NAME = "db.key"
_KEY = re.compile(r"[0-9a-f]{64}")


def make_key(home: Path) -> None:
    """Make the key durable under its name in one step; an existing key is left alone."""
    path = home / KEY_NAME
    draft = home / f".{KEY_NAME}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike rename, never replaces a key that is already there
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
    fsync_folder(home)


def read_key(home: Path) -> str:
    """The key as 64 hex digits. Raises DatabaseUnusable E-12 for an unsafe or odd file."""
    path = home / KEY_NAME
    try:
        with path.open() as file:
            seen = os.fstat(file.fileno())
            text = file.read(200).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DatabaseUnusable("E-12", f"{path}: {type(error).__name__}") from None
    if stat.S_IMODE(seen.st_mode) & 0o077:
        mode = stat.S_IMODE(seen.st_mode)
        raise DatabaseUnusable("E-12", f"{path}: mode {mode:04o}, others can read it")
    if seen.st_uid != os.geteuid():
        raise DatabaseUnusable("E-12", f"{path}: owned by user {seen.st_uid}, not {os.geteuid()}")
    if not _KEY.fullmatch(text):
        raise DatabaseUnusable("E-12", f"{path}: not 64 hex digits")
    return text


def fsync_folder(folder: Path) -> None:
    """A new name in a folder outlives a power cut only when the folder itself is synced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
