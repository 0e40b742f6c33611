"""How smoothly the screen is drawn while somebody is listened to, against the same screen before
and after in the same run. Every frame is asked to be drawn, so that there is something to time.

Run: `kiosk bench listening`. Fails (exit 1) where the 95th of 100 frames takes more than 1.25 times
as long.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.bench.window import (
    BAR,
    HEIGHT_PX,
    SIZE,
    WIDTH_PX,
    Display,
    Kiosk,
    Window,
    percentile,
    say,
)

WITHIN = 1.25
WATCHED_S = 6.0
SENTENCE = "saya mau bikin kartu keluarga hilang, terus anak saya belum punya akta kelahiran juga"

_PROBE = r"""
import sys, time
from kiosk import commands
frames, first = open(sys.argv[1], "w", buffering=1), commands.prepare_kivy
def prepare_kivy(*given, **more):
    first(*given, **more)
    from kivy.clock import Clock
    from kivy.core.window import Window
    Clock.schedule_interval(lambda _: Window.canvas.ask_update(), 0)
    Window.bind(on_flip=lambda *_: frames.write(f"{time.monotonic()}\n") and None)
commands.prepare_kivy = prepare_kivy
from kiosk.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


class Watched(Kiosk):
    """A kiosk that writes down when each of its frames was shown."""

    def __init__(self, display: Display, folder: Path, recording: Path) -> None:
        self._map, self.frames = folder / "taps.json", folder / "frames.txt"
        command = [sys.executable, "-c", _PROBE, str(self.frames), "ui", "--windowed"]
        Window.__init__(
            self,
            display,
            [*command, "--size", SIZE, "--home", str(folder / "home")],
            {"KIOSK_TAP_MAP": str(self._map), "KIOSK_MICROPHONE": f"file:{recording}"},
        )

    def frame_ms(self, seconds: float) -> list[float]:
        """How long each frame took in the next `seconds`."""
        since_s = time.monotonic()
        time.sleep(seconds)
        shown_s = [float(line) for line in self.frames.read_text().splitlines()[:-1]]
        inside = [at for at in shown_s if at >= since_s]
        return [1000 * (after - before) for before, after in pairwise(inside)]


def main() -> int:
    if not shutil.which("espeak-ng"):
        print("listening: espeak-ng is not installed: nothing was measured")
        return 0
    with tempfile.TemporaryDirectory() as name, Display(WIDTH_PX, HEIGHT_PX) as display:
        folder = Path(name)
        recording = folder / "said.wav"
        subprocess.run(
            ["espeak-ng", "-v", "id", "-s", "110", "-w", recording, SENTENCE], check=True
        )
        with Watched(display, folder, recording) as kiosk:
            kiosk.first_frame_s(BAR)
            kiosk.go("start")
            kiosk.state(lambda state: "listen:" in state["taps"])
            before = kiosk.frame_ms(WATCHED_S)
            kiosk.go("listen:")
            during = kiosk.frame_ms(WATCHED_S)
            kiosk.state(lambda state: state["screen"] == "results")
            after = kiosk.frame_ms(WATCHED_S)
    quiet = percentile([*before, *after], 0.95)
    busy = percentile(during, 0.95)
    say("frames_while_listening", len(during), "frames", len(before))
    say("frame_p50_while_listening", percentile(during, 0.5), "ms", percentile(before, 0.5))
    say("frame_p95_while_listening", busy, "ms", quiet)
    return 0 if busy <= WITHIN * quiet else 1


if __name__ == "__main__":
    raise SystemExit(main())
