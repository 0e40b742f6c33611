"""Letters of one errand are one commit: after a kill all of them are there or none."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from kiosk.domain.transaction import Draft
from kiosk.store import transactions as module
from kiosk.store.connection import first_wrong_row
from kiosk.store.outbox import Outbox
from tests.store_support import run_together, transactions_in

NIK = {"nik": "3671011401940001", "name": "Contoh Warga"}
LETTERS = tuple(Draft("application", name, NIK) for name in ("ket-mati", "ahli-waris", "sktm"))
STEPS = 3 * 3  # for each letter: the transaction, its payload, its place in the outbox


def test_each_letter_is_a_transaction_with_its_own_code(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    receipts = transactions.accept_all(LETTERS)
    assert [one.service for one in receipts] == [one.service for one in LETTERS]
    assert len({one.code for one in receipts}) == len({one.id for one in receipts}) == 3
    bodies = [json.loads(item.body) for item in Outbox(transactions._db, tmp_path).due(10)]
    assert [body["code"] for body in bodies] == [one.code for one in receipts]
    assert all(body["answers"] == NIK for body in bodies)
    assert first_wrong_row(transactions._db) is None


@pytest.mark.parametrize("written", [*range(STEPS), "commit"])
def test_a_kill_between_two_letters_leaves_none_and_doubles_none(
    tmp_path: Path, written: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL after so many rows of the errand, or just before its commit; then it is filed anew,
    as the person at the screen would."""
    transactions_in(tmp_path)._db.close()

    def act(_number: int) -> None:
        transactions = transactions_in(tmp_path)
        rows = 0

        def trace(statement: str) -> None:
            nonlocal rows
            if rows == written and statement.startswith("INSERT INTO "):
                os.kill(os.getpid(), signal.SIGKILL)
            if written == "commit" and statement == "COMMIT":
                os.kill(os.getpid(), signal.SIGKILL)
            rows += statement.startswith(("INSERT INTO txn", "INSERT INTO payload",
                                          "INSERT INTO outbox"))  # fmt: skip

        transactions._db.conn.set_trace_callback(trace)
        transactions.accept_all(LETTERS)

    assert run_together(1, act) == [-signal.SIGKILL]
    transactions = transactions_in(tmp_path)
    assert list(transactions.listing()) == []
    receipts = transactions.accept_all(LETTERS)
    assert [row["code"] for row in transactions.listing()] == [one.code for one in receipts]
    assert first_wrong_row(transactions._db) is None


def test_a_letter_too_large_leaves_the_others_unfiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_MAX_BYTES", 400)
    transactions = transactions_in(tmp_path)
    large = Draft("application", "sktm", {"name": "x" * 500})
    with pytest.raises(ValueError, match="at most"):
        transactions.accept_all((*LETTERS, large))
    assert list(transactions.listing()) == []
