"""Warn, then wipe: by a clock the test moves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.idle import ACTIVE, IdleLimits, IdleState, IdleWatch

LIMITS = IdleLimits(info_s=120, form_s=180, warning_s=45)


@pytest.mark.parametrize(
    ("quiet_s", "in_form", "expected"),
    [
        (0, False, ACTIVE),
        (119.9, False, ACTIVE),
        (120, False, IdleState("warning", 46)),
        (120.5, False, IdleState("warning", 45)),
        (164.9, False, IdleState("warning", 1)),
        (165, False, IdleState("expired")),
        (120, True, ACTIVE),
        (179.9, True, ACTIVE),
        (181, True, IdleState("warning", 45)),
        (225, True, IdleState("expired")),
        (10**6, True, IdleState("expired")),
    ],
)
def test_quiet_becomes_a_warning_becomes_an_end(
    quiet_s: float, in_form: bool, expected: IdleState
) -> None:
    watch = IdleWatch(LIMITS, 1000.0)
    assert watch.state(1000.0 + quiet_s, in_form=in_form) == expected


def test_any_sign_of_a_person_starts_the_count_anew() -> None:
    watch = IdleWatch(LIMITS, 0.0)
    assert watch.state(150, in_form=False).name == "warning"
    watch.seen(150)
    assert watch.state(150, in_form=False) == ACTIVE
    assert watch.state(269.9, in_form=False) == ACTIVE
    assert watch.state(270, in_form=False).name == "warning"


def test_leaving_a_form_late_warns_at_once_but_does_not_wipe_at_once() -> None:
    watch = IdleWatch(LIMITS, 0.0)
    assert watch.state(160, in_form=True) == ACTIVE
    assert watch.state(160, in_form=False).name == "warning"


@given(
    st.floats(0, 1e6),
    st.lists(st.floats(0, 400), max_size=30),
    st.booleans(),
)
def test_never_wiped_without_a_warning_first(
    start_s: float, steps_s: list[float], in_form: bool
) -> None:
    """Looked at twice a second, as the app does, each end is announced for the whole warning."""
    watch = IdleWatch(LIMITS, start_s)
    limit_s = LIMITS.form_s if in_form else LIMITS.info_s
    now_s = start_s
    for step_s in steps_s:
        now_s += step_s
        state = watch.state(now_s, in_form=in_form)
        quiet_s = now_s - start_s
        assert (state.name == "active") == (quiet_s < limit_s)
        assert (state.name == "expired") == (limit_s + LIMITS.warning_s - quiet_s <= 0)
        assert (state.left_s > 0) == (state.name == "warning")


def test_the_seconds_shown_count_down_to_one() -> None:
    watch = IdleWatch(LIMITS, 0.0)
    shown = [watch.state(120 + tick / 2, in_form=False).left_s for tick in range(1, 90)]
    assert shown[0] == 45
    assert shown[-1] == 1
    assert all(0 <= before - after <= 1 for before, after in itertools.pairwise(shown))
