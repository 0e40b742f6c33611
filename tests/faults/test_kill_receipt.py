"""kill -9 around the receipt: no promise is broken, and the harness would notice if one were.

KIOSK_KILLS says how many kills (12 unless told); the full figure is `kill_receipt.py --kills 200`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kill_receipt import run
from tests.faults.promises import Faults, Round, Stored, classes, committed_ms, faults_of

needs_zbarimg = pytest.mark.skipif(
    not shutil.which("zbarimg"), reason="zbarimg is missing: run build/dev/setup.sh test"
)
KILLS = int(os.environ.get("KIOSK_KILLS", "12"))


@pytest.mark.slow
@pytest.mark.display
@needs_zbarimg
def test_what_stood_on_a_receipt_is_stored_once(tmp_path: Path) -> None:
    summary = run(KILLS, seed=1, out=tmp_path, calibrations=2)
    assert summary["faults"] == asdict(Faults())
    assert summary["kills"] == KILLS
    assert summary["met"]["promised"] >= KILLS // 4  # those killed after a frame that was seen
    promises = [json.loads(line) for line in (tmp_path / "oracle.jsonl").open()]
    assert len(promises) == summary["codes_on_receipts"]


@pytest.mark.slow
@pytest.mark.display
@needs_zbarimg
def test_a_kiosk_that_promises_before_it_commits_is_caught(tmp_path: Path) -> None:
    """Committed two seconds late, killed within 0.3 s of the frame: each promise is broken."""
    summary = run(4, seed=1, out=tmp_path, lie_ms=2000, calibrations=2)
    assert not summary["kept"]
    assert summary["met"]["promised"] >= 1
    assert summary["met"]["promised_but_lost"] == summary["met"]["promised"]
    assert summary["faults"]["missing"] == summary["met"]["promised"]


# The reckoning itself, on figures made up: one errand in each of two rounds, then one thing wrong.

IDS = ("00000000-0064-7000-8000-000000000001", "00000000-00c8-7000-8000-000000000002")
FIRST = Round(
    0, "home", "seen", "none", began_wall_ms=90, killed_wall_ms=110, tapped=True, changed=True,
    code="AA",
)  # fmt: skip
SECOND = replace(FIRST, number=1, began_wall_ms=190, killed_wall_ms=210, code="BB")


def reckoned(
    rounds: tuple[Round, ...] = (FIRST, SECOND),
    outbox: tuple[dict[str, Any], ...] | None = None,
    **changed: Any,
) -> dict[str, int]:
    """The faults that are not zero, of a home where all is well but for what is given."""
    rows = row(0), row(1)
    at_city = tuple({"id": one["id"], "sha256": one["id"][-1]} for one in rows)
    fine = Stored(
        rows if outbox is None else outbox,
        {one["id"]: one["id"][-1] for one in rows},
        tuple({**one, "state": "acked"} for one in rows),
        at_city,
    )
    fresh = [replace(one, stored=[]) for one in rounds]
    faults = asdict(faults_of(fresh, replace(fine, **changed)))
    return {name: count for name, count in faults.items() if count}


def row(number: int, **changed: Any) -> dict[str, Any]:
    fine = {"id": IDS[number], "code": ("AA", "BB")[number], "dseq": number + 1}
    return {**fine, "state": "accepted", **changed}


def test_the_time_of_the_commit_stands_in_the_id() -> None:
    assert [committed_ms(id_) for id_ in IDS] == [100, 200]


def test_nothing_wrong_is_no_fault() -> None:
    assert reckoned() == {}
    killed_early = replace(FIRST, number=2, began_wall_ms=300, killed_wall_ms=310, code="")
    unchanged = replace(killed_early, changed=False)
    assert reckoned((FIRST, SECOND, unchanged)) == {}


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"rounds": (FIRST, replace(SECOND, code="CC"))}, {"missing": 1}),
        ({"rounds": (FIRST, replace(SECOND, code="AA"))}, {"promised_twice": 1}),
        ({"rounds": (FIRST, replace(SECOND, code=""))}, {"unreadable": 1}),
        ({"rounds": (FIRST,)}, {"strays": 1}),
        ({"rounds": (replace(FIRST, killed_wall_ms=300),)}, {"doubled": 1}),
        ({"outbox": (row(0), row(1, dseq=3))}, {"gaps": 2}),
        ({"outbox": (row(0), row(1, dseq=1))}, {"doubled": 1, "gaps": 1}),
        ({"outbox": (row(0), row(1, code="AA"))}, {"doubled": 1, "missing": 1}),
        ({"whole": {IDS[0]: "1"}}, {"broken": 1, "city_strange": 1}),
        ({"outbox_after_sync": (row(0, state="acked"), row(1))}, {"unsent": 1}),
        ({"outbox_after_sync": (row(0, state="acked"), row(1, state="conflict"))}, {"unsent": 1}),
        ({"city": ({"id": IDS[0], "sha256": "1"},)}, {"city_missing": 1}),
        (
            {"city": tuple({"id": IDS[at], "sha256": str(at + 1)} for at in (0, 1, 1))},
            {"city_doubled": 1},
        ),
        (
            {"city": ({"id": IDS[0], "sha256": "1"}, {"id": IDS[1], "sha256": "other"})},
            {"city_strange": 1},
        ),
    ],
)
def test_each_thing_wrong_is_found(wrong: dict[str, Any], found: dict[str, int]) -> None:
    assert reckoned(**wrong) == found


def test_the_kills_are_told_apart() -> None:
    kills = [
        replace(FIRST, how="calibration", stored=["AA"]),
        replace(FIRST, stored=["AA"]),
        replace(FIRST, stored=[]),  # promised, and not there
        replace(FIRST, code="", stored=["BB"]),
        replace(FIRST, code="", stored=[]),
        replace(FIRST, code="", stored=[], tapped=False),
    ]
    assert classes(kills) == {
        "before_commit": 2,
        "before_commit_as_before_tap": 1,
        "committed_before_frame": 1,
        "promised": 2,
        "promised_but_lost": 1,
    }
