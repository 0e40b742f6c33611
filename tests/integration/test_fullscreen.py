"""Asked for no window, the kiosk fills the screen that it finds, as on a box in an office."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from display import Display

CHECKOUT = Path(__file__).resolve().parents[2]
DRAWS_WITHIN_S = 120.0


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1024, 600), (600, 1024)])
def test_the_first_screen_fills_the_display(size: tuple[int, int], tmp_path: Path) -> None:
    width_px, height_px = size
    taps = tmp_path / "taps.json"
    with Display(width_px, height_px) as display:
        kiosk = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "ui", "--home", str(tmp_path / "home")],
            cwd=CHECKOUT,
            env={**display.environment, "KIOSK_TAP_MAP": str(taps), "PATH": os.environ["PATH"]},
        )
        try:
            deadline_s = time.monotonic() + DRAWS_WITHIN_S
            while not taps.exists():
                assert kiosk.poll() is None and time.monotonic() < deadline_s
                time.sleep(0.1)
            corners = [(x, y) for x in (2, width_px - 3) for y in (2, height_px - 20)]
            seen = {bytes(3)}  # nothing is drawn there
            while bytes(3) in seen:
                if time.monotonic() > deadline_s:
                    display.screenshot(tmp_path / "seen.png")
                    pytest.fail(f"not drawn to its corners: {tmp_path / 'seen.png'}")
                pixels = display.pixels()
                seen = {pixels[at : at + 3] for x, y in corners for at in [(y * width_px + x) * 4]}
                time.sleep(0.1)
            x, y = json.loads(taps.read_text())["taps"]["start"]
            assert abs(x - width_px / 2) < 2
            display.tap(x, y)
            while json.loads(taps.read_text())["screen"] != "home":
                assert time.monotonic() < deadline_s
                time.sleep(0.1)
        finally:
            kiosk.kill()
            kiosk.wait()
