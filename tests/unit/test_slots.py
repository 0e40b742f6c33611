"""How a fact is asked for: a sum or a time that somebody claims, other tongues, words written by
ear, who must come along, what one takes a letter for."""

from __future__ import annotations

import pytest

from kiosk.domain.meaning import Hit, Meaning
from kiosk.domain.service import Lang
from kiosk.domain.turn import Turn
from kiosk.lookup.hearing import load_table
from kiosk.lookup.sounds import Sounds
from tests.talk_support import SATURDAY, found, said, talk


def asked_of(service: str, text: str, lang: Lang = "id") -> Turn:
    """The answer in a conversation about this service."""
    one = talk(lang=lang)
    one.turn_to(service)
    return one.answer(text, SATURDAY)


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("katanya bayar 75rb ya", "biaya"),
        ("kata pak RT gratis ya", "biaya"),
        ("tetangga saya bilang 100 ribu", "biaya"),
        ("masa bayar sih", "biaya"),
        ("kata petugas seminggu ya", "waktu"),
        ("masa 3 hari", "waktu"),
        ("my neighbour said it costs 50 thousand", "biaya"),
        ("they say it takes a week", "waktu"),
    ],
)
def test_what_somebody_claims_is_answered_with_the_fact(text: str, slot: str) -> None:
    assert found(said(talk(), "sktm", text)) == ("answer", "sktm", slot)


@pytest.mark.parametrize("text", ["umur anak saya 3 bulan", "udah 2 bulan belum bikin"])
def test_a_time_that_is_told_of_oneself_claims_nothing(text: str) -> None:
    assert said(talk(), "akta lahir", text).slot != "waktu"


def test_of_this_city_nothing_of_another_is_told_as_its_own() -> None:
    one = talk()
    assert "Kota Tangerang" not in said(one, "ktp rusak", "berapa lama").text
    told = said(one, "di tangerang berapa lama").text
    assert told.index("Kota Tangerang: belum ada data resmi") < told.index("Bengkalis")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("makasih ya kk", ("smalltalk", "", "")),
        ("bayar berapa kk", ("answer", "ktp-hilang", "biaya")),
        ("gratis ga kk", ("answer", "ktp-hilang", "biaya")),
        ("terus abis itu ngapain bu", ("answer", "ktp-hilang", "langkah")),
    ],
)
def test_who_is_spoken_to_is_no_subject(text: str, expected: tuple[str, str, str]) -> None:
    assert found(asked_of("ktp-hilang", text)) == expected


def test_a_family_card_stays_one() -> None:
    for text in ("kk saya hilang", "kalau kk gimana"):
        turn = asked_of("ktp-hilang", text)
        assert "kk-hilang" in (turn.service, *turn.options), text


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("suratna naon wae", "syarat"),
        ("naon wae nu kudu dicandak", "syarat"),
        ("sabaraha lila", "waktu"),
        ("waragadna sabaraha", "biaya"),
        ("opo wae sing digowo", "syarat"),
        ("ragate piro", "biaya"),
        ("wonten pundi", "lokasi"),
        ("kepriben carane", "langkah"),
        ("bara pitihnyo", "biaya"),
        ("wat shud i brng", "syarat"),
        ("wich papr do i nid", "syarat"),
        ("how mach is it", "biaya"),
        ("wen can i pik up", "waktu"),
        ("how to activate", "langkah"),
    ],
)
def test_a_fact_is_asked_for_in_any_tongue(text: str, slot: str) -> None:
    assert found(said(talk(), "sktm", text)) == ("answer", "sktm", slot)


def test_a_name_is_not_taken_for_a_word_written_by_ear() -> None:
    table = load_table()
    sounds = Sounds(table["sounded"].split(), table["english"].split())
    assert sounds.meant("requirmens") == "requirement"
    for name in ("budi", "wati", "rudi", "dewi", "poris", "tangerang"):
        assert sounds.meant(name) is None, name
    assert not sounds.is_english(("makasih", "pak"))


@pytest.mark.parametrize(
    ("lang", "turns"),
    [
        ("en", ("first KTP", "must my mom come with me")),
        ("en", ("first KTP", "do my parents need to be there")),
        ("en", ("moving in", "do all four of us need to come")),
        ("id", ("ktp pertama", "harus dianter orang tua ga")),
        ("id", ("kia", "anaknya harus dibawa?")),
    ],
)
def test_who_must_come_along_is_not_found_by_the_word_of_coming(
    lang: Lang, turns: tuple[str, str]
) -> None:
    assert said(talk(lang=lang), *turns).outcome == "unknown"


def test_who_must_come_is_told_where_the_catalogue_says_so() -> None:
    assert "di depan petugas" in said(talk(), "ikd", "mesti dateng sendiri?").text
    assert "Semua ahli waris" in said(talk(), "ahli waris", "semua harus dateng?").text


@pytest.mark.parametrize(
    ("turns", "services"),
    [
        (("moving out", "is it the same as moving in?"), {"pindah-keluar", "pindah-datang"}),
        (("surat kematian kelurahan", "itu akta kematian kan"), {"ket-mati", "akta-mati"}),
    ],
)
def test_what_is_taken_for_another_is_set_beside_it(
    turns: tuple[str, str], services: set[str]
) -> None:
    assert set(said(talk(), *turns).options) == services


def test_a_falsehood_is_not_affirmed() -> None:
    one = talk(lambda text, most: Meaning(text, "match", (Hit("skck", 1.0),)))
    one.turn_to("pengantar-skck")
    skck = one.answer("berarti skcknya jadi di sini ya", SATURDAY)
    assert skck.service == "skck"
    assert "Bukan di kelurahan." in skck.text
    wed = said(talk(lang="en"), "N1 letter", "so we are married after that, right?")
    assert wed.slot == "hasil"


def test_a_move_inside_the_city_is_none_out_of_it() -> None:
    turn = said(talk(), "surat pindah keluar", "kalau cuma pindah kecamatan masih di tangerang")
    assert turn.outcome == "unknown"


def test_what_is_in_the_office_is_asked_of_the_staff() -> None:
    for text in ("ada wc ga", "parkirnya di mana", "where is the toilet"):
        assert found(said(talk(), "sktm", text)) == ("smalltalk", "", ""), text
