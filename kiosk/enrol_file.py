"""An enrolment on a USB stick: one small TOML file, read once and then gone from the stick."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from kiosk.problems import BadInput

LONGEST_BYTES = 4096


def read_enrolment(path: Path) -> tuple[str, str]:
    """(code, city URL) of a file with the two lines `code = "…"` and `city = "https://…"`.

    Raises BadInput.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: {os.strerror(error.errno or 0)}") from None
    if len(text) > LONGEST_BYTES:
        raise BadInput(f"{path}: longer than {LONGEST_BYTES} bytes: not an enrolment")
    try:
        table = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not TOML: {error}") from None
    for key in ("code", "city"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise BadInput(f'{path}: {key}: write {key} = "…"')
    if odd := sorted(set(table) - {"code", "city"}):
        raise BadInput(f"{path}: {odd[0]}: no such line, known are code and city")
    return table["code"].strip(), table["city"].strip()


def spend(path: Path) -> str | None:
    """Take the file off the stick, so that nobody finds the code in it. Why it could not, if so."""
    try:
        size = path.stat().st_size
        with path.open("r+b") as file:  # a stick's wear levelling may keep it; the code is used up
            file.write(b"\0" * size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        return f"{path}: {os.strerror(error.errno or 0)}: erase it yourself"
    return None
