"""Conversations: each turn about the right service."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from kiosk.config import WIB
from kiosk.domain.meaning import Hit, Meaning, Outcome
from kiosk.domain.service import Lang, Text
from kiosk.lookup.dialogue import Talk
from kiosk.lookup.hearing import load_table
from kiosk.lookup.helplines import load_emergency
from kiosk.lookup.keeping import kept_model, understanding
from kiosk.lookup.lessons import sentences_of
from kiosk.lookup.wording import Find
from tests.talk_support import (
    ASSETS,
    CATALOGUE,
    CONVERSATIONS,
    FIND,
    OFFICE,
    SATURDAY,
    SKTM,
    found,
    said,
    talk,
)

TURNS = sum(len(one["turn"]) for one in CONVERSATIONS)
# Of TURNS: with names alone, where most of the first turns are a choice, and with the ranking.
FEWEST_RIGHT = {False: 235, True: 300}


def wanted(turn: dict[str, str]) -> tuple[str, str, str]:
    return turn["outcome"], turn["service"], turn["slot"]


def teacher(conversation: dict[str, Any]) -> Find:
    """A lookup that is right about every turn that changes the subject, so that a fault is the
    dialogue's; what follows up on a subject it does not know any better than the real one."""
    right: dict[str, Meaning] = {}
    before = ""
    for turn in conversation["turn"]:
        say, outcome, service = turn["say"], turn["outcome"], turn["service"]
        if outcome in ("emergency", "out_of_scope"):
            right[say] = Meaning(say, outcome, (Hit(service, 1.0),) if service else ())
        elif service and service != before:
            right[say] = Meaning(say, "match", (Hit(service, 1.0),))
        before = service or before
    # What is left of a question when the other city is taken out of it.
    right["ktp ngurus bawa apa"] = Meaning("", "match", (Hit("ktp-baru", 1.0),))
    return lambda text, limit: right.get(text) or FIND(text, limit)


_LOST, _DEAD = Hit("ktp-hilang", 0.5), Hit("akta-mati", 0.4)


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize(
    ("words", "outcome", "hits"),
    [
        ("kuping dimasukin semut", "out_of_scope", ()),
        ("bapak rebah pas urus surat", "choose", (_LOST, _DEAD)),
        ("ktp ilang orangnya rebah", "answer", (_LOST,)),
        ("halo", "smalltalk", ()),
    ],
)
def test_near_an_emergency_the_way_to_help_is_offered_with_any_answer(
    words: str, outcome: str, hits: tuple[Hit, ...], urgent: bool
) -> None:
    kind = {"choose": "choose", "answer": "match"}.get(outcome, "out_of_scope")
    near = Meaning("", cast(Outcome, kind), hits, perhaps_urgent=urgent)
    turn = said(talk(lambda text, limit: near), words)
    assert turn.outcome == outcome
    assert turn.besides == ("112" if urgent else None)
    assert "112" not in turn.options  # "yang pertama" is what stands first among them


@pytest.mark.parametrize(
    "conversation",
    [one for one in CONVERSATIONS if not one.get("shipped")],
    ids=lambda one: str(one["title"]),
)
def test_every_turn_when_the_lookup_is_right(conversation: dict[str, Any]) -> None:
    one = talk(teacher(conversation))
    turns = [(turn["say"], found(one.answer(turn["say"], SATURDAY))) for turn in
             conversation["turn"]]  # fmt: skip
    assert turns == [(turn["say"], wanted(turn)) for turn in conversation["turn"]]


def test_the_conversations_with_the_lookup_as_it_ships(tmp_path: Path) -> None:
    services = CATALOGUE.services.values()
    kept = kept_model(services, sentences_of(ASSETS), tmp_path, ASSETS)
    one = talk(understanding(services, tmp_path, ASSETS).find)
    right = 0
    for conversation in CONVERSATIONS:
        one.end()
        for turn in conversation["turn"]:
            right += found(one.answer(turn["say"], SATURDAY)) == wanted(turn)
    assert len(CONVERSATIONS) == 67
    assert right >= FEWEST_RIGHT[kept.model is not None], f"{right} of {TURNS}"


def test_the_emergency_service_alone_is_an_emergency_and_its_fee_is_a_fact() -> None:
    one = talk(lambda text, _: Meaning(text, "match", (Hit("112", 1.0),)))
    assert found(said(one, "ada ular di rumah")) == ("emergency", "112", "")
    assert found(said(one, "112 itu bayar nggak")) == ("answer", "112", "biaya")


