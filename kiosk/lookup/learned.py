"""The learned ranking as it runs: one row of small weights per feature, added up per question.

No NumPy: a kiosk reads some hundred rows of one byte per label from a mapped file, and needs
nothing else of it in memory. `kiosk.lookup.training` makes the file.
"""

from __future__ import annotations

import json
import math
import mmap
import operator
import struct
import sys
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"kiosk-lookup-4\n"
_AT_ONCE_BYTES = 1 << 16
RARENESS_UNIT = 8.0  # of a feature's rareness in its one byte
_KEY_BYTES = 4
_FRONT = struct.Struct("<II")  # the check sum of all behind it, and the length of the head


class ModelUnusable(Exception):
    """The file is not a whole model of this version; `kiosk rebuild lookup` makes a new one."""


@dataclass(frozen=True, slots=True)
class Model:
    """`labels` (services, kinds of out-of-scope, danger) name the columns, `often` are words that
    people say often. In one order: `keys` of the features that were learned, rising; their
    `rareness`, one byte (unsigned) each; and `rows`, one byte (signed) per feature and column."""

    digest: str
    labels: tuple[str, ...]
    often: tuple[str, ...]
    scales: tuple[float, ...]
    keys: memoryview
    rareness: Sequence[int]
    rows: memoryview

    def places(self, names: Iterable[str]) -> list[int]:
        """Where the features stand, each once, in order; one not learned stands nowhere."""
        found = set()
        for name in names:
            wanted = key(name)
            place = bisect_left(self.keys, wanted)
            if place < len(self.keys) and self.keys[place] == wanted:
                found.add(place)
        return sorted(found)

    def scores(self, places: Sequence[int]) -> dict[str, float]:
        """Per label: the more, the likelier; exp() of a service's is in proportion to its odds."""
        width = len(self.scales)
        sums = [0] * width
        square = 0
        for place in places:
            square += self.rareness[place] ** 2
            sums = list(map(operator.add, sums, self.rows[place * width : (place + 1) * width]))
        length = max(math.sqrt(square) / RARENESS_UNIT, 1.0)
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
                "often": self.often,
                "scales": self.scales,
                "features": len(self.keys),
            }
        ).encode()
        parts = (head, self.keys.cast("B"), bytes(self.rareness), self.rows.cast("B"))
        body = b"".join(parts)
        return MAGIC + _FRONT.pack(zlib.crc32(body), len(head)) + body


def key(name: str) -> int:
    """What a feature is known by, 0 to 2^32 - 1. Two of 50,000 share one about every third time;
    then they share their weights."""
    return zlib.crc32(name.encode())


def read_model(data: bytes | mmap.mmap) -> Model:
    """Raises ModelUnusable."""
    begin = len(MAGIC) + _FRONT.size
    if data[: len(MAGIC)] != MAGIC or len(data) < begin or sys.byteorder != "little":
        raise ModelUnusable("not a model of this version")
    total, length = _FRONT.unpack(data[len(MAGIC) : begin])
    if _sum(data, begin) != total:
        raise ModelUnusable("it is damaged")
    try:
        head = json.loads(data[begin : begin + length])
        features, scales = int(head["features"]), tuple(map(float, head["scales"]))
        labels, digest = tuple(map(str, head["labels"])), str(head["digest"])
        often = tuple(map(str, head["often"]))
    except (ValueError, KeyError, TypeError):
        raise ModelUnusable("its head cannot be read") from None
    keys = begin + length
    rareness = keys + features * _KEY_BYTES
    rows = rareness + features
    if len(labels) != len(scales) or not labels or len(data) != rows + features * len(scales):
        raise ModelUnusable("it is not whole")
    view = memoryview(data)
    return Model(
        digest, labels, often, scales, view[keys:rareness].cast("I"), view[rareness:rows],
        view[rows:].cast("b"),
    )  # fmt: skip


def _sum(data: bytes | mmap.mmap, begin: int) -> int:
    """Some milliseconds. A weight that is not as it was learned would rank wrongly, unnoticed."""
    found = 0
    for at in range(begin, len(data), _AT_ONCE_BYTES):
        found = zlib.crc32(data[at : at + _AT_ONCE_BYTES], found)
    if isinstance(data, mmap.mmap):
        data.madvise(mmap.MADV_DONTNEED)  # no question has asked for them yet
    return found


def load_model(path: Path) -> Model:
    """Maps the file: what no question needs is not read. Raises OSError or ModelUnusable."""
    with path.open("rb") as file:
        try:
            return read_model(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:
            raise ModelUnusable("it is empty") from None
