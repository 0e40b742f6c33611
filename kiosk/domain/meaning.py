"""What a citizen meant: the answer of `kiosk.lookup` to one sentence."""

from dataclasses import dataclass
from typing import Literal

from kiosk.domain.service import Text

Outcome = Literal["match", "choose", "out_of_scope", "emergency"]


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one answer only."""

    service_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """`because`: the citizen's own words that led to the first hit, at most three, as they stand
    in the sentence, but a name spelt by its letters. With `choose`: `question` tells the hits
    apart, `options` answers it with a short text for each. `emergency_kind`: see
    assets/lookup/emergency.toml. `guesses`: with `out_of_scope`, what comes nearest, should that
    have been a mistake. `perhaps_urgent`: no emergency as far as is known, but near enough to one
    that help is offered besides; `urgent_kind`: of what kind, as `emergency_kind`; "" where that is
    not known; `urgent_told`: a sign of danger was said, not only what sounds like a cry."""

    query: str
    outcome: Outcome
    hits: tuple[Hit, ...]
    because: tuple[str, ...] = ()
    question: Text | None = None
    options: tuple[Text, ...] = ()
    emergency_kind: str = ""
    guesses: tuple[Hit, ...] = ()
    perhaps_urgent: bool = False
    urgent_kind: str = ""
    urgent_told: bool = False
