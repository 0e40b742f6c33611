"""The end of the way: what is deleted, when, and that it is really gone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kiosk.domain.transaction import Draft
from kiosk.store.connection import DATABASE_NAME, PAGE_BYTES, first_wrong_row
from kiosk.store.key import KEY_NAME
from kiosk.store.outbox import Outbox
from kiosk.store.transactions import Transactions
from tests.store_support import TICKET, transactions_in

NIK = "3671011401940001"
LONG = Draft("application", "sktm", {"nik": NIK, "name": "Contoh Warga", "why": f"{NIK} " * 300})
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DAYS = timedelta(days=1)

IV_BYTES, MAC_BYTES = 16, 32  # at the end of every page (SQLCipher, HMAC_SHA256)
SALT_BYTES, WAL_HEADER_BYTES, FRAME_HEADER_BYTES = 16, 32, 24


class Office:
    """One kiosk whose city has confirmed everything filed so far."""

    def __init__(self, home: Path, keep_days: int | None = 30) -> None:
        self.home = home
        self.transactions: Transactions = transactions_in(home)
        self.db = self.transactions._db
        self.outbox = Outbox(self.db, home, keep_days=keep_days)

    def confirmed(self, draft: Draft = LONG) -> tuple[str, str]:
        """(id, code) of a new errand that the city's backup has."""
        receipt = self.transactions.accept(draft)
        self.outbox.record([(receipt.id, "stored", 1, None)])
        (dseq,) = self.db.conn.execute("SELECT max(dseq) FROM txn").fetchone()
        assert self.outbox.confirm_through(dseq) == 1
        return receipt.id, receipt.code

    def city_says(self, code: str, state: str) -> None:
        body = json.dumps({"id": code, "code": code, "state": state})
        self.outbox.change_pulled("statuses", [{"id": code, "body": body}], "c", reset=False)

    def desk_says(self, code: str, state: str) -> None:
        sql = """INSERT INTO work (dseq, day, state, arrived_ms)
          SELECT dseq, '2026-11-21', ?, 0 FROM txn WHERE code = ?
          ON CONFLICT (dseq) DO UPDATE SET state = excluded.state"""
        self.db.conn.execute(sql, (state, code))

    def kept(self) -> list[int]:
        return [row[0] for row in self.db.conn.execute("SELECT dseq FROM payload ORDER BY dseq")]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_it_goes_when_the_set_time_after_its_end_is_over(office: Office) -> None:
    _, code = office.confirmed()
    assert office.outbox.prune(NOW) == 0, "the errand is open"
    office.city_says(code, "done")
    assert office.outbox.prune(NOW) == 0, "seen at its end just now"
    assert office.outbox.prune(NOW + 29 * DAYS) == 0
    assert office.outbox.prune(NOW + 30 * DAYS) == 1
    assert office.kept() == []
    assert first_wrong_row(office.db) is None, "a deleted payload is no damage"
    (row,) = office.transactions.listing()
    assert (row["code"], row["state"]) == (code, "prunable")


@pytest.mark.parametrize("state", ["received", "in-process", "needs-citizen", "ready"])
def test_what_is_not_at_its_end_stays(office: Office, state: str) -> None:
    _, code = office.confirmed()
    office.city_says(code, state)
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 3650 * DAYS) == 0


def test_the_desk_closes_too_and_may_open_again(office: Office) -> None:
    _, code = office.confirmed()
    office.desk_says(code, "done")
    office.outbox.prune(NOW)
    office.desk_says(code, "open")
    assert office.outbox.prune(NOW + 31 * DAYS) == 0, "somebody works on it again"
    office.desk_says(code, "rejected")
    assert office.outbox.prune(NOW + 32 * DAYS) == 0, "its time begins anew"
    assert office.outbox.prune(NOW + 62 * DAYS) == 1