@pytest.mark.parametrize("kind", load_emergency()["kind"])
def test_an_emergency_is_answered_with_its_fixed_words(kind: str) -> None:
    meaning = Meaning("", "emergency", (Hit("112", 1.0),), emergency_kind=kind)
    turn = said(talk(lambda _, __: meaning), "tolong")
    assert load_emergency()["kind"][kind]["say"]["id"] in turn.text
    assert "112" in turn.text


def test_a_sibling_is_reached_by_the_word_that_differs_and_the_earlier_one_by_tadi() -> None:
    one = talk()
    assert said(one, "surat kematian dari kelurahan", "ktp rusak").service == "ktp-rusak"
    assert said(one, "kalau hilang?").service == "ktp-hilang"
    assert said(one, "yang tadi bayar nggak").service == "ktp-rusak"


def test_an_option_is_picked_by_its_place_and_answers_what_was_asked() -> None:
    one = talk(lambda text, _: Meaning(text, "choose", (Hit("sktm", 1.0), Hit("skck", 0.9))))
    asked = said(one, "surat biayanya berapa")
    assert (asked.outcome, asked.options) == ("choose", ("sktm", "skck"))
    assert found(said(one, "yang kedua")) == ("answer", "skck", "biaya")


def test_one_s_own_case_is_answered_with_the_service_s_own_lines_or_not_at_all() -> None:
    one = talk()
    late = said(one, "akta kelahiran", "kalau telat denda ga")
    assert "Lewat 60 hari masih bisa" in late.text
    proxy = said(one, "kalau diwakilin gimana")
    assert found(proxy) == ("unknown", "akta-lahir", "")
    assert load_table()["say"]["id"]["unknown"] in proxy.text


def test_a_need_is_answered_about_the_service_spoken_of() -> None:
    one = talk(lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit))
    needed = said(one, "mau bikin SKTM", "perlu pengantar RT ga?")
    assert (needed.outcome, needed.service) == ("answer", "sktm")
    assert "• Surat pengantar RT/RW" in needed.text
    assert found(said(one, "SKTM itu apa")) == ("answer", "sktm", "")


def test_a_thing_asked_after_is_looked_for_in_the_service_s_own_lines() -> None:
    one = talk(lambda text, _: Meaning(text, "match", (Hit("nama-ubah", 1.0),)))
    court = said(one, "ganti nama di akta", "harus ke pengadilan dulu ga")
    assert (court.outcome, court.service) == ("answer", "nama-ubah")
    assert all("pengadilan" in line.lower() for line in court.text.split("\n")[1:-2])
    assert said(one, "harus ke camat ga").outcome == "unknown"


def test_how_far_one_s_papers_are_is_asked_here_only_of_what_is_made_here() -> None:
    right = {"sktm": "sktm", "ktp": "ktp-baru"}
    one = talk(
        lambda text, _: Meaning(
            text, "match", tuple(Hit(right[word], 1.0) for word in text.split() if word in right)
        )
    )
    assert found(said(one, "udah jadi belum surat saya")) == ("answer", "antrean", "status")
    assert found(said(one, "ktp saya udah jadi belum")) == ("unknown", "ktp-baru", "status")


def test_who_does_not_pick_is_told_of_each_and_once_where_they_are_alike() -> None:
    even = Meaning("", "choose", (Hit("skck", 1.0), Hit("sktm", 0.4)))
    turn = said(talk(lambda *_: even), "surat itu", "bayar berapa")
    assert (turn.outcome, turn.slot, turn.options) == ("answer", "biaya", ("skck", "sktm"))
    assert CATALOGUE.services["skck"].name.id in turn.text
    assert "Rp30.000" in turn.text
    alike = Meaning("", "choose", (Hit("ktp-hilang", 1.0), Hit("kk-hilang", 0.9)))
    free = said(talk(lambda *_: alike), "kartu itu", "bayar berapa")
    assert free.text.count("Gratis") == 1
    assert free.text.startswith(load_table()["say"]["id"]["alike"])


def test_a_loose_choice_leaves_the_service_spoken_of() -> None:
    misheard = Meaning("", "choose", (Hit("biodata", 0.9), Hit("ktp-baru", 0.1)))
    one = talk(lambda text, limit: misheard if "kartu" in text else FIND(text, limit))
    turn = said(one, "NIB", "kartu kampung jauh", "di mana ngurusnya")
    assert (turn.outcome, turn.service, turn.slot) == ("answer", "nib", "lokasi")


