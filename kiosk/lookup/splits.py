"""Questions that tell look-alike services apart, from assets/lookup/splits.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.domain.service import Text

SPLITS_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "splits.toml"
WHICH = Text("Maksud Anda yang mana?", "Which one do you mean?")


@dataclass(frozen=True, slots=True)
class Split:
    """`options`: service id -> the short answer that means it."""

    question: Text
    options: Mapping[str, Text]


def load_splits(path: Path = SPLITS_FILE) -> tuple[Split, ...]:
    """Raises OSError, tomllib.TOMLDecodeError or KeyError: the file is a part of the program."""
    return tuple(
        Split(
            Text(**one["question"]),
            {service: Text(**text) for service, text in one["options"].items()},
        )
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["split"]
    )


def ask_which(
    splits: Sequence[Split], services: Sequence[str], names: Mapping[str, Text]
) -> tuple[Text, tuple[Text, ...]]:
    """The question that splits the two best of `services`, and an option for each of them all."""
    first_two = services[:2]
    for split in splits:
        if all(service in split.options for service in first_two):
            return split.question, tuple(split.options.get(one, names[one]) for one in services)
    return WHICH, tuple(names[one] for one in services)
