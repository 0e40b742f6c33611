"""A real window on a virtual screen, touched and watched from outside, for the benchmarks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "build" / "dev"))

from display import Display as Display  # noqa: E402

WIDTH_PX, HEIGHT_PX = 1024, 600
SIZE = f"{WIDTH_PX}x{HEIGHT_PX}"
BAR = bytes.fromhex("4f4507")  # the attract screen's paper, as B, G, R
BARE = bytes.fromhex("808000")  # and the bare window's, to one step in 256
STARTS_WITHIN_S = 30.0
POLL_S = 0.001
HELD_S = 0.06  # how long a finger rests before it is lifted
STILL_S = 0.12  # a screen that has not changed for so long is whole


@dataclass(frozen=True)
class Touched:
    """Seconds of one tap. `pressed_s`: finger down to first changed pixel; `shown_s`: finger up to
    the last changed pixel of what came of it."""

    pressed_s: float
    shown_s: float


class Window:
    """One process that draws on `display`, started when made."""

    def __init__(self, display: Display, command: list[str], environment: dict[str, str]) -> None:
        self.display = display
        self.started_s = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, env={**display.environment, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def first_frame_s(self, paper: bytes) -> float:
        """Seconds from the start of the process until its colour stands at the left edge."""
        middle = (HEIGHT_PX // 2 * WIDTH_PX + 4) * 4
        while True:
            seen = self.display.pixels()[middle : middle + 3]
            now_s = time.perf_counter()
            if all(abs(one - other) <= 1 for one, other in zip(seen, paper, strict=True)):
                return now_s - self.started_s
            if self.process.poll() is not None:
                raise RuntimeError(f"the window's process ended with {self.process.returncode}")
            if now_s - self.started_s > STARTS_WITHIN_S:
                raise TimeoutError(f"no first frame within {STARTS_WITHIN_S} s")
            time.sleep(POLL_S)

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS: the process has ended")

    def cpu_percent(self, seconds: float) -> float:
        """Per cent of one core that all its threads used in the next `seconds`."""
        before_s, start_s = self._cpu_s(), time.perf_counter()
        time.sleep(seconds)
        return 100 * (self._cpu_s() - before_s) / (time.perf_counter() - start_s)

    def _cpu_s(self) -> float:
        after_name = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def touch(self, x_px: float, y_px: float) -> Touched:
        """One tap by xdotool; the clocks start before xdotool does."""
        x, y = str(round(x_px)), str(round(y_px))
        pressed_s = self._first_change_s("mousemove", x, y, "mousedown", "1")
        time.sleep(HELD_S)
        shown_s = self._last_change_s("mouseup", "1")
        return Touched(pressed_s, shown_s)

    def _first_change_s(self, *words: str) -> float:
        before, start_s = self.display.pixels(), time.perf_counter()
        with self._xdotool(*words):
            while self.display.pixels() == before:
                if time.perf_counter() - start_s > 5:
                    raise TimeoutError(f"nothing changed after xdotool {' '.join(words)}")
                time.sleep(POLL_S)
            return time.perf_counter() - start_s

    def _last_change_s(self, *words: str) -> float:
        start_s = time.perf_counter()
        changed_s = start_s + self._first_change_s(*words)
        before = self.display.pixels()
        while time.perf_counter() - changed_s < STILL_S:
            time.sleep(POLL_S)
            now = self.display.pixels()
            if now != before:
                before, changed_s = now, time.perf_counter()
        return changed_s - start_s

    @contextmanager
    def _xdotool(self, *words: str) -> Iterator[None]:
        running = subprocess.Popen(["xdotool", *words], env=self.display.environment)
        try:
            yield
        finally:
            running.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.process.terminate()
        self.process.wait()


class Kiosk(Window):
    """`kiosk ui` with a home in `folder`; `go` follows what its tap map says."""

    def __init__(self, display: Display, folder: Path) -> None:
        self._map = folder / "taps.json"
        self._map.unlink(missing_ok=True)
        command = [sys.executable, "-m", "kiosk", "ui", "--windowed", "--size", SIZE]
        super().__init__(
            display,
            [*command, "--home", str(folder / "home")],
            {"KIOSK_TAP_MAP": str(self._map)},
        )

    def state(self, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The tap map as soon as it is `ready`."""
        deadline_s = time.perf_counter() + STARTS_WITHIN_S
        state: dict[str, Any] = {}
        while time.perf_counter() < deadline_s:
            if self._map.exists():
                state = json.loads(self._map.read_text("utf-8"))
                if ready(state):
                    return state
            time.sleep(0.01)
        raise TimeoutError(f"{state.get('screen')} never ready: {sorted(state.get('taps', []))}")

    def go(self, meaning: str) -> Touched:
        """Touch what means `meaning`; one that ends in `*` is the first that begins so."""
        state = self.state(lambda state: bool(_found(state["taps"], meaning)))
        time.sleep(0.3)  # touches sooner after a change of place are taken for a double tap
        stamp = self._map.stat().st_mtime_ns
        touched = self.touch(*state["taps"][_found(state["taps"], meaning)])
        deadline_s = time.perf_counter() + 5
        while self._map.stat().st_mtime_ns == stamp:
            if time.perf_counter() > deadline_s:
                raise TimeoutError(f"{meaning} on {state['screen']}: no new screen was drawn")
            time.sleep(0.005)
        return touched

    def tap(self, meaning: str) -> None:
        """As `go`, only quick: without a look at the pixels."""
        state = self.state(lambda state: bool(_found(state["taps"], meaning)))
        time.sleep(0.3)
        self.display.tap(*state["taps"][_found(state["taps"], meaning)])
        self.state(lambda now: now["meant"] > state["meant"])

    def place(self) -> tuple[str, str, int]:
        """Which screen, about what, and its page."""
        state = self.state(lambda state: True)
        return state["screen"], state["about"], state["page"]


def _found(taps: dict[str, Any], meaning: str) -> str:
    """The meaning on the screen; keys by their letter, whether it is a capital now or not."""
    if meaning.endswith("*"):
        return next((tap for tap in taps if tap.startswith(meaning[:-1])), "")
    return next((tap for tap in taps if tap.lower() == meaning), "")


def bare(display: Display, folder: Path) -> Window:
    """The peer: a window of Kivy with one rectangle."""
    script = Path(__file__).with_name("bare_window.py")
    environment = {
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_HOME": str(folder / "kivy"),
        "KCFG_GRAPHICS_WIDTH": str(WIDTH_PX),
        "KCFG_GRAPHICS_HEIGHT": str(HEIGHT_PX),
    }
    return Window(display, [sys.executable, str(script)], environment)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0..1) of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(
    name: str,
    value: float,
    unit: str,
    peer: float | None = None,
    *,
    limit: float | None = None,
) -> None:
    """One JSON line. `ratio` is the peer's figure over ours: 1 is as good, less is slower. `limit`
    is what we set ourselves, no other program's figure."""
    ratio = round(peer / value, 2) if peer is not None and value else None
    line = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "peer": None if peer is None else round(peer, 3),
        "ratio": ratio,
        "limit": limit,
    }
    print(json.dumps(line), flush=True)
