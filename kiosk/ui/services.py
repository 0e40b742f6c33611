"""All that the screens ask of the rest of the kiosk; `kiosk.bootstrap` fills it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Lang
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


class Conversation(Protocol):
    """A short talk over the catalogue; it remembers what was spoken of until it is dropped."""

    def answer(self, text: str, now: datetime) -> Turn: ...

    def turn_to(self, service_id: str) -> None:
        """From here on it is about this service, as when its page was opened."""


@dataclass(frozen=True)
class UiServices:
    """`version` changes when another process commits; `now` is aware, in local time.

    `talk` begins a conversation in a language; `corrected(shown, chosen)` counts that someone
    wanted another service than the one found first ("" for none of those shown).
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
