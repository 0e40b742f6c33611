"""Is it one of our errands at all, and is the best hit clear? What is weighed, by name.

The weights in assets/lookup/decision.toml come from sentences that the ranking had not learned from
(`kiosk evaluate lookup --cross --write`): a model judges its own lessons too well.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.lookup.lessons import ALARM, OUT_OF_SCOPE, URGENT
from kiosk.lookup.normalise import REGION

DECISION_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "decision.toml"
NAMES_WEIGHT = 0.06  # of a BM25 point beside the learned log-odds
_MOST = 2  # signs of one topic that still count more
_UNIT = 5.0  # BM25 points
_DAILY = "d_"  # how groups of the thesaurus begin that no service is about
_MOVING = ("pindah-datang", "pindah-keluar")  # whose questions name other regions rightly
_CALMING = ("daily", "none", "services", "long", "best_share", "best_learned")
_NEVER = -10.0  # log-odds of what was not learned
_LONG = 8  # content words
_BETTER_ASKED = {"curang": "lapor_curang", "tempat": "sini"}  # a topic, and what makes it ours


@dataclass(frozen=True, slots=True)
class Hinges:
    """Sums that count only above zero. `rows`: what a name is worth to each; `worth` of each."""

    rows: Mapping[str, tuple[float, ...]]
    worth: tuple[float, ...]

    def weigh(self, seen: Mapping[str, float]) -> float:
        sums = [0.0] * len(self.worth)
        for name, value in seen.items():
            if value and (row := self.rows.get(name)):
                sums = [one + value * more for one, more in zip(sums, row, strict=True)]
        return sum(worth * one for worth, one in zip(self.worth, sums, strict=True) if one > 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """`hinges` weigh `doubts` and `dangers`; refused above `limit`. `alarm` weighs `dangers`; an
    emergency above `alarm_limit`, perhaps one above `perhaps_limit`. Clear: the best hit's share
    is at least `clear_share`."""

    hinges: Hinges
    limit: float
    clear_share: float
    alarm: Mapping[str, float]
    alarm_limit: float
    perhaps_limit: float

    def doubt(self, seen: Mapping[str, float]) -> float:
        """Log-odds that no service here answers it."""
        return self.hinges.weigh(seen)

    def danger(self, seen: Mapping[str, float]) -> float:
        """Log-odds that somebody needs help now."""
        return sum(self.alarm.get(name, 0.0) * value for name, value in seen.items())

    def to_toml(self) -> str:
        lines = [
            "# Fitted by `kiosk evaluate lookup --cross --write` on sentences left out of what",
            "# was learned. See kiosk/lookup/decision.py for the names.",
            f"limit = {self.limit}",
            f"clear_share = {self.clear_share}",
            f"alarm_limit = {self.alarm_limit}",
            f"perhaps_limit = {self.perhaps_limit}",
        ]
        lines.append(f"hinges = {list(self.hinges.worth)}")
        rows = {name: list(row) for name, row in self.hinges.rows.items()}
        for title, weights in (("alarm", self.alarm), ("doubt", rows)):
            lines += ["", f"[{title}]"]
            lines += [f'"{name}" = {weights[name]}' for name in sorted(weights)]
        return "\n".join(lines) + "\n"


def load_decision(path: Path = DECISION_FILE) -> Decision:
    """Raises OSError, tomllib.TOMLDecodeError or KeyError: the file is a part of the program."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    hinges = Hinges(
        {one: tuple(row) for one, row in table["doubt"].items()}, tuple(table["hinges"])
    )
    limits = (table[name] for name in ("alarm_limit", "perhaps_limit"))
    return Decision(hinges, table["limit"], table["clear_share"], table["alarm"], *limits)


Named = Mapping[str, tuple[float, float]]  # service -> BM25's score, share of the question


def mixed(
    learned: Mapping[str, float], named: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Log-odds of each service from what is learned and from names."""
    return {
        service: score + NAMES_WEIGHT * named.get(service, (0.0, 0.0))[0]
        for service, score in learned.items()
        if service[0] != "!"
    }


def doubts(
    learned: Mapping[str, float],
    named: Named,
    topics: Mapping[str, int],
    about: Collection[str],
    content_words: int,
) -> dict[str, float]:
    """What speaks for and against "none of our errands", by name. `topics`: signs of each;
    `about`: groups of the thesaurus."""
    ours = mixed(learned, named)
    first, *rest = sorted(ours, key=lambda one: (-ours[one], one))
    none = [learned.get(kind, _NEVER) for kind in sorted(OUT_OF_SCOPE)]
    services = [learned[service] for service in ours]
    score, share = named.get(first, (0.0, 0.0))
    by_name = max(named, key=lambda one: named[one][0], default="")
    excuses = _BETTER_ASKED.values()
    daily = sum(group.startswith(_DAILY) for group in about)
    official = len(about) - daily
    elsewhere = any(group.startswith(REGION) for group in about)
    words = max(content_words, 1)
    found = {
        "daily": min(daily, 4),
        "official": min(official, 6),
        "daily_share": min(daily / words, 2.0),
        "official_share": min(official / words, 2.0),
        "elsewhere": float(elsewhere),
        "elsewhere_stays": float(elsewhere and first not in _MOVING),
        "always": 1.0,
        "none": log_sum(none),
        "services": log_sum(services),
        "none_share": log_sum(none) - log_sum([*none, *services]),
        "best_learned": max(services),
        "first_learned": learned[first],
        "first_share": share,
        "first_named": score / _UNIT,
        "best_share": max((one[1] for one in named.values()), default=0.0),
        "best_named": named[by_name][0] / _UNIT if by_name else 0.0,
        "lead": min(ours[first] - ours[rest[0]], 3.0) if rest else 3.0,
        "agree": float(max(ours, key=lambda one: learned[one]) == by_name),
        "unnamed": float(not named),
        "wordless": float(content_words == 0),
        "long": min(content_words, _LONG) / _LONG,
        "topics": min(sum(n for topic, n in topics.items() if topic not in excuses), 4),
    }
    found.update(zip((f"none{kind}" for kind in sorted(OUT_OF_SCOPE)), none, strict=True))
    found.update({f"about_{topic}": float(min(count, _MOST)) for topic, count in topics.items()})
    for topic, excuse in _BETTER_ASKED.items():
        found[f"only_{topic}"] = float(topics.get(topic, 0) > 0 and not topics.get(excuse, 0))
    return found


def dangers(
    signs: Mapping[str, float],
    learned: Mapping[str, float],
    doubted: Mapping[str, float],
    emergency_service: str,
) -> dict[str, float]:
    """What speaks for and against an emergency, by name: `signs` of it (`Signs.view`), what was
    learned, and what `doubts` saw."""
    others = [score for name, score in learned.items() if name not in (emergency_service, ALARM)]
    errands = [score for name, score in learned.items() if name[0] != "!"]
    urgent = learned.get(URGENT, _NEVER)
    help_line = learned.get(emergency_service, _NEVER)
    return {
        **signs,
        **{name: doubted[name] for name in _CALMING},
        "always": 1.0,
        "learned": learned.get(ALARM, _NEVER),
        "urgent": urgent - log_sum(others),
        "ahead": max(-4.0, min(4.0, max(urgent, help_line) - max(errands, default=_NEVER))),
        "help_line": help_line - log_sum(others),
    }


def log_sum(values: Iterable[float]) -> float:
    """log of the sum of exp; -10 for none."""
    listed = list(values)
    top = max(listed, default=_NEVER)
    return top + math.log(sum(math.exp(value - top) for value in listed) or 1.0)
