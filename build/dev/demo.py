"""`make demo`: one errand with real taps on a virtual screen; pictures in ./demo."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from display import Display
from loop import CHECKOUT, Loop, LoopProblem

sys.path.insert(0, str(CHECKOUT))
from tests.ui.errand import Errand

ACKNOWLEDGED_WITHIN_S = 20.0


def wait_until_acknowledged(loop: Loop) -> None:
    deadline = time.monotonic() + ACKNOWLEDGED_WITHIN_S
    while any(line["state"] == "accepted" for line in loop.kiosk("outbox")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the city acknowledged nothing within {ACKNOWLEDGED_WITHIN_S} s")


def main() -> None:
    pictures = CHECKOUT / "demo"
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-demo-") as home,
        Display(1024, 600) as display,
        Loop(Path(home)) as loop,
    ):
        loop.start_city()
        loop.enrol()
        loop.name_office()
        loop.start_sync()
        errand = Errand(display, loop, pictures)
        errand.start()
        code = errand.file_sktm()
        wait_until_acknowledged(loop)
        errand.picture("receipt-acknowledged")
        print(f"The QR code on the screen says: {code}")
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
