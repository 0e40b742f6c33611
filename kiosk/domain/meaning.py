"""What a citizen meant: the answer of `kiosk.lookup` to one sentence."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["match", "choose", "out_of_scope", "emergency"]


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one answer only."""

    service_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Meaning:
    query: str
    outcome: Outcome
    hits: tuple[Hit, ...]
