"""What people come for, each as a walk through the screens. A visit may be cut short at any touch
and is then walked again: what was promised already is not asked for a second time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.hall_support import Hall
from tests.ui.morning_person import (
    CATALOGUE,
    STAFF_COMES_WITHIN_S,
    Person,
    Wish,
    kind_of,
)

SCANS, SCANNED_S = 4, 4.0
LETTERS = ("sktm", "belum-menikah", "dom-penduduk", "blm-rumah", "penghasilan", "pengantar-skck")
BUNDLE = "menikah"
TOGETHER = ("belum-menikah", "pengantar-nikah")
NUMBERED = tuple(
    one.id
    for one in CATALOGUE.services.values()
    if one.at_kelurahan and one.filing != "form" and one.category in ("adminduk", "sosial", "surat")
)
SENTENCES = {
    "sktm": "saya mau bikin surat keterangan tidak mampu",
    "kk-hilang": "kartu keluarga saya hilang",
    "ktp-hilang": "ka te pe saya hilang",
}


@dataclass
class Visit:
    """One citizen with one purpose. `done` are the codes of what was promised so far."""

    person: Person
    seed: str
    hall: Hall | None
    done: list[str] = field(default_factory=list)
    rng: random.Random = field(default_factory=random.Random)

    def walk(self, purpose: str) -> None:
        """Again from the beginning, with the same mind, should it have been cut short."""
        self.rng = random.Random(self.seed)
        PURPOSES[purpose](self)

    # -- ways

    def to_service(self, service: str) -> None:
        """By searching for a word of its name, or over the shelf."""
        person, item = self.person, CATALOGUE.services[service]
        if self.rng.random() < 0.5:
            person.tap("go:search")
            person.type(item.name.id.lower().replace("surat keterangan ", "")[:18].rstrip(" ("))
            if f"service:{service}" in person.seen().taps:
                person.tap(f"service:{service}")
                return
            person.tap("home")
        self.over_the_shelf(service)

    def over_the_shelf(self, service: str) -> None:
        person = self.person
        if person.seen().screen != "services":
            person.tap("go:services")
        person.tap(f"go:category:{CATALOGUE.services[service].category}")
        person.tap(f"service:{service}")

    def to_the_form(self, service: str) -> None:
        person = self.person
        person.tap(f"apply:{service}")
        person.at("checklist")
        person.tap("papers_done:")
        person.at("privacy")
        person.tap("agree")

    def to_the_number(self, service: str) -> None:
        person = self.person
        seen = person.tap(f"number:{service}")
        if seen.screen == "checklist":
            person.tap("papers_done:")
        person.at("ticket")

    def file(self, services: tuple[str, ...]) -> None:
        wish = Wish("application", services, self.person.resident.nik)
        self.done += self.person.promise_touch("send", wish)

    def take(
        self, services: tuple[str, ...], *, priority: bool = False, of: tuple[str, ...] = ()
    ) -> None:
        take = next(one for one in self.person.seen().taps if one.startswith("take:"))
        wish = Wish("ticket", services, priority=priority, belongs_to=of)
        self.done += self.person.promise_touch(take, wish)

    def leave(self) -> None:
        person = self.person
        person.tap("finish")
        person.at("goodbye")
        person.tap("leave")
        person.at("attract")

    def walk_away(self) -> None:
        """The screen asks "masih di sini?", nobody answers, and the next visit begins."""
        person = self.person
        before, person.stays = person.seen().session, False
        try:
            person.wait("the question", lambda seen: "still_here" in seen.taps)
            person.picture("still-here")
            seen = person.at("attract")
        finally:
            person.stays = True
        assert seen.session == before + 1

    # -- purposes

    def letter(self) -> None:
        service = self.rng.choice(LETTERS)
        self.person.to_home()
        self.to_service(service)
        self.to_the_form(service)
        self.person.fill()
        self.file((service,))
        self.leave()

    def letter_and_number(self) -> None:
        service, person = self.rng.choice(LETTERS), self.person
        person.to_home()
        if not self.done:
            self.to_service(service)
            self.to_the_form(service)
            person.fill()
            self.file((service,))
            of = tuple(self.done)
            person.tap(f"go:ticket:{service}")
        else:  # the letter was promised before the power went: only the number is wanted now
            of = ()
            self.over_the_shelf(service)
            self.to_the_number(service)
        if len(self.done) < 2:
            self.take((service,), of=of)
        self.leave()

    def bundle(self) -> None:
        person = self.person
        person.to_home()
        seen = person.seen()
        if f"go:event:{BUNDLE}" not in seen.taps:
            person.tap("go:events")
        person.tap(f"go:event:{BUNDLE}")
        person.tap(f"go:letters:{BUNDLE}")
        for one in TOGETHER:
            person.tap(f"letter:{one}")
        person.tap(f"letters_done:{BUNDLE}")
        person.at("checklist")
        person.tap("papers_done:")
        person.at("privacy")
        person.tap("agree")
        person.fill()
        self.file(TOGETHER)
        self.leave()

    def number(self) -> None:
        self.person.to_home()
        self.person.tap("go:ticket")
        self.take(())
        self.leave()

    def priority(self) -> None:
        service = self.rng.choice(NUMBERED)
        self.person.to_home()
        self.over_the_shelf(service)
        self.to_the_number(service)
        self.person.tap("priority")
        self.take((service,), priority=True)
        self.leave()

    def several(self) -> None:
        person = self.person
        first, second, third = self.rng.sample((*NUMBERED, *LETTERS), 3)
        person.to_home()
        for place, service in enumerate((first, second, third)):
            self.over_the_shelf(service)
            self.to_the_number(service)
            if place < 2:
                person.tap("more")
        person.picture("several")
        self.take((first, second, third))
        self.leave()

    def status_typed(self) -> None:
        person = self.person
        person.to_home()
        person.tap("go:status")
        for sign in self._code().replace("-", "").lower():
            person.tap(f"key:{sign.upper()}")
        person.tap("next")
        self._standing()

    def status_scanned(self) -> None:
        person = self.person
        person.wait("the attract screen", lambda seen: seen.screen == "attract")
        for _ in range(SCANS):
            person.display.xdotool(
                *("type", "--delay", "4", "--args", "1", self._code(), "key", "Return")
            )
            try:
                person.wait("the standing", lambda seen: seen.screen == "standing", SCANNED_S)
                break
            except TimeoutError:
                continue  # a machine so busy that it took the scanner for a hand: once more
        self._standing()

    def _code(self) -> str:
        return self.person.kept.promises[len(self.person.kept.promises) // 2].code

    def _standing(self) -> None:
        seen = self.person.at("standing")
        assert "finish" in seen.taps, "a code from a receipt is not known"
        self.person.picture("standing")
        self.leave()

    def help(self) -> None:
        """Rings, is helped, and takes a number with the clerk beside."""
        person = self.person
        person.to_home()
        person.tap("staff")
        person.tap("ring")
        person.wait("the bell", lambda seen: "ring" not in seen.taps)
        person.picture("ringing")
        person.wait("help", lambda seen: "ring" in seen.taps, STAFF_COMES_WITHIN_S)
        person.tap("home")
        person.tap("go:ticket")
        self.take(())
        self.leave()

    def hand_over(self) -> None:
        """Half a form, then the desk: finished there, promised there."""
        service, person = self.rng.choice(LETTERS), self.person
        person.to_home()
        self.to_service(service)
        self.to_the_form(service)
        person.fill(leave_at=self.rng.randint(2, 4))
        person.tap("staff")
        person.tap("go:consent")
        person.picture("consent")
        person.tap("hand_over")
        person.at("handed")
        person.picture("handed")
        person.wait("a clerk", lambda seen: "take_back" not in seen.taps, STAFF_COMES_WITHIN_S)
        self.leave()

    def walk_off(self) -> None:
        """In the middle of a form: the screen asks, nobody answers, everything is gone."""
        service, person = self.rng.choice(LETTERS), self.person
        person.to_home()
        self.to_service(service)
        self.to_the_form(service)
        person.fill(leave_at=2)
        person.kept.walked_off.append(person.resident.nik)
        self.walk_away()

    def keyboard(self) -> None:
        """Tab, Enter and letters; no finger touches the screen."""
        person = self.person
        person.real_keys = True
        service = "sktm"
        try:
            person.press("space")
            person.at("home")
            way = ("go:services", "go:category:surat", f"service:{service}", f"apply:{service}")
            for meaning in (*way, "papers_done:", "agree"):
                self._leaf_by_keys(meaning)
            person.wait("a question", lambda seen: seen.screen == "question")
            self._fill_by_keys()
            person.wish = Wish("application", (service,), person.resident.nik)
            self._leaf_by_keys("send")
            self.done += person.promised()
            self._leaf_by_keys("finish")
            person.at("goodbye")
            person.press("space")
            person.at("attract")
        finally:
            person.real_keys = False

    def _leaf_by_keys(self, meaning: str) -> None:
        for _ in range(10):
            seen = self.person.wait(meaning, lambda now: bool({meaning, "page:+1"} & {*now.taps}))
            if meaning in seen.taps:
                self.person.by_keys(meaning)
                return
            self.person.by_keys("page:+1")
        raise TimeoutError(f"{meaning} cannot be reached by keys")

    def _fill_by_keys(self) -> None:
        person = self.person
        while (
            seen := person.wait("a question", lambda now: now.screen in ("question", "check"))
        ).screen == "question":
            choices = [one for one in seen.taps if one.startswith("choose:")]
            if choices:
                person.by_keys(choices[0])
                continue
            text = person.resident.answer(kind_of(seen.about))
            if text:
                person.type(text)
            if person.press("Return").about == seen.about:
                person.press("Return")

    def voice(self) -> None:
        """Says what is wanted; what was not understood is found by touch, as people do."""
        person, service = self.person, self.rng.choice(sorted(SENTENCES))
        person.to_home()
        if self.hall is None or not person.say(self.hall, SENTENCES[service], service):
            if person.seen().screen != "home":
                person.tap("home")
            self.over_the_shelf(service)
        else:
            person.picture("heard")
            person.tap(f"service:{service}")
        if CATALOGUE.services[service].filing == "form":
            self.to_the_form(service)
            person.fill()
            self.file((service,))
        elif CATALOGUE.services[service].at_kelurahan:
            self.to_the_number(service)
            self.take((service,))
        else:  # another office's: what to bring there is all that can be had here
            person.tap(f"apply:{service}")
            person.at("checklist")
            self.walk_away()
            return
        self.leave()


PURPOSES: dict[str, Callable[[Visit], None]] = {
    name: getattr(Visit, name)
    for name in (
        "letter", "letter_and_number", "bundle", "number", "priority", "several", "status_typed",
        "status_scanned", "help", "hand_over", "walk_off", "keyboard", "voice",
    )
}  # fmt: skip
SHARES = {  # of sixty
    "letter": 9, "letter_and_number": 13, "bundle": 3, "number": 9, "priority": 5, "several": 5,
    "status_typed": 2, "status_scanned": 2, "help": 3, "hand_over": 3, "walk_off": 1,
    "keyboard": 2, "voice": 3,
}  # fmt: skip


def plan(citizens: int, rng: random.Random, purposes: tuple[str, ...] = ()) -> list[str]:
    """Who comes in which order; `purposes` in place of a draw. The first one is promised something,
    so that there is a code to ask for."""
    if purposes:
        return list(purposes)
    wanted = [name for name, share in SHARES.items() for _ in range(share)]
    rng.shuffle(wanted)
    chosen = (wanted * (citizens // len(wanted) + 1))[:citizens]
    first = next((at for at, name in enumerate(chosen) if name == "letter_and_number"), 0)
    chosen.insert(0, chosen.pop(first))
    return chosen
