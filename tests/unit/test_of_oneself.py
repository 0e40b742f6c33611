"""Who cannot see, hear, stand or wait, who is hungry, and who asks about the machine; and how an
alarm lets go of what is said next, without a real one being missed."""

from __future__ import annotations

import pytest

from kiosk.domain.service import Lang
from kiosk.domain.turn import Turn
from kiosk.lookup.dialogue import Talk
from kiosk.lookup.hearing import load_table
from tests.talk_support import said, shipped, talk

FIND = shipped()
SAY = load_table()["say"]


def speaking(lang: Lang = "id") -> Talk:
    return talk(FIND, lang=lang)


def answered(text: str, lang: Lang = "id") -> Turn:
    return said(speaking(lang), text)


@pytest.mark.parametrize(
    "text",
    [
        "ngomong doang bisa ga mata saya burem",
        "bisa pake suara aja ga mata udah lamur",
        "ga bisa ngetik tangan gemeteran udah tua",
        "kuping kakek rada budek",
        "huruf segini mah ga kebaca sama mata tua",
        "saya buta huruf",
    ],
)
def test_who_cannot_see_hear_or_write_well_is_told_what_helps_and_no_alarm(text: str) -> None:
    turn = answered(text)
    assert (turn.text, turn.besides) == (SAY["id"]["hands"], None)


@pytest.mark.parametrize(
    "text",
    [
        "mata saya kena air keras",
        "tangan kanan saya ga bisa gerak ngomong pelo",
        "tolong",
        "somebody help me",
        "someone is following me",
    ],
)
def test_but_who_is_in_danger_is_heard(text: str) -> None:
    assert answered(text, "en" if "me" in text.split() else "id").outcome == "emergency"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("PELAYANAN LEMOT BANGET SY DAH NUNGGU 2 JAM", "complaint"),
        ("lama amat sih ngantrinya", "complaint"),
        ("udah dari pagi belum dipanggil panggil", "complaint"),
        ("kaki saya sakit ga kuat berdiri lama", "tired"),
        ("pegel berdiri ada kursi ga", "tired"),
        ("nunggunya berapa lama", ""),
        ("bikin sktm nunggu berapa lama", ""),
    ],
)
def test_who_waits_or_cannot_stand_is_not_told_how_long_it_takes(text: str, kind: str) -> None:
    assert (answered(text).text == SAY["id"].get(kind)) is bool(kind)


@pytest.mark.parametrize(
    "text",
    ["pak saya belum makan dari kemaren", "beras di rumah abis neng", "anak 3 suami ga kerja"],
)
def test_who_is_hungry_is_shown_the_aid_there_is(text: str) -> None:
    turn = answered(text)
    assert "slrt" in turn.options
    assert SAY["id"]["event-butuh-bantuan"] in turn.text


def test_an_alarm_lets_go() -> None:
    over = speaking()
    assert said(over, "bapak saya jatuh kejang kejang").outcome == "emergency"
    assert said(over, "udah dibawa ambulan, makasih").text == SAY["id"]["safe"]
    errand = speaking()
    assert said(errand, "ada kebakaran di gang sebelah").outcome == "emergency"
    assert said(errand, "udah ditolong, sekarang mau ambil antrian").service == "antrean"
    fire = speaking()
    assert said(fire, "kebakaran di dapur").outcome == "emergency"
    assert "112" not in said(fire, "udah aman, ktp sy kebakar gmn").options
    assert said(fire, "bayar ga").service != "112"


def test_another_danger_is_told_its_own_help() -> None:
    one = speaking()
    assert said(one, "ada uler gede masuk rumah").outcome == "emergency"
    assert "110" in said(one, "motor saya dimaling barusan").text


@pytest.mark.parametrize(
    "text",
    [
        "nomornya berapa",
        "dia ga gerak",
        "terus gimana",
        "ga ada orang di sini",
        "saya ga punya pulsa",
    ],
)
def test_but_while_it_lasts_the_help_is_told_again(text: str) -> None:
    assert said(speaking(), "nenek jatuh ga sadar", text).outcome == "emergency"


@pytest.mark.parametrize("text", ["nomer polisi berapa", "telepon polsek berapa", "police number"])
def test_a_number_asked_for_is_told(text: str) -> None:
    assert "110" in answered(text).text


@pytest.mark.parametrize("text", ["ambil nomer gimana", "udah dapet nomer terus ngapain"])
def test_the_help_line_is_no_meaning_of_a_queue_number(text: str) -> None:
    turn = answered(text)
    assert (turn.service, turn.besides) == ("antrean", None)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("are you AI? do you record my voice?", ["machine", "kept"]),
        ("are you a bot and is it private", ["machine", "kept"]),
        ("is someone listening to me", ["kept"]),
        ("does somebody else see what I type", ["kept"]),
        ("which services do you have", ["able"]),
        ("can you give me a list of everything you do", ["able"]),
        ("who can I complain to", ["complaint"]),
        ("can I get this on paper", ["paper"]),
        ("fine, sorry", ["sorry"]),
        ("never mind, my mistake", ["sorry"]),
    ],
)
def test_what_is_asked_about_the_machine_is_answered_all_of_it(text: str, kinds: list[str]) -> None:
    assert answered(text, "en").text == "\n".join(SAY["en"][kind] for kind in kinds)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to marry my boyfriend who lives in Jakarta", ""),
        ("my aunt who lives with us needs BPJS", ""),
        ("my brother who is living abroad wants to sell land", ""),
        ("who lives in house number 12", "others"),
        ("tell me who lives next door", "others"),
        ("address of Budi Santoso RT 03", "others"),
    ],
)
def test_who_asks_and_who_only_tells_where_somebody_lives(text: str, kind: str) -> None:
    turn = answered(text, "en")
    assert (turn.outcome == "refused") is bool(kind)
    assert not kind or turn.text == SAY["en"][kind]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("nik almarhum bapak saya lupa tolong cariin", True),
        ("ktp org tua sy dah ga ada, nik nya brp y", True),
        ("bapak saya udah wafat, nomor kk nya berapa", True),
        ("nik almarhum salah di akta kematian gimana", False),
        ("buat akta kematian perlu nik almarhum ga", False),
        ("anak saya belum punya nik, daftarnya gimana", False),
    ],
)
def test_the_nik_of_the_dead_is_not_told_either(text: str, *, refused: bool) -> None:
    assert (answered(text).outcome == "refused") is refused


def test_what_no_service_is_about_is_not_told_of_the_last_one() -> None:
    one = speaking()
    for text in ("stnk ilang", "npwp"):
        turn = said(one, text)
    assert turn.text == SAY["id"]["noted"]
    assert said(one, "bayar berapa").service == "sim-stnk"


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("kok sktm saya belum jadi sih", "antrean"),
        ("surat saya dijanjiin minggu lalu mana", "antrean"),
        ("ktp anak saya ga jadi jadi katanya datanya dobel", "ktp-duplikat"),
    ],
)
def test_papers_that_are_overdue_are_asked_after_unless_it_is_known_why(
    text: str, service: str
) -> None:
    assert answered(text).service == service


def test_of_papers_made_elsewhere_it_is_said_who_may_know() -> None:
    turn = answered("ktp sy blm jadi2 dr bulan lalu")
    assert "Disdukcapil" in turn.text
