"""Signs of life over a real notification socket; and no sign of life from a loop that hangs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.watchdog import BeatingOutbox, BeatingStop, Heartbeat, notify

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0  # under load; nothing is asserted about how long it takes


class Manager:
    """The other end of $NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "2000000"}

    def hear(self, timeout_s: float = PATIENCE_S) -> str | None:
        self.socket.settimeout(timeout_s)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def forget(self) -> None:
        while self.hear(0.05) is not None:
            pass


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.socket.close()


def test_the_first_beat_is_ready_and_later_ones_are_no_oftener_than_needed(
    manager: Manager,
) -> None:
    now_s = 0.0
    heart = Heartbeat(manager.environment, lambda: now_s)
    heart.beat("out of order E-12")
    assert manager.hear() == "READY=1\nWATCHDOG=1\nSTATUS=out of order E-12"
    for now_s in (0.1, 0.2, 0.3, 0.4):  # noqa: B007 - the heart reads it
        heart.beat()
    assert manager.hear(0.05) is None
    now_s = 0.6
    heart.beat()
    assert manager.hear() == "WATCHDOG=1"


def test_an_abstract_address_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(f"\0kiosk-test-{os.getpid()}")
        other.settimeout(PATIENCE_S)
        notify("READY=1", {"NOTIFY_SOCKET": f"@kiosk-test-{os.getpid()}"})
        assert other.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "nowhere", "/does/not/exist"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": address})


def test_looking_at_the_outbox_and_at_the_stop_sign_are_beats() -> None:
    class Outbox:
        def left(self) -> int:
            return 3

    beats: list[int] = []
    outbox = BeatingOutbox(Outbox(), lambda: beats.append(1))
    assert outbox.left() == 3
    sign = threading.Event()
    stop = BeatingStop(sign, lambda: beats.append(1))
    assert not stop.is_set()
    sign.set()
    assert stop.is_set()
    assert stop.wait(0)
    assert len(beats) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("ui", "--windowed", "--size", "1024x600"), ("sync",), ("desk", "--port")]
)
def test_a_stopped_process_falls_silent_and_beats_again_when_it_goes_on(
    words: tuple[str, ...], manager: Manager, tmp_path: Path
) -> None:
    """What systemd acts upon: SIGSTOP stands for any hang of the loop."""
    if words[-1] == "--port":
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            words = (*words, str(listener.getsockname()[1]))
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", *words, "--home", str(tmp_path / "home")],
        cwd=CHECKOUT,
        env={**os.environ, **manager.environment, "SDL_VIDEODRIVER": "offscreen"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert manager.hear() == "READY=1\nWATCHDOG=1\nSTATUS=serving"
        assert manager.hear() == "WATCHDOG=1"
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        manager.forget()
        assert manager.hear(3.0) is None
        process.send_signal(signal.SIGCONT)
        assert manager.hear() == "WATCHDOG=1"
    finally:
        process.kill()
        process.wait()


def test_the_processes_take_small_pages_and_give_memory_back() -> None:
    told = """
from pathlib import Path
from kiosk.memory import give_back, small_pages
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1])
small_pages()
kept = [bytearray(64_000) for _ in range(400)]  # below what malloc asks the system for by itself
guard = bytearray(64_000)
full = resident()
del kept
give_back()
print("THP_enabled:\\t0" in Path("/proc/self/status").read_text(), full - resident() > 4000)
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
