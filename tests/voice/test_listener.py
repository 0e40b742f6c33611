"""One listening from the first block to its one Heard, with the real recogniser."""

from __future__ import annotations

import math
import os
import queue
import random
import shutil
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.speech import Closed, Heard, Level, Partial, Task, Transcript
from kiosk.voice import recogniser as recogniser_module
from kiosk.voice.listener import ECHO_S, Listening, Voice
from kiosk.voice.microphone import (
    BLOCK_BYTES,
    Microphone,
    MicrophoneGone,
    find_problem,
    open_microphone,
)
from kiosk.voice.model import ModelMissing
from kiosk.voice.recogniser import Recogniser
from kiosk.voice.sound import RATE_HZ
from tests.hall_support import Hall, spoken

QUESTION = "saya mau bikin kartu keluarga hilang"
Event = Level | Partial | Closed | Heard


class Recording:
    """A microphone that hears a recording as fast as it is asked, then silence; or is pulled out
    when the recording ends."""

    def __init__(self, pcm: bytes, *, gone: bool = False, wait: threading.Event | None = None):
        self._pcm = pcm
        self._gone = gone
        self._wait = wait  # set: the silence after the recording may go on
        self.closed = False

    def blocks(self) -> Iterator[bytearray]:
        for at in range(0, len(self._pcm), BLOCK_BYTES):
            yield bytearray(self._pcm[at : at + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0"))
        if self._gone:
            raise MicrophoneGone("pulled out")
        while not self.closed:
            if self._wait is not None and not self._wait.is_set():
                time.sleep(0.002)
            yield bytearray(BLOCK_BYTES)

    def close(self) -> None:
        self.closed = True


class Silent:
    """A mouth that writes down what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.hushed = 0
        self.speaking = False
        self.present = True

    def say(self, text: str, lang: str, slow: bool = False) -> None:
        self.said.append(text)
        self.speaking = True

    def hush(self) -> None:
        self.hushed += 1
        self.speaking = False


class Room:
    """A voice, the microphones it will be given, and what it told."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.microphones: list[Recording] = []
        self.mouth, self.caller = Silent(), Silent()
        self.opened_s: list[float] = []
        self.spoken_into = False
        self.events: queue.Queue[Event] = queue.Queue()
        self.voice = Voice(lambda: recogniser, self._open, lambda: None, self.mouth, self.caller)
        self.voice.start()

    def _open(self) -> Microphone:
        self.opened_s.append(time.monotonic())
        self.spoken_into |= self.mouth.speaking or self.caller.speaking
        return self.microphones.pop(0)

    def listen(
        self, task: Task, pcm: bytes, *, hold: bool = False, gone: bool = False,
        phrases: tuple[str, ...] = (),
    ) -> Listening:  # fmt: skip
        self.microphones.append(Recording(pcm, gone=gone))
        return self.voice.listen(task, self.events.put, hold=hold, phrases=phrases)

    def told(self) -> list[Event]:
        """All events up to the Heard."""
        events: list[Event] = []
        while not events or not isinstance(events[-1], Heard):
            events.append(self.events.get(timeout=60))
        return events


@pytest.fixture
def room(recogniser: Recogniser) -> Iterator[Room]:
    room = Room(recogniser)
    yield room
    room.voice.close()


def heard_of(events: list[Event]) -> Heard:
    assert isinstance(events[-1], Heard)
    return events[-1]


def noise(seconds: float, loud: float) -> bytes:
    chance = random.Random(4)
    samples = (chance.gauss(0, loud * 8000) for _ in range(round(seconds * RATE_HZ)))
    return array("h", (max(-32768, min(32767, round(one))) for one in samples)).tobytes()


def melody(seconds: float) -> bytes:
    """Notes with their overtones, a quarter of a second each, as loud as speech."""
    notes = (262, 330, 392, 523, 440, 349, 294, 392)
    samples = array("h")
    for at in range(round(seconds * RATE_HZ)):
        hz = notes[at // 4000 % len(notes)]
        fade = 1 - at % 4000 / 5000
        wave = sum(math.sin(math.tau * hz * n * at / RATE_HZ) / n for n in (1, 2, 3))
        samples.append(round(7000 * fade * wave))
    return samples.tobytes()


def test_a_question_is_heard_word_by_word(room: Room) -> None:
    room.listen("lookup", bytes(16000) + spoken(QUESTION))
    events = room.told()
    heard = heard_of(events)
    assert heard.why == "heard" and heard.transcript is not None
    assert heard.transcript.text == QUESTION
    partials = [event.text for event in events if isinstance(event, Partial)]
    assert len(partials) > 2
    assert max(event.value for event in events if isinstance(event, Level)) > 0.5
    assert [type(event) for event in events[-2:]] == [Closed, Heard]
    assert room.events.empty()


@pytest.mark.parametrize(
    ("task", "text", "value"),
    [
        ("digits", "tiga enam tujuh satu", "3671"),
        ("yesno", "ya", "ya"),
        ("yesno", "tidak", "tidak"),
        ("choice", "akta kelahiran", "Akta kelahiran"),
    ],
)
def test_what_is_listened_for_has_a_value(room: Room, task: Task, text: str, value: str) -> None:
    phrases = ("Akta kelahiran", "Akta kematian", "Pindah datang") if task == "choice" else ()
    room.listen(task, bytes(16000) + spoken(text), phrases=phrases)
    heard = heard_of(room.told())
    assert heard.transcript is not None
    assert (heard.transcript.value, heard.transcript.accepted) == (value, True)


@pytest.mark.parametrize("task", ["lookup", "digits", "yesno"])
@pytest.mark.parametrize(
    "make", [lambda: bytes(60 * 2 * RATE_HZ), lambda: noise(60, 0.02), lambda: noise(60, 0.5)]
)
def test_nobody_speaks_and_nothing_is_heard(
    room: Room, task: Task, make: Callable[[], bytes]
) -> None:
    room.listen(task, make())
    events = room.told()
    assert heard_of(events) == Heard(None, "silence")
    assert not any(isinstance(event, Partial) for event in events)


@pytest.mark.parametrize("task", ["lookup", "digits", "yesno"])
def test_music_says_nothing(room: Room, task: Task) -> None:
    room.listen(task, melody(60))
    heard = heard_of(room.told())
    assert heard.transcript is None or not heard.transcript.accepted


def test_hold_to_talk_ends_when_let_go(room: Room) -> None:
    words = spoken("kartu keluarga")
    pause = bytes(3 * 2 * RATE_HZ)
    held = room.listen("lookup", words + pause + spoken("hilang"), hold=True)
    deadline = time.monotonic() + 20
    seen: list[Event] = []
    while time.monotonic() < deadline and sum(isinstance(e, Level) for e in seen) < 150:
        seen.append(room.events.get(timeout=5))
    held.finish()
    heard = heard_of(room.told())
    assert heard.transcript is not None
    assert heard.transcript.text.startswith("kartu keluarga")
    assert heard.transcript.text.endswith("hilang")


def test_the_microphone_is_open_from_the_first_level_until_it_is_said_to_be_closed(
    recogniser: Recogniser,
) -> None:
    """A sound driver may take its time to open it."""
    may_open, asked = threading.Event(), threading.Event()
    microphone = Recording(spoken("kartu keluarga"))
    told: queue.Queue[tuple[Event, bool]] = queue.Queue()

    def open_slowly() -> Microphone:
        asked.set()
        assert may_open.wait(30)
        return microphone

    voice = Voice(lambda: recogniser, open_slowly, lambda: None, Silent())
    voice.start()
    voice.listen("lookup", lambda event: told.put((event, microphone.closed)))
    assert asked.wait(30)
    assert told.empty()
    may_open.set()
    seen = [told.get(timeout=30)]
    while not isinstance(seen[-1][0], Heard):
        seen.append(told.get(timeout=30))
    voice.close()
    first, *_ = seen
    assert isinstance(first[0], Level)
    closed = [type(event) for event, is_closed in seen if is_closed]
    assert closed == [Closed, Heard]


def test_after_cancel_nothing_comes(room: Room) -> None:
    listening = room.listen("lookup", spoken(QUESTION), hold=True)
    room.events.get(timeout=5)
    listening.cancel()
    time.sleep(0.05)
    while not room.events.empty():
        assert not isinstance(room.events.get(), Heard)
    room.listen("lookup", b"")
    assert heard_of(room.told()) == Heard(None, "silence")


class Gate:
    """A decoder that waits at its first step until the test goes on; it counts its steps."""

    def __init__(self, decoder: Any, at_it: threading.Event, go_on: threading.Event) -> None:
        self._decoder, self._at_it, self._go_on = decoder, at_it, go_on
        self.steps = 0

    def AcceptWaveform(self, sound: object) -> object:
        self.steps += 1
        self._at_it.set()
        assert self._go_on.wait(30)
        return self._decoder.AcceptWaveform(sound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)


@pytest.mark.parametrize("again", [False, True])
def test_what_was_taken_back_keeps_nobody_waiting(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """It is worked out up to three times over, in the one thread that opens the microphone."""
    at_it, go_on = threading.Event(), threading.Event()
    gates: list[Gate] = []
    transcribe, open_decoder = recogniser.transcribe, recogniser._open

    def opened(*how: Any) -> Gate:
        gates.append(Gate(open_decoder(*how), at_it, go_on))
        return gates[-1]

    def gated(*what: Any, **how: Any) -> Transcript:
        with monkeypatch.context() as patched:
            patched.setattr(recogniser, "_open", opened)
            return transcribe(*what, **how)

    monkeypatch.setattr(recogniser, "transcribe", gated)
    room = Room(recogniser)
    first = room.listen("digits", bytes(16000) + spoken("tiga enam tujuh satu kosong satu"))
    assert at_it.wait(60)
    while not room.events.empty():
        room.events.get()
    if again:  # a touch on the microphone, with nothing cancelled before
        room.listen("lookup", b"")
        assert room.events.get(timeout=5) == Heard(None, "cancelled")
    else:
        first.cancel()
        room.listen("lookup", b"")
    go_on.set()
    assert isinstance(room.events.get(timeout=30), Level), "the microphone is open"
    assert [gate.steps for gate in gates] == [1]
    assert heard_of(room.told()) == Heard(None, "silence")
    room.voice.close()


def test_by_steps_is_heard_what_is_heard_at_once(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = [bytes(16000) + spoken(text) for text in (QUESTION, "tiga enam tujuh satu kosong")]
    tasks: tuple[Task, ...] = ("lookup", "digits", "open")
    by_steps = [recogniser.transcribe(pcm, task) for pcm in sounds for task in tasks]
    monkeypatch.setattr(recogniser_module, "_STEP_BYTES", 1 << 30)
    assert by_steps == [recogniser.transcribe(pcm, task) for pcm in sounds for task in tasks]


def test_listening_again_takes_the_first_back(room: Room) -> None:
    ended: list[Event] = []
    room.microphones.append(Recording(b""))
    room.voice.listen("lookup", ended.append, hold=True)
    room.listen("lookup", b"")
    assert heard_of(room.told()) == Heard(None, "silence")
    assert [event for event in ended if isinstance(event, Heard)] == [Heard(None, "cancelled")]


def test_the_kiosk_does_not_hear_itself(room: Room) -> None:
    room.voice.say("Silakan bicara", "id")
    assert room.mouth.speaking
    room.listen("lookup", b"")
    while not isinstance(room.events.get(timeout=5), Level):
        pass
    assert not room.mouth.speaking
    room.voice.say("Selamat datang", "id")  # said by nobody: somebody is listened to
    room.told()
    assert room.mouth.said == ["Silakan bicara"]
    room.voice.say("Terima kasih", "id")
    assert room.mouth.said == ["Silakan bicara", "Terima kasih"]


def test_a_number_called_out_is_not_heard_either(room: Room) -> None:
    """`kiosk.ui.calls` says it again, for it was cut."""
    room.caller.say("Nomor antrean A nol nol satu", "id")
    room.voice.hush()  # a touch ends what is read aloud, not a call
    assert room.caller.speaking
    asked_s = time.monotonic()
    room.listen("lookup", b"")
    room.told()
    assert room.opened_s[0] - asked_s >= ECHO_S
    assert not room.spoken_into


def test_a_microphone_pulled_out_in_mid_sentence(room: Room) -> None:
    room.listen("lookup", spoken(QUESTION)[:RATE_HZ], gone=True)
    assert heard_of(room.told()) == Heard(None, "microphone_gone")
    assert room.voice.state() == "no_microphone"


def test_sound_is_wiped_and_never_touches_the_disk(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a new file in the places for such, nor an open one, and the buffer is zeros."""
    kept: list[bytearray] = []
    opened: list[set[str]] = []
    real = recogniser.transcribe

    def seen(pcm: bytearray, task: Task, listed: tuple[str, ...], **how: Any) -> Transcript:
        assert any(pcm)
        kept.append(pcm)
        opened.append({os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                       if os.path.exists(f"/proc/self/fd/{fd}")})  # fmt: skip
        return real(pcm, task, listed, **how)

    monkeypatch.setattr(recogniser, "transcribe", seen)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    words = spoken(QUESTION)
    before = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
              if os.path.exists(f"/proc/self/fd/{fd}")}  # fmt: skip
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    room = Room(recogniser)
    room.listen("lookup", words)
    room.told()
    room.voice.close()
    assert kept and not any(kept[0])
    assert list(tmp_path.iterdir()) == []
    new = {name for name in opened[0] - before if name.startswith("/")}
    assert {name for name in new if not name.startswith(("/dev/", "/proc/"))} == set()


def test_without_a_model_the_state_says_so() -> None:
    def load() -> Recogniser:
        raise ModelMissing("none here")

    voice = Voice(load, lambda: Recording(b""), lambda: None, Silent())
    assert voice.state() == "off"
    voice.start()
    events: queue.Queue[Event] = queue.Queue()
    voice.listen("lookup", events.put)
    assert events.get(timeout=5) == Heard(None, "cancelled")
    assert voice.state() == "no_model"
    voice.close()
    assert voice.state() == "off"


def test_a_recogniser_that_fails_is_answered_for(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once it may be that sound; twice on end it is the model."""

    def fail(*_: object, **how: object) -> Transcript:
        raise RuntimeError(QUESTION)

    room, words = Room(recogniser), spoken("kartu keluarga")
    for failing, state in ((True, "ready"), (False, "ready"), (True, "ready"), (True, "no_model")):
        with monkeypatch.context() as broken:
            if failing:
                broken.setattr(recogniser, "transcribe", fail)
            room.listen("lookup", words)
            heard = heard_of(room.told())
        assert (heard.why, heard.transcript is None) == (
            ("unclear", True) if failing else ("heard", False)
        )
        assert room.voice.state() == state
    room.voice.listen("lookup", room.events.put)
    assert heard_of(room.told()) == Heard(None, "cancelled")
    room.voice.close()
    assert [one.message.partition(" at ")[0] for one in caplog.records] == [
        "recogniser: RuntimeError"
    ] * 3
    assert QUESTION not in caplog.text


def test_words_so_far_that_fail_are_answered_for(
    room: Room, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(recogniser, "begin", fail)
    room.listen("lookup", spoken("kartu keluarga"))
    assert heard_of(room.told()) == Heard(None, "unclear")
    assert room.voice.state() == "ready"


def test_the_model_is_loaded_when_the_first_microphone_is_seen() -> None:
    """A kiosk without one spares its 76 MB."""
    told: queue.Queue[str] = queue.Queue()
    there = threading.Event()

    def load() -> Recogniser:
        told.put("loaded")
        raise ModelMissing("none here")

    def find_problem() -> str | None:
        told.put("looked")
        return None if there.is_set() else "none is plugged in"

    voice = Voice(load, lambda: Recording(b""), find_problem, Silent())
    voice.start()
    assert [told.get(timeout=30), told.get(timeout=30)] == ["looked", "looked"]
    there.set()
    while told.get(timeout=30) != "loaded":
        pass
    voice.close()


@pytest.mark.slow
def test_a_question_played_into_the_hall_is_heard(hall: Hall, recogniser: Recogniser) -> None:
    events: queue.Queue[Event] = queue.Queue()
    voice = Voice(lambda: recogniser, open_microphone, find_problem, Silent())
    voice.start()
    voice.listen("lookup", events.put)
    while not isinstance(events.get(timeout=10), Level):
        pass
    hall.play(bytes(RATE_HZ) + spoken(QUESTION) + bytes(4 * RATE_HZ)).wait(30)
    told: list[Event] = []
    while not told or not isinstance(told[-1], Heard):
        told.append(events.get(timeout=20))
    voice.close()
    heard = heard_of(told)
    assert heard.transcript is not None and heard.transcript.text == QUESTION


@pytest.mark.slow
def test_the_hall_s_microphone_pulled_out_in_mid_sentence(
    hall: Hall, recogniser: Recogniser
) -> None:
    events: queue.Queue[Event] = queue.Queue()
    voice = Voice(lambda: recogniser, open_microphone, find_problem, Silent())
    voice.start()
    voice.listen("lookup", events.put)
    while not isinstance(events.get(timeout=10), Level):
        pass
    player = hall.play(spoken(QUESTION) + bytes(4 * RATE_HZ))
    while not (isinstance(event := events.get(timeout=10), Level) and event.value > 0.4):
        pass
    hall.pull_out()
    told: list[Event] = []
    while not told or not isinstance(told[-1], Heard):
        told.append(events.get(timeout=5))
    assert heard_of(told) == Heard(None, "microphone_gone")
    assert voice.state() == "no_microphone"
    player.wait(10)
    hall.plug_in()
    deadline = time.monotonic() + 15
    while voice.state() != "ready" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert voice.state() == "ready"
    voice.close()
