"""Something lost, damaged or past its date, where only the first issue is known."""

from __future__ import annotations

import pytest

from kiosk.domain.meaning import Hit, Meaning
from tests.talk_support import FIND, found, said, talk


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("buku nikah saya sobek", "nikah-kua"),
        ("paspor ilang di bandara", "paspor"),
        ("kartu anak hilang gimana", "kia"),
        ("sertifikat rumah dimakan rayap", "tanah-bpn"),
        ("lost my birth certificate", "akta-lahir"),
        ("stnk sama sim kecopetan", "sim-stnk"),
    ],
)
def test_of_a_lost_thing_the_papers_of_the_first_one_are_not_told(text: str, service: str) -> None:
    turn = said(talk(), text)
    assert found(turn) == ("unknown", service, "")
    assert "Syarat:" not in turn.text
    assert "Tanyakan ke: " in turn.text


def test_a_loss_is_for_the_police_and_what_was_lost_with_it_is_told_too() -> None:
    one = talk()
    assert "Surat kehilangan dibuat polisi." in said(one, "akta kematian bapak hilang").text
    assert "Surat kehilangan" not in said(one, "akta kematian bapak basah kena hujan").text
    lost = Meaning("", "match", (Hit("ktp-hilang", 1.0),))
    sure = talk(lambda text, limit: lost if text == "ktp hilang" else FIND(text, limit))
    both = said(sure, "ktp sama akta lahir hilang")
    assert both.options == ("akta-lahir", "ktp-hilang")


@pytest.mark.parametrize(
    "text", ["ktp hilang", "kk robek", "akta lahir kena banjir", "buku nikah hilang mau bikin kk"]
)
def test_a_loss_that_the_catalogue_knows_is_told(text: str) -> None:
    assert "Yang hilang" not in said(talk(), text).text or "nikah" in text


def test_what_expired_is_told_as_a_new_one_and_a_kitap_is_no_kitas() -> None:
    expired = said(talk(), "perpanjang paspor")
    assert "Yang habis masa berlakunya: belum ada data resmi." in expired.text
    assert "Syarat:" in expired.text
    kitap = said(talk(), "suami saya punya kitap")
    assert found(kitap) == ("unknown", "skt-wna", "")
    assert "KITAP: Belum ada data resmi" in kitap.text
