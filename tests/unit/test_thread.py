"""What a talk is about from turn to turn, with the lookup as it ships: no service is lost or
swapped by what is told of a case, and it is left where something else is meant."""

from __future__ import annotations

import pytest

from kiosk.domain.service import Lang
from kiosk.lookup.hearing import load_table
from kiosk.lookup.wording import Find
from tests.talk_support import said, shipped, talk


@pytest.fixture(scope="module")
def find() -> Find:
    return shipped()


@pytest.mark.parametrize(
    ("lang", "first", "told"),
    [
        ("id", "surat pindah ke garut", "kk yang lama dikumpulin ga"),
        ("id", "surat keterangan usaha", "ktp saya serang tapi dagang di sini"),
        ("id", "sktm", "kk saya masih ikut orang tua"),
        ("id", "bikin akta lahir", "saya belum punya ktp"),
        ("en", "first ID card", "he doesn't have a diploma"),
        ("en", "marriage introduction letter", "does the RT write something before?"),
        ("en", "KIA for my son", "our family card is still the old one"),
    ],
)
def test_a_paper_that_belongs_to_the_case_does_not_become_the_errand(
    find: Find, lang: Lang, first: str, told: str
) -> None:
    one = talk(find, lang=lang)
    service = said(one, first).service
    assert service is not None
    turn = said(one, told)
    assert turn.service in (None, service)
    assert not turn.options
    assert said(one, "berapa biayanya").service == service


@pytest.mark.parametrize(
    ("first", "then", "service"),
    [
        ("surat pindah ke garut", "ktp saya hilang", "ktp-hilang"),
        ("surat keterangan usaha", "mau bikin akta lahir", "akta-lahir"),
        ("akta lahir", "masukin anak ke kk gimana", "kk-ubah"),
        ("biodata belum punya nik", "how do I get a copy of my lost KK", "kk-hilang"),
    ],
)
def test_a_paper_that_is_lost_or_to_be_made_is_another_errand(
    find: Find, first: str, then: str, service: str
) -> None:
    turn = said(talk(find), first, then)
    assert service in (turn.service, *turn.options)


@pytest.mark.parametrize(
    ("first", "contrast", "service"),
    [
        ("KTP hilang", "eh bukan hilang, cuma patah", "ktp-rusak"),
        ("lost ID card", "I found it, but it's cracked", "ktp-rusak"),
        ("surat domisili", "bukan yang orang, yang usaha", "dom-usaha"),
        ("letter of residence", "no, for my company", "dom-usaha"),
        ("letter of single status", "she's a widow actually", "janda-duda"),
        ("akta lahir", "salah, maksudnya yang kematian", "akta-mati"),
        ("bpjs mandiri", "maksudnya yang dibayarin pemerintah", "uhc-pbi"),
        ("daftar nikah di kua", "we are not muslim", "akta-kawin"),
        ("sktm", "no, for my daughter", "sktm"),
        ("akta lahir", "bukan anak pertama, anak kedua", "akta-lahir"),
        ("KTP hilang", "maksud saya berapa lama", "ktp-hilang"),
    ],
)
def test_what_is_set_against_a_service_leads_to_the_one_beside_it(
    find: Find, first: str, contrast: str, service: str
) -> None:
    one = talk(find)
    said(one, first, contrast)
    assert said(one, "biayanya").service == service


@pytest.mark.parametrize(
    ("back", "service"),
    [
        ("yang paling awal tadi", "sktm"),
        ("balik ke yang pertama, bayar ga", "sktm"),
        ("go back to the first one, how long does it take", "sktm"),
        ("back to the residence letter", "dom-penduduk"),
    ],
)
def test_the_first_of_those_spoken_of_is_found_again(find: Find, back: str, service: str) -> None:
    assert said(talk(find), "sktm", "surat domisili", "skck", back).service == service


@pytest.mark.parametrize(
    ("asked", "slot"),
    [
        ("dua duanya bayar ga", "biaya"),
        ("how much for both", "biaya"),
        ("totalnya berapa", "biaya"),
        ("lebih cepet mana", "waktu"),
        ("do they cost the same?", "biaya"),
    ],
)
def test_what_is_asked_of_both_is_told_of_each(find: Find, asked: str, slot: str) -> None:
    turn = said(talk(find), "sktm", "surat domisili", asked)
    assert (turn.options, turn.slot) == (("sktm", "dom-penduduk"), slot)


def test_of_two_told_side_by_side_one_is_picked_by_its_place(find: Find) -> None:
    turn = said(
        talk(find), "sktm", "surat domisili", "how much for both", "the first one, how long"
    )
    assert (turn.service, turn.slot) == ("sktm", "waktu")


def test_all_the_requirements_are_those_of_one(find: Find) -> None:
    turn = said(talk(find), "surat domisili", "sktm", "syaratnya apa aja semua")
    assert (turn.service, turn.slot) == ("sktm", "syarat")


@pytest.mark.parametrize(
    ("turns", "ordered"),
    [
        (["mau bikin kia sama akta lahir", "yang mana dulu"], ("akta-lahir", "kia")),
        (["mau ubah ktp sama kk", "duluan mana"], ("kk-ubah", "ktp-ubah")),
        (["istri baru lahiran", "kk dulu apa akta dulu"], ("akta-lahir", "kk-ubah")),
        (["death certificate or letter of heirs first?"], ("akta-mati", "ahli-waris")),
    ],
)
def test_which_comes_first_is_told_as_the_life_events_have_it(
    find: Find, turns: list[str], ordered: tuple[str, ...]
) -> None:
    assert said(talk(find), *turns).options == ordered


def test_what_has_no_order_is_not_shown_as_if_it_came_last(find: Find) -> None:
    turn = said(talk(find), "mau ubah ktp, kk, sama bikin sku", "mana dulu")
    assert turn.options == ("kk-ubah", "ktp-ubah", "sku")
    assert turn.outcome == "answer"  # all its lines are shown, of a choice only the first
    assert load_table()["say"]["id"]["no_order"] in turn.text


def test_an_order_that_no_life_event_tells_is_not_known(find: Find) -> None:
    turn = said(talk(find), "mau bikin sktm sama sku", "mana duluan")
    assert turn.options == ("sktm", "sku")
    assert "belum ada data resmi" in turn.text


@pytest.mark.parametrize(
    ("wishes", "services"),
    [
        ("ganti alamat kk ktp sama bikin sku", {"kk-ubah", "ktp-ubah", "sku"}),
        ("mau urus ktp, kk, akta lahir", {"ktp-baru", "kk-baru", "akta-lahir"}),
    ],
)
def test_of_things_named_side_by_side_none_is_left_out(
    find: Find, wishes: str, services: set[str]
) -> None:
    assert set(said(talk(find), wishes).options) == services


def test_a_life_event_stays_the_ground_of_what_is_asked(find: Find) -> None:
    one = talk(find)
    offered = said(one, "bini abis lahiran").options
    assert "60 hari" in said(one, "kalau telat 3 bulan gimana").text
    again = talk(find)
    assert said(again, "bini abis lahiran", "bawa apa").service == offered[0]


def test_a_way_of_life_that_belongs_to_the_service_is_no_new_event(find: Find) -> None:
    turn = said(talk(find), "surat keterangan usaha", "saya dagang gorengan")
    assert not turn.options
