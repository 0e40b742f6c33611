"""From words and their confidence to a transcript: taken, offered or refused.

The thresholds lie between what was right and what was wrong among development speakers, in quiet
and in noise, and people talking in the background alone; `kiosk evaluate voice` tells what a change
of them does. A refusal loses all words of an utterance: of digits, which are shown before they
count, more is let through than of yes and no, which act.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.domain import yesno
from kiosk.domain.code import read_code
from kiosk.domain.nik import NIK_DIGITS
from kiosk.domain.speech import Task, Transcript, Word, digits_of, signs_of
from kiosk.voice import digits
from kiosk.voice.grammar import GARBAGE
from kiosk.voice.phrases import WORD_LIKE, likeness, nearest, plain, shares

NOTHING = Transcript("", 0.0, False)
SURE = {"lookup": 0.7, "digits": 0.8, "code": 0.6, "yesno": 0.8, "choice": 0.5, "open": 0.7}
AGREEING_LIKE = 0.7  # as like is what was heard with the whole vocabulary
MANY_DIGITS, MANY_LIKE = 4, 0.5  # no other talk is taken for so many: half of it is enough
SPELT_SURE, SPELT_LIKE = 0.85, 0.3  # letters are words to the whole vocabulary: "el ce" is "lcd"
SURE_BESIDES, LETTERS_BESIDES = 0.95, 3  # of one word that the phrase has not: "tiket pesawat"
OTHERWISE = 0.85  # the whole vocabulary so sure of other words: then it was no phrase of the list
# A single word must be surer, and is doubted sooner: many are like it, "kamu" is not "kami".
WORD_SURE, HALF_LIKE = 0.85, 0.5  # less sure, it must be half of what the whole vocabulary heard
OTHER_WORD, WORD_LIKE_IT = 0.75, 0.8  # this sure of a word less like it, that was said
# So few words may be a shout: "Kakaaak" is "kk anak" to it, "kk" at 0.84 or less. Of 115 short
# questions in rooms and noise three have a word less sure.
FEW_WORDS = 2
TWICE_SURE = 0.95  # each word, with the list and with the whole vocabulary
# More is no answer.
MOST_WORDS = {"lookup": 40, "digits": NIK_DIGITS, "code": 12, "yesno": 4, "open": 1000}

AGREEING = 2  # readings of a yes or no that must say the same
SHARED = 0.5  # of SURE is enough where they do

Readings = Callable[[], tuple[str, ...]]
Freely = Callable[[], Sequence[Word]]


def verdict(
    task: Task, words: Sequence[Word], listed: Sequence[str], readings: Readings, freely: Freely
) -> Transcript:
    """`readings` are asked for only where more than the best one is of use; and `freely`, what was
    heard with every word of the model allowed, only where a short list was: whoever may say
    nothing but yes or no is soon taken to say one of them."""
    said = tuple(word for word in words if word.word != GARBAGE)
    if not said:
        return NOTHING
    text = _text(said)
    confidence = _confidence(words)
    if task == "choice":
        return _listed(text, confidence, said, listed, freely)
    value = None
    sure = SURE[task]
    is_enough = {
        "open": True,
        "digits": digits.plausible(text),
        "lookup": _is_sure_of(said, confidence),
    }
    n_best = (text,) if is_enough.get(task) else _with(text, readings())
    if task == "digits":
        text = digits.likeliest(n_best)
        if text != n_best[0]:  # the times are of the words of the first
            n_best, said = _with(text, n_best), ()
        value = digits_of(text)
    if task == "code":  # of readings that sound alike, the one whose check sign is right
        text = next((one for one in n_best if read_code(signs_of(one) or "")), text)
        if text != n_best[0]:
            n_best, said = _with(text, n_best), ()
        value = signs_of(text)
    if task == "yesno":
        value = yesno.value_of(text)
        if len(n_best) > 1 and {yesno.value_of(one) for one in n_best[:AGREEING]} == {value}:
            sure *= SHARED  # "ya", "iya" and "yak" halve each other's confidence, not the answer's
    meant = value is not None or task in ("lookup", "open")
    accepted = meant and confidence >= sure and len(text.split()) <= MOST_WORDS[task]
    if accepted and task == "lookup":
        accepted = is_enough[task]
    if accepted and task == "yesno":
        accepted = yesno.value_of(_text(freely())) == value
    if accepted and task == "code":
        accepted = confidence >= SPELT_SURE or likeness(_text(freely()), text) >= SPELT_LIKE
    if accepted and task == "digits":
        enough = MANY_LIKE if len(text.split()) >= MANY_DIGITS else AGREEING_LIKE
        free = _text(freely())  # other digits, heard with every word allowed, are digits too
        accepted = digits_of(free) is not None or likeness(free, text) >= enough
    if not accepted and task != "open":
        return Transcript("", confidence, False, None, n_best, said)
    return Transcript(text, confidence, accepted, value, n_best, said)


def heard_twice(words: Sequence[Word], freely: Sequence[Word]) -> bool:
    """Surely the same words with the list and with the whole vocabulary: they need not be louder
    than the hall, as those of its talk that are like the list must."""
    both = [*words, *freely]
    sure = all(word.confidence >= TWICE_SURE for word in both if word.word != GARBAGE)
    return sure and _text(words) != "" and _text(words) == _text(freely)


def _listed(
    text: str, confidence: float, said: tuple[Word, ...], listed: Sequence[str], freely: Freely
) -> Transcript:
    near = nearest(text, listed)
    if (
        near is None
        or not near.sure
        or confidence * near.likeness < SURE["choice"]
        or _said_otherwise(freely(), near.phrase, confidence)
    ):
        offered = (plain(near.phrase),) if near else ()
        return Transcript("", confidence, False, None, offered, said)
    phrase = plain(near.phrase)
    return Transcript(phrase, confidence * near.likeness, True, near.phrase, (phrase,), said)


def _said_otherwise(words: Sequence[Word], phrase: str, confidence: float) -> bool:
    """Was it no phrase of the list, as the whole vocabulary heard it? Names may be missing there:
    it must be sure of what it heard in their place. `confidence`: in the phrase."""
    said = [word for word in words if word.word != GARBAGE]
    there = shares(phrase, [word.word for word in said])
    besides = any(
        word.confidence >= SURE_BESIDES and share < WORD_LIKE and len(word.word) >= LETTERS_BESIDES
        for word, share in zip(said, there, strict=True)
    )
    like = likeness(_text(words), phrase)
    if not said or besides:
        return besides
    if _is_one(phrase):
        doubted = confidence < WORD_SURE and like < HALF_LIKE
        return doubted or (like < WORD_LIKE_IT and _confidence(words) >= OTHER_WORD)
    return like < AGREEING_LIKE and _confidence(words) >= OTHERWISE


def _is_sure_of(said: Sequence[Word], confidence: float) -> bool:
    """Is it taken for a question, in whatever words?"""
    least = min(word.confidence for word in said)
    return confidence >= SURE["lookup"] and (len(said) > FEW_WORDS or least >= WORD_SURE)


def _is_one(phrase: str) -> bool:
    return " " not in plain(phrase)


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.word for word in words if word.word != GARBAGE)


def _confidence(words: Sequence[Word]) -> float:
    """The mean over the words; a noise among them is one that was not understood. Their lengths are
    no help: a word before a pause is as long as both."""
    sure = sum(word.confidence for word in words if word.word != GARBAGE)
    return round(sure / len(words), 4)


def _with(text: str, readings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text, *readings)))
