"""Cold start, memory and idle work of the screens, beside a bare Kivy window in the same run.

"start": process begun to its own colour on the screen (files are in the disk's cache). "rss" after
a walk over more than twelve screens. "idle": share of one core over 20 s, untouched, of the
process alone; the attract screen moves its pictures meanwhile.
Run: `kiosk bench start`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.walk import WALK
from tests.bench.window import BAR, BARE, HEIGHT_PX, WIDTH_PX, Display, Kiosk, bare, say

IDLE_S = 20.0


def ours(folder: Path) -> dict[str, float]:
    with Display(WIDTH_PX, HEIGHT_PX) as display:
        with Kiosk(display, folder):  # makes the home, fills the disk's cache
            pass
        with Kiosk(display, folder) as kiosk:
            figures = {"start": kiosk.first_frame_s(BAR)}
            kiosk.state(lambda state: True)
            figures["rss_start"] = kiosk.rss_mb()
            figures["idle_attract"] = kiosk.cpu_percent(IDLE_S)
            seen = set()
            for meaning in WALK:
                kiosk.go(meaning)
                seen.add(kiosk.place())
            if len(seen) < 12:
                raise RuntimeError(f"the walk saw only {len(seen)} screens")
            figures["rss"] = kiosk.rss_mb()
            kiosk.go("home")
            figures["idle_home"] = kiosk.cpu_percent(IDLE_S)
    return figures


def peer(folder: Path) -> dict[str, float]:
    with Display(WIDTH_PX, HEIGHT_PX) as display, bare(display, folder) as window:
        start_s = window.first_frame_s(BARE)
        display.wait_until_still()
        window.touch(WIDTH_PX / 4, HEIGHT_PX / 4)
        idle = window.cpu_percent(IDLE_S)
        return {"start": start_s, "rss": window.rss_mb(), "idle": idle}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        own, bare_one = ours(Path(folder)), peer(Path(folder))
    say("start_to_first_frame", own["start"], "s", bare_one["start"])
    say("rss_at_start", own["rss_start"], "MB", bare_one["rss"])
    say("rss_after_walk", own["rss"], "MB", bare_one["rss"])
    say("idle_cpu_attract", own["idle_attract"], "% of a core", bare_one["idle"])
    say("idle_cpu_home", own["idle_home"], "% of a core", bare_one["idle"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
