"""Children shout at a kiosk: what the recogniser refuses of it must not bring up a card."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from kiosk.domain.meaning import Meaning
from kiosk.lookup.keeping import understanding
from kiosk.store.catalogue import load_catalogue
from kiosk.ui.readings import best_reading, digits_said
from kiosk.voice.recogniser import Recogniser
from tests.hall_support import spoken
from tests.voice.conftest import CHECKOUT

Find = Callable[[str, int], Meaning]


@pytest.fixture(scope="module")
def find() -> Find:
    assets = CHECKOUT / "assets"
    services = load_catalogue(assets).services.values()
    return understanding(services, Path("/nowhere"), assets).find


@pytest.mark.parametrize(
    ("voice", "pitch", "rate_wpm"), [("id+f5", 80, 90), ("id+f2", 90, 130), ("id+m3", 30, 100)]
)
@pytest.mark.parametrize(
    "shout", ["aaaaaaaaaaaa!", "huaaaa huaaaa", "huhuhu huuu", "mamaaaa!", "wooooi!", "aaaaa!"]
)
def test_a_shout_is_no_service_no_emergency_and_no_number(
    recogniser: Recogniser, find: Find, shout: str, voice: str, pitch: int, rate_wpm: int
) -> None:
    pcm = spoken(shout, voice, pitch=pitch, rate_wpm=rate_wpm)
    transcript = recogniser.transcribe(pcm, "lookup")
    words, sure = best_reading(transcript, find)
    assert sure is transcript.accepted
    assert not words or find(words, 1).outcome == "out_of_scope"
    assert digits_said(recogniser.transcribe(pcm, "digits"), 16) == ""


def test_names_that_are_called_are_no_service(recogniser: Recogniser, find: Find) -> None:
    """Their readings are short, "kk anak", "pajak"; of 45, one is longer ("kk ada akte")."""
    meant = []
    for shout, voice, (pitch, rate_wpm) in product(
        ("Kakaaak", "Kakaaaak", "Paaak"),
        ("id", "id+f1", "id+f2", "id+f3", "id+f5"),
        ((50, 130), (70, 150), (90, 170)),
    ):
        pcm = spoken(shout, voice, pitch=pitch, rate_wpm=rate_wpm)
        words, _ = best_reading(recogniser.transcribe(pcm, "lookup"), find)
        meant += [words] if words and find(words, 1).outcome != "out_of_scope" else []
    assert len(meant) <= 1, meant
