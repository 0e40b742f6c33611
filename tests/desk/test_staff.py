"""People, passwords, guessing, sessions and the certificate: the rules without a browser."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.desk import passwords
from kiosk.desk.certificate import (
    RENEW_DAYS,
    VALID_DAYS,
    CertificateProblem,
    certificate_in,
)
from kiosk.desk.sessions import LONGEST_S, OF_ONE_MAX, Sessions
from kiosk.store import staff as staff_rules
from kiosk.store.connection import open_database
from kiosk.store.staff import Clerk, LastAdmin, NameTaken, StaffList, guess_delay_s

HOUR_MS = 3_600_000


class Watch:
    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def watch() -> Watch:
    return Watch()


def people_in(home: Path, watch: Watch) -> StaffList:
    home.mkdir(exist_ok=True)
    return StaffList(open_database(home), home, wall_ms=watch)


@pytest.mark.parametrize(
    ("beyond", "seconds"), [(-1, 0), (0, 5), (1, 10), (2, 20), (5, 160), (8, 900), (99, 900)]
)
def test_each_wrong_password_doubles_the_wait(beyond: int, seconds: float) -> None:
    assert guess_delay_s(beyond) == seconds


def test_guessing_is_slow_and_stays_so_after_a_restart(tmp_path: Path, watch: Watch) -> None:
    people = people_in(tmp_path, watch)
    people.add("Rina", "admin", "hash")
    for _ in range(3):
        assert people.wait_s("rina", "10.0.0.9") == 0
        people.trying("Rina", "10.0.0.9")
    assert people.wait_s("RINA", "10.0.0.9") == 5
    assert people.wait_s("Rina", "10.0.0.10") == 0  # herself, at another PC
    again = people_in(tmp_path, watch)
    watch.ms += 4_000
    assert again.wait_s("Rina", "10.0.0.9") == 1
    watch.ms += 1_000
    assert again.wait_s("Rina", "10.0.0.9") == 0
    again.trying("Rina", "10.0.0.9")
    assert again.wait_s("Rina", "10.0.0.9") == 10
    again.passed("Rina", "10.0.0.9")
    assert again.wait_s("Rina", "10.0.0.9") == 0


def test_many_places_against_one_name_and_one_place_against_many_names(
    tmp_path: Path, watch: Watch
) -> None:
    people = people_in(tmp_path, watch)
    for number in range(10):
        people.trying("Rina", f"10.0.1.{number}")
    assert people.wait_s("Rina", "10.0.2.1") == 5
    for number in range(10):
        people.trying(f"nobody {number}", "10.0.3.1")
    assert people.wait_s("Budi", "10.0.3.1") == 5


def test_a_clock_set_back_locks_nobody_out_for_long(tmp_path: Path, watch: Watch) -> None:
    people = people_in(tmp_path, watch)
    for _ in range(4):
        people.trying("Rina", "here")
    watch.ms -= 400 * 24 * HOUR_MS
    assert people.wait_s("Rina", "here") == 10
    watch.ms += 10_000
    assert people.wait_s("Rina", "here") == 0


def test_invented_names_do_not_fill_the_disk(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_rules, "GUESS_ROWS_MAX", 20)
    people = people_in(tmp_path, watch)
    for number in range(60):
        people.trying(f"nobody {number}", "here")
    count = people._db.conn.execute("SELECT count(*) FROM guess").fetchone()[0]
    assert count <= 23
    assert people.wait_s("anybody", "here") == 900
    watch.ms += 25 * HOUR_MS
    people.trying("one", "there")
    assert people._db.conn.execute("SELECT count(*) FROM guess").fetchone()[0] == 3


def test_names_are_people_and_there_is_always_an_admin(tmp_path: Path, watch: Watch) -> None:
    people = people_in(tmp_path, watch)
    first = people.add("  Pak   Kelola ", "admin", "hash")
    assert people.get(first).name == "Pak Kelola"
    assert people.get(first).must_change
    with pytest.raises(NameTaken):
        people.add("pak kelola", "petugas", "hash")
    for name in ("", "x" * 41, "a\nb\x00"):
        with pytest.raises(ValueError, match="name"):
            people.add(name, "petugas", "hash")
    with pytest.raises(LastAdmin):
        people.set_role(first, "petugas")
    with pytest.raises(LastAdmin):
        people.set_active(first, False)
    assert people.get(first).role == "admin"
    second = people.add("Bu Kelola", "admin", "hash")
    people.set_role(first, "lurah")
    assert people.get(first).version == 2
    assert [one.id for one in people.listing()] == [second, first]


def test_passwords_are_kept_as_argon2id_and_fit_only_themselves() -> None:
    kept = passwords.hashed("kapal biru di sawah")
    assert kept.startswith("$argon2id$")
    assert passwords.fits("kapal biru di sawah", kept)
    assert not passwords.fits("kapal biru di sawa", kept)
    assert not passwords.fits("kapal biru di sawah", None)
    assert not passwords.fits("x", "no hash")
    assert passwords.hashed("kapal biru di sawah") != kept


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("kapal biru di sawah", True),
        pytest.param(passwords.first_password(), True, id="one of ours"),
        ("pendek", False),
        ("x" * 129, False),
        ("aaaaaaaaaaaa", False),
        ("Kelurahan123", False),
        ("rina santosa oke", False),
    ],
)
def test_what_a_password_may_be(password: str, is_good: bool) -> None:
    assert (passwords.password_problem(password, "Rina Santosa") is None) == is_good


# -- sessions

RINA = Clerk(1, "Rina", "petugas", False, True, 1)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_copied_cookie_does_not_outlive_the_lock_nor_work_elsewhere() -> None:
    clock = Clock()
    sessions = Sessions(600, clock)
    token, session = sessions.begin(RINA, "10.0.0.1")
    assert sessions.find(token, "10.0.0.1", active=True) is session
    assert sessions.find(token, "10.0.0.2", active=True) is None
    assert sessions.find(token + "x", "10.0.0.1", active=True) is None
    clock.now_s = 590
    assert sessions.find(token, "10.0.0.1", active=False) is session  # a page asks by itself
    clock.now_s = 601
    assert sessions.find(token, "10.0.0.1", active=True) is None
    clock.now_s = 0  # and never again
    assert sessions.find(token, "10.0.0.1", active=True) is None


def test_however_busy_a_day_ends() -> None:
    clock = Clock()
    sessions = Sessions(600, clock)
    token, _ = sessions.begin(RINA, "a")
    while clock.now_s < LONGEST_S:
        assert sessions.find(token, "a", active=True)
        clock.now_s += 599
    assert sessions.find(token, "a", active=True) is None


def test_one_person_has_few_sessions_and_all_end_together() -> None:
    sessions = Sessions(600, Clock())
    tokens = [sessions.begin(RINA, "a")[0] for _ in range(OF_ONE_MAX + 2)]
    alive = [token for token in tokens if sessions.find(token, "a", active=True)]
    assert alive == tokens[-OF_ONE_MAX:]
    sessions.end_all_of(RINA.id)
    assert not any(sessions.find(token, "a", active=True) for token in tokens)


# -- certificate


def test_the_certificate_is_made_once_with_safe_modes_and_renewed_in_time(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    old_mask = os.umask(0)
    try:
        made = certificate_in(tmp_path, now)
    finally:
        os.umask(old_mask)
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert made.certificate.stat().st_mode & 0o777 == 0o644
    assert certificate_in(tmp_path, now + timedelta(days=200)) == made
    later = now + timedelta(days=VALID_DAYS - RENEW_DAYS + 1)
    renewed = certificate_in(tmp_path, later)
    assert renewed.fingerprint != made.fingerprint
    assert renewed.until > made.until
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(renewed.certificate, renewed.key)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk.crt", "desk.key"]


@pytest.mark.parametrize("harm", ["mode", "text"])
def test_an_unsafe_certificate_is_refused_in_one_line(tmp_path: Path, harm: Any) -> None:
    made = certificate_in(tmp_path)
    if harm == "mode":
        made.key.chmod(0o644)
    else:
        made.certificate.write_text("-----BEGIN NOTHING-----")
    with pytest.raises(CertificateProblem, match="delete") as caught:
        certificate_in(tmp_path)
    assert "\n" not in str(caught.value)
