"""Letters in one go: each question once, each letter with answers that may be filed."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from kiosk.domain.answers import check_all
from kiosk.domain.errand import errand_key, find_errand, letters_of
from kiosk.domain.filing import fileable
from kiosk.example import example_draft
from kiosk.store.catalogue import load_catalogue
from kiosk.store.regions import load_regions

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CATALOGUE = load_catalogue(ASSETS)
REGIONS = load_regions(ASSETS / "regions.tsv")
TODAY = date(2026, 11, 22)
BUNDLES = [
    errand_key(event, [one.id for one in chosen])
    for event in CATALOGUE.events
    for count in range(1, 4)
    for chosen in combinations(letters_of(event, CATALOGUE), count)
]


def test_there_are_bundles() -> None:
    assert "menikah:belum-menikah+pengantar-nikah" in BUNDLES
    assert "keluarga-meninggal:ket-mati+ahli-waris+janda-duda" in BUNDLES


@pytest.mark.parametrize("key", BUNDLES)
def test_every_choice_of_letters_asks_once_and_can_be_filed(key: str) -> None:
    errand = find_errand(CATALOGUE, key)
    assert errand is not None
    names = [one.name for one in errand.form.fields]
    assert len(names) == len(set(names))
    examples: dict[str, object] = {}
    for service in errand.services:  # the first letter's answer is the answer
        answers = example_draft(CATALOGUE, service.id, REGIONS, TODAY)["answers"]
        examples = {**answers, **examples}
    given = {name: value for one in errand.given.values() for name, value in one.items()}
    for one in errand.form.fields:  # what only the event's answer asks for
        rule = one.only_if
        if one.name not in examples and (rule is None or given.get(rule.field) in rule.values):
            examples[one.name] = "Contoh Warga" if one.kind == "name" else "1994-01-14"
    asked = {name: value for name, value in examples.items() if name in names}
    values, problems = check_all(errand.form, asked, today=TODAY, regions=REGIONS)
    assert problems == []
    drafts = errand.drafts(values, "id")
    assert [one.service for one in drafts] == [one.id for one in errand.services]
    for draft in drafts:
        assert fileable(draft, CATALOGUE, today=TODAY, regions=REGIONS) == draft


@pytest.mark.parametrize(
    "key",
    [
        "", "no-such", "no-such:sktm", "menikah:", "menikah:sktm", "menikah:belum-menikah+",
        "menikah:../belum-menikah", "menikah:belum-menikah+nikah-kua",
    ],
)  # fmt: skip
def test_what_is_no_errand_is_none(key: str) -> None:
    assert find_errand(CATALOGUE, key) is None


def test_letters_come_in_the_events_order_however_chosen() -> None:
    errand = find_errand(CATALOGUE, "menikah:pengantar-nikah+belum-menikah")
    assert errand is not None
    assert [one.id for one in errand.services] == ["belum-menikah", "pengantar-nikah"]


def test_a_paper_both_letters_need_is_listed_once() -> None:
    errand = find_errand(CATALOGUE, "menikah:belum-menikah+pengantar-nikah")
    assert errand is not None
    lines = [need.line.id for need in errand.needs(CATALOGUE)]
    assert lines.count("Surat pengantar RT/RW") == 1
    assert len(lines) == len(set(lines)) > 8
