"""Calls for help, and half-filled forms that go to the desk, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Standing = Literal["waiting", "seen", "taken"]
"""`waiting`: no desk has it on its screen yet. `seen`: one has. `taken`: somebody sees to it."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One row as the desk lists it: without a word of the form. `sign` ("K7") stands on both
    screens, so that clerk and citizen know they mean the same one."""

    id: str
    sign: str
    kind: Literal["ring", "form"]
    state: Standing
    lang: str
    service: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HalfForm:
    """What was filled in so far: `raw` by question key as typed, `answered` the keys of those
    that were handed in and found good."""

    service: str
    lang: str
    raw: dict[str, str]
    answered: tuple[str, ...]
