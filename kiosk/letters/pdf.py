"""The draft of a letter on A4, for the desk: letterhead, watermark, QR of the reference code.

Drawn sign by sign with our own font, never as markup: an answer cannot be more than its letters.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from kiosk.domain.letter import NOT_SIGNED, Letter

REGULAR, BOLD = "PlusJakartaSans", "PlusJakartaSans-Bold"
WIDTH, HEIGHT = A4
MARGIN, LABEL_WIDE, QR_SIZE = 22 * mm, 48 * mm, 26 * mm
BODY_PT, SMALL_PT, TITLE_PT, MARK_PT = 11, 8.5, 13, 40
LEADING = 1.45
ANSWER_MOST_CHARS = 500  # no checked answer is longer; what is, ends in "…"
PAGES_MOST = 4
MISSING = "?"  # for a sign that the font cannot draw


def letter_pdf(letter: Letter, fonts: Path) -> bytes:
    """The PDF of `letter`; `fonts` is the folder of assets/fonts. The same letter gives the same
    bytes. Nothing in it opens, runs, links or asks for anything."""
    _register(fonts)
    out = io.BytesIO()
    sheet = _Sheet(Canvas(out, pagesize=A4, invariant=1), letter.code)
    sheet.canvas.setTitle(f"Rancangan surat {letter.code}".rstrip())
    for place, line in enumerate(letter.head):
        last = place == len(letter.head) - 1
        sheet.centred(line, bold=True, size=TITLE_PT if last else BODY_PT)
    sheet.rule()
    sheet.centred(letter.title, bold=True, size=TITLE_PT)
    sheet.centred("Nomor: (diisi petugas)")
    sheet.space()
    sheet.paragraph(letter.opening)
    sheet.space(0.5)
    for label, value in letter.rows:
        sheet.row(label, value)
    sheet.space(0.5)
    sheet.paragraph(letter.says)
    sheet.space()
    sheet.signature(letter)
    sheet.end()
    return out.getvalue()


def _register(fonts: Path) -> None:
    known = pdfmetrics.getRegisteredFontNames()
    for name, file in ((REGULAR, "Regular"), (BOLD, "Bold")):
        if name not in known:
            pdfmetrics.registerFont(TTFont(name, str(fonts / f"PlusJakartaSans-{file}.ttf")))


class _Sheet:
    """Draws downwards; goes to another page when there is no room, `PAGES_MOST` at most."""

    def __init__(self, canvas: Canvas, code: str) -> None:
        self.canvas, self.code = canvas, code
        self.page = 0
        self.full = False
        self._begin()

    def _begin(self) -> None:
        self.page += 1
        self.y = HEIGHT - MARGIN
        canvas = self.canvas
        canvas.saveState()  # under the text, so that it hides nothing
        canvas.setFont(BOLD, MARK_PT)
        canvas.setFillGray(0.9)
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(50)
        first, _, second = NOT_SIGNED.partition(" – ")
        canvas.drawCentredString(0, MARK_PT * 0.7, first)
        canvas.drawCentredString(0, -MARK_PT * 0.7, second)
        canvas.restoreState()
        canvas.setFont(BOLD, SMALL_PT)
        canvas.drawString(MARGIN, MARGIN * 0.5, NOT_SIGNED)
        canvas.setFont(REGULAR, SMALL_PT)
        foot = f"{self.code}  ·  {self.page}" if self.code else str(self.page)
        canvas.drawRightString(WIDTH - MARGIN, MARGIN * 0.5, foot)

    def _room(self, high: float) -> bool:
        """Whether there is room for `high`, on this page or on the next."""
        if self.y - high < MARGIN:
            if self.page == PAGES_MOST:
                self.full = True
            else:
                self.canvas.showPage()
                self._begin()
        return not self.full

    def centred(self, text: str, *, bold: bool = False, size: float = BODY_PT) -> None:
        font = BOLD if bold else REGULAR
        for line in wrapped(plain(text), font, size, WIDTH - 2 * MARGIN):
            if self._room(size * LEADING):
                self.y -= size * LEADING
                self.canvas.setFont(font, size)
                self.canvas.drawCentredString(WIDTH / 2, self.y, line)

    def rule(self) -> None:
        self.y -= 4 * mm
        self.canvas.setLineWidth(1.2)
        self.canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.y -= 4 * mm

    def space(self, lines: float = 1) -> None:
        self.y -= lines * BODY_PT * LEADING

    def paragraph(self, text: str, *, size: float = BODY_PT) -> None:
        for line in wrapped(plain(text, 4 * ANSWER_MOST_CHARS), REGULAR, size, WIDTH - 2 * MARGIN):
            if self._room(size * LEADING):
                self.y -= size * LEADING
                self.canvas.setFont(REGULAR, size)
                self.canvas.drawString(MARGIN, self.y, line)

    def row(self, label: str, value: str) -> None:
        """A label, a colon, the answer beside it."""
        left = list(wrapped(plain(label), REGULAR, BODY_PT, LABEL_WIDE - 4 * mm))
        start = MARGIN + LABEL_WIDE + 4 * mm
        right = list(wrapped(plain(value), BOLD, BODY_PT, WIDTH - MARGIN - start))
        for place in range(max(len(left), len(right))):
            if not self._room(BODY_PT * LEADING):
                return
            self.y -= BODY_PT * LEADING
            self.canvas.setFont(REGULAR, BODY_PT)
            if place < len(left):
                self.canvas.drawString(MARGIN, self.y, left[place])
            if place == 0:
                self.canvas.drawString(MARGIN + LABEL_WIDE, self.y, ":")
            if place < len(right):
                self.canvas.setFont(BOLD, BODY_PT)
                self.canvas.drawString(start, self.y, right[place])

    def signature(self, letter: Letter) -> None:
        """Where the lurah would sign, empty; at the left the code to look the errand up by."""
        if not self._room(QR_SIZE + 12 * mm):
            return
        canvas, top = self.canvas, self.y
        if letter.code:
            self._qr(letter.code, MARGIN, top - QR_SIZE)
            canvas.setFont(BOLD, BODY_PT)
            canvas.drawString(MARGIN, top - QR_SIZE - 5 * mm, letter.code)
            canvas.setFont(REGULAR, SMALL_PT)
            canvas.drawString(MARGIN, top - QR_SIZE - 9 * mm, "Kode permohonan, bukan tanda tangan")
        middle = WIDTH - MARGIN - 38 * mm
        canvas.setFont(REGULAR, BODY_PT)
        canvas.drawCentredString(middle, top - 4 * mm, plain(letter.day))
        canvas.drawCentredString(middle, top - 10 * mm, plain(letter.signer))
        canvas.setFillGray(0.35)
        canvas.drawCentredString(middle, top - 24 * mm, "(belum ditandatangani)")
        canvas.setFillGray(0)
        self.y = top - QR_SIZE - 12 * mm
        self.paragraph(letter.closing, size=SMALL_PT)

    def _qr(self, text: str, x: float, y: float) -> None:
        rows = list(segno.make(text, error="m", micro=False).matrix_iter(border=0))
        size = QR_SIZE / len(rows)
        for down, row in enumerate(rows):
            for across, dark in enumerate(row):
                if dark:
                    top = y + QR_SIZE - (down + 1) * size
                    self.canvas.rect(x + across * size, top, size, size, stroke=0, fill=1)

    def end(self) -> None:
        self.canvas.showPage()
        self.canvas.save()


def plain(text: str, most: int = ANSWER_MOST_CHARS) -> str:
    """One line of signs that the font draws; controls and marks that turn the writing are gone."""
    drawn = pdfmetrics.getFont(REGULAR).face.charToGlyph
    text = unicodedata.normalize("NFC", text[: most + 1])
    seen = "".join(" " if sign.isspace() else sign for sign in text if _has_shape(sign))
    seen = "".join(sign if ord(sign) in drawn else MISSING for sign in seen)
    return seen[: most - 1] + "…" if len(seen) > most else seen


def _has_shape(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def wrapped(text: str, font: str, size: float, width: float) -> Iterator[str]:
    """`text` in lines of at most `width` points; a word that is longer is broken."""
    line = ""
    for word in text.split():
        for part in _parts(word, font, size, width):
            longer = f"{line} {part}" if line else part
            if pdfmetrics.stringWidth(longer, font, size) <= width:
                line = longer
            else:
                yield line
                line = part
    yield line


def _parts(word: str, font: str, size: float, width: float) -> Iterator[str]:
    part = ""
    for sign in word:
        if part and pdfmetrics.stringWidth(part + sign, font, size) > width:
            yield part
            part = ""
        part += sign
    yield part
