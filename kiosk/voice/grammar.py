"""Which words the recogniser may hear, by what is listened for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from kiosk.domain import yesno
from kiosk.domain.speech import CODE_SIGNS, DIGITS, Task
from kiosk.voice.phrases import plain

GARBAGE = "[unk]"  # the model's phone for what is no word of the list


def grammar(task: Task, listed: Sequence[str], knows: Callable[[str], bool]) -> list[str] | None:
    """Vosk's list of phrases, in words that the model knows; None for its own language model.

    Of a list, a word that the model has never heard of is a noise in its place: the rest of its
    phrase can still be told from the others.
    """
    if task == "choice":
        phrases = [
            " ".join(word if knows(word) else GARBAGE for word in plain(phrase).split())
            for phrase in listed
        ]
    elif task == "digits":
        phrases = [" ".join(pair) for pair in product(DIGITS, repeat=2)]
    elif task == "code":
        known = [word for word in CODE_SIGNS if knows(word)]
        phrases = [" ".join(pair) for pair in product(known, repeat=2)]
    elif task == "yesno":
        phrases = [word for word in yesno.SAID if all(map(knows, word.split()))]
    else:
        return None
    return [*dict.fromkeys(phrases), GARBAGE]
