"""Recordings as files: what is heard of them, and what is told of those that cannot be heard."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from kiosk.voice import sound
from kiosk.voice.sound import RATE_HZ, NotASound, check_recording, read_recording


def noise(seconds: float, rate_hz: int, channels: int = 1) -> np.ndarray[tuple[int, ...], np.dtype]:
    draw = np.random.default_rng(1)
    return (draw.standard_normal((int(seconds * rate_hz), channels)) * 3000).astype(np.int16)


@pytest.mark.parametrize(("rate_hz", "channels"), [(RATE_HZ, 1), (48_000, 2), (44_100, 3)])
def test_read_in_pieces_it_is_what_it_is_as_a_whole(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    samples = noise(5, rate_hz, channels)
    soundfile.write(tmp_path / "a.flac", samples, rate_hz)
    mono = (samples / np.float32(32768)).astype(np.float32).mean(axis=1)
    whole = np.rint(soxr.resample(mono, rate_hz, RATE_HZ) * 32768) if rate_hz != RATE_HZ else None
    heard = np.frombuffer(read_recording(tmp_path / "a.flac"), np.int16)
    expected = samples[:, 0] if whole is None else whole
    assert len(heard) == len(expected)
    assert np.abs(heard - expected).max() <= 1


def test_channels_that_cancel_each_other_are_not_silence(tmp_path: Path) -> None:
    own = noise(1, RATE_HZ)[:, 0]
    soundfile.write(tmp_path / "a.wav", np.column_stack([own // 2, -(own // 2)]), RATE_HZ)
    heard = np.frombuffer(read_recording(tmp_path / "a.wav"), np.int16)
    assert np.array_equal(np.abs(heard), np.abs(own // 2))
    soundfile.write(tmp_path / "b.wav", np.column_stack([own, 0 * own]), RATE_HZ)
    heard = np.frombuffer(read_recording(tmp_path / "b.wav"), np.int16)
    assert np.abs(heard - own / 2).max() <= 1


def told(path: Path) -> str:
    """By the look at it and by the hearing, in the same words."""
    words = []
    for read in (check_recording, read_recording):
        with pytest.raises(NotASound) as problem:
            read(path)
        words.append(str(problem.value))
    assert words[0] == words[1]
    return words[0]


def test_a_recording_that_is_not_whole_is_told(tmp_path: Path) -> None:
    for name, subtype in (("a.wav", "PCM_16"), ("a.ogg", "VORBIS")):
        path = tmp_path / name
        soundfile.write(path, noise(4, RATE_HZ), RATE_HZ, subtype=subtype)
        read_recording(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        assert told(path) == "not whole, its end is missing: copy it again"
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(4, RATE_HZ), RATE_HZ)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(NotASound, match="damaged: copy it again"):
        read_recording(path)


def test_a_wav_that_was_written_into_a_pipe_is_heard_or_told(tmp_path: Path) -> None:
    """Its writer did not know the length: it promised as much as there is room for, or nothing."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(1, RATE_HZ), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    assert len(read_recording(path)) == 2 * RATE_HZ
    data[4:8] = data[40:44] = bytes(4)
    path.write_bytes(data)
    assert told(path).startswith("its length is not known")


def test_a_flac_that_was_written_into_a_pipe_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(1, RATE_HZ), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the length, of 36 bits
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert told(path).startswith("its length is not known")


def test_a_small_file_of_endless_silence_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros((RATE_HZ, 8), np.int16), RATE_HZ)
    monkeypatch.setattr(sound, "SAMPLES_MAX", 8 * RATE_HZ - 1)
    assert re.fullmatch(r"more than \d+ samples: give it one channel", told(path))
    monkeypatch.setattr(sound, "RECORDING_MAX_S", 0.5)
    assert told(path) == "longer than 0 s: cut it"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent.wav", "No such file or directory: name a file that can be read"),
        ("a\0b.wav", "no file has such a name"),
        ("a.raw", "no sound file: give WAV, FLAC or Ogg Opus"),
        ("pipe.wav", "no file: write the sound into one first"),
        (".", "no file: write the sound into one first"),
    ],
)
def test_what_is_no_recording_is_told_at_once(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(3200))
    os.mkfifo(tmp_path / "pipe.wav")
    assert told(tmp_path / name) == words
