"""The letter part of a visit: papers, questions, check, send. No Kivy."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.address import part_problem
from kiosk.domain.answers import Checked, check, check_all
from kiosk.domain.problem import Problem
from kiosk.domain.service import Service, Text
from kiosk.domain.session import Place, Question, Session, questions, raw_answers
from kiosk.domain.transaction import Draft, Receipt
from kiosk.ui.services import NotAccepted, UiServices

DIGITS_MAX = {"nik": 16, "date": 8, "phone": 14, "rupiah": 12, "rt": 3, "rw": 3}
NUMBER_KINDS = ("nik", "date", "phone", "rupiah")


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
    def service(self) -> Service | None:
        """The service this screen is about; None where it is about none."""
        return self.services.catalogue.services.get(self.session.place.about.partition("/")[0])

    @property
    def question(self) -> Question | None:
        """The question on the screen; None on other screens."""
        place, service = self.session.place, self.service
        if place.name != "question" or service is None or service.form is None:
            return None
        key = place.about.partition("/")[2]
        pages = questions(service.form, self.session.raw)
        return next((page for page in pages if page.key == key), None)

    def _apply(self, service_id: str) -> None:
        """Papers first, then whose data go where, then the questions.

        Another letter is another purpose: it is said again whose data go where.
        """
        if self.session.told_for != service_id:
            self.session.told_privacy = False
        self.session.go(Place("checklist", service_id))

    def _tick(self, number: str) -> None:
        service_id = self.session.place.about
        brought = self.session.brought.setdefault(service_id, set())
        brought.symmetric_difference_update({int(number)})

    def missing(self, service: Service) -> list[int]:
        """The papers not ticked yet, by place in the list."""
        fact = service.fact("requirements")
        brought = self.session.brought.get(service.id, set())
        return [place for place in range(len(fact.lines) if fact else 0) if place not in brought]

    def _papers_done(self, choice: str) -> None:
        """What is missing is said before anything is filed; going on all the same is allowed."""
        service = self.service
        if service is None:
            return
        if choice != "anyway" and self.missing(service):
            self.session.go(Place("missing", service.id))
        elif service.filing != "form":
            self.session.go(Place("ticket", service.id))
        elif self.session.told_privacy:
            self._first_question(service)
        else:
            self.session.go(Place("privacy", service.id))

    def _agree(self, _about: str) -> None:
        self.session.told_privacy = True
        if self.service is not None:
            self.session.told_for = self.service.id
            self._first_question(self.service)

    def _first_question(self, service: Service) -> None:
        if service.form is not None:
            first = questions(service.form, self.session.raw)[0]
            self.session.go(Place("question", f"{service.id}/{first.key}"))

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
        service = self.service
        if service is not None and service.form is not None:
            done = {key: text for key, text in raw.items() if key in self.session.answered}
            answers.update(
                check_all(
                    service.form,
                    raw_answers(service.form, done),
                    today=today,
                    regions=self.services.regions,
                )[0]
            )
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
        question, service = self.question, self.service
        if question is None or service is None or service.form is None:
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
        self._on_to_next(service, question)

    def _on_to_next(self, service: Service, question: Question) -> None:
        assert service.form is not None
        pages = questions(service.form, self.session.raw)
        keys = [page.key for page in pages]
        rest = keys[keys.index(question.key) + 1 :]
        if self.session.changing:
            rest = [key for key in keys if key not in self.session.answered]
        if rest:
            self.session.go(Place("question", f"{service.id}/{rest[0]}"))
            return
        self.session.changing = False
        self.session.before_change = None
        check_place = Place("check", service.id)
        if check_place in self.session.places:
            del self.session.places[self.session.places.index(check_place) + 1 :]
            self.session.problem, self.session.cautions = None, ()
        else:
            self.session.go(check_place)

    def _change(self, key: str) -> None:
        service = self.service
        if service is not None:
            self.session.before_change = (dict(self.session.raw), set(self.session.answered))
            self.session.go(Place("question", f"{service.id}/{key}"))
            self.session.changing = True

    def _send(self) -> None:
        """Commit, then confirm: the receipt exists only once `accept` has returned."""
        service = self.service
        if service is None or service.form is None:
            return
        values, problems = check_all(
            service.form,
            raw_answers(service.form, self.session.raw),
            today=self.services.now().date(),
            regions=self.services.regions,
        )
        if problems:
            self._change(self._question_of(service, problems[0][0]))
            self.session.problem = problems[0][1]
            return
        self._accept(Draft("application", service.id, dict(values), self.session.lang))

    def _question_of(self, service: Service, name: str) -> str:
        assert service.form is not None
        pages = questions(service.form, self.session.raw)
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
