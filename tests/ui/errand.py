"""A person at the running kiosk: real taps and keys on a virtual screen, seen only from outside.

Where something can be touched comes from the map that the UI writes for us (KIOSK_TAP_MAP); what
came of it is read off the screen, so the oracle is what a citizen saw. For `make demo` and tests.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from display import Display
from loop import Loop, LoopProblem

SETTLE_S = 0.25  # the UI takes no touch for so long after it came to another place
POLL_S = 0.01
STARTS_WITHIN_S = 30.0
WITHIN_S = 10.0

NIK = "3671011708900003"
TYPED = {
    "nik": NIK,
    "name": "Siti Aminah",
    "birth_date": "17081990",
    "address.kecamatan": "36.71.05",
    "address.kelurahan": "36.71.05.1001",
    "address.street": "Jl. Melati 12",
    "address.rt": "2",
    "address.rw": "5",
    "purpose": "lain",
    "purpose_other": "listrik",
    "phone": "",  # may be left empty
}
LISTS = ("address.kecamatan", "address.kelurahan", "purpose")
STORED = {  # what becomes of TYPED in the payload
    "nik": NIK,
    "name": "Siti Aminah",
    "birth_date": "1990-08-17",
    "address": {
        "kecamatan": "36.71.05",
        "kelurahan": "36.71.05.1001",
        "street": "Jl. Melati 12",
        "rt": "002",
        "rw": "005",
    },
    "purpose": "lain",
    "purpose_other": "listrik",
    "phone": None,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One map: the place it was drawn for, and what can be touched there, in window pixels."""

    screen: str
    page: int
    session: int
    about: str
    meant: int  # how many touches and keys this screen already answers
    taps: dict[str, tuple[int, int]]
    focus: str = ""  # what Enter would touch

    @property
    def place(self) -> tuple[str, int, int, str]:
        return self.screen, self.page, self.session, self.about


