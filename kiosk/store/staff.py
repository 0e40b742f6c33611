"""The people of the desk, their passwords, and how long a wrong one makes everybody wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from sqlite_utils import Database

from kiosk.store.connection import IntegrityError, select, writing

Role = Literal["petugas", "lurah", "admin"]
ROLES: tuple[Role, ...] = ("petugas", "lurah", "admin")
NAME_MAX_CHARS = 40
STAFF_MAX = 200

GUESS_FIRST_DELAY_S = 5.0  # doubles with every further wrong password
GUESS_LONGEST_DELAY_S = 15 * 60.0
GUESS_FORGOTTEN_MS = 24 * 60 * 60 * 1000
GUESS_ROWS_MAX = 2000
# How many wrong passwords cost nothing: a person at one place, a name from anywhere, a place.
FREE_PERSON, FREE_NAME, FREE_PLACE = 3, 10, 10

_LISTING = """SELECT id, name, role, must_change, active, version FROM staff
  ORDER BY active DESC, name COLLATE NOCASE"""
_GET = "SELECT id, name, role, must_change, active, version FROM staff WHERE id = ?"
_FIND = """SELECT id, name, role, must_change, active, version, password FROM staff
  WHERE name = ?"""
_PASSWORD = """UPDATE staff SET password = ?, must_change = ?, version = version + 1
  WHERE id = ?"""
_ROLE = "UPDATE staff SET role = ?, version = version + 1 WHERE id = ?"
_ACTIVE = "UPDATE staff SET active = ?, version = version + 1 WHERE id = ?"
_GUESS = """INSERT INTO guess VALUES (?, 1, ?) ON CONFLICT (who) DO UPDATE SET
  failures = failures + 1, last_ms = excluded.last_ms"""


@dataclass(frozen=True, slots=True)
class Clerk:
    """`version` changes with password, role and leave; a log-in belongs to one of them."""

    id: int
    name: str
    role: Role
    must_change: bool
    active: bool
    version: int


class NameTaken(Exception):
    """Somebody here is called so already."""


class LastAdmin(Exception):
    """Without an administrator nobody could add one from the desk."""


class StaffList:
    """Every method may raise DatabaseUnusable or TryLater. `password` is an Argon2 hash."""

    def __init__(
        self,
        db: Database,
        home: Path,
        *,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._wall_ms = wall_ms

    def listing(self) -> list[Clerk]:
        """Those who work here first, by name."""
        return [_clerk(row) for row in self._rows(_LISTING, ())]

    def get(self, id_: int) -> Clerk:
        """Raises KeyError."""
        rows = self._rows(_GET, (id_,))
        if not rows:
            raise KeyError(id_)
        return _clerk(rows[0])

    def find(self, name: str) -> tuple[Clerk, str] | None:
        """The person of that name, whatever its capitals, and the hash of the password."""
        rows = self._rows(_FIND, (name,))
        return (_clerk(rows[0][:-1]), rows[0][-1]) if rows else None

    def add(self, name: str, role: Role, password: str) -> int:
        """A new person, who has to choose a password of their own first. Raises NameTaken, and
        ValueError for a name that cannot be one."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_MAX_CHARS or not name.isprintable():
            raise ValueError(f"a name has 1 to {NAME_MAX_CHARS} characters on one line")
        if role not in ROLES:
            raise ValueError(f"role {role!r}: known are {', '.join(ROLES)}")
        with writing(self._db, self._home):
            if self._db.conn.execute("SELECT count(*) FROM staff").fetchone()[0] >= STAFF_MAX:
                raise ValueError(f"{STAFF_MAX} people are listed, no more fit")
            try:
                row = self._db.conn.execute(
                    "INSERT INTO staff (name, role, password, made_ms) VALUES (?, ?, ?, ?)",
                    (name, role, password, self._wall_ms()),
                )
            except IntegrityError:
                raise NameTaken(name) from None
            return int(row.lastrowid or 0)

    def set_password(self, id_: int, password: str, *, must_change: bool) -> None:
        """Ends every log-in with the old one."""
        self._write(_PASSWORD, (password, int(must_change), id_))

    def set_role(self, id_: int, role: Role) -> None:
        """Raises LastAdmin."""
        with writing(self._db, self._home):
            self._write(_ROLE, (role, id_))
            self._keep_an_admin()

    def set_active(self, id_: int, active: bool) -> None:
        """Raises LastAdmin."""
        with writing(self._db, self._home):
            self._write(_ACTIVE, (int(active), id_))
            self._keep_an_admin()

    # -- wrong passwords

    def wait_s(self, name: str, place: str) -> float:
        """How long until `name` may be tried again from `place`; 0 = now."""
        now_ms = self._wall_ms()
        longest = 0.0
        for who, free in _keys(name, place):
            rows = self._rows("SELECT failures, last_ms FROM guess WHERE who = ?", (who,))
            if not rows:
                continue
            failures, last_ms = rows[0]
            if last_ms > now_ms:  # the clock was set back: count from now, not from some day
                last_ms = now_ms
                self._write("UPDATE guess SET last_ms = ? WHERE who = ?", (now_ms, who))
            since_s = (now_ms - last_ms) / 1000
            longest = max(longest, guess_delay_s(failures - free) - since_s)
        return longest

    def trying(self, name: str, place: str) -> None:
        """Count a try as wrong before the password is looked at: many at once gain nothing."""
        now_ms = self._wall_ms()
        with writing(self._db, self._home):
            old_ms = now_ms - GUESS_FORGOTTEN_MS
            self._db.conn.execute("DELETE FROM guess WHERE last_ms < ?", (old_ms,))
            count = self._db.conn.execute("SELECT count(*) FROM guess").fetchone()[0]
            for who, _ in _keys(name, place):
                # Invented names must not fill the disk; place and known names still count.
                if count < GUESS_ROWS_MAX or self._known(who):
                    self._db.conn.execute(_GUESS, (who, now_ms))

    def passed(self, name: str, place: str) -> None:
        """The password was right: what was counted for this person and place is forgotten."""
        whose = tuple(who for who, _ in _keys(name, place))
        self._write("DELETE FROM guess WHERE who IN (?, ?, ?)", whose)

    # -- inside

    def _known(self, who: str) -> bool:
        return bool(self._rows("SELECT 1 FROM guess WHERE who = ?", (who,)))

    def _keep_an_admin(self) -> None:
        sql = "SELECT count(*) FROM staff WHERE role = 'admin' AND active"
        if not self._rows(sql, ())[0][0]:
            raise LastAdmin

    def _write(self, sql: str, values: tuple[Any, ...]) -> None:
        with writing(self._db, self._home):
            self._db.conn.execute(sql, values)

    def _rows(self, sql: str, values: Any = ()) -> list[Any]:
        return select(self._db, self._home, sql, values)


def guess_delay_s(beyond_free: int) -> float:
    """Seconds to wait after so many wrong passwords more than are free."""
    if beyond_free < 0:
        return 0.0
    return min(GUESS_FIRST_DELAY_S * 2.0 ** min(beyond_free, 20), GUESS_LONGEST_DELAY_S)


def _keys(name: str, place: str) -> tuple[tuple[str, int], ...]:
    name = " ".join(name.split()).casefold()[:NAME_MAX_CHARS]
    return (
        (f"person {place} {name}", FREE_PERSON),
        (f"name {name}", FREE_NAME),
        (f"place {place}", FREE_PLACE),
    )


def _clerk(row: Any) -> Clerk:
    id_, name, role, must_change, active, version = row
    return Clerk(id_, name, cast(Role, role), bool(must_change), bool(active), version)
