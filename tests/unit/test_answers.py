"""Typed or tapped, an answer is checked or named wrong in one word; nothing ever raises."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain import problem as problem_module
from kiosk.domain.address import address_lines, part_problem
from kiosk.domain.answers import Checked, asked, check, check_all
from kiosk.domain.form import Choice, Field, Form, Kind, OnlyIf
from kiosk.domain.payload import canonical_json
from kiosk.domain.problem import Problem
from kiosk.domain.service import Text
from kiosk.domain.signs import tidy
from kiosk.store.regions import load_regions

REGIONS = load_regions(Path(__file__).parents[2] / "assets" / "regions.tsv")
TODAY = date(2026, 11, 21)
LABEL = Text("Label", "Label")
KINDS: tuple[Kind, ...] = (
    "nik", "name", "date", "address", "phone", "choice", "text", "rupiah", "number",
)  # fmt: skip
LISTED = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", problem_module.__doc__ or ""))
ADDRESS = {
    "street": "Jl. Melati 3",
    "rt": "2",
    "rw": "011",
    "kecamatan": "36.71.09",
    "kelurahan": "36.71.09.1006",
}


def field(kind: Kind, name: str = "", **more: Any) -> Field:
    choices = (Choice("sekolah", LABEL), Choice("lain", LABEL)) if kind == "choice" else ()
    return Field(name or kind, kind, LABEL, LABEL, choices=choices, **more)


def read(
    kind: Kind, raw: object, *, answers: dict[str, object] | None = None, **more: Any
) -> Checked | Problem:
    asked_field = field(kind, **more)
    return check(asked_field, raw, today=TODAY, regions=REGIONS, answers=answers or {})


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("nik", "3671 0152 0190 0001", "3671015201900001"),
        ("nik", 3671015201900001, "3671015201900001"),
        ("name", "  Siti   Nur’aini ", "Siti Nur'aini"),
        ("name", "Dr. Ir. Renée O'Brien-Łukasz, S.H.", "Dr. Ir. Renée O'Brien-Łukasz, S.H."),
        ("name", "Y", "Y"),
        ("date", "17 08 1990", "1990-08-17"),
        ("date", "7/8/1990", "1990-08-07"),
        ("date", "17081990", "1990-08-17"),
        ("date", "1990-08-17", "1990-08-17"),
        ("date", "29-02-2024", "2024-02-29"),
        ("date", "21 11 2026", "2026-11-21"),
        ("date", "01.01.1900", "1900-01-01"),
        ("phone", "0811 1204 333", "628111204333"),
        ("phone", "0821-3333-5530", "6282133335530"),
        ("phone", "0895-6087-22422", "62895608722422"),
        ("phone", "+62 821 3333 5530", "6282133335530"),
        ("phone", "(021) 5576 4955", "622155764955"),
        ("choice", "lain", "lain"),
        ("text", "Untuk\tsekolah\nanak", "Untuk sekolah anak"),
        ("rupiah", "Rp 1.500.000,-", 1_500_000),
        ("rupiah", "1,500,000.00", 1_500_000),
        ("rupiah", "1500000", 1_500_000),
        ("rupiah", 0, 0),
        ("number", "1.250", 1250),
        ("number", 12, 12),
        ("number", "007", 7),
    ],
)
def test_what_is_taken(kind: Kind, raw: object, value: object) -> None:
    outcome = read(kind, raw)
    assert isinstance(outcome, Checked), outcome
    assert outcome.value == value


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("name", "Budi 2", "name_digits"),
        ("name", "Budi Ⅳ", "name_digits"),
        ("name", "Budi 😀", "name_emoji"),
        ("name", "Будi", "name_alphabet"),
        ("name", "布迪", "name_alphabet"),
        ("name", "Budi; DROP TABLE txn", "name_signs"),
        ("name", "Budi\x00", "name_signs"),
        ("name", "Bu\ud800di", "name_signs"),
        ("name", "B" + "\u0301" * 9, "name_signs"),
        ("name", ".", "name_empty"),
        ("name", "x" * 10_000, "name_too_long"),
        ("date", "17 Agustus 1990", "date_letters"),
        ("date", "17 08 1990 😀", "date_emoji"),
        ("date", "17 08 90", "date_short_year"),
        ("date", "31 02 1990", "date_not_a_date"),
        ("date", "17 08", "date_not_a_date"),
        ("date", "1" * 10_000, "date_not_a_date"),
        ("date", "00 00 0000", "date_not_a_date"),
        ("date", "22 11 2026", "date_future"),
        ("date", "31 12 1899", "date_too_old"),
        ("phone", "0821-3333-553x", "phone_not_digits"),
        ("phone", "821 3333 5530", "phone_start"),
        ("phone", "0821", "phone_length"),
        ("phone", "08" * 5000, "phone_length"),
        ("choice", "x", "choice_unknown"),
        ("choice", "SEKOLAH", "choice_unknown"),
        ("text", "\U0001f3e0 rumah", "text_emoji"),
        ("text", "x\x07", "text_signs"),
        ("text", "\ue000", "text_signs"),
        ("text", "للمدرسة", "text_alphabet"),
        ("text", "x" * 201, "text_too_long"),
        ("text", "\u0301" * 10_000, "text_too_long"),
        ("rupiah", "satu juta", "rupiah_not_a_number"),
        ("number", "", "number_empty"),
        ("number", "0", "number_zero"),
        ("number", "-3", "number_not_a_number"),
        ("number", "1.25", "number_not_a_number"),
        ("number", "12 orang", "number_not_a_number"),
        ("number", "٣", "number_not_a_number"),
        ("number", "1000000000", "number_too_big"),
        ("rupiah", "-5", "rupiah_not_a_number"),
        ("rupiah", "1.50", "rupiah_not_a_number"),
        ("rupiah", "1.500,000", "rupiah_not_a_number"),
        ("rupiah", "9" * 10_000, "rupiah_not_a_number"),
        ("rupiah", "9" * 12, "rupiah_too_big"),
        ("nik", True, "not_text"),
        ("nik", ["3671"], "not_text"),
        ("text", 10**400, "not_text"),
        ("address", "Jl. Melati", "not_text"),
        ("address", {}, "address_empty"),
    ],
)
def test_what_is_wrong_is_named(kind: Kind, raw: object, code: str) -> None:
    outcome = read(kind, raw)
    assert isinstance(outcome, Problem), outcome
    assert outcome.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"street": ""}, "address_street_empty"),
        ({"street": "x" * 101}, "address_street_too_long"),
        ({"street": "Jl. 🏠"}, "address_street_emoji"),
        ({"rt": ""}, "address_rt"),
        ({"rt": "1234"}, "address_rt"),
        ({"rw": "1a"}, "address_rw"),
        ({"rw": "٣"}, "address_rw"),
        ({"kecamatan": ""}, "address_kecamatan"),
        ({"kecamatan": "36.71"}, "address_kecamatan"),
        ({"kecamatan": "36.71.09.1006"}, "address_kecamatan"),
        ({"kelurahan": "36.71.09"}, "address_kelurahan"),
        ({"kelurahan": None}, "address_kelurahan"),
        ({"kecamatan": "36.71.02"}, "address_kelurahan_elsewhere"),
        ({"city": "Bogor"}, "address_unknown_part"),
        ({"street": ["x"]}, "not_text"),
    ],
)
def test_an_address_is_wrong_in_one_part(change: dict[str, object], code: str) -> None:
    outcome = read("address", {**ADDRESS, **change})
    assert isinstance(outcome, Problem), outcome
    assert outcome.code == code


def test_a_good_address_gets_three_digits_and_can_be_said() -> None:
    outcome = read("address", ADDRESS)
    assert isinstance(outcome, Checked)
    assert outcome.value == {**ADDRESS, "rt": "002", "rw": "011"}
    assert address_lines(outcome.value, REGIONS) == (
        "Jl. Melati 3",
        "RT 002 / RW 011",
        "Kel. Jatiuwung, Kec. Cibodas",
    )


def test_one_part_of_an_address_is_checked_before_the_next_is_asked() -> None:
    assert part_problem("rt", {"rt": "2"}, REGIONS) is None
    wrong = part_problem("rt", {"rt": "x", "street": ""}, REGIONS)
    assert wrong == Problem("address_rt")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", ["", None, "   "])
def test_empty_is_a_problem_only_where_an_answer_is_required(kind: Kind, raw: object) -> None:
    if kind == "address" and raw == "   ":
        raw = {"street": "  "}
    assert read(kind, raw, required=False) == Checked(None)
    assert read(kind, raw) == Problem(f"{kind}_empty")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=6,
)
parts = st.fixed_dictionaries({}, optional={part: anything for part in ADDRESS})


@given(st.sampled_from(KINDS), anything | parts | st.binary(), st.booleans())
def test_check_never_raises_and_its_value_can_be_stored(
    kind: Kind, raw: object, required: bool
) -> None:
    outcome = read(kind, raw, required=required)
    if isinstance(outcome, Problem):
        assert outcome.code in LISTED
        assert all(len(str(param)) <= 40 for param in outcome.params.values())
    else:
        assert json.loads(canonical_json(outcome.value)) == outcome.value


@given(st.sampled_from(KINDS), st.text())
def test_a_checked_answer_checks_to_itself(kind: Kind, raw: str) -> None:
    outcome = read(kind, raw)
    if isinstance(outcome, Checked):
        assert read(kind, outcome.value) == outcome


@given(st.dates(date(1900, 1, 1), TODAY))
def test_every_day_reads_in_every_writing(day: date) -> None:
    for writing in ("%d %m %Y", "%d/%m/%Y", "%d%m%Y", "%Y-%m-%d"):
        outcome = read("date", day.strftime(writing))
        assert outcome == Checked(day.isoformat())


@given(st.integers(0, 10**9))
def test_rupiah_reads_in_every_writing(amount: int) -> None:
    dotted = f"{amount:,}".replace(",", ".")
    for writing in (str(amount), f"Rp{dotted}", f"rp. {dotted},00"):
        assert read("rupiah", writing) == Checked(amount)


def test_nik_and_birth_date_are_compared_whichever_comes_last() -> None:
    nik, born = "3671015201900001", "1990-01-13"
    last_date = read("date", born, name="birth_date", answers={"nik": nik})
    last_nik = read("nik", nik, answers={"birth_date": born})
    for outcome in (last_date, last_nik):
        assert isinstance(outcome, Checked)
        assert [one.code for one in outcome.cautions] == ["nik_birth_date_differs"]
    mother = read("date", born, name="mother_birth_date", answers={"nik": nik})
    assert mother == Checked(born)


def test_nik_and_gender_are_compared_whichever_comes_last() -> None:
    both = (Choice("laki_laki", LABEL), Choice("perempuan", LABEL))
    gender = Field("gender", "choice", LABEL, LABEL, choices=both)
    woman = {"nik": "3671015201900001"}
    for value, codes in (("laki_laki", ["nik_gender_differs"]), ("perempuan", [])):
        outcome = check(gender, value, today=TODAY, regions=REGIONS, answers=woman)
        assert isinstance(outcome, Checked)
        assert [one.code for one in outcome.cautions] == codes


FORM = Form(
    (
        field("name", "name"),
        field("choice", "purpose"),
        field("text", "purpose_other", only_if=OnlyIf("purpose", ("lain",))),
        field("phone", "phone", required=False),
    )
)


def test_a_field_is_asked_only_if_its_rule_holds() -> None:
    assert [one.name for one in asked(FORM, {})] == ["name", "purpose", "phone"]
    assert [one.name for one in asked(FORM, {"purpose": "lain"})][2] == "purpose_other"


def test_a_stale_answer_opens_no_question() -> None:
    chain = Form(
        (
            field("choice", "a"),
            field("choice", "b", only_if=OnlyIf("a", ("lain",))),
            field("text", "c", only_if=OnlyIf("b", ("lain",))),
        )
    )
    assert [one.name for one in asked(chain, {"a": "sekolah", "b": "lain"})] == ["a"]


def test_check_all_takes_a_whole_form() -> None:
    raw = {"name": "Siti", "purpose": "sekolah", "purpose_other": "stale"}
    values, problems = check_all(FORM, raw, today=TODAY, regions=REGIONS)
    assert problems == []
    assert values == {"name": "Siti", "purpose": "sekolah", "phone": None}


def test_check_all_names_every_problem_and_unknown_keys() -> None:
    raw = {"purpose": "lain", "phone": "x", "nama": "Siti"}
    values, problems = check_all(FORM, raw, today=TODAY, regions=REGIONS)
    assert values == {"purpose": "lain"}
    assert [(name, one.code) for name, one in problems] == [
        ("nama", "unknown_field"),
        ("name", "name_empty"),
        ("purpose_other", "text_empty"),
        ("phone", "phone_not_digits"),
    ]


@given(st.dictionaries(st.sampled_from(["name", "purpose", "phone", "x"]) | st.text(), anything))
def test_check_all_never_raises(raw: dict[str, object]) -> None:
    values, problems = check_all(FORM, raw, today=TODAY, regions=REGIONS)
    names = {one.name for one in asked(FORM, values)}
    assert values.keys() <= names
    assert names <= values.keys() | {name for name, _ in problems}


def test_only_what_may_be_an_answer_is_tidied() -> None:
    # Composing 100,000 shuffled accents takes ten seconds; none of that could be taken anyway.
    assert tidy("a  b" * 500) == "a b" * 500
    long = "a  b" * 501
    assert tidy(long) == long


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        ("21 11 2026", "2026-11-21"),
        ("01 01 2031", "2031-01-01"),
        ("20 11 2026", "date_past"),
        ("01 01 2032", "date_too_far"),
        ("31 02 2027", "date_not_a_date"),
        ("", "date_empty"),
    ],
)
def test_a_date_that_is_still_to_come(raw: str, outcome: str) -> None:
    checked = read("date", raw, ahead=True)
    assert outcome == (checked.code if isinstance(checked, Problem) else checked.value)


def test_a_number_keeps_to_its_most() -> None:
    assert read("number", "99", most=99) == Checked(99)
    assert read("number", "100", most=99) == Problem("number_too_big", {"max": "99"})
