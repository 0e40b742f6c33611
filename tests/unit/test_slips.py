"""Slips of the finger: what may be meant is read so, anything else is left as it was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.lookup.slips import Slips

KNOWN = {
    "perpanjang": 3.0,
    "tahan": 9.0,
    "tahun": 2.0,
    "meninggal": 3.0,
    "keluar": 2.0,
    "alat": 2.0,
}
NAMES = ["pindah", "berkas", "surat", "bidan"]
RARENESS = {**KNOWN, **dict.fromkeys(NAMES, 5.0), "lalu": 1.0}
SLIPS = Slips(RARENESS.get, KNOWN, NAMES)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("perpnjng", "perpanjang"),  # vowels left out
        ("mningal", "meninggal"),
        ("tahn", "tahun"),  # the one that is said more often
        ("keluarr", "keluar"),  # a letter too many
        ("pidah", "pindah"),  # of a name, one letter left out
        ("brekas", "berkas"),  # or two swapped
    ],
)
def test_a_slip_is_read_as_what_is_meant(said: str, meant: str) -> None:
    assert SLIPS.mended((said,)) == (meant,)


@pytest.mark.parametrize(
    "word", ["lalat", "sunat", "biduan1", "thn", "zzzz", "lalu", "klr", "pndh2"]
)
def test_another_word_stays(word: str) -> None:
    assert SLIPS.mended((word,)) == (word,)


@given(st.lists(st.text("abdehiklmnprstu", max_size=12), max_size=6))
def test_known_words_stay_and_nothing_is_mended_twice(words: list[str]) -> None:
    once = SLIPS.mended(tuple(words))
    assert len(once) == len(words)
    assert SLIPS.mended(once) == once
    assert all(after == word for word, after in zip(words, once, strict=True) if word in RARENESS)
    assert all(after in RARENESS for word, after in zip(words, once, strict=True) if after != word)