def test_with_a_choice_that_nobody_made_nobody_is_sent_away() -> None:
    nothing = Meaning("", "out_of_scope", ())
    one = talk(lambda text, limit: FIND(text, limit) if "dompet" in text else nothing)
    offered = said(one, "dompet saya jatuh").options
    for told in ["di pasar bukan di bus", "the guard saw it"]:
        assert (said(one, told).outcome, said(one, told).options) == ("choose", offered)
    asked = said(one, "lapor pos ronda dulu apa")  # of none of them is it known; they stay
    assert (asked.outcome, asked.options) == ("unknown", offered)


@pytest.mark.parametrize("lang", get_args(Lang))
@pytest.mark.parametrize(
    "asked",
    ["nomor telponnya brp", "trus piye", "nelponnya mbayar ga", "which number do I call", "oke"],
)
def test_after_an_alarm_one_is_told_of_the_help_until_something_else_is_asked(
    asked: str, lang: Lang
) -> None:
    alarm = Meaning("", "emergency", (Hit("112", 1.0),), emergency_kind="kebakaran")
    none = Meaning("", "out_of_scope", ())

    def find(text: str, limit: int) -> Meaning:
        return alarm if "api" in text else FIND(text, limit) if "SKTM" in text else none

    one = talk(find, lang=lang)
    help_told = said(one, "SKTM", "ada api gede")
    if asked != "oke":
        assert replace(said(one, asked), number=help_told.number) == help_told
    assert said(one, "oke", "terus gimana").text == help_told.text
    assert found(said(one, "SKTM bayar ga")) == ("answer", "sktm", "biaya")
    assert found(said(one, "bayar ga")) == ("answer", "sktm", "biaya")


@pytest.mark.parametrize("over", ["apinya udah padam", "everyone is safe now"])
def test_when_the_danger_is_over_one_goes_on_with_the_errand(over: str) -> None:
    alarm = Meaning("", "emergency", (Hit("112", 1.0),), emergency_kind="kebakaran")
    one = talk(lambda text, limit: alarm if "api gede" in text else FIND(text, limit))
    said(one, "SKTM", "ada api gede", over)
    assert found(said(one, "bayar ga")) == ("answer", "sktm", "biaya")


def test_what_each_option_says_is_told_before_one_is_picked() -> None:
    one = talk()
    turn = said(one, "dompet saya jatuh", "mesti ke polsek dulu")
    assert (turn.outcome, turn.options) == ("answer", ("ktp-hilang", "kk-hilang"))
    assert turn.text.count("polisi") >= 2
    assert said(one, "kalau dititip kakak").options == turn.options  # not said of both: asked


@pytest.mark.parametrize(
    ("service", "text", "outcome", "slot", "line"),
    [
        ("akta-lahir", "batas akhirnya kapan", "answer", "", "paling lambat 60 hari"),
        ("akta-lahir", "tenggatnya sampai kapan", "answer", "", "paling lambat 60 hari"),
        ("pindah-datang", "butuh pengantar dari rw", "unknown", "", "pindah"),
        ("akta-lahir", "apa kudu pengantar rt", "answer", "", "tidak perlu"),
        ("sktm", "pak rt lagi keluar kota nih", "unknown", "", "SKTM"),
        ("sktm", "tapi kk saya masih Bogor", "unknown", "", "SKTM"),
        ("sktm", "berkas apa yang dibutuhkan", "answer", "syarat", "RT/RW"),
        ("sktm", "what does it require", "answer", "syarat", "RT/RW"),
        ("sktm", "mintanya ke siapa", "answer", "lokasi", "kelurahan"),
        ("sktm", "rega pinten", "answer", "biaya", "Gratis"),
        ("laksa", "laporin pakai apa", "answer", "langkah", "Tangerang LIVE"),
        ("laksa", "how can I report it", "answer", "langkah", "Tangerang LIVE"),
        ("ikd", "harus pakai hp canggih ga", "answer", "", "Android"),
    ],
)
def test_what_is_said_in_between_is_of_the_service_spoken_of(
    service: str, text: str, outcome: str, slot: str, line: str
) -> None:
    one = talk()
    one.turn_to(service)
    turn = said(one, text)
    assert (turn.outcome, turn.service, turn.slot or "") == (outcome, service, slot)
    assert line.lower() in turn.text.lower()
    assert load_table()["say"]["id"]["labels"]["validity"] + ":" not in turn.text


