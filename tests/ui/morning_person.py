"""Whoever stands at the kiosk: who they are, what they see and touch, what they were promised.

Everything is a real tap, key or sentence. What was promised is read off the screen: the QR on a
receipt. A person whom a power cut or the idle wipe interrupts begins again, as people do.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from display import Display
from loop import LoopProblem

from kiosk.config import assets_folder
from kiosk.domain.errand import find_errand
from kiosk.store.catalogue import load_catalogue
from tests.hall_support import Hall, spoken
from tests.store_support import raw_connection
from tests.ui.errand import SETTLE_S, Errand, Seen, codes_in
from tests.ui.morning_site import Site

PATIENCE_S = 90.0
STAFF_COMES_WITHIN_S = 240.0
HEARD_WITHIN_S = 60.0
PAUSE = bytes(2 * 16_000)  # a second before anybody speaks
LOOK_S = 0.001
FINGER_S = 0.06  # between two taps of a practised hand

CATALOGUE = load_catalogue(assets_folder())
FIRST = (
    "Siti",
    "Budi",
    "Rina",
    "Agus",
    "Dewi",
    "Joko",
    "Wati",
    "Hadi",
    "Yuni",
    "Eko",
    "Nur",
    "Tono",
)
LAST = ("Aminah", "Santoso", "Lestari", "Halim", "Susanti", "Rahman", "Wijaya", "Kurnia", "Saleh")
STREETS = ("Jl. Melati 2", "Jl. Kenanga 15", "Gg. Haji Ali 7", "Jl. Mawar 31")


class PowerCut(Exception):
    """The screen went black under somebody's hands."""


@dataclass(frozen=True)
class Resident:
    """Invented; every NIK is of one person only."""

    name: str
    nik: str
    born: str  # DDMMYYYY
    street: str
    phone: str  # "" for none

    @classmethod
    def draw(cls, rng: random.Random, number: int) -> Resident:
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1955, 2004)
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        nik = f"367101{day:02d}{month:02d}{year % 100:02d}{number + 1:04d}"
        phone = f"0812{rng.randint(1_000_000, 9_999_999)}" if rng.random() < 0.5 else ""
        return cls(name, nik, f"{day:02d}{month:02d}{year}", rng.choice(STREETS), phone)

    def answer(self, kind: str) -> str:
        known = {"nik": self.nik, "name": self.name, "date": self.born, "street": self.street}
        known["ahead"] = f"{date.today() + timedelta(days=30):%d%m%Y}"
        known |= {"rt": "2", "rw": "5", "rupiah": "1500000", "number": "12", "phone": self.phone}
        return known.get(kind, "keperluan keluarga")


def kind_of(about: str) -> str:
    """What a question asks for: "nik", "street", "date", "ahead" (a day to come) … `about` as the
    map has it, "sktm/nik"."""
    errand, _, key = about.partition("/")
    found = find_errand(CATALOGUE, errand)
    assert found is not None, errand
    name, _, part = key.partition(".")
    item = next(one for one in found.form.fields if one.name == name)
    return part or ("ahead" if item.ahead else item.kind)


@dataclass(frozen=True)
class Promise:
    """What a receipt on the screen said, and what was touched to get it."""

    code: str
    kind: str  # "application" or "ticket"
    services: tuple[str, ...]
    nik: str = ""
    priority: bool = False
    belongs_to: tuple[str, ...] = ()  # codes of the letters that this number was taken for
    in_the_dark: bool = False  # it stood there when the power went


@dataclass
class Wish:
    """What the person is about to be promised, should the power go just now."""

    kind: str
    services: tuple[str, ...]
    nik: str = ""
    priority: bool = False
    belongs_to: tuple[str, ...] = ()


@dataclass
class Kept:
    """What people were promised this morning, and what befell them."""

    promises: list[Promise] = field(default_factory=list)
    interrupted: list[Wish] = field(default_factory=list)  # touched, but nothing was shown
    walked_off: list[str] = field(default_factory=list)  # their NIK
    heard: dict[str, int] = field(default_factory=lambda: {"right": 0, "by_touch": 0})
    served: dict[str, int] = field(default_factory=dict)
    again: int = 0  # how often somebody had to begin again


