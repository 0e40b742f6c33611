"""What no true NIK can show is a problem; what a move or an old slip explains is a caution."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.nik import is_woman, mask_nik, nik_cautions, read_nik
from kiosk.domain.problem import Problem
from kiosk.domain.regions import Region
from kiosk.store.regions import load_regions

REGIONS = load_regions(Path(__file__).parents[2] / "assets" / "regions.tsv")
GOOD = "3671015201900001"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "nik_empty"),
        (" . - ", "nik_empty"),
        ("36710152019000", "nik_length"),
        (GOOD + "1", "nik_length"),
        ("1" * 10_000, "nik_length"),
        ("36710152o1900001", "nik_not_digits"),
        ("３６７１０１５２０１９００００１", "nik_not_digits"),
        ("٣٦٧١٠١٥٢٠١٩٠٠٠٠١", "nik_not_digits"),
        ("2" * 16, "nik_all_same"),
        ("3671010001900001", "nik_day"),
        ("3671013201900001", "nik_day"),
        ("3671014001900001", "nik_day"),
        ("3671017201900001", "nik_day"),
        ("3671015200900001", "nik_month"),
        ("3671015213900001", "nik_month"),
        ("3671015201900000", "nik_serial"),
    ],
)
def test_what_no_nik_can_be(text: str, code: str) -> None:
    read = read_nik(text)
    assert isinstance(read, Problem)
    assert read.code == code


def test_length_tells_need_and_have() -> None:
    read = read_nik("36710152019000")
    assert read == Problem("nik_length", {"need": 16, "have": 14})


@pytest.mark.parametrize("text", [GOOD, "3671 0152 0190 0001", "36.71.01-520190-0001"])
def test_spaces_dots_and_dashes_are_ignored(text: str) -> None:
    assert read_nik(text) == GOOD


@given(
    kecamatan=st.sampled_from(REGIONS.kecamatan()),
    born=st.dates(date(1926, 1, 1), date(2025, 12, 31)),
    woman=st.booleans(),
    serial=st.integers(1, 9999),
)
def test_every_true_nik_of_the_city_passes_without_a_caution(
    kecamatan: Region, born: date, woman: bool, serial: int
) -> None:
    day = born.day + (40 if woman else 0)
    nik = f"{kecamatan.code.replace('.', '')}{day:02d}{born:%m%y}{serial:04d}"
    assert read_nik(nik) == nik
    assert is_woman(nik) == woman
    assert nik_cautions(nik, REGIONS, born.isoformat(), woman) == ()
    other = (born + timedelta(days=1)).isoformat()
    codes = [one.code for one in nik_cautions(nik, REGIONS, other, not woman)]
    assert codes == ["nik_birth_date_differs", "nik_gender_differs"]


def test_the_century_is_not_in_a_nik() -> None:
    nik = "3671011203260001"
    assert nik_cautions(nik, REGIONS, "1926-03-12") == ()
    assert nik_cautions(nik, REGIONS, "2026-03-12") == ()


@pytest.mark.parametrize(
    ("nik", "code"),
    [
        ("3171015201900001", "nik_other_region"),  # Jakarta
        ("3603015201900001", "nik_other_region"),  # Kabupaten Tangerang
        ("3671145201900001", "nik_other_region"),  # a 14th kecamatan
        ("3671013102900001", "nik_impossible_date"),
        ("3671012902010001", "nik_impossible_date"),  # no leap year in either century
    ],
)
def test_odd_but_possible_is_a_caution(nik: str, code: str) -> None:
    assert read_nik(nik) == nik
    assert [one.code for one in nik_cautions(nik, REGIONS)] == [code]


def test_leap_day_of_2000_is_possible() -> None:
    assert nik_cautions("3671012902000001", REGIONS) == ()


def test_mask_shows_region_and_serial_only() -> None:
    assert mask_nik("3671015201901234") == "3671••••••••1234"
    assert mask_nik("36710152") == "••••••••"
    assert mask_nik("") == ""
