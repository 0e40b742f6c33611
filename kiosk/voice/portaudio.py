"""PortAudio, for one thread at a time and without its chatter.

It is not made for more: to begin it anew while another thread opens a stream, or reads one, ends
the process. Everything that begins, lists, opens or closes passes here; sound then flows without.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.RLock()
_open: set[Any] = set()  # streams


class PortAudioFails(Exception):
    """It is missing, or cannot do what it was asked for; one line why."""


def look_again() -> None:
    """It sees only what was plugged in when it began. Does nothing while a stream is open, which
    would end with it. Raises PortAudioFails."""
    with _alone() as sounddevice:
        if _open:
            return
        if sounddevice._initialized:  # not so where it could not begin the last time
            sounddevice._terminate()
        sounddevice._initialize()


def open_input(**wanted: Any) -> Any:
    """A RawInputStream of `sounddevice`, begun; for `close`. Raises PortAudioFails."""
    with _alone() as sounddevice:
        stream = sounddevice.RawInputStream(**wanted)
        stream.start()
        _open.add(stream)
    return stream


def close(stream: Any) -> None:
    """Returns when nothing is heard any more."""
    with _alone():
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)
        _open.discard(stream)


def can_play() -> bool:
    """Whether there is anything to speak through. Raises PortAudioFails."""
    with _alone() as sounddevice:
        return any(device["max_output_channels"] for device in sounddevice.query_devices())


@contextmanager
def _alone() -> Iterator[Any]:
    """The library, for this thread only. Raises PortAudioFails."""
    with quiet():
        try:
            import sounddevice
        except OSError:
            raise PortAudioFails("PortAudio is missing: install libportaudio2") from None
        try:
            yield sounddevice
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PortAudioFails(" ".join(str(error.args[0]).split())) from None


@contextmanager
def quiet() -> Iterator[None]:
    """ALSA and PortAudio write to stderr whatever they try in vain, dozens of lines where there is
    no sound card; what came of it is told by their answers. Two threads at once would leave stderr
    closed for good. Python's own `sys.stderr` is another one by then: `kiosk.__main__`."""
    with _lock:
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
