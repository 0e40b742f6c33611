"""What a touch meant, done to the session. No Kivy: tests walk whole errands without a screen."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.address import part_problem
from kiosk.domain.answers import Checked, check, check_all
from kiosk.domain.problem import Problem
from kiosk.domain.service import Service
from kiosk.domain.session import HOME, Place, Question, Session, questions, raw_answers
from kiosk.domain.transaction import Draft, Receipt
from kiosk.ui.services import NotAccepted, UiServices
from kiosk.ui.theme import TEXT_SCALES

SEARCH_MAX = 120
DIGITS_MAX = {"nik": 16, "date": 8, "phone": 14, "rupiah": 12, "rt": 3, "rw": 3}
NUMBER_KINDS = ("nik", "date", "phone", "rupiah")


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


class Visit:
    """One session at the screen. `meant` takes the words of `Tap.meaning`; others are a bug."""

    def __init__(self, services: UiServices, number: int) -> None:
        self.services = services
        self.session = Session(number)
        self.capitals = False
        self.signs = False
        self.ended = False
        self._verbs: dict[str, Callable[[str], None]] = {
            "start": lambda _: self.session.home(),
            "back": lambda _: self._back(),
            "home": lambda _: self._home(),
            "lang": lambda _: self._switch_language(),
            "text": lambda _: self._grow_text(),
            "contrast": lambda _: self._switch_contrast(),
            "staff": lambda _: self.session.go(Place("staff")),
            "go": self._go,
            "service": lambda about: self.session.go(Place("service", about)),
            "page": lambda step: self.session.turn(int(step)),
            "apply": self._apply,
            "tick": self._tick,
            "papers_done": self._papers_done,
            "agree": self._agree,
            "key": self._type,
            "erase": lambda _: self._edit(lambda text: text[:-1]),
            "clear": lambda _: self._edit(lambda _text: ""),
            "shift": lambda _: self._shift(),
            "signs": lambda _: self._switch_signs(),
            "choose": self._choose,
            "next": lambda _: self._next(),
            "change": self._change,
            "send": lambda _: self._send(),
            "take": self._take,
            "finish": lambda _: self._finish(),
            "another": lambda _: self._another(),
            "leave": lambda _: self._end(),
        }

    def meant(self, meaning: str) -> None:
        verb, _, about = meaning.partition(":")
        before = self.session.place
        self._verbs[verb](about)
        if self.session.place != before and verb != "page":
            self._ready_keys()

    # -- where to

    def _go(self, about: str) -> None:
        name, _, rest = about.partition(":")
        self.session.go(Place(name, rest))

    def _back(self) -> None:
        if self.session.place.name == "receipt":
            self._another()
            return
        self.session.changing = False
        if len(self.session.places) == 1:
            self.session.places = [HOME]
        self.session.back()
        if self.session.place.name == "attract":
            self.session.places = [HOME]

    def _home(self) -> None:
        self.session.receipt = None
        self.session.home()

    def _another(self) -> None:
        self.session.receipt = None
        self.session.home()

    def _finish(self) -> None:
        self.session.forget_answers()
        self.session.receipt = None
        self.session.places = [Place("goodbye")]

    def _end(self) -> None:
        self.session.forget_answers()
        self.session.receipt = None
        self.ended = True

    # -- how it looks

    def _switch_language(self) -> None:
        self.session.lang = "en" if self.session.lang == "id" else "id"

    def _grow_text(self) -> None:
        step = TEXT_SCALES.index(self.session.text)
        self.session.text = TEXT_SCALES[(step + 1) % len(TEXT_SCALES)]
        self._first_page()

    def _switch_contrast(self) -> None:
        self.session.high_contrast = not self.session.high_contrast

    def _first_page(self) -> None:
        self.session.turn(-self.session.place.page)

    # -- typing

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

    @property
    def typing(self) -> str:
        """The key in `session.raw` that typing goes to; "" where nothing is typed."""
        if self.session.place.name == "search":
            return "search"
        question = self.question
        return question.key if question and shape(question) != "list" else ""

    def _ready_keys(self) -> None:
        question = self.question
        self.signs = False
        wants = question is not None and shape(question) == "keyboard"
        self.capitals = wants and not self.session.raw.get(question.key if question else "", "")

    def _shift(self) -> None:
        self.capitals = not self.capitals

    def _switch_signs(self) -> None:
        self.signs = not self.signs

    def _type(self, sign: str) -> None:
        question = self.question
        if question is not None and shape(question) == "keypad" and not sign.isdigit():
            return
        most = most_signs(question) if question else SEARCH_MAX
        self._edit(lambda text: (text + sign)[:most])
        typed = self.session.raw.get(self.typing, "")
        name = question is not None and (question.field.kind == "name" or question.part == "street")
        self.capitals = name and typed.endswith((" ", ".", "-"))

    def _edit(self, change: Callable[[str], str]) -> None:
        key = self.typing
        if not key:
            return
        self.session.raw[key] = change(self.session.raw.get(key, ""))
        self.session.answered.discard(key)
        self.session.problem, self.session.cautions = None, ()  # they were said of another answer
        if self.session.place.name == "search":
            self._first_page()

    # -- a letter

    def _apply(self, service_id: str) -> None:
        """Papers first, then whose data go where, then the questions."""
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
        self._next()

    def _next(self) -> None:
        if self.session.place.name == "search":
            if self.session.raw.get("search", "").strip():
                self.session.go(Place("results"))
            return
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
        check_place = Place("check", service.id)
        if check_place in self.session.places:
            del self.session.places[self.session.places.index(check_place) + 1 :]
            self.session.problem, self.session.cautions = None, ()
        else:
            self.session.go(check_place)

    def _change(self, key: str) -> None:
        service = self.service
        if service is not None:
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
