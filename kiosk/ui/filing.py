"""The letter part of a visit: papers, questions, check, send. No Kivy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.address import part_problem
from kiosk.domain.answers import Checked, Value, check, check_all
from kiosk.domain.errand import Errand, Need, errand_key, find_errand, together
from kiosk.domain.letter import Letter, letter_of
from kiosk.domain.problem import Problem
from kiosk.domain.service import Service, Text
from kiosk.domain.session import Place, Question, Session, questions, raw_answers
from kiosk.domain.transaction import Draft, Receipt
from kiosk.ui.services import NotAccepted, UiServices

DIGITS_MAX = {"nik": 16, "date": 8, "phone": 14, "rupiah": 12, "number": 9, "rt": 3, "rw": 3}
NUMBER_KINDS = ("nik", "date", "phone", "rupiah", "number")


@dataclass(frozen=True, slots=True)
class Option:
    """One of a list; `own`: of the office in which the kiosk stands."""

    value: str
    name: Text
    own: bool = False


def shape(question: Question) -> str:
    """How it is answered: `keypad`, `keyboard` or `list`."""
    if question.field.kind in NUMBER_KINDS or question.part in ("rt", "rw"):
        return "keypad"
    if question.field.kind == "choice" or question.part in ("kecamatan", "kelurahan"):
        return "list"
    return "keyboard"


def most_signs(question: Question) -> int:
    if shape(question) == "keypad":
        return DIGITS_MAX[question.part or question.field.kind]
    return 100 if question.part or question.field.kind == "name" else question.field.max_chars


def options(services: UiServices, session: Session, question: Question) -> list[Option]:
    """What a list offers, as it stands on the screen. The office's own kecamatan and kelurahan come
    first."""
    if not question.part:
        return [Option(one.value, one.name) for one in question.field.choices]
    regions, office = services.regions, services.office
    if question.part == "kecamatan":
        found, own = regions.kecamatan(), office.kecamatan
    else:
        found = regions.kelurahan(session.raw.get(f"{question.field.name}.kecamatan", ""))
        own = office.name.removeprefix("Kelurahan ")
    listed = [
        Option(one.code, Text(one.name, one.name), one.name.casefold() == own.casefold())
        for one in found
    ]
    return sorted(listed, key=lambda one: not one.own)


class Filing:
    """Takes a session from "isi surat" to its receipt."""

    def __init__(self, services: UiServices, session: Session) -> None:
        self.services = services
        self.session = session

    @property
    def errand(self) -> Errand | None:
        """What this screen is about: a service, or letters in one go; None where it is neither."""
        return find_errand(self.services.catalogue, self.session.place.about.partition("/")[0])

    @property
    def service(self) -> Service | None:
        """The one service this screen is about; None where it is about none or about several."""
        errand = self.errand
        return errand.service if errand is not None else None

    @property
    def question(self) -> Question | None:
        """The question on the screen; None on other screens."""
        place, errand = self.session.place, self.errand
        if place.name != "question" or errand is None:
            return None
        key = place.about.partition("/")[2]
        pages = questions(errand.form, self.session.raw)
        return next((page for page in pages if page.key == key), None)

    # -- several letters of a life event

    def _letter(self, service_id: str) -> None:
        self.session.letters.symmetric_difference_update({service_id})
        self.session.problem = None

    def _letters_done(self, event_id: str) -> None:
        """On with the letters chosen; with none it is said that one is needed."""
        catalogue = self.services.catalogue
        event = next((one for one in catalogue.events if one.id == event_id), None)
        possible = together(event, catalogue) if event is not None else ()
        chosen = [one.id for one in possible if one.id in self.session.letters]
        if event is None or not chosen:
            self.session.problem = Problem("choice_empty")
            return
        self._apply(errand_key(event, chosen))

    # -- papers, before anything is asked

    def _apply(self, key: str) -> None:
        """Papers first, then whose data go where, then the questions.

        Another errand is another purpose: it is said again whose data go where.
        """
        if self.session.told_for != key:
            self.session.told_privacy = False
        self.session.go(Place("checklist", key))

    def _want_number(self, service_id: str) -> None:
        """What is missing is said before a number is taken too."""
        errand = find_errand(self.services.catalogue, service_id)
        if errand is not None and errand.needs(self.services.catalogue):
            self.session.go(Place("checklist", f"{service_id}/number"))
        else:
            self.session.go(Place("ticket", service_id))

    @property
    def needs(self) -> tuple[Need, ...]:
        """What to bring for the errand on the screen."""
        errand = self.errand
        return errand.needs(self.services.catalogue) if errand is not None else ()

    def _tick(self, number: str) -> None:
        """ "Belum ada": each paper is taken to be here until it is touched."""
        lacking = self.session.lacking.setdefault(self._paper_list, set())
        lacking.symmetric_difference_update({int(number)})

    @property
    def missing(self) -> list[int]:
        """The papers that are not here, by place in `needs`."""
        return sorted(self.session.lacking.get(self._paper_list, set()))

    @property
    def _paper_list(self) -> str:
        return self.session.place.about.partition("/")[0]

    def _papers_done(self, choice: str) -> None:
        """What is missing is said before anything is filed; going on all the same is allowed."""
        errand, about = self.errand, self.session.place.about
        if errand is None:
            return
        if choice != "anyway" and self.missing:
            self.session.go(Place("missing", about))
        elif about.endswith("/number") or not errand.is_filed:
            self.session.go(Place("ticket", errand.key))
        elif self.session.told_privacy:
            self._first_question(errand)
        else:
            self.session.go(Place("privacy", errand.key))

    def _agree(self, _about: str) -> None:
        self.session.told_privacy = True
        errand = self.errand
        if errand is not None:
            self.session.told_for = errand.key
            self._first_question(errand)

    def _first_question(self, errand: Errand) -> None:
        pages = questions(errand.form, self.session.raw)
        if pages:
            self.session.go(Place("question", f"{errand.key}/{pages[0].key}"))

    # -- questions

    def problem_of(self, question: Question) -> Problem | Checked | None:
        """What the checks say of what was typed: a Problem, or the checked value (None: a part)."""
        raw, today = self.session.raw, self.services.now().date()
        if question.part:
            given = {
                part: raw.get(f"{question.field.name}.{part}", "")
                for part in ("kecamatan", question.part)
            }
            return part_problem(question.part, given, self.services.regions)
        answers: dict[str, object] = {}
        if (errand := self.errand) is not None:
            done = {key: text for key, text in raw.items() if key in self.session.answered}
            answers.update(self._checked(errand, done)[0])
        return check(
            question.field,
            raw.get(question.key, ""),
            today=today,
            regions=self.services.regions,
            answers=answers,
        )

    def _choose(self, value: str) -> None:
        question = self.question
        if question is None:
            return
        name = question.field.name
        if question.part == "kecamatan" and self.session.raw.get(question.key) != value:
            self.session.raw.pop(f"{name}.kelurahan", None)
            self.session.answered.discard(f"{name}.kelurahan")
        self.session.raw[question.key] = value
        self._hand_in()

    def _hand_in(self) -> None:
        """The answer on the screen, if it is good; then the next question."""
        question, errand = self.question, self.errand
        if question is None or errand is None:
            return
        outcome = self.problem_of(question)
        if isinstance(outcome, Problem):
            self.session.problem = outcome
            return
        self.session.answered.add(question.key)
        cautions = outcome.cautions if outcome is not None else ()
        if cautions and cautions != self.session.cautions:
            self.session.cautions = cautions  # said once; the same answer again goes on
            return
        self._on_to_next(errand, question)

    def _on_to_next(self, errand: Errand, question: Question) -> None:
        pages = questions(errand.form, self.session.raw)
        keys = [page.key for page in pages]
        rest = keys[keys.index(question.key) + 1 :]
        if self.session.changing:
            rest = [key for key in keys if key not in self.session.answered]
        if rest:
            self.session.go(Place("question", f"{errand.key}/{rest[0]}"))
            return
        self.session.changing = False
        self.session.before_change = None
        check_place = Place("check", errand.key)
        if check_place in self.session.places:
            del self.session.places[self.session.places.index(check_place) + 1 :]
            self.session.problem, self.session.cautions = None, ()
        else:
            self.session.go(check_place)

    def _change(self, key: str) -> None:
        errand = self.errand
        if errand is not None:
            self.session.before_change = (dict(self.session.raw), set(self.session.answered))
            self.session.go(Place("question", f"{errand.key}/{key}"))
            self.session.changing = True

    # -- looking at it, and sending it

    def letters(self) -> list[Letter]:
        """The drafts of what would be sent from here, as this screen may show them."""
        errand, services = self.errand, self.services
        if errand is None:
            return []
        values, _ = self._checked(errand, self.session.raw)
        drafts = errand.drafts(values, self.session.lang)
        return [
            letter_of(
                service,
                draft.answers,
                office=services.office,
                regions=services.regions,
                day=services.now().date(),
                masked=True,
            )
            for service, draft in zip(errand.services, drafts, strict=True)
        ]

    def _send(self) -> None:
        """Commit, then confirm: receipts exist only once `accept_all` has returned."""
        errand = self.errand
        if errand is None or not errand.is_filed:
            return
        values, problems = self._checked(errand, self.session.raw)
        if problems:
            self._change(self._question_of(errand, problems[0][0]))
            self.session.problem = problems[0][1]
            return
        try:
            receipts = self.services.accept_all(errand.drafts(values, self.session.lang))
        except NotAccepted as refusal:
            self.session.refused = refusal.code
            return
        self.session.hand_over_all(receipts)

    def _checked(
        self, errand: Errand, raw: Mapping[str, str]
    ) -> tuple[dict[str, Value], list[tuple[str, Problem]]]:
        return check_all(
            errand.form,
            raw_answers(errand.form, raw),
            today=self.services.now().date(),
            regions=self.services.regions,
        )

    def _question_of(self, errand: Errand, name: str) -> str:
        pages = questions(errand.form, self.session.raw)
        return next(page.key for page in pages if page.field.name == name)

    def _take(self, service_id: str) -> None:
        self._accept(Draft("ticket", service_id, {}, self.session.lang))

    def _accept(self, draft: Draft) -> None:
        try:
            receipt: Receipt = self.services.accept(draft)
        except NotAccepted as refusal:
            self.session.refused = refusal.code
            return
        self.session.hand_over(receipt)
