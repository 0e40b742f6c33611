"""The staff's PIN that opens the way out of the kiosk: kept as Argon2id, slowed down when guessed.

A wrong guess is written down, durably, before it is looked at: switching the kiosk off and on
gives nobody a fresh set of guesses.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

FILE = "staff-pin.json"
LEAST_DIGITS, MOST_DIGITS = 6, 12
FREE_GUESSES = 3
FIRST_WAIT_S, LONGEST_WAIT_S, DOUBLINGS_MAX = 60.0, 3600.0, 10
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class BadPin(ValueError):
    """Why it cannot be a PIN, and what to do."""


def set_pin(home: Path, pin: str) -> None:
    """Keep this PIN, with no wrong guess counted. Raises BadPin."""
    if not re.fullmatch(f"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}", pin):
        raise BadPin(f"PIN: write {LEAST_DIGITS} to {MOST_DIGITS} digits")
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    if len(steps) == 1 or len(set(pin)) < 3:
        raise BadPin("PIN: too easy to guess, take digits without an order")
    _write(home, {"hash": _HASHER.hash(pin), "wrong": 0, "last_s": 0.0})


def has_pin(home: Path) -> bool:
    return _read(home) is not None


def wait_s(home: Path, now_s: float) -> float:
    """Seconds until the next guess is looked at; 0 = now. `now_s` is the time of day (epoch)."""
    kept = _read(home)
    if kept is None or kept["wrong"] < FREE_GUESSES:
        return 0.0
    doublings = min(kept["wrong"] - FREE_GUESSES, DOUBLINGS_MAX)
    wait = min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S)
    since_s = now_s - kept["last_s"]
    if since_s < 0:  # the clock was set back: no shorter for that, and no longer than once
        with suppress(OSError):  # then it is counted from the old time on
            _write(home, {**kept, "last_s": now_s})
        return float(wait)
    return float(max(0.0, wait - since_s))


def fits(home: Path, pin: str, now_s: float) -> bool:
    """Is this the PIN? False without one, and while `wait_s` is not over. OSError: not kept, so
    not looked at."""
    kept = _read(home)
    if kept is None or wait_s(home, now_s) > 0:
        return False
    _write(home, {**kept, "wrong": kept["wrong"] + 1, "last_s": now_s})
    try:
        _HASHER.verify(kept["hash"], pin)
    except (VerificationError, InvalidHashError):
        return False
    _write(home, {**kept, "wrong": 0, "last_s": now_s})
    return True


def _read(home: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads((home / FILE).read_text())
        return {"hash": str(kept["hash"]), "wrong": int(kept["wrong"]),
                "last_s": float(kept["last_s"])}  # fmt: skip
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # Damaged: no PIN fits, which locks nobody in but those in front of the screen.
        return {"hash": "", "wrong": 0, "last_s": 0.0}


def _write(home: Path, kept: dict[str, object]) -> None:
    draft = home / f".{FILE}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home / FILE)
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
