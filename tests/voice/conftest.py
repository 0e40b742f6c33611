"""The speech model of this checkout, loaded once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.voice.model import ModelMissing, check_folder
from kiosk.voice.recogniser import Recogniser
from tests.hall_support import hall

__all__ = ["hall"]

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = CHECKOUT / "offline_models" / "id-small"


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
def recogniser(model: Path) -> Recogniser:
    return Recogniser(model)
