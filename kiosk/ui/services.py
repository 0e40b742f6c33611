"""All that the screens ask of the rest of the kiosk; `kiosk.bootstrap` fills it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue
from kiosk.domain.transaction import Draft, Receipt, Unsent
from kiosk.ui.idle import IdleLimits


class NotAccepted(Exception):
    """The errand could not be stored; `code` is a key of `not_accepted.*` in the locales.

    Raised by `UiServices.accept` only: nothing was stored, the draft is still on the screen.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class UiServices:
    """`version` changes when another process commits; `now` is aware, in local time."""

    catalogue: Catalogue
    regions: Regions
    office: Office
    find: Callable[[str, int], Meaning]
    accept: Callable[[Draft], Receipt]
    receipt: Callable[[str], Receipt]
    unsent: Callable[[], Unsent]
    version: Callable[[], int]
    now: Callable[[], datetime]
    idle: IdleLimits
