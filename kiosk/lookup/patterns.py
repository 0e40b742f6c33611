"""Patterns over heard words, as assets/lookup/dialogue.toml writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

NEVER = re.compile("(?!)")


def either(patterns: Iterable[str], parts: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """Any of them, from the start of a word to the end of one; `{part}` stands for one of
    `parts`. No patterns: what is never found. Raises re.error."""
    said = [filled(pattern, parts or {}) for pattern in patterns]
    if not said:
        return NEVER
    return re.compile("|".join(rf"(?:^|\b)(?:{pattern})(?=\s|$)" for pattern in said))


def filled(pattern: str, parts: Mapping[str, str]) -> str:
    """The pattern with its parts put in; braces that name none are left, as in `{0,3}`."""
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", f"(?:{part})")
    return pattern


def all_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """A line of text that holds each of them, in any order."""
    looked_for = "".join(rf"(?=.*\b(?:{pattern}))" for pattern in patterns)
    return re.compile(f"^{looked_for}", re.I | re.M) if looked_for else NEVER
