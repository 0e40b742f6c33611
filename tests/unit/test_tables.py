"""Tables that people write, as the commands read them: by their header, whatever program saved
them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.problems import BadInput
from kiosk.tables import lines_of, rows_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.tsv"


def test_a_row_is_read_by_its_header(path: Path) -> None:
    path.write_bytes("\ufeffNote\t Query \texpected\r\n\r\na\tktp\tsktm\r\nb\tkk".encode())
    first, second = rows_of(path, ("query", "expected"))
    assert first.cells == {"note": "a", "query": "ktp", "expected": "sktm"}
    assert (first.place, second.place) == (f"{path}:3", f"{path}:4")
    assert second.cell("query", "") == "kk"
    with pytest.raises(BadInput, match=r"t\.tsv:4: expected: is missing: write it$"):
        second.cell("expected", "write it")


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c", "\x1e", "\r"])
def test_only_a_newline_ends_a_line(path: Path, sign: str) -> None:
    path.write_bytes(f"satu{sign}dua\ntiga\r\n\nempat\n".encode())
    assert lines_of(path) == [f"satu{sign}dua", "tiga", "", "empat"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ":1: no column query: the header needs query, expected"),
        (b"query\n", ":1: no column expected"),
        (b"query\texpected\tquery\n", ":1: query: is there twice"),
        (b"query\texpected\nktp\tsktm\tkk\n", ":2: more cells than the header has"),
        (b"query\texpected\n\nktp\xff\tsktm\n", ":3: not UTF-8: save the file as UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(path: Path, content: bytes, told: str) -> None:
    path.write_bytes(content)
    with pytest.raises(BadInput, match=re.escape(f"{path}{told}")):
        rows_of(path, ("query", "expected"))


@pytest.mark.parametrize("name", ["absent", "a\0b", "."])
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        lines_of(tmp_path / name)
