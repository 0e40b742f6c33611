"""The other faults, quickly: each once as it is, and once with a bug planted that it must catch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults import loop_disk, thin_line
from tests.faults.program import CHECKOUT, count, line_of, nothing_broken, seed

needs_mounts = pytest.mark.skipif(bool(loop_disk.why_not()), reason=loop_disk.why_not() or "-")


# --- power cuts -----------------------------------------------------------------------------------
@pytest.mark.slow
@needs_mounts
def test_a_power_cut_takes_nothing_promised() -> None:
    line = line_of("power_cuts", "--cuts", count("CUTS", 5), "--seed", seed())
    nothing_broken(line)
    assert line["control_flushed_lost"] == 0, "the copies are not what a disk would hold"
    assert line["control_lazy_lost"] > 0, "the copies prove nothing: even lazy writes are in them"
    assert line["unreadable"] == []


@pytest.mark.slow
@needs_mounts
def test_a_kiosk_that_does_not_flush_is_caught_by_a_power_cut() -> None:
    assert line_of("power_cuts", "--cuts", 3, "--weakened")["lost"] > 0


# --- a full disk ----------------------------------------------------------------------------------
@pytest.mark.slow
@needs_mounts
def test_a_full_disk_takes_nothing_promised() -> None:
    line = line_of("full_disk", "--step-bytes", count("STEP_BYTES", 48 * 1024), "--seed", seed())
    nothing_broken(line)
    assert line["refused_at"] == line["offsets"], "the disk was never full"
    assert set(line["refusals"]) == {"StorageFull"}, "a full disk is no damage: staff can help"


@pytest.mark.slow
@needs_mounts
def test_a_kiosk_that_takes_full_for_success_is_caught() -> None:
    assert line_of("full_disk", "--step-bytes", 128 * 1024, "--forgetful")["lost"] > 0


# --- flipped bits ---------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_flipped_bit_of_the_file_is_never_silent() -> None:
    line = line_of("bit_flips", "--flips", count("FLIPS", 40), "--seed", seed())
    nothing_broken(line)
    assert line["refused"] > 0


@pytest.mark.slow
def test_a_log_that_nobody_looks_at_would_be_caught() -> None:
    assert line_of("bit_flips", "--flips", 12, "--unmarked")["lost"] > 0


@pytest.mark.slow
def test_a_kiosk_that_never_begins_an_epoch_is_caught() -> None:
    line = line_of("restored", "--rounds", 4, "--unaware", "--seed", 4)
    assert {6, 7} & set(line["invariants_broken"]), line


@pytest.mark.slow
def test_an_unseen_e_code_would_be_caught() -> None:
    assert line_of("bit_flips", "--flips", 16, "--unwatched")["lost"] > 0


# --- lines ----------------------------------------------------------------------------------------
@pytest.mark.slow
def test_bad_lines_acknowledge_nothing_and_lose_nothing() -> None:
    rounds = count("LINES", 24)
    line = line_of("bad_line", "--rounds", rounds, "--seed", seed())
    nothing_broken(line)
    if rounds >= 300:
        assert line["never_met"] == []


@pytest.mark.slow
def test_an_agent_that_trusts_any_200_is_caught() -> None:
    line = line_of(
        "bad_line", "--rounds", 10, "--trusting", "--faults", "portal 200,portal as json,none"
    )
    assert 4 in line["invariants_broken"]


@pytest.mark.slow
@pytest.mark.parametrize(("line", "errands"), [("loss", 8), ("2g", 12)])
def test_a_thin_line_drains(line: str, errands: int) -> None:
    if reason := thin_line.why_not(line):
        pytest.skip(reason)
    said = line_of("thin_line", "--line", line, "--errands", count("ERRANDS", errands))
    nothing_broken(said)


# --- the herd -------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_herd_drains_and_nobody_starves() -> None:
    """Memory is judged at length only: a small herd's is all start-up."""
    line = line_of("herd", "--kiosks", count("HERD", 8), "--errands", 5, "--spread-s", 1)
    nothing_broken(line)
    assert line["drained"] == line["kiosks"]


# --- put back -------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_city_and_a_kiosk_put_back_lose_nothing() -> None:
    line = line_of("restored", "--rounds", count("ROUNDS", 16), "--seed", seed())
    nothing_broken(line)
    assert line["city"].get("go back, told", 0) + line["city"].get("go back, untold", 0) > 0


@pytest.mark.slow
def test_a_kiosk_that_never_sends_again_is_caught() -> None:
    assert line_of("restored", "--rounds", 24, "--seed", 3, "--forgetful")["lost"] > 0


# --- clocks ---------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_wrong_clock_costs_nothing_and_is_said() -> None:
    line = line_of("wrong_clock", "--visits", count("VISITS", 14), "--seed", seed())
    nothing_broken(line)
    assert (line["time_ran_back"], line["wrong_and_not_said"]) == (0, 0)
    assert line["left_unsent_after_a_visit"] == 0


@pytest.mark.slow
def test_a_kiosk_that_believes_its_clock_is_caught() -> None:
    assert line_of("wrong_clock", "--visits", 10, "--believing")["time_ran_back"] > 0


FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.mark.slow
@pytest.mark.skipif(not FAKETIME, reason="libfaketime is missing (apt-get install libfaketime)")
@pytest.mark.parametrize("years", ["+20y", "-20y"])
def test_the_commands_under_another_clock(years: str, tmp_path: Path) -> None:
    """`kiosk submit` believes to live twenty years off; the number stays the next one."""
    home = tmp_path / "home"
    environment: dict[str, Any] = {
        **os.environ,
        "KIOSK_HOME": str(home),
        "PYTHONPATH": str(CHECKOUT),
    }
    form = tmp_path / "form.json"

    def kiosk(*words: str, **other: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", *words],
            cwd=tmp_path,
            env=environment | other,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    form.write_text(kiosk("submit", "--example", "sktm"))
    kiosk("submit", str(form))
    off = {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": years}
    kiosk("submit", str(form), **off)
    kiosk("submit", str(form))
    lines = [json.loads(line) for line in kiosk("outbox", "--json").splitlines()]
    assert [(line["dseq"], line["state"]) for line in lines] == [
        (number, "accepted") for number in (1, 2, 3)
    ]


def test_what_the_skips_say_is_about_this_machine() -> None:
    """A machine with root and the tools has no reason to skip."""
    if os.geteuid() == 0 and shutil.which("losetup") and shutil.which("mkfs.ext4"):
        assert "root" not in loop_disk.why_not()
