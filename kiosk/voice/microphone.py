"""The microphone, in small blocks; a pulled plug is noticed within a second.

KIOSK_MICROPHONE names another one than the system's: a device's name or number, or `file:PATH`, a
recording in place of a microphone, for tests.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from kiosk.voice import portaudio
from kiosk.voice.portaudio import PortAudioFails
from kiosk.voice.sound import QUIETEST_DB, RATE_HZ, NotASound, levels_db, read_recording

BLOCK_S = 0.05
BLOCK_SAMPLES = int(RATE_HZ * BLOCK_S)
BLOCK_BYTES = 2 * BLOCK_SAMPLES
FIRST_S = 3.0  # sound servers wake a sleeping device
GONE_S = 0.8
BLOCKS_MAX = int(60 / BLOCK_S)  # a minute that nobody took: something is broken
FILE = "file:"


class MicrophoneGone(Exception):
    """There is no microphone, it was pulled out, or it cannot be opened; one line why."""


class Microphone(Protocol):
    def blocks(self) -> Iterator[bytearray]:
        """Blocks of BLOCK_S until closed; whoever takes one may wipe it. Raises MicrophoneGone."""
        ...

    def close(self) -> None: ...


def chosen(environment: Mapping[str, str] = os.environ) -> str | int | None:
    """The device asked for; None for the system's own."""
    name = environment.get("KIOSK_MICROPHONE", "").strip()
    return int(name) if name.isdigit() else name or None


def open_microphone(device: str | int | None = None) -> Microphone:
    """Raises MicrophoneGone."""
    if isinstance(device, str) and device.startswith(FILE):
        return PlayedMicrophone(Path(device.removeprefix(FILE)))
    return LiveMicrophone(device)


class LiveMicrophone:
    """Open while it exists: nothing is heard before and after."""

    def __init__(self, device: str | int | None = None) -> None:
        self._blocks: queue.Queue[bytearray | None] = queue.Queue(BLOCKS_MAX)
        try:
            self._stream = portaudio.open_input(
                samplerate=RATE_HZ,
                blocksize=BLOCK_SAMPLES,
                device=device,
                channels=1,
                dtype="int16",
                latency=2 * BLOCK_S,
                callback=self._take,
                finished_callback=self._end,
            )
        except PortAudioFails as error:
            raise MicrophoneGone(_plain(error)) from None

    def _take(self, data: Any, frames: int, at: Any, status: Any) -> None:
        """In PortAudio's thread: quick, and never raises."""
        try:
            self._blocks.put_nowait(bytearray(data))
        except queue.Full:
            pass  # nobody listens any more; `blocks` has ended or will

    def _end(self) -> None:
        try:
            self._blocks.put_nowait(None)
        except queue.Full:
            pass

    def blocks(self) -> Iterator[bytearray]:
        wait_s = FIRST_S
        while True:
            try:
                block = self._blocks.get(timeout=wait_s)
            except queue.Empty:
                raise MicrophoneGone("no sound comes from the microphone any more") from None
            if block is None:
                raise MicrophoneGone("the microphone was pulled out")
            wait_s = GONE_S
            yield block

    def close(self) -> None:
        portaudio.close(self._stream)
        while not self._blocks.empty():
            if block := self._blocks.get_nowait():
                block[:] = bytes(len(block))


class PlayedMicrophone:
    """A recording at the pace of a microphone, then silence."""

    def __init__(self, path: Path) -> None:
        try:
            self._pcm = read_recording(path)
        except NotASound as error:
            raise MicrophoneGone(f"{path}: {error}") from None
        self._open = True

    def blocks(self) -> Iterator[bytearray]:
        due_s = time.monotonic()
        at = 0
        while self._open:
            due_s += BLOCK_S
            time.sleep(max(0.0, due_s - time.monotonic()))
            yield bytearray(self._pcm[at : at + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0"))
            at += BLOCK_BYTES

    def close(self) -> None:
        self._open = False


def find_problem(device: str | int | None = None) -> str | None:
    """Why nothing can be heard, in one line; None where a microphone can be opened."""
    try:
        if not (isinstance(device, str) and device.startswith(FILE)):
            look_again()
        open_microphone(device).close()
    except MicrophoneGone as error:
        return str(error)
    return None


def loudest_db(microphone: Microphone, listen_s: float) -> float:
    """Listens for a while, closes it and tells the loudest level. Raises MicrophoneGone."""
    loudest = QUIETEST_DB
    try:
        for block, _ in zip(microphone.blocks(), range(round(listen_s / BLOCK_S)), strict=False):
            loudest = max(loudest, *levels_db(block))
            block[:] = bytes(len(block))
    finally:
        microphone.close()
    return loudest


def look_again() -> None:
    """PortAudio sees only what was plugged in when it began. Raises MicrophoneGone."""
    try:
        portaudio.look_again()
    except PortAudioFails as error:
        raise MicrophoneGone(_plain(error)) from None


def _plain(error: PortAudioFails) -> str:
    """PortAudio's message; -1 is its word for none."""
    message = str(error)
    return "no microphone is plugged in" if "device -1" in message else message
