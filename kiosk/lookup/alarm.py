"""Is somebody in danger now, and in which? Signs of danger and of its opposite, weighed by learned
weights.

A miss is worse than anything else here, so beside what the examples teach, signs are written down
(assets/lookup/words.toml): an emergency is danger without papers, dates and questions about it.
What each sign is worth stands in assets/lookup/decision.toml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from kiosk.lookup.normalise import Speech, Words
from kiosk.lookup.signs import Signs

NOW = "sekarang"
UNKNOWN = "darurat"  # the help whatever it is for
_MOST = 3  # of one group that still count more
_FEW_WORDS = 2
_PAPERS = "kertas"
_NOT_NOW = ("dulu", "kiasan")  # cues that a danger is over, or none


class Dangers:
    """All that is written down about dangers; changes nothing."""

    def __init__(self, speech: Speech) -> None:
        self._kinds = tuple(speech.danger)
        self._signs = Signs(speech.danger)
        self._cues = tuple(cue for cue in speech.cues if cue != NOW)
        self._cue_signs = Signs(speech.cues)
        self._beside = Signs(speech.beside)
        self._certain = Signs(speech.certain)
        self._offered = Signs(speech.offered)
        self._glued = speech.glued
        self._peaceful = speech.fillers | speech.peaceful["words"]
        self._ailing = speech.peaceful["ailing"]
        self._narrower = [
            (one, Signs({"": one.signs}), Signs({"": one.unless})) for one in speech.narrower
        ]

    def view(self, words: Words) -> dict[str, float]:
        """What may speak for or against an emergency, by name."""
        words = self._apart(words)
        seen, cues = self._signs.seen(words), self._cues_in(words)
        danger = sum(min(seen[kind], _MOST) for kind in self._kinds)
        any_danger = float(danger > 0)
        few = float(len(words) <= _FEW_WORDS)
        found = {
            "danger": any_danger,
            "dangers": float(min(danger, _MOST + 1)),
            "kinds": float(sum(kind in seen for kind in self._kinds)),
            "now": float(min(cues[NOW], _MOST)),
            "danger_now": any_danger * (NOW in cues),
            "danger_calm": any_danger * (not any(cues[cue] for cue in self._cues[:2])),
            "few": few,
            "danger_few": any_danger * few,
            "danger_long": any_danger * min(len(words), 15) / 10,
        }
        found.update({f"danger_{kind}": float(kind in seen) for kind in self._kinds})
        found.update({f"cue_{cue}": float(min(cues[cue], _MOST)) for cue in self._cues})
        return found

    def is_pressing(self, words: Words) -> bool:
        """It is said to be now."""
        words = self._apart(words)
        return "pressing" in self._beside.seen(words)

    def is_not_now(self, words: Words) -> bool:
        """It is of the past, or a figure of speech: "antreannya bikin pingsan"."""
        words = self._apart(words)
        cues = self._cues_in(words)
        return any(cues[cue] for cue in _NOT_NOW)

    def is_calm(self, words: Words) -> bool:
        """No alarm, whatever was learned: it is over, or haste and no danger, or nothing is said
        but that somebody is unwell."""
        words = self._apart(words)
        seen = self._beside.seen(words)
        if "over" in seen or ("away" in seen and NOW not in self._cues_in(words)):
            return True
        return ("calm" in seen and not self._signs.seen(words)) or self._all_in(
            words, self._peaceful | self._ailing
        )

    def is_peaceful(self, words: Words) -> bool:
        """Nothing is said that could be a danger: "she is my aunt", "saya kan bapaknya"; of who is
        unwell only that somebody else comes: "nenek sakit tidak bisa datang"."""
        words = self._apart(words)
        away = "away" in self._beside.seen(words)
        return self._all_in(words, self._peaceful | self._ailing if away else self._peaceful)

    def _all_in(self, words: Words, known: AbstractSet[str]) -> bool:
        """Only these words, and no sign of danger but of a harmless saying ("udah lahir tadi")."""
        harmless: set[int] = set()
        for group, places in self._beside.shown(words):
            if group == "alarming":
                return False
            if group == "harmless":
                harmless.update(places)
        left = [word for at, word in enumerate(words) if at not in harmless]
        if not all(word in known or word.isdigit() for word in left):
            return False
        telling = [*self._signs.shown(words), *self._certain.shown(words)]
        telling += self._offered.shown(words)
        telling += [one for one in self._cue_signs.shown(words) if one[0] == NOW]
        return all(places[-1] in harmless for group, places in telling if group != "unless")

    def is_certain(self, words: Words) -> bool:
        """A danger told in words that most often tell an errand ("anak saya hilang"), and nothing
        that makes it one."""
        words = self._apart(words)
        return "signs" in self._not_an_errand(words)

    def is_offered(self, words: Words) -> bool:
        """Help is offered at it: at some however calmly it is said, at some if it is now."""
        words = self._apart(words)
        seen = self._offered.seen(words)
        if seen.keys() - {NOW} or "perhaps" in self._not_an_errand(words):
            return True
        return NOW in seen and not self.is_not_now(words)

    def _apart(self, words: Words) -> Words:
        """ "kebakaran dirumah" as "kebakaran di rumah"."""
        return tuple(one for word in words for one in self._glued.get(word, (word,)))

    def _not_an_errand(self, words: Words) -> Counter[str]:
        seen = self._certain.seen(words)
        is_errand = seen["unless"] or (seen and self._cues_in(words)[_PAPERS])
        return Counter() if is_errand else seen

    def clause(self, words: Words) -> Words:
        """Where an errand is told before a danger ("mau bikin KK, eh ibu saya sesak"): from the
        last beginning of a clause before the first sign on; () otherwise."""
        first = min((places[0] for _, places in self._signs.shown(words)), default=0)
        if not first:
            return ()
        begins = [
            places[0]
            for group, places in self._beside.shown(words)
            if group == "clause" and 0 < places[0] <= first
        ]
        return words[max(begins) :] if begins else ()

    def kind(self, words: Words) -> str:
        """The danger most is said of, by the place in words.toml where two are as much said of; a
        sign of two words says more than one. Narrowed by what else is said; UNKNOWN without any."""
        words = self._apart(words)
        of_many = {places for group, places in self._beside.shown(words) if group == "kindless"}
        said: Counter[str] = Counter()
        for group, places in self._signs.shown(words):
            if places not in of_many:
                said[group] += len(places)
        most = max(self._kinds, key=lambda kind: said[kind])
        kind = most if said[most] else UNKNOWN
        for one, signs, unless in self._narrower:
            if kind in one.of and signs.seen(words) and not unless.seen(words):
                return one.kind
        return kind

    def _cues_in(self, words: Words) -> Counter[str]:
        """Cues but those that are none beside other words: "tidak bisa" asks nothing."""
        none = {
            place
            for group, places in self._beside.shown(words)
            if group == "no_cue"
            for place in places
        }
        begun = {(group, places[0]) for group, places in self._cue_signs.shown(words)}
        return Counter(group for group, at in begun if at not in none)
