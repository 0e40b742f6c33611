"""How to get to every screen, by what a person would mean; for screenshots and for tests."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.session import Question
from kiosk.ui.filing import shape
from kiosk.ui.visit import Visit

Scene = Callable[[Visit], None]

NIK = "3671011708900003"
GOOD_ANSWERS = {
    "nik": NIK,
    "name": "Siti Aminah",
    "date": "17081990",
    "phone": "081234567890",
    "rupiah": "2500000",
    "street": "Jl. Melati No. 12",
    "rt": "2",
    "rw": "5",
}


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


def open_form(visit: Visit, service: str) -> None:
    press(visit, "start", f"service:{service}", f"apply:{service}", "papers_done:anyway")
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


def _ask(service: str, text: str, *, hand_in: bool = True) -> Scene:
    def scene(visit: Visit) -> None:
        press(visit, "start", *([f"service:{service}"] if service else []), f"go:ask:{service}")
        type_text(visit, text)
        if hand_in:
            press(visit, "next")

    return scene


def _results(visit: Visit) -> None:
    _search("ngurus ktp")(visit)
    press(visit, "next")


def _steps(*meanings: str) -> Scene:
    return lambda visit: press(visit, *meanings)


def _page(service: str, page: int) -> Scene:
    return lambda visit: press(visit, "start", f"service:{service}", *["page:+1"] * page)


SCENES: dict[str, Scene] = {
    "attract": lambda visit: None,
    "home": _steps("start"),
    "events": _steps("start", "go:events"),
    "event": _steps("start", "go:event:bayi-lahir"),
    "services": _steps("start", "go:services"),
    "category": _steps("start", "go:category:surat"),
    "search-empty": _search(""),
    "search": _search("tidak mampu"),
    "results": _results,
    "ask": _ask("ktp-hilang", "bayar ga", hand_in=False),
    "answer": _ask("ktp-hilang", "bayar ga?"),
    "answer-unknown": _ask("ktp-hilang", "kalau diwakilin?"),
    "answer-choose": _ask("", "yang hilang gimana"),
    "answer-emergency": _ask("", "tolong rumah kebakaran"),
    "search-why": _search("mau bikin katepe ilang gimana bang"),
    "search-nothing": _search("zzxq"),
    "search-emergency": _search("kebakaran"),
    "service": _page("sktm", 0),
    "service-2": _page("sktm", 1),
    "service-3": _page("sktm", 2),
    "service-elsewhere": _page("ktp-hilang", 0),
    "service-ask": _page("dom-usaha", 0),
    "service-expired": _page("spmb", 0),
    "service-empty": _page("makam", 0),
    "service-112": _page("112", 0),
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
    "check": lambda visit: fill(visit, "sktm"),
    "ticket": _steps("start", "go:ticket:sktm"),
    "receipt": _receipt,
    "receipt-ticket": _steps("start", "go:ticket:sktm", "take:sktm"),
    "staff": _steps("start", "staff"),
    "machine": _steps("start", "go:machine"),
    "state": _steps("start", "go:state"),
    "goodbye": _steps("start", "finish"),
}
# Not places of a visit: drawn by the app over it, or instead of it.
OVERLAYS = ("idle", "broken")
