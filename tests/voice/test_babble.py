"""A hall full of people and nobody at the microphone: for a minute five who were never taught talk
without a pause, all equally near."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from kiosk.domain.speech import Task
from kiosk.hearing_test import Clip
from kiosk.voice.endpoint import LIMITS
from kiosk.voice.recogniser import Recogniser
from kiosk.voice.sound import RATE_HZ, read_recording

PEOPLE, SECONDS = 5, 60
LOUD = 1500.0  # root mean square, as somebody at the microphone
FAINT = 0.03  # of a clip's loudest: no word
PHRASES = ("Akta kelahiran", "Akta kematian", "Pindah datang", "KTP hilang")

Sound = np.ndarray[tuple[int], np.dtype[np.float32]]


@pytest.fixture(scope="module")
def babble(dev_clips: list[Clip]) -> bytes:
    chance = random.Random(7)
    people = chance.sample(sorted({clip.speaker for clip in dev_clips}), PEOPLE)
    clips = [[Path(clip.path) for clip in dev_clips if clip.speaker == one] for one in people]
    hall = np.sum([talk(own, chance) for own in clips], axis=0)
    hall *= LOUD / np.sqrt(np.mean(hall**2))
    return bytes(np.clip(hall, -32768, 32767).astype("<i2").tobytes())


def talk(clips: list[Path], chance: random.Random) -> Sound:
    """One person, all equally loud, without the silence around the clips."""
    said = np.zeros(0, np.float32)
    while len(said) < SECONDS * RATE_HZ:
        clip = np.frombuffer(read_recording(chance.choice(clips)), "<i2").astype(np.float32)
        loud = np.flatnonzero(np.abs(clip) > FAINT * np.abs(clip).max())
        clip = clip[loud[0] : loud[-1]]
        said = np.concatenate([said, clip / np.sqrt(np.mean(clip**2))])
    return said[: SECONDS * RATE_HZ]


@pytest.mark.parametrize("task", ["lookup", "digits", "yesno", "choice"])
def test_a_hall_full_of_talk_says_nothing(
    recogniser: Recogniser, babble: bytes, task: Task
) -> None:
    phrases = PHRASES if task == "choice" else ()
    longest = round(LIMITS[task].longest_s * RATE_HZ) * 2  # bytes: it never falls silent
    taken = [
        heard.text
        for begin in range(0, len(babble) - longest + 1, longest)
        if (
            heard := recogniser.transcribe(
                bytearray(babble[begin : begin + longest]), task, phrases
            )
        ).accepted
    ]
    assert taken == []
    assert not recogniser.transcribe(bytearray(babble), task, phrases).accepted
