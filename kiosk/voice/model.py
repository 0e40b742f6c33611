"""The folder of a speech model: is everything there that a model needs?"""

from __future__ import annotations

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


class ModelMissing(Exception):
    """There is no speech model, or it does not load; one line with the folder."""


def check_folder(folder: Path) -> None:
    """Raises ModelMissing."""
    if not folder.is_dir():
        raise ModelMissing(f"{folder}: no speech model")
    if absent := [name for name in NEEDED if not (folder / name).is_file()]:
        raise ModelMissing(f"{folder}: {absent[0]} is missing: copy the whole speech model")
