"""A question in a citizen's own words, by real taps: the right card, then what it costs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from display import Display
from loop import Loop

from tests.ui.errand import Errand

pytestmark = [pytest.mark.display, pytest.mark.slow]

PICTURES = os.environ.get("KIOSK_PICTURES", "")  # a folder: then the screens are kept


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    with Loop(tmp_path / "home") as loop:
        yield loop


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_lost_card_is_found_and_its_price_answered(
    xvfb: Display, loop: Loop, tmp_path: Path, lang: str
) -> None:
    errand = Errand(xvfb, loop, Path(PICTURES or tmp_path) / lang)
    errand.start()
    errand.to_home()
    if lang == "en":
        errand.tap("lang")
    errand.tap("go:search")
    errand.type("mau bikin katepe ilang gimana bang")
    cards = [meaning for meaning in errand.seen().taps if meaning.startswith("service:")]
    assert cards[0] == "service:ktp-hilang"
    errand.picture("found")
    errand.tap("service:ktp-hilang")
    errand.tap("go:ask:ktp-hilang")
    errand.type("bayar ga?")
    errand.tap("next")
    assert "service:ktp-hilang" in errand.at("answer").taps
    errand.picture("answer")
