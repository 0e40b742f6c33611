"""Where speech begins and ends: tables of halls, and what holds for any loudness."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.speech import Task
from kiosk.voice.endpoint import LIMITS, EndOfSpeech, Limits, spoken_parts, with_room
from kiosk.voice.sound import FRAME_S

WORD = [-28.0, -24.0, -22.0, -21.0, -23.0] * 6  # 0.3 s, as loud as people near a microphone
QUIET = [-78.0, -80.0, -76.0, -79.0, -77.0]
BABBLE = [-38.0, -36.0, -44.0, -35.0, -50.0]


def hall(level: list[float], seconds: float) -> list[float]:
    return (level * round(seconds / FRAME_S))[: round(seconds / FRAME_S)]


@pytest.mark.parametrize(
    ("levels", "parts"),
    [
        ([], 0),
        (hall([-96.0], 5), 0),
        (hall([-20.0], 5), 0),  # a tone, or a steady noise
        (hall([-20.0, -24.0], 5), 0),
        (hall(QUIET, 5), 0),
        (hall([-80.0, -62.0], 5), 0),  # lively, and much too faint
        (hall(QUIET, 1) + WORD + hall(QUIET, 1), 1),
        (hall(QUIET, 1) + WORD + hall(QUIET, 0.1) + WORD + hall(QUIET, 1), 1),
        (hall(QUIET, 1) + WORD + hall(QUIET, 0.6) + WORD + hall(QUIET, 1), 2),
        (hall(BABBLE, 1) + WORD + hall(BABBLE, 0.6) + WORD + hall(BABBLE, 1), 2),
        (hall(QUIET, 1) + [-15.0] * 4 + hall(QUIET, 1), 0),  # a knock
        (WORD, 0),  # nothing to tell it from; a recording has its ends
    ],
)
def test_stretches_of_speech(levels: list[float], parts: int) -> None:
    assert len(spoken_parts(levels)) == parts


@pytest.mark.parametrize("around", [QUIET, BABBLE])
def test_ends_without_speech_are_cut_with_a_little_room(around: list[float]) -> None:
    levels = hall(around, 2) + WORD + hall(around, 2)
    [(begin, end)] = with_room(spoken_parts(levels), len(levels))
    assert 150 <= begin < 200
    assert 230 < end <= 260


@pytest.mark.parametrize(
    ("around", "parts"),
    [
        ([-37.0, -36.0, -38.0], 2),  # a fan: whatever comes near the loudest was said to the kiosk
        (BABBLE, 1),  # people: the softer word may be theirs
        ([level - 12 for level in BABBLE], 2),  # people so far behind that it is not
    ],
)
def test_a_softer_word_is_the_speakers_where_the_hall_cannot_have_said_it(
    around: list[float], parts: int
) -> None:
    softer = [level - 6 for level in WORD]
    levels = hall(around, 1) + WORD + hall(around, 0.6) + softer + hall(around, 1)
    assert len(spoken_parts(levels)) == parts


@given(st.lists(st.floats(-96, 0), max_size=400))
def test_parts_lie_within_in_order_and_apart(levels: list[float]) -> None:
    bounds = [at for part in spoken_parts(levels) for at in part]
    assert bounds == sorted(set(bounds))
    assert all(0 <= at <= len(levels) for at in bounds)
    roomy = [at for part in with_room(spoken_parts(levels), len(levels)) for at in part]
    assert roomy == sorted(set(roomy))
    assert bool(roomy) == bool(bounds)
    if roomy:
        assert 0 <= roomy[0] <= bounds[0] < bounds[-1] <= roomy[-1] <= len(levels)


@given(st.floats(-25, 15))
def test_a_louder_or_softer_person_is_found_at_the_same_place(shift_db: float) -> None:
    levels = hall(QUIET, 1) + WORD + hall(QUIET, 0.6) + WORD + hall(QUIET, 1)
    assert spoken_parts([level + shift_db for level in levels]) == spoken_parts(levels)


def detect(levels: list[float], limits: Limits, block: int = 5) -> tuple[EndOfSpeech, float]:
    """Feeds until it has ended; the detector and when, in seconds."""
    detector = EndOfSpeech(limits)
    for at in range(0, len(levels), block):
        detector.feed(levels[at : at + block])
        if detector.ended or detector.too_long:
            return detector, (at + block) * FRAME_S
    pytest.fail("it never ended")


@pytest.mark.parametrize("task", LIMITS)
@pytest.mark.parametrize("around", [QUIET, BABBLE])
def test_the_wait_after_speech_fits_the_task(task: Task, around: list[float]) -> None:
    limits = LIMITS[task]
    levels = hall(around, 1) + WORD * 3 + hall(around, 5)
    detector, ended_s = detect(levels, limits)
    assert detector.began is not None
    assert ended_s == pytest.approx(1.9 + limits.wait_s, abs=0.25)


def test_groups_of_digits_may_be_a_second_and_a_half_apart() -> None:
    groups = (WORD * 4 + hall(QUIET, 1.5)) * 4
    _, ended_s = detect(hall(QUIET, 0.5) + groups + hall(QUIET, 3), LIMITS["digits"])
    assert ended_s > 0.5 + len(groups) * FRAME_S
    _, ended_s = detect(hall(QUIET, 0.5) + groups + hall(QUIET, 3), LIMITS["lookup"])
    assert ended_s < 3


def test_one_who_speaks_from_the_first_moment_is_heard() -> None:
    detector, ended_s = detect(WORD * 2 + hall(QUIET, 3), LIMITS["lookup"])
    assert detector.began is not None
    assert ended_s == pytest.approx(0.6 + 0.9, abs=0.2)


@pytest.mark.parametrize("nothing", [[-96.0], QUIET, [-30.0, -31.0], [-15.0]])
def test_nothing_begins_in_a_hall_where_nobody_speaks(nothing: list[float]) -> None:
    detector, ended_s = detect(hall(nothing, 60), LIMITS["lookup"])
    assert detector.began is None
    assert ended_s == pytest.approx(LIMITS["lookup"].give_up_s, abs=0.1)


def test_one_who_does_not_stop_is_stopped() -> None:
    detector, ended_s = detect(hall(QUIET, 1) + (WORD + hall(QUIET, 0.3)) * 60, LIMITS["lookup"])
    assert detector.too_long
    assert ended_s == pytest.approx(1 + LIMITS["lookup"].longest_s, abs=0.3)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.floats(0.1, 0.6)), min_size=1, max_size=4),
    st.sampled_from(["lookup", "digits", "yesno", "choice"]),
)
def test_it_ends_once_the_wait_after_the_last_word_is_over_and_never_before(
    parts: list[tuple[int, float]], task: Task
) -> None:
    """Words, and pauses between them that are shorter than the wait."""
    limits = LIMITS[task]
    pauses = [min(pause_s, limits.wait_s - 0.2) for _, pause_s in parts]
    said = [level for (count, _), pause_s in zip(parts, pauses, strict=True)
            for level in hall(QUIET, pause_s) + WORD * count]  # fmt: skip
    spoken_s = len(said) * FRAME_S
    detector, ended_s = detect(hall(QUIET, 0.5) + said + hall(QUIET, 5), limits)
    assert detector.began is not None
    if not detector.too_long:
        assert ended_s == pytest.approx(0.5 + spoken_s + limits.wait_s, abs=0.3)
