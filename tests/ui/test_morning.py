"""A short morning at the kiosk and the desk, and the proof that its reckoning would notice.

The long one, 60 citizens: `make morning`."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.morning import SHORT, Played, run
from tests.ui.morning_facts import Facts
from tests.ui.morning_reckoning import wrong

pytestmark = [pytest.mark.display, pytest.mark.slow]

PICTURES = os.environ.get("KIOSK_PICTURES", "")  # a folder: then the pictures are kept


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    if not os.environ.get("KIOSK_MORNING"):
        pytest.skip("a minute and more: KIOSK_MORNING=1 plays it (not yet timed on a quiet core)")
    for program in ("chromium", "zbarimg"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: make test installs it")
    out = Path(PICTURES) if PICTURES else tmp_path_factory.mktemp("morning")
    return run(len(SHORT), 1, out / "morning")


def test_every_errand_of_a_short_morning_is_where_it_should_be(played: Played) -> None:
    summary = played.summary
    assert summary["wrong"] == []
    assert sum(summary["purposes"].values()) == len(SHORT)
    assert summary["promised_on_screen"] >= 4
    assert summary["entered_at_desk"] == 1
    assert [one["codes_on_it"] for one in summary["power_cuts"]] == [0]
    assert summary["stored_and_seen_by_nobody"] == 1  # committed, and the power went
    assert summary["printer_unplugged"] == 1
    assert any(name.startswith("failed") for name in summary["prints"])
    assert summary["prints"]["confirmed"] >= 3


def _numbers_alike(facts: Facts) -> None:
    facts.rows["number"][1] |= {key: facts.rows["number"][0][key] for key in ("prefix", "number")}


def _another_number_on_paper(facts: Facts) -> None:
    place = next(at for at, one in enumerate(facts.papers) if one.number)
    paper = facts.papers[place]
    facts.papers[place] = type(paper)(paper.code, "A-099", paper.copy, paper.in_qr, paper.says)


def _errand_gone(facts: Facts) -> None:
    gone = next(one for one in facts.promises if one.kind == "application").code
    facts.rows["txn"] = [one for one in facts.rows["txn"] if one["code"] != gone]


def _filed_twice(facts: Facts) -> None:
    row = next(one for one in facts.rows["txn"] if one["kind"] == "application")
    again = row | {"dseq": 999, "id": "again", "code": "2222-2222"}
    facts.rows["txn"].append(again)
    facts.bodies[999] = facts.bodies[row["dseq"]]


def _not_at_the_city(facts: Facts) -> None:
    facts.city.pop()


def _twice_at_the_city(facts: Facts) -> None:
    facts.city.append(facts.city[0])


def _said_to_be_printed(facts: Facts) -> None:
    next(one for one in facts.rows["job"] if one["state"] == "failed")["state"] = "confirmed"


def _said_to_have_failed(facts: Facts) -> None:
    job = next(one for one in facts.rows["job"] if one["state"] == "confirmed" and one["dseq"])
    job |= {"state": "failed", "problem": "off"}


def _still_queued(facts: Facts) -> None:
    next(one for one in facts.rows["job"] if one["state"] == "failed")["state"] = "queued"


def _act_without_a_line(facts: Facts) -> None:
    at = max(place for place, one in enumerate(facts.rows["audit"]) if one["dseq"])
    del facts.rows["audit"][at]


def _one_served_less(facts: Facts) -> None:
    day, taken, done, *rest = facts.figures["Antrean"].split("|")
    facts.figures["Antrean"] = "|".join([day, taken, str(int(done) - 1), *rest])


def _one_letter_more(facts: Facts) -> None:
    facts.figures["Masuk"] = "1" + facts.figures["Masuk"]


def _waits_longer(facts: Facts) -> None:
    facts.figures["Menunggu dibuka"] = "9 jam sembilan dari sepuluh paling lama 9 jam"


def _nobody_knows_it_at_the_desk(facts: Facts) -> None:
    facts.at_desk[next(iter(facts.at_desk))] = "tidak ada"


def _form_left_over(facts: Facts) -> None:
    facts.rows["handover"].append({"id": "x", "kind": "form"})


def _form_of_who_walked_off(facts: Facts) -> None:
    facts.bodies[999] = ({"answers": {"nik": facts.walked_off[0]}}, "")


@pytest.mark.parametrize(
    "bend",
    [
        _numbers_alike, _another_number_on_paper, _errand_gone, _filed_twice, _not_at_the_city,
        _twice_at_the_city, _said_to_be_printed, _said_to_have_failed, _still_queued,
        _act_without_a_line, _one_served_less, _one_letter_more, _waits_longer,
        _nobody_knows_it_at_the_desk, _form_left_over, _form_of_who_walked_off,
    ],
)  # fmt: skip
def test_a_morning_with_one_thing_wrong_is_noticed(
    played: Played, bend: Callable[[Facts], None]
) -> None:
    bent = copy.deepcopy(played.facts)
    bend(bent)
    assert wrong(bent)