class Person(Errand):
    """One window for all who come. `cut_now`: the power goes between the next commit and its
    first frame."""

    def __init__(self, display: Display, site: Site, pictures: Path, kept: Kept) -> None:
        super().__init__(display, site.loop, pictures)
        self.site, self.kept = site, kept
        self.resident = Resident("", "", "", "", "")
        self.cut_now = False
        self.stays = True  # answers "masih di sini?"
        self.wish: Wish | None = None

    # -- waiting

    def at(self, screen: str, about: str = "", within_s: float = PATIENCE_S) -> Seen:
        return super().at(screen, about, within_s)

    def wait(self, what: str, holds: Callable[[Seen], bool], within_s: float = PATIENCE_S) -> Seen:
        deadline = time.monotonic() + within_s
        while True:
            if self.site.dark.is_set():
                raise PowerCut
            seen = self.seen()
            if holds(seen):
                return seen
            if self.stays and "still_here" in seen.taps:
                self.display.tap(*seen.taps["still_here"])
                time.sleep(0.5)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: still on {seen.place} with {sorted(seen.taps)}")
            time.sleep(0.01)

    def start(self) -> subprocess.Popen[bytes]:
        """The screens are started, and stand at the attract screen."""
        self._map.unlink(missing_ok=True)
        environment = {**self.site.environment, "KIOSK_TAP_MAP": str(self._map)}
        process = self.loop.start_ui(environment)
        self._place = None
        deadline = time.monotonic() + PATIENCE_S
        while not self._map.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LoopProblem(f"the kiosk drew nothing, see {self.loop.log('ui')}")
            time.sleep(0.05)
        self.at("attract")
        return process

    # -- looking

    def codes_shown(self, count: int) -> list[str]:
        """The codes on the receipt, leafing where there are more than one page of them."""
        found: dict[str, None] = {}
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < count:
            if self.site.dark.is_set():
                raise PowerCut
            shot = self.pictures / "receipt.png"
            self.display.screenshot(shot)
            found |= dict.fromkeys(codes_in(shot))
            taps = self.seen().taps
            if len(found) < count and "page:+1" in taps:
                self.tap("page:+1")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} codes on the screen instead of {count}")
        return list(found)

    def promised(self) -> tuple[str, ...]:
        """Waits for the receipt of what was wished, and remembers its codes."""
        wish = self.wish
        assert wish is not None
        self.wait("a receipt", lambda seen: seen.screen in ("receipt", "receipts"))
        letters = len(wish.services) if wish.kind == "application" else 1
        codes = tuple(self.codes_shown(letters))
        self.remember(codes)
        return codes

    def remember(self, codes: tuple[str, ...], *, in_the_dark: bool = False) -> None:
        wish, self.wish = self.wish, None
        assert wish is not None
        for code in codes:
            self.kept.promises.append(
                Promise(
                    code, wish.kind, wish.services, wish.nik, wish.priority, wish.belongs_to,
                    in_the_dark,
                )
            )  # fmt: skip

    def after_the_dark(self, codes: tuple[str, ...]) -> bool:
        """What stood on the screen when the power went was promised too. Whether anything did."""
        if self.wish is None:
            return False
        known = {one.code for one in self.kept.promises}
        fresh = tuple(code for code in codes if code not in known)
        if fresh:
            if len(fresh) < (len(self.wish.services) if self.wish.kind == "application" else 1):
                self.kept.interrupted.append(self.wish)  # not all letters of a page were seen
            self.remember(fresh, in_the_dark=True)
            return True
        self.kept.interrupted.append(self.wish)
        self.wish = None
        return False

    # -- touching

    def promise_touch(self, meaning: str, wish: Wish) -> tuple[str, ...]:
        """The touch that files something; the codes on its receipt."""
        self.wish = wish
        if self.cut_now:
            self.cut_now = False
            self._cut_at_the_commit(meaning, wish.kind)
        else:
            self.tap(meaning)
        return self.promised()

    def _cut_at_the_commit(self, meaning: str, kind: str) -> None:
        """Touches, sees the row in the database, and takes the power before a frame can follow."""
        seen = self._leaf_to(meaning)
        connection = raw_connection(self.site.home)
        sql = "SELECT count(*) FROM txn WHERE kind = ?"
        try:
            (before,) = connection.execute(sql, (kind,)).fetchone()
            time.sleep(0.3)
            x, y = seen.taps[meaning]
            finger = subprocess.Popen(
                ["xdotool", "mousemove", str(x), str(y), "click", "1"],
                env=self.display.environment,
            )
            deadline = time.monotonic() + PATIENCE_S
            while connection.execute(sql, (kind,)).fetchone()[0] == before:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{meaning} committed nothing")
                time.sleep(LOOK_S)
            self.site.cut("between commit and frame")
            finger.wait()
        finally:
            connection.close()
        raise PowerCut

    def type(self, text: str) -> None:
        """As quick as a practised hand: one tap after another, then a look at what came of it."""
        if self.real_keys or not text:
            super().type(text)
            return
        while text:
            seen = self.seen()
            quick = ""
            for sign in text:
                if not self._key(seen, sign):
                    break
                quick += sign
            if quick:
                self._tap_all(seen, quick)
            else:
                super().type(text[0])
            text = text[max(1, len(quick)) :]

    @staticmethod
    def _key(seen: Seen, sign: str) -> tuple[int, int] | None:
        """Where it is on this layout; capitals come by themselves where they belong."""
        return seen.taps.get(f"key:{sign}") or seen.taps.get(f"key:{sign.swapcase()}")

    def _tap_all(self, seen: Seen, signs: str) -> None:
        time.sleep(max(0.0, self._came_s + SETTLE_S - time.monotonic()))
        words = []
        for sign in signs:
            x, y = self._key(seen, sign) or (0, 0)
            words += ["mousemove", str(x), str(y), "click", "1", "sleep", str(FINGER_S)]
        self.display.xdotool(*words)
        self._drawn_after(seen, "typing", len(signs))

    def by_keys(self, meaning: str) -> Seen:
        """Tab until the ring is around it, then Enter."""
        seen = self.wait(meaning, lambda now: meaning in now.taps)
        for _ in range(2 * len(seen.taps) + 2):
            if (before := self.seen()).focus == meaning:
                self.display.press("Return")
                return self._drawn_after(before, meaning)
            self.display.press("Tab")
            self.wait("the ring", lambda now, was=before.focus: now.focus not in ("", was))  # type: ignore[misc]
        raise TimeoutError(f"{meaning} is never ringed on {seen.place}")

    # -- a form

    def fill(self, *, leave_at: int | None = None) -> None:
        """Answers every question as it comes; stops before the question number `leave_at`."""
        for number in range(60):
            seen = self.wait(
                "a question or the check", lambda now: now.screen in ("question", "check")
            )
            if seen.screen == "check" or number == leave_at:
                return
            self.answer_one(seen)
        raise TimeoutError("a form that never ends")

    def answer_one(self, seen: Seen) -> None:
        choices = [one for one in seen.taps if one.startswith("choose:")]
        if choices:
            self.tap(random.Random(self.resident.nik + seen.about).choice(choices))
            return
        self.type(self.resident.answer(kind_of(seen.about)))
        if self.tap("next").about == seen.about:
            self.tap("next")  # a caution: looked at, and right all the same

    # -- speaking

    def say(self, hall: Hall, sentence: str, wanted: str) -> bool:
        """Says it into the hall; whether the right card came."""
        self.wait("the microphone", lambda seen: "listen:" in seen.taps)
        self.tap("listen:")
        self.at("listen")
        playing = hall.play(PAUSE + spoken(sentence))
        self.wait("what was heard", lambda seen: seen.screen != "listen", HEARD_WITHIN_S)
        playing.wait(30)
        right = f"service:{wanted}" in self.seen().taps
        self.kept.heard["right" if right else "by_touch"] += 1
        return right
