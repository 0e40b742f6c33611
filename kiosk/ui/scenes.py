"""How to get to every screen, by what a person would mean; for screenshots and for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kiosk.domain.announcement import Announcement
from kiosk.domain.paper import PrintState
from kiosk.domain.service import Lang, Text
from kiosk.domain.session import Question
from kiosk.domain.speech import DIGITS, Heard, Level, Partial, Task, Transcript
from kiosk.ui.filing import shape
from kiosk.ui.services import Counter, VoiceEvent, VoiceState
from kiosk.ui.staff_example import PIN, at_pin
from kiosk.ui.visit import Visit

Scene = Callable[[Visit], None]

AHEAD_DAYS = 30
MARRYING = "menikah:belum-menikah+pengantar-nikah"
DYING = "keluarga-meninggal:ket-mati+ahli-waris+janda-duda"

NIK = "3671011708900003"
NIK_SAID = " ".join({digit: word for word, digit in DIGITS.items()}[one] for one in NIK)
GOOD_ANSWERS = {
    "nik": NIK,
    "name": "Siti Aminah",
    "date": "17081990",
    "phone": "081234567890",
    "rupiah": "2500000",
    "number": "12",
    "street": "Jl. Melati No. 12",
    "rt": "2",
    "rw": "5",
}


# What is made of these is learned: a test tells when they no longer show what their scenes are for.
NEAR_DANGER = "badan saya lemas dari kemarin"
# Somebody may need help, and it is not sure, or sure, what else was asked.
CHOICE_NEAR_DANGER = "bapak saya ambruk di sini padahal mau urus akte"
ERRAND_NEAR_DANGER = "izin keramaian, ada penonton yang pingsan"
# In danger, and of what kind.
EMERGENCIES = {
    "kekerasan": "suami saya mukulin saya",
    "krisis": "saya mau bunuh diri",
    "tenggelam": "anak saya tenggelam di kali",
}
NOT_SURELY_OURS = "warisan tanah, ahli waris tinggal di surabaya"


class RehearsedListening:
    """Ends when its last event was told, or never."""

    hold = False

    def finish(self) -> None:
        """All that is heard was told already."""

    def cancel(self) -> None:
        """Nothing more would come."""


class RehearsedVoice:
    """Hears what it was given, at once, one list of events a listening; for pictures."""

    def __init__(self, *heard: tuple[VoiceEvent, ...]) -> None:
        self._heard = list(heard)
        self._state: VoiceState = "ready"

    def state(self) -> VoiceState:
        return self._state

    def speaks(self) -> bool:
        return True

    def listen(
        self,
        task: Task,
        on_event: Callable[[VoiceEvent], None],
        *,
        phrases: tuple[str, ...] = (),
        hold: bool = False,
    ) -> RehearsedListening:
        for event in self._heard.pop(0) if self._heard else ():
            if isinstance(event, Heard) and event.why == "microphone_gone":
                self._state = "no_microphone"
            on_event(event)
        return RehearsedListening()

    def say(self, text: str, lang: Lang, slow: bool = False) -> None:
        """A picture makes no sound."""

    def hush(self) -> None:
        """Nor has it any to end."""


def press(visit: Visit, *meanings: str) -> None:
    for meaning in meanings:
        visit.meant(meaning)


def type_text(visit: Visit, text: str) -> None:
    for sign in text:
        visit.meant(f"key:{sign}")


def good_answer(visit: Visit, page: Question) -> str:
    """A valid answer to `page`: the first of a list, else one of `GOOD_ANSWERS`."""
    kind = page.part or page.field.kind
    if page.part == "kecamatan":
        return visit.services.regions.kecamatan()[0].code
    if page.part == "kelurahan":
        kecamatan = visit.session.raw[f"{page.field.name}.kecamatan"]
        return visit.services.regions.kelurahan(kecamatan)[0].code
    if kind == "choice":
        return page.field.choices[0].value
    if kind == "date" and page.field.ahead:
        return f"{visit.services.now().date() + timedelta(days=AHEAD_DAYS):%d%m%Y}"
    return GOOD_ANSWERS.get(kind, "Keperluan keluarga")


def answer(visit: Visit, text: str | None = None) -> None:
    """Answers the question on the screen as a person does: keys, then "Lanjut"."""
    page = visit.question
    assert page is not None
    value = good_answer(visit, page) if text is None else text
    if shape(page) == "list":
        press(visit, f"choose:{value}")
        return
    press(visit, "clear")
    type_text(visit, value)
    press(visit, "next")
    if visit.session.cautions:
        press(visit, "next")


def open_form(visit: Visit, errand: str) -> None:
    """`errand` is a service, or letters of an event: "menikah:belum-menikah+pengantar-nikah"."""
    event, colon, letters = errand.partition(":")
    if colon:
        chosen = [f"letter:{one}" for one in letters.split("+")]
        press(visit, "start", f"go:letters:{event}", *chosen, f"letters_done:{event}")
    else:
        press(visit, "start", f"service:{errand}", f"apply:{errand}")
    press(visit, "papers_done:anyway")
    if visit.session.place.name == "privacy":
        press(visit, "agree")


def fill(visit: Visit, service: str) -> None:
    """From the attract screen to "periksa jawaban", all questions answered well."""
    open_form(visit, service)
    for _ in range(40):
        if visit.question is None:
            return
        answer(visit)


def to_question(visit: Visit, service: str, wanted: Callable[[Question], bool]) -> None:
    open_form(visit, service)
    while visit.question is not None and not wanted(visit.question):
        answer(visit)


def _tick_two(visit: Visit) -> None:
    press(visit, "start", "service:sktm", "apply:sktm", "tick:0", "tick:1")


def _search(text: str) -> Scene:
    def scene(visit: Visit) -> None:
        press(visit, "start", "go:search")
        type_text(visit, text)

    return scene


def _kind(kind: str, service: str = "sktm", typed: str = "", *, hand_in: bool = False) -> Scene:
    def scene(visit: Visit) -> None:
        to_question(visit, service, lambda page: (page.part or page.field.kind) == kind)
        page = visit.question
        if page is not None and shape(page) != "list":
            type_text(visit, typed)
        if hand_in:
            press(visit, "next")

    return scene


def _caution(visit: Visit) -> None:
    open_form(visit, "sktm")
    type_text(visit, "3174011708900003")
    press(visit, "next")


def _receipt(visit: Visit) -> None:
    fill(visit, "sktm")
    press(visit, "send")


def _receipts(errand: str) -> Scene:
    def scene(visit: Visit) -> None:
        fill(visit, errand)
        press(visit, "send")

    return scene


def _preview(errand: str) -> Scene:
    def scene(visit: Visit) -> None:
        fill(visit, errand)
        press(visit, f"go:preview:{errand}")

    return scene


def _ask(service: str, text: str, *, hand_in: bool = True) -> Scene:
    def scene(visit: Visit) -> None:
        press(visit, "start", *([f"service:{service}"] if service else []), f"go:ask:{service}")
        type_text(visit, text)
        if hand_in:
            press(visit, "next")

    return scene


def _ask_again(service: str, *texts: str) -> Scene:
    def scene(visit: Visit) -> None:
        press(visit, "start", f"service:{service}")
        for text in texts:
            press(visit, f"go:ask:{service}")
            type_text(visit, text)
            press(visit, "next")

    return scene


def _results(text: str) -> Scene:
    def scene(visit: Visit) -> None:
        _search(text)(visit)
        press(visit, "next")

    return scene


def _steps(*meanings: str) -> Scene:
    return lambda visit: press(visit, *meanings)


def _page(service: str, page: int) -> Scene:
    return lambda visit: press(visit, "start", f"service:{service}", *["page:+1"] * page)


def _said(text: str, *, value: str | None = None, sure: bool = True) -> tuple[VoiceEvent, ...]:
    """Not `sure`: refused, but believed enough to be asked after."""
    words = text if sure else ""
    return (Heard(Transcript(words, 0.9 if sure else 0.69, sure, value, (text,)), "heard"),)


_SPEAKING: tuple[VoiceEvent, ...] = (Level(0.62), Partial("saya mau bikin kartu keluarga"))
_SILENCE: tuple[VoiceEvent, ...] = (Heard(None, "silence"),)


def _voiced(scene: Scene, *heard: tuple[VoiceEvent, ...]) -> Scene:
    """`scene` at a kiosk that can listen and hears this."""

    def voiced(visit: Visit) -> None:
        visit.services = dataclasses.replace(visit.services, voice=RehearsedVoice(*heard))
        scene(visit)

    return voiced


def _aloud(visit: Visit) -> None:
    open_form(visit, "sktm")
    press(visit, f"go:aloud:{visit.session.place.about}")


def _speak_nik(visit: Visit) -> None:
    _aloud(visit)
    press(visit, "listen:")


def _speak_choice(visit: Visit) -> None:
    _kind("choice")(visit)
    press(visit, "listen:")


def _speak_code(visit: Visit) -> None:
    press(visit, "start", "go:status", "listen:")


def _rung(standing: str) -> Scene:
    """Somebody called for help; what the desk has done about it since."""

    def scene(visit: Visit) -> None:
        press(visit, "start", "staff", "ring")
        _desk_says(visit, standing)

    return scene


def _desk_says(visit: Visit, standing: str) -> None:
    """The counter of `visit` as if a clerk had done this."""
    counter = visit.services.counter
    if counter is not None and standing:
        told: Any = RehearsedDesk(counter, standing)
        visit.services = dataclasses.replace(visit.services, counter=told)


class RehearsedDesk:
    """The kiosk's own counter, but a clerk has seen every call, and a paper always stands so."""

    def __init__(
        self, counter: Counter, standing: str = "", paper: PrintState | None = None
    ) -> None:
        self._counter, self._standing, self._paper = counter, standing, paper

    def __getattr__(self, name: str) -> Any:
        return getattr(self._counter, name)

    def standing(self, handover_id: str) -> str | None:
        return self._standing or self._counter.standing(handover_id)

    def prints(self) -> bool:
        return self._paper is not None or self._counter.prints()

    def print_papers(self, service: str, lang: Lang) -> int | None:
        return 1 if self._paper else self._counter.print_papers(service, lang)

    def print_job(self, job: int) -> tuple[PrintState, str] | None:
        return (self._paper, "") if self._paper else self._counter.print_job(job)

    def print_of(self, txn_id: str) -> tuple[PrintState, str] | None:
        return (self._paper, "") if self._paper else self._counter.print_of(txn_id)


