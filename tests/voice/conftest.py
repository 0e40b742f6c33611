"""The speech model of this checkout, loaded once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.hearing_test import Clip, read_manifest
from kiosk.tables import rows_of
from kiosk.voice.model import ModelMissing, check_folder
from kiosk.voice.recogniser import Recogniser
from tests.hall_support import hall

__all__ = ["hall"]

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = CHECKOUT / "offline_models" / "id-small"
SPEECH = CHECKOUT.parent / "shared" / "speech"
TABLE = SPEECH / "manifest.tsv"


@pytest.fixture(scope="session")
def model() -> Path:
    """The speech model of this checkout, or of KIOSK_VOICE_MODEL."""
    folder = Path(os.environ.get("KIOSK_VOICE_MODEL", SHIPPED))
    try:
        check_folder(folder)
    except ModelMissing as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="session")
def dev_clips() -> list[Clip]:
    """Recordings of people who were never taught; `path` is a whole one."""
    if not SPEECH.is_dir():
        pytest.skip("needs ../shared/speech")
    dev = {row.cells["path"] for row in rows_of(TABLE, ("path",)) if row.cells["split"] == "dev"}
    clips = (clip for clip in read_manifest(TABLE) if clip.path in dev)
    return [replace(clip, path=str(SPEECH / clip.path)) for clip in clips]


@pytest.fixture(scope="session")
def recogniser(model: Path) -> Recogniser:
    return Recogniser(model)