def test_which_of_two_is_free_or_faster_is_told_of_both() -> None:
    one = talk()
    said(one, "beda SKTM sama NIB apa")
    for asked, slot in [("mana yang gratis", "biaya"), ("lebih cepet yang mana", "waktu")]:
        turn = said(one, asked)
        assert (turn.slot, turn.options) == (slot, ("sktm", "nib"))


def test_an_excuse_is_courtesy_and_a_wait_that_is_complained_of_is_no_question() -> None:
    say = load_table()["say"]["id"]
    assert said(talk(), "maaf ya saya kesal").text == say["sorry"]
    one = talk()
    assert said(one, "SKTM", "antrinya lama amat, petugas lelet").text == say["complaint"]
    assert found(said(one, "prosesnya lama ga")) == ("answer", "sktm", "waktu")


def test_what_was_refused_stays_refused_until_an_errand_is_spoken_of() -> None:
    one = talk(lambda text, limit: FIND(text, limit))
    assert said(one, "cek NIK mantan saya", "orangnya galak", "nomornya aja").outcome == "refused"
    assert said(one, "SKTM", "alamatnya").outcome != "refused"


def test_what_is_asked_of_a_life_event_is_told_of_what_comes_first_in_it() -> None:
    one = talk()
    offered = said(one, "anak saya baru lahir").options
    first = said(one, "bayar berapa")
    assert (first.service, first.slot) == (offered[0], "biaya")
    assert said(one, "yang kedua").service == offered[1]


def test_opening_hours_in_between_do_not_become_the_errand() -> None:
    one = talk(lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit))
    assert said(one, "SKTM", "kelurahan buka jam berapa").service == "jam"
    assert found(said(one, "biayanya berapa")) == ("answer", "sktm", "biaya")


def test_the_difference_to_the_service_spoken_of() -> None:
    names = {"SKTM": "sktm", "sku": "sku"}
    one = talk(
        lambda text, _: Meaning(
            text, "match", tuple(Hit(names[word], 1.0) for word in text.split() if word in names)
        )
    )
    turn = said(one, "SKTM", "bedanya sama SKU apa")
    assert turn.options == ("sktm", "sku")
    for service in map(CATALOGUE.services.__getitem__, turn.options):
        assert service.summary.id in turn.text


def test_why_it_was_refused_is_answered_with_the_reason_and_a_new_errand_is_not_refused() -> None:
    one = talk()
    first = said(one, "liatin data KK tetangga saya")
    assert said(one, "kenapa ga boleh").text == first.text
    assert said(one, "ya udah mau pindah alamat").outcome != "refused"


@pytest.mark.parametrize("text", ["oke", "siap kak", "ya", "dah", "makasih ya", "halo", "pamit"])
def test_courtesy_is_answered_as_such_and_changes_nothing(text: str) -> None:
    one = talk(lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit))
    assert found(said(one, "SKTM", text)) == ("smalltalk", "", "")
    assert found(said(one, "bayar berapa")) == ("answer", "sktm", "biaya")


def test_a_word_that_describes_is_no_question() -> None:
    free = Meaning("", "match", (Hit("uhc-pbi", 1.0),))
    assert said(talk(lambda _, __: free), "orang tua saya mau berobat gratis").slot == "syarat"
    assert said(talk(lambda _, __: free), "berobatnya gratis nggak").slot == "biaya"


def test_thanks_with_a_question_is_a_question() -> None:
    one = talk(lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit))
    assert found(said(one, "SKTM", "makasih, bayar berapa")) == ("answer", "sktm", "biaya")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cek NIK mantan saya dong", "others"),
        ("cariin alamat si Budi", "others"),
        ("bisa bikin KTP palsu ga", "forgery"),
        ("kasih duit biar cepet bisa kan", "bribe"),
        ("can I pay extra to be first", "bribe"),
    ],
)
def test_refused_with_the_reason(text: str, reason: str) -> None:
    turn = said(talk(), text)
    assert (turn.outcome, turn.service) == ("refused", None)
    assert turn.text == load_table()["say"]["id"][reason]


@pytest.mark.parametrize(
    "text", ["petugas minta uang pelicin", "saya korban KTP palsu, lapor ke mana"]
)
def test_who_was_wronged_is_not_refused(text: str) -> None:
    assert said(talk(), text).outcome != "refused"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("besok buka ga", "Besok Minggu. Kantor tutup."),
        ("lusa buka ga", "Lusa Senin."),
        ("rabu buka ga", "Tanggal 16-12-2026, Rabu."),
    ],
)
def test_hours_are_told_of_the_day_that_is_asked(text: str, line: str) -> None:
    saturday = datetime(2026, 12, 12, 9)
    assert line in talk().answer(text, saturday).text.split("\n")


