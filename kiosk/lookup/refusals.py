"""What is refused, whoever asks: other people's data, a bribe, a forgery. Words and patterns are
data (assets/lookup/dialogue.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.lookup.heard import Heard
from kiosk.lookup.patterns import either


@dataclass(frozen=True, slots=True)
class _Refusal:
    kind: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str]
    again: re.Pattern[str]  # asks the same once more, or why
    insists: re.Pattern[str]  # wants it all the same, or says why it is due


class Refusals:
    """Changes nothing."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], parts: Mapping[str, str]) -> None:
        """`rows`: [[refusal]] of dialogue.toml; `parts` of its patterns, as `Hearing` has them."""
        self._refusals = tuple(
            _Refusal(
                row["kind"],
                either(row["patterns"], parts),
                either([row["unless"]], parts),
                either([row["again"]]),
                either([row["insists"]] if "insists" in row else [], parts),
            )
            for row in rows
        )

    def kind(self, heard: Heard, before: str | None) -> str | None:
        """The kind of request that is refused; `before` is the kind refused a turn ago."""
        for refusal in self._refusals:
            if refusal.unless.search(heard.words):
                continue
            if refusal.pattern.search(heard.words):
                return refusal.kind
            if refusal.kind != before:
                continue
            same = heard.definite or not heard.content
            if same and refusal.again.search(heard.words):
                return refusal.kind
            if refusal.insists.search(heard.words):
                return refusal.kind
        return None
