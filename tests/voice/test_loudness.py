"""The front end: one loudness for whatever is heard, the same in training and in the hall."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.voice.loudness import LOUD, LOUDEST_S, Loudness, evened
from kiosk.voice.sound import FRAME_BYTES, FRAME_S, RATE_HZ
from offline_models.training import sounds


def talk(seed: int, loud: float, seconds: float = 2.0) -> bytes:
    """Syllables of noise, four a second, over a softer hiss."""
    chance = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    swell = 0.05 + np.maximum(0, np.sin(2 * np.pi * 4 * at))
    return np.clip(chance.normal(0, loud, len(at)) * swell, -32768, 32767).astype("<i2").tobytes()


def samples(pcm: bytes | bytearray) -> sounds.Floats:
    return np.frombuffer(bytes(pcm), "<i2").astype(np.float32)


def test_the_kiosk_and_the_recipe_know_the_same_loudness() -> None:
    assert sounds.LOUD == LOUD
    assert round(LOUDEST_S / FRAME_S) == sounds.LOUDEST
    assert 2 * sounds.FRAME == FRAME_BYTES
    pcm = talk(1, 900)
    ours, theirs = samples(evened(pcm)), sounds.evened(samples(pcm))
    assert np.abs(ours - np.clip(theirs, -32768, 32767)).max() <= 40  # of 32768: a rounded level


@given(st.integers(0, 1000), st.floats(60, 6000))
def test_near_or_far_it_is_as_loud(seed: int, loud: float) -> None:
    near, usual = samples(evened(talk(seed, loud))), samples(evened(talk(seed, 1500)))
    assert np.sqrt(np.mean(near**2)) == pytest.approx(np.sqrt(np.mean(usual**2)), rel=0.1)


def test_who_is_softer_stays_softer() -> None:
    pcm = talk(1, 3000) + talk(2, 300)
    near, far = np.split(samples(evened(pcm)), 2)
    assert np.sqrt(np.mean(near**2)) > 8 * np.sqrt(np.mean(far**2))


def test_piece_by_piece_as_loud_as_whole_once_somebody_spoke() -> None:
    pcm = talk(5, 700, seconds=4.0)
    whole, loudness, pieces = evened(pcm), Loudness(), bytearray()
    for at in range(0, len(pcm), 10 * FRAME_BYTES):
        piece = pcm[at : at + 10 * FRAME_BYTES]
        loudness.hear(piece)
        pieces += loudness.evened(piece)
    half = len(pcm) // 2
    late, same = samples(pieces[half:]), samples(whole[half:])
    assert np.sqrt(np.mean(late**2)) == pytest.approx(np.sqrt(np.mean(same**2)), rel=0.15)


@pytest.mark.parametrize("pcm", [b"", bytes(100), bytes(32000)])
def test_nothing_stays_nothing(pcm: bytes) -> None:
    assert evened(pcm) == pcm


def test_too_loud_is_cut_off_and_does_not_turn_round() -> None:
    quiet = array("h", [100, -100] * 16000)
    quiet[5000], quiet[5001] = 30000, -30000
    even = array("h", bytes(evened(quiet.tobytes())))
    assert even[5000] == 32767 and even[5001] == -32768