def test_a_holiday_is_closed() -> None:
    christmas = talk().answer("hari ini buka ga", datetime(2026, 12, 25, 9)).text
    assert "Kantor tutup." in christmas


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ("Senin–Jumat 08.00–16.00", {0, 1, 2, 3, 4}),
        ("Senin s/d Kamis 8-16, Jum'at 8-15", {0, 1, 2, 3, 4}),
        ("Senin-Jumat 8-16, Sabtu 8-12, Minggu tutup", {0, 1, 2, 3, 4, 5}),
        ("08.00-16.00", None),
    ],
)
def test_the_days_that_an_office_names_are_open(hours: str, days: set[int] | None) -> None:
    assert replace(OFFICE, hours=Text(hours, hours)).open_days == days


def test_hours_are_the_office_s_own_and_say_what_day_it_is() -> None:
    open_when = said(talk(), "hari ini buka?")
    assert found(open_when) == ("answer", "jam", "jam")
    assert "Senin–Jumat 08.00–16.00" in open_when.text
    assert "Hari ini Sabtu." in open_when.text
    independence = datetime(2026, 8, 17, 9, tzinfo=WIB)
    assert "Hari Kemerdekaan" in said(talk(), "jam buka kelurahan", now=independence).text


def test_hours_that_nobody_set_are_not_known() -> None:
    unset = replace(OFFICE, hours=None)
    assert found(said(talk(office=unset), "jam buka kelurahan")) == ("unknown", "jam", "jam")
    assert found(said(talk(), "puskesmas jam buka")) == ("unknown", "puskesmas", "jam")


def test_what_is_past_its_date_is_said_to_be_so_before_it_is_told() -> None:
    fee = CATALOGUE.services["sktm"].facts["fee"]
    past = replace(fee, state="disahkan", valid_until=date(2026, 1, 1))
    sktm = replace(CATALOGUE.services["sktm"], facts={"fee": past})
    one = talk(catalogue=replace(CATALOGUE, services={**CATALOGUE.services, "sktm": sktm}))
    turn = said(one, "SKTM", "bayar nggak?")
    assert turn.standing == "kedaluwarsa"
    assert turn.text.index("SUDAH LEWAT") < turn.text.index("Gratis")


def test_english_questions_and_answers() -> None:
    one = talk(lang="en")
    assert found(said(one, "certificate of low income")) == ("answer", "sktm", "syarat")
    for asked, slot in [
        ("how much is it?", "biaya"),
        ("how long does it take?", "waktu"),
        ("where do I go?", "lokasi"),
        ("what do I need to bring?", "syarat"),
        ("how do I apply?", "langkah"),
        ("what will I get?", "hasil"),
    ]:
        assert found(said(one, asked)) == ("answer", "sktm", slot)
    assert "Fee: Free" in said(one, "bayar ga").text


def test_ten_turns_then_a_kind_end_and_whoever_goes_on_begins_anew() -> None:
    one = talk(lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit))
    turns = [one.answer("SKTM bayar berapa", SATURDAY) for _ in range(11)]
    assert [turn.number for turn in turns] == list(range(1, 12))
    assert {turn.service for turn in turns[:10]} == {"sktm"}
    ended = load_table()["say"]["id"]["ended"]
    assert (turns[10].outcome, turns[10].text) == ("smalltalk", ended)
    assert "sktm" not in remembered(one)
    assert said(one, "bayar berapa").service is None
    assert found(said(one, "SKTM bayar berapa")) == ("answer", "sktm", "biaya")


def test_an_emergency_is_answered_at_the_end_of_a_talk_too() -> None:
    one = talk()
    assert said(one, *["halo"] * 10, "tolong ada kebakaran").outcome == "emergency"


def test_the_end_of_a_session_wipes_the_talk() -> None:
    one = talk()
    said(one, "SKTM", "bedanya SKTM sama NIB apa", "alamat mantan saya apa", "beli bakso di mana")
    one.end()
    assert remembered(one) == remembered(talk())
    assert said(one, "bayar nggak?").service is None
    assert said(one, "halo").number == 2


