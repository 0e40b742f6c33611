"""What is refused of other people, what is not, and talk that is no request."""

from __future__ import annotations

import pytest

from kiosk.domain.service import Lang
from kiosk.lookup.hearing import load_table
from tests.talk_support import said, talk


@pytest.mark.parametrize(
    ("lang", "text", "kind"),
    [
        ("id", "mantan saya sekarang tinggal dimana", "others"),
        ("id", "pak slamet rt berapa", "others"),
        ("id", "tetangga saya masuk desil berapa", "others"),
        ("id", "adik saya udah ngambil ktp belum", "family"),
        ("en", "which RT does Mr Anton live in", "others"),
        ("en", "can you look up my tenant's birthday", "others"),
        ("en", "did Bu Ani collect her KK yet", "others"),
        ("en", "is my wife registered with another man", "family"),
    ],
)
def test_what_is_known_of_a_person_is_refused_in_either_language(
    lang: Lang, text: str, kind: str
) -> None:
    turn = said(talk(lang=lang), text)
    assert (turn.outcome, turn.text) == ("refused", load_table()["say"][lang][kind])


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("id", "kalo anak yatim dapet bantuan apa"),
        ("id", "ktp istri saya hilang"),
        ("id", "tetangga bisa jadi saksi ga"),
        ("id", "saya ga dapet bansos tetangga dapet"),
        ("en", "how do I change my husband's address on the KK"),
        ("en", "can I collect my brother's KTP for him"),
        ("en", "what is the phone number of the puskesmas"),
        ("en", "forget it"),
    ],
)
def test_ones_own_and_the_familys_papers_are_not_refused(lang: Lang, text: str) -> None:
    assert said(talk(lang=lang), text).outcome != "refused"


@pytest.mark.parametrize("again", ["dia punya utang sama saya", "nomer hpnya aja deh"])
def test_whoever_insists_is_refused_again(again: str) -> None:
    turn = said(talk(), "cek nik tetangga saya dong", again)
    assert turn.text == load_table()["say"]["id"]["others"]


@pytest.mark.parametrize(
    ("lang", "text", "kind"),
    [
        ("id", "ini mesin apaan sih", "machine"),
        ("id", "suara saya direkam ga", "kept"),
        ("id", "ga bisa bahasa indonesia", "language"),
        ("id", "nenek ga bisa ngetik", "hands"),
        ("id", "mata saya udah rabun", "hands"),
        ("id", "gimana cara pakainya", "use"),
        ("id", "apa aja yang bisa diurus disini", "able"),
        ("id", "nik saya berapa, lupa", "own"),
        ("id", "males ah ribet banget", "complaint"),
        ("en", "are you a real person?", "machine"),
        ("en", "where does my voice go", "kept"),
        ("en", "my english is bad", "language"),
        ("en", "I can not read well, can you talk", "hands"),
        ("en", "not sure which letter I need", "able"),
        ("en", "how can I see my own NIK", "own"),
        ("en", "they keep sending me back", "complaint"),
    ],
)
def test_talk_that_is_no_request_is_answered_as_what_it_is(
    lang: Lang, text: str, kind: str
) -> None:
    turn = said(talk(lang=lang), text)
    assert (turn.outcome, turn.text) == ("smalltalk", load_table()["say"][lang][kind])


@pytest.mark.parametrize(
    "text", ["thanks, and the SIM?", "great thanks, one more thing, SIM?", "ok thanks, SIM"]
)
def test_what_is_asked_after_thanks_is_answered(text: str) -> None:
    assert "sim-stnk" in (
        (turn := said(talk(lang="en"), "SKTM", text)).service or "",
        *turn.options,
    )
