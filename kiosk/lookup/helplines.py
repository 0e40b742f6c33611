"""Whom to call: the fixed words and numbers of assets/lookup/emergency.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from kiosk.domain.service import Lang
from kiosk.lookup.said import Said

EMERGENCY_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "emergency.toml"


def emergency_words(table: Mapping[str, Any], kind: str, lang: Lang) -> Said:
    """Fixed words and numbers of assets/lookup/emergency.toml; those of no kind in particular when
    `kind` is not known."""
    chosen = table["kind"].get(kind) or table["kind"]["darurat"]
    called = _listed([table["number"][one] for one in chosen["numbers"]], lang)
    return Said((chosen["say"][lang], *called.lines), called.sources)


def numbers(table: Mapping[str, Any], words: Collection[str], lang: Lang) -> Said | None:
    """Those of the helpers that are among the `words`; None where there are none."""
    rows = table["number"].values()
    asked = [one for one in rows if not set(one.get("of", "").split()).isdisjoint(words)]
    return _listed(asked, lang) if asked else None


def _listed(numbers: list[dict[str, Any]], lang: Lang) -> Said:
    lines = tuple(f"{one['number']}: {one['name'][lang]}" for one in numbers)
    return Said(lines, tuple(dict.fromkeys(key for one in numbers for key in one["sources"])))


def load_emergency(path: Path = EMERGENCY_FILE) -> dict[str, Any]:
    """Raises OSError or tomllib.TOMLDecodeError: the file is a part of the program."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
