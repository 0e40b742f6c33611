"""A touch until the screen shows it, on a whole walk, beside a bare window in the same run.

"pressed": finger down (xdotool not yet started) to the first changed pixel. "shown": finger up to
the last changed pixel of the new screen. The peer is a Kivy window that only changes a rectangle's
colour, touched as often: the price of xdotool, X, SDL and llvmpipe themselves.
Run: `kiosk bench tap`.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

from tests.bench.walk import WALK, kind
from tests.bench.window import (
    BAR,
    BARE,
    HEIGHT_PX,
    WIDTH_PX,
    Display,
    Kiosk,
    Touched,
    bare,
    percentile,
    say,
)

MS = 1000


def measure(folder: Path) -> tuple[dict[str, list[Touched]], list[Touched]]:
    """Touches of the kiosk by kind, and of the peer."""
    ours: dict[str, list[Touched]] = defaultdict(list)
    with Display(WIDTH_PX, HEIGHT_PX) as display, Kiosk(display, folder) as kiosk:
        kiosk.first_frame_s(BAR)
        for meaning in WALK:
            touched = kiosk.go(meaning)
            if meaning != "start":  # the attract screen moves by itself
                ours[kind(meaning)].append(touched)
    with Display(WIDTH_PX, HEIGHT_PX) as display, bare(display, folder) as window:
        window.first_frame_s(BARE)
        display.wait_until_still()
        theirs = [window.touch(WIDTH_PX / 4, HEIGHT_PX / 4) for _ in WALK]
    return ours, theirs


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = measure(Path(folder))
    ours["all"] = [touched for kind_ in list(ours) for touched in ours[kind_]]
    for name, touches in ours.items():
        for share in (0.5, 0.95):
            for what in ("pressed_s", "shown_s"):
                say(
                    f"tap_{name}_{what[:-2]}_p{round(share * 100)}",
                    percentile([getattr(one, what) for one in touches], share) * MS,
                    "ms",
                    percentile([getattr(one, what) for one in theirs], share) * MS,
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
