"""What a transcript is taken to say: words to look for, values of a list, digits in groups.

Of what the recogniser refused, its readings may still be asked after ("maksud Anda …?"): but only
those it half believed in. A child's shout has readings too. No Kivy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from kiosk.domain import yesno
from kiosk.domain.meaning import Meaning
from kiosk.domain.speech import CODE_SIGNS, DIGITS, Task, Transcript, Word, digits_of

GROUP = 4  # digits that people read out in one breath
PAUSE = 1.1  # the way over the shortest pause between groups, by the longest way within one
# Below these a refused transcript is not asked after. Of 275 shouts, readings of one or two words
# meant a service at up to 0.91 ("kk anak"), those of more words only emergencies; of questions that
# were refused in noise, those of more words were as often right as wrong from 0.5 on.
FLOOR, SHORT_WORDS, SHORT_FLOOR = 0.5, 2, 0.92
DIGITS_FLOOR = 0.6  # and no fewer than a group of them: shouts are one digit or two, at up to 0.8


def yes_or_no(named: list[tuple[str, str]]) -> dict[str, str]:
    """ "ya" and "tidak" with their values, where these are the two choices; else nothing."""
    first = {plain(name).partition(" ")[0]: value for value, name in named}
    return first if len(named) == 2 and set(first) == {"ya", "tidak"} else {}


def plain(name: str) -> str:
    """A name as it is said: small letters, no signs, nothing that stands in brackets."""
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"\([^)]*\)", " ", name.casefold())))


def best_reading(transcript: Transcript, find: Callable[[str, int], Meaning]) -> tuple[str, bool]:
    """The words to look for, and whether they are sure. Of words that are not, the likeliest that
    mean a service; "" when none does, or when they mean an emergency: nobody is sent to 112 by what
    was hardly heard."""
    text = transcript.text.strip() if transcript.accepted else ""
    for reading in (text,) if text else _half_believed(transcript):
        meant = find(reading, 1).outcome
        if meant == "emergency" and not text:
            return "", False
        if meant != "out_of_scope":
            return reading, bool(text)
    return text, bool(text)


def half_heard_emergency(transcript: Transcript, find: Callable[[str, int], Meaning]) -> str | None:
    """The kind of emergency that a refused transcript may have told of; None when none. What is
    half believed of "mama ada mama" is one too: it may offer help, and open nothing."""
    if transcript.accepted or transcript.confidence < FLOOR:
        return None
    meant = (find(reading, 1) for reading in transcript.n_best)
    return next((one.emergency_kind for one in meant if one.outcome == "emergency"), None)


def _half_believed(transcript: Transcript) -> Iterator[str]:
    """The confidence is that of the first: where it is short, so much is asked of all."""
    for reading in transcript.n_best:
        short = min(len(one.split()) for one in (reading, transcript.n_best[0])) <= SHORT_WORDS
        if transcript.confidence >= (SHORT_FLOOR if short else FLOOR):
            yield reading


def values_said(transcript: Transcript, phrases: dict[str, str]) -> tuple[str, ...]:
    """The values that were meant, likeliest first; only those on the list."""
    readings = (transcript.value or transcript.text, *transcript.n_best)
    if set(phrases) == {yesno.YES, yesno.NO}:
        said = [yesno.value_of(plain(one)) or "" for one in readings]
    else:
        said = [plain(one) for one in readings]
    found = [phrases[one] for one in said if one in phrases]
    return tuple(dict.fromkeys(found))[: 1 if transcript.accepted else 3]


def digits_said(transcript: Transcript, most: int) -> str:
    """The digits to show, of a field or a group of `most`. Of what was refused, a number that such
    a field may begin with: neither a shout that sounds like "satu", nor talk that has no end."""
    if transcript.accepted:
        return transcript.value or digits_of(transcript.text) or ""
    if transcript.confidence < DIGITS_FLOOR:
        return ""
    fewest = min(GROUP, most - 1)
    found = filter(None, map(digits_of, transcript.n_best))
    return next((digits for digits in found if fewest <= len(digits) <= most), "")


def in_groups(signs: str) -> list[str]:
    return [signs[at : at + GROUP] for at in range(0, len(signs), GROUP)]


def groups_of(digits: str, words: tuple[Word, ...], most: int) -> list[str]:
    """`digits` in the groups to show. As many as there may be: in fours. With some missing or too
    many, the pauses tell which group they belong to, so that only that one need be said again."""
    fours = in_groups(digits)
    if len(digits) == most or len(words) != len(digits):
        return fours
    # A pause counts to the word before it, so it is a long way from one beginning to the next.
    steps = [after.start_s - before.start_s for before, after in pairwise(words)]
    places = sorted(range(len(steps)), key=lambda at: -steps[at])
    longest, rest = places[: most // GROUP - 1], places[most // GROUP - 1 :]
    if not rest or steps[longest[-1]] < PAUSE * steps[rest[0]]:
        return fours
    cuts = [0, *(at + 1 for at in sorted(longest)), len(digits)]
    return [digits[start:stop] for start, stop in pairwise(cuts)]


def shown_signs(words: str, task: Task) -> str:
    """Names of digits, or of a code's signs, as these in groups; other words stay words."""
    names = CODE_SIGNS if task == "code" else DIGITS
    parts: list[str] = []
    run = ""
    for word in [*words.split(), ""]:
        if word in names or word.isdigit():
            run += names.get(word, word)
            continue
        parts += in_groups(run)
        parts += [word] if word else []
        run = ""
    return " ".join(parts)
