"""The draft of a letter, in words: letterhead, who, what it says. Never a signed letter.

It is for reading: the citizen sees on the screen what was understood, the clerk gets it as a PDF
to write the real one from. Always Indonesian, as the letter will be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kiosk.domain.address import ADDRESS_PARTS, address_lines
from kiosk.domain.answers import asked
from kiosk.domain.form import Field, Form
from kiosk.domain.nik import mask_nik
from kiosk.domain.office import Office
from kiosk.domain.regions import Regions
from kiosk.domain.service import Service

NOT_SIGNED = "RANCANGAN – BELUM DITANDATANGANI"
EMPTY = "–"
_MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli"),
    *("Agustus", "September", "Oktober", "November", "Desember"),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """`head` are the lines of the letterhead, `rows` (label, answer), `code` the reference code
    ("" before it is filed)."""

    head: tuple[str, ...]
    title: str
    opening: str
    rows: tuple[tuple[str, str], ...]
    says: str
    closing: str
    day: str
    signer: str
    code: str = ""


def letter_of(
    service: Service,
    answers: Mapping[str, object],
    *,
    office: Office,
    regions: Regions,
    day: date,
    code: str = "",
    masked: bool = False,
) -> Letter:
    """The draft of checked `answers`. With `masked` a NIK shows its last four digits only: for a
    screen that others see. Raises ValueError for a service without a form."""
    form = service.form
    if form is None:
        raise ValueError(f"{service.id} has no form")
    fields = [one for one in asked(form, answers) if answers.get(one.name) not in (None, "")]
    words = {one.name: _words(one, answers[one.name], regions, masked) for one in fields}
    kelurahan = office.name.removeprefix("Kelurahan ")
    return Letter(
        head=tuple(
            line.upper()
            for line in (
                f"Pemerintah {office.city}",
                f"Kecamatan {office.kecamatan}" if office.kecamatan else "",
                f"Kelurahan {kelurahan}",
            )
            if line
        ),
        title=form.letter.title if form.letter else service.name.id.upper(),
        opening=f"Yang bertanda tangan di bawah ini, Lurah {kelurahan}, menerangkan tentang:",
        rows=tuple((one.label.id, words[one.name]) for one in fields if one.kind != "phone"),
        says=_said(form, answers, words),
        closing="Isi rancangan ini dari isian pemohon dan belum diperiksa petugas.",
        day=f"{office.city}, {day_words(day)}",
        signer=f"Lurah {kelurahan}",
        code=code,
    )


def day_words(day: date) -> str:
    """17 Agustus 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _said(form: Form, answers: Mapping[str, object], words: Mapping[str, str]) -> str:
    """The wording with the answers in it; a brace in an answer stays a brace."""
    by_name = {one.name: one for one in form.fields}

    def answer(found: re.Match[str]) -> str:
        name = found.group(1)
        text = words.get(name, EMPTY)
        if by_name[name].kind != "choice":
            return text
        told = [one.name for one in form.fields if _tells_more(one, name) and one.name in words]
        return _in_a_sentence(text) + (f" ({words[told[0]]})" if told else "")

    return re.sub(r"\{(\w+)\}", answer, form.letter.says) if form.letter else ""


def _tells_more(one: Field, name: str) -> bool:
    """Whether it is the text field that goes with the choice `name`: "Keperluan lain"."""
    return one.kind == "text" and one.only_if is not None and one.only_if.field == name


def _in_a_sentence(name: str) -> str:
    """A choice's name within a sentence: its capital goes, unless it is an abbreviation."""
    first, _, _ = name.partition(" ")
    return name if first[1:2].isupper() or not first[1:] else name[0].lower() + name[1:]


def _words(one: Field, value: object, regions: Regions, masked: bool) -> str:
    if isinstance(value, Mapping):
        parts = {part: str(value.get(part, "")) for part in ADDRESS_PARTS}
        return ", ".join(address_lines(parts, regions))
    text = str(value)
    if one.kind == "nik" and masked:
        return mask_nik(text)
    if one.kind == "date":
        try:
            return day_words(date.fromisoformat(text))
        except ValueError:
            return text
    if one.kind in ("rupiah", "number") and text.isdigit():
        grouped = f"{int(text):,}".replace(",", ".")
        return f"Rp {grouped}" if one.kind == "rupiah" else grouped
    if one.kind == "choice":
        return next((choice.name.id for choice in one.choices if choice.value == text), text)
    return text
