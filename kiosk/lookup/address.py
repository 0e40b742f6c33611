"""Whoever serves is called "kk", for "kakak": that is no family card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kiosk.lookup.spoken import Spoken

_MARK = "<>"  # stands for the word in the patterns


class Address:
    """The table `address` of dialogue.toml, compiled; changes nothing."""

    def __init__(self, table: Mapping[str, Any], spoken: Spoken) -> None:
        self._spoken = spoken
        self._word = re.compile(rf"\b{table['word']}\b", re.I)
        self._said = re.compile("|".join(table["said"]))
        self._after_a_question = re.compile("|".join(table["after_a_question"]))

    def left_out(self, text: str, *, spoken_of: bool) -> str:
        """`text` without the word where it calls somebody; `spoken_of`: a service is
        in hand, so that a whole question needs no other."""
        for found in reversed([*self._word.finditer(text)]):
            around = (text[: found.start()], text[found.end() :])
            before, behind = (" ".join(word for word, _ in self._words(one)) for one in around)
            joined = f"{before} {_MARK} {behind}".strip()
            asks = spoken_of and self._after_a_question.search(joined)
            if asks or self._said.search(joined):
                text = "".join(around)
        return text

    def _words(self, text: str) -> list[tuple[str, bool]]:
        return self._spoken.words(text)