def _paper(scene: Scene, state: PrintState) -> Scene:
    """`scene` at a kiosk whose printer did this."""

    def printed(visit: Visit) -> None:
        counter = visit.services.counter
        if counter is not None:
            desk: Any = RehearsedDesk(counter, paper=state)
            visit.services = dataclasses.replace(visit.services, counter=desk)
        scene(visit)

    return printed


def _steps_in_form(*meanings: str) -> Scene:
    def scene(visit: Visit) -> None:
        _kind("street")(visit)
        type_text(visit, "Jl. Melati")
        press(visit, *meanings)

    return scene


def _typed_code(text: str, *, hand_in: bool = False) -> Scene:
    def scene(visit: Visit) -> None:
        press(visit, "start", "go:status")
        type_text(visit, text)
        if hand_in:
            press(visit, "next")

    return scene


def _handed(visit: Visit) -> None:
    _kind("street")(visit)
    type_text(visit, "Jl. Melati")
    press(visit, "staff", "go:consent", "hand_over")


_NEWS = (  # for pictures: nobody said this
    (
        Text("Contoh: perekaman KTP-el tutup Jumat", "Example: no e-KTP recording on Friday"),
        Text(
            "Contoh pengumuman. Perekaman KTP-el di kecamatan tutup hari Jumat karena perbaikan"
            " listrik. Datanglah hari lain; layanan di kelurahan tetap buka.",
            "Example of an announcement. e-KTP recording at the kecamatan is closed on Friday for"
            " electrical repairs. Please come on another day; the kelurahan stays open.",
        ),
    ),
    (
        Text("Contoh: vaksinasi anak di puskesmas", "Example: vaccination of children"),
        Text(
            "Contoh pengumuman. Bawa buku KIA dan KK.",
            "Example of an announcement. Bring the KIA book and the family card.",
        ),
    ),
)


