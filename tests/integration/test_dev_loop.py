"""The loop behind `make run` and `make demo`: city, sync and kiosk as processes, and its screen."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from display import Display, png
from loop import CHECKOUT, Loop, LoopProblem, answers, free_port

WITHIN_S = 20.0


def submit_example(loop: Loop, folder: Path) -> str:
    """File the example SKTM; returns its id."""
    example = subprocess.run(
        [sys.executable, "-m", "kiosk", "submit", "--example", "sktm"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (folder / "form.json").write_text(example.stdout)
    accepted: str = loop.kiosk("submit", str(folder / "form.json"))[0]["id"]
    return accepted


def states(loop: Loop) -> dict[str, str]:
    return {line["id"]: line["state"] for line in loop.kiosk("outbox")}


def wait_until_acked(loop: Loop, expected: set[str]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while any(state != "acked" for state in states(loop).values()):
        assert time.monotonic() < deadline, states(loop)
        time.sleep(0.2)
    assert set(states(loop)) == expected


@pytest.mark.slow
def test_an_errand_arrives_once_also_when_the_city_was_away(tmp_path: Path) -> None:
    with Loop(tmp_path / "home") as loop:
        loop.start_city()
        loop.enrol()
        loop.start_sync()
        first = submit_example(loop, tmp_path)
        wait_until_acked(loop, {first})
        loop.stop("city")
        second = submit_example(loop, tmp_path)
        assert states(loop)[second] != "acked"
        loop.start_city()  # nobody touches the agent
        wait_until_acked(loop, {first, second})
        arrived = loop.city("transactions")
    assert sorted(line["id"] for line in arrived) == sorted([first, second])
    assert not answers(loop.port)


def test_the_city_keeps_its_port_and_says_when_it_is_taken(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    assert Loop(tmp_path).port == loop.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", loop.port))
        other.listen()
        with pytest.raises(LoopProblem, match=f"port {loop.port}, .* is taken"):
            loop.start_city()


def test_what_the_loop_started_dies_with_it(tmp_path: Path) -> None:
    program = f"""
import sys, time
sys.path.insert(0, {str(CHECKOUT / "build/dev")!r})
from pathlib import Path
from loop import Loop
loop = Loop(Path({str(tmp_path)!r}))
loop.start_city()
print(loop.port, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline())
        assert answers(port)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + WITHIN_S
    while answers(port):
        assert time.monotonic() < deadline, "the city outlived the program that started it"
        time.sleep(0.05)


def test_a_command_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LoopProblem, match=r"kiosk enrol") as problem:
        Loop(tmp_path).kiosk("enrol", "WRONG", "--city", f"http://127.0.0.1:{free_port()}")
    assert "\n" not in str(problem.value)


@pytest.mark.display
def test_a_virtual_screen_starts_empty_and_is_gone_afterwards(tmp_path: Path) -> None:
    with Display(320, 200) as display:
        number = display.name.removeprefix(":")
        assert Path(f"/tmp/.X11-unix/X{number}").exists()
        assert len(display.pixels()) == 320 * 200 * 4
        display.screenshot(tmp_path / "picture.png")
        with pytest.raises(TimeoutError):
            display.wait_for_change(display.pixels(), timeout_s=0.1)
    assert not Path(f"/tmp/.X11-unix/X{number}").exists()
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_png_holds_the_pixels_in_order() -> None:
    blue, green, red, white = b"\xff\0\0\0", b"\0\xff\0\0", b"\0\0\xff\0", b"\xff\xff\xff\0"
    picture = png(blue + green + red + white, 2, 2)
    assert struct.unpack(">II", picture[16:24]) == (2, 2)
    start = picture.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", picture[start - 8 : start - 4])
    rows = zlib.decompress(picture[start : start + length])
    assert rows == b"\0" + b"\0\0\xff" + b"\0\xff\0" + b"\0" + b"\xff\0\0" + b"\xff\xff\xff"
