"""A kiosk without a database for the tests of its screens, and a search for what it remembers."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Literal

from kiosk.bootstrap import emergency_words_of
from kiosk.config import WIB, assets_folder
from kiosk.domain.announcement import Announcement
from kiosk.domain.errand import together
from kiosk.domain.filing import fileable
from kiosk.domain.handover import Handover, Standing
from kiosk.domain.office import Office
from kiosk.domain.paper import PrintState
from kiosk.domain.queue import Call, Entry, Outlook, Wait
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Lang
from kiosk.domain.session import Question
from kiosk.domain.speech import Heard, Task, Transcript, Why, Word
from kiosk.domain.status import Status
from kiosk.domain.transaction import Draft, Receipt, Unsent
from kiosk.lookup.dialogue import Talk
from kiosk.lookup.index import Index
from kiosk.store.catalogue import load_catalogue
from kiosk.store.regions import load_regions
from kiosk.ui.filing import shape
from kiosk.ui.idle import IdleLimits
from kiosk.ui.services import Counter, NotAccepted, UiServices, Voice, VoiceEvent, VoiceState
from kiosk.ui.visit import Visit

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=WIB)
OFFICE = Office(
    name="Kelurahan Sukasari",
    kecamatan="Tangerang",
    city="Kota Tangerang",
    counter="Loket Pelayanan",
    kiosk_prefix="KD",
    queue_prefix="A",
)
LETTERS = ("sktm", "dom-penduduk", "belum-menikah", "penghasilan", "ket-umum")


@cache
def catalogue() -> Catalogue:
    return load_catalogue(assets_folder())


ALL_LETTERS = tuple(one.id for one in catalogue().services.values() if one.form is not None)


@cache
def regions() -> Regions:
    return load_regions(assets_folder() / "regions.tsv")


@cache
def index() -> Index:
    return Index(catalogue().services.values())


@dataclass
class Loket:
    """A counter in memory: numbers, a bell and codes, as `kiosk.counter.Counter` has them. `says`
    is how every call and form stands at the desk; `paper` how every paper does."""

    desk: Desk
    says: Standing | None = "waiting"
    paper: PrintState | None = None
    ahead: int = 3
    takings: list[tuple[bool, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    handovers: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()  # of the form handed over last
    codes: int = 0
    lists: list[str] = field(default_factory=list)
    called: list[Call] = field(default_factory=list)

    def take(
        self,
        draft: Draft,
        *,
        priority: bool,
        services: tuple[str, ...],
        applications: tuple[str, ...],
    ) -> Receipt:
        self.takings.append((priority, services, applications))
        return self.desk.accept(draft)

    def outlook(self, service: str, *, priority: bool) -> Outlook:
        return Outlook(0 if priority else self.ahead, Wait(10, 20))

    def entry(self, txn_id: str) -> tuple[Entry, Outlook] | None:
        receipt = self.desk.receipts[txn_id]
        if receipt.ticket is None:
            return None
        number = int(receipt.ticket[-3:])
        entry = Entry(number, receipt.code, receipt.ticket, "umum", False, "waiting", 1, 0, "", NOW)
        return entry, Outlook(self.ahead, None)

    def calls_after(self, seq: int | None) -> list[Call]:
        return [one for one in self.called if seq is None or one.seq > seq]

    def ring(self, lang: Lang) -> Handover:
        return self._add("ring", "", {}, lang)

    def offer(
        self, service: str, raw: Mapping[str, str], answered: frozenset[str], lang: Lang
    ) -> Handover:
        self.answered = answered
        return self._add("form", service, dict(raw), lang)

    def _add(
        self, kind: Literal["ring", "form"], service: str, raw: dict[str, str], lang: Lang
    ) -> Handover:
        id_ = f"h{len(self.handovers)}"
        self.handovers[id_] = (service, raw)
        return Handover(id_, "K7", kind, "waiting", lang, service, "", NOW)

    def standing(self, handover_id: str) -> Standing | None:
        return self.says if handover_id in self.handovers else None

    def take_back(self, handover_id: str) -> None:
        self.handovers.pop(handover_id, None)

    def tidy(self) -> None:
        """Nothing here is ever over."""

    def status(self, code: str) -> Status | None:
        self.codes += 1
        found = [one for one in self.desk.receipts.values() if one.code == code]
        return Status(found[0], NOW) if found else None

    def prints(self) -> bool:
        return self.paper is not None

    def print_papers(self, service: str, lang: Lang) -> int:
        self.lists.append(service)
        return len(self.lists)

    def print_of(self, txn_id: str) -> tuple[PrintState, str] | None:
        return (self.paper, "") if self.paper else None

    def print_job(self, job: int) -> tuple[PrintState, str] | None:
        return (self.paper, "") if self.paper else None


@dataclass
class Desk:
    """Takes in drafts as the store does: checked first, each with a receipt of its own.

    `refusal` makes it refuse with that code; `drafts` are the ones taken in, in order.
    """

    drafts: list[Draft] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    asked: int = 0
    corrections: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""
    version: int = 1
    voice: Voice | None = None
    counter: Counter | None = None
    announcements: tuple[Announcement, ...] = ()

    def accept(self, draft: Draft) -> Receipt:
        return self.accept_all((draft,))[0]

    def accept_all(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        self.asked += len(drafts)
        if self.refusal:
            raise NotAccepted(self.refusal)
        return tuple(self._take_in(draft) for draft in drafts)

    def _take_in(self, draft: Draft) -> Receipt:
        checked = fileable(draft, catalogue(), today=NOW.date(), regions=regions())
        self.drafts.append(checked)
        number = len(self.drafts)
        receipt = Receipt(
            id=f"018f0000-0000-7000-8000-{number:012d}",
            code=f"KD7F-3{number % 10}TM",
            kind=draft.kind,
            service=draft.service,
            at=NOW,
            state="accepted",
            ticket=f"A-{number:03d}" if draft.kind == "ticket" else None,
        )
        self.receipts[receipt.id] = receipt
        return receipt

    def services(self) -> UiServices:
        return UiServices(
            catalogue=catalogue(),
            regions=regions(),
            office=OFFICE,
            find=index().find,
            talk=lambda lang: Talk(
                catalogue(), index().find, office=OFFICE, holidays={}, lang=lang
            ),
            emergency_words=emergency_words_of(),
            corrected=lambda shown, chosen: self.corrections.append((shown, chosen)),
            accept=self.accept,
            accept_all=self.accept_all,
            receipt=lambda txn_id: self.receipts[txn_id],
            unsent=lambda: Unsent(len(self.drafts), NOW if self.drafts else None),
            version=lambda: self.version,
            now=lambda: NOW,
            idle=IdleLimits(),
            voice=self.voice,
            counter=self.counter,
            announcements=lambda: self.announcements,
        )


@dataclass
class Listened:
    """One listening: what it was asked for, and what became of it."""

    task: Task
    tell: Callable[[VoiceEvent], None]
    phrases: tuple[str, ...]
    hold: bool
    finished: bool = False
    cancelled: bool = False

    def finish(self) -> None:
        self.finished = True

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Ear:
    """A voice that hears what the test tells it to, also when nobody wants to know any more."""

    listened: list[Listened] = field(default_factory=list)
    now: VoiceState = "ready"
    audible: bool = True
    hushed: int = 0
    said: list[tuple[str, Lang, bool]] = field(default_factory=list)

    def state(self) -> VoiceState:
        return self.now

    def speaks(self) -> bool:
        return self.audible

    def listen(
        self,
        task: Task,
        on_event: Callable[[VoiceEvent], None],
        *,
        phrases: tuple[str, ...] = (),
        hold: bool = False,
    ) -> Listened:
        self.listened.append(Listened(task, on_event, phrases, hold))
        return self.listened[-1]

    def say(self, text: str, lang: Lang, slow: bool = False) -> None:
        self.said.append((text, lang, slow))

    def hush(self) -> None:
        self.hushed += 1

    @property
    def last(self) -> Listened:
        return self.listened[-1]

    def hears(
        self,
        text: str,
        *,
        value: str | None = None,
        sure: bool = True,
        n_best: tuple[str, ...] = (),
        words: tuple[Word, ...] = (),
        confidence: float = 0.9,
        why: Why = "heard",
    ) -> None:
        said = Transcript(text if sure else "", confidence, sure, value, n_best or (text,), words)
        self.last.tell(Heard(said, why))

    def hears_nothing(self, why: Why = "silence") -> None:
        self.last.tell(Heard(None, why))


def offered(visit: Visit) -> list[str]:
    """What the screen this visit is at has to touch: bar, footer, body and keys, without Kivy.

    An upper bound is enough for walks: pages and pictures do not matter to a visit.
    """
    place, known = visit.session.place, visit.services.catalogue
    if place.name == "attract":
        return ["start"]
    if place.name == "goodbye":
        return ["leave"]
    if place.name in ("receipt", "receipts"):
        return ["another", "finish", "lang", "text", "contrast", "staff", "page:+1", "page:-1"]
    bar = ["lang", "text", "contrast", "staff", "page:+1", "page:-1"]
    if place.name != "home":
        bar += ["back", "home"]
    by_place: dict[str, Callable[[], Iterable[str]]] = {
        "home": lambda: [
            *("go:search", "go:services", "go:events", "go:machine", "go:ticket"),
            "go:category:surat",
            *(["go:status"] if visit.counter is not None else []),
            *(["go:news"] if visit.services.announcements() else []),
            "go:event:bayi-lahir",
        ],
        "events": lambda: [f"go:event:{one.id}" for one in known.events],
        "services": lambda: [f"go:category:{one.id}" for one in known.categories],
        "event": lambda: (
            [
                f"service:{key}"
                for one in known.events
                if one.id == place.about
                for key in one.services
                if key in known.services
            ]
            + ([f"go:letters:{place.about}"] if _letters(place.about) else [])
        ),
        "category": lambda: [
            f"service:{one.id}" for one in known.services.values() if one.category == place.about
        ],
        "search": lambda: [*_keys(), "next", *_found(visit)],
        "results": lambda: ["none_of_these", "emergency:", *_found(visit)],
        "emergency": lambda: ["no_emergency", "call_staff"],
        "ask": lambda: [*_keys(), "next"],
        "answer": lambda: [
            f"go:ask:{place.about}",
            *([f"service:{place.about}"] if place.about else []),
            *(f"service:{one}" for one in _options(visit)),
        ],
        "service": lambda: [
            f"go:ask:{place.about}",
            f"go:sources:{place.about}",
            f"apply:{place.about}",
            f"number:{place.about}",
        ],
        "checklist": lambda: [
            "papers_done:",
            *(f"tick:{number}" for number in range(len(visit.needs))),
        ],
        "letters": lambda: [
            f"letters_done:{place.about}",
            *(f"letter:{one}" for one in _letters(place.about)),
        ],
        "preview": lambda: ["send"],
        "missing": lambda: ["papers_done:anyway", "finish"],
        "privacy": lambda: ["agree"],
        "question": lambda: _for_question(visit),
        "check": lambda: ["send", f"go:preview:{place.about}", *_changes(visit)],
        "ticket": lambda: [f"take:{place.about}", "priority", "more", *_left_out(visit)],
        "staff": lambda: ["ring", *(["go:consent"] if visit.half_filled else [])],
        "consent": lambda: ["hand_over"],
        "handed": lambda: ["take_back", "finish"],
        "status": lambda: [*(f"key:{sign}" for sign in "KH7F2 0"), "erase", "next"],
        "standing": lambda: ["go:status", "finish"],
        "machine": lambda: ["go:state"],
        "aloud": lambda: ["listen:", "hold:"],
        "listen": lambda: ["listened", "tapped", "listen:"],
        "spoken": lambda: ["listen:", "listen:0", "by_keys", *_confirm(visit)],
    }
    return [*bar, *by_place.get(place.name, list)(), *_speak(visit)]


def _left_out(visit: Visit) -> list[str]:
    return [f"less:{one}" for one in visit.wanted if one not in visit.wishes.filed.values()]


def _speak(visit: Visit) -> list[str]:
    if visit.ear is None:
        return []
    page = visit.question
    if page is not None and visit.speakable(page):
        return ["listen:" if shape(page) == "list" else f"go:aloud:{visit.session.place.about}"]
    hears = ("home", "search", "ask", "answer", "status")
    return ["listen:"] if visit.session.place.name in hears else []


def _confirm(visit: Visit) -> list[str]:
    said = visit.said
    return [f"right:{value}" for value in said.values or ("",)] if said else []


def _keys() -> list[str]:
    return [*(f"key:{sign}" for sign in "aeiknrst .7"), "erase", "shift", "signs"]


def _found(visit: Visit) -> list[str]:
    typed = visit.session.raw.get("search", "")
    return [f"service:{hit.service_id}" for hit in visit.services.find(typed, 6).hits]


def _options(visit: Visit) -> tuple[str, ...]:
    return visit.session.said.options if visit.session.said else ()


def _letters(event_id: str) -> list[str]:
    event = next(one for one in catalogue().events if one.id == event_id)
    return [one.id for one in together(event, catalogue())]


def _for_question(visit: Visit) -> list[str]:
    page = visit.question
    if page is None:
        return []
    if shape(page) == "list":
        return [f"choose:{value}" for value in choices(visit, page)]
    digits = [f"key:{digit}" for digit in "0123456789"]
    return [*(digits if shape(page) == "keypad" else _keys()), "erase", "clear", "next"]


def choices(visit: Visit, page: Question) -> list[str]:
    """The values of a question that is answered from a list."""
    if page.part == "kecamatan":
        return [one.code for one in regions().kecamatan()]
    if page.part == "kelurahan":
        chosen = visit.session.raw.get(f"{page.field.name}.kecamatan", "")
        return [one.code for one in regions().kelurahan(chosen)]
    return [one.value for one in page.field.choices]


def _changes(visit: Visit) -> Iterator[str]:
    from kiosk.domain.session import questions

    if visit.errand is not None:
        for page in questions(visit.errand.form, visit.session.raw):
            yield f"change:{page.key}"


# What every object leads to and no session can have written in.
_NOT_WALKED = (type, types.ModuleType, types.FrameType, types.CodeType)


def strings_of(*roots: object, beyond: Iterable[object] = ()) -> Iterator[tuple[str, str]]:
    """Every text reachable from `roots`, as (path, text); `beyond` are objects not entered.

    Enters attributes, containers and closures: what a bug could keep alive, not only what the
    code means to keep.
    """
    seen = {id(one) for one in beyond}
    todo: list[tuple[str, object]] = [(type(one).__name__, one) for one in roots]
    while todo:
        path, one = todo.pop()
        if isinstance(one, (str, bytes)):
            yield path, one if isinstance(one, str) else one.decode("latin-1")
            continue
        if id(one) in seen or isinstance(one, _NOT_WALKED):
            continue
        seen.add(id(one))
        todo += [(f"{path}.{name}", part) for name, part in _parts(one)]


def _parts(one: object) -> Iterator[tuple[str, object]]:
    if isinstance(one, dict):
        for key, value in one.items():
            yield "key", key
            yield f"[{key!r:.30}]", value
    elif isinstance(one, (list, tuple, set, frozenset)):
        for place, part in enumerate(one):
            yield f"[{place}]", part
    elif isinstance(one, types.FunctionType):
        for cell in one.__closure__ or ():
            try:
                yield "closure", cell.cell_contents
            except ValueError:
                continue  # not filled yet
        yield "defaults", one.__defaults__
    elif isinstance(one, types.MethodType):
        yield "self", one.__self__
        yield "function", one.__func__
    else:
        for kind in type(one).__mro__:
            for name in getattr(kind, "__slots__", ()):
                if hasattr(one, name):
                    yield name, getattr(one, name)
        yield from getattr(one, "__dict__", {}).items()
