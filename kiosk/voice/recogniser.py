"""Words from sound, on this machine. The only file that imports vosk.

A recogniser is made anew for every utterance: the times of words keep growing on one that is used
again. Vosk's run-time grammar is a smoothed bigram, not a list: whatever it says is held against
the list afterwards (`kiosk.voice.verdict`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from kiosk.domain.speech import Task, Transcript, Word
from kiosk.voice.endpoint import LIMITS
from kiosk.voice.foreground import Foreground, foreground, nearest, stands_out
from kiosk.voice.grammar import GARBAGE, grammar
from kiosk.voice.loudness import Loudness
from kiosk.voice.model import ModelMissing, check_folder
from kiosk.voice.processor import kernels_named
from kiosk.voice.sound import FRAME_BYTES, FRAME_S, RATE_HZ, Pcm
from kiosk.voice.verdict import NOTHING, heard_twice, verdict

with kernels_named():
    import vosk

N_BEST = {"code": 20}  # letters sound alike: its check sign tells which reading it was
N_BEST_ELSE = 5
LONGEST = 2.0  # times the longest that is listened to: music, a hall full of people, no answer

# So much Vosk decodes at a time, however much it is given: between two of them it may be stopped,
# and hears what it would have heard.
STEP_S = 0.2
_STEP_BYTES = round(STEP_S / FRAME_S) * FRAME_BYTES

Stop = Callable[[], bool]

_ffi = cffi.FFI()


class _Stopped(Exception):
    """Nobody wants to know any more."""


class Recogniser:
    """One loaded model; any thread may use it, one at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelMissing."""
        check_folder(folder)
        # Errors only, and not its doubts about word times among the n best, which we do not use.
        vosk.SetLogLevel(-2)
        try:
            self._model = vosk.Model(model_path=str(folder))
        except Exception as error:  # vosk raises no class of its own
            raise ModelMissing(f"{folder}: the speech model does not load: {error}") from None

    def knows(self, word: str) -> bool:
        """Is the word in the model's lexicon?"""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def begin(self, task: Task, listed: Sequence[str] = ()) -> Utterance:
        """For the words so far, while somebody speaks."""
        return Utterance(self._open(task, listed))

    def transcribe(
        self, pcm: Pcm, task: Task, listed: Sequence[str] = (), stop: Stop = lambda: False
    ) -> Transcript:
        """What was said in a whole recording, by whoever is nearest. The times of words count from
        the beginning of `pcm`. `stop` is asked again and again; nothing was said where it is True:
        the next one who speaks must not wait for it all."""
        heard = foreground(pcm)
        if heard is None:
            return NOTHING
        try:
            if task != "open" and heard.seconds > LONGEST * LIMITS[task].longest_s:
                return NOTHING
            words = self._words(heard, task, listed, stop)
            freely = cache(lambda: self._words(heard, "open", (), stop))
            said = [word for word in words if word.word != GARBAGE]
            is_near = task == "open" or stands_out(heard.levels, said)
            if not is_near and not (task == "choice" and heard_twice(words, freely())):
                return NOTHING
            if task == "digits":  # only now: the loudest of a hall alone would stand out
                near = nearest(heard.levels, said)
                words = tuple(word for word in words if word.word == GARBAGE or word in near)
            return verdict(
                task,
                words,
                listed,
                readings=lambda: self._readings(heard.pcm, task, listed, stop),
                freely=freely,
            )
        except _Stopped:
            return NOTHING
        finally:
            heard.pcm[:] = bytes(len(heard.pcm))

    def _words(
        self, heard: Foreground, task: Task, listed: Sequence[str], stop: Stop
    ) -> tuple[Word, ...]:
        decoder = self._open(task, listed)
        decoder.SetWords(True)
        found = _decode(decoder, heard.pcm, stop).get("result", [])
        begin_s, whole_s = heard.begin * FRAME_S, len(heard.levels) * FRAME_S
        times = ((one["start"] + begin_s, one["end"] + begin_s) for one in found)
        return tuple(
            Word(one["word"], max(0.0, start_s), min(end_s, whole_s), one["conf"])
            for one, (start_s, end_s) in zip(found, times, strict=True)
            if end_s > 0 and start_s < whole_s
        )

    def _readings(self, pcm: Pcm, task: Task, listed: Sequence[str], stop: Stop) -> tuple[str, ...]:
        """The likeliest, likeliest first, without the noises among the words."""
        decoder = self._open(task, listed)
        decoder.SetMaxAlternatives(N_BEST.get(task, N_BEST_ELSE))
        texts = (one["text"] for one in _decode(decoder, pcm, stop).get("alternatives", []))
        said = (" ".join(word for word in text.split() if word != GARBAGE) for text in texts)
        return tuple(dict.fromkeys(text for text in said if text))

    def _open(self, task: Task, listed: Sequence[str]) -> vosk.KaldiRecognizer:
        rules = grammar(task, listed, self.knows)
        if rules is None:
            return vosk.KaldiRecognizer(self._model, RATE_HZ)
        return vosk.KaldiRecognizer(self._model, RATE_HZ, json.dumps(rules, ensure_ascii=False))


class Utterance:
    """One utterance while it is spoken."""

    def __init__(self, decoder: vosk.KaldiRecognizer) -> None:
        self._decoder = decoder
        self._loudness = Loudness()

    def hear(self, pcm: Pcm) -> str:
        """The words so far. By whole frames of 10 ms."""
        self._loudness.hear(pcm)
        even = self._loudness.evened(pcm)
        _accept(self._decoder, even)
        even[:] = bytes(len(even))
        text: str = json.loads(self._decoder.PartialResult())["partial"]
        return " ".join(word for word in text.split() if word != GARBAGE)


def _decode(decoder: vosk.KaldiRecognizer, pcm: Pcm, stop: Stop) -> dict[str, Any]:
    """Raises _Stopped."""
    with memoryview(pcm) as view:
        for at in range(0, len(view), _STEP_BYTES):
            if stop():
                raise _Stopped
            with view[at : at + _STEP_BYTES] as step:
                _accept(decoder, step)
    result: dict[str, Any] = json.loads(decoder.FinalResult())
    return result


def _accept(decoder: vosk.KaldiRecognizer, pcm: Pcm) -> None:
    """Without a copy that would outlive the sound. What it returns, that Vosk's own rules would end
    here, is not asked: `kiosk.voice.endpoint` decides that."""
    if len(pcm):
        with _ffi.from_buffer("char[]", pcm) as sound:
            decoder.AcceptWaveform(sound)
