"""PortAudio from two threads, as the voice and the staff's screen ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.voice import portaudio, speaker
from kiosk.voice.microphone import MicrophoneGone, look_again, open_microphone
from tests.voice.conftest import CHECKOUT

BUSY_S = 0.02


class Library:
    """`sounddevice`, which notices two threads at once."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self._initialized = 1
        self.begun = 0
        self.fails = False
        self.crossed = False
        self._busy = threading.Lock()

    def _work(self, *_: object, **__: object) -> None:
        if not self._busy.acquire(blocking=False):
            self.crossed = True
            return
        time.sleep(BUSY_S)
        self._busy.release()

    def _terminate(self) -> None:
        assert self._initialized
        self._work()
        self._initialized = 0

    def _initialize(self) -> None:
        self._work()
        if self.fails:
            raise self.PortAudioError("Error initializing\nPortAudio: any")
        self._initialized = 1
        self.begun += 1

    def query_devices(self) -> list[dict[str, int]]:
        self._work()
        return [{"max_output_channels": 2}]

    def RawInputStream(self, **_: object) -> Any:
        self._work()
        return SimpleStream(start=self._work, abort=self._work, close=self._work)


class SimpleStream(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library


def at_once(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_only_one_thread_is_in_portaudio(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker, "PROGRAM", "true")
    at_once(*[look_again, lambda: open_microphone().close(), speaker.find_problem] * 3)
    assert not library.crossed


def test_an_open_microphone_is_not_pulled_from_under_its_thread(library: Library) -> None:
    microphone = open_microphone()
    look_again()
    assert library.begun == 0
    microphone.close()
    look_again()
    assert library.begun == 1


def test_what_could_not_begin_is_told_and_begins_the_next_time(library: Library) -> None:
    library.fails = True
    for _ in range(2):
        with pytest.raises(MicrophoneGone, match=r"^Error initializing PortAudio: any$"):
            look_again()
    library.fails = False
    look_again()
    assert library.begun == 1


def test_two_quiet_threads_leave_stderr_as_it_was() -> None:
    before = os.fstat(2)

    def be_quiet(after_s: float) -> None:
        time.sleep(after_s)
        with portaudio.quiet():
            assert os.path.samestat(os.fstat(2), os.stat(os.devnull))
            time.sleep(2 * BUSY_S)

    at_once(*(lambda late=late: be_quiet(late * BUSY_S) for late in range(2)))
    assert os.path.samestat(os.fstat(2), before)


WHILE_QUIET = """
import argparse, logging, os, sys, threading
from kiosk import commands
from kiosk.__main__ import main
from kiosk.voice import portaudio

def outbox(args: argparse.Namespace) -> int:
    is_quiet, told = threading.Event(), threading.Event()

    def look_for_a_microphone() -> None:
        with portaudio.quiet():
            is_quiet.set()
            told.wait(10)
            os.write(2, b"ALSA lib: unknown PCM\\n")

    voice = threading.Thread(target=look_for_a_microphone)
    voice.start()
    is_quiet.wait(10)
    logging.getLogger("kiosk.ui").error("bug ValueError at visit.py:42")
    print("kiosk ui: out of order", file=sys.stderr)
    told.set()
    voice.join()
    os.write(2, b"the end\\n")
    return 0

commands.outbox = outbox
sys.exit(main(["outbox"]))
"""


def test_what_others_tell_meanwhile_is_not_lost() -> None:
    """The kiosk looks for a missing microphone every five seconds."""
    done = subprocess.run(
        [sys.executable, "-c", WHILE_QUIET], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "ERROR kiosk.ui: bug ValueError at visit.py:42",
        "kiosk ui: out of order",
        "the end",
    ]


def test_without_a_stderr_nothing_is_told_and_all_goes_on() -> None:
    words = [sys.executable, "-m", "kiosk", "submit", "--example", "sktm"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *words], cwd=CHECKOUT, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
