"""The learned ranking as it runs: one row of small weights per place, added up per question.

No NumPy: a kiosk reads some hundred rows of one byte per label from a mapped file, and needs
nothing else of it in memory. `kiosk.lookup.training` makes the file.
"""

from __future__ import annotations

import json
import math
import mmap
import operator
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"kiosk-lookup-1\n"
RARENESS_UNIT = 16.0  # of a place's rareness in its one byte
_LENGTH = struct.Struct("<I")


class ModelUnusable(Exception):
    """The file is not a whole model of this version; `kiosk rebuild lookup` makes a new one."""


@dataclass(frozen=True, slots=True)
class Model:
    """`labels` (services and kinds of out-of-scope) name the columns; `rows` has one byte (signed)
    per place and column, `rareness` one (unsigned) per place, both in place order. `alarm` weighs
    what `kiosk.lookup.alarm` sees."""

    digest: str
    labels: tuple[str, ...]
    scales: tuple[float, ...]
    alarm: tuple[float, ...]
    rareness: Sequence[int]
    rows: memoryview

    def scores(self, places: Iterable[int]) -> dict[str, float]:
        """Per label: the more, the likelier; exp() of it is in proportion to the odds."""
        width = len(self.scales)
        sums = [0] * width
        square = 0
        for place in places:
            if rareness := self.rareness[place]:
                square += rareness * rareness
                sums = list(map(operator.add, sums, self.rows[place * width : (place + 1) * width]))
        length = math.sqrt(square) / RARENESS_UNIT or 1.0
        return {
            label: total * scale / length
            for label, total, scale in zip(self.labels, sums, self.scales, strict=True)
        }

    def said(self, places: Iterable[int], label: str) -> float:
        """What some places say for a label; comparable within one label."""
        column, width = self.labels.index(label), len(self.scales)
        return sum(self.rows[place * width + column] for place in places) * self.scales[column]

    def to_bytes(self) -> bytes:
        head = json.dumps(
            {
                "digest": self.digest,
                "labels": self.labels,
                "scales": self.scales,
                "alarm": self.alarm,
                "places": len(self.rareness),
            }
        ).encode()
        return b"".join(
            (MAGIC, _LENGTH.pack(len(head)), head, bytes(self.rareness), self.rows.cast("B"))
        )


def read_model(data: bytes | mmap.mmap) -> Model:
    """Raises ModelUnusable."""
    begin = len(MAGIC) + _LENGTH.size
    if data[: len(MAGIC)] != MAGIC or len(data) < begin:
        raise ModelUnusable("not a model of this version")
    (length,) = _LENGTH.unpack(data[len(MAGIC) : begin])
    try:
        head = json.loads(data[begin : begin + length])
        places, scales = int(head["places"]), tuple(map(float, head["scales"]))
        labels, alarm = tuple(map(str, head["labels"])), tuple(map(float, head["alarm"]))
        digest = str(head["digest"])
    except (ValueError, KeyError, TypeError):
        raise ModelUnusable("its head cannot be read") from None
    at = begin + length
    if len(labels) != len(scales) or not labels or len(data) != at + places * (1 + len(scales)):
        raise ModelUnusable("it is not whole")
    view = memoryview(data)
    return Model(
        digest, labels, scales, alarm, view[at : at + places], view[at + places :].cast("b")
    )


def load_model(path: Path) -> Model:
    """Maps the file: what no question needs is not read. Raises OSError or ModelUnusable."""
    with path.open("rb") as file:
        try:
            return read_model(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:
            raise ModelUnusable("it is empty") from None
