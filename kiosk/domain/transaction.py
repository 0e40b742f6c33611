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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the screen and the paper may promise: it exists only after the commit returned."""

    id: str
    code: str
    kind: TransactionKind
    service: str
    at: datetime
    state: OutboxState
    ticket: str | None = None  # "A-017"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One unsent transaction as the sync agent needs it: `body` are the bytes to be sent."""

    id: str
    epoch: str
    dseq: int
    kind: str
    schema: int
    sha256: str
    body: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Unsent:
    """What still waits for the city, for the state screen and doctor.

    `last_success` and `oldest` are None when there is none.
    """

    count: int
    oldest: datetime | None = None
    last_success: datetime | None = None
    last_problem: str | None = None
