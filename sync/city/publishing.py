"""From the city's own files to signed feeds: reading them, and the key that signs them."""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol, signing

KEY_FILE = "catalogue.key"


class BadInput(Exception):
    """One line: file or option, key, what to do."""


# --- the key that signs ---------------------------------------------------------------------------
def load_feed_key(path: Path) -> Ed25519PrivateKey:
    try:
        return signing.load_key(path.parent, path.name)
    except signing.KeyUnusable:
        raise _unusable(path) from None


def load_or_make_feed_key(path: Path) -> tuple[Ed25519PrivateKey, bool]:
    """The key, and whether it was made just now (0600)."""
    made = not path.exists()
    try:
        return signing.load_or_make_key(path.parent, path.name), made
    except signing.KeyUnusable:
        raise _unusable(path) from None


def _unusable(path: Path) -> BadInput:
    return BadInput(
        f"{path}: not a key that can be used (missing, not Ed25519, or not of mode 600); "
        "give the file that city catalogue-key made"
    )


# --- what is published ----------------------------------------------------------------------------
def read_feed(feed: str, path: Path) -> dict[str, dict[str, Any]]:
    """The items of a feed by id: a folder of TOML files, or for holidays also a single file.

    Raises BadInput; then nothing may be published.
    """
    if feed == "holidays" and path.is_file():
        contents = _holidays(path)
    else:
        contents = _folder(feed, path)
    most = protocol.PULL_PAGE_ITEMS * protocol.PULL_MAX_PAGES
    if len(contents) > most:
        raise BadInput(f"{path}: {len(contents)} items, at most {most}")
    for name, content in contents.items():
        if len(json.dumps(content, ensure_ascii=False).encode()) > protocol.FEED_ITEM_MAX_BYTES:
            most = protocol.FEED_ITEM_MAX_BYTES
            raise BadInput(f"{path}: {name}: over {most} bytes; nothing was published")
    return contents


def _folder(feed: str, folder: Path) -> dict[str, dict[str, Any]]:
    if not folder.is_dir():
        raise BadInput(f"{folder}: not a folder; give the folder of the *.toml files")
    if feed == "holidays":
        contents: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.toml")):
            contents |= _holidays(path)
    else:
        contents = {path.stem: _file(feed, path) for path in sorted(folder.glob("*.toml"))}
    if not contents:
        raise BadInput(f"{folder}: no *.toml file in it; nothing was published")
    return contents


def _file(feed: str, path: Path) -> dict[str, Any]:
    content = _toml(path)
    if content.get("id") != path.stem or not protocol.WORD_PATTERN.fullmatch(path.stem):
        raise BadInput(f"{path}: id: must be {path.stem!r}, as the file; nothing was published")
    if feed == "announcements":
        for key in ("title", "text"):
            _in_both_languages(path, key, content.get(key))
        for key in ("from", "until"):
            _day(path, key, content.get(key))
        if not isinstance(content.get("source"), str):
            raise BadInput(f"{path}: source: say who announces it; nothing was published")
    return content


def _holidays(path: Path) -> dict[str, dict[str, Any]]:
    rows = _toml(path).get("holiday")
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"{path}: holiday: no [[holiday]] in it; nothing was published")
    contents = {}
    for number, row in enumerate(rows, start=1):
        where = f"holiday {number}"
        if not isinstance(row, dict):
            raise BadInput(f"{path}: {where}: not a table; nothing was published")
        day = _day(path, f"{where}: day", row.get("day"))
        _in_both_languages(path, f"{where}: name", row.get("name"))
        contents[day] = {"source": "", **row, "id": day}
    return contents


def _toml(path: Path) -> dict[str, Any]:
    """A file as JSON: dates and times as text."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"{path}: {error}; nothing was published") from error
    return dict(json.loads(json.dumps(content, default=_plain)))


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _in_both_languages(path: Path, key: str, value: object) -> None:
    texts = value if isinstance(value, dict) else {}
    if not all(isinstance(texts.get(lang), str) and texts[lang] for lang in ("id", "en")):
        raise BadInput(f"{path}: {key}: give it in id and en; nothing was published")


def _day(path: Path, key: str, value: object) -> str:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise BadInput(f"{path}: {key}: not a day (2026-08-17); nothing was published") from None
