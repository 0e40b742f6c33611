"""The files of `assets/` that people edit: read with a limit, and what is wrong said by its key."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from kiosk.domain.service import Text

Table = dict[str, Any]


class Broken(Exception):
    """Why one file cannot be used: the key in it, and what to do. Never leaves the store."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key, self.message = key, message


def read_table(path: Path, largest_bytes: int) -> Table:
    """The TOML in `path`. Raises Broken."""
    try:
        raw = path.read_bytes()
    except OSError as why:
        raise Broken("", f"cannot be read: {why.strerror}") from why
    if len(raw) > largest_bytes:
        raise Broken("", f"{len(raw)} bytes, more than {largest_bytes}; shorten it")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as why:
        raise Broken("", f"byte {why.start} is not UTF-8; save the file as UTF-8") from why
    except (tomllib.TOMLDecodeError, RecursionError) as why:
        raise Broken("", f"is not TOML: {why}") from why


def text_of(table: Table) -> Text:
    return Text(id=table["id"], en=table["en"])


def day_of(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as why:
        raise Broken(key, f"{text!r} is no day of the calendar") from why
