"""Long and roundabout tellings: what of them is the errand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.lookup.normalise import MOST_WORDS, split
from kiosk.lookup.roundabout import MOST_SAID, parts, read_letters, without_denied
from tests.unit.test_lookup_understanding import find

STORY = (
    "mas dari subuh saya sudah jalan dari rumah naik angkot dua kali turun di pasar lama terus"
    " kehujanan neduh dulu di warung sampai reda baru sampai sini jam segini"
)
SOME = "ka te pe es em k t p bukan yang tapi mau ktp akta eh salah , ."
WORDS = st.lists(st.sampled_from(SOME.split(" ")), max_size=80)


@pytest.mark.parametrize(
    ("need", "service"),
    [
        ("akte lahir anak saya belum jadi jadi mau bikin", "akta-lahir"),
        ("skck buat ngelamar kerja", "skck"),
        ("kartu keluarga kami kena rayap rusak", "kk-hilang"),
    ],
)
def test_an_errand_is_heard_before_and_behind_a_long_story(need: str, service: str) -> None:
    assert len(split(STORY, MOST_SAID)) > MOST_WORDS
    for text in (f"{STORY} {need}", f"{need} {STORY}"):
        assert find(text).hits[0].service_id == service, text


def test_a_cry_at_the_end_of_a_long_story_is_heard() -> None:
    meaning = find(f"{STORY} tolong ibu saya pingsan tidak sadar")
    assert (meaning.outcome, meaning.emergency_kind) == ("emergency", "medis")


def test_a_long_story_alone_is_no_alarm() -> None:
    assert find(STORY).outcome != "emergency"


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("bukan akta kelahiran, akta kematian", "akta-mati"),
        ("bukan ktp rusak tapi ktp ilang", "ktp-hilang"),
        ("bpjs bukan yang kesehatan yang ketenagakerjaan", "bpjs-tk"),
        ("surat pindah eh salah surat domisili", "dom-penduduk"),
        ("gak mau bikin kk maksudnya bikin kia anak", "kia"),
    ],
)
def test_what_is_denied_is_not_meant(text: str, service: str) -> None:
    assert find(text).hits[0].service_id == service


@pytest.mark.parametrize(
    "text",
    [
        "saya bukan warga sini, bisa bikin ktp",
        "bukan anak kandung, mau dimasukin kk",
        "ktp hilang bukan rusak",
        "bukan ktp",
    ],
)
def test_who_tells_of_himself_or_corrects_nothing_keeps_all_words(text: str) -> None:
    assert without_denied(text) == text


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("ka te pe ilang", "ktp-hilang"),
        ("K.T.P. hilang", "ktp-hilang"),
        ("k k rusak", "kk-hilang"),
        ("es ka te em buat berobat", "sktm"),
        ("pe de a em mati dari kemarin", "pdam"),
        ("es te en ka saya mati", "sim-stnk"),
    ],
)
def test_names_spelt_by_their_letters(text: str, service: str) -> None:
    meaning = find(text)
    assert meaning.hits[0].service_id == service
    assert "te" not in meaning.because


@pytest.mark.parametrize(
    ("text", "word"),
    [("pbbb", "pbb"), ("KKKK", "kk"), ("spppt", "sppt"), ("tolooong", "tolong"), ("nikkk", "nik")],
)
def test_a_key_held_too_long(text: str, word: str) -> None:
    assert split(text) == (word,)


@given(WORDS)
def test_parts_and_denials_only_leave_words_out(words: list[str]) -> None:
    said = split(" ".join(words), MOST_SAID)
    assert all(0 < len(part) <= MOST_WORDS for part in parts(said)) or not said
    assert {word for part in parts(said) for word in part} <= set(said)
    kept = iter(said)
    assert all(word in kept for word in split(without_denied(" ".join(words)), MOST_SAID))
    letters = "".join(read_letters(said, frozenset({"ktp", "kk", "sktm"})))
    assert letters.count("k") <= sum(word.count("k") for word in said)
