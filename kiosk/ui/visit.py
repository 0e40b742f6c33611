"""What a touch meant, done to the session. No Kivy: tests walk whole errands without a screen."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.session import BESIDE_FORMS, HOME, Place, Session
from kiosk.ui.counter import STATUS_MAX, AtCounter
from kiosk.ui.filing import most_signs, shape
from kiosk.ui.services import Conversation, UiServices
from kiosk.ui.theme import TEXT_SCALES

SEARCH_MAX = 120
PIN_MAX = 12
RESULTS_MOST = 6
EMERGENCY = "112"  # the service that is no errand: it has a page of its own


class Visit(AtCounter):
    """One session at the screen. `meant` takes the words of `Tap.meaning`; others are a bug."""

    def __init__(self, services: UiServices, number: int) -> None:
        super().__init__(services, Session(number))
        self.capitals = False
        self.signs = False
        self.ended = False
        self.leaves = False  # staff want the console
        self.pin_wrong = False
        self.checks: list[tuple[str, str, str]] = []
        self._talk: Conversation | None = None
        self._verbs: dict[str, Callable[[str], None]] = {
            "start": lambda _: self.session.home(),
            "back": lambda _: self._back(),
            "home": lambda _: self._home(),
            "lang": lambda _: self._switch_language(),
            "text": lambda _: self._grow_text(),
            "contrast": lambda _: self._switch_contrast(),
            "staff": lambda _: self.session.go(Place("staff")),
            "call_staff": lambda _: self._call_staff(),
            "go": self._go,
            "service": self._open_service,
            "emergency": lambda kind: self._open(EMERGENCY, Place("emergency", kind)),
            "no_emergency": lambda _: self._no_emergency(),
            "none_of_these": lambda _: self._none_of_these(),
            "page": lambda step: self.session.turn(int(step)),
            "apply": self._apply,
            "number": self._want_number,
            "letter": self._letter,
            "letters_done": self._letters_done,
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
            "priority": self._priority,
            "more": self._more,
            "less": self._less,
            "ring": self._ring,
            "hand_over": self._hand_over,
            "take_back": self._take_back,
            "scanned": self._scanned,
            "print_list": self._print_list,
            "finish": lambda _: self._finish(),
            "another": lambda _: self._home(),
            "leave": lambda _: self._end(),
            "leave_screens": lambda _: self._leave_screens(),
            "listen": self._listen,
            "hold": self._hold,
            "tapped": lambda _: self._tapped(),
            "listened": lambda _: self._listened(),
            "right": self._right,
            "by_keys": lambda _: self._by_keys(),
        }

    def meant(self, meaning: str) -> None:
        verb, _, about = meaning.partition(":")
        before = self.session.place
        self._verbs[verb](about)
        if self.session.place.name != "listen":
            self._heed_no_more()
        if self.session.place != before and verb != "page":
            self.microphone_gone = False
            self._ready_keys()

    # -- where to

    def _open_service(self, service_id: str) -> None:
        page = Place("emergency") if service_id == EMERGENCY else Place("service", service_id)
        self._open(service_id, page)

    def _open(self, service_id: str, page: Place) -> None:
        """From a list of results, another than the first puts right what was understood."""
        if self.session.place.name in ("search", "results", "answer"):
            self._put_right(service_id)
        self.session.go(page)

    def _no_emergency(self) -> None:
        """A false alarm puts right what was understood too; then back to the words."""
        if self.session.found[:1] == (EMERGENCY,):
            self._put_right("")
        self._back()

    def _none_of_these(self) -> None:
        self._put_right("")
        self.session.go(Place("services"))

    def _put_right(self, chosen: str) -> None:
        """Help at once, and what stood in no list, was wanted besides, not instead."""
        found, self.session.found = self.session.found, ()
        if found and chosen != found[0] and chosen in (*found, ""):
            self.services.corrected(found[0], chosen)

    def _go(self, about: str) -> None:
        name, _, rest = about.partition(":")
        asked_of = [one.about for one in self.session.places if one.name == "ask"]
        if name == "ask" and rest not in asked_of:
            self._forget_question()  # half typed for another service
        self.session.go(Place(name, rest))

    def _back(self) -> None:
        if self.session.place.name in ("receipt", "receipts"):
            self._home()
            return
        if self.session.place.name == "ask":
            self._forget_question()
        if len(self.session.places) == 1:
            self.session.places = [HOME]
        self.session.back()
        if self.session.changing and self.session.place.name == "check":
            self._take_back_change()
        if self.session.place.name == "attract":
            self.session.places = [HOME]

    def _take_back_change(self) -> None:
        """Back without handing in: what stood on the check page stands there again."""
        if self.session.before_change is not None:
            self.session.raw, self.session.answered = self.session.before_change
        self.session.changing, self.session.before_change = False, None

    def _home(self) -> None:
        self.session.forget_receipts()
        self.spoken.clear()
        self.session.home()

    def _finish(self) -> None:
        self._forget()
        self.session.places = [Place("goodbye")]

    def _end(self) -> None:
        self._forget()
        self.ended = True

    def _forget(self) -> None:
        self.forget_counter()
        self.session.forget_answers()
        self.session.forget_receipts()
        self._talk = None
        self.quiet()

    def _call_staff(self) -> None:
        """In an emergency one touch rings; elsewhere it is asked for on the staff's page."""
        self._ring("")
        self.session.go(Place("staff"))

    # -- how it looks

    def _switch_language(self) -> None:
        self.session.lang = "en" if self.session.lang == "id" else "id"
        self._talk = None  # the next question begins one in the other language

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
    def typing(self) -> str:
        """The key in `session.raw` that typing goes to; "" where nothing is typed."""
        if self.session.place.name in BESIDE_FORMS:
            return self.session.place.name
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
        if self.session.place.name == "status":
            most, sign = STATUS_MAX, sign.upper()
        if self.session.place.name == "pin":
            most, sign = PIN_MAX, sign if sign.isdigit() else ""
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
        self.session.found = ()  # for other words
        self.session.problem, self.session.cautions = None, ()  # they were said of another answer
        self.spoken.pop(key, None)
        if self.session.place.name == "search":
            self._first_page()

    def _next(self) -> None:
        place, typed = self.session.place, self.session.raw.get(self.typing, "").strip()
        if place.name == "question":
            self._hand_in()
        elif place.name == "search" and typed:
            self._search(typed, typing=True)
        elif place.name == "status" and typed:
            self._ask_status(typed)
        elif place.name == "ask" and typed:
            self._ask(place.about, typed)
        elif place.name == "pin" and typed:
            self._try_pin(typed)

    def _try_pin(self, typed: str) -> None:
        self.session.raw.pop("pin", None)
        staff = self.services.staff
        self.pin_wrong = staff is None or not staff.fits(typed)
        if staff is not None and not self.pin_wrong:
            self.checks = staff.checks()
            self.session.places = [HOME, Place("readiness")]

    def _leave_screens(self) -> None:
        self.leaves = self.session.place.name == "readiness"

    def _search(self, words: str, *, typing: bool) -> None:
        meaning = self.services.find(words, RESULTS_MOST, typing=typing)
        self.session.found = tuple(hit.service_id for hit in meaning.hits)
        if meaning.outcome == "emergency":
            self.session.go(Place("emergency", meaning.emergency_kind))
        else:
            self.session.go(Place("results"))

    def _look_for(self, words: str, *, sure: bool) -> None:
        """As if it had been typed, so that it can be put right by typing. A question that was not
        surely heard waits in its field for "Tanya"."""
        place = self.session.place
        asks = place.name in ("ask", "answer")
        if not asks:
            if place.name == "results":
                self.session.back()
            self.session.go(Place("search"))
            self.session.raw["search"] = words
            self._search(words, typing=False)
        elif sure:
            self._ask(place.about, words)
        else:
            self.session.go(Place("ask", place.about))
            self.session.raw["ask"] = words
        self.spoken[self.words_of] = (words, sure)

    def _heed_no_more(self) -> None:
        """Whatever led away from the screen that listens, or from what was heard on it."""
        self.stop_listening()
        self.session.places = [one for one in self.session.places if one.name != "listen"]
        if not any(one.name == "spoken" for one in self.session.places):
            self.said = None

    def _ask(self, service_id: str, typed: str) -> None:
        """One turn of the conversation; the words themselves are not kept."""
        if self._talk is None:
            self._talk = self.services.talk(self.session.lang)
        if service_id:
            self._talk.turn_to(service_id)
        self.session.said = said = self._talk.answer(typed, self.services.now())
        # Whichever is touched of others than the ranking's, nothing was misunderstood.
        self.session.found = said.options if said.ranked else ()
        self._forget_question()
        self.spoken.pop("answer", None)
        self.session.go(Place("answer", said.service or service_id))

    def _forget_question(self) -> None:
        """What stands in the field of "Tanya", typed or said."""
        self.session.raw.pop("ask", None)
        self.spoken.pop("ask", None)
