"""The kiosk's voice as a program of its own, told what to say by standard input."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kiosk.voice import speaker
from kiosk.voice.speaker import Speaker


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Writes down how it was called and what it was told, then goes on speaking."""
    path = tmp_path / "speaker"
    path.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/called\n'
        f"cat >> {tmp_path}/said\n"
        f"echo >> {tmp_path}/said\n"
        "exec sleep 60\n"
    )
    path.chmod(0o755)
    return path


def wait_for(path: Path, lines: int) -> list[str]:
    for _ in range(500):
        if path.exists() and path.read_text().count("\n") >= lines:
            break
        time.sleep(0.01)
    return path.read_text().splitlines()


def test_it_says_one_thing_at_a_time_until_hushed(program: Path, tmp_path: Path) -> None:
    mouth = Speaker(str(program))
    assert not mouth.speaking
    mouth.say("Selamat datang; $(rm -rf /)", "id")
    assert wait_for(tmp_path / "said", 1) == ["Selamat datang; $(rm -rf /)"]
    first = mouth._speaking
    assert mouth.speaking
    mouth.say("Good morning", "en", slow=True)
    assert wait_for(tmp_path / "said", 2)[1] == "Good morning"
    assert first is not None and first.returncode is not None
    assert not mouth.cut
    mouth.hush()
    assert not mouth.speaking
    mouth.hush()
    assert mouth.cut
    assert wait_for(tmp_path / "called", 2) == [
        f"-v id -s {speaker.WORDS_A_MINUTE} --stdin",
        f"-v en -s {speaker.SLOW_WORDS_A_MINUTE} --stdin",
    ]


def test_without_the_program_it_is_silent() -> None:
    mouth = Speaker("no-such-program")
    mouth.say("Selamat datang", "id")
    assert not mouth.speaking
    mouth.hush()


def test_a_program_that_ends_at_once_does_no_harm() -> None:
    mouth = Speaker("true")
    for _ in range(20):
        mouth.say("x" * 5000, "id")
    while mouth.speaking:
        time.sleep(0.01)
    mouth.hush()
    assert not mouth.cut


def test_doctor_tells_that_the_program_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker, "PROGRAM", "no-such-program")
    assert "no-such-program is missing" in (speaker.find_problem() or "")
