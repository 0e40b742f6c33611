"""The first sentence of a conversation, with the lookup as it ships: what is told or offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from kiosk.config import WIB
from kiosk.domain.service import Lang
from kiosk.domain.turn import Turn
from kiosk.lookup.dialogue import Talk
from kiosk.lookup.normalise import as_errand, load_speech, split, spoken_to_written
from kiosk.lookup.wording import Find
from tests.talk_support import CATALOGUE, OFFICE, shipped

UNSET = replace(OFFICE, hours=None)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=WIB)


@pytest.fixture(scope="module")
def find() -> Find:
    return shipped()


def told(find: Find, *turns: str, lang: Lang = "id") -> Turn:
    talk = Talk(CATALOGUE, find, office=UNSET, holidays={}, lang=lang)
    return [talk.answer(turn, NOW) for turn in turns][-1]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("mau bikin akte sama kartu anak buat si kembar", ("akta-lahir", "kia")),
        ("ktp dan kk saya rusak kena air", ("ktp-rusak", "kk-hilang")),
        ("dompet ilang isinya ktp sim", ("ktp-hilang", "sim-stnk")),
        ("surat domisili sama surat usaha", ("dom-penduduk", "sku")),
        ("lost my KTP and family card", ("ktp-hilang", "kk-hilang")),
    ],
)
def test_of_two_things_asked_for_at_once_none_is_left_out(
    find: Find, words: str, options: tuple[str, ...]
) -> None:
    turn = told(find, words)
    assert (turn.outcome, turn.options) == ("choose", options)


@pytest.mark.parametrize(
    ("words", "service"),
    [("legalisir ktp sama kk", "legalisir"), ("nama di ktp sama ijazah beda", "beda-nama")],
)
def test_two_papers_of_one_errand_are_one(find: Find, words: str, service: str) -> None:
    assert told(find, words).service == service


def test_papers_named_in_a_talk_open_no_list_of_others(find: Find) -> None:
    turn = told(find, "ktp hilang", "kk sama akta lahir perlu ga")
    assert not set(turn.options) & {"kk-baru", "akta-lahir"}


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ("please add our baby to the family card", "kk-ubah"),
        ("my daughter will be seventeen in december, first id card", "ktp-baru"),
        ("the clerk asked me for 200 thousand to process it faster", "ombudsman"),
        ("stamp on a copy of my family card", "legalisir"),
        ("there is a hole in the road in front of my house", "laksa"),
    ],
)
def test_english_is_read_in_the_catalogues_words(find: Find, words: str, service: str) -> None:
    turn = told(find, words, lang="en")
    assert turn.service == service


def test_an_english_word_is_put_into_the_catalogues_for_errands_only() -> None:
    speech = load_speech()
    words = spoken_to_written(split("I lost my family card"), speech)
    assert "lost" in words
    assert as_errand(words, speech) == ("i", "hilang", "my", "kk")
    assert as_errand(("we",), speech) == ("we",)  # never nothing at all


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("bapak udah ga ada", "ket-mati"),
        ("my wife gave birth last week", "akta-lahir"),
        ("is there any help from the government for poor people", "dtsen"),
    ],
)
def test_what_happened_is_heard_in_many_words(find: Find, words: str, first: str) -> None:
    turn = told(find, words, lang="en")
    assert (turn.outcome, turn.options[:1]) == ("choose", (first,))


def test_nobody_is_offered_a_stillbirth_who_did_not_speak_of_one(find: Find) -> None:
    assert "lahir-mati" not in told(find, "what do I need for a birth certificate").options
    assert told(find, "bayi saya lahir mati").service == "lahir-mati"
