"""`make demo`: one errand with real taps on a virtual screen; pictures in ./demo."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from display import Display
from loop import CHECKOUT, Loop, LoopProblem

sys.path.insert(0, str(CHECKOUT))
from tests.ui.errand import Errand


def main() -> None:
    pictures = CHECKOUT / "demo"
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-demo-") as home,
        Display(1024, 600) as display,
        Loop(Path(home)) as loop,
    ):
        loop.start_city()
        loop.enrol()
        loop.start_sync()
        loop.start_ui(display.environment)
        Errand(display, loop, pictures).file_sktm()
        for line in loop.kiosk("outbox"):
            print(f"kiosk outbox: {line}")
        for line in loop.city("transactions"):
            print(f"city transactions: {line}")
    print(f"Pictures of the errand: {pictures}")


if __name__ == "__main__":
    try:
        main()
    except (LoopProblem, TimeoutError, FileNotFoundError) as problem:
        sys.exit(f"make demo: {problem}")
