"""What a turn of a conversation asks for, before anyone knows about which service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kiosk.domain.service import Text
from kiosk.domain.turn import Slot


@dataclass(frozen=True, slots=True)
class Question:
    """A slot of the contract and the fact of the catalogue that answers it; `here`: whether it is
    done at this office is the point."""

    slot: Slot | None
    fact: str
    pattern: re.Pattern[str]
    here: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A question about one's own case, and the lines of a service that speak of it. `kind`: one
    that is in the tables, whether a thing is needed ("perlu foto ga"), or a loose one that may as
    well be about another service ("ada lowongan ga"), or one that means nothing before a service
    was spoken of ("RT-nya mudik"). `over`: the slots it is the point of, though they were asked.
    `strict`: no line is looked for by the words said, for "must my mom come" one of coming."""

    asks: re.Pattern[str]
    lines: re.Pattern[str]
    kind: Literal["own", "need", "loose", "later"] = "own"
    over: tuple[str, ...] = ("waktu", "langkah")
    strict: bool = False

    def is_told_by(self, line: Text) -> bool:
        return bool(self.lines.search(f"{line.id}\n{line.en}"))


@dataclass(frozen=True, slots=True)
class Agency:
    """Somebody's office, as people call it; `service` is the one that it is named for ("")."""

    name: Text
    words: re.Pattern[str]
    written: re.Pattern[str]  # in the catalogue's own texts
    service: str


@dataclass(frozen=True, slots=True)
class Heard:
    """`words` as dialogue.toml writes them; `content` those of them that may name a subject;
    `beyond` those of `content` that are not an office's; `definite`: each of `content` had -nya,
    "of the one we speak about"; `pointing`: one of the words had; `marked`: a question mark
    stood in it; `hearsay`: somebody is said to have said so, who is no part of `content`."""

    words: str
    content: tuple[str, ...]
    beyond: tuple[str, ...]
    definite: bool
    pointing: bool
    question: Question | None
    case: Case | None
    agencies: tuple[Agency, ...]
    marked: bool = False
    hearsay: bool = False

    @property
    def asks_case(self) -> bool:
        """Is one's own case the point, rather than a slot that was named beside it?"""
        if self.case is None or self.question is None:
            return self.case is not None
        if self.case.kind in ("need", "loose"):
            return True  # "syaratnya ada buku nikah ga"
        return self.question.slot in self.case.over
