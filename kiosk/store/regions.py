"""Reads assets/regions.tsv (code, level, name, parent)."""

from __future__ import annotations

import csv
from pathlib import Path

from kiosk.domain.regions import Region, Regions


def load_regions(path: Path) -> Regions:
    """Raises OSError when it cannot be read, ValueError (file and line) when a row is broken."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    regions: dict[str, Region] = {}
    for number, row in enumerate(rows, start=2):
        code, name, parent = (row.get(column) or "" for column in ("code", "name", "parent"))
        if not code or not name or code in regions or bool(parent) == (number == 2):
            raise ValueError(f"{path.name} line {number}: need a new code, a name and a parent")
        if parent and parent not in regions:
            raise ValueError(f"{path.name} line {number}: parent {parent} has no line above it")
        regions[code] = Region(code, name, parent)
    if not regions:
        raise ValueError(f"{path.name}: no regions in it")
    return Regions(regions.values())
