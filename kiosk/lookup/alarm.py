"""Is somebody in danger now? Signs of danger and of its opposite, weighed by learned weights.

Few examples can teach this, and a miss is worse than anything else here, so the signs are written
down (assets/lookup/words.toml) and only what each is worth is learned: an emergency is danger
without papers, dates and questions about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kiosk.lookup.lessons import URGENT
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

    def alarm_view(self, words: Words) -> list[float]:
        """What the weights are for, one number each; the first is always 1."""
        seen = self.seen(words)
        danger = sum(min(seen[kind], _MOST) for kind in self.dangers)
        any_danger = float(danger > 0)
        calm = any(seen[cue] for cue in self.cues[:2])
        few = len(words) <= _FEW_WORDS
        return [
            1.0,
            any_danger,
            min(danger, _MOST + 1),
            sum(kind in seen for kind in self.dangers),
            *(float(kind in seen) for kind in self.dangers),
            float(NOW in seen),
            min(seen[NOW], _MOST),
            any_danger * (NOW in seen),
            *(min(seen[cue], _MOST) for cue in self.cues),
            *(float(cue in seen) for cue in self.cues),
            any_danger * (not calm),
            float(few),
            any_danger * few,
            any_danger * min(len(words), 15) / 10,
        ]

    def kind(self, words: Words) -> str:
        """The danger most is said of; "" without any. A sign of two words says more than one."""
        said: Counter[str] = Counter()
        for group, _, length in self._shown(words):
            said[group] += length
        most = max(self.dangers, key=lambda kind: said[kind])
        return most if said[most] else ""


def weighed(view: Sequence[float], weights: Iterable[float]) -> float:
    """Log-odds of an emergency."""
    return sum(one * weight for one, weight in zip(view, weights, strict=True))


def against(scores: Mapping[str, float], urgent: str) -> float:
    """How much more the ranking thinks of danger, or of the emergency number `urgent`, than of any
    errand, -4 to 4."""
    if URGENT not in scores:
        return 0.0
    danger = max(scores[URGENT], scores.get(urgent, scores[URGENT]))
    others = (score for name, score in scores.items() if name != urgent and name[0] != "!")
    return max(-4.0, min(4.0, danger - max(others, default=0.0)))


def _shows(word: str, sign: str) -> bool:
    return word == sign if len(sign) < _SHORTEST_BEGUN else word.startswith(sign)
