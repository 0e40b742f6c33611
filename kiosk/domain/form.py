"""A letter's form as data: pages of one question, kinds of fields, one `only_if`, its wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kiosk.domain.service import Text

Kind = Literal["nik", "name", "date", "address", "phone", "choice", "text", "rupiah", "number"]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    name: Text


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """The field is asked only when `field` was answered with one of `values`."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `hint` says how to answer; `max_chars` bounds free text, `most` a number.

    A date is of the past, or with `ahead` of today or later.
    """

    name: str
    kind: Kind
    label: Text  # short, for "periksa jawaban" and paper: "Nama", "NIK"
    question: Text  # the heading of its page: "Siapa nama lengkap Anda?"
    hint: Text | None = None
    required: bool = True
    choices: tuple[Choice, ...] = ()
    max_chars: int = 200
    only_if: OnlyIf | None = None
    most: int = 999_999_999
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What the draft of the letter is called and says, in Indonesian; `{field}` is an answer."""

    title: str
    says: str


@dataclass(frozen=True, slots=True)
class Form:
    fields: tuple[Field, ...]
    letter: LetterWords | None = None