class Errand:
    """One screen, one kiosk, a folder for pictures. Waits raise TimeoutError with where it was."""

    def __init__(
        self, display: Display, loop: Loop, pictures: Path, *, real_keys: bool = False
    ) -> None:
        """With `real_keys` text is typed on a keyboard plugged in, else on the screen's."""
        self.display, self.loop, self.pictures = display, loop, pictures
        self.real_keys = real_keys
        self._map = loop.folder / "taps.json"
        self._count = 0
        self._place: tuple[str, int, int, str] | None = None
        self._came_s = 0.0  # when that place was first seen
        pictures.mkdir(parents=True, exist_ok=True)
        for old in pictures.glob("[0-9][0-9]-*.png"):
            old.unlink()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the kiosk on this screen and wait until its first screen is drawn."""
        self._map.unlink(missing_ok=True)
        process = self.loop.start_ui({**self.display.environment, "KIOSK_TAP_MAP": str(self._map)})
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._map.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LoopProblem(f"the kiosk drew nothing, see {self.loop.log('ui')}")
            time.sleep(POLL_S)
        return process

    # -- what stands there

    def seen(self) -> Seen:
        """The newest map."""
        state = json.loads(self._map.read_text())
        taps = {meaning: (x, y) for meaning, (x, y) in state["taps"].items()}
        place = state["screen"], state["page"], state["session"], state["about"]
        if place != self._place:
            self._place, self._came_s = place, time.monotonic()
        return Seen(*place, state["meant"], taps, state["focus"])

    def wait(self, what: str, holds: Callable[[Seen], bool], within_s: float = WITHIN_S) -> Seen:
        """The first map for which `holds`; TimeoutError says that it was `what` we waited for."""
        deadline = time.monotonic() + within_s
        while not holds(seen := self.seen()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: still on {seen.place} with {sorted(seen.taps)}")
            time.sleep(POLL_S)
        return seen

    def at(self, screen: str, about: str = "", within_s: float = WITHIN_S) -> Seen:
        """Wait for this screen; `about` as far as the map tells it, "sktm/nik" for a question."""
        return self.wait(
            f"{screen} {about}".strip(),
            lambda seen: seen.screen == screen and seen.about in (about or seen.about,),
            within_s,
        )

    def picture(self, name: str) -> Path:
        """Save the screen, once it is still, as the next numbered PNG."""
        self.display.wait_until_still(0.15)
        self._count += 1
        path = self.pictures / f"{self._count:02d}-{name}.png"
        self.display.screenshot(path)
        return path

    def pixels_of(self, hex_rgb: str) -> int:
        """How many pixels of exactly this colour stand on the screen now."""
        red, green, blue = bytes.fromhex(hex_rgb.removeprefix("#"))
        pixels = array("I", self.display.pixels())
        wanted = array("I", bytes((blue, green, red, 0)) + bytes((blue, green, red, 255)))
        return sum(pixels.count(one) for one in wanted)

    def code_on_screen(self) -> str:
        """What the one QR on the screen says, read by zbarimg from the pixels."""
        with tempfile.TemporaryDirectory() as folder:
            shot = Path(folder) / "screen.png"
            self.display.screenshot(shot)
            codes = codes_in(shot)
        if len(codes) != 1:
            raise LoopProblem(f"not one QR code on the screen but {len(codes)}")
        return codes[0]

    # -- touching

    def tap(self, meaning: str) -> Seen:
        """Tap it, leafing to its page first where need be, and wait for what is drawn then."""
        return self._tap(self._leaf_to(meaning), meaning)

    def _leaf_to(self, meaning: str) -> Seen:
        for _ in range(20):
            seen = self.wait(meaning, lambda now: bool({meaning, "page:+1"} & now.taps.keys()))
            if meaning in seen.taps:
                return seen
            if self._tap(seen, "page:+1").place == seen.place:
                break
        raise TimeoutError(f"{meaning} is on no page of {seen.place}")

    def _tap(self, before: Seen, meaning: str) -> Seen:
        time.sleep(max(0.0, self._came_s + SETTLE_S - time.monotonic()))
        self.display.tap(*before.taps[meaning])
        return self._drawn_after(before, meaning)

    def _drawn_after(self, before: Seen, what: str, count: int = 1) -> Seen:
        """Wait for the screen that answers `count` touches or keys more than `before` did."""
        return self.wait(f"a screen after {what}", lambda now: now.meant >= before.meant + count)

    def press(self, key: str) -> Seen:
        """One key of the real keyboard, by its X name."""
        before = self.seen()
        self.display.press(key)
        return self._drawn_after(before, key)

    def type(self, text: str) -> None:
        """Type it, on the screen's keys with shift and the page of signs where needed."""
        if self.real_keys:
            before = self.seen()
            self.display.write(text)
            self._drawn_after(before, "typing", len(text))
            return
        for sign in text:
            meaning = f"key:{sign}"
            for turn in ("shift", "signs", "shift"):
                taps = self.seen().taps
                if meaning in taps:
                    break
                if turn == "signs" or (turn in taps and f"key:{sign.swapcase()}" in taps):
                    self.tap(turn)
            self.tap(meaning)

    def answer(self, key: str, *, picture: bool = False) -> None:
        """Answer the question `key` of SKTM as TYPED has it, and hand it in."""
        self.at("question", f"sktm/{key}")
        if key not in LISTS:
            self.type(TYPED[key])
        if picture:
            self.picture(f"question-{key.replace('.', '-')}")
        self.tap(f"choose:{TYPED[key]}" if key in LISTS else "next")

    # -- the whole way

    def to_home(self) -> Seen:
        self.tap("start")
        return self.at("home")

    def to_first_question(self) -> Seen:
        """From home to the first question of SKTM, the short way and without pictures."""
        self.tap("go:search")
        self.type("sktm")
        for meaning in ("service:sktm", "apply:sktm", "papers_done:"):
            self.tap(meaning)
        self.tap("agree")
        return self.at("question", "sktm/nik")

    def file_sktm(self) -> str:
        """From the attract screen to the receipt of an SKTM. Returns the code its QR shows."""
        self.at("attract")
        self.picture("attract")
        self.to_home()
        self.picture("home")
        self.tap("go:search")
        self.type("tidak mampu")
        self.picture("search")
        self.tap("service:sktm")
        self.at("service")
        self.picture("service")
        self.tap("apply:sktm")
        self.at("checklist")
        self.tap("tick:0")
        self.tap("tick:1")
        self.picture("checklist")
        self.tap("papers_done:")
        self.at("missing")
        self.picture("missing")
        self.tap("papers_done:anyway")
        self.at("privacy")
        self.picture("privacy")
        self.tap("agree")
        for key in TYPED:
            self.answer(key, picture=True)
        self.at("check")
        self.picture("check")
        self.change_the_name()
        self.tap("send")
        self.at("receipt")
        self.picture("receipt")
        return self.code_on_screen()

    def change_the_name(self) -> None:
        """One answer looked at again and put right: the last letter anew, then back to the check"""
        self.tap("change:name")
        self.at("question", "sktm/name")
        self.tap("erase")
        self.type(TYPED["name"][-1])
        self.picture("change-name")
        self.tap("next")
        self.at("check")
        self.picture("check-again")


def codes_in(picture: Path) -> list[str]:
    """What the QRs in a picture say, read by zbarimg."""
    if shutil.which("zbarimg") is None:
        raise FileNotFoundError("zbarimg is missing: run build/dev/setup.sh demo")
    read = subprocess.run(
        ["zbarimg", "--nodbus", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return read.stdout.split()
