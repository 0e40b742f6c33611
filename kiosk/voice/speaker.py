"""The kiosk's voice: espeak-ng, a program of its own. Without it the kiosk is silent, no more.

What is said goes in by standard input: a command line can be read by everyone on the machine.
"""

from __future__ import annotations

import shutil
import subprocess
import threading

from kiosk.voice.portaudio import PortAudioFails, can_play

PROGRAM = "espeak-ng"
WORDS_A_MINUTE, SLOW_WORDS_A_MINUTE = 150, 115
VOICES = {"id": "id", "en": "en"}
LONGEST = 1000  # characters; nobody listens to more
HUSH_S = 1.0  # it ends at once when told to; this is for a machine that is very busy


def find_problem() -> str | None:
    """Why nothing could be heard of it, in one line."""
    if shutil.which(PROGRAM) is None:
        return f"{PROGRAM} is missing: install it"
    try:
        return None if can_play() else "no sound device to speak through"
    except PortAudioFails as error:
        return str(error)


class Speaker:
    """Says one thing at a time; a new one ends the one before."""

    def __init__(self, program: str | None = None) -> None:
        self._program = shutil.which(program or PROGRAM)
        self._speaking: subprocess.Popen[bytes] | None = None
        self._cut = False
        self._lock = threading.Lock()

    @property
    def present(self) -> bool:
        """Whether the program is there."""
        return self._program is not None

    @property
    def speaking(self) -> bool:
        now = self._speaking  # another thread may hush it meanwhile
        return now is not None and now.poll() is None

    @property
    def cut(self) -> bool:
        """Whether `hush` ended what was said last before its end."""
        return self._cut

    def say(self, text: str, lang: str, slow: bool = False) -> None:
        """Returns at once. `lang`: "id" or "en"."""
        with self._lock:
            self._hush()
            self._cut = False
            if self._program is None or not text.strip():
                return
            speed = SLOW_WORDS_A_MINUTE if slow else WORDS_A_MINUTE
            try:
                self._speaking = subprocess.Popen(
                    [self._program, "-v", VOICES.get(lang, "id"), "-s", str(speed), "--stdin"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except OSError:  # uninstalled while we ran, or no room for a process
                return
            pipe = self._speaking.stdin
            assert pipe is not None
            try:
                pipe.write(text[:LONGEST].encode())  # less than a pipe holds
                pipe.close()
            except BrokenPipeError:  # it has ended already: no sound device
                pass

    def hush(self) -> None:
        """Returns when nothing is said any more."""
        with self._lock:
            self._hush()

    def _hush(self) -> None:
        if self._speaking is None:
            return
        self._cut = self._speaking.poll() is None
        self._speaking.terminate()
        try:
            self._speaking.wait(HUSH_S)
        except subprocess.TimeoutExpired:
            self._speaking.kill()
            self._speaking.wait()
        self._speaking = None
