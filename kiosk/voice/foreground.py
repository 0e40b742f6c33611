"""The one at the microphone, and not those who talk behind: in the pauses all is turned down.

Whoever talks in the hall is heard best where the speaker is silent; there the recogniser would take
it for words. Nothing is cut out between: the times of words stay true. Where nobody is at the
microphone at all, the words that the hall seems to say are no louder than the rest of it; and among
digits, one that is hardly louder was said by the hall.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from kiosk.domain.speech import Word
from kiosk.voice.endpoint import (
    AFTER_S,
    BEFORE_S,
    ENDS_DB,
    FAINTEST_DB,
    LOUD,
    VOWEL_S,
    quantile,
    speech_from_db,
    spoken_parts,
    with_room,
)
from kiosk.voice.loudness import audioop, evened
from kiosk.voice.sound import FRAME_BYTES, FRAME_S, QUIETEST_DB, RATE_HZ, Pcm, levels_db

SMOOTH = 5  # frames that are one level: a syllable's ups and downs are none of the hall's
DOWN_DB = 25.0
OVER_DB = 1.0  # what is said to the kiosk is at least so much louder than what is not
SLOWEST_S = 1.5  # a word, where they leave nothing between them to be louder than
LEFT = 0.1  # of a recording: less between the words tells nothing
LOUDER = 2 / 3  # of the frames, sorted: a word is not loud all along, nor is a hall
VOWEL_OVER_DB = 11.0  # a vowel so far above that is near; of five who talk behind, and pause, 9
FAINT_DB = 7.0  # below the loudest of a recording: who says digits says all about as loud
BESIDE_DB = 5.0  # over what the hall reaches between the words
UNSURE_DB, UNSURE = 7.0, 0.99  # as FAINT_DB, where the recogniser is less sure than that
LOUD_HALL = 0.9  # of its frames, sorted
SHORT_S = 0.25  # so little of a word may be its faint end alone: the recogniser's times are rough
EDGE = 10  # frames of the hall left at both ends: the recogniser hears that it is silent
BREATH_S, PAUSE_S = 5.0, 0.4  # so much is said in one, without so long a pause
STOPS, DEEP_DB = 0.02, 12.0  # of the frames, sorted: a "t" is silence; a tone and a hum have none
LEAD = 30  # frames of hiss before it all: without them it lost the first of 0.4 % of the digits
HISS = 3.0  # root mean square: the hall where the recording has none
_WIDTH = 2  # bytes a sample
_BEFORE, _AFTER = round(BEFORE_S / FRAME_S), round(AFTER_S / FRAME_S)
_chance = Random(1)
_HISS_S = bytes(array("h", (round(_chance.gauss(0, HISS)) for _ in range(RATE_HZ))))


@dataclass(frozen=True, slots=True)
class Foreground:
    """`pcm` as the model was taught to hear it, from the frame `begin` of the recording on (before
    the first, if speech begins with that), and the `levels` of the whole recording, in dB."""

    pcm: bytearray
    begin: int
    levels: Sequence[float]

    @property
    def seconds(self) -> float:
        return len(self.pcm) / FRAME_BYTES * FRAME_S


def foreground(pcm: Pcm) -> Foreground | None:
    """None where nobody spoke."""
    levels = list(_smooth_db(pcm))
    whole = [(0, len(levels))]
    if _without_pause(levels):
        spoken = whole
    # Under a hiss speech stands out in the one, over a hum in the other, which takes longer.
    elif speech_from_db(levels) is None and speech_from_db(levels_db(pcm)) is None:
        return None
    else:
        spoken = spoken_parts(levels)
    # Someone spoke, but over a hum as loud as they are: nothing can be told apart.
    shares = _shares(with_room(spoken or whole, len(levels)), len(levels))
    begin, end, lead = 0, len(levels), 0
    if spoken:
        lead = LEAD
        begin, end = spoken[0][0] - _BEFORE - EDGE, spoken[-1][1] + _AFTER + EDGE
    sound = bytearray()
    with memoryview(pcm) as view:
        for at in range(max(0, begin), min(len(levels), end)):
            frame = view[at * FRAME_BYTES : (at + 1) * FRAME_BYTES]
            sound += frame if shares[at] == 1.0 else audioop.mul(frame, _WIDTH, shares[at])
    even = evened(sound)
    sound[:] = bytes(len(sound))
    # To the recogniser what comes before the first sample is that sample for ever: of digits that
    # are cut where speech begins it hears one in ten wrongly.
    padded = _hiss(lead + max(0, -begin))
    padded += even
    even[:] = bytes(len(even))
    padded += _hiss(end - len(levels))
    return Foreground(padded, begin - lead, levels)


def _without_pause(levels: Sequence[float]) -> bool:
    """Did somebody speak from the touch to the release? Then the softest is no hall, but their own
    soft sounds."""
    if not 0 < len(levels) * FRAME_S <= BREATH_S:
        return False
    loud = quantile(levels, LOUD)
    if loud < FAINTEST_DB or loud - quantile(levels, STOPS) < DEEP_DB:
        return False
    far = "".join("-" if level < loud - ENDS_DB else " " for level in levels)
    return max(map(len, far.split()), default=0) * FRAME_S < PAUSE_S


def _hiss(frames: int) -> bytearray:
    return bytearray(_HISS_S[: max(0, frames) * FRAME_BYTES])


def stands_out(levels: Sequence[float], words: Sequence[Word]) -> bool:
    """Were these words, by their times, said by somebody nearer than the hall?"""
    inside, outside = _apart(levels, words)
    vowel = sorted(inside)[-round(VOWEL_S / FRAME_S) :]
    if vowel and vowel[0] >= quantile(levels, LOUDER) + VOWEL_OVER_DB:
        return True
    if len(outside) < LEFT * len(levels):
        return len(inside) * FRAME_S <= SLOWEST_S * len(words)
    return not inside or quantile(inside, LOUDER) >= quantile(outside, LOUDER) + OVER_DB


def nearest(levels: Sequence[float], words: Sequence[Word]) -> list[Word]:
    """The words without those of somebody behind: much fainter than the loudest, and hardly louder
    than what lies between the words, or not surely heard."""
    _, hall = _apart(levels, words)
    if len(hall) < LEFT * len(levels):
        return list(words)
    loud_db = quantile(levels, LOUD)
    faint_db = min(loud_db - FAINT_DB, quantile(hall, LOUD_HALL) + BESIDE_DB)
    unsure_db = max(faint_db, loud_db - UNSURE_DB)
    return [
        word
        for word in words
        if word.end_s - word.start_s < SHORT_S
        or quantile(_apart(levels, [word])[0], LOUD)
        >= (unsure_db if word.confidence < UNSURE else faint_db)
    ]


def _apart(levels: Sequence[float], words: Sequence[Word]) -> tuple[list[float], list[float]]:
    """The levels within the words, and those between and around them."""
    said = [False] * len(levels)
    for word in words:
        begin, end = round(word.start_s / FRAME_S), round(word.end_s / FRAME_S)
        said[begin:end] = [True] * len(said[begin:end])
    inside = [level for level, is_said in zip(levels, said, strict=True) if is_said]
    return inside, [level for level, is_said in zip(levels, said, strict=True) if not is_said]


def _smooth_db(pcm: Pcm) -> Iterator[float]:
    """Loudness of each whole frame together with its neighbours, in dB of the loudest possible."""
    around = SMOOTH // 2
    with memoryview(pcm) as view:
        for at in range(len(pcm) // FRAME_BYTES):
            near = view[max(0, at - around) * FRAME_BYTES : (at + around + 1) * FRAME_BYTES]
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
