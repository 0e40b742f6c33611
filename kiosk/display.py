"""What must stand in the environment before Kivy is first imported."""

from __future__ import annotations

import ctypes
import os
import re
import socket
from pathlib import Path


class NoDisplay(Exception):
    """There is nothing to draw on; the text says what to do."""


def prepare_kivy(
    home: Path,
    *,
    offscreen: bool = False,
    size: tuple[int, int] | None = None,
    fullscreen: bool = False,
) -> None:
    """Kivy must not read our arguments, nor write settings of its own, nor hide tracebacks.

    The video driver is always named: SDL would otherwise fall back to an invisible window
    without a word. A window opens at `size` (px) at once: resized later, it would keep the place
    of the smaller one and hang over the screen's edge. `fullscreen` too is told beforehand: later,
    the screens would be laid out for the 800x600 that the window had before. Raises NoDisplay.
    """
    wanted = {
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KIVY_HOME": str(home / "kivy"),
        # What else it would try and load beside: Pillow, helpers of a desktop's clipboard.
        **dict.fromkeys(("KIVY_WINDOW", "KIVY_TEXT", "KIVY_IMAGE", "KIVY_CLIPBOARD"), "sdl2"),
    }
    if size is not None:
        wanted["KCFG_GRAPHICS_WIDTH"], wanted["KCFG_GRAPHICS_HEIGHT"] = map(str, size)
    if not os.environ.get("SDL_VIDEODRIVER"):
        os.environ["SDL_VIDEODRIVER"] = "offscreen" if offscreen else _driver()
    if fullscreen:
        wanted["KCFG_GRAPHICS_FULLSCREEN"] = "auto"
        if os.environ["SDL_VIDEODRIVER"] == "x11" and (screen := _x_screen_px()):
            wanted["KCFG_GRAPHICS_WIDTH"], wanted["KCFG_GRAPHICS_HEIGHT"] = map(str, screen)
    for name, value in wanted.items():
        os.environ.setdefault(name, value)


def _driver() -> str:
    display = os.environ.get("DISPLAY", "")
    if display:
        if not _answers(display):
            raise NoDisplay(f"DISPLAY={display} does not answer: correct it, or run make demo")
        return "x11"
    if any(Path("/dev/dri").glob("card*")):
        return "kmsdrm"
    raise NoDisplay("no display: set DISPLAY, or run make demo (an errand under Xvfb)")


def _answers(display: str) -> bool:
    """Does the local X server take a connection? One on another machine is not asked."""
    found = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if not found:
        return True
    path = f"/tmp/.X11-unix/X{found.group(1)}"
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False


def _x_screen_px() -> tuple[int, int] | None:
    """The X screen's size. A box has no window manager, and without one no window is stretched."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        handle = ctypes.c_void_p(display)
        return x11.XDisplayWidth(handle, 0), x11.XDisplayHeight(handle, 0)
    finally:
        x11.XCloseDisplay(ctypes.c_void_p(display))
