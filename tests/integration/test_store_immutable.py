"""What was accepted stays as it was, whoever holds the connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from tests.store_support import LETTER, TICKET, raw_connection, transactions_in

TABLES = ("install", "txn", "payload", "outbox", "ticket")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    transactions = transactions_in(tmp_path)
    transactions.accept(LETTER)
    transactions.accept(TICKET)
    return tmp_path


def everything(connection: Any) -> list[Any]:
    return [connection.execute(f"SELECT * FROM {one}").fetchall() for one in TABLES]


@pytest.fixture(params=["ours", "raw", "raw without recursive triggers"])
def connection(request: pytest.FixtureRequest, home: Path) -> Iterator[Any]:
    """Whoever changes something, afterwards every row is as it was."""
    one = transactions_in(home)._db.conn if request.param == "ours" else raw_connection(home)
    if request.param == "raw without recursive triggers":
        one.execute("PRAGMA recursive_triggers = OFF")
    before = everything(one)
    yield one
    assert everything(one) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE txn SET service = 'x'",
        "UPDATE OR IGNORE txn SET code = 'x' WHERE dseq = 1",
        "DELETE FROM txn",
        "DELETE FROM txn WHERE dseq = 2",
        "REPLACE INTO txn SELECT * FROM txn WHERE dseq = 1",
        "INSERT INTO txn SELECT * FROM txn WHERE true ON CONFLICT DO UPDATE SET service = 'x'",
        "REPLACE INTO txn SELECT 3, id, 'new', kind, 'x', schema, sha256, at_ms, boot_id,"
        " monotonic_ms FROM txn WHERE dseq = 1",
        "REPLACE INTO txn SELECT 3, 'new', code, kind, 'x', schema, sha256, at_ms, boot_id,"
        " monotonic_ms FROM txn WHERE dseq = 1",
        "INSERT INTO txn SELECT 9, 'new', 'new', kind, 'x', schema, sha256, at_ms, boot_id,"
        " monotonic_ms FROM txn WHERE dseq = 1",
        "UPDATE payload SET body = x'00'",
        "DELETE FROM payload",
        "REPLACE INTO payload VALUES (1, x'00')",
        "INSERT INTO payload VALUES (1, x'00') ON CONFLICT DO UPDATE SET body = x'00'",
        "DELETE FROM outbox",
        "REPLACE INTO outbox (dseq) VALUES (1)",
        "UPDATE outbox SET state = 'prunable'",
        "UPDATE outbox SET state = 'confirmed'",
        "UPDATE outbox SET dseq = 9 WHERE dseq = 2",
        "UPDATE ticket SET number = 9",
        "DELETE FROM ticket",
        "REPLACE INTO ticket SELECT day, prefix, number, 1 FROM ticket",
        "UPDATE install SET epoch = 'x'",
        "DELETE FROM install",
    ],
)
def test_no_statement_changes_what_was_accepted(connection: Any, statement: str) -> None:
    with pytest.raises(sqlcipher.DatabaseError):
        connection.execute(statement)


@pytest.mark.parametrize(
    "act",
    [
        lambda db: db["txn"].transform(types={"service": str}),
        lambda db: db["payload"].transform(drop={"body"}),
        lambda db: db["txn"].drop(),
        lambda db: db["txn"].upsert({"dseq": 1, "service": "x"}, pk="dseq"),
        lambda db: db["txn"].insert({"dseq": 1, "service": "x"}, pk="dseq", replace=True),
        lambda db: db["txn"].update(1, {"service": "x"}),
        lambda db: db["txn"].delete(1),
        lambda db: db["txn"].delete_where(),
        lambda db: db["payload"].update(1, {"body": b""}),
        lambda db: db["outbox"].add_column("x", int),
        lambda db: db.conn.execute("DROP TRIGGER txn_fixed"),
        lambda db: db.conn.execute("PRAGMA recursive_triggers = OFF"),
        lambda db: db.conn.execute("PRAGMA synchronous = OFF"),
        lambda db: db.conn.execute("PRAGMA writable_schema = ON"),
    ],
)
def test_no_call_of_sqlite_utils_changes_it(home: Path, act: Any) -> None:
    db = transactions_in(home)._db
    before = everything(db.conn)
    with pytest.raises(sqlcipher.DatabaseError):
        act(db)
    if db.conn.in_transaction:
        db.conn.execute("ROLLBACK")
    assert everything(db.conn) == before
    with pytest.raises(sqlcipher.DatabaseError, match="txn is immutable"):
        db.conn.execute("UPDATE txn SET service = 'x'")


def test_a_payload_goes_only_when_it_may(home: Path) -> None:
    """In the city's backup, its errand closed, the set time over: by anyone, or not at all."""
    db = transactions_in(home)._db
    execute = db.conn.execute

    def may_not_go() -> None:
        with pytest.raises(sqlcipher.DatabaseError, match="its errand is open"):
            execute("UPDATE outbox SET state = 'prunable' WHERE dseq = 1")
        with pytest.raises(sqlcipher.DatabaseError, match="kept until it is prunable"):
            execute("DELETE FROM payload WHERE dseq = 1")

    for state in ("acked", "confirmed"):
        execute("UPDATE outbox SET state = ? WHERE dseq = 1", (state,))
        with pytest.raises(sqlcipher.DatabaseError, match="kept until it is prunable"):
            execute("DELETE FROM payload WHERE dseq = 1")
    may_not_go()  # the errand is open
    execute("INSERT INTO closed VALUES (1, 1000)")
    may_not_go()  # nobody has said how long
    execute("UPDATE keeping SET keep_ms = 500, city_ms = 1499")
    may_not_go()  # a moment too early
    execute("UPDATE keeping SET city_ms = 1500")
    execute("UPDATE outbox SET state = 'prunable' WHERE dseq = 1")
    execute("DELETE FROM payload WHERE dseq = 1")
    assert execute("SELECT dseq FROM payload").fetchall() == [(2,)]


def test_no_personal_value_stands_in_a_table_that_stays(home: Path) -> None:
    db = transactions_in(home)._db
    kept = str(
        [rows for name, rows in zip(TABLES, everything(db.conn), strict=True) if name != "payload"]
    )
    assert "sktm" in kept
    assert "Contoh" not in kept
    assert "3671" not in kept