def remembered(one: Talk) -> str:
    """All that a talk knows beyond its tables."""
    return repr((one._number, one._thread, one._refused, one._last, one._wording._words))


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("disdukcapil buka jam berapa", "Disdukcapil"),
        ("polsek sabtu buka ga", "Kepolisian"),
        ("kantor pos tutup jam berapa", "Kantor Pos"),
        ("kecamatan besok libur ga", "Kantor kecamatan"),
    ],
)
def test_the_hours_of_another_office_are_never_this_one_s(asked: str, line: str) -> None:
    turn = said(talk(), asked)
    assert found(turn) == ("unknown", "", "jam")
    assert turn.text.startswith(line + "\n")
    assert "08.00" not in turn.text


def test_what_is_done_elsewhere_has_not_this_office_s_hours() -> None:
    one = talk()
    one.turn_to("ktp-hilang")
    assert found(said(one, "sabtu bisa ga")) == ("unknown", "ktp-hilang", "jam")
    assert found(said(talk(), "surat kematian dari kelurahan", "sabtu bisa ga"))[0] == "answer"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kelurahan natal buka ga", "Tanggal 25-12-2026, Jumat, hari libur nasional: Hari Natal."),
        ("tanggal 25 buka ga", "Tanggal 25-12-2026, Jumat, hari libur nasional: Hari Natal."),
        ("tanggal 25 januari buka ga", "Tanggal 25-01-2027, Senin."),
        ("17 agustus buka?", "Tanggal 17-08-2027, Selasa, hari libur nasional: Hari Kemerdekaan."),
        ("hari ini buka?", "Hari ini Sabtu. Kantor tutup."),
    ],
)
def test_the_day_is_read_from_the_calendar(text: str, line: str) -> None:
    assert line in said(talk(), text, now=datetime(2026, 12, 12, 9)).text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31/12 masih buka ga", "31-12-2026"),
        ("tgl 2-1 bisa ga", "02-01-2027"),
        ("tanggal tiga puluh satu desember tutup ga", "31-12-2026"),
        ("dua januari buka kan", "02-01-2027"),
        ("24/12/2026 buka?", "24-12-2026"),
        ("are you open on January 4th", "04-01-2027"),
        ("open on the 22nd?", "22-12-2026"),
        ("are you open on the fifth of January?", "05-01-2027"),
        ("open on New Year's Day?", "01-01-2027"),
        ("is it open on labour day", "01-05-2027"),
    ],
)
def test_a_date_is_understood_however_it_is_said(text: str, day: str) -> None:
    turn = said(talk(), text, now=datetime(2026, 12, 12, 9))
    assert (found(turn), day in turn.text) == (("answer", "jam", "jam"), True)


@pytest.mark.parametrize(
    "text",
    [
        "minggu depan buka ga",
        "bulan depan masih buka ga",
        "are you open next week",
        "31 februari buka ga",
        "tanggal 40 buka ga",
        "bulan januari buka ga",
        "25 desember 2025 buka ga",
        "3 hari lagi buka ga",
    ],
)
@pytest.mark.parametrize("lang", get_args(Lang))
def test_a_day_that_is_not_understood_is_never_answered_as_today(text: str, lang: Lang) -> None:
    turn = said(talk(lang=lang), text, now=datetime(2026, 12, 12, 9))
    assert found(turn) == ("unknown", "jam", "jam")
    assert load_table()["say"][lang]["unsettled"] in turn.text


def test_a_period_goes_on_with_the_hours_and_an_age_is_no_day() -> None:
    assert "Sabtu" not in said(talk(), "besok buka ga", "kalau minggu depan?").text
    assert said(talk(), "anak saya 17 tahun bulan depan udah bisa bikin ktp").slot != "jam"
    assert said(talk(), "rt 02 03 bisa bikin surat").slot != "jam"


@pytest.mark.parametrize(
    "text", ["istirahat jam berapa", "puasa buka jam berapa", "cuti bersama libur ga", "malam buka"]
)
def test_a_time_that_the_hours_do_not_tell_is_not_known(text: str) -> None:
    turn = said(talk(), text)
    assert found(turn) == ("unknown", "jam", "jam")
    assert load_table()["say"]["id"]["unsettled"] in turn.text


def test_a_day_alone_goes_on_with_the_hours_and_two_weeks_are_no_sunday() -> None:
    one = talk()
    assert "Lusa Senin." in said(one, "sabtu buka ga", "kalau senin").text
    assert said(one, "dua minggu").slot != "jam"


@pytest.mark.parametrize(
    ("hour", "sentence"), [(9, "masih jam layanan"), (17, "di luar jam layanan")]
)
def test_open_or_closed_is_said_of_now_and_of_no_other_hour(hour: int, sentence: str) -> None:
    friday = datetime(2026, 11, 20, hour, 30)
    assert (
        f"Sekarang jam {hour:02}.30, {sentence}." in said(talk(), "masih buka ga", now=friday).text
    )
    assert "Sekarang" not in said(talk(), "besok buka ga", now=friday).text
    assert "Sekarang" not in said(talk(), "jam 5 masih buka", now=friday).text


