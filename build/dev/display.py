"""A virtual screen (Xvfb) to tap, type on and look at; for `make demo` and the tests.

Taps and keys come from xdotool, as real X events. Pixels are read from Xvfb's own frame buffer
file, so that looking costs no X request and can be done hundreds of times a second.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

DEPTH = 24
POLL_S = 0.005


class Display:
    """`with Display(1024, 600) as display:` a free X display of that size, gone afterwards."""

    def __init__(self, width_px: int = 1024, height_px: int = 600) -> None:
        self.width_px, self.height_px = width_px, height_px
        self.name = ""  # ":7" once started
        self._server: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._buffer: mmap.mmap | None = None
        self._header_bytes = 0

    def __enter__(self) -> Self:
        if not (shutil.which("Xvfb") and shutil.which("xdotool")):
            raise FileNotFoundError("Xvfb or xdotool is missing: run build/dev/setup.sh demo")
        self._folder = Path(tempfile.mkdtemp(prefix="kiosk-display-"))
        reader, writer = os.pipe()
        screen = f"{self.width_px}x{self.height_px}x{DEPTH}"
        self._server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "Xvfb", "-displayfd", str(writer), "-noreset",
             "-nolisten", "tcp", "-screen", "0", screen, "-fbdir", str(self._folder)],
            pass_fds=[writer], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=(self._folder / "log").open("wb"),
        )  # fmt: skip
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()  # empty when Xvfb gave up
        if not number:
            log = (self._folder / "log").read_text(errors="replace").strip()
            self._stop()
            raise RuntimeError(f"Xvfb did not start: {log}")
        self.name = f":{number}"
        with (self._folder / "Xvfb_screen0").open("rb") as file:
            self._buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        fields = struct.unpack(">25I", self._buffer[:100])  # an XWD header
        self._header_bytes = fields[0] + fields[19] * 12  # header, then the colour map
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._buffer is not None:
            self._buffer.close()
        if self._server is not None:
            self._server.terminate()
            self._server.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, but SDL draws on this screen."""
        return {**os.environ, "DISPLAY": self.name, "SDL_VIDEODRIVER": "x11"}

    def xdotool(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=30
        )
        if done.returncode:
            raise RuntimeError(f"xdotool {' '.join(words)}: {done.stderr.strip() or 'failed'}")
        return done.stdout

    def tap(self, x_px: float, y_px: float) -> None:
        """One tap, measured from the top left corner."""
        self.xdotool("mousemove", str(round(x_px)), str(round(y_px)), "click", "1")

    def write(self, text: str) -> None:
        """Type on the hardware keyboard."""
        self.xdotool("type", "--delay", "40", text)

    def press(self, key: str) -> None:
        """One key by its X name: Return, Escape, BackSpace, Tab …"""
        self.xdotool("key", key)

    def pixels(self) -> bytes:
        """What stands on the screen now: rows from the top, four bytes (B, G, R, –) a pixel."""
        if self._buffer is None:
            raise RuntimeError("the display is not started")
        return self._buffer[self._header_bytes : self._header_bytes + self._image_bytes]

    @property
    def _image_bytes(self) -> int:
        return self.width_px * self.height_px * 4

    def wait_for_change(self, before: bytes, timeout_s: float = 10.0) -> float:
        """Seconds until the screen differs from `before`; TimeoutError if it never does."""
        start = time.monotonic()
        while time.monotonic() - start < timeout_s:
            if self.pixels() != before:
                return time.monotonic() - start
            time.sleep(POLL_S)
        raise TimeoutError(f"nothing changed on the screen within {timeout_s} s")

    def wait_until_still(self, still_s: float = 0.5, timeout_s: float = 15.0) -> None:
        """Wait until nothing has changed for `still_s`; TimeoutError if that never came."""
        start = changed = time.monotonic()
        seen = self.pixels()
        while time.monotonic() - changed < still_s:
            if time.monotonic() - start > timeout_s:
                raise TimeoutError(f"the screen was never still for {still_s} s")
            time.sleep(POLL_S * 4)
            now = self.pixels()
            if now != seen:
                seen, changed = now, time.monotonic()

    def screenshot(self, path: Path) -> None:
        """Write what stands on the screen as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(self.pixels(), self.width_px, self.height_px))


def png(bgrx: bytes, width_px: int, height_px: int) -> bytes:
    """A PNG file of `bgrx`: rows from the top, four bytes (B, G, R, unused) a pixel."""
    rgb = bytearray(width_px * height_px * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = bgrx[2::4], bgrx[1::4], bgrx[0::4]
    row = width_px * 3
    lines = b"".join(b"\0" + rgb[at : at + row] for at in range(0, len(rgb), row))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines, 6))
        + chunk(b"IEND", b"")
    )
