from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import CAP_S, FIRST_S, RETRY_AFTER_MAX_S, delay_s, retry_after_s

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DRAWS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("failures", "draw", "expected"),
    [(1, 0.5, 1.0), (2, 0.5, 2.0), (3, 0.5, 4.0), (8, 0.5, 128.0), (9, 0.5, 150.0), (1, 0.0, 0.0)],
)
def test_doubles_from_two_seconds_up_to_the_cap(
    failures: int, draw: float, expected: float
) -> None:
    assert delay_s(failures, draw) == expected


@given(st.integers(1, 10**9), DRAWS)
def test_never_above_the_cap_nor_below_zero(failures: int, draw: float) -> None:
    assert 0 <= delay_s(failures, draw) <= min(CAP_S, FIRST_S * 2.0 ** min(failures - 1, 1000))


@given(st.integers(1, 100), DRAWS, st.floats(0, RETRY_AFTER_MAX_S))
def test_never_sooner_than_the_city_asked(failures: int, draw: float, asked_s: float) -> None:
    assert asked_s <= delay_s(failures, draw, asked_s) <= asked_s + CAP_S


def test_kiosks_told_the_same_second_do_not_come_at_the_same_second() -> None:
    assert delay_s(1, 0.1, 60.0) != delay_s(1, 0.9, 60.0)


def test_counts_failures_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        delay_s(0, 0.5)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("99999999999999", RETRY_AFTER_MAX_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 0.0),
        ("Sat, 21 Nov 2026 08:01:00 -0000", 60.0),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_reads_seconds_and_dates(header: str | None, expected: float | None) -> None:
    assert retry_after_s(header, NOW) == expected


@given(st.text())
def test_an_odd_header_is_never_an_error(header: str) -> None:
    found = retry_after_s(header, NOW)
    assert found is None or 0 <= found <= RETRY_AFTER_MAX_S
