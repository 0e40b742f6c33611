"""A small program around eSpeak NG's library: speech with the times of its phonemes.

    python -m offline_models.training.espeak      one JSON object a line in, one answer each out

In: {"text", "voice", "rate_wpm", "pitch", "range"}; pieces of text in [[…]] are phoneme mnemonics.
Out: a JSON line {"rate_hz", "samples", "phonemes": [[mnemonic, at_ms], …]}, then the samples as
16-bit little-endian. A process of its own, because the library and a recogniser in one process
hang at exit. eSpeak NG (GPL-3) is called as the program it is, never shipped; its output is free.
"""

import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, c_char, c_int, c_short, c_uint, c_void_p
from typing import Any

SYNCHRONOUS, PHONEME_EVENTS = 2, 1
CHARS_UTF8, PHONEMES_IN_BRACKETS = 1, 0x100
RATE, PITCH, RANGE = 1, 3, 4
LIST_END, PHONEME = 0, 7


class _Id(ctypes.Union):
    _fields_ = [("number", c_int), ("name", c_void_p), ("string", c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("identifier", c_uint),
        ("text_position", c_int),
        ("length", c_int),
        ("at_ms", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", _Id),
    ]


_Callback = CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


class Voice:
    """The library, started once. `rate_hz` is what it speaks in."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate_hz = self._library.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS)
        if self.rate_hz <= 0:
            raise RuntimeError("eSpeak NG does not start: is its data installed (espeak-ng)?")
        self._pieces: list[bytes] = []
        self._phonemes: list[tuple[str, int]] = []
        self._callback = _Callback(self._on_audio)  # kept: C holds a bare pointer to it
        self._library.espeak_SetSynthCallback(self._callback)

    def say(
        self, text: str, voice: str, rate_wpm: int, pitch: int, pitch_range: int
    ) -> tuple[bytes, list[tuple[str, int]]]:
        """`text` as 16-bit samples, with each phoneme's mnemonic and start in ms."""
        library = self._library
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"eSpeak NG has no voice {voice!r}")
        library.espeak_SetParameter(RATE, rate_wpm, 0)
        library.espeak_SetParameter(PITCH, pitch, 0)
        library.espeak_SetParameter(RANGE, pitch_range, 0)
        self._pieces, self._phonemes = [], []
        data = text.encode()
        flags = CHARS_UTF8 | PHONEMES_IN_BRACKETS
        library.espeak_Synth(data, len(data) + 1, 0, 0, 0, flags, None, None)
        library.espeak_Synchronize()
        return b"".join(self._pieces), self._phonemes

    def _on_audio(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        index = 0
        while events[index].type != LIST_END:
            event = events[index]
            if event.type == PHONEME:
                self._phonemes.append((event.id.string.decode("utf-8", "replace"), event.at_ms))
            index += 1
        return 0


def main() -> None:
    voice = Voice()
    for line in sys.stdin:
        wish = json.loads(line)
        samples, phonemes = voice.say(
            wish["text"], wish["voice"], wish["rate_wpm"], wish["pitch"], wish["range"]
        )
        head = {"rate_hz": voice.rate_hz, "samples": len(samples) // 2, "phonemes": phonemes}
        sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + samples)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
