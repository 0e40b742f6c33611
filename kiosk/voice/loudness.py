"""All that is heard is brought to one loudness before it is recognised.

The model was taught so (`offline_models/training/sounds.py`): who is much softer than the loudest
does not speak to the kiosk, but to somebody else in the hall.
"""

from __future__ import annotations

import warnings
from heapq import nlargest

from kiosk.voice.sound import FRAME_BYTES, FRAME_S, Pcm

__all__ = ["LOUD", "LOUDEST_S", "Loudness", "audioop", "evened"]

with warnings.catch_warnings():  # it leaves the standard library with 3.13: then `audioop-lts`
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

LOUDEST_S = 0.15  # the loudest frames, together: the vowels of who is at the microphone
LOUD = 5800.0  # what the softest of those is brought to, root mean square
_COUNT = round(LOUDEST_S / FRAME_S)
_WIDTH = 2  # bytes a sample


class Loudness:
    """How loud the loudest was so far; to be fed with whole frames of 10 ms, as they come."""

    def __init__(self) -> None:
        self._loudest: list[int] = []

    def hear(self, pcm: Pcm) -> None:
        whole = range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)
        with memoryview(pcm) as view:
            fresh = [audioop.rms(view[at : at + FRAME_BYTES], _WIDTH) for at in whole]
        self._loudest = nlargest(_COUNT, [*self._loudest, *fresh])

    def evened(self, pcm: Pcm) -> bytearray:
        """The sound as the model was taught to hear it; what becomes too loud is cut off."""
        loud = self._loudest[-1] if self._loudest else 0
        return bytearray(audioop.mul(pcm, _WIDTH, LOUD / loud) if loud else pcm)


def evened(pcm: Pcm) -> bytearray:
    """A whole recording, by its own loudest."""
    loudness = Loudness()
    loudness.hear(pcm)
    return loudness.evened(pcm)
