"""Crash states from a log of the disk, quickly; the long run is `make faults`."""

from __future__ import annotations

import pytest

from tests.faults.program import count, line_of, nothing_broken, seed

STATES = count("STATES", 4000)


@pytest.mark.slow
def test_no_power_cut_takes_back_what_was_promised() -> None:
    line = line_of("crash_states", "--states", STATES, "--seed", seed())
    nothing_broken(line)
    assert line["states"] >= STATES
    assert line["distinct"] > STATES // 10


@pytest.mark.slow
def test_a_store_that_does_not_flush_is_caught() -> None:
    assert line_of("crash_states", "--states", 800, "--control", "NORMAL")["lost"] > 0
