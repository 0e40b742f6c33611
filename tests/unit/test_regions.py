"""13 kecamatan, 104 kelurahan, and the names that mislead."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.store.regions import load_regions

FILE = Path(__file__).parents[2] / "assets" / "regions.tsv"
REGIONS = load_regions(FILE)
COUNTS = [8, 6, 7, 5, 10, 8, 16, 5, 6, 7, 11, 7, 8]


def test_all_are_there_in_official_order() -> None:
    kecamatan = REGIONS.kecamatan()
    assert [one.code for one in kecamatan] == [f"36.71.{number:02d}" for number in range(1, 14)]
    assert [len(REGIONS.kelurahan(one.code)) for one in kecamatan] == COUNTS
    assert sum(COUNTS) == 104


def test_kelurahan_jatiuwung_lies_in_cibodas() -> None:
    kecamatan, kelurahan = REGIONS.find("jatiuwung")
    assert kecamatan.code == "36.71.02"
    parent = REGIONS.find_code(kelurahan.parent)
    assert parent is not None
    assert parent.name == "Cibodas"


@pytest.mark.parametrize("text", ["Batu Jaya", "batujaya", " BATU  JAYA ", "batuj"])
def test_find_ignores_spaces_and_case(text: str) -> None:
    assert [one.code for one in REGIONS.find(text)] == ["36.71.03.1002"]


def test_find_puts_the_whole_name_first() -> None:
    names = [one.name for one in REGIONS.find("cibodas")]
    assert names[0] == "Cibodas"
    assert names == ["Cibodas", "Cibodas", "Cibodas Sari", "Cibodas Baru"]


@pytest.mark.parametrize("code", ["", "36.71", "36.71.99", "36.71.01.1001", "x" * 5000])
def test_only_a_kecamatan_has_kelurahan(code: str) -> None:
    assert REGIONS.kelurahan(code) == ()


def test_find_of_nothing_is_nothing() -> None:
    assert REGIONS.find("") == REGIONS.find("  ") == REGIONS.find("😀") == ()


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "1\tkota\tA\t\n1\tkecamatan\tB\t1",
        "1\tkota\tA\t\n2\tkecamatan\t\t1",
        "1\tkota\tA\t\n2\tkecamatan\tB\t3",
        "1\tkota\tA\t\n2\tkecamatan\tB\t",
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "regions.tsv"
    path.write_text("code\tlevel\tname\tparent\n" + rows, encoding="utf-8")
    with pytest.raises(ValueError, match=r"regions\.tsv"):
        load_regions(path)
