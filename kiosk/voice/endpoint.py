"""Where speech begins and ends, by loudness alone: the recogniser's own rules know one wait for
all tasks, and a number said in groups needs a longer one.

The person at the microphone is louder than the hall. So what counts as speech hangs on the loudest
and the softest that was heard of late: with a quiet hall all but the hiss does, and with five
people talking behind only what comes near the loudest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.voice.sound import FRAME_S

LOUD, SOFT = 0.95, 0.10  # of the frames, sorted: the speaker's vowels, the hall between words
LIVELY_DB = 8.0  # between the two; less is hum, a tone, or nothing
NEAR_DB, FAR_DB = 9.0, 30.0  # how far below the loudest speech may lie: in babble, in a quiet hall
SHARE = 0.3  # of the distance between loud and soft that still counts as speech
FAINTEST_DB = -58.0  # softer than this nobody spoke to the kiosk
CORE_DB, CORE_SHARE = 3.5, 0.13  # as NEAR_DB and SHARE: each stretch of speech is so loud once
HALL_FAR_DB, CORE_SHARE_FAR = 21.5, 0.25  # over a hall so far below, softer stretches count too
STEADY_DB = 5.0  # a hall that swings less does not talk: there all that is near the loudest counts
BEFORE_S, AFTER_S = 0.12, 0.20  # kept around speech: soft consonants, breath
RECENT_S = 3.0  # the hall as it is now
VOWEL_S = 0.15  # the loudest frames of one who speaks, together
ENDS_DB = 11.0  # below those: a pause, whoever talks behind
SYLLABLE_S = 0.12  # shorter bursts are knocks and clicks
MERGE_S = 0.20  # a gap as in "k-tp" is no gap


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: silence after speech that ends it, silence at all that gives up, speech at most."""

    wait_s: float
    give_up_s: float
    longest_s: float


LIMITS = {
    "lookup": Limits(0.9, 7.0, 15.0),
    "digits": Limits(1.6, 7.0, 25.0),
    "code": Limits(1.6, 7.0, 25.0),
    "yesno": Limits(0.6, 7.0, 5.0),
    "choice": Limits(0.9, 7.0, 10.0),
    "open": Limits(0.9, 7.0, 30.0),
}


def speech_from_db(levels: Sequence[float]) -> float | None:
    """The level from which a frame is speech; None where none of them is."""
    found = _speech_and_core_db(levels)
    return found[0] if found else None


def _speech_and_core_db(levels: Sequence[float]) -> tuple[float, float] | None:
    """From where on a frame is speech, and what a stretch of it must reach somewhere: those who
    talk in the hall are often as loud as the speaker's soft sounds, seldom as their vowels."""
    if not levels:
        return None
    loud, soft = quantile(levels, LOUD), quantile(levels, SOFT)
    if loud - soft < LIVELY_DB or loud < FAINTEST_DB:
        return None
    reach = min(FAR_DB, max(NEAR_DB, SHARE * (loud - soft)))
    hall = [level for level in levels if level < loud - ENDS_DB] or [soft]
    usual = quantile(hall, 0.5)
    if usual - quantile(hall, SOFT) < STEADY_DB:
        core = reach  # a fan, not people
    else:
        share = CORE_SHARE_FAR if loud - usual >= HALL_FAR_DB else CORE_SHARE
        core = max(CORE_DB, share * (loud - soft))
    return max(FAINTEST_DB, loud - reach), loud - min(FAR_DB, core)


def spoken_parts(levels: Sequence[float]) -> list[tuple[int, int]]:
    """Begin and end, in frames, of each stretch of speech; gaps within a word are none."""
    found = _speech_and_core_db(levels)
    if found is None:
        return []
    threshold, core = found
    parts: list[list[int]] = []
    for at, level in enumerate(levels):
        if level < threshold:
            continue
        if parts and at - parts[-1][1] <= MERGE_S / FRAME_S:
            parts[-1][1] = at + 1
        else:
            parts.append([at, at + 1])
    return [
        (begin, end)
        for begin, end in parts
        if end - begin >= SYLLABLE_S / FRAME_S and max(levels[begin:end]) >= core
    ]


def with_room(parts: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """The same of `count` frames with a little room on both sides; what then touches is one."""
    before, after = round(BEFORE_S / FRAME_S), round(AFTER_S / FRAME_S)
    roomy: list[tuple[int, int]] = []
    for begin, end in parts:
        begin, end = max(0, begin - before), min(count, end + after)
        if roomy and begin <= roomy[-1][1]:
            begin = roomy.pop()[0]
        roomy.append((begin, end))
    return roomy


class EndOfSpeech:
    """Fed with levels while they come, tells when somebody began and when they have ended."""

    def __init__(self, limits: Limits) -> None:
        self.levels: list[float] = []
        self.began: int | None = None  # the frame at which speech was first sure
        self._limits = limits
        self._loudest: list[float] = []
        self._last = 0  # the last frame of speech

    def feed(self, levels: Sequence[float]) -> None:
        fresh = len(self.levels)
        self.levels.extend(levels)
        vowel = round(VOWEL_S / FRAME_S)
        self._loudest = sorted([*self._loudest, *levels], reverse=True)[:vowel]
        soft = quantile(self.levels[-round(RECENT_S / FRAME_S) :], SOFT)
        loud = self._loudest[-1]
        if len(self._loudest) < vowel or loud < FAINTEST_DB or loud - soft < LIVELY_DB:
            return
        syllable = round(SYLLABLE_S / FRAME_S)
        for at in range(fresh, len(self.levels)):
            near = self.levels[max(0, at - 2 * syllable + 1) : at + 1]
            if sum(level >= loud - ENDS_DB for level in near) >= syllable:
                self._last = at
                if self.began is None:
                    self.began = at - len(near) + 1

    @property
    def silent_s(self) -> float:
        """Since the last speech, or since the beginning."""
        return (len(self.levels) - self._last) * FRAME_S

    @property
    def ended(self) -> bool:
        wait_s = self._limits.give_up_s if self.began is None else self._limits.wait_s
        return self.silent_s >= wait_s

    @property
    def too_long(self) -> bool:
        """Still speaking at the limit; or the button is held, and nobody speaks."""
        longest_s = self._limits.longest_s
        if self.began is None:
            return len(self.levels) * FRAME_S >= self._limits.give_up_s + longest_s
        return (len(self.levels) - self.began) * FRAME_S >= longest_s


def quantile(levels: Sequence[float], part: float) -> float:
    """What so great a part of them does not reach."""
    ordered = sorted(levels)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
