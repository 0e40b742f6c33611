"""kill -9 at named points of the kiosk and the city, quickly; the long run is `make faults`."""

from __future__ import annotations

import pytest

from tests.faults.planted import BUGS
from tests.faults.program import count, line_of, nothing_broken, seed

KILLS, RESTARTS = count("KILLS", 60), count("RESTARTS", 5)


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost_doubled_or_stuck() -> None:
    line = line_of("fork_loop", "--kills", KILLS, "--restarts", RESTARTS, "--seed", seed())
    nothing_broken(line)
    assert line["kills"] >= KILLS
    assert line["city_restarts"] >= RESTARTS
    assert line["promised"] >= KILLS  # the run did real work between the kills
    if KILLS >= 5000:
        assert line["never_killed_at"] == []


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught_for_what_it_breaks(bug: str) -> None:
    line = line_of(
        "fork_loop", "--kills", 30, "--restarts", 3, "--check-every", 8, "--plant", bug, "--seed", 1
    )
    assert BUGS[bug].invariant in line["invariants_broken"], line


def test_a_bug_is_planted_for_every_promise() -> None:
    assert {bug.invariant for bug in BUGS.values()} == {1, 2, 3, 4, 5, 6, 7}
