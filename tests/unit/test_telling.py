"""What is told of a service that is known, and what comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.service import Lang
from kiosk.domain.turn import Slot
from tests.talk_support import FIND, OFFICE, SKTM, said, talk


def test_the_note_that_turns_an_errand_round_is_told_once_and_first() -> None:
    one = talk()
    assert said(one, "surat usaha buat kur").text.splitlines()[1].startswith("Belum pasti")
    assert "Belum pasti" not in said(one, "syaratnya apa").text


def test_whether_it_is_done_here_is_answered_first() -> None:
    for text in ("pbg ngurusnya ke sini", "di kelurahan bisa urus paspor", "kia di sini ya pak"):
        assert said(talk(), text).text.splitlines()[1] == "Bukan di kelurahan.", text
    for text in ("sktm bisa di sini", "saya mau pindah ke sini", "bansos di kelurahan bukan"):
        assert "Bukan di kelurahan." not in said(talk(), text).text, text


def test_what_is_the_same_for_all_is_told_before_anyone_is_asked_which() -> None:
    turn = said(talk(), "ktp berlaku sampai kapan")
    assert turn.outcome == "answer"
    assert "Berlaku: Seumur hidup" in turn.text
    assert said(talk(), "ktp gratis ga").slot == "biaya"


@pytest.mark.parametrize(
    ("text", "service", "slot"),
    [
        ("biaya materainya", "ahli-waris", ""),
        ("ongkos fotokopi", "ahli-waris", ""),
        ("biayanya", "ahli-waris", "biaya"),
    ],
)
def test_a_fee_is_that_of_the_service_and_nothing_else_s(
    text: str, service: str, slot: str
) -> None:
    turn = said(talk(), "surat ahli waris", text)
    assert (turn.service, turn.slot or "") == (service, slot)
    assert said(talk(), "sktm buat keringanan biaya rs").slot != "biaya"


def test_a_holiday_needs_no_hours() -> None:
    unset = talk(office=replace(OFFICE, hours=None))
    turn = said(unset, "tanggal 25 desember buka ga")
    assert turn.outcome == "answer"
    assert "Hari Natal" in turn.text
    assert said(unset, "tanggal 24 desember buka ga").outcome == "unknown"


@pytest.mark.parametrize(
    ("lang", "text", "slot"),
    [
        ("id", "dmna ngurusny", "lokasi"),
        ("id", "bisa onlen ga", "lokasi"),
        ("id", "bwa apa aj", "syarat"),
        ("id", "brapa hri jdi", "waktu"),
        ("id", "cranya gmna", "langkah"),
        ("en", "which docs must she show", "syarat"),
        ("en", "what is required", "syarat"),
        ("en", "can I get it the same day", "waktu"),
        ("en", "what comes after that", "langkah"),
        ("en", "any charge?", "biaya"),
        ("en", "to whom do I go to", "lokasi"),
    ],
)
def test_a_slot_is_heard_in_rough_english_and_in_the_words_of_an_sms(
    lang: Lang, text: str, slot: Slot
) -> None:
    find = lambda text, limit: SKTM if "SKTM" in text else FIND(text, limit)  # noqa: E731
    turn = said(talk(find, lang=lang), "SKTM", text)
    assert (turn.service, turn.slot) == ("sktm", slot)
