"""The queue's formulas against tables computed by hand, and what must hold whatever comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config import WIB, assets_folder
from kiosk.domain import queue
from kiosk.domain.queue import Act, Entry, Event, State, Wait, call_words, in_order, wait
from kiosk.store.queue import load_lines
from tests.ui.support import catalogue

OPENED = datetime(2026, 11, 23, 8, 0, tzinfo=WIB)


def entry(dseq: int, priority: bool = False, minute: int | None = None) -> Entry:
    at = OPENED + timedelta(minutes=dseq if minute is None else minute)
    return Entry(dseq, "", f"A-{dseq:03d}", "umum", priority, "waiting", 1, 0, "", at)


# P: with priority, o: without. The numbers are the places in the order of taking.
ORDERS = [
    ("", 0, ""),
    ("ooo", 0, "1 2 3"),
    ("oPo", 0, "2 1 3"),
    ("ooP", 2, "3 1 2"),
    ("ooP", 3, "1 3 2"),  # three with priority were called: now one of the others, then again
    ("PPPPPo", 0, "1 2 3 6 4 5"),
    ("PPPPPPPoo", 0, "1 2 3 8 4 5 6 9 7"),
    ("PP", 3, "1 2"),  # nobody else is there: no reason to wait
    ("oPPPPo", 1, "2 3 1 4 5 6"),
]


@pytest.mark.parametrize(("people", "run", "expected"), ORDERS)
def test_who_is_next_by_hand(people: str, run: int, expected: str) -> None:
    line = [entry(place, sign == "P") for place, sign in enumerate(people, start=1)]
    assert " ".join(str(one.dseq) for one in in_order(reversed(line), run)) == expected


PEOPLE = st.lists(st.booleans(), max_size=40)


@given(PEOPLE, st.integers(0, queue.PRIORITY_RUN_MAX))
def test_nobody_is_lost_overtaken_or_forgotten(people: list[bool], run: int) -> None:
    line = [entry(place, priority) for place, priority in enumerate(people)]
    order = in_order(line, run)
    assert sorted(one.dseq for one in order) == list(range(len(people)))
    for kind in (True, False):  # among equals, who came first
        alike = [one.dseq for one in order if one.priority is kind]
        assert alike == sorted(alike)
    for place, one in enumerate(order):
        if one.priority and any(not later.priority for later in order[place:]):
            before = order[max(0, place - queue.PRIORITY_RUN_MAX) : place]
            assert len(before) < queue.PRIORITY_RUN_MAX or not all(b.priority for b in before)


# Eight services of 4 and 8 minutes in turn: mean 6 min, spread √(8·4/7) = 2.138 min.
TIMES_S = [240.0, 480.0] * 4
WAITS = [
    # ahead, busy, counters, low, high: worked out with a pocket calculator
    (0, 0, 1, 0, 5),  # a free counter: now
    (0, 1, 1, 0, 5),  # n=½: 3 ± 1.2816·√(½·4.571 + ¼·4.571/8)=1.998 → 1.0 to 4.998 → 0 to 5
    (3, 1, 1, 10, 30),  # n=3½: 21 ± 1.2816·√(16 + 7)=6.146 → 14.9 to 27.1 → 10 to 30
    (3, 2, 2, 5, 15),  # the same by two counters: 7.4 to 13.6
    (3, 1, 2, 5, 10),  # n=2½, two counters: 15 ± 4.97 → 5.01 to 9.98 → 5 to 10
    (10, 1, 1, 45, 80),  # n=10½: 63 ± 1.2816·√(48+63)=13.5 → 49.5 to 76.5 → 45 to 80
    (1, 0, 2, 0, 5),
]


@pytest.mark.parametrize(("ahead", "busy", "counters", "low", "high"), WAITS)
def test_the_wait_by_hand(ahead: int, busy: int, counters: int, low: int, high: int) -> None:
    assert wait(ahead, busy, counters, TIMES_S) == Wait(low, high)


def test_too_little_measured_gives_no_estimate() -> None:
    assert wait(3, 1, 1, TIMES_S[: queue.MEASURED_LEAST - 1]) is None
    assert wait(3, 1, 1, []) is None


@given(
    st.integers(0, 80),
    st.integers(0, 5),
    st.integers(0, 5),
    st.lists(st.floats(20, 7200), min_size=queue.MEASURED_LEAST, max_size=60),
)
def test_a_range_is_a_range(ahead: int, busy: int, counters: int, times_s: list[float]) -> None:
    told = wait(ahead, busy, counters, times_s)
    assert told is not None
    assert 0 <= told.low_min < told.high_min
    assert told.low_min % queue.STEP_MIN == told.high_min % queue.STEP_MIN == 0
    more = wait(ahead + 1, busy, counters, times_s)
    assert more is not None
    assert more.high_min >= told.high_min


def test_eight_of_ten_real_waits_are_in_the_range() -> None:
    """Service times drawn like those of a counter; the promise is kept over a thousand mornings."""
    import random

    draw = random.Random(7)
    inside = 0
    for _ in range(1000):
        measured = [60 * draw.gammavariate(4, 1.5) for _ in range(30)]
        under_way = 60 * draw.gammavariate(4, 1.5) * draw.random()
        waited_s = under_way + sum(60 * draw.gammavariate(4, 1.5) for _ in range(5))
        told = wait(5, 1, 1, measured)
        assert told is not None
        inside += told.low_min <= waited_s / 60 <= told.high_min
    assert 780 <= inside <= 990


def test_slips_and_forgotten_ends_are_not_services() -> None:
    assert queue.measured([3.0, 20.0, 300.0, 7200.0, 7201.0]) == [20.0, 300.0, 7200.0]


STEPS: dict[Act, str] = {
    # from: waiting called serving held no_show done; "." = makes no sense
    "call": "called . . called called .",
    "recall": ". called . . . .",
    "serve": ". serving . . . .",
    "hold": ". held held . . .",
    "resume": ". . . waiting waiting .",
    "no_show": ". no_show . . . .",
    "transfer": "waiting waiting waiting waiting . .",
    "done": ". done done . . .",
    "take": ". . . . . .",
}


@pytest.mark.parametrize("act", get_args(Act))
def test_every_step_from_every_state(act: Act) -> None:
    for state, expected in zip(get_args(State), STEPS[act].split(), strict=True):
        assert queue.after(state, act) == (None if expected == "." else expected), (act, state)


SAID = [
    ("A-017", "1", "Nomor antrean A nol satu tujuh, ke loket satu"),
    ("AK-003", "12", "Nomor antrean A K nol nol tiga, ke loket satu dua"),
    ("A-1000", "Loket Surat", "Nomor antrean A satu nol nol nol, ke Loket Surat"),
    ("A-090", "", "Nomor antrean A nol sembilan nol"),
]


@pytest.mark.parametrize(("ticket", "counter", "words"), SAID)
def test_what_is_called_out(ticket: str, counter: str, words: str) -> None:
    assert call_words(ticket, counter) == words


def log(*steps: tuple[int, int, Act]) -> list[Event]:
    return [
        Event(seq, dseq, OPENED + timedelta(minutes=minute), act, "umum")
        for seq, (minute, dseq, act) in enumerate(steps, start=1)
    ]


def test_the_day_by_hand() -> None:
    day = log(
        (0, 1, "take"),
        (2, 2, "take"),
        (3, 3, "take"),
        (4, 1, "call"),  # waited 4
        (5, 1, "serve"),
        (11, 1, "done"),  # 6 minutes of service
        (12, 2, "call"),  # waited 10
        (13, 2, "no_show"),
        (14, 3, "call"),  # waited 11
        (20, 3, "hold"),
        (30, 3, "call"),  # called again: the first wait counts, the last service
        (38, 3, "done"),  # 8
        (40, 4, "take"),
    )
    expected = queue.Totals(taken=4, done=2, no_show=1, open=1, wait_min=10.0, service_min=7.0)
    assert queue.totals(day) == expected
    assert queue.totals([]) == queue.Totals(0, 0, 0, 0, None, None)


def test_every_category_has_a_line_and_the_lines_are_whole() -> None:
    lines = load_lines(assets_folder() / "queue.toml")
    known = {one.id for one in catalogue().categories}
    named = [category for one in lines for category in one.categories]
    assert sorted(named) == sorted(known)
    assert queue.line_of("surat", lines).letter == ""
    assert queue.line_of("adminduk", lines).letter == "K"
    assert queue.line_of("none of these", lines).id == "umum"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[line]]\nid = "a"\nletter = ""', "line 1: need an id and a name"),
        ('[[line]]\nid = "a"\nletter = "k"\nname = {id = "a", en = "b"}', "letter: write A"),
        ('[[line]]\nid = "a"\nletter = "K"\nname = {id = "a", en = "b"}', "takes what is in no"),
        ("nonsense", "not TOML"),
        ('[[line]]\nid = "a"\nletter = ""\nname = {id = "a", en = "b"}\n' * 2, "stands twice"),
    ],
)
def test_a_broken_table_of_lines_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "queue.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        load_lines(path)
