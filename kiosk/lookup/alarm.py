"""Is somebody in danger now? Signs of danger and of its opposite, weighed by learned weights.

A miss is worse than anything else here, so beside what the examples teach, signs are written down
(assets/lookup/words.toml): an emergency is danger without papers, dates and questions about it.
What each sign is worth stands in assets/lookup/decision.toml.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from kiosk.lookup.normalise import Words

NOW = "sekarang"
_MOST = 3  # of one group that still count more
_SHORTEST_BEGUN = 5  # letters of a sign that a longer word may begin with
_OPENING = 2  # letters by which signs are kept
_FEW_WORDS = 2


class Signs:
    """Groups of signs, kept by how they begin; dangers first, then cues, where that matters."""

    def __init__(
        self,
        groups: Mapping[str, tuple[Words, ...]],
        cues: Mapping[str, tuple[Words, ...]] | None = None,
    ) -> None:
        self.dangers = tuple(groups)
        self.cues = tuple(cue for cue in cues or () if cue != NOW)
        self._by_opening: dict[str, list[tuple[str, Words]]] = defaultdict(list)
        for group, signs in (*groups.items(), *(cues or {}).items()):
            for sign in signs:
                self._by_opening[sign[0][:_OPENING]].append((group, sign))

    def seen(self, words: Words) -> Counter[str]:
        """How many words of `words` begin a sign of each group."""
        return Counter(group for group, _ in {(group, at) for group, at, _ in self._shown(words)})

    def _shown(self, words: Words) -> Iterator[tuple[str, int, int]]:
        """Group, place and length in words of each sign."""
        for at, word in enumerate(words):
            for group, sign in self._by_opening.get(word[:_OPENING], ()):
                if at + len(sign) <= len(words) and all(map(_shows, words[at:], sign)):
                    yield group, at, len(sign)

    def view(self, words: Words) -> dict[str, float]:
        """What may speak for or against an emergency, by name."""
        seen = self.seen(words)
        danger = sum(min(seen[kind], _MOST) for kind in self.dangers)
        any_danger = float(danger > 0)
        few = float(len(words) <= _FEW_WORDS)
        found = {
            "danger": any_danger,
            "dangers": float(min(danger, _MOST + 1)),
            "kinds": float(sum(kind in seen for kind in self.dangers)),
            "now": float(min(seen[NOW], _MOST)),
            "danger_now": any_danger * (NOW in seen),
            "danger_calm": any_danger * (not any(seen[cue] for cue in self.cues[:2])),
            "few": few,
            "danger_few": any_danger * few,
            "danger_long": any_danger * min(len(words), 15) / 10,
        }
        found.update({f"danger_{kind}": float(kind in seen) for kind in self.dangers})
        found.update({f"cue_{cue}": float(min(seen[cue], _MOST)) for cue in self.cues})
        return found

    def kind(self, words: Words) -> str:
        """The danger most is said of; "" without any. A sign of two words says more than one."""
        said: Counter[str] = Counter()
        for group, _, length in self._shown(words):
            said[group] += length
        most = max(self.dangers, key=lambda kind: said[kind])
        return most if said[most] else ""


def _shows(word: str, sign: str) -> bool:
    return word == sign if len(sign) < _SHORTEST_BEGUN else word.startswith(sign)
