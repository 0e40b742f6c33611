"""One citizen's visit: where they are, what they typed, how they see it. Pure, and in memory only.

A visit ends by dropping the object: nothing of it is written anywhere but what `accept` committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kiosk.domain.answers import asked
from kiosk.domain.form import Field, Form
from kiosk.domain.problem import Caution, Problem
from kiosk.domain.service import Lang
from kiosk.domain.transaction import Receipt
from kiosk.domain.turn import Turn

ADDRESS_PARTS = ("kecamatan", "kelurahan", "street", "rt", "rw")
IN_FORM = frozenset(
    {"question", "aloud", "spoken", "check", "preview", "privacy", "checklist", "missing"}
)
BESIDE_FORMS = ("search", "ask", "status", "pin")  # where something is typed that is no answer
PLACES_MAX = 60  # a visit that wanders longer forgets its oldest step, not its answers


@dataclass(frozen=True, slots=True)
class Place:
    """A screen and what it is about; `page` when its content takes several pages."""

    name: str
    about: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One page of a form. An address is asked in parts, each a question of its own."""

    field: Field
    part: str = ""

    @property
    def key(self) -> str:
        return f"{self.field.name}.{self.part}" if self.part else self.field.name


def questions(form: Form, raw: Mapping[str, str]) -> tuple[Question, ...]:
    """The pages of `form` for what was answered so far, in order."""
    pages: list[Question] = []
    for item in asked(form, raw):
        if item.kind == "address":
            pages.extend(Question(item, part) for part in ADDRESS_PARTS)
        else:
            pages.append(Question(item))
    return tuple(pages)


def raw_answers(form: Form, raw: Mapping[str, str]) -> dict[str, object]:
    """What was typed, by field name, as `answers.check_all` takes it."""
    answers: dict[str, object] = {}
    for item in asked(form, raw):
        if item.kind == "address":
            answers[item.name] = {
                part: raw.get(f"{item.name}.{part}", "") for part in ADDRESS_PARTS
            }
        else:
            answers[item.name] = raw.get(item.name, "")
    return answers


HOME = Place("home")
ATTRACT = Place("attract")


@dataclass
class Session:
    """`raw` holds what was typed, by question key; `lacking` the papers that are not here,
    by errand; `letters` the ones chosen of a life event.

    `answered` are the questions that were handed in and found good: what `raw` holds of any other
    is half-typed and never shown on the check page. `before_change` is what both held when "Ubah"
    was touched, `told_for` the errand that privacy was said for. `found` are the services of the
    last search, best first; `said` is the last answer of the conversation.
    """

    number: int
    lang: Lang = "id"
    text: float = 1.0
    high_contrast: bool = False
    places: list[Place] = field(default_factory=lambda: [ATTRACT])
    raw: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    lacking: dict[str, set[int]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    told_privacy: bool = False
    changing: bool = False
    before_change: tuple[dict[str, str], set[str]] | None = None
    told_for: str = ""
    problem: Problem | None = None
    cautions: tuple[Caution, ...] = ()
    refused: str = ""
    receipt: Receipt | None = None
    receipts: tuple[Receipt, ...] = ()  # of several letters filed in one go
    found: tuple[str, ...] = ()
    said: Turn | None = None

    @property
    def place(self) -> Place:
        return self.places[-1]

    @property
    def in_form(self) -> bool:
        return self.place.name in IN_FORM

    def go(self, place: Place) -> None:
        self._clear_words()
        if place == self.place:
            return
        self.places.append(place)
        if len(self.places) > PLACES_MAX:
            del self.places[1]

    def back(self) -> None:
        self._clear_words()
        if len(self.places) > 1:
            self.places.pop()

    def home(self) -> None:
        self._clear_words()
        self.changing = False
        self.before_change = None
        for key in BESIDE_FORMS:
            self.raw.pop(key, None)
        self.places = [HOME]

    def turn(self, step: int) -> None:
        """To the next or the previous page of a long screen."""
        self.places[-1] = replace(self.place, page=max(0, self.place.page + step))

    def hand_over(self, receipt: Receipt) -> None:
        """The errand is stored: its answers leave memory, only the receipt stays to be read."""
        self.forget_answers()
        self.receipt = receipt
        self.places = [Place("receipt", receipt.id)]

    def hand_over_all(self, receipts: tuple[Receipt, ...]) -> None:
        """As `hand_over`, for the letters of one errand; one of them alone is just a receipt."""
        if len(receipts) == 1:
            self.hand_over(receipts[0])
            return
        self.forget_answers()
        self.receipts = receipts
        self.places = [Place("receipts", receipts[0].id)]

    def forget_receipts(self) -> None:
        self.receipt, self.receipts = None, ()

    def forget_answers(self) -> None:
        self._clear_words()
        self.raw.clear()
        self.answered.clear()
        self.lacking.clear()
        self.letters.clear()
        self.changing = False
        self.before_change = None
        self.told_privacy = False
        self.told_for = ""
        self.found = ()
        self.said = None

    def _clear_words(self) -> None:
        self.problem = None
        self.cautions = ()
        self.refused = ""
