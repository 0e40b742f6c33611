"""All that the screens ask of the rest of the kiosk; `kiosk.bootstrap` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from kiosk.domain.announcement import Announcement
from kiosk.domain.handover import Handover, Standing
from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.paper import PrintState
from kiosk.domain.queue import Call, Entry, Outlook
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Lang
from kiosk.domain.speech import Closed, Heard, Level, Partial, Task
from kiosk.domain.status import Status
from kiosk.domain.transaction import Draft, Receipt, Unsent
from kiosk.domain.turn import Turn
from kiosk.ui.idle import IdleLimits


class NotAccepted(Exception):
    """The errand could not be stored; `code` is a key of `not_accepted.*` in the locales.

    Raised by `UiServices.accept`, `accept_all` and `Counter.take` only: nothing was stored, the
    draft is still on the screen.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


VoiceState = Literal["ready", "no_model", "no_microphone", "off"]
VoiceEvent = Level | Partial | Closed | Heard


class Listening(Protocol):
    """One listening. It ends with exactly one `Heard`, or with `cancel` and then nothing. `hold`
    may be set False while it lasts: the button was only tapped, the end of speech is the end."""

    hold: bool

    def finish(self) -> None:
        """The button was let go or "Selesai" touched: what was said so far counts."""

    def cancel(self) -> None:
        """Nothing more comes, and nothing of it is kept."""


class Voice(Protocol):
    """The kiosk's ear and mouth. Only `ready` listens; it may be pulled out at any time."""

    def state(self) -> VoiceState: ...

    def speaks(self) -> bool:
        """Whether anything can be said at all: no button for what nobody would hear."""
        ...

    def listen(
        self,
        task: Task,
        on_event: Callable[[VoiceEvent], None],
        *,
        phrases: tuple[str, ...] = (),
        hold: bool = False,
    ) -> Listening:
        """`on_event` is called in the voice thread; that another listening took the place of this
        one ("cancelled") is told in the thread that asked for the other. With `hold` only `finish`
        ends it, or its longest time; otherwise the end of speech does. `phrases` are what `choice`
        is among."""
        ...

    def say(self, text: str, lang: Lang, slow: bool = False) -> None:
        """Read aloud, until `hush` or until listening starts: the kiosk must not hear itself."""

    def hush(self) -> None: ...


class Conversation(Protocol):
    """A short talk over the catalogue; it remembers what was spoken of until it is dropped."""

    def answer(self, text: str, now: datetime) -> Turn: ...

    def turn_to(self, service_id: str) -> None:
        """From here on it is about this service, as when its page was opened."""


class Caller(Protocol):
    """The mouth that calls out numbers, beside that of `Voice`: a touch ends reading aloud, and
    must not cut a call short. Only the microphone does."""

    @property
    def speaking(self) -> bool: ...

    @property
    def cut(self) -> bool:
        """Whether what was said last was ended before its end."""
        ...

    def say(self, text: str, lang: str, slow: bool = False) -> None: ...


class Counter(Protocol):
    """The office's counter as the kiosk knows it: its queue, its staff, its paper.

    Where nothing can be stored `take` raises NotAccepted; everything else then answers as if there
    were nothing.
    """

    def take(
        self,
        draft: Draft,
        *,
        priority: bool,
        services: tuple[str, ...],
        applications: tuple[str, ...],
    ) -> Receipt:
        """A number for these services in one visit; `applications` were filed before in it."""
        ...

    def outlook(self, service: str, *, priority: bool) -> Outlook | None:
        """How it looks for who would take a number for this service now ("" for none)."""
        ...

    def entry(self, txn_id: str) -> tuple[Entry, Outlook] | None:
        """The number that this errand gave, or was taken for it."""
        ...

    def calls_after(self, seq: int | None) -> list[Call]:
        """What the desk called since; None: nothing yet, only where the counting begins."""
        ...

    def ring(self, lang: Lang) -> Handover | None:
        """The desk rings; None when that could not be noted."""
        ...

    def offer(
        self, service: str, raw: Mapping[str, str], answered: frozenset[str], lang: Lang
    ) -> Handover | None:
        """A half-filled form goes to the desk: only after the person agreed on the screen."""
        ...

    def standing(self, handover_id: str) -> Standing | None:
        """None: finished, refused, taken back, or its time is over."""
        ...

    def take_back(self, handover_id: str) -> None: ...

    def tidy(self) -> None:
        """Deletes what was handed over and is over; asked for now and then."""
        ...

    def status(self, code: str) -> Status | int | None:
        """What is known here of a code; None when nothing is; a whole number: so many seconds must
        pass first, too many codes were tried that are none."""
        ...

    def prints(self) -> bool:
        """Whether a printer is set up at all."""
        ...

    def print_papers(self, service: str, lang: Lang) -> int | None:
        """The "bring these" list; the number of the print job."""
        ...

    def print_of(self, txn_id: str) -> tuple[PrintState, str] | None:
        """How the paper of this record stands, and why it failed; None: none was to be printed."""
        ...

    def print_job(self, job: int) -> tuple[PrintState, str] | None: ...


class Staff(Protocol):
    """What staff may see and do at the screen, after their PIN."""

    def has_pin(self) -> bool: ...

    def wait_s(self) -> float:
        """Seconds until the next guess is looked at; 0 = now."""
        ...

    def fits(self, pin: str) -> bool: ...

    def checks(self) -> list[tuple[str, str, str]]:
        """(check, "ok" | "warn" | "fail", one line) of `kiosk doctor`; takes some seconds."""
        ...


class Find(Protocol):
    """What words ask for, at most `limit` services; who is `typing` may not have ended the last."""

    def __call__(self, text: str, limit: int = ..., *, typing: bool = ...) -> Meaning: ...


@dataclass(frozen=True)
class UiServices:
    """`version` changes when another process commits; `now` is aware, in local time.

    `accept_all` takes the letters of one errand, all of them or none. Without a `counter` the
    screens know of no queue beyond the number, no desk and no printer.
    `talk` begins a conversation in a language; `emergency_words` are the fixed ones of a kind of
    emergency (of none in particular for "" and what is not known): what to do, then "110: Polisi",
    a number a line. `corrected(shown, chosen)` counts that someone wanted another service than the
    one found first ("" for none of those shown). Without a `voice` no screen speaks of one.
    """

    catalogue: Catalogue
    regions: Regions
    office: Office
    find: Find
    talk: Callable[[Lang], Conversation]
    emergency_words: Callable[[str, Lang], Sequence[str]]
    corrected: Callable[[str, str], None]
    accept: Callable[[Draft], Receipt]
    accept_all: Callable[[Sequence[Draft]], tuple[Receipt, ...]]
    receipt: Callable[[str], Receipt]
    unsent: Callable[[], Unsent]
    version: Callable[[], int]
    now: Callable[[], datetime]
    idle: IdleLimits
    voice: Voice | None = None
    counter: Counter | None = None
    caller: Caller | None = None
    staff: Staff | None = None
    # Asked between two people: these services anew if what citizens are told has changed since.
    renewed: Callable[[], UiServices | None] = lambda: None
    # Of today, the newest first: only what the city signed.
    announcements: Callable[[], Sequence[Announcement]] = tuple
    # False while the city has revoked this device: nobody's errand is taken.
    in_service: Callable[[], bool] = lambda: True
