"""The staff's way out: one PIN, few guesses, and no fresh ones by switching off and on."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk import staff_pin
from kiosk.staff_pin import BadPin, fits, has_pin, set_pin, wait_s

PIN = "493817"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    set_pin(tmp_path, PIN)
    return tmp_path


def test_the_pin_fits_and_others_do_not(home: Path) -> None:
    assert has_pin(home)
    assert fits(home, PIN, 1000.0)
    assert not fits(home, "493818", 1001.0)
    assert fits(home, PIN, 1002.0)


def test_it_is_kept_as_argon2_for_the_kiosk_alone(home: Path) -> None:
    file = home / staff_pin.FILE
    assert PIN not in file.read_text()
    assert json.loads(file.read_text())["hash"].startswith("$argon2id$")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("pin", ["", "12345", "123456", "987654", "111111", "12121212", "4938a7"])
def test_an_easy_or_odd_pin_is_refused(pin: str, tmp_path: Path) -> None:
    with pytest.raises(BadPin):
        set_pin(tmp_path, pin)
    assert not has_pin(tmp_path)


def test_after_three_guesses_even_the_right_one_must_wait_longer_each_time(home: Path) -> None:
    now_s = 1000.0
    for _ in range(3):
        assert not fits(home, "000001", now_s)
    for wait in (60.0, 120.0, 240.0):
        assert wait_s(home, now_s) == wait
        assert not fits(home, PIN, now_s + wait - 1)
        now_s += wait
        assert not fits(home, "000001", now_s)
    now_s += wait_s(home, now_s)
    assert fits(home, PIN, now_s)
    assert wait_s(home, now_s) == 0


def test_a_guess_counts_before_it_is_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def verify(self, kept: str, pin: str) -> bool:
            raise KeyboardInterrupt  # the plug is pulled while it computes

    monkeypatch.setattr(staff_pin, "_HASHER", Gone())
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            fits(home, PIN, 1000.0)
    assert wait_s(home, 1000.0) == 60.0


def test_a_clock_set_back_shortens_no_wait(home: Path) -> None:
    for _ in range(3):
        fits(home, "000001", 1000.0)
    assert wait_s(home, 10.0) == 60.0


def test_a_clock_set_back_by_years_locks_nobody_out_for_years(home: Path) -> None:
    for _ in range(3):
        fits(home, "000001", 1e9)
    assert wait_s(home, 1000.0) == 60.0
    assert not fits(home, PIN, 1059.0)
    assert fits(home, PIN, 1061.0)


@settings(max_examples=30, deadline=None)
@given(wrong=st.integers(0, 10_000), since_s=st.floats(-1e9, 1e9))
def test_a_wait_is_never_negative_nor_longer_than_an_hour(
    tmp_path_factory: pytest.TempPathFactory, wrong: int, since_s: float
) -> None:
    home = tmp_path_factory.mktemp("pin")
    (home / staff_pin.FILE).write_text(json.dumps({"hash": "x", "wrong": wrong, "last_s": 1e6}))
    assert 0 <= wait_s(home, 1e6 + since_s) <= 3600


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"hash": 1}', "\x00"])
def test_a_damaged_file_opens_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / staff_pin.FILE).write_text(text)
    assert not fits(tmp_path, PIN, 1.0)
    assert not fits(tmp_path, "", 2.0)


def test_without_a_pin_nothing_fits(tmp_path: Path) -> None:
    assert not fits(tmp_path, PIN, 1.0)
    assert wait_s(tmp_path, 1.0) == 0
