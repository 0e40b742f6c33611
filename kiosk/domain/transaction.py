"""A finished errand, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

KINDS = ("application", "ticket", "complaint", "survey")  # what a citizen may file
TransactionKind = Literal["application", "ticket", "complaint", "survey", "act"]  # act: the desk's

# accepted -> acked -> confirmed -> prunable, or -> conflict | quarantined, both kept and visible.
OutboxState = Literal["accepted", "acked", "confirmed", "prunable", "conflict", "quarantined"]
RECEIVED_BY_CITY: frozenset[str] = frozenset({"acked", "confirmed", "prunable"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What the citizen is about to hand in. `answers` are checked values, by field name.

    A ticket's `service` may be "" (a number for the counter, no service chosen yet).
    """

    kind: TransactionKind
    service: str
    answers: dict[str, Any]
    lang: str = "id"

    @property
    def nameless(self) -> bool:
        """Nothing may lead back to who gave it: a survey, or a complaint that says so itself."""
        return self.kind == "survey" or (
            self.kind == "complaint" and bool(self.answers.get("anonymous"))
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the screen and the paper may promise: it exists only after the commit returned.

    `code` is "" for what is given without a name; its `at` is the day alone.
    """

    id: str
    code: str
    kind: TransactionKind
    service: str
    at: datetime
    state: OutboxState
    ticket: str | None = None  # "A-017"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One unsent transaction as the sync agent needs it: `body` are the bytes to be sent.

    To the city it is `number` of `epoch`; that is its `dseq` unless the database began anew.
    """

    id: str
    epoch: str
    dseq: int
    kind: str
    schema: int
    sha256: str
    body: bytes
    attempts: int
    number: int


@dataclass(frozen=True, slots=True)
class Drain:
    """A long queue on its way to the city: how many there were when it began, and when."""

    began_with: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Unsent:
    """What still waits for the city, for the state screen and doctor.

    `last_success` and `oldest` are None when there is none. `why` is a word of
    `kiosk.domain.transaction.WHYS`, "" while all is well.
    """

    count: int
    oldest: datetime | None = None
    last_success: datetime | None = None
    last_problem: str | None = None
    why: str = ""
    set_aside: int = 0  # by the city, or damaged here: kept, and somebody must look
    withheld: int = 0  # without a name, waiting for the end of their day
    drain: Drain | None = None  # while a long queue is on its way


# Why nothing gets through: the screens have a sentence for each (`why.*`).
WHYS = (
    "offline",
    "slow",
    "portal",
    "clock",
    "tls",
    "stranger",
    "busy",
    "refused",
    "stopped",
    "disk",
    "bug",
)
