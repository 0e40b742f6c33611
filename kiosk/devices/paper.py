"""A paper's values as the bytes of an ESC/POS printer, laid out for its width.

Letters are ASCII: code pages differ from printer to printer, and a wrong one prints nonsense.
"""

from __future__ import annotations

import textwrap
import unicodedata

import segno
from escpos.printer import Dummy
from PIL import Image

from kiosk.domain.paper import Item, Line, Paper, Qr, Rule

# What a roll of so many millimetres prints, from python-escpos' profiles: letters across, dots.
WIDTHS = {58: ("POS-5890", 32, 384), 80: ("TM-T20II", 48, 576)}
QR_DOTS = {58: 8, 80: 10}  # a module of 1 mm and more at 203 dots an inch: any scanner reads it
QUIET = 4

_ASCII = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "…": "...",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "•": "*",
        "→": ">",
        "≤": "<=",
        "½": "1/2",
        "\u00a0": " ",
    }
)


def ascii_of(text: str) -> str:
    """The nearest ASCII, nothing else: no control sign of a text may reach the printer."""
    plain = unicodedata.normalize("NFKD", text.translate(_ASCII))
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    return "".join(sign if " " <= sign <= "~" else " " if sign.isspace() else "?" for sign in kept)


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many letters; a word that is longer alone is broken."""
    return textwrap.wrap(ascii_of(text), columns) or [""]


def laid_out(paper: Paper, width_mm: int) -> list[str]:
    """The paper as lines of letters, for looking at; a QR is "[QR: …]"."""
    columns = WIDTHS[width_mm][1]
    lines: list[str] = []
    for part in paper:
        if isinstance(part, Rule):
            lines.append("-" * columns)
        elif isinstance(part, Qr):
            lines.append(f"[QR: {part.text}]")
        elif isinstance(part, Item):
            lines += _item(part, columns)
        else:
            lines += wrapped(part.text, columns // part.size)
    return lines


def escpos_bytes(paper: Paper, width_mm: int) -> bytes:
    """From resetting the printer to cutting the paper."""
    profile, columns, _ = WIDTHS[width_mm]
    page = Dummy(profile=profile)
    page.hw("INIT")
    for part in paper:
        if isinstance(part, Qr):
            page.set(align="center")
            page.image(qr_image(part.text, QR_DOTS[width_mm]), impl="bitImageRaster")
            continue
        if isinstance(part, Line):
            large = {"custom_size": True, "width": part.size, "height": part.size}
            page.set(
                align="center" if part.centred else "left",
                bold=part.bold,
                **(large if part.size > 1 else {"normal_textsize": True}),
            )
            lines = wrapped(part.text, columns // part.size)
        else:
            page.set(align="left", bold=False, normal_textsize=True)
            lines = ["-" * columns] if isinstance(part, Rule) else _item(part, columns)
        for line in lines:
            page._raw(line.encode("ascii") + b"\n")
    page.set(align="left", bold=False, normal_textsize=True)
    page.cut()
    return bytes(page.output)


def qr_image(text: str, dots: int) -> Image.Image:
    """Black on white with its quiet zone, `dots` a module."""
    code = segno.make(text, error="m", micro=False)
    rows = [list(row) for row in code.matrix_iter(scale=dots, border=QUIET)]
    image = Image.new("1", (len(rows[0]), len(rows)), 1)
    image.putdata([0 if dark else 1 for row in rows for dark in row])
    return image


def _item(item: Item, columns: int) -> list[str]:
    mark = ascii_of(item.mark)
    first, *others = wrapped(item.text, columns - len(mark) - 1)
    return [f"{mark} {first}", *(" " * (len(mark) + 1) + line for line in others)]
