"""A letter touched in the search until its results stand on the screen.

From the finger's lift (xdotool not yet started) to the last changed pixel: the look-up, the new
rows and the frame. The peer is the bare window of `bench_tap`, which only changes a colour.
Run: `kiosk bench keystroke`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.window import (
    BAR,
    BARE,
    HEIGHT_PX,
    WIDTH_PX,
    Display,
    Kiosk,
    bare,
    percentile,
    say,
)

TYPED = ("surat tidak mampu", "ktp hilang", "akta lahir", "pindah rumah")
MS = 1000


def measure(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of each letter, ours and the peer's."""
    ours = []
    with Display(WIDTH_PX, HEIGHT_PX) as display, Kiosk(display, folder) as kiosk:
        kiosk.first_frame_s(BAR)
        kiosk.go("start")
        for text in TYPED:
            kiosk.go("go:search")
            ours += [kiosk.go(f"key:{sign}").shown_s for sign in text]
            kiosk.go("home")
    with Display(WIDTH_PX, HEIGHT_PX) as display, bare(display, folder) as window:
        window.first_frame_s(BARE)
        display.wait_until_still()
        theirs = [window.touch(WIDTH_PX / 4, HEIGHT_PX / 4).shown_s for _ in ours]
    return ours, theirs


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = measure(Path(folder))
    for share in (0.5, 0.95):
        name = f"keystroke_to_results_p{round(share * 100)}"
        say(name, percentile(ours, share) * MS, "ms", percentile(theirs, share) * MS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
