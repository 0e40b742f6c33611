"""A person who speaks to the running kiosk: real taps, a real recogniser, a recording for an ear.

What is said is synthesised here, in one of espeak's voices; that the model understands people is
measured elsewhere. Skipped where there is no model or no espeak-ng.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from display import Display
from loop import CHECKOUT, Loop

from kiosk.domain.speech import DIGITS
from kiosk.ui.theme import LIGHT
from tests.ui.errand import NIK, SETTLE_S, Errand

pytestmark = [pytest.mark.display, pytest.mark.slow]

MODEL = Path(os.environ.get("KIOSK_VOICE_MODEL", CHECKOUT / "offline_models" / "id-small"))
HEARD_WITHIN_S = 30.0
HELD_S = 2.5
NIGHT_MIN_PX = 200_000  # of 614,400: most of the screen is dark while the microphone is on
DIGIT_NAMES = {digit: word for word, digit in DIGITS.items()}

Speak = Callable[[str], None]


@pytest.fixture
def model() -> Path:
    if not (MODEL / "am" / "final.mdl").is_file():
        pytest.skip(f"no speech model in {MODEL}")
    if shutil.which("espeak-ng") is None:
        pytest.skip("no espeak-ng to speak with")
    return MODEL


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    with Loop(tmp_path / "home") as loop:
        yield loop


@pytest.fixture
def said(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Speak:
    """Puts a sentence on the recording that the kiosk hears in place of a microphone."""
    path = tmp_path / "said.wav"
    monkeypatch.setenv("KIOSK_MICROPHONE", f"file:{path}")
    monkeypatch.setenv("KIOSK_VOICE_MODEL", str(model))

    def speak(words: str) -> None:
        part = path.with_suffix(".part")
        if words:
            subprocess.run(["espeak-ng", "-v", "id", "-s", "140", "-w", part, words], check=True)
        else:
            with wave.open(str(part), "wb") as silence:
                silence.setparams((1, 2, 16_000, 0, "NONE", ""))
                silence.writeframes(bytes(32_000))
        part.replace(path)

    speak("")
    return speak


@pytest.fixture
def errand(xvfb: Display, said: Speak, loop: Loop, tmp_path: Path) -> Errand:
    """A person before the home screen of a kiosk that can hear."""
    errand = Errand(xvfb, loop, tmp_path / "pictures")
    errand.start()
    errand.to_home()
    errand.wait("the microphone", lambda seen: "listen:" in seen.taps)
    return errand


def spelt(digits: str) -> str:
    """As people read a number out: a pause after each four."""
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    return ", ".join(" ".join(DIGIT_NAMES[digit] for digit in group) for group in groups)


def heard(errand: Errand, screen: str) -> None:
    errand.at(screen, within_s=HEARD_WITHIN_S)


def test_a_tap_a_sentence_the_right_card(errand: Errand, said: Speak) -> None:
    said("kartu keluarga saya hilang")
    errand.tap("listen:")
    errand.at("listen")
    assert errand.pixels_of(LIGHT.night) > NIGHT_MIN_PX
    heard(errand, "results")
    errand.picture("heard")
    assert "service:kk-hilang" in errand.seen().taps
    errand.tap("back")
    assert errand.at("search").taps.keys() >= {"service:kk-hilang", "listen:"}
    errand.picture("heard-to-edit")
    errand.tap("service:kk-hilang")
    errand.at("service", "kk-hilang")


def test_held_down_letting_go_is_the_end(errand: Errand, said: Speak) -> None:
    said("kartu keluarga saya hilang")
    x, y = errand.seen().taps["listen:"]
    time.sleep(SETTLE_S)  # so long the screen takes no touch yet
    errand.display.xdotool(
        *("mousemove", str(x), str(y), "mousedown", "1", "sleep", str(HELD_S), "mouseup", "1")
    )
    heard(errand, "results")
    errand.picture("held")
    assert "service:kk-hilang" in errand.seen().taps


def test_silence_does_nothing_and_says_so(errand: Errand, said: Speak) -> None:
    errand.tap("listen:")
    errand.at("listen")
    errand.wait("belum tertangkap", lambda seen: "go:search" in seen.taps, HEARD_WITHIN_S)
    errand.picture("silence")
    assert errand.pixels_of(LIGHT.night) == 0
    time.sleep(SETTLE_S)  # so long the screen takes no touch yet
    errand.tap("go:search")
    errand.type("kk hilang")
    assert "service:kk-hilang" in errand.seen().taps


def test_cancelled_in_mid_sentence_nothing_comes_later(errand: Errand, said: Speak) -> None:
    said("kartu keluarga saya hilang")
    errand.tap("listen:")
    errand.at("listen")
    errand.tap("back")
    home = errand.at("home")
    errand.display.wait_until_still(3.0)
    assert errand.seen() == home
    errand.tap("listen:")
    errand.tap("home")
    errand.tap("listen:")  # the one after it is another one
    heard(errand, "results")


def test_a_microphone_that_is_gone_leaves_touch(
    errand: Errand, said: Speak, tmp_path: Path
) -> None:
    (tmp_path / "said.wav").unlink()
    errand.tap("listen:")
    errand.wait("home again", lambda seen: seen.screen == "home", HEARD_WITHIN_S)
    errand.picture("gone")
    assert errand.pixels_of(LIGHT.warn_paper) > 20_000, "one calm line"
    assert "listen:" not in errand.seen().taps
    errand.tap("go:search")
    errand.type("kk hilang")
    assert "service:kk-hilang" in errand.seen().taps


def test_a_nik_is_warned_of_heard_confirmed_and_put_right(errand: Errand, said: Speak) -> None:
    errand.to_first_question()
    errand.tap("go:aloud:sktm/nik")
    errand.at("aloud")
    errand.picture("aloud")
    said(spelt(f"{NIK[:8]}1234{NIK[12:]}"))
    errand.tap("listen:")
    heard(errand, "spoken")
    errand.picture("groups")
    said(spelt(NIK[8:12]))
    errand.tap("listen:2")
    heard(errand, "spoken")
    errand.picture("group-put-right")
    errand.tap("right:")
    errand.at("question", "sktm/name")
    errand.tap("back")
    errand.picture("nik-in-its-field")
    errand.at("question", "sktm/nik")


def test_a_code_is_spoken_confirmed_and_answered(errand: Errand, said: Speak) -> None:
    errand.tap("go:status")
    said("tiga em tujuh pe, el ce em a")  # its check sign is E
    errand.tap("listen:")
    heard(errand, "spoken")
    errand.picture("code-that-does-not-fit")
    assert "right:" not in errand.seen().taps
    said("el ce em e")
    errand.tap("listen:1")
    heard(errand, "spoken")
    errand.picture("code-put-right")
    errand.tap("right:")
    errand.at("standing")
    errand.picture("code-unknown-here")


def test_without_a_model_there_is_no_microphone(
    xvfb: Display, loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_VOICE_MODEL", str(tmp_path / "none"))
    errand = Errand(xvfb, loop, tmp_path / "pictures")
    errand.start()
    errand.to_home()
    errand.display.wait_until_still(1.0)
    errand.tap("go:search")
    errand.type("kk hilang")
    assert "listen:" not in errand.seen().taps
    errand.tap("home")
    assert "listen:" not in errand.at("home").taps
