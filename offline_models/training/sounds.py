"""What a voice meets on its way to the kiosk: rooms, noises, music, telephones, microphones; and
the front end that makes all of it equally loud. Pure functions over samples of 16-bit scale."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from offline_models.training.features import RATE_HZ

Floats = npt.NDArray[np.float32]
Chance = np.random.Generator

ROOMS = 400
QUIET = 1e-3
# As kiosk/voice/loudness.py does it: the loudest frames, LOUDEST of 10 ms together, are brought to
# LOUD. Who is much softer than they are does not speak to the kiosk.
FRAME, LOUDEST, LOUD = 160, 15, 5800.0


def rms(sound: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) + QUIET


def scaled(sound: Floats, level: float) -> Floats:
    return sound * np.float32(level / rms(sound))


def evened(sound: Floats) -> Floats:
    """At the loudness that the kiosk's front end gives whatever it hears."""
    whole = len(sound) - len(sound) % FRAME
    levels = np.sort(np.square(sound[:whole]).reshape(-1, FRAME).mean(1))
    return sound * np.float32(LOUD / (np.sqrt(levels[-min(LOUDEST, len(levels))]) + QUIET))


def fast_length(samples: int) -> int:
    """The next length that a Fourier transform likes: a small number times a power of two."""
    power = 1 << max(0, (samples - 1).bit_length() - 4)
    return -(-samples // power) * power


def filtered(sound: Floats, response: Floats | None) -> Floats:
    """`sound` through an impulse response, as long as before."""
    if response is None:
        return sound
    size = fast_length(len(sound) + len(response))
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(sound)], np.float32)


def channel(sound: Floats, chance: Chance) -> Floats:
    """A telephone band, a cheap microphone, a tilted or bumpy response."""
    size = fast_length(len(sound))
    hertz = np.arange(size // 2 + 1, dtype=np.float32) * RATE_HZ / size
    points = np.array([0, 150, 400, 1000, 2500, 5000, 8000])
    decibels = chance.normal(0, 4, len(points)) + np.linspace(0, chance.uniform(-8, 8), len(points))
    gain = 10 ** (np.interp(hertz, points, decibels) / 20)
    if chance.random() < 0.3:
        low, high = chance.uniform(100, 400), chance.uniform(3000, 4000)
        gain *= 1 / (1 + (low / (hertz + 1)) ** 4) / (1 + (hertz / high) ** 12)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound, size) * gain, size)[: len(sound)], np.float32)


def coloured(length: int, slope: float, chance: Chance) -> Floats:
    """Noise whose power falls with frequency to the power of `slope` (0 white, 1 pink)."""
    spectrum = np.fft.rfft(chance.standard_normal(length, np.float32))
    spectrum *= np.maximum(np.arange(len(spectrum)), 20) ** (-slope / 2)
    return np.asarray(np.fft.irfft(spectrum, length), np.float32)


def tune(length: int, chance: Chance) -> Floats:
    """Something like music: a few voices of notes with overtones, some plucked, some held; or one
    tone, as machines make it."""
    sound = np.zeros(length, np.float32)
    seconds = np.arange(length, dtype=np.float32) / RATE_HZ
    for _ in range(int(chance.integers(1, 5))):
        beat = int(RATE_HZ * (60 if chance.random() < 0.1 else chance.uniform(0.12, 0.8)))
        overtones = 1 / np.arange(1, int(chance.integers(2, 9))) ** chance.uniform(0.5, 2)
        fade, base = chance.uniform(0, 8), chance.uniform(80, 500)
        for start in range(0, length, beat):
            if chance.random() < 0.15:
                continue  # a rest
            pitch = base * 2 ** (int(chance.integers(0, 25)) / 12)
            at = seconds[: min(beat, length - start)]
            trill = 1 + 0.003 * np.sin(2 * np.pi * chance.uniform(3, 7) * at)
            note = sum(
                np.sin(np.float32(2 * np.pi * pitch * number) * at * trill) * share
                for number, share in enumerate(overtones, 1)
                if pitch * number < RATE_HZ / 2
            )
            swell = np.minimum(at * 50, 1) * np.exp(-fade * at) * chance.uniform(0.4, 1)
            sound[start : start + len(at)] += note * swell
    return sound


def rooms(work: Path) -> list[Floats]:
    """Impulse responses of simulated rooms (made once, kept in `work`/rooms.npz)."""
    path = work / "rooms.npz"
    if not path.is_file():
        chance = np.random.default_rng(7)
        np.savez(path, *[room(chance) for _ in range(ROOMS)])
    with np.load(path) as kept:
        return [kept[name] for name in kept.files]


def room(chance: Chance) -> Floats:
    """A box with a speaker and a microphone in it, 0.1-0.7 s of echo; the direct sound first."""
    import pyroomacoustics  # type: ignore[import-not-found]  # training only

    size = [chance.uniform(2.5, 12), chance.uniform(2.5, 10), chance.uniform(2.4, 4.5)]
    echo_s = chance.uniform(0.1, 0.7)
    try:
        absorption, order = pyroomacoustics.inverse_sabine(echo_s, size)
    except ValueError:  # too short an echo for so big a room
        absorption, order = 0.9, 4
    box = pyroomacoustics.ShoeBox(
        size,
        fs=RATE_HZ,
        materials=pyroomacoustics.Material(absorption),
        max_order=min(order, 12),
    )
    ear = np.array([chance.uniform(0.5, side - 0.5) for side in size])
    away = chance.normal(size=3)
    away *= chance.uniform(0.25, 2.0) / np.linalg.norm(away)
    mouth = np.clip(ear + away, 0.2, np.array(size) - 0.2)
    box.add_source(mouth)
    box.add_microphone(ear)
    box.compute_rir()
    response = np.asarray(box.rir[0][0], np.float32)
    direct = int(np.argmax(np.abs(response)))
    response = response[max(0, direct - 8) :][: int(0.5 * RATE_HZ)]
    return np.asarray(response / np.sqrt(np.square(response).sum()), np.float32)
