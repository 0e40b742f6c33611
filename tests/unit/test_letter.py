"""The draft of a letter in words and as PDF: what it says, and that no answer is more than text."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.letter import NOT_SIGNED, Letter, letter_of
from kiosk.domain.office import Office
from kiosk.example import example_draft
from kiosk.letters.pdf import ANSWER_MOST_CHARS, PAGES_MOST, letter_pdf, plain
from kiosk.store.catalogue import load_catalogue
from kiosk.store.regions import load_regions
from tests.ui.support import ALL_LETTERS

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FONTS = ASSETS / "fonts"
CATALOGUE = load_catalogue(ASSETS)
REGIONS = load_regions(ASSETS / "regions.tsv")
DAY = date(2026, 11, 22)
OFFICE = Office("Kelurahan Sukasari", "Tangerang", "Kota Tangerang", "Loket 1", "KD", "A")
CODE = "KD7F-3KTM"
HOSTILE = {
    "script": "<script>alert(1)</script><b>x</b>&amp;",
    "long": "y" * 2000,
    "many words": "kata " * 2000,
    "controls": "a\x00b\x07c\x1b[31md\r\ne\u2028f\x85g",
    "emoji": "rumah 🏠👨‍👩‍👧 saya",
    "right to left": "abc \u202edcba\u202c \u200f مرحبا עברית",
    "heap of accents": "Z" + "\u0301" * 400,
    "pdf": ") Tj ET /JavaScript (app.alert(1)) << /OpenAction >> endstream endobj",
    "formula": "=HYPERLINK(A1) @SUM(1) {name} {0} %s %(x)s",
    "lone surrogate": "a\ud800b",
    "template": "{deceased_name} {purpose}",
    "path": "../../etc/passwd",
}


def example(service: str, **changed: object) -> Letter:
    answers = example_draft(CATALOGUE, service, REGIONS, DAY)["answers"]
    return letter_of(
        CATALOGUE.services[service],
        {**answers, **changed},
        office=OFFICE,
        regions=REGIONS,
        day=DAY,
        code=CODE,
    )


def drawn(pdf: bytes) -> tuple[str, int]:
    """Its text as a reader finds it, and how many pages; the PDF must open without a word."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    return "\n".join(texts).replace("\r\n", "\n"), len(document)


@pytest.mark.parametrize("service", ALL_LETTERS)
def test_every_letter_reads_as_a_whole(service: str) -> None:
    letter = example(service)
    assert "{" not in letter.says and "}" not in letter.says
    text, pages = drawn(letter_pdf(letter, FONTS))
    assert pages == 1
    flat = " ".join(text.split())
    for needed in (letter.title, NOT_SIGNED, CODE, *letter.head, "(belum ditandatangani)"):
        assert needed in flat, needed
    for label, value in letter.rows:
        assert label.split()[0] in flat
        assert value.split()[0] in flat


def test_the_wording_takes_the_answers() -> None:
    letter = example("sktm", purpose="lain", purpose_other="keringanan listrik")
    assert letter.says.endswith("dipakai untuk keperluan lain (keringanan listrik).")
    assert ("Tanggal lahir", "14 Januari 1994") in letter.rows
    assert "KPR" in example("blm-rumah").says
    assert not any("HP" in label for label, _ in letter.rows)  # a letter needs no phone number
    assert example("penghasilan", income=2500000).says.count("Rp 2.500.000") == 1


def test_an_answer_that_is_not_there_leaves_a_dash() -> None:
    letter = letter_of(CATALOGUE.services["ket-mati"], {}, office=OFFICE, regions=REGIONS, day=DAY)
    assert letter.rows == ()
    assert "– telah meninggal dunia pada –" in letter.says


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_is_only_letters(kind: str) -> None:
    """Not checked by `answers` here: what if a wrong one gets so far all the same?"""
    answers = example_draft(CATALOGUE, "ket-umum", REGIONS, DAY)["answers"]
    bad = {name: HOSTILE[kind] for name, value in answers.items() if isinstance(value, str)}
    pdf = letter_pdf(example("ket-umum", **bad), FONTS)
    text, pages = drawn(pdf)
    assert 1 <= pages <= PAGES_MOST
    assert NOT_SIGNED in text.replace("\n", " ") and CODE in text
    for word in (b"/JavaScript", b"/JS", b"/OpenAction", b"/URI", b"/Launch", b"/AcroForm"):
        assert word not in pdf
    assert not {"\x00", "\x07", "\x1b", "\u202e", "\u200f"} & set(text)


def test_no_line_leaves_the_page() -> None:
    """Ink stays within the margins, whatever the answer."""
    letter = example("ket-umum", statement="W" * 2000, name="i" * 700)
    document = pypdfium2.PdfDocument(io.BytesIO(letter_pdf(letter, FONTS)))
    for page in document:
        picture = page.render(scale=0.5, grayscale=True).to_pil()
        width, height = picture.size
        for edge in ((0, 0, 12, height), (width - 12, 0, width, height), (0, 0, width, 12)):
            assert picture.crop(edge).getextrema()[0] > 250


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert letter_pdf(example("sktm"), FONTS) == letter_pdf(example("sktm"), FONTS)


@given(st.text(max_size=700))
@settings(max_examples=150, deadline=None)
def test_what_is_drawn_has_a_shape(text: str) -> None:
    letter_pdf(example("sktm"), FONTS)  # the font is known from here on
    seen = plain(text)
    assert len(seen) <= ANSWER_MOST_CHARS
    assert all(sign.isprintable() for sign in seen)
