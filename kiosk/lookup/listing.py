"""Several things asked for in one breath: "ktp sama kk hilang", "bikin akta, masuk KK sama KIA"."""

from __future__ import annotations

from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing


class Listing:
    """Changes nothing."""

    def __init__(self, hearing: Hearing) -> None:
        said = hearing.patterns
        self._hearing = hearing
        self._joins, self._held, self._purpose = said["joins"], said["held"], said["purpose"]
        self._wish, self._errand, self._mishap = said["asked_for"], said["errand"], said["mishap"]

    def listed(self, heard: Heard) -> list[str]:
        """What is said between "dan", "sama" and their like, but for what it is needed for; names
        said side by side apart: "sim | ktp hilang". Empty where one of them is no thing to be
        asked for: a clerk, what one has already, a circumstance."""
        if heard.asks_case or self._hearing.moves(heard, "idle"):
            return []
        told = self._held.sub("hilang", self._purpose.sub("", heard.words))
        parts = [part for part in self._joins.split(told) if self._hearing.content(part)]
        found = [one for part in parts for one in self._apart(part.split())]
        return found if all(map(self._is_asked_for, found)) else []

    def _apart(self, words: list[str]) -> list[str]:
        """Cut before each name but the first, where something happened to them or nothing else is
        said, and before each "bikin" where another thing was wished before."""
        names, things, said = self._hearing.names, self._hearing.things, " ".join(words)
        listed = not self.unharmed(said) or names.issuperset(self._hearing.content(said))
        first = next((at for at, word in enumerate(words) if word in things), len(words))
        if not listed and (each := self._side_by_side(words, first)):
            return each
        wished = self._wish.search(" ".join(words[:first]))
        cuts = [
            at
            for at, word in enumerate(words)
            if at > first and ((listed and word in names) or (wished and self._errand.match(word)))
        ]
        ends = [*cuts, len(words)]
        return [" ".join(words[a:b]) for a, b in zip([0, *cuts], ends, strict=True)]

    def _side_by_side(self, words: list[str], first: int) -> list[str]:
        """ "ganti alamat kk ktp": the same of each name, where they stand side by side."""
        last = first
        while words[last : last + 1] and words[last] in self._hearing.names:
            last += 1
        if self._is_begun(words[last:]):
            last += 1
        before, listed, after = words[:first], words[first:last], words[last:]
        if len(listed) < 2:
            return []
        found = [" ".join((*before, one)) for one in listed]
        return [*found[:-1], " ".join((found[-1], *after))]

    def _is_begun(self, words: list[str]) -> bool:
        """Does another thing begin, "akta lahir", and no word for the one before, "KIA card"?"""
        kind = self._hearing.kinds - self._hearing.generic
        return (
            bool(words[:1])
            and words[0] in kind
            and bool(self._hearing.content(" ".join(words[1:2])))
        )

    def _is_asked_for(self, part: str) -> bool:
        content = [
            word
            for word in self._hearing.content(part)
            if not any(one.words.search(word) for one in self._hearing.agencies)
        ]
        if len(content) < 2 and not self._hearing.things.issuperset(content):
            return False
        things = not self._hearing.things.isdisjoint(content)
        return bool(content) and (things or bool(self._wish.search(part)))

    def unharmed(self, words: str) -> bool:
        """Did nothing happen to what is named?"""
        return self._mishap.search(words) is None
