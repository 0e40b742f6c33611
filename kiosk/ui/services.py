"""All that the screens ask of the rest of the kiosk; `kiosk.bootstrap` fills it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Lang
from kiosk.domain.speech import Heard, Level, Partial, Task
from kiosk.domain.transaction import Draft, Receipt, Unsent
from kiosk.domain.turn import Turn
from kiosk.ui.idle import IdleLimits


class NotAccepted(Exception):
    """The errand could not be stored; `code` is a key of `not_accepted.*` in the locales.

    Raised by `UiServices.accept` only: nothing was stored, the draft is still on the screen.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


VoiceState = Literal["ready", "no_model", "no_microphone", "off"]
VoiceEvent = Level | Partial | Heard


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
        """`on_event` is called in the voice thread. With `hold` only `finish` ends it, or its
        longest time; otherwise the end of speech does. `phrases` are what `choice` is among."""
        ...

    def say(self, text: str, lang: Lang, slow: bool = False) -> None:
        """Read aloud, until `hush` or until listening starts: the kiosk must not hear itself."""

    def hush(self) -> None: ...


class Conversation(Protocol):
    """A short talk over the catalogue; it remembers what was spoken of until it is dropped."""

    def answer(self, text: str, now: datetime) -> Turn: ...

    def turn_to(self, service_id: str) -> None:
        """From here on it is about this service, as when its page was opened."""


@dataclass(frozen=True)
class UiServices:
    """`version` changes when another process commits; `now` is aware, in local time.

    `talk` begins a conversation in a language; `corrected(shown, chosen)` counts that someone
    wanted another service than the one found first ("" for none of those shown). Without a `voice`
    no screen speaks of one.
    """

    catalogue: Catalogue
    regions: Regions
    office: Office
    find: Callable[[str, int], Meaning]
    talk: Callable[[Lang], Conversation]
    corrected: Callable[[str, str], None]
    accept: Callable[[Draft], Receipt]
    receipt: Callable[[str], Receipt]
    unsent: Callable[[], Unsent]
    version: Callable[[], int]
    now: Callable[[], datetime]
    idle: IdleLimits
    voice: Voice | None = None