def test_what_the_backup_does_not_have_stays(office: Office) -> None:
    receipt = office.transactions.accept(LONG)
    office.outbox.record([(receipt.id, "stored", 1, None)])
    office.city_says(receipt.code, "done")
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 365 * DAYS) == 0
    assert office.kept() == [1]


def test_without_a_set_time_nothing_goes(tmp_path: Path) -> None:
    office = Office(tmp_path, keep_days=None)
    _, code = office.confirmed()
    office.city_says(code, "done")
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 3650 * DAYS) == 0


def test_a_number_is_at_its_end_from_the_start(office: Office) -> None:
    office.confirmed(TICKET)
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 30 * DAYS) == 1


def test_a_restored_city_gets_what_is_still_here_and_hears_of_the_rest(office: Office) -> None:
    gone, code = office.confirmed()
    office.confirmed()
    office.city_says(code, "done")
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 30 * DAYS) == 1
    assert office.outbox.without_bytes(0, 10) == [(gone, 1)]
    assert not office.outbox.acknowledged(1), "it cannot be sent again"
    assert office.outbox.resend_from(1) == 1
    assert [item.dseq for item in office.outbox.due(10)] == [2]


# --- really gone ----------------------------------------------------------------------------------
def decrypted_pages(data: bytes, key: bytes) -> bytes:
    """A database file's pages in clear, those that are free included."""
    clear = bytearray()
    for start in range(0, len(data), PAGE_BYTES):
        page = data[start : start + PAGE_BYTES]
        clear += decrypted(page[SALT_BYTES:] if start == 0 else page, key)
    return bytes(clear)


def decrypted(page: bytes, key: bytes) -> bytes:
    body, tail = page[: -IV_BYTES - MAC_BYTES], page[-IV_BYTES - MAC_BYTES :]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(tail[:IV_BYTES])).decryptor()
    return decryptor.update(body) + decryptor.finalize()


def decrypted_log(data: bytes, key: bytes) -> bytes:
    """Every frame of a write-ahead log in clear, old ones included."""
    clear = bytearray()
    frame = FRAME_HEADER_BYTES + PAGE_BYTES
    for start in range(WAL_HEADER_BYTES, len(data) - frame + 1, frame):
        number = int.from_bytes(data[start : start + 4], "big")
        page = data[start + FRAME_HEADER_BYTES : start + frame]
        clear += decrypted(page[SALT_BYTES:] if number == 1 else page, key)
    return bytes(clear)


def in_clear(home: Path) -> tuple[bytes, bytes]:
    key = bytes.fromhex((home / KEY_NAME).read_text().strip())
    log = home / f"{DATABASE_NAME}-wal"
    return (
        decrypted_pages((home / DATABASE_NAME).read_bytes(), key),
        decrypted_log(log.read_bytes() if log.exists() else b"", key),
    )


def test_after_the_wipe_the_nik_is_nowhere(office: Office) -> None:
    _, code = office.confirmed()
    other = Draft("application", "sktm", {"nik": "3671010101010002", "name": "Warga Lain"})
    office.confirmed(other)
    office.db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    office.confirmed(other)
    file, log = in_clear(office.home)
    assert NIK.encode() in file + log, "the test can read what is there"
    assert b"CREATE TABLE" in file
    office.city_says(code, "done")
    office.outbox.prune(NOW)
    assert office.outbox.prune(NOW + 30 * DAYS) == 1
    file, log = in_clear(office.home)
    assert b"3671010101010002" in file, "what stays is still there"
    assert NIK.encode() not in file
    assert NIK.encode() not in log
    assert b"Contoh Warga" not in file + log


def test_a_reader_delays_the_wipe_but_not_for_ever(office: Office) -> None:
    _, code = office.confirmed()
    office.city_says(code, "done")
    office.outbox.prune(NOW)
    reader = transactions_in(office.home)._db.conn
    office.db.conn.execute("PRAGMA busy_timeout = 50")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM payload").fetchone()
    assert office.outbox.prune(NOW + 30 * DAYS) == 1
    assert office.outbox.get("wipe_due") == "yes"
    reader.execute("COMMIT")
    assert office.outbox.prune(NOW + 31 * DAYS) == 0
    assert not office.outbox.get("wipe_due")
    assert NIK.encode() not in b"".join(in_clear(office.home))
    reader.close()