def _announced(*meanings: str) -> Scene:
    """With two words of the city, one of them long."""

    def scene(visit: Visit) -> None:
        today = visit.services.now().date()
        told = tuple(
            Announcement(f"n{number}", *words, "Pemerintah Kota", today, today + timedelta(days=7))
            for number, words in enumerate(_NEWS)
        )
        visit.services = dataclasses.replace(visit.services, announcements=lambda: told)
        press(visit, *meanings)

    return scene


def _status(visit: Visit) -> None:
    _receipt(visit)
    receipt = visit.session.receipt
    press(visit, "finish", "start", "go:status")
    type_text(visit, receipt.code if receipt else "")
    press(visit, "next")


SCENES: dict[str, Scene] = {
    "attract": lambda visit: None,
    "attract-news": _announced(),
    "home-news": _announced("start"),
    "news": _announced("start", "go:news"),
    "home": _steps("start"),
    "events": _steps("start", "go:events"),
    "event": _steps("start", "go:event:bayi-lahir"),
    "services": _steps("start", "go:services"),
    "category": _steps("start", "go:category:surat"),
    "search-empty": _search(""),
    "search": _search("tidak mampu"),
    "results": _results("ngurus ktp"),
    "results-urgent": _results(NEAR_DANGER),
    "results-guesses": _results(NOT_SURELY_OURS),
    "ask": _ask("ktp-hilang", "bayar ga", hand_in=False),
    "answer": _ask("ktp-hilang", "bayar ga?"),
    "answer-urgent": _ask("", NEAR_DANGER),
    "answer-urgent-choose": _ask("", CHOICE_NEAR_DANGER),
    "answer-urgent-told": _ask("", ERRAND_NEAR_DANGER),
    "answer-unknown": _ask("ktp-hilang", "kalau diwakilin?"),
    "answer-choose": _ask("", "yang hilang gimana"),
    "answer-lost": _ask("", "akta lahir anak saya hilang"),
    "answer-not-here": _ask("", "bikin skck di sini ya"),
    "answer-alike": _ask_again("", "dompet saya hilang", "bayar berapa"),
    "answer-both": _ask("", "bedanya SKTM sama DTSEN apa"),
    "answer-again": _ask_again("ktp-hilang", "bayar ga?", "apa lagi"),
    "answer-emergency": _ask("", "tolong rumah kebakaran"),
    "answer-emergency-violence": _ask("", EMERGENCIES["kekerasan"]),
    "search-why": _search("mau bikin katepe ilang gimana bang"),
    "search-nothing": _search("zzxq"),
    "search-emergency": _search("kebakaran"),
    "search-emergency-violence": _search(EMERGENCIES["kekerasan"]),
    **{f"emergency-{kind}": _results(said) for kind, said in EMERGENCIES.items()},
    "service": _page("sktm", 0),
    "service-2": _page("sktm", 1),
    "service-3": _page("sktm", 2),
    "service-elsewhere": _page("ktp-hilang", 0),
    "service-ask": _page("dom-usaha", 0),
    "service-lost": _page("nikah-kua", 0),
    "service-expired": _page("spmb", 0),
    "service-empty": _page("makam", 0),
    "emergency": _page("112", 0),
    "sources": _steps("start", "service:sktm", "go:sources:sktm"),
    "checklist": _tick_two,
    "missing": _steps("start", "service:sktm", "apply:sktm", "tick:0", "papers_done:"),
    "privacy": _steps("start", "service:sktm", "apply:sktm", "papers_done:anyway"),
    "question-nik": _kind("nik", typed="36710117089"),
    "question-nik-wrong": _kind("nik", typed="36710117089000", hand_in=True),
    "question-nik-caution": _caution,
    "question-name": _kind("name", typed="Siti Amin"),
    "question-name-wrong": _kind("name", typed="Siti 2", hand_in=True),
    "question-date": _kind("date", typed="170819"),
    "question-kecamatan": _kind("kecamatan"),
    "question-kelurahan": _kind("kelurahan"),
    "question-street": _kind("street"),
    "question-rt": _kind("rt", typed="2"),
    "question-choice": _kind("choice"),
    "question-phone": _kind("phone"),
    "question-rupiah": _kind("rupiah", "penghasilan", typed="2500000"),
    "home-voice": _voiced(_steps("start")),
    "search-voice": _voiced(_search("tidak mampu")),
    "ask-voice": _voiced(_ask("ktp-hilang", "", hand_in=False)),
    "service-voice": _voiced(_page("sktm", 0)),
    "listen": _voiced(_steps("start", "listen:"), _SPEAKING),
    "listen-begun": _voiced(_steps("start", "listen:"), ()),
    "listen-missed": _voiced(_steps("start", "listen:"), _SILENCE),
    "listen-missed-again": _voiced(_steps("start", "listen:", "listen:"), _SILENCE, _SILENCE),
    "listen-missed-urgent": _voiced(
        _steps("start", "listen:"), _said("anak tolong pingsan", sure=False)
    ),
    "listen-missed-urgent-again": _voiced(
        _steps("start", "listen:", "listen:"),
        _SILENCE,
        _said("anak tolong pingsan", sure=False),
    ),
    "listen-gone": _voiced(_steps("start", "listen:"), (Heard(None, "microphone_gone"),)),
    "heard": _voiced(_steps("start", "listen:"), _said("kartu keluarga saya hilang")),
    "heard-unsure": _voiced(_steps("start", "listen:"), _said("saya mau ngurus ktp", sure=False)),
    "heard-ask": _voiced(_steps("start", "go:ask:ktp-hilang", "listen:"), _said("bayar nggak")),
    "heard-ask-unsure": _voiced(
        _steps("start", "go:ask:ktp-hilang", "listen:"), _said("bawa ktp apa", sure=False)
    ),
    "question-nik-voice": _voiced(_kind("nik")),
    "question-choice-voice": _voiced(_kind("choice")),
    "aloud": _voiced(_aloud),
    "listen-nik": _voiced(_speak_nik, (Level(0.4), Partial("tiga enam tujuh satu kosong satu"))),
    "spoken-nik": _voiced(_speak_nik, _said("", value=NIK)),
    "spoken-nik-unsure": _voiced(_speak_nik, _said(NIK_SAID, sure=False)),
    "spoken-nik-short": _voiced(_speak_nik, _said("", value=NIK[:14])),
    "listen-choice": _voiced(_speak_choice, (Level(0.1),)),
    "spoken-choice": _voiced(_speak_choice, _said("berobat", value="berobat")),
    "check": lambda visit: fill(visit, "sktm"),
    "event-letters": _steps("start", "go:event:menikah"),
    "letters": _steps("start", "go:letters:keluarga-meninggal", "letter:ket-mati"),
    "letters-none": _steps("start", "go:letters:menikah", "letters_done:menikah"),
    "checklist-number": _steps("start", "service:ket-mati", "number:ket-mati"),
    "checklist-unknown": _steps("start", "service:banjir-ket", "apply:banjir-ket"),
    "missing-many": _steps(
        "start",
        "service:ahli-waris",
        "apply:ahli-waris",
        *(f"tick:{one}" for one in range(5)),
        "papers_done:",
    ),
    "question-number": _kind("number", "tanah-riwayat", typed="1250"),
    "question-land": lambda visit: to_question(
        visit, "tanah-riwayat", lambda page: page.key == "land_address.kecamatan"
    ),
    "question-ahead": lambda visit: to_question(
        visit, "keramaian", lambda page: page.key == "event_date"
    ),
    "check-letters": lambda visit: fill(visit, MARRYING),
    "preview": _preview("sktm"),
    "preview-letters": _preview(MARRYING),
    "receipts": _receipts(MARRYING),
    "receipts-three": _receipts(DYING),
    "ticket": _steps("start", "go:ticket:sktm"),
    "ticket-several": _steps("start", "go:ticket:sktm", "more", "go:ticket:ktp-hilang", "priority"),
    "receipt": _receipt,
    "receipt-ticket": _steps("start", "go:ticket:sktm", "take:sktm"),
    "checklist-paper": _paper(_steps("start", "service:sktm", "apply:sktm"), "queued"),
    "checklist-printed": _paper(
        _steps("start", "service:sktm", "apply:sktm", "print_list:sktm"), "confirmed"
    ),
    "receipt-ticket-paper": _paper(_steps("start", "go:ticket:sktm", "take:sktm"), "confirmed"),
    "receipt-ticket-no-paper": _paper(_steps("start", "go:ticket:sktm", "take:sktm"), "failed"),
    "staff": _steps("start", "staff"),
    "staff-ringing": _rung("waiting"),
    "staff-coming": _rung("taken"),
    "staff-in-form": _steps_in_form("staff"),
    "consent": _steps_in_form("staff", "go:consent"),
    "handed": _handed,
    "status": _typed_code("kh7f3"),
    "status-voice": _voiced(_steps("start", "go:status")),
    "listen-code": _voiced(_speak_code, (Level(0.5), Partial("tiga em tujuh pe el"))),
    "listen-code-missed": _voiced(_speak_code, (Heard(None, "unclear"),)),
    "spoken-code": _voiced(_speak_code, _said("", value="KH7F3KTC")),
    "spoken-code-wrong": _voiced(_speak_code, _said("", value="KH7X3KT")),
    "status-wrong": _typed_code("3671011708900003", hand_in=True),
    "status-unknown": _typed_code("KH22-2223", hand_in=True),
    "standing": _status,
    "machine": _steps("start", "go:machine"),
    "state": _steps("start", "go:state"),
    "pin": lambda visit: at_pin(visit, "4938"),
    "pin-wrong": lambda visit: at_pin(visit, "111222", hand_in=True),
    "pin-wait": lambda visit: at_pin(visit, wait_s=60.0),
    "readiness": lambda visit: at_pin(visit, PIN, hand_in=True),
    "goodbye": _steps("start", "finish"),
}
# Not places of a visit: drawn by the app over it, or instead of it.
OVERLAYS = ("idle", "broken", "not-in-service")
