"""Which of a service's own lines speak of what was said, and what a conversation does with them."""

from __future__ import annotations

import pytest

from kiosk.domain.meaning import Hit, Meaning
from kiosk.lookup.hearing import load_table
from kiosk.lookup.lines import own_lines
from tests.talk_support import CATALOGUE, FIND, found, said, talk

LINES = own_lines(CATALOGUE, load_table())


@pytest.mark.parametrize(
    ("service", "words", "line"),
    [
        ("ktp-hilang", "must i go to the police first", "Lapor polisi dulu"),
        ("pindah-datang", "saya ngekos", "sewa atau kos"),
        ("ahli-waris", "lewat notaris bisa", "notaris"),
        ("legalisir", "kk barcode perlu", "QR"),
        ("dom-penduduk", "who signs it the rt", "lurah"),
        ("kia", "pas foto umur 4", "tanpa foto"),
        ("ktp-baru", "I am married already", "sudah pernah menikah"),
        ("akta-lahir", "more than 60 days", "Lewat 60 hari"),  # a figure is a word as well
        ("kk-hilang", "only torn", "Bila rusak"),  # what is in its name tells its lines apart
        ("pindah-keluar", "istri saya ga ikut", "sebagian keluarga"),
        ("akta-lahir", "surat bidan ga ada", "Bila tidak ada"),  # goes with the one before it
    ],
)
def test_the_lines_that_speak_of_it_in_any_words(service: str, words: str, line: str) -> None:
    assert any(line in one.id for one in LINES.of(service, words))


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("akta-lahir", "ibu jadi tki di arab"),  # no line speaks of it
        ("sktm", "anak sekolah di sd"),
        ("sku", "surat itu perlu"),  # too many do
        ("ktp-hilang", "saya kan orang"),
        ("kk-hilang", "no i mean the kk"),  # its name alone
        ("ikd", "ikd"),
        ("akta-lahir", "akta tanpa nama bapak"),  # "tanpa sidang" is no answer
        ("sktm", ""),
    ],
)
def test_no_line_where_none_tells_or_too_many_do(service: str, words: str) -> None:
    assert LINES.of(service, words) == ()


def test_whether_a_thing_is_needed_rests_on_a_line_that_holds_all_of_it() -> None:
    assert LINES.of("sktm", "foto rumah")
    assert LINES.of("sktm", "foto mertua", enough=1.0) == ()


def test_what_is_only_told_stays_with_the_service_or_asks_which_of_both() -> None:
    passport = Meaning("", "match", (Hit("paspor", 1.0),))
    loose = Meaning("", "choose", (Hit("nonpermanen", 0.6), Hit("kia", 0.4)))
    meant = {"ibunya jadi tki di arab": passport, "mau bikin paspor": passport}
    one = talk(
        lambda text, limit: meant.get(text) or (loose if "ngontrak" in text else FIND(text, limit))
    )
    one.turn_to("pindah-datang")
    assert "sewa atau kos" in said(one, "saya ngontrak").text
    one.turn_to("akta-lahir")
    aside = said(one, "ibunya jadi tki di arab")
    assert aside.options == ("paspor", "akta-lahir")
    one.turn_to("akta-lahir")
    assert found(said(one, "mau bikin paspor")) == ("answer", "paspor", "syarat")


def test_all_that_is_asked_of_one_service_is_told() -> None:
    one = talk()
    one.turn_to("skck")
    both = said(one, "berapa lama terus bayarnya berapa")
    labels = load_table()["say"]["id"]["labels"]
    assert labels["time"] in both.text
    assert "Rp30.000" in both.text
    assert both.text.count(CATALOGUE.services["skck"].name.id) == 1


def test_the_first_one_without_a_list_is_the_first_that_was_spoken_of() -> None:
    one = talk()
    for service in ("kk-hilang", "sktm"):
        one.turn_to(service)
    assert found(said(one, "yang pertama bayar berapa")) == ("answer", "kk-hilang", "biaya")
    assert said(one, "yang satunya").service == "sktm"


def test_a_name_alone_takes_what_happened_along_and_the_denied_word_falls_away() -> None:
    one = talk()
    one.turn_to("kk-hilang")
    assert set(said(one, "kalau ktp").options) == {"ktp-hilang", "ktp-rusak"}
    one.turn_to("ktp-baru")
    assert said(one, "yang hilang bukan yang baru").service == "ktp-hilang"


@pytest.mark.parametrize("words", ["terserah", "yang mana dulu", "which one first"])
def test_who_leaves_the_choice_to_us_is_told_of_the_first(words: str) -> None:
    even = Meaning("", "choose", (Hit("skck", 1.0), Hit("sktm", 0.9)))
    assert said(talk(lambda *_: even), "surat itu", words).service == "skck"
