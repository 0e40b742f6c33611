"""A visit's value: where one is, what one typed, and that it can be forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.form import Form
from kiosk.domain.problem import Caution, Problem
from kiosk.domain.session import (
    ADDRESS_PARTS,
    ATTRACT,
    HOME,
    PLACES_MAX,
    Place,
    Session,
    questions,
    raw_answers,
)
from kiosk.domain.transaction import Receipt
from tests.ui.support import LETTERS, NOW, catalogue

RECEIPT = Receipt("018f", "KD7F-3KTM", "application", "sktm", NOW, "accepted")


def form_of(service: str) -> Form:
    form = catalogue().services[service].form
    assert form is not None
    return form


def used() -> Session:
    """A session in the middle of everything."""
    session = Session(7)
    session.go(Place("service", "sktm"))
    session.raw.update(nik="3671011708900003", search="surat")
    session.answered.add("nik")
    session.lacking["sktm"] = {0, 1}
    session.told_privacy = session.changing = True
    session.problem = Problem("name_empty")
    session.cautions = (Caution("nik_other_region"),)
    session.refused = "full"
    return session


def test_it_begins_at_the_attract_screen_with_nothing() -> None:
    session = Session(1)
    assert session.place == ATTRACT
    assert (session.raw, session.answered, session.lacking, session.receipt) == (
        {},
        set(),
        {},
        None,
    )


def test_two_sessions_share_nothing() -> None:
    one, other = Session(1), Session(2)
    one.raw["nik"] = "1"
    one.answered.add("nik")
    one.lacking["sktm"] = {1}
    one.places.append(HOME)
    assert other == Session(2)


def test_going_where_one_is_adds_no_step() -> None:
    session = Session(1)
    session.go(HOME)
    session.go(HOME)
    assert session.places == [ATTRACT, HOME]


@pytest.mark.parametrize("move", ["go", "back", "home", "hand_over", "forget_answers"])
def test_a_word_about_an_answer_never_follows_to_another_screen(move: str) -> None:
    session = used()
    moves = {
        "go": lambda: session.go(Place("staff")),
        "back": session.back,
        "home": session.home,
        "hand_over": lambda: session.hand_over(RECEIPT),
        "forget_answers": session.forget_answers,
    }
    moves[move]()
    assert (session.problem, session.cautions, session.refused) == (None, (), "")


def test_home_drops_the_words_searched_for_and_keeps_the_letter() -> None:
    session = used()
    session.home()
    assert session.raw == {"nik": "3671011708900003"}
    assert session.places == [HOME]
    assert not session.changing


def test_pages_turn_and_never_before_the_first() -> None:
    session = Session(1)
    session.go(Place("service", "sktm"))
    session.turn(1)
    session.turn(1)
    assert session.place == Place("service", "sktm", 2)
    session.turn(-5)
    assert session.place.page == 0
    assert len(session.places) == 2, "a page is no step back"


def test_handing_over_leaves_the_receipt_alone() -> None:
    session = used()
    session.hand_over(RECEIPT)
    assert session == Session(7, places=[Place("receipt", "018f")], receipt=RECEIPT)


def test_forgetting_leaves_nothing_but_where_and_how() -> None:
    session = used()
    session.forget_answers()
    assert session == Session(7, places=[ATTRACT, Place("service", "sktm")])


@given(st.lists(st.sampled_from(["home", "back", "turn", *"abcdefgh"]), max_size=300))
def test_there_is_always_a_place_and_never_too_many(moves: list[str]) -> None:
    session = Session(1)
    for move in moves:
        if move == "home":
            session.home()
        elif move == "back":
            session.back()
        elif move == "turn":
            session.turn(1)
        else:
            session.go(Place("service", move))
            assert session.place == Place("service", move) or session.place.page
        assert 1 <= len(session.places) <= PLACES_MAX


def test_wandering_longer_keeps_the_first_and_the_latest_steps() -> None:
    session = Session(1)
    for number in range(2 * PLACES_MAX):
        session.go(Place("service", str(number)))
    assert session.places[0] == ATTRACT
    assert [place.about for place in session.places[1:]] == [
        str(number) for number in range(PLACES_MAX + 1, 2 * PLACES_MAX)
    ]


@pytest.mark.parametrize("name", ["question", "check", "privacy", "checklist"])
def test_in_a_form_one_gets_more_time(name: str) -> None:
    session = Session(1)
    assert not session.in_form
    session.go(Place(name, "sktm"))
    assert session.in_form


@pytest.mark.parametrize("service", LETTERS)
def test_an_address_is_asked_in_five_parts_and_all_else_at_once(service: str) -> None:
    form = form_of(service)
    keys = [page.key for page in questions(form, {})]
    assert len(keys) == len(set(keys))
    for field in form.fields:
        parts = [key for key in keys if key.partition(".")[0] == field.name]
        if field.only_if is not None:
            assert parts == []
        elif field.kind == "address":
            assert parts == [f"{field.name}.{part}" for part in ADDRESS_PARTS]
        else:
            assert parts == [field.name]


def test_a_choice_brings_its_question_right_after_the_others_stay() -> None:
    form = form_of("sktm")
    without = [page.key for page in questions(form, {"purpose": "berobat"})]
    asked = [page.key for page in questions(form, {"purpose": "lain"})]
    assert asked.index("purpose_other") == asked.index("purpose") + 1
    assert [key for key in asked if key != "purpose_other"] == without


@pytest.mark.parametrize("service", LETTERS)
def test_what_was_typed_becomes_one_answer_a_field(service: str) -> None:
    form = form_of(service)
    raw = {page.key: f"typed {page.key}" for page in questions(form, {})}
    answers = raw_answers(form, raw | {"search": "surat", "of_another_letter": "x"})
    assert set(answers) == {page.field.name for page in questions(form, {})}
    for field in form.fields:
        if field.name in answers and field.kind == "address":
            parts = {part: f"typed {field.name}.{part}" for part in ADDRESS_PARTS}
            assert answers[field.name] == parts
