"""The folder of a speech model: is everything there that a model needs, and whole?

Vosk does not ask: of a damaged file it makes a traceback, a crash of the process or no end at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

NEEDED = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/HCLr.fst",
    "graph/Gr.fst",
    "graph/words.txt",
    "graph/disambig_tid.int",
)
WHOLE = "copy the whole speech model"
SUMS = "SHA256SUMS"  # as `offline_models.training.package` and `sha256sum` write them


class ModelMissing(Exception):
    """There is no speech model, or it does not load; one line with the folder."""


def check_folder(folder: Path) -> None:
    """Every file that the folder's SHA256SUMS names is as it was; in a folder without, all that is
    needed is there and none of it empty. Raises ModelMissing."""
    if not folder.is_dir():
        raise ModelMissing(f"{folder}: no speech model: install or copy one")
    if absent := [name for name in NEEDED if not (folder / name).is_file()]:
        raise ModelMissing(f"{folder}: {absent[0]} is missing: {WHOLE}")
    try:
        damaged = _damaged(folder)
    except OSError as error:
        raise ModelMissing(f"{error.filename or folder}: {error.strerror}: {WHOLE}") from None
    if damaged:
        raise ModelMissing(f"{folder}: {damaged} is damaged: {WHOLE}")


def _damaged(folder: Path) -> str | None:
    """The first file that is not as it was. Raises OSError."""
    if empty := [name for name in NEEDED if not (folder / name).stat().st_size]:
        return empty[0]
    if not (folder / SUMS).exists():  # a city's own model
        return None
    lines = (folder / SUMS).read_text("utf-8", "replace").splitlines()
    told = {name: right for right, _, name in (line.partition("  ") for line in lines)}
    if not told.keys() >= set(NEEDED):
        return SUMS
    wrong = (
        name
        for name, right in told.items()
        if not (folder / name).is_file() or _sum(folder / name) != right
    )
    return next(wrong, None)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
