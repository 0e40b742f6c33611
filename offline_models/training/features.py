"""Kaldi's MFCC in numpy, to the digit of conf/mfcc.conf, with a warp of the vocal tract.

40 cepstra of 40 mel filters from 20 Hz to 7,600 Hz, 25 ms windows every 10 ms, no energy, no
dither: what stock Vosk computes at run time. The warp (1 = none; above 1 a shorter vocal tract, as
children have) and the masked bands exist for training alone.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE_HZ = 16000
SHIFT = 160  # samples
WINDOW = 400
FFT = 512
CEPSTRA = 40
LOW_HZ, HIGH_HZ = 20.0, 7600.0
WARP_LOW_HZ, WARP_HIGH_HZ = 100.0, 7100.0
PREEMPHASIS = 0.97
LIFTER = 22.0

Array = npt.NDArray[np.float32]


def frame_count(samples: int) -> int:
    """How many 10 ms frames `samples` samples give (Kaldi's snip-edges)."""
    return 0 if samples < WINDOW else 1 + (samples - WINDOW) // SHIFT


def mfcc(samples: Array, warp: float = 1.0, bands: tuple[tuple[int, int], ...] = ()) -> Array:
    """Frames × 40 cepstra of 16 kHz samples in the range of 16-bit numbers.

    `bands` are ranges of mel filters to hide behind their own mean.
    """
    count = frame_count(len(samples))
    if count == 0:
        return np.zeros((0, CEPSTRA), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::SHIFT][:count]
    frames = view - view.mean(axis=1, keepdims=True)
    shaped = frames * _povey()
    shaped[:, 1:] -= (PREEMPHASIS * frames[:, :-1]) * _povey()[1:]
    shaped[:, 0] -= PREEMPHASIS * frames[:, 0] * _povey()[0]
    spectrum = np.fft.rfft(shaped, FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = np.log(np.maximum(power @ _filters(round(warp, 2)), np.finfo(np.float32).eps))
    for low, high in bands:
        mel[:, low:high] = mel[:, low:high].mean()
    cepstra: Array = (mel @ _cosines()).astype(np.float32)
    return cepstra


@lru_cache
def _povey() -> Array:
    turns = 2 * np.pi * np.arange(WINDOW) / (WINDOW - 1)
    return np.asarray((0.5 - 0.5 * np.cos(turns)) ** 0.85, np.float32)


def _mel(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))


def _warped(hertz: npt.NDArray[np.float64], warp: float) -> npt.NDArray[np.float64]:
    """Kaldi's piecewise linear warp: by 1/warp in the middle, bent back to both ends."""
    scale = 1.0 / warp
    low, high = WARP_LOW_HZ * max(1.0, warp), WARP_HIGH_HZ * min(1.0, warp)
    points = [LOW_HZ, low, high, HIGH_HZ]
    return np.asarray(np.interp(hertz, points, [LOW_HZ, scale * low, scale * high, HIGH_HZ]))


@lru_cache(maxsize=128)
def _filters(warp: float) -> Array:
    """FFT bins × mel filters: triangles in mel, their corners warped."""
    ends = _mel(np.array([LOW_HZ, HIGH_HZ]))
    corners = np.linspace(ends[0], ends[1], CEPSTRA + 2)
    if warp != 1.0:
        hertz = 700.0 * np.expm1(corners / 1127.0)
        corners = _mel(_warped(hertz, warp))
    bins = _mel(np.arange(FFT // 2 + 1) * RATE_HZ / FFT)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins[:, None] - left) / (middle - left)
    falling = (right - bins[:, None]) / (right - middle)
    filters = np.clip(np.minimum(rising, falling), 0, None)
    filters[-1] = 0  # Kaldi leaves the Nyquist bin out
    return np.asarray(filters, np.float32)


@lru_cache
def _cosines() -> Array:
    """Mel filters × cepstra: the DCT with Kaldi's liftering folded in."""
    rows = np.arange(CEPSTRA)[:, None]
    turns = np.pi / CEPSTRA * (np.arange(CEPSTRA) + 0.5)
    cosines = np.sqrt(2.0 / CEPSTRA) * np.cos(rows * turns)
    cosines[0] = np.sqrt(1.0 / CEPSTRA)
    lifter = 1.0 + 0.5 * LIFTER * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    return np.ascontiguousarray((cosines * lifter[:, None]).T, np.float32)
