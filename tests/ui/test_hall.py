"""The whole way for real: a sentence played into a microphone of the sound server, the kiosk on a
virtual screen, real taps; and the microphone pulled out in mid-sentence."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from display import Display
from loop import CHECKOUT, Loop

from kiosk.ui.theme import LIGHT
from tests.hall_support import Hall, hall, spoken
from tests.ui.errand import Errand

__all__ = ["hall"]

pytestmark = [pytest.mark.display, pytest.mark.slow]

MODEL = Path(os.environ.get("KIOSK_VOICE_MODEL", CHECKOUT / "offline_models" / "id-small"))
PICTURES = os.environ.get("KIOSK_PICTURES", "")  # a folder: then the screens are kept
SENTENCE = "saya mau bikin kartu keluarga hilang"
PAUSE = bytes(2 * 16_000)  # a second before anybody speaks
HEARD_WITHIN_S = 40.0


@pytest.fixture
def errand(
    xvfb: Display, hall: Hall, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Errand]:
    """A person before the home screen of a kiosk whose microphone is the hall's."""
    if not (MODEL / "am" / "final.mdl").is_file():
        pytest.skip(f"no speech model in {MODEL}")
    with Loop(tmp_path / "home") as loop:
        errand = Errand(xvfb, loop, Path(PICTURES or tmp_path) / request.node.name)
        errand.start()
        errand.to_home()
        errand.wait("the microphone", lambda seen: "listen:" in seen.taps)
        yield errand


def test_what_is_said_in_the_hall_brings_the_right_card(errand: Errand, hall: Hall) -> None:
    errand.tap("listen:")
    errand.at("listen")
    playing = hall.play(PAUSE + spoken(SENTENCE))
    errand.at("results", within_s=HEARD_WITHIN_S)
    playing.wait(10)
    cards = [meaning for meaning in errand.seen().taps if meaning.startswith("service:")]
    assert cards[0] == "service:kk-hilang"
    errand.picture("right-card")


def test_pulled_out_in_mid_sentence_touch_goes_on(errand: Errand, hall: Hall) -> None:
    errand.tap("listen:")
    errand.at("listen")
    playing = hall.play(PAUSE + spoken(SENTENCE))
    time.sleep(2.0)  # a second of the sentence is out
    hall.pull_out()
    errand.wait("home again", lambda seen: seen.screen == "home", HEARD_WITHIN_S)
    playing.wait(10)
    errand.picture("pulled-out")
    assert errand.pixels_of(LIGHT.warn_paper) > 20_000, "one calm line"
    errand.tap("go:search")
    errand.type("kk hilang")
    assert "service:kk-hilang" in errand.seen().taps
    errand.picture("touch-goes-on")
