"""Nothing is said that the catalogue, the office or the fixed sentences do not say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.service import Catalogue, Lang
from kiosk.domain.turn import Slot, Turn, TurnOutcome
from kiosk.lookup.hearing import load_table
from kiosk.lookup.helplines import load_emergency
from tests.talk_support import CATALOGUE, CONVERSATIONS, HOLIDAYS, OFFICE, SATURDAY, said, talk

OWN_WORDS = re.compile(r"^(• |\d\. )")


def lines_of(catalogue: Catalogue, lang: Lang) -> set[str]:
    """Every sentence that may be said about services."""
    lines = set()
    for service in catalogue.services.values():
        texts = [service.name, service.summary, *([service.note] if service.note else [])]
        texts += [line for fact in service.facts.values() for line in fact.lines]
        lines |= {text.said(lang) for text in texts}
    return lines


def invented(turn: Turn, lang: Lang) -> list[str]:
    """The lines of an answer that stand neither in the catalogue nor in the fixed data."""
    say = load_table()["say"][lang]
    emergency = load_emergency()
    fixed = {text for text in say.values() if isinstance(text, str)} | {*say["mishaps"].values()}
    fixed |= {kind["say"][lang] for kind in emergency["kind"].values()}
    fixed |= {row["name"][lang] for row in load_table()["agency"]}
    fixed |= {f"{one['number']}: {one['name'][lang]}" for one in emergency["number"].values()}
    fixed |= {OFFICE.name, *(f"{label}:" for label in say["labels"].values())}
    assert OFFICE.hours is not None
    known = LINES[lang] | fixed | {OFFICE.hours.said(lang)}
    labels = "|".join(map(re.escape, [*say["labels"].values(), say["hours_of"]]))
    left = []
    for line in turn.text.split("\n"):
        plain = re.sub(rf"^(?:{labels}): ", "", OWN_WORDS.sub("", line))
        names = set(line.split("; "))  # of services that have a fact alike
        if names <= known or {line, plain} & known or FILLED[lang].fullmatch(line):
            continue
        left.append(line)
    return left


TODAY = ("today", "today_closed", "today_holiday")


def filled(lang: Lang) -> re.Pattern[str]:
    """The sentences with a gap, the gap filled from the catalogue or the calendar alone."""
    say = load_table()["say"][lang]
    agencies = {one.agency.said(lang) for one in CATALOGUE.services.values()}
    agency = "|".join(map(re.escape, agencies))
    title = "|".join(re.escape(one.title) for one in CATALOGUE.sources.values())
    gaps = {
        "titles": f"(?:{title})(?:; (?:{title}))?",
        "agency": rf"(?:{agency})(?:; (?:{agency}))*",
        "day": "|".join(say["days"]),
        "holiday": "|".join(re.escape(name.said(lang)) for name in HOLIDAYS.values()),
        "date": r"\d\d-\d\d-\d{4}",
        "clock": r"\d\d\.\d\d",
        "service": "|".join(re.escape(one.name.said(lang)) for one in CATALOGUE.services.values()),
    }
    which = [re.escape(one).replace(r"\{date\}", r"\d\d-\d\d-\d{4}") for one in say["which"]]
    gaps["which"] = "|".join(which)
    sentences = [
        re.sub(r"\\\{(\w+)\\\}", lambda gap: f"(?:{gaps[gap[1]]})", re.escape(say[name]))
        for name in ("sources", "elsewhere", "ask_at", "again", "now_open", "now_closed", *TODAY)
    ]
    return re.compile("|".join(sentences))


LINES = {"id": lines_of(CATALOGUE, "id"), "en": lines_of(CATALOGUE, "en")}
FILLED = {"id": filled("id"), "en": filled("en")}
TALKS = {"id": talk(lang="id"), "en": talk(lang="en")}
SAID = [turn["say"] for one in CONVERSATIONS for turn in one["turn"]]
NAMES = [service.name.id for service in CATALOGUE.services.values()]


def test_the_measure_of_invention_sees_an_invented_line() -> None:
    turn = said(talk(), "SKTM", "bayar nggak?")
    assert invented(turn, "id") == []
    lied = replace(turn, text=turn.text.replace("Gratis", "Rp5.000"))
    assert invented(lied, "id") == ["Biaya: Rp5.000"]


@pytest.mark.parametrize("lang", get_args(Lang))
def test_nothing_is_invented_in_the_written_conversations(lang: Lang) -> None:
    one = TALKS[lang]
    for conversation in CONVERSATIONS:
        one.end()
        for turn in conversation["turn"]:
            assert invented(one.answer(turn["say"], SATURDAY), lang) == [], turn["say"]


@settings(max_examples=60, deadline=None)
@given(
    turns=st.lists(
        st.one_of(st.sampled_from(SAID), st.sampled_from(NAMES), st.text(max_size=400)),
        min_size=1,
        max_size=14,
    ),
    lang=st.sampled_from(get_args(Lang)),
    now=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)),
)
def test_whatever_is_said_nothing_is_invented(turns: list[str], lang: Lang, now: datetime) -> None:
    one = TALKS[lang]
    one.end()
    for number, text in enumerate(turns, start=1):
        turn = one.answer(text, now)
        assert turn.number == number
        assert turn.outcome in get_args(TurnOutcome)
        assert turn.slot is None or turn.slot in get_args(Slot)
        assert invented(turn, lang) == []
        assert {*turn.options, *filter(None, [turn.service])} <= CATALOGUE.services.keys()
        assert set(turn.sources) <= CATALOGUE.sources.keys()


@pytest.mark.parametrize(
    "text", ["", " ", "a" * 5000, "bayar " * 1000, "😀🔥", "'; DROP TABLE x; --", "ك ت ب", "\x00"]
)
def test_odd_texts_get_an_answer(text: str) -> None:
    assert said(talk(), "SKTM", text).text
