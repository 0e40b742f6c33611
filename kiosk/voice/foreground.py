"""The one at the microphone, and not those who talk behind: in the pauses all is turned down.

Whoever talks in the hall is heard best where the speaker is silent; there the recogniser would take
it for words. Nothing is cut out between: the times of words stay true.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.voice.endpoint import speech_from_db, spoken_parts, with_room
from kiosk.voice.loudness import audioop, evened
from kiosk.voice.sound import FRAME_BYTES, FRAME_S, QUIETEST_DB, Pcm, levels_db

SMOOTH = 5  # frames that are one level: a syllable's ups and downs are none of the hall's
DOWN_DB = 25.0
EDGE = 10  # frames of the hall left at both ends: the recogniser hears that it is silent
_WIDTH = 2  # bytes a sample


@dataclass(frozen=True, slots=True)
class Foreground:
    """`pcm` as the model was taught to hear it, from the frame `begin` of the recording on."""

    pcm: bytearray
    begin: int

    @property
    def seconds(self) -> float:
        return len(self.pcm) / FRAME_BYTES * FRAME_S


def foreground(pcm: Pcm) -> Foreground | None:
    """None where nobody spoke."""
    levels = list(_smooth_db(pcm))
    # Over a hum speech stands out in the one, under a hiss in the other.
    if speech_from_db(levels_db(pcm)) is None and speech_from_db(levels) is None:
        return None
    # Someone spoke, but over a hum as loud as they are: nothing can be told apart.
    parts = with_room(spoken_parts(levels) or [(0, len(levels))], len(levels))
    begin, end = max(0, parts[0][0] - EDGE), min(len(levels), parts[-1][1] + EDGE)
    shares = _shares(parts, len(levels))
    sound = bytearray()
    for at in range(begin, end):
        frame = pcm[at * FRAME_BYTES : (at + 1) * FRAME_BYTES]
        sound += frame if shares[at] == 1.0 else audioop.mul(frame, _WIDTH, shares[at])
    even = evened(sound)
    sound[:] = bytes(len(sound))
    return Foreground(even, begin)


def _smooth_db(pcm: Pcm) -> Iterator[float]:
    """Loudness of each whole frame together with its neighbours, in dB of the loudest possible."""
    around = SMOOTH // 2
    for at in range(len(pcm) // FRAME_BYTES):
        near = pcm[max(0, at - around) * FRAME_BYTES : (at + around + 1) * FRAME_BYTES]
        loud = audioop.rms(near[: len(near) - len(near) % _WIDTH], _WIDTH)
        yield 20 * math.log10(loud / 2**15) if loud else QUIETEST_DB


def _shares(parts: list[tuple[int, int]], count: int) -> list[float]:
    """How much of each frame is left: all of speech, little of the rest, no sudden steps."""
    low = 10 ** (-DOWN_DB / 20)
    plain = [low] * count
    for begin, end in parts:
        plain[begin:end] = [1.0] * (end - begin)
    around = ([plain[0], *plain], plain, [*plain[1:], plain[-1]])
    return [min(1.0, sum(three) / 3) for three in zip(*around, strict=False)]
