"""`make run`: the kiosk in a window, with the city's API and the sync agent beside it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from loop import CHECKOUT, Loop, LoopProblem


def display_answers() -> bool:
    """Whether DISPLAY names an X screen that this person may draw on."""
    if not os.environ.get("DISPLAY"):
        return False
    # SDL would silently draw off screen where DISPLAY does not answer, so Xlib is asked first;
    # it is there because libgl1 brings it.
    xlib = ctypes.CDLL("libX11.so.6")
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    return bool(xlib.XOpenDisplay(None))


def main() -> int:
    if not display_answers():
        print(
            "There is no display here (DISPLAY is unset or does not answer). "
            "`make demo` does one errand on a virtual screen and leaves pictures in ./demo",
            file=sys.stderr,
        )
        return 1
    home = Path(os.environ.get("KIOSK_HOME") or CHECKOUT / ".kiosk-home")
    with Loop(home) as loop:
        loop.start_city()
        loop.enrol()
        loop.name_office()
        loop.start_sync()
        print(f"City: {loop.city_url}   Home: {loop.home}   Logs: {loop.folder}", file=sys.stderr)
        return loop.start_ui({**os.environ, "SDL_VIDEODRIVER": "x11"}, log=False).wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the loop is left in order
    try:
        sys.exit(main())
    except LoopProblem as problem:
        sys.exit(f"make run: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
