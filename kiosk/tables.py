"""Text that people write for the commands: UTF-8 with or without a mark at its begin, a table's
cells parted by tabs under a header. The one place that reads such a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.problems import BadInput

LARGEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """`place`: FILE:LINE. `cells` by column; one that the line ends before is none of them."""

    place: str
    cells: Mapping[str, str]

    def cell(self, column: str, do: str) -> str:
        """Perhaps empty. Raises BadInput, with what to `do`, where the line ends before it."""
        try:
            return self.cells[column]
        except KeyError:
            raise self.wrong(column, f"is missing: {do}") from None

    def wrong(self, column: str, what: str) -> BadInput:
        return BadInput(f"{self.place}: {column}: {what}")


def decoded(raw: bytes, name: str | Path, errors: str = "strict") -> str:
    """Raises BadInput with the line that is not UTF-8."""
    try:
        return raw.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        number = 1 + raw.count(b"\n", 0, error.start)
        raise BadInput(f"{name}:{number}: not UTF-8: save the file as UTF-8") from None


def lines_of(path: Path, errors: str = "strict") -> list[str]:
    """Only a newline, with a carriage return before it or not, ends one: a sentence may hold the
    other signs that Python parts lines at. Raises BadInput."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}: name a file that can be read") from None
    except ValueError:
        raise BadInput(f"{str(path)!r}: no file has such a name") from None
    if len(raw) > LARGEST_BYTES:
        raise BadInput(f"{path}: more than {LARGEST_BYTES} bytes: part it")
    text = decoded(raw, path, errors)
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n") if text]


def rows_of(path: Path, needed: Sequence[str]) -> list[Row]:
    """The lines after the header that have something on them, by the header's columns (in lower
    case) in whatever order. Raises BadInput."""
    header, *lines = lines_of(path) or [""]
    columns = [one.strip().lower() for one in header.split("\t")]
    if absent := [one for one in needed if one not in columns]:
        raise BadInput(f"{path}:1: no column {absent[0]}: the header needs {', '.join(needed)}")
    if twice := [one for one in columns if one and columns.count(one) > 1]:
        raise BadInput(f"{path}:1: {twice[0]}: is there twice: take one column out")
    rows = []
    for number, line in enumerate(lines, 2):
        cells = line.split("\t")
        if any(map(str.strip, cells[len(columns) :])):
            raise BadInput(f"{path}:{number}: more cells than the header has: take them out")
        if line.strip():
            rows.append(Row(f"{path}:{number}", dict(zip(columns, cells, strict=False))))
    return rows
