"""What people of this office said in the place of the city's facts: kept for ever, signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from kiosk.domain.local_fact import LocalFact, from_table, to_table
from kiosk.domain.payload import canonical_json
from kiosk.domain.service import CatalogueProblem
from kiosk.store.connection import DriverError, immediate
from kiosk.store.problems import explained

Sign = Callable[[bytes], str]  # by this device's key
Holds = Callable[[str, bytes], bool]  # (signature, bytes): is it this device's?

_ADD = """INSERT INTO local_fact
  SELECT coalesce(max(serial), 0) + 1, ?, ?, ?, ? FROM local_fact"""
_NEWEST = """SELECT serial, service, fact, content, signature FROM local_fact
  WHERE serial IN (SELECT max(serial) FROM local_fact GROUP BY service, fact)
  ORDER BY service, fact"""


def _statement(serial: int, content: str) -> bytes:
    """With its place in the row of versions: an older word does not pass for a newer one."""
    return f"kiosk-local-fact-v1\n{serial}\n".encode() + content.encode()


class LocalFacts:
    """Raises DatabaseUnusable or TryLater like every store."""

    def __init__(self, db: Database, home: Path) -> None:
        self._db = db
        self._home = home

    def count(self) -> int:
        """Of all words ever said."""
        try:
            return int(self._db.conn.execute("SELECT count(*) FROM local_fact").fetchone()[0])
        except DriverError as error:
            raise explained(error, self._home) from None

    def say(self, one: LocalFact, sign: Sign) -> None:
        """The newest word on this fact from now on."""
        content = canonical_json(to_table(one)).decode()
        try:
            with immediate(self._db):
                sql = "SELECT coalesce(max(serial), 0) + 1 FROM local_fact"
                (serial,) = self._db.conn.execute(sql).fetchone()
                signature = sign(_statement(serial, content))
                self._db.conn.execute(_ADD, (one.service, one.fact, content, signature))
        except DriverError as error:
            raise explained(error, self._home) from None

    def newest(self, holds: Holds) -> tuple[list[LocalFact], list[CatalogueProblem]]:
        """The newest word on each fact; a problem in the place of one that is not this device's."""
        try:
            rows = self._db.conn.execute(_NEWEST).fetchall()
        except DriverError as error:
            raise explained(error, self._home) from None
        said, problems = [], []
        for serial, service, fact, content, signature in rows:
            try:
                if not holds(signature, _statement(serial, content)):
                    raise ValueError("not signed by this device's key")
                one = from_table(json.loads(content))
                if (one.service, one.fact) != (service, fact):
                    raise ValueError("signed for another fact")
                said.append(one)
            except (ValueError, KeyError, TypeError) as why:
                words = f"{why or type(why).__name__}; say it again"
                problems.append(CatalogueProblem("local facts", f"{service}.{fact}", words))
        return said, problems

    def sign_again(self, holds: Holds, sign: Sign) -> None:
        """With this device's new key, what was signed with the present one; all in one commit."""
        try:
            with immediate(self._db):
                sql = "SELECT serial, content, signature FROM local_fact"
                for serial, content, signature in self._db.conn.execute(sql).fetchall():
                    statement = _statement(serial, content)
                    if holds(signature, statement):
                        self._db.conn.execute(
                            "UPDATE local_fact SET signature = ? WHERE serial = ?",
                            (sign(statement), serial),
                        )
        except DriverError as error:
            raise explained(error, self._home) from None
