"""Finds the service people mean, asks when in doubt, and says so when it is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.lookup.index import Index
from kiosk.lookup.normalise import (
    LONGEST_TEXT,
    MOST_WORDS,
    load_speech,
    split,
    spoken_to_written,
    stem,
)
from kiosk.store.catalogue import load_catalogue

ASSETS = Path(__file__).parents[2] / "assets"
CATALOGUE = load_catalogue(ASSETS)
INDEX = Index(CATALOGUE.services.values())
SPEECH = load_speech()


def first(text: str, *, typing: bool = False) -> str:
    hits = INDEX.find(text, typing=typing).hits
    return hits[0].service_id if hits else ""


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("tidak mampu", "sktm"),
        ("SKTM", "sktm"),
        ("mau ngurus katepe ilang, bang", "ktp-hilang"),
        ("ngurus karkel ilang", "kk-hilang"),
        ("surat belum kawin", "belum-menikah"),
        ("keterangan domisili penduduk", "dom-penduduk"),
        ("slip gaji tidak ada", "penghasilan"),
        ("kartu kuning", "ak1"),
        ("akte kelahiran", "akta-lahir"),
        ("AKTÉ KELAHÍRAN!!!", "akta-lahir"),
        ("birth certificate", "akta-lahir"),
        ("keterangan penghasilian", "penghasilan"),  # two letters swapped in
        ("paspr", "paspor"),
    ],
)
def test_finds_what_is_meant(text: str, service: str) -> None:
    assert first(text) == service


@pytest.mark.parametrize("service", CATALOGUE.services)
def test_every_service_is_found_by_its_own_name(service: str) -> None:
    hits = INDEX.find(CATALOGUE.services[service].name.id).hits
    assert service in [hit.service_id for hit in hits]


def test_results_grow_as_one_types() -> None:
    text = "tidak mampu"
    for end in range(3, len(text) + 1):
        assert "sktm" in [hit.service_id for hit in INDEX.find(text[:end], typing=True).hits], text[
            :end
        ]
    assert all(
        first(text[:end], typing=True) == "sktm" for end in range(len("tidak ma"), len(text) + 1)
    )


@pytest.mark.parametrize("text", ["ti", "sura", "kt", "dom", "surat b"])
def test_a_word_just_begun_is_never_a_clear_match(text: str) -> None:
    assert INDEX.find(text, typing=True).outcome == "choose"


def test_asks_which_when_several_fit() -> None:
    meaning = INDEX.find("ktp")
    assert meaning.outcome == "choose"
    assert all(hit.service_id.startswith("ktp-") for hit in meaning.hits)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!", "a", "halo", "terima kasih ya bu", "assalamualaikum", "asdfgh qwerty",
     "😀😀", "здравствуйте", "مرحبا", "ktp tangsel", "bikin ijazah palsu"],
)  # fmt: skip
def test_what_is_no_errand_here_is_out_of_scope(text: str) -> None:
    meaning = INDEX.find(text)
    assert (meaning.outcome, meaning.hits) == ("out_of_scope", ())


@pytest.mark.parametrize("text", ["kebakaran!", "tolong ada kecelakaan", "KDRT", "banjir bandang"])
def test_an_emergency_is_told_at_once(text: str) -> None:
    meaning = INDEX.find(text)
    assert meaning.outcome == "emergency"
    assert [hit.service_id for hit in meaning.hits] == ["112"]
    assert "112" in CATALOGUE.services


def test_a_letter_about_a_fire_is_no_emergency() -> None:
    assert INDEX.find("ktp hangus karena kebakaran").outcome != "emergency"


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=400) | st.text("abcdefghijklmnop '\";%-", max_size=5000), st.integers(0, 20)
)
def test_find_never_raises_and_keeps_its_promises(text: str, limit: int) -> None:
    meaning = INDEX.find(text, limit)
    assert meaning.query == text
    assert len(meaning.hits) <= limit
    assert (meaning.outcome == "out_of_scope") <= (meaning.hits == ())
    scores = [hit.score for hit in meaning.hits]
    assert scores == sorted(scores, reverse=True)
    assert {hit.service_id for hit in meaning.hits} <= CATALOGUE.services.keys()


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5000,
        "ktp " * 1250,
        "\u0301" * 5000,
        "😀" * 5000,
        "'; DROP TABLE txn; --",
        "%s%n\x00\ud800",
    ],
)
def test_hostile_text_is_cut_before_any_work(text: str) -> None:
    assert len(split(text)) <= MOST_WORDS
    assert INDEX.find(text).query == text


def test_an_endless_word_is_cut() -> None:
    assert split("abcde" * 1000) == ("abcde" * (LONGEST_TEXT // 5),)


def test_a_word_it_does_not_know_leaves_it_to_the_citizen() -> None:
    assert INDEX.find("dangdut").outcome == "match"
    assert INDEX.find("lagu dangdut").outcome == "choose"


def test_the_same_question_has_the_same_answer() -> None:
    again = Index(CATALOGUE.services.values())
    for text in ("surat", "ktp", "domisli", "bayi"):
        assert again.find(text) == INDEX.find(text)


def test_an_empty_catalogue_answers_too() -> None:
    assert Index([]).find("ktp").outcome == "out_of_scope"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Katepe ilang", "ktp hilang"),
        ("kartu keluarga", "kk"),
        ("KTP-el", "ktp"),
        ("e-KTP", "ktp"),
        ("kaka saya", "kakak"),
        ("tolooong", "tolong"),
        ("ga punya", "tidak punya"),
    ],
)
def test_spoken_spellings(said: str, written: str) -> None:
    assert " ".join(spoken_to_written(split(said), SPEECH)) == written


@pytest.mark.parametrize(
    ("word", "left"),
    [("aktanya", "akta"), ("laporkan", "lapor"), ("dokumen", "dokumen"), ("jalan", "jalan")],
)
def test_stem_takes_endings_from_long_words_only(word: str, left: str) -> None:
    assert stem(word) == left
