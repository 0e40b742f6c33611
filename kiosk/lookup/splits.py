"""Questions that tell look-alike services apart, from assets/lookup/splits.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.domain.service import Text

SPLITS_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "splits.toml"
WHICH = Text("Maksud Anda yang mana?", "Which one do you mean?")


@dataclass(frozen=True, slots=True)
class Split:
    """`options`: service id -> the short answer that means it. `about`: groups of the thesaurus, of
    which one must be spoken of; none: the question fits whatever was said."""

    question: Text
    options: Mapping[str, Text]
    about: frozenset[str] = frozenset()

    def fits(self, services: Sequence[str], about: Collection[str]) -> bool:
        spoken = not self.about or not self.about.isdisjoint(about)
        return spoken and all(service in self.options for service in services)


def load_splits(path: Path = SPLITS_FILE) -> tuple[Split, ...]:
    """Raises OSError, tomllib.TOMLDecodeError or KeyError: the file is a part of the program."""
    return tuple(
        Split(
            Text(**one["question"]),
            {service: Text(**text) for service, text in one["options"].items()},
            frozenset(one.get("about", "").split()),
        )
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["split"]
    )


def load_unasked(path: Path = SPLITS_FILE) -> dict[str, frozenset[str]]:
    """Services that are offered only to who speaks of their matter: its groups of the thesaurus.
    Raises as `load_splits` does."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))["unasked"]
    return {service: frozenset(groups.split()) for service, groups in table.items()}


def ask_which(
    splits: Sequence[Split],
    services: Sequence[str],
    names: Mapping[str, Text],
    about: Collection[str] = (),
) -> tuple[Text, tuple[Text, ...]]:
    """The question that splits `services` where words `about` some groups were said, and an option
    for each."""
    for split in splits:
        if split.fits(services, about):
            return split.question, tuple(split.options[one] for one in services)
    return WHICH, tuple(names[one] for one in services)
