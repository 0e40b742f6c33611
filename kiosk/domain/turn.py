"""One turn of a conversation: what was said back, and what it rests on."""

from dataclasses import dataclass
from typing import Literal

from kiosk.domain.service import Standing

TurnOutcome = Literal[
    "answer", "choose", "unknown", "refused", "smalltalk", "out_of_scope", "emergency"
]
Slot = Literal["syarat", "langkah", "biaya", "waktu", "lokasi", "jam", "hasil", "dasar", "status"]


@dataclass(frozen=True, slots=True)
class Turn:
    """`number` counts from 1. `text` is what to show and read out, one sentence or fact a line.
    `options` and `service` are ids of services, `sources` keys of the catalogue's sources.
    `standing` is the weakest one among the facts told; None when no fact was. `besides`: the
    service that helps at once, offered with any answer when somebody may be in danger;
    `besides_kind`: of the help it offers, as `Meaning.urgent_kind`. `ranked`: the options stand as
    the lookup ranks them, the likeliest first; not those of an event, nor two that are compared."""

    number: int
    outcome: TurnOutcome
    text: str
    service: str | None = None
    slot: Slot | None = None
    options: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    standing: Standing | None = None
    besides: str | None = None
    besides_kind: str = ""
    ranked: bool = False