@pytest.mark.parametrize(
    ("hours", "weekday", "spans"),
    [
        ("Senin–Jumat 08.00–16.00", 4, [(time(8), time(16))]),
        ("Senin–Jumat 08.00–16.00", 5, []),
        ("Senin s/d Kamis 8-16, Jum'at 8-15.30", 4, [(time(8), time(15, 30))]),
        ("Senin, Selasa 8-12, 13-15; Minggu tutup", 1, [(time(8), time(12)), (time(13), time(15))]),
        ("08.00-16.00", 6, [(time(8), time(16))]),
        ("pagi sampai sore", 0, []),
    ],
)
def test_the_hours_of_each_day_are_read(
    hours: str, weekday: int, spans: list[tuple[time, time]]
) -> None:
    assert list(replace(OFFICE, hours=Text(hours, hours)).spans(weekday)) == spans


def test_a_yes_or_no_rests_on_a_line_that_holds_all_that_was_asked() -> None:
    one = talk()
    one.turn_to("ktp-hilang")
    assert "Fotokopi" not in said(one, "perlu foto ga").text
    assert said(one, "butuh surat ga").outcome == "unknown"  # nearly every line holds one
    assert found(said(one, "kok harus bayar ke rt")) == ("unknown", "ktp-hilang", "biaya")


def test_a_sure_match_beats_a_loose_question_and_no_paper_that_is_needed() -> None:
    sure = Meaning("", "match", (Hit("loker", 1.0),))
    one = talk(lambda text, limit: sure if "lowongan" in text else FIND(text, limit))
    assert said(one, "SKCK", "ada lowongan ga di sini").service == "loker"
    assert said(one, "SKCK", "pengantar rt perlu ga").service == "skck"


def test_an_office_that_is_named_is_no_subject() -> None:
    police = Meaning("", "match", (Hit("skck", 1.0),))
    one = talk(lambda text, limit: police if "polisi" in text else FIND(text, limit))
    turn = said(one, "Surat pengantar kehilangan", "dari kelurahan atau polisi")
    assert found(turn) == ("answer", "hilang-kel", "lokasi")
    assert found(said(one, "bayar polisi berapa")) == ("unknown", "hilang-kel", "biaya")


def test_with_a_service_in_hand_nobody_is_sent_away() -> None:
    away = load_table()["say"]["id"]["out_of_scope"]
    nothing = Meaning("", "out_of_scope", ())
    one = talk(lambda text, limit: FIND(text, limit) if "SKTM" in text else nothing)
    for asked in ["kalau anak saya mondok", "tanahnya bukan punya saya"]:
        turn = said(one, "SKTM", asked)
        assert away not in turn.text
        assert "(SKTM)" in turn.text
    assert said(one, "cuaca cerah").text == load_table()["say"]["id"]["noted"]  # not of the SKTM
    assert said(one, "bayar").service == "sktm"
    assert away in said(talk(lambda *_: nothing), "cuaca cerah").text


def test_a_weak_choice_that_nobody_made_leaves_the_service_spoken_of() -> None:
    weak = Meaning("", "choose", (Hit("blm-rumah", 0.5), Hit("nonpermanen", 0.5)))
    one = talk(lambda text, limit: weak if "kontrakan" in text else FIND(text, limit))
    assert said(one, "SKTM", "pemilik kontrakan menolak").outcome in ("unknown", "out_of_scope")
    assert said(one, "berapa lama").service == "sktm"


def test_both_are_told_after_a_comparison_and_the_other_one_is_the_other() -> None:
    one = talk()
    assert said(one, "SKTM sama NIB sama ga").options == ("sktm", "nib")
    both = said(one, "bayar ga")
    assert (both.outcome, both.slot, both.options) == ("answer", "biaya", ("sktm", "nib"))
    assert set(both.sources) >= set(CATALOGUE.services["sktm"].facts["fee"].sources)
    assert said(one, "yang kedua").service == "nib"
    assert said(one, "yang satunya?").service == "sktm"
    assert said(one, "dua duanya gratis?").options == ("sktm", "nib")


def test_a_mismatch_of_papers_is_no_comparison() -> None:
    turn = said(talk(), "nama di akta lahir beda sama ijazah")
    assert load_table()["say"]["id"]["compare"] not in turn.text


