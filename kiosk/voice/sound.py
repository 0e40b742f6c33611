"""Sound as the recogniser takes it: 16 kHz, mono, signed 16-bit in the machine's byte order."""

from __future__ import annotations

import math
import re
import stat
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from operator import mul, sub
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from soundfile import SoundFile

RATE_HZ = 16_000
FRAME_S = 0.01
FRAME_SAMPLES = int(RATE_HZ * FRAME_S)
FRAME_BYTES = 2 * FRAME_SAMPLES
QUIETEST_DB = -96.0  # what 16 bits can tell from nothing
RECORDING_MAX_S = 600.0
SAMPLES_MAX = 120_000_000  # of a recording's channels together: some seconds of work
BLOCK_FRAMES = 65_536  # read at once: of ten minutes in stereo it would be 460 MB
FRAMES_UNKNOWN = 2**62  # libsndfile's length of what was written into a pipe
EMPTY_WAV = "\nRIFF : 0\n"  # a program that did not come to write the length into its head
LOST_BYTES = 1024  # fewer missing are a careless program's, no sound
STREAMED_BYTES = 2**30  # so many are promised where a WAV was written into a pipe
NO_LAST_PAGE = "lacks an end-of-stream bit"
CANCELLED = 0.01  # of the loudest channel's power is left of their mean

Pcm = bytes | bytearray | memoryview


class NotASound(Exception):
    """A recording that cannot be read; why, in a few words."""


def levels_db(pcm: Pcm) -> list[float]:
    """Loudness of each whole 10 ms, in dB of the loudest possible sine, taken of the differences
    between neighbouring samples: that leaves out the hum of fans and lifts the consonants."""
    whole = len(pcm) - len(pcm) % FRAME_BYTES
    samples = array("h")
    with memoryview(pcm) as view:
        samples.frombytes(view[:whole])
    found = []
    for start in range(0, len(samples), FRAME_SAMPLES):
        frame = samples[start : start + FRAME_SAMPLES]
        steps = list(map(sub, frame[1:], frame))
        power = sum(map(mul, steps, steps)) / len(steps) / (0.5 * 32768.0**2)
        found.append(max(QUIETEST_DB, 10 * math.log10(power)) if power else QUIETEST_DB)
    samples[:] = array("h", bytes(whole))
    return found


def duration_s(pcm: Pcm) -> float:
    return len(pcm) / 2 / RATE_HZ


def read_recording(path: Path) -> bytes:
    """A WAV, FLAC or Ogg (Opus, Vorbis) file of any rate and any number of channels.

    Raises NotASound.
    """
    import numpy as np
    import soundfile
    import soxr

    try:
        weights = _weights(path)
        with _opened(path) as sound:
            resampler = soxr.ResampleStream(sound.samplerate, RATE_HZ, 1, dtype="float32")
            pcm = [_pcm(resampler.resample_chunk(block @ weights)) for block in _blocks(sound)]
            pcm.append(_pcm(resampler.resample_chunk(np.zeros(0, np.float32), last=True)))
    except soundfile.LibsndfileError:  # not of its head: that is read when it is opened
        raise NotASound("damaged: copy it again") from None
    return b"".join(pcm)


def _pcm(mono: NDArray[np.float32]) -> bytes:
    import numpy as np

    samples = np.rint(np.clip(mono * 32768, -32768, 32767)).astype(np.int16)
    return bytes(samples.tobytes())


def check_recording(path: Path) -> None:
    """What is told without hearing it. Raises NotASound."""
    with _opened(path):
        pass


@contextmanager
def _opened(path: Path) -> Iterator[SoundFile]:
    """Raises NotASound."""
    import soundfile

    try:
        if not stat.S_ISREG(path.stat().st_mode):  # libsndfile must be able to go back in it
            raise NotASound("no file: write the sound into one first")
        file = path.open("rb")
    except OSError as error:
        raise NotASound(f"{error.strerror}: name a file that can be read") from None
    except ValueError:
        raise NotASound("no file has such a name") from None
    with file:
        try:
            sound = soundfile.SoundFile(file)
        except (soundfile.LibsndfileError, TypeError):  # TypeError: "*.raw" says nothing of itself
            raise NotASound("no sound file: give WAV, FLAC or Ogg Opus") from None
        with sound:
            _refuse(sound)
            yield sound


def _refuse(sound: SoundFile) -> None:
    """Raises NotASound where it is longer than can be heard, or not whole."""
    if sound.frames >= FRAMES_UNKNOWN or (not sound.frames and EMPTY_WAV in sound.extra_info):
        raise NotASound("its length is not known: write it anew, into a file and not a pipe")
    if sound.frames > sound.samplerate * RECORDING_MAX_S:
        raise NotASound(f"longer than {RECORDING_MAX_S:.0f} s: cut it")
    if sound.frames * sound.channels > SAMPLES_MAX:
        raise NotASound(f"more than {SAMPLES_MAX} samples: give it one channel")
    told = re.search(r"^ *data : (\d+) \(should be (\d+)\)", sound.extra_info, re.MULTILINE)
    missing_bytes = int(told[1]) - int(told[2]) if told else 0
    if LOST_BYTES < missing_bytes < STREAMED_BYTES or NO_LAST_PAGE in sound.extra_info:
        raise NotASound("not whole, its end is missing: copy it again")


def _blocks(sound: SoundFile) -> Iterator[NDArray[np.float32]]:
    """(frames, channels), -1 to 1. What is no number is silence: one of them would spoil all that
    are resampled with it."""
    import numpy as np

    while len(block := sound.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield np.nan_to_num(block, posinf=1.0, neginf=-1.0)


def _weights(path: Path) -> NDArray[np.float32]:
    """How much of each channel is heard: all alike, or where they cancel each other (one wire of a
    microphone the wrong way round) the loudest alone. Raises NotASound."""
    import numpy as np

    with _opened(path) as sound:
        alike = np.full(sound.channels, 1 / sound.channels, np.float32)
        if sound.channels == 1:
            return alike
        own, mixed = np.zeros(sound.channels), 0.0
        for block in _blocks(sound):
            own += np.square(block, dtype=np.float64).sum(axis=0)
            mixed += float(np.square(block @ alike, dtype=np.float64).sum())
    if mixed >= CANCELLED * own.max():
        return alike
    loudest = np.zeros_like(alike)
    loudest[own.argmax()] = 1
    return loudest
