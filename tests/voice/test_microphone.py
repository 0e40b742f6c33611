"""A real stream from a private sound server, whose microphone can be pulled out."""

from __future__ import annotations

import math
import threading
import time
from array import array
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kiosk.voice.microphone import (
    BLOCK_BYTES,
    MicrophoneGone,
    PlayedMicrophone,
    chosen,
    find_problem,
    loudest_db,
    open_microphone,
)
from kiosk.voice.sound import QUIETEST_DB, RATE_HZ, NotASound, levels_db, read_recording
from tests.hall_support import Hall


def tone(seconds: float, hz: float = 1000, loud: float = 0.5) -> bytes:
    samples = round(seconds * RATE_HZ)
    wave = (loud * math.sin(math.tau * hz * at / RATE_HZ) for at in range(samples))
    return array("h", (round(32767 * one) for one in wave)).tobytes()


def test_what_is_played_in_the_hall_is_heard(hall: Hall) -> None:
    assert find_problem() is None
    player = hall.play(tone(4))
    assert loudest_db(open_microphone(), 3) > -30
    player.wait(10)


def test_a_pulled_plug_is_noticed_within_a_second(hall: Hall) -> None:
    microphone = open_microphone()
    blocks = microphone.blocks()
    assert len(next(blocks)) == BLOCK_BYTES
    pulled_s: list[float] = []

    def pull() -> None:
        hall.pull_out()
        pulled_s.append(time.monotonic())

    threading.Timer(0.3, pull).start()
    with pytest.raises(MicrophoneGone):
        for _ in blocks:
            pass
    noticed_s = time.monotonic()
    microphone.close()
    while not pulled_s:
        time.sleep(0.01)
    assert noticed_s - pulled_s[0] < 1.0
    assert find_problem() is not None
    hall.plug_in()
    assert find_problem() is None


@pytest.mark.parametrize(
    ("asked", "device"), [("", None), (" 3 ", 3), ("USB mic", "USB mic"), (None, None)]
)
def test_another_microphone_may_be_asked_for(asked: str | None, device: str | int | None) -> None:
    assert chosen({} if asked is None else {"KIOSK_MICROPHONE": asked}) == device


def test_a_microphone_that_is_not_there_says_so() -> None:
    with pytest.raises(MicrophoneGone, match="no such microphone"):
        open_microphone("no such microphone")
    with pytest.raises(MicrophoneGone, match=r"/nowhere\.wav: No such file"):
        open_microphone("file:/nowhere.wav")


def test_a_recording_in_place_of_a_microphone(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.frombuffer(tone(0.12), np.int16), RATE_HZ, subtype="PCM_16")
    microphone = PlayedMicrophone(path)
    blocks = microphone.blocks()
    first = [next(blocks) for _ in range(4)]
    microphone.close()
    assert b"".join(first) == tone(0.12).ljust(4 * BLOCK_BYTES, b"\0")
    assert list(blocks) == []


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize(("name", "channels"), [("a.wav", 1), ("a.flac", 2), ("a.ogg", 1)])
def test_recordings_of_any_rate(rate_hz: int, name: str, channels: int, tmp_path: Path) -> None:
    wave = 0.5 * np.sin(np.linspace(0, math.tau * 1000, rate_hz, endpoint=False))
    path = tmp_path / name
    if name == "a.ogg":
        if rate_hz not in (8_000, 16_000, 48_000):
            pytest.skip("Opus has no such rate")
        soundfile.write(path, wave, rate_hz, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, np.column_stack([wave] * channels), rate_hz)
    pcm = read_recording(path)
    assert len(pcm) == pytest.approx(2 * RATE_HZ, abs=200)
    middle = levels_db(pcm)[20:80]
    expected = levels_db(tone(1))[50]
    assert all(level == pytest.approx(expected, abs=0.7) for level in middle)


@pytest.mark.parametrize("content", [b"", b"not sound", b"RIFF\x24\0\0\0WAVE"])
def test_a_broken_recording_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(NotASound, match="no sound file"):
        read_recording(path)


def test_levels_of_nothing_and_of_the_loudest() -> None:
    assert levels_db(b"") == []
    assert levels_db(bytes(319)) == []
    assert levels_db(bytes(640)) == [QUIETEST_DB] * 2
    assert max(levels_db(array("h", [32767, -32768] * 400).tobytes())) < 10
    hum, consonant = levels_db(tone(0.1, 100))[5], levels_db(tone(0.1, 4000))[5]
    assert consonant - hum > 20
