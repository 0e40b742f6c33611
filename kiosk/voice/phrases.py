"""From what was heard to what is on the list: the nearest phrase, or none.

Indonesian is written as it is spoken, so the letters stand for the sounds once the few spellings of
one sound are made one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

LIKE = 0.76  # from here on, what was heard is the phrase
APART = 0.06  # as much liker than the next one, or it may be either
WORD_LIKE = 0.5  # each word of it: "selamat pagi" is not "selamat siang", however long the rest
REST_LIKE, HEARD_LIKE = 0.85, 0.75  # one not heard at all, where no other was in its place

_SOUNDS = (  # one sign for one sound; longer spellings first
    ("ng", "ŋ"), ("ny", "ñ"), ("sy", "s"), ("kh", "h"), ("dj", "j"), ("tj", "c"),
    ("v", "f"), ("x", "ks"), ("q", "k"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Near:
    """A listed phrase, how alike it is to what was heard (0 to 1), the least alike of its words and
    of those heard, and how alike the next phrase is."""

    phrase: str
    likeness: float
    word_likeness: float
    heard_likeness: float
    next_likeness: float

    @property
    def sure(self) -> bool:
        apart = self.likeness - self.next_likeness
        is_whole = self.likeness >= LIKE and self.word_likeness >= WORD_LIKE
        is_part = self.likeness >= REST_LIKE and self.heard_likeness >= HEARD_LIKE
        return (is_whole or is_part) and apart >= APART


def plain(text: str) -> str:
    """Lower case, words apart by one space, no signs: as the recogniser writes."""
    return " ".join(re.findall(r"\[unk\]|[^\W_]+", text.lower()))


def sounds(text: str) -> str:
    """As many signs as sounds, word boundaries left out: people and recognisers join and part."""
    for spelling, sign in _SOUNDS:
        text = text.replace(spelling, sign)
    return text.replace(" ", "")


def nearest(heard: str, listed: Sequence[str]) -> Near | None:
    """None for an empty list or when nothing was heard. Phrases that sound the same are one."""
    said = sounds(plain(heard.replace("[unk]", "")))
    if not said:
        return None
    best: dict[str, tuple[float, str]] = {}
    for phrase in listed:
        sound = sounds(plain(phrase))
        if sound and sound not in best:
            best[sound] = (Levenshtein.normalized_similarity(said, sound), phrase)
    ranked = sorted(best.values(), key=lambda one: -one[0])
    if not ranked:
        return None
    after = ranked[1][0] if len(ranked) > 1 else 0.0
    alike, phrase = ranked[0]
    words = plain(heard.replace("[unk]", ""))
    least = min(shares(words, plain(phrase).split()))
    least_heard = min(shares(phrase, words.split()))
    return Near(phrase, alike, least, least_heard, after)


def likeness(heard: str, phrase: str) -> float:
    """0 to 1, over the sounds."""
    return Levenshtein.normalized_similarity(sounds(plain(heard)), sounds(plain(phrase)))


def shares(heard: str, words: Sequence[str]) -> list[float]:
    """Of each word, the share of its sounds that were heard at its place. What was heard besides,
    and whether as one word or two, is no matter."""
    sound = [sounds(plain(word)) for word in words]
    found: list[bool] = []
    for step in Levenshtein.opcodes(sounds(plain(heard)), "".join(sound)):
        found += [step.tag == "equal"] * (step.dest_end - step.dest_start)
    parts = []
    for word in sound:
        own, found = found[: len(word)], found[len(word) :]
        parts.append(sum(own) / max(1, len(word)))
    return parts