# --- without a name -------------------------------------------------------------------------------
SURVEY = Draft("survey", "sktm", {"q1": 3, "q2": 4}, lang="en")
NAMELESS = Draft("complaint", "", {"anonymous": 1, "text": "Antre lama"})
NAMED = Draft("complaint", "", {"text": "Antre lama", "phone": "08123456789"})


def test_what_has_no_name_leads_nowhere(office: Office) -> None:
    application = office.transactions.accept(LONG)
    told = [office.transactions.accept(draft) for draft in (SURVEY, NAMELESS, SURVEY)]
    assert [receipt.code for receipt in told] == ["", "", ""]
    assert [row["dseq"] for row in office.transactions.listing()] == [1, None, None, None]
    assert [item.id for item in office.outbox.due(10)] == [application.id]
    assert office.outbox.release(everything=False) == 0, "its day is not over"
    assert office.outbox.release(everything=True) == 3
    bodies = [json.loads(item.body) for item in office.outbox.due(10)[1:]]
    assert {body["id"] for body in bodies} == {receipt.id for receipt in told}
    for body in bodies:
        assert body["code"] is None
        assert "lang" not in body
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", body["at"])
        assert body["id"][14] == "4", "a random id: a UUIDv7 tells the millisecond"
    rows = office.db.conn.execute(
        "SELECT at_ms, boot_id, monotonic_ms FROM txn WHERE dseq > 1"
    ).fetchall()
    before = office.db.conn.execute("SELECT at_ms FROM txn WHERE dseq = 1").fetchone()[0]
    assert rows == [(before, "", 0)] * 3, "of the errand before it, not of its own"
    assert office.db.conn.execute("SELECT count(*) FROM withheld").fetchone()[0] == 0
    assert office.transactions.receipt(told[0].id).code == ""
    assert first_wrong_row(office.db) is None


def test_a_complaint_with_a_name_goes_like_any_errand(office: Office) -> None:
    receipt = office.transactions.accept(NAMED)
    assert receipt.code
    assert [item.id for item in office.outbox.due(10)] == [receipt.id]


def test_they_are_released_when_their_day_is_over_and_not_in_their_order(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    given = [transactions.accept(SURVEY).id for _ in range(12)]
    tomorrow = datetime.now(UTC) + DAYS
    outbox = Outbox(transactions._db, tmp_path, now=lambda: tomorrow)
    assert outbox.release(everything=False) == 12
    sent = [item.id for item in outbox.due(20)]
    assert sorted(sent) == sorted(given)
    assert sent != given  # one chance in 479 million
    assert transactions.unsent().count == 12


def test_nobody_takes_a_withheld_answer_away(office: Office) -> None:
    office.transactions.accept(SURVEY)
    for statement in (
        "DELETE FROM withheld",
        "UPDATE withheld SET day = '2020-01-01'",
        "REPLACE INTO withheld SELECT * FROM withheld",
    ):
        with pytest.raises(Exception, match=r"withheld|taken"):
            office.db.conn.execute(statement)
    assert office.transactions.unsent().withheld == 1


def test_a_release_cut_short_is_no_release(office: Office, monkeypatch: Any) -> None:
    for _ in range(3):
        office.transactions.accept(SURVEY)
    from kiosk.store import withheld

    broken = (*withheld._MOVE[:2], "INSERT INTO nowhere VALUES (1)")
    monkeypatch.setattr(withheld, "_MOVE", broken)
    with pytest.raises(Exception, match="nowhere"):
        office.outbox.release(everything=True)
    monkeypatch.undo()
    assert office.transactions.unsent().withheld == 3
    assert office.outbox.left() == 0
    assert office.outbox.release(everything=True) == 3
