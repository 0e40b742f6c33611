"""All that the desk asks of the rest of the kiosk; `kiosk.bootstrap` fills it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlite_utils import Database

from kiosk.domain.office import Office
from kiosk.domain.queue import Line
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue
from kiosk.domain.transaction import Draft, Receipt
from kiosk.store.audit import Audit
from kiosk.store.corrections import Corrections
from kiosk.store.handover import Handovers
from kiosk.store.prints import Prints
from kiosk.store.queue import Queue
from kiosk.store.staff import StaffList
from kiosk.store.work import WorkList


class DeskStore(Protocol):
    """One connection and what stands on it; it belongs to the thread that first asked."""

    @property
    def db(self) -> Database: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def staff(self) -> StaffList: ...
    @property
    def work(self) -> WorkList: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def handovers(self) -> Handovers: ...
    @property
    def prints(self) -> Prints: ...
    @property
    def corrections(self) -> Corrections: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class DeskServices:
    """`open_store` in the thread that will use it; `file_draft` checks and commits an errand in
    that store, as the screens do, and raises NotFileable."""

    home: Path
    assets: Path
    catalogue: Catalogue
    regions: Regions
    office: Office
    lines: tuple[Line, ...]
    idle_s: float
    now: Callable[[], datetime]
    open_store: Callable[[], DeskStore]
    file_draft: Callable[[Draft, DeskStore], Receipt]
