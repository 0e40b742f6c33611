"""People who speak in the moment of the touch and let go with the last sound, or recordings that
somebody has cut so: not one moment of the hall is on them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from kiosk.domain.speech import digits_of
from kiosk.hearing_test import Clip
from kiosk.voice.recogniser import Recogniser
from kiosk.voice.sound import read_recording

CLIPS = 60
FAINT = 0.05  # of a clip's loudest: no word


@pytest.fixture(scope="module")
def said(dev_clips: list[Clip]) -> list[tuple[str, bytes]]:
    """Digits of people who were never taught, cut where they begin and end."""
    own = [clip for clip in dev_clips if "/digits/" in clip.path]
    found = []
    for clip in random.Random(6).sample(own, CLIPS):
        sound = np.frombuffer(read_recording(Path(clip.path)), "<i2")
        loud = np.flatnonzero(np.abs(sound.astype(float)) > FAINT * np.abs(sound).max())
        found.append((clip.text, bytes(sound[loud[0] : loud[-1]].tobytes())))
    return found


def test_nothing_before_or_after_the_words(
    recogniser: Recogniser, said: list[tuple[str, bytes]]
) -> None:
    right = [recogniser.transcribe(pcm, "digits").value == digits_of(words) for words, pcm in said]
    assert sum(right) >= 0.95 * len(right)
