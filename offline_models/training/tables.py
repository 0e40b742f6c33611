"""Tables that people write: UTF-8, a header, tabs between the cells. `kiosk.tables` is the same for
the kiosk: neither imports the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path


class BadInput(ValueError):
    """One line: the file, the line and the column in it, what to do."""


@dataclass(frozen=True)
class Row:
    """`place`: FILE:LINE. `cells` by column, "" for one that the line ends before."""

    place: str
    cells: dict[str, str]

    def wrong(self, column: str, what: str) -> BadInput:
        return BadInput(f"{self.place}: {column}: {what}")


def lines_of(path: Path) -> list[str]:
    """Only newlines, with a carriage return or without, end a line. Raises BadInput."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}: name a file that can be read") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = 1 + raw.count(b"\n", 0, error.start)
        raise BadInput(f"{path}:{number}: not UTF-8: save the file as UTF-8") from None
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def rows_of(path: Path, needed: Sequence[str]) -> Iterator[Row]:
    """The lines after the header that have something on them. Raises BadInput, also where a cell of
    a column of `needed` is empty."""
    header, *lines = lines_of(path)
    columns = [one.strip().lower() for one in header.split("\t")]
    if absent := [one for one in needed if one not in columns]:
        raise BadInput(f"{path}:1: no column {absent[0]}: the header needs {', '.join(needed)}")
    if twice := [one for one in columns if one and columns.count(one) > 1]:
        raise BadInput(f"{path}:1: {twice[0]}: is there twice: take one column out")
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        cells = line.split("\t")
        of_columns = zip_longest(columns, cells[: len(columns)], fillvalue="")
        row = Row(f"{path}:{number}", dict(of_columns))
        if any(map(str.strip, cells[len(columns) :])):
            raise BadInput(f"{row.place}: more cells than the header has: take them out")
        for column in needed:
            if not row.cells[column].strip():
                raise row.wrong(column, "is empty: fill it in or take the line out")
        yield row
