"""The office of one morning: kiosk, desk, agent and city as processes of their own, a printer.

A power cut takes kiosk, desk and agent at once and without a word (SIGKILL); city and printer stand
elsewhere. Just before it the screen is copied: a QR in that copy was seen by somebody.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from display import Display, png
from loop import CHECKOUT, Loop, free_port

from tests.desk.support import Office, fetch
from tests.paper import ListeningPrinter
from tests.ui.errand import codes_in

STARTS_WITHIN_S = 120.0
PLANTED = CHECKOUT / "tests" / "ui" / "morning_planted.py"
KECAMATAN = "Tangerang"


class OfficeLoop(Loop):
    """Each program in a session of its own: as units of systemd have it, none has to share its
    part of the processor with the browser beside it. `bug`: see `morning_planted`."""

    bug = ""

    def _kiosk(self, *words: str) -> list[str]:
        program = [str(PLANTED), self.bug] if self.bug else ["-m", "kiosk"]
        return ["setsid", sys.executable, *program, *words, "--home", str(self.home)]

    def _city(self, *words: str) -> list[str]:
        return ["setsid", *super()._city(*words)]


@dataclass(frozen=True)
class Cut:
    """One power cut: where it was aimed, and the codes that stood on the screen at that moment."""

    aimed: str
    at_s: float
    codes: tuple[str, ...]
    screen: str


@dataclass
class Site:
    """`environment` is for the kiosk's screens alone. `dark` while there is no power."""

    folder: Path
    display: Display
    environment: Mapping[str, str]
    idle_s: tuple[int, int, int]  # info, form, warning
    bug: str = ""
    cuts: list[Cut] = field(default_factory=list)
    unplugged: int = 0
    city_off_s: float = 0.0
    dark: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.loop = OfficeLoop(self.folder / "home")
        self.loop.bug = self.bug
        self.printer = ListeningPrinter()
        self.desk_port = free_port()
        self.desk_url = f"https://127.0.0.1:{self.desk_port}"
        self.taps = self.loop.folder / "taps.json"
        self.plugged = True
        self.began_s = time.monotonic()
        self._lock = threading.Lock()
        self._city_off_at_s: float | None = None

    @property
    def home(self) -> Path:
        return self.loop.home

    @property
    def is_city_off(self) -> bool:
        return self._city_off_at_s is not None

    def set_up(self) -> None:
        """The home with its people and its printer, enrolled; city, agent and desk running."""
        Office(self.home).store.close()
        settings = self.home / "kiosk.toml"
        text = settings.read_text(encoding="utf-8")
        info, form, warning = self.idle_s
        for name, value in (("info_s", info), ("form_s", form), ("warning_s", warning)):
            text = re.sub(rf"(?m)^{name} = \d+", f"{name} = {value}", text)
        text = re.sub(r'(?m)^kecamatan = ""', f'kecamatan = "{KECAMATAN}"', text)
        printer = f'\n[printer]\nkind = "network"\naddress = "{self.printer.address}"\n'
        settings.write_text(text + printer, encoding="utf-8")
        self.loop.start_city()
        self.loop.enrol()
        self.loop.start_sync()
        self.loop.start_desk(self.desk_port)
        self._wait_for_desk()

    def restore(self) -> None:
        """The power is back: everything of the kiosk starts by itself, as systemd has it. The
        screens are started by whoever stands before them."""
        self.loop.start_sync()
        self.loop.start_desk(self.desk_port)
        self._wait_for_desk()
        self.dark.clear()

    def cut(self, aimed: str) -> None:
        """The power goes. Nothing happens when it is gone already."""
        with self._lock:
            if self.dark.is_set():
                return
            screen = self.taps.read_text() if self.taps.exists() else ""
            copied = self.display.pixels()
            self.loop.kill("ui", "desk", "sync")
            self.dark.set()
        codes = self._codes(copied)
        where = screen.partition('"screen": "')[2].partition('"')[0]
        self.cuts.append(Cut(aimed, time.monotonic() - self.began_s, codes, where))

    def unplug(self) -> None:
        self.printer.unplug()
        self.plugged = False
        self.unplugged += 1

    def unplug_after(self, count: int) -> None:
        """The cable goes in the middle of the next paper, after so many bytes more."""
        self.printer.unplug_after = count
        self.plugged = False
        self.unplugged += 1

    def plug(self) -> None:
        self.printer.unplug()  # the one that went in mid-paper may not have come to it
        self.printer.plug()
        self.plugged = True

    def city_off(self) -> None:
        if self._city_off_at_s is None:
            self.loop.stop("city")
            self._city_off_at_s = time.monotonic()

    def city_on(self) -> None:
        if self._city_off_at_s is not None:
            self.city_off_s += time.monotonic() - self._city_off_at_s
            self._city_off_at_s = None
            self.loop.start_city()

    def close(self) -> None:
        with self.loop:
            self.printer.unplug()

    def _codes(self, pixels: bytes) -> tuple[str, ...]:
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "screen.png"
            picture.write_bytes(png(pixels, self.display.width_px, self.display.height_px))
            return tuple(codes_in(picture))

    def _wait_for_desk(self) -> None:
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                fetch(f"{self.desk_url}/masuk")
                return
            except OSError:
                if time.monotonic() > until:
                    raise TimeoutError(f"no desk, see {self.loop.log('desk')}") from None
                time.sleep(0.1)
