"""What was heard, without a screen: shown before it counts, dropped when it comes too late."""

from __future__ import annotations

import dataclasses

import pytest

from kiosk.domain.session import Place
from kiosk.domain.speech import Heard, Level, Partial, Transcript, Why, Word
from kiosk.ui.readings import groups_of, shown_signs
from kiosk.ui.scenes import NIK, open_form, press, to_question, type_text
from kiosk.ui.services import VoiceState
from kiosk.ui.visit import Visit
from tests.ui.support import Desk, Ear, Loket


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def visit(ear: Ear) -> Visit:
    visit = Visit(dataclasses.replace(Desk().services(), voice=ear), 1)
    press(visit, "start")
    return visit


def at(visit: Visit) -> str:
    return visit.session.place.name


def on(visit: Visit, kind: str) -> Visit:
    to_question(visit, "sktm", lambda page: (page.part or page.field.kind) == kind)
    assert visit.question is not None
    return visit


# -- finding a service


def test_what_is_said_is_looked_for_and_can_be_put_right(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    assert at(visit) == "listen"
    assert (ear.last.task, ear.last.hold) == ("lookup", False)
    ear.last.tell(Level(0.5))
    ear.last.tell(Partial("surat tidak"))
    assert visit.hearing is not None
    assert (visit.hearing.level, visit.hearing.words) == (0.5, "surat tidak")
    assert at(visit) == "listen"
    ear.hears("surat tidak mampu")
    assert at(visit) == "results"
    assert visit.session.found[0] == "sktm"
    assert (visit.heard, visit.sure) == ("surat tidak mampu", True)
    press(visit, "back")
    assert at(visit) == "search"
    assert visit.session.raw["search"] == "surat tidak mampu"
    press(visit, "erase")
    assert visit.heard == ""
    press(visit, "back")
    assert at(visit) == "home"


def test_unsure_words_are_offered_by_the_reading_that_means_something(
    visit: Visit, ear: Ear
) -> None:
    press(visit, "listen:")
    ear.hears("zzxq aa bb", sure=False, n_best=("zzxq aa bb", "surat tidak mampu"))
    assert at(visit) == "results"
    assert (visit.heard, visit.sure) == ("surat tidak mampu", False)


@pytest.mark.parametrize(
    ("readings", "confidence"),
    [
        (("zzxq", "tolong ada kebakaran", "surat tidak mampu"), 0.69),
        (("surat tidak mampu",), 0.49),
        (("aaa aaa aaa", "kartu keluarga"), 0.67),
        (("aaa", "surat tidak mampu"), 0.67),
        (("ktp",), 0.67),
    ],
)
def test_what_was_hardly_heard_leads_nowhere(
    visit: Visit, ear: Ear, readings: tuple[str, ...], confidence: float
) -> None:
    press(visit, "listen:")
    ear.hears("", sure=False, n_best=readings, confidence=confidence)
    assert (at(visit), visit.misses) == ("listen", 1)
    assert (visit.session.found, visit.heard) == ((), "")


def test_an_emergency_that_was_heard_is_one(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    ear.hears("tolong ada kebakaran")
    assert (at(visit), visit.heard) == ("emergency", "tolong ada kebakaran")
    press(visit, "no_emergency")
    assert (at(visit), visit.session.raw["search"]) == ("search", "tolong ada kebakaran")


@pytest.mark.parametrize("begun", [(), ("go:ask:ktp-hilang",)])
def test_a_half_heard_emergency_is_a_miss_that_offers_help(
    begun: tuple[str, ...], visit: Visit, ear: Ear
) -> None:
    press(visit, *begun, "listen:")
    ear.hears("tolong ada kebakaran", sure=False, confidence=0.6)
    assert (at(visit), visit.misses) == ("listen", 1), "nothing opens by half-heard words"
    assert visit.hearing is not None
    assert visit.hearing.urgent_kind == ""
    press(visit, "emergency:")
    assert at(visit) == "emergency"
    assert visit.hearing is None


@pytest.mark.parametrize(
    ("words", "confidence"), [("tolong ada kebakaran", 0.49), ("zzxq zzxq", 0.69), ("ktp", 0.69)]
)
def test_no_help_is_offered_on_less(words: str, confidence: float, visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    ear.hears(words, sure=False, confidence=confidence)
    assert visit.hearing is not None
    assert visit.hearing.urgent_kind is None


@pytest.mark.parametrize("why", ["silence", "unclear", "too_long"])
def test_nothing_is_done_on_nothing(visit: Visit, ear: Ear, why: Why) -> None:
    press(visit, "listen:")
    ear.hears_nothing(why)
    assert at(visit) == "listen"
    assert visit.hearing is not None
    assert visit.hearing.missed == why
    assert (visit.session.found, visit.session.raw, visit.heard) == ((), {}, "")
    assert not visit.listening


def test_unsure_words_that_mean_nothing_are_nothing(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    ear.hears("zzxq", sure=False)
    assert at(visit) == "listen"
    assert (visit.misses, visit.session.raw) == (1, {})


def test_misses_are_counted_until_something_is_heard(visit: Visit, ear: Ear) -> None:
    for _ in range(2):
        press(visit, "listen:")
        ear.hears_nothing()
    assert visit.misses == 2
    assert visit.session.places == [Place("home"), Place("listen")]
    press(visit, "listen:")
    ear.hears("kartu keluarga hilang")
    assert (at(visit), visit.misses) == ("results", 0)


def test_the_microphone_gone_leads_back_and_touch_goes_on(visit: Visit, ear: Ear) -> None:
    press(visit, "go:search", "listen:")
    ear.now = "no_microphone"
    ear.hears_nothing("microphone_gone")
    assert at(visit) == "search"
    assert visit.microphone_gone
    type_text(visit, "ktp")
    assert visit.microphone_gone, "the line stays until one leaves"
    press(visit, "next")
    assert (at(visit), visit.microphone_gone) == ("results", False)


@pytest.mark.parametrize("state", ["no_model", "no_microphone", "off"])
def test_without_an_ear_nothing_listens(visit: Visit, ear: Ear, state: VoiceState) -> None:
    ear.now = state
    press(visit, "listen:", "hold:", "tapped", "listened")
    assert (at(visit), ear.listened, visit.ear) == ("home", [], None)


# -- late, cancelled, left


def test_what_comes_late_is_dropped(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    first = ear.last
    press(visit, "back")
    assert (at(visit), first.cancelled) == ("home", True)
    first.tell(Heard(Transcript("surat tidak mampu", 0.9, True), "heard"))
    assert (at(visit), visit.session.raw) == ("home", {})
    press(visit, "listen:")
    first.tell(Partial("surat tidak mampu"))
    first.tell(Heard(Transcript("surat tidak mampu", 0.9, True), "heard"))
    assert at(visit) == "listen"
    assert visit.hearing is not None
    assert visit.hearing.words == ""
    ear.hears("kartu keluarga hilang")
    assert visit.heard == "kartu keluarga hilang"
    ear.hears("surat tidak mampu")  # a second end of the same listening
    assert visit.heard == "kartu keluarga hilang"


def test_an_ended_session_hears_nothing_any_more(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    ear.last.tell(Partial("rahasia"))
    late = ear.last
    press(visit, "leave")
    assert (visit.ended, late.cancelled) == (True, True)
    following = Visit(visit.services, 2)
    press(following, "start", "listen:")
    late.tell(Heard(Transcript("surat tidak mampu", 0.9, True), "heard"))
    for one in (visit, following):
        assert (one.heard, one.session.raw, one.session.found) == ("", {}, ())
    assert at(following) == "listen"


@pytest.mark.parametrize("meaning", ["home", "staff", "go:search", "back", "finish"])
def test_every_way_off_the_screen_takes_the_listening_back(
    visit: Visit, ear: Ear, meaning: str
) -> None:
    press(visit, "listen:", meaning)
    assert ear.last.cancelled
    assert visit.hearing is None
    assert "listen" not in {one.name for one in visit.session.places}


@pytest.mark.parametrize("meaning", ["lang", "text", "contrast"])
def test_how_it_looks_changes_while_it_listens(visit: Visit, ear: Ear, meaning: str) -> None:
    press(visit, "listen:", meaning)
    assert not ear.last.cancelled
    assert (at(visit), visit.listening) == ("listen", True)


def test_a_listening_that_never_ends_is_given_up(visit: Visit, ear: Ear) -> None:
    press(visit, "listen:")
    visit.give_up()
    assert ear.last.cancelled
    assert (at(visit), visit.listening, visit.misses) == ("listen", False, 1)


# -- tapped or held


def test_held_ends_by_letting_go_and_tapped_by_the_end_of_speech(visit: Visit, ear: Ear) -> None:
    press(visit, "hold:")
    assert ear.last.hold
    press(visit, "tapped")
    assert not ear.last.hold
    assert not ear.last.finished
    press(visit, "listened")
    assert ear.last.finished
    assert len(ear.listened) == 1, "nobody's first word is lost"


# -- asking


def test_a_question_is_asked_by_voice(visit: Visit, ear: Ear) -> None:
    press(visit, "service:ktp-hilang", "go:ask:ktp-hilang", "listen:")
    ear.hears("bayar nggak")
    assert at(visit) == "answer"
    assert visit.session.said is not None
    assert (visit.session.said.slot, visit.heard) == ("biaya", "bayar nggak")
    assert "ask" not in visit.session.raw
    press(visit, "listen:")
    ear.hears("berapa lama")
    assert (at(visit), visit.heard) == ("answer", "berapa lama")


def test_an_unsure_question_waits_to_be_asked(visit: Visit, ear: Ear) -> None:
    press(visit, "service:ktp-hilang", "go:ask:ktp-hilang", "listen:")
    ear.hears("ktp saya hilang", sure=False)
    assert (at(visit), visit.session.said) == ("ask", None)
    assert (visit.session.raw["ask"], visit.sure) == ("ktp saya hilang", False)
    press(visit, "next")
    assert (at(visit), visit.heard) == ("answer", "")


def test_what_was_said_stays_said_whatever_was_typed_on_another_screen(
    visit: Visit, ear: Ear
) -> None:
    press(visit, "listen:")
    ear.hears("surat tidak mampu", sure=False)
    press(visit, "service:sktm", "go:ask:sktm")
    assert (visit.heard, visit.sure) == ("", True), "the question is another one"
    type_text(visit, "bayar ga")
    assert visit.heard == ""
    press(visit, "next")
    assert (at(visit), visit.heard) == ("answer", "")
    press(visit, "back", "back", "back")
    assert (at(visit), visit.heard, visit.sure) == ("results", "surat tidak mampu", False)
    press(visit, "back", "erase", "next")
    assert (at(visit), visit.heard, visit.sure) == ("results", "", True)


def test_an_answer_to_what_was_said_is_that_until_the_next_question(visit: Visit, ear: Ear) -> None:
    press(visit, "service:ktp-hilang", "go:ask:ktp-hilang", "listen:")
    ear.hears("bayar nggak")
    press(visit, "go:ask:ktp-hilang")
    type_text(visit, "berapa")
    press(visit, "back")
    assert (at(visit), visit.heard) == ("answer", "bayar nggak")
    press(visit, "go:ask:ktp-hilang")
    type_text(visit, "berapa lama")
    press(visit, "next")
    assert (at(visit), visit.heard) == ("answer", "")


def test_an_unsure_question_that_was_left_is_asked_after_no_more(visit: Visit, ear: Ear) -> None:
    press(visit, "service:ktp-hilang", "go:ask:ktp-hilang", "listen:")
    ear.hears("ktp hilang", sure=False)
    press(visit, "back", "go:ask:ktp-hilang")
    assert (visit.session.raw.get("ask", ""), visit.heard) == ("", "")


# -- answering


def speak_nik(visit: Visit) -> None:
    open_form(visit, "sktm")
    assert visit.question is not None
    assert visit.question.field.kind == "nik"
    press(visit, "go:aloud:sktm/nik", "listen:")


def test_a_nik_counts_only_once_it_was_confirmed(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    assert ear.last.task == "digits"
    ear.hears("…", value=NIK)
    assert at(visit) == "spoken"
    assert visit.said is not None
    assert visit.said.groups == [NIK[0:4], NIK[4:8], NIK[8:12], NIK[12:16]]
    assert visit.session.raw.get("nik", "") == ""
    press(visit, "right:")
    assert visit.session.raw["nik"] == NIK
    assert visit.session.place == Place("question", "sktm/name")
    press(visit, "back")
    assert visit.session.place == Place("question", "sktm/nik")
    assert visit.said is None


def test_a_wrong_group_is_said_again_alone(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    ear.hears("…", value=NIK[:8] + "1111" + NIK[12:])
    page = visit.spoken_question
    assert page is not None
    press(visit, "listen:2")
    ear.hears_nothing()
    press(visit, "listen:")  # once more, still that group
    ear.hears("…", value=NIK[8:12])
    assert visit.said is not None
    assert "".join(visit.said.groups) == NIK
    press(visit, "listen:2", "back")
    assert at(visit) == "spoken"
    assert "".join(visit.said.groups) == NIK, "cancelled, nothing changes"
    assert visit.spoken_problem(page) is None
    press(visit, "right:")
    assert visit.session.place.about == "sktm/name"


@pytest.mark.parametrize("digits", [NIK[:14], NIK + "1", "3671017908900003", "1" * 16])
def test_what_can_be_no_nik_is_never_taken(visit: Visit, ear: Ear, digits: str) -> None:
    speak_nik(visit)
    ear.hears("…", value=digits)
    page = visit.spoken_question
    assert page is not None
    assert visit.spoken_problem(page) is not None
    assert "nik" not in visit.session.raw
    press(visit, "right:")
    assert visit.session.place == Place("question", "sktm/nik")
    assert visit.session.problem is not None
    assert "nik" not in visit.session.answered


def test_heard_digits_can_be_put_right_by_keys(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    ear.hears("…", value=NIK[:15])
    press(visit, "by_keys")
    assert visit.session.place == Place("question", "sktm/nik")
    assert visit.session.raw["nik"] == NIK[:15]
    press(visit, f"key:{NIK[15]}", "next")
    assert visit.session.place.about == "sktm/name"


def test_staff_may_look_and_the_digits_are_still_there(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    ear.hears("…", value=NIK)
    press(visit, "staff", "back")
    assert at(visit) == "spoken"
    assert visit.said is not None
    press(visit, "home")
    assert visit.said is None


def test_unsure_digits_are_read_from_the_words(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    ear.hears("tiga enam tujuh satu kosong", sure=False)
    assert visit.said is not None
    assert (visit.said.groups, visit.said.sure) == (["3671", "0"], False)
    press(visit, "listen:1")
    ear.hears("dua satu satu satu", value="2111")
    assert (visit.said.groups, visit.said.sure) == (["3671", "2111"], False), "3671 still is unsure"


@pytest.mark.parametrize(
    ("words", "confidence"),
    [("tiga enam tujuh satu", 0.59), ("nol nol satu", 0.9), (" ".join(["nol"] * 17), 0.9)],
)
def test_refused_digits_that_few_would_say_are_not_shown(
    visit: Visit, ear: Ear, words: str, confidence: float
) -> None:
    speak_nik(visit)
    ear.hears("", sure=False, n_best=(words,), confidence=confidence)
    assert (at(visit), visit.misses, visit.said) == ("listen", 1, None)


def test_a_refused_group_is_as_long_as_a_group(visit: Visit, ear: Ear) -> None:
    speak_nik(visit)
    ear.hears("…", value=NIK)
    press(visit, "listen:2")
    ear.hears("", sure=False, n_best=("satu",))
    assert at(visit) == "listen"
    press(visit, "listen:")
    ear.hears("", sure=False, n_best=("satu satu satu satu",))
    assert visit.said is not None
    assert (visit.said.groups[2], visit.said.sure) == ("1111", False)


def test_a_choice_is_confirmed_before_it_counts(visit: Visit, ear: Ear) -> None:
    on(visit, "choice")
    press(visit, "listen:")
    assert ear.last.task == "choice"
    assert "sekolah atau kuliah" in ear.last.phrases
    assert "nomor satu" in ear.last.phrases
    ear.hears("berobat", value="berobat")
    assert at(visit) == "spoken"
    assert visit.said is not None
    assert visit.said.values == ("berobat",)
    assert "purpose" not in visit.session.answered
    press(visit, "right:berobat")
    assert visit.session.raw["purpose"] == "berobat"
    assert "purpose" in visit.session.answered


def test_a_choice_by_its_number(visit: Visit, ear: Ear) -> None:
    on(visit, "choice")
    press(visit, "listen:")
    ear.hears("nomor tiga", value="nomor tiga")
    assert visit.said is not None
    assert visit.said.values == ("bantuan",)


def test_what_is_not_on_the_list_is_no_choice(visit: Visit, ear: Ear) -> None:
    on(visit, "choice")
    press(visit, "listen:")
    ear.hears("pergi ke bulan")
    assert (at(visit), visit.misses) == ("listen", 1)


def test_kelurahan_are_said_by_name(visit: Visit, ear: Ear) -> None:
    on(visit, "kecamatan")
    press(visit, "listen:")
    assert "karang tengah" in ear.last.phrases
    ear.hears("karang tengah", value="karang tengah")
    assert visit.said is not None
    (code,) = visit.said.values
    press(visit, f"right:{code}")
    assert visit.session.place.about == "sktm/address.kelurahan"


def test_yes_or_no_is_a_task_of_its_own(visit: Visit, ear: Ear) -> None:
    to_question(
        visit,
        "dom-penduduk",
        lambda page: page.field.kind == "choice" and page.field.choices[0].value == "sama",
    )
    press(visit, "listen:")
    assert (ear.last.task, ear.last.phrases) == ("yesno", ())
    ear.hears("enggak", value="tidak")
    assert visit.said is not None
    assert visit.said.values == ("beda",)
    press(visit, "listen:")
    ear.hears("", sure=False, n_best=("yak", "iya", "ya ya"))
    assert (visit.said.values, visit.said.sure) == (("sama",), False)
    press(visit, "listen:")
    ear.hears("", sure=False, n_best=("nggak", "iya", "boleh tidak"))
    assert (visit.said.values, visit.said.sure) == (("beda", "sama"), False)


@pytest.mark.parametrize(
    ("kind", "speakable"),
    [("nik", True), ("name", False), ("date", False), ("street", False), ("phone", True)],
)
def test_only_what_can_be_said_is_offered(
    visit: Visit, ear: Ear, kind: str, speakable: bool
) -> None:
    on(visit, kind)
    page = visit.question
    assert page is not None
    assert visit.speakable(page) is speakable
    ear.now = "no_microphone"
    assert not visit.speakable(page)


# -- digits


def said(*spoken: tuple[str, float]) -> tuple[Word, ...]:
    """Words with the seconds from the beginning of each to the next."""
    words, at_s = [], 0.0
    for word, step_s in spoken:
        words.append(Word(word, at_s, at_s + step_s, 1.0))
        at_s += step_s
    return tuple(words)


def test_a_missing_digit_is_missing_in_its_group() -> None:
    steps = [0.4, 0.4, 0.4, 0.9, 0.4, 0.4, 1.2, 0.4, 0.4, 0.5, 0.8, 0.4, 0.4, 0.4, 0.4]
    words = said(*(("satu", step) for step in steps))
    assert groups_of("367101089000003", words, 16) == ["3671", "010", "8900", "0003"]


def test_without_clear_pauses_digits_stand_in_fours() -> None:
    words = said(*(("satu", 0.4) for _ in range(15)))
    assert groups_of("367101089000003", words, 16) == ["3671", "0108", "9000", "003"]
    assert groups_of("367101089000003", (), 16) == ["3671", "0108", "9000", "003"]
    assert groups_of("36", said(("tiga", 0.4), ("enam", 0.4)), 16) == ["36"]


def test_number_words_are_shown_as_digits() -> None:
    assert shown_signs("tiga enam tujuh satu kosong nol", "digits") == "3671 00"
    assert shown_signs("eh tiga enam", "digits") == "eh 36"
    assert shown_signs("", "digits") == ""
    assert shown_signs("tiga em tujuh pe el", "code") == "3M7P L"


# -- the code on a receipt

CODE = "KH7F3KTC"


@pytest.fixture
def at_counter(ear: Ear) -> Visit:
    desk = Desk(voice=ear)
    desk.counter = Loket(desk)
    visit = Visit(desk.services(), 1)
    press(visit, "start", "go:status", "listen:")
    return visit


def counter_of(visit: Visit) -> Loket:
    assert isinstance(visit.counter, Loket)
    return visit.counter


def test_a_code_is_asked_for_only_once_it_was_confirmed(at_counter: Visit, ear: Ear) -> None:
    assert ear.last.task == "code"
    ear.hears("…", value=CODE)
    assert at(at_counter) == "spoken"
    assert at_counter.said is not None
    assert at_counter.said.groups == ["KH7F", "3KTC"]
    assert (counter_of(at_counter).codes, at_counter.asked) == (0, None)
    press(at_counter, "right:")
    assert counter_of(at_counter).codes == 1
    assert at_counter.asked is not None
    assert (at_counter.asked.code, at(at_counter)) == ("KH7F-3KTC", "standing")
    assert at_counter.said is None
    press(at_counter, "back")
    assert at(at_counter) == "status"


def test_a_group_said_again_is_the_reading_that_makes_the_code_right(
    at_counter: Visit, ear: Ear
) -> None:
    ear.hears("…", value="KH7F3KPC")
    press(at_counter, "listen:1")
    assert ear.last.task == "code"
    ear.hears("…", value="3KPC", n_best=("tiga ka pe ce", "tiga ka te ce", "tiga ka te e"))
    assert at_counter.said is not None
    assert "".join(at_counter.said.groups) == CODE
    press(at_counter, "listen:0", "back")
    assert at(at_counter) == "spoken"
    assert "".join(at_counter.said.groups) == CODE, "cancelled, nothing changes"


@pytest.mark.parametrize("signs", ["KH7F3KPC", "KH7F3KT", "KH7F3KTCC", "7"])
def test_a_code_that_does_not_fit_is_put_right_by_keys(
    at_counter: Visit, ear: Ear, signs: str
) -> None:
    ear.hears("…", value=signs)
    assert at(at_counter) == "spoken"
    press(at_counter, "by_keys")
    assert (at(at_counter), at_counter.session.raw["status"]) == ("status", signs)
    assert counter_of(at_counter).codes == 0


def test_talk_that_is_no_code_is_only_missed(at_counter: Visit, ear: Ear) -> None:
    ear.hears("", sure=False, n_best=("tiga em",))
    assert at(at_counter) == "listen"
    assert at_counter.said is None
    press(at_counter, "listen:")
    assert ear.last.task == "code", "once more, still for the code"
    press(at_counter, "back")
    assert at(at_counter) == "status"


def test_without_an_ear_a_code_is_typed_as_before(at_counter: Visit, ear: Ear) -> None:
    ear.hears_nothing("microphone_gone")
    assert at(at_counter) == "status"
    assert at_counter.microphone_gone
    ear.now = "no_microphone"
    type_text(at_counter, CODE)
    press(at_counter, "next")
    assert at(at_counter) == "standing"
    assert counter_of(at_counter).codes == 1
