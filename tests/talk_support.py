"""Conversations for tests: the shipped catalogue, an office with hours, a Saturday."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.config import WIB
from kiosk.domain.meaning import Hit, Meaning
from kiosk.domain.office import Office
from kiosk.domain.service import Catalogue, Lang, Text
from kiosk.domain.turn import Turn
from kiosk.lookup.dialogue import Talk
from kiosk.lookup.index import Index
from kiosk.lookup.keeping import understanding
from kiosk.lookup.wording import Find
from kiosk.store.catalogue import load_catalogue
from kiosk.store.holidays import load_holidays

ASSETS = Path(__file__).parents[1] / "assets"
CONVERSATIONS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "lookup" / "conversations.toml").read_text("utf-8")
)["conversation"]
CATALOGUE = load_catalogue(ASSETS)
HOLIDAYS = load_holidays(ASSETS / "holidays.toml")
FIND: Find = Index(CATALOGUE.services.values()).find
OFFICE = Office(
    name="Kelurahan Contoh",
    kecamatan="Karawaci",
    city="Kota Tangerang",
    counter="Loket Pelayanan",
    kiosk_prefix="KD",
    queue_prefix="A",
    hours=Text("Senin–Jumat 08.00–16.00", "Monday to Friday, 8 am to 4 pm"),
)
SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=WIB)
SKTM = Meaning("", "match", (Hit("sktm", 1.0),))


@cache
def shipped() -> Find:
    """The lookup as it ships, for all tests of a process."""
    return understanding(CATALOGUE.services.values(), Path("/nonexistent"), ASSETS).find


def talk(
    find: Find = FIND,
    *,
    office: Office = OFFICE,
    lang: Lang = "id",
    catalogue: Catalogue = CATALOGUE,
) -> Talk:
    return Talk(catalogue, find, office=office, holidays=HOLIDAYS, lang=lang)


def said(conversation: Talk, *turns: str, now: datetime = SATURDAY) -> Turn:
    """The last of the answers."""
    return [conversation.answer(turn, now) for turn in turns][-1]


def found(turn: Turn) -> tuple[str, str, str]:
    return turn.outcome, turn.service or "", turn.slot or ""
