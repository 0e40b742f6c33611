"""What is to be printed, as values: lines, rules and a QR. How wide and how, the printer knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PrintState = Literal["queued", "printing", "confirmed", "failed"]
PrintWhat = Literal["receipt", "ticket", "papers"]

PrintProblem = Literal["off", "paper_out", "cover", "offline", "silent", "cut", "late"]
"""Why nothing, or nobody knows what, came out. `off`: it cannot be reached. `cover`: open.
`offline`: it says it cannot print. `silent`: it answers nothing. `cut`: the line, the power or the
kiosk broke off while it printed. `late`: the person is gone, it would be somebody else's paper."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words over the width of the paper. `size` 1 to 4 is how many times larger than text."""

    text: str
    size: int = 1
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One of a list, with its mark before it: "1.", "[ ]"."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Qr:
    text: str


Paper = tuple[Line | Item | Rule | Qr, ...]
