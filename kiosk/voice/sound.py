"""Sound as the recogniser takes it: 16 kHz, mono, signed 16-bit in the machine's byte order."""

from __future__ import annotations

import math
from array import array
from operator import mul, sub
from pathlib import Path

RATE_HZ = 16_000
FRAME_S = 0.01
FRAME_SAMPLES = int(RATE_HZ * FRAME_S)
FRAME_BYTES = 2 * FRAME_SAMPLES
QUIETEST_DB = -96.0  # what 16 bits can tell from nothing
RECORDING_MAX_S = 600.0

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
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            if sound.frames > sound.samplerate * RECORDING_MAX_S:
                raise NotASound(f"longer than {RECORDING_MAX_S:.0f} s: cut it")
            rate_hz = sound.samplerate
            channels = sound.read(dtype="float32", always_2d=True)
    except OSError as error:
        raise NotASound(error.strerror or str(error)) from None
    except soundfile.LibsndfileError:
        raise NotASound("no sound file: give WAV, FLAC or Ogg Opus") from None
    # What is no number is silence: one of them would spoil all that are resampled with it.
    mono = np.nan_to_num(channels, posinf=1.0, neginf=-1.0).mean(axis=1)
    if rate_hz != RATE_HZ and len(mono):
        mono = soxr.resample(mono, rate_hz, RATE_HZ)
    samples = np.rint(np.clip(mono * 32768, -32768, 32767)).astype(np.int16)
    return bytes(samples.tobytes())
