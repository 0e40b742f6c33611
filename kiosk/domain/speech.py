"""What the ear tells the rest: how loud it is, what it hears so far, and what was said at last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.domain.code import SIGNS

Task = Literal["lookup", "digits", "code", "yesno", "choice", "open"]
"""What is being listened for: a question in free words, a number, a reference code sign by sign,
yes or no, one of a list, or anything at all."""

Why = Literal["heard", "silence", "unclear", "too_long", "microphone_gone", "cancelled"]
"""`heard`: there is a transcript, `accepted` or not. `silence`: nobody spoke. `unclear`: somebody
or something was loud, and no words came of it. `too_long`: still speaking at the limit; the
transcript is of what was said until then, or None. `microphone_gone`: pulled out, or never there.
`cancelled`: taken back by touch."""


DIGITS = {
    "nol": "0",
    "kosong": "0",
    "satu": "1",
    "dua": "2",
    "tiga": "3",
    "empat": "4",
    "lima": "5",
    "enam": "6",
    "tujuh": "7",
    "delapan": "8",
    "sembilan": "9",
}
"""What digits are called, in their order."""


CODE_SIGNS = {word: digit for word, digit in DIGITS.items() if digit in SIGNS} | {
    "a": "A",
    "ce": "C",
    "e": "E",
    "ef": "F",
    "ha": "H",
    "je": "J",
    "ka": "K",
    "el": "L",
    "em": "M",
    "pe": "P",
    "er": "R",
    "te": "T",
    "we": "W",
    "ex": "X",  # as the model spells "eks"
    "ye": "Y",
    "alfa": "A",
    "hotel": "H",
    "kilo": "K",
    "mike": "M",
    "papa": "P",
    "romeo": "R",
}
"""What the signs of a reference code are called, and words that some spell with. Not "lima" for L:
it is five."""


def signs_of(words: str) -> str | None:
    """ "tiga em tujuh pe" → "3M7P"; None where a word is no sign of a code, or nothing was said."""
    said = words.split()
    if not said or not all(word in CODE_SIGNS for word in said):
        return None
    return "".join(CODE_SIGNS[word] for word in said)


def digits_of(words: str) -> str | None:
    """ "tiga enam kosong" → "360"; None where a word is no digit, or nothing was said."""
    said = words.split()
    if not said or not all(word in DIGITS for word in said):
        return None
    return "".join(DIGITS[word] for word in said)


@dataclass(frozen=True, slots=True)
class Word:
    """One word and where it lies in the recording, in seconds; confidence 0 to 1."""

    word: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """Words as said, lower case, numbers as words. `accepted`: sure enough to act on. What is not
    has no `text` (task `open` has it all the same); its readings, likeliest first, stand in
    `n_best`, for "maksud Anda …?", and are as empty as the text when nothing was understood.
    `value`: the digits for task `digits`, the signs for `code`, "ya" or "tidak" for `yesno`, the
    phrase as listed for `choice`, else None."""

    text: str
    confidence: float
    accepted: bool
    value: str | None = None
    n_best: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """How loud it is now, 0 (nothing) to 1 (too loud), for the bar beside the microphone. The first
    one also tells that the microphone is open."""

    value: float


@dataclass(frozen=True, slots=True)
class Partial:
    """The words so far; later ones replace it."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The microphone is closed again; what was said is being worked out."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The one end of every listening."""

    transcript: Transcript | None
    why: Why