def test_what_is_asked_of_several_is_told_of_each() -> None:
    turn = said(talk(), "biaya SKTM dan NIB")
    assert (turn.slot, turn.options) == ("biaya", ("sktm", "nib"))
    assert said(talk(), "mau bikin SKTM sama NIB sekalian").outcome == "choose"


def test_a_word_that_no_service_is_called_by_has_no_meaning_here() -> None:
    right = {"nib": "nib", "kbli": "nib"}
    one = talk(
        lambda text, _: Meaning(
            text, "match", tuple(Hit(right[word], 1.0) for word in text.split() if word in right)
        )
    )
    assert CATALOGUE.services["nib"].summary.id in said(one, "nib itu apaan sih").text
    assert said(one, "kbli itu apa").text == load_table()["say"]["id"]["no_meaning"]


@pytest.mark.parametrize("again", ["ulangi dong", "ga denger", "tolong ulangi", "say that again"])
def test_what_was_not_heard_is_said_again(again: str) -> None:
    one = talk()
    before = said(one, "SKTM", "bayar ga")
    turn = said(one, again)
    assert replace(turn, number=before.number) == before
    assert turn.number == before.number + 1


def test_a_pointer_without_a_list_is_told_so() -> None:
    turn = said(talk(), "yang paling bawah")
    assert turn.text == load_table()["say"]["id"]["no_list"]
    assert said(talk(), "yang terakhir bayar berapa").text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("minta alamat rumah pak budi", "others"),
        ("nomor hp bu siti", "others"),
        ("cek utang pajak tetangga", "others"),
        ("tanah sebelah atas nama siapa", "others"),
        ("liat daftar penerima bansos", "others"),
        ("cek nik istri saya dapet bansos apa kaga", "family"),
        ("kasih duit aja biar cepet", "bribe"),
    ],
)
def test_data_of_people_and_money_for_speed_are_refused_in_any_order(
    text: str, reason: str
) -> None:
    assert said(talk(), text).text == load_table()["say"]["id"][reason]


@pytest.mark.parametrize(
    "text",
    [
        "ada calo nawarin cepet",
        "nomor hp pak lurah",
        "alamat pak tolong di mana",
        "cara cek bansos istri saya",
        "tetangga dapat bansos saya tidak",
        "pak rt minta nik saya",
    ],
)
def test_who_only_asks_is_not_refused(text: str) -> None:
    assert said(talk(), text).outcome != "refused"


def test_a_remark_is_told_only_of_what_was_asked_and_never_without_state_and_source() -> None:
    say = load_table()["say"]["id"]
    one = talk()
    one.turn_to("ktp-hilang")
    assert "banjir" not in said(one, "kalau diwakilkan").text
    summary = said(one, "SKTM itu apa")
    assert (summary.standing, say["unsourced"] in summary.text) == ("contoh", True)
    compared = said(one, "bedanya SKTM sama NIB apa")
    assert (compared.standing, say["unsourced"] in compared.text) == ("contoh", True)


def test_what_is_surely_named_behind_salah_is_taken() -> None:
    names = {"SKTM": "sktm", "SKCK": "skck"}
    one = talk(
        lambda text, _: Meaning(
            text, "match", tuple(Hit(names[word], 1.0) for word in text.split() if word in names)
        )
    )
    assert found(said(one, "SKTM", "eh salah SKCK")) == ("answer", "skck", "syarat")


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("saya baru di phk", "loker"),
        ("rumah kebakaran surat abis semua", "kk-hilang"),
        ("saya mau pindah rumah", "pindah-datang"),
        ("I lost my wallet", "ktp-hilang"),
        ("dompet kecopetan ktp sim bpjs ilang", "kk-hilang"),
        ("istri baru punya bayi", "akta-lahir"),
    ],
)
def test_what_happened_is_answered_with_all_it_takes(text: str, service: str) -> None:
    turn = said(talk(lambda *_: Meaning("", "out_of_scope", ())), text)
    assert turn.outcome == "choose"
    assert service in turn.options


@pytest.mark.parametrize("lang", get_args(Lang))
def test_of_a_death_a_kind_word_comes_first(lang: Lang) -> None:
    word = load_table()["say"][lang]["event-keluarga-meninggal"]
    none = Meaning("", "out_of_scope", ())
    one = talk(lambda *_: none, lang=lang)
    assert said(one, "nenek saya wafat kemarin").text.startswith(word)
    assert word not in said(one, "adik saya mau nikah").text
