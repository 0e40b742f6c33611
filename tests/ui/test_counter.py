"""At the kiosk: a number, help, a form handed over, a status, a keyboard instead of touch."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from kivy.base import EventLoop
from kivy.uix.widget import Widget

from kiosk.bootstrap import Store, build_ui
from kiosk.config import WIB, load_settings
from kiosk.domain.errand import find_errand
from kiosk.domain.queue import Call
from kiosk.domain.session import questions
from kiosk.domain.status import FIRST_WAIT_S, LONGEST_WAIT_S, MISSES_FREE, Guesses
from kiosk.store.handover import Handovers
from kiosk.store.outbox import Outbox
from kiosk.store.queue import Queue
from kiosk.ui import theme
from kiosk.ui.calls import LATE_S, CallOut
from kiosk.ui.i18n import Sentences
from kiosk.ui.keyboard import Focus, Scan, read_out, taps_in_order, words_of
from kiosk.ui.scenes import NIK, SCENES, fill, press, to_question, type_text
from kiosk.ui.screens import SCREENS
from kiosk.ui.services import UiServices
from kiosk.ui.sheet import lay_out
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import register_fonts
from tests.ui.support import NOW, Desk, Ear, Loket, offered, strings_of
from tests.unit.test_visit import wander

MINE = ("ticket", "staff", "consent", "handed", "status", "standing", "receipt")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.counter = Loket(desk)
    return desk


@pytest.fixture
def loket(desk: Desk) -> Loket:
    assert isinstance(desk.counter, Loket)
    return desk.counter


@pytest.fixture
def visit(desk: Desk) -> Visit:
    return Visit(desk.services(), 1)


# -- a number


def test_several_matters_one_number(visit: Visit, loket: Loket) -> None:
    press(visit, "start", "go:ticket:sktm", "more", "go:ticket:ktp-hilang", "more")
    press(visit, "go:ticket:kk-baru", "less:ktp-hilang", "priority")
    assert visit.wanted == ("sktm", "kk-baru")
    press(visit, "take:kk-baru")
    assert loket.takings == [(True, ("sktm", "kk-baru"), ())]
    assert visit.session.place.name == "receipt"
    press(visit, "another", "go:ticket:sktm")
    assert visit.wanted == ("sktm",)  # the next number starts anew


def test_a_number_after_a_letter_belongs_to_it(visit: Visit, loket: Loket) -> None:
    fill(visit, "sktm")
    press(visit, "send")
    letter = visit.session.receipt
    assert letter is not None
    press(visit, "go:ticket:sktm", "take:sktm")
    assert loket.takings == [(False, ("sktm",), (letter.id,))]
    assert visit.session.receipt is not None
    assert visit.session.receipt.ticket == "A-002"


def test_the_next_person_has_neither_priority_nor_matters(visit: Visit, desk: Desk) -> None:
    press(visit, "start", "go:ticket:sktm", "priority", "finish")
    assert not visit.wishes.priority
    assert visit.wishes.services == []


def test_a_full_disk_gives_no_number(visit: Visit, desk: Desk) -> None:
    desk.refusal = "full"
    press(visit, "start", "go:ticket:sktm", "take:sktm")
    assert (visit.session.place.name, visit.session.refused) == ("ticket", "full")


# -- help


def test_the_bell_rings_once_and_says_what_the_desk_did(visit: Visit, loket: Loket) -> None:
    press(visit, "start", "staff", "ring", "ring", "ring")
    assert list(loket.handovers.values()) == [("", {})]
    for says in ("waiting", "seen", "taken"):
        loket.says = says
        assert visit.bell_standing() == says
    loket.handovers.clear()
    assert visit.bell_standing() is None
    press(visit, "ring")
    assert len(loket.handovers) == 1


@pytest.mark.parametrize("scene", sorted(set(SCENES) - {"attract", "goodbye"}))
def test_help_is_one_touch_away_on_every_screen(scene: str, desk: Desk) -> None:
    visit = Visit(desk.services(), 1)
    SCENES[scene](visit)
    if visit.session.place.name in ("attract", "goodbye"):
        return
    assert "staff" in offered(visit) or visit.session.place.name in ("listen", "handed")
    visit.meant("staff")
    assert visit.session.place.name == "staff"


def half_filled(visit: Visit) -> None:
    to_question(visit, "sktm", lambda page: page.part == "street")
    type_text(visit, "Jl. Mela")


def test_a_form_goes_to_the_desk_only_after_the_consent(visit: Visit, loket: Loket) -> None:
    half_filled(visit)
    press(visit, "staff", "go:consent")
    assert loket.handovers == {}
    press(visit, "back", "back")
    assert loket.handovers == {}
    press(visit, "staff", "ring", "go:consent", "hand_over")
    ((service, raw),) = loket.handovers.values()  # the call for help became the form
    assert service == "sktm"
    assert raw["nik"] == NIK
    assert visit.session.place.name == "handed"
    press(visit, "finish")
    assert not any(NIK in text for _, text in strings_of(visit.session, visit.wishes, visit.bell))


def test_a_form_handed_over_holds_nothing_but_the_form(visit: Visit, loket: Loket) -> None:
    """What was typed of another errand, or in a field that is none of a form, stays in memory."""
    to_question(visit, "sktm", lambda page: page.key == "purpose")
    press(visit, "choose:lain")
    type_text(visit, "Untuk anak saya yang sakit")
    visit.session.raw["search"] = "anak saya sakit"
    press(visit, "staff", "go:status")
    type_text(visit, "KH7F3K")
    press(visit, "back", "go:pin")
    type_text(visit, "4711")
    press(visit, "back", "back", "back", "back", "go:ask:sktm")
    type_text(visit, "apakah gratis")
    press(visit, "go:category:surat", "service:penghasilan", "apply:penghasilan")
    press(visit, "papers_done:anyway")
    if visit.session.place.name == "privacy":
        press(visit, "agree")
    assert visit.half_filled == "penghasilan"
    press(visit, "staff", "go:consent", "hand_over")
    ((service, raw),) = loket.handovers.values()
    errand = find_errand(visit.services.catalogue, service)
    assert errand is not None
    keys = {page.key for page in questions(errand.form, raw)}
    assert raw.keys() <= keys
    assert loket.answered <= keys
    assert (raw["nik"], "nik" in loket.answered) == (NIK, True)


def test_a_form_can_be_taken_back_until_a_clerk_has_it(visit: Visit, loket: Loket) -> None:
    half_filled(visit)
    press(visit, "staff", "go:consent", "hand_over", "take_back")
    assert loket.handovers == {}
    assert visit.session.place.name == "question"
    assert visit.session.raw["nik"] == NIK
    press(visit, "staff", "go:consent", "hand_over")
    loket.says = "taken"
    press(visit, "take_back")
    assert len(loket.handovers) == 1


def test_there_is_nothing_to_hand_over_where_nothing_is_filled_in(visit: Visit) -> None:
    press(visit, "start", "service:sktm", "staff")
    assert visit.half_filled == ""
    press(visit, "hand_over")
    assert visit.session.place.name == "staff"


# -- status


def ask(visit: Visit, text: str) -> None:
    press(visit, "home", "go:status")
    type_text(visit, text)
    press(visit, "next")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[UiServices]:
    yield build_ui(load_settings(tmp_path))


def test_a_code_tells_where_the_errand_stands(real: UiServices, tmp_path: Path) -> None:
    visit = Visit(real, 1)
    fill(visit, "sktm")
    press(visit, "send")
    letter = visit.session.receipt
    assert letter is not None
    press(visit, "go:ticket:sktm", "priority", "take:sktm")
    ask(visit, letter.code.lower().replace("-", " "))
    assert visit.asked is not None
    status = visit.asked.status
    assert status is not None
    assert (status.receipt.id, status.receipt.state) == (letter.id, "accepted")
    assert status.entry is not None
    assert (status.entry.ticket, status.entry.priority) == ("A-001", True)
    assert [one.application for one in status.entry.errands] == [letter.id]
    assert not any(NIK in text for _, text in strings_of(status))
    # the city says something
    store = Store(load_settings(tmp_path))
    item = f'{{"id":"{letter.code}","state":"ready","at":"2026-11-21T02:15:07.412Z"}}'
    told = [{"id": letter.code, "body": item}]
    Outbox(store.db, tmp_path).change_pulled("statuses", told, "c1", reset=False)
    ask(visit, letter.code)
    assert visit.asked.status is not None
    assert visit.asked.status.city == "ready"
    assert f"{visit.asked.status.city_at:%Y-%m-%d %H.%M}" == "2026-11-21 09.15"


@pytest.mark.parametrize("typed", [NIK, "3671011708900004", "KH7F", "KH7F-3KTX", "Siti", "'; DROP"])
def test_a_nik_is_just_no_code(real: UiServices, typed: str) -> None:
    visit = Visit(real, 1)
    fill(visit, "sktm")
    press(visit, "send")
    ask(visit, typed)
    assert visit.asked is not None
    assert (visit.asked.code, visit.asked.status, visit.asked.wait_s) == ("", None, 0)
    assert not any(typed in text for _, text in strings_of(visit.session))


def test_guessing_is_slowed_also_for_the_next_person(real: UiServices) -> None:
    from kiosk.domain.code import new_code

    draw = random.Random(1)
    for number in range(MISSES_FREE + 1):
        visit = Visit(real, number)
        press(visit, "start")
        ask(visit, new_code("XX", lambda below: draw.randrange(below)))
    assert visit.asked is not None
    assert 0 < visit.asked.wait_s <= FIRST_WAIT_S
    press(visit, "home", "go:ticket:", "take:")
    assert visit.session.receipt is not None
    ask(visit, visit.session.receipt.code)
    assert visit.asked.status is None  # a real code waits like any other: it tells nothing


def test_the_waits_by_hand() -> None:
    guesses = Guesses()
    waits = []
    now_s = 0.0
    for _ in range(9):
        waits.append(guesses.wait_s(now_s))
        now_s += waits[-1]
        guesses.missed(now_s)
    assert waits == [0, 0, 0, 31, 61, 121, 241, 481, 901]
    assert guesses.wait_s(now_s) <= LONGEST_WAIT_S + 1
    assert guesses.wait_s(now_s + 1801) == 0


# -- a scanner, a keyboard


def test_a_scanner_is_told_from_a_person() -> None:
    scan, code = Scan(), new_code_like("")
    for place, sign in enumerate(code):
        scan.typed(sign, 10 + place * 0.008)
    assert scan.ended(10.08) == code
    assert scan.ended(10.09) == ""
    for place, sign in enumerate("kartu keluarga"):  # somebody quick
        scan.typed(sign, 20 + place * 0.12)
    assert scan.ended(20 + 14 * 0.12) == ""
    for place, sign in enumerate(code):
        scan.typed(sign, 30 + place * 0.008)
    assert scan.ended(32) == ""  # Enter much later
    for place, sign in enumerate("3671011708900003"):  # a card's number is no receipt's code
        scan.typed(sign, 40 + place * 0.008)
    assert scan.ended(40.13) == ""


@pytest.mark.parametrize("before", ["start", "go:status", "service:sktm"])
def test_what_a_scanner_reads_opens_its_status(desk: Desk, before: str) -> None:
    visit = Visit(desk.services(), 1)
    press(visit, "start", "go:ticket:", "take:", "another")
    (receipt,) = desk.receipts.values()
    code = new_code_like(receipt.code)
    desk.receipts[receipt.id] = dataclasses.replace(receipt, code=code)
    press(visit, *(() if before == "start" else (before,)), f"scanned:{code}")
    assert visit.session.place.name == "standing"
    assert visit.asked is not None
    assert visit.asked.status is not None


def new_code_like(_code: str) -> str:
    from kiosk.domain.code import new_code

    return new_code("KH", lambda below: 3 % below)


def test_a_scanner_cannot_answer_a_question(visit: Visit) -> None:
    half_filled(visit)
    press(visit, "scanned:KH7F-3KTM")
    assert visit.session.place.name == "question"


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    EventLoop.ensure_window()
    register_fonts()
    return Sentences(theme.ASSETS / "locales")


def drawn(visit: Visit, sentences: Sentences, look: Look) -> Widget:
    visit.session.text, visit.session.high_contrast = look.text, look.high_contrast
    view = View(look, visit.session, visit.services, sentences, lambda _meaning: None)
    return lay_out(view, SCREENS[visit.session.place.name](view, visit))


@pytest.mark.parametrize(
    "scene", ["home", "search", "question-nik", "question-choice", "check", *MINE]
)
@pytest.mark.parametrize("look", [Look(1024, 600), Look(1080, 1920), Look(1024, 600, 1.5, True)])
def test_everything_can_be_reached_by_tab_and_is_seen(
    desk: Desk, sentences: Sentences, scene: str, look: Look
) -> None:
    visit = Visit(desk.services(), 1)
    SCENES[scene](visit)
    root, focus = drawn(visit, sentences, look), Focus()
    taps = taps_in_order(root, look)
    assert taps
    met = []
    for _ in taps:
        focus.move(root, look, 1)
        (ringed,) = [tap for tap in taps if len(tap.canvas.after.children) > 1]
        assert ringed.meaning == focus.meaning
        met.append(focus.meaning)
    assert met == [tap.meaning for tap in taps]
    assert met[-1] == "staff"  # the bar is last: what the screen is for comes first
    focus.move(root, look, 1)
    assert focus.meaning == met[0]
    focus.move(root, look, -1)
    assert focus.meaning == met[-1]
    focus.forget()
    assert not [tap for tap in taps if len(tap.canvas.after.children) > 1]


def test_a_screen_drawn_anew_keeps_the_focus_or_has_none(desk: Desk, sentences: Sentences) -> None:
    visit, look, focus = Visit(desk.services(), 1), Look(1024, 600), Focus()
    press(visit, "start")
    root = drawn(visit, sentences, look)
    while focus.meaning != "go:status":
        focus.move(root, look, 1)
    focus.show(drawn(visit, sentences, look), look)
    assert focus.meaning == "go:status"
    press(visit, "go:status")
    focus.show(drawn(visit, sentences, look), look)
    assert focus.meaning == ""


# -- reading aloud, calling out


@pytest.mark.parametrize("scene", sorted(set(SCENES) - {"attract", "goodbye", "pin"}))
def test_no_screen_reads_a_person_s_answers_unasked(
    desk: Desk, sentences: Sentences, scene: str
) -> None:
    visit = Visit(desk.services(), 1)
    SCENES[scene](visit)
    if visit.session.place.name in ("attract", "goodbye"):
        return
    view = View(Look(1024, 600), visit.session, visit.services, sentences, lambda _meaning: None)
    screen = SCREENS[visit.session.place.name](view, visit)
    place = visit.session.place.name
    text = read_out(screen, lay_out(view, screen), place, asked=False)
    assert text.strip() or screen.night, "nothing to read"
    for own in ("3671", "0812345", "SitiAmin", "Melati"):
        assert own not in text.replace(" ", "") or own in sentences.say("id", "address.street_hint")


def test_the_answers_are_read_when_asked_for(desk: Desk, sentences: Sentences) -> None:
    visit = Visit(desk.services(), 1)
    fill(visit, "sktm")
    root = drawn(visit, sentences, Look(1080, 1920))
    assert "Siti Aminah" not in words_of(root, private=False)
    assert "Siti Aminah" in words_of(root, private=True)


class Mouth:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.speaking = False
        self.cut = False

    def say(self, text: str, lang: str, slow: bool = False) -> None:
        self.said.append(text)
        self.cut = False


def test_numbers_are_called_one_after_another_never_into_the_microphone(loket: Loket) -> None:
    mouth, voice = Mouth(), Ear()
    loket.called = [Call(4, "A-001", "1", NOW)]
    calls = CallOut(loket, mouth)
    calls.look(0)  # what was called before the kiosk was switched on is over
    assert calls.speak(0, listening=False, voice=voice) == ""
    loket.called += [Call(5, "A-002", "1", NOW), Call(6, "AK-003", "2", NOW)]
    calls.look(1)
    assert calls.speak(1, listening=True, voice=voice) == ""
    assert calls.speak(2, listening=False, voice=voice).endswith("dua, ke loket satu")
    assert voice.hushed == 1
    mouth.speaking = True
    assert calls.speak(3, listening=False, voice=voice) == ""
    mouth.speaking = False
    assert calls.speak(4, listening=False, voice=voice) == mouth.said[1]
    assert mouth.said == [
        "Nomor antrean A nol nol dua, ke loket satu",
        "Nomor antrean A K nol nol tiga, ke loket dua",
    ]
    loket.called.append(Call(7, "A-009", "1", NOW))
    calls.look(10)
    assert calls.speak(11 + LATE_S, listening=False, voice=voice) == ""  # long on the TV


def test_a_call_that_the_microphone_cut_is_said_again_whole(loket: Loket) -> None:
    mouth, ear = Mouth(), Ear()
    calls = CallOut(loket, mouth)
    loket.called = [Call(4, "A-001", "1", NOW)]
    calls.look(0)
    loket.called.append(Call(5, "A-002", "1", NOW))
    calls.look(1)
    first = calls.speak(LATE_S, listening=False, voice=ear)
    assert first.endswith("dua, ke loket satu")
    mouth.speaking = True
    assert calls.speak(LATE_S, listening=True, voice=ear) == ""
    mouth.speaking, mouth.cut = False, True
    for _ in range(3):
        assert calls.speak(LATE_S + 1, listening=True, voice=ear) == ""
    assert calls.speak(LATE_S + 40, listening=False, voice=ear) == first
    assert calls.speak(LATE_S + 50, listening=False, voice=ear) == "", "it was heard out"


def test_a_call_of_the_desk_reaches_the_kiosk(tmp_path: Path) -> None:
    services = build_ui(load_settings(tmp_path))
    counter, mouth = services.counter, Mouth()
    assert counter is not None
    calls = CallOut(counter, mouth)
    calls.look(0)
    visit = Visit(services, 1)
    press(visit, "start", "go:ticket:ktp-hilang", "take:ktp-hilang")
    before = services.version()
    store = Store(load_settings(tmp_path))  # the desk's process
    entry = Queue(store.db, tmp_path, zone=WIB).call_next("1", "siti")
    assert entry is not None
    assert services.version() != before
    calls.look(1)
    calls.speak(1, listening=False, voice=None)
    assert mouth.said == ["Nomor antrean A K nol nol satu, ke loket satu"]


def test_the_desk_sees_the_form_and_the_kiosk_sees_the_desk(tmp_path: Path) -> None:
    visit = Visit(build_ui(load_settings(tmp_path)), 1)
    half_filled(visit)
    press(visit, "staff", "go:consent", "hand_over")
    store = Store(load_settings(tmp_path))
    desk = Handovers(store.db, tmp_path, zone=WIB)
    (row,) = desk.listing()
    assert visit.bell is not None
    assert (row.kind, row.sign, row.service) == ("form", visit.bell.handover.sign, "sktm")
    desk.seen([row.id])
    assert visit.bell_standing() == "seen"
    form = desk.take(row.id, "siti")
    assert form is not None
    assert form.raw["nik"] == NIK
    assert "nik" in form.answered
    assert visit.bell_standing() == "taken"
    desk.end(row.id)
    assert visit.bell_standing() is None
    assert Outbox(store.db, tmp_path).due(5) == []


def test_restless_hands_at_a_staffed_kiosk(desk: Desk) -> None:
    seen: set[str] = set()
    for seed in range(30):
        visit = Visit(desk.services(), seed)
        for place in wander(seed, 200, visit):
            seen.add(place.name)
            if visit.ended:
                break
        visit.meant("finish")
        assert not any(NIK in text for _, text in strings_of(visit.session, visit.wishes))
    assert seen >= set(MINE)
