"""Every sentence a citizen may see exists in both languages, fits its figures, and is plain."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kiosk
from kiosk.config import assets_folder
from kiosk.domain import filing, problem
from kiosk.domain.answers import Checked, check
from kiosk.domain.form import Field
from kiosk.domain.queue import State as QueueState
from kiosk.domain.service import FACT_NAMES
from kiosk.domain.session import ADDRESS_PARTS
from kiosk.domain.transaction import WHYS
from kiosk.domain.work import WorkState
from kiosk.ui.i18n import LANGS, Sentences
from sync.protocol import STATUS_STATES
from tests.ui.support import ALL_LETTERS, NOW, catalogue, regions

LONGEST_SENTENCE_WORDS = 12
# What people take for blame, for law, or for a mistake of their own.
BLAMING = {
    "id": {"mohon", "maaf", "silahkan", "silakan", "valid", "invalid", "lupa", "ups", "harap"},
    "en": {"please", "sorry", "valid", "invalid", "forgot", "oops", "illegal"},
}
NEVER = {"id": {"mohon", "maaf", "silahkan", "valid", "invalid", "harap"}, "en": {"sorry", "oops"}}
PACKAGE = Path(kiosk.__file__).parent
SENTENCES = Sentences(assets_folder() / "locales")
IN_BOTH = pytest.mark.parametrize("lang", LANGS)


def text(lang: str, key: str) -> str:
    return SENTENCES.say(lang, key)


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def words(sentence: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['-]\w+)*", sentence.casefold())


def documented(docstring: str | None, heading: str, end: str) -> dict[str, set[str]]:
    """The codes of a docstring's list with their params: `nik_length {need, have}`."""
    part = (docstring or "").partition(heading)[2].partition(end)[0]
    part = re.sub(r"\((?:[^()]*)\)", "", part)
    found = re.findall(r"\b([a-z]+(?:_[a-z]+)+)(?:\s*\{([^}]*)\})?", part)
    return {
        code: {name.strip() for name in names.split(",") if name.strip()} for code, names in found
    }


PROBLEMS = documented(problem.__doc__, "cannot be taken):", "Cautions (") | documented(
    filing.fileable.__doc__, "kiosk.domain.problem`:", "\n\n"
)
CAUTIONS = documented(problem.__doc__, "look again):", "\n\n\n")


def test_the_lists_were_read() -> None:
    assert len(PROBLEMS) > 50
    assert PROBLEMS["nik_length"] == {"need", "have"}
    assert PROBLEMS["free_text"] == {"max"}
    assert PROBLEMS["kind_unknown"] == set()
    assert set(CAUTIONS) == {
        "nik_other_region",
        "nik_impossible_date",
        "nik_birth_date_differs",
        "nik_gender_differs",
    }


# -- both languages


def test_both_languages_have_the_same_keys() -> None:
    assert SENTENCES.keys("id") ^ SENTENCES.keys("en") == frozenset()


def test_both_languages_have_the_same_gaps() -> None:
    differing = {
        key: (gaps(text("id", key)), gaps(text("en", key)))
        for key in SENTENCES.keys("id")
        if gaps(text("id", key)) != gaps(text("en", key))
    }
    assert differing == {}


@IN_BOTH
def test_no_sentence_is_empty_or_ragged(lang: str) -> None:
    ragged = [
        key
        for key in SENTENCES.keys(lang)
        if not text(lang, key).strip()
        or text(lang, key) != text(lang, key).strip()
        or "  " in text(lang, key)
    ]
    assert ragged == []


# -- what can be wrong with an answer


@IN_BOTH
@pytest.mark.parametrize(
    ("key", "params"),
    [
        *((f"error.{code}", params) for code, params in PROBLEMS.items()),
        *((f"caution.{code}", params) for code, params in CAUTIONS.items()),
    ],
)
def test_every_problem_has_its_sentence(lang: str, key: str, params: set[str]) -> None:
    assert key in SENTENCES.keys(lang)
    assert gaps(text(lang, key)) <= params


@IN_BOTH
def test_no_sentence_is_left_over_for_a_problem_that_is_none(lang: str) -> None:
    known = {f"error.{code}" for code in PROBLEMS} | {f"caution.{code}" for code in CAUTIONS}
    said = {key for key in SENTENCES.keys(lang) if key.startswith(("error.", "caution."))}
    assert said - known == set()


def test_every_problem_in_the_code_is_in_the_list() -> None:
    made = {
        node.args[0].value
        for path in sorted((PACKAGE / "domain").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Problem", "Caution")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(made) > 20
    assert made - set(PROBLEMS) - set(CAUTIONS) == set()


FIELDS = [
    field
    for service in ALL_LETTERS
    if (form := catalogue().services[service].form) is not None
    for field in form.fields
]
ANYTHING = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789 -.", max_size=20),
    st.integers(),
    st.none(),
    st.booleans(),
    st.dictionaries(st.sampled_from([*ADDRESS_PARTS, "lain"]), st.text(max_size=12)),
)


@given(st.sampled_from(FIELDS), ANYTHING)
@settings(deadline=None)  # a busy machine is no fault
def test_whatever_is_typed_has_a_sentence_in_both_languages(field: Field, raw: object) -> None:
    outcome = check(field, raw, today=NOW.date(), regions=regions(), answers={})
    for lang in LANGS:
        if isinstance(outcome, Checked):
            for caution in outcome.cautions:
                assert SENTENCES.say(lang, f"caution.{caution.code}", **caution.params)
        else:
            said = SENTENCES.say(lang, f"error.{outcome.code}", **outcome.params)
            assert "{" not in said.replace("{", "", str(outcome.params).count("{"))


# -- what the screens say


def _trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((PACKAGE / "ui").rglob("*.py")):
        yield path.name, ast.parse(path.read_text("utf-8"))


def constants() -> set[str]:
    """Every text in kiosk/ui that is shaped like a key of a table the locales have."""
    tables = {key.partition(".")[0] for key in SENTENCES.keys("id")}
    return {
        node.value
        for _, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", node.value)
        and node.value.partition(".")[0] in tables
    }


def families() -> set[str]:
    """Keys put together while running, as patterns: f"fact.{name}" is `fact\\.(.+)`."""
    found = set()
    for _, tree in _trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and _is_say(node.func)):
                continue
            for given_key in node.args[:2]:
                if isinstance(given_key, ast.JoinedStr):
                    found.add(
                        "".join(
                            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)"
                            for part in given_key.values
                        )
                    )
    return found


def _is_say(called: ast.expr) -> bool:
    return getattr(called, "attr", getattr(called, "id", "")) == "say"


def codes_raised() -> set[str]:
    """What the store's side may refuse with, as bootstrap writes it down."""
    tree = ast.parse((PACKAGE / "bootstrap.py").read_text("utf-8"))
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "NotAccepted"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_key_a_screen_names_exists() -> None:
    used = constants()
    assert {"bar.back", "receipt.here", "receipt.city", "broken.go"} <= used
    assert used - SENTENCES.keys("id") == set()


def test_every_family_of_keys_is_known_here() -> None:
    """A new f-string key must come with its members below."""
    assert families() == {re.escape(name).replace("X", "(.+)") for name in MEMBERS}


MEMBERS: dict[str, set[str]] = {
    "fact.X": set(FACT_NAMES),
    "standing.X": {"disahkan", "contoh", "kedaluwarsa"},
    "evidence.X": set("TNLK"),
    "not_accepted.X": codes_raised(),
    "month.X": {str(month) for month in range(1, 13)},
    "address.X": set(ADDRESS_PARTS),
    "address.X_hint": set(ADDRESS_PARTS),
    "place.X": set(ADDRESS_PARTS),
    "place.X_hint": set(ADDRESS_PARTS),
    "error.X": set(PROBLEMS),
    "caution.X": set(CAUTIONS),
    "attract.X": {"ktp", "letter", "ticket"},
    "machine.X": {"does", "never", "keeps", "decides", "facts"},
    "machine.X_label": {"does", "never", "keeps", "decides", "facts"},
    "privacy.X_label": {"who", "why", "what", "long", "ask", "not"},
    "city_state.X": set(STATUS_STATES),
    "desk_state.X": set(get_args(WorkState)) - {"new"},
    "queue_state.X": set(get_args(QueueState)),
    "readiness.X": {"ok", "warn", "fail"},
    "state.X_label": {"last", "oldest", "clock", "services"} | {"drain", "set_aside", "withheld"},
    "why.X": set(WHYS),
}


@pytest.mark.parametrize("family", sorted(MEMBERS))
def test_every_member_of_a_family_exists(family: str) -> None:
    assert MEMBERS[family]
    needed = {family.replace("X", member) for member in MEMBERS[family]}
    assert needed - SENTENCES.keys("id") == set()


def test_no_sentence_is_never_said() -> None:
    made = {family.replace("X", member) for family in MEMBERS for member in MEMBERS[family]}
    assert SENTENCES.keys("id") - constants() - made == set()


# -- plain


def sentences(lang: str) -> Iterator[tuple[str, str]]:
    for key in sorted(SENTENCES.keys(lang)):
        for sentence in re.split(r"[.!?:\n]+(?:\s|$)", text(lang, key)):
            if sentence.strip():
                yield key, sentence.strip()


def test_no_indonesian_sentence_is_long() -> None:
    long = [
        f"{key}: {sentence}"
        for key, sentence in sentences("id")
        if len(words(sentence)) > LONGEST_SENTENCE_WORDS
    ]
    assert long == []


def test_no_question_of_a_form_is_long() -> None:
    asked = [field.question.id for field in FIELDS] + [
        field.hint.id for field in FIELDS if field.hint
    ]
    long = [
        sentence
        for whole in asked
        for sentence in re.split(r"[.!?:]+(?:\s|$)", whole)
        if len(words(sentence)) > LONGEST_SENTENCE_WORDS
    ]
    assert long == []


@IN_BOTH
def test_an_error_says_what_to_do_and_blames_nobody(lang: str) -> None:
    told_off = {
        key: found
        for key in SENTENCES.keys(lang)
        if key.startswith(("error.", "caution.", "not_accepted."))
        and (found := BLAMING[lang] & set(words(text(lang, key))))
    }
    assert told_off == {}


@IN_BOTH
def test_no_officialese_anywhere(lang: str) -> None:
    stiff = {
        key: found
        for key in SENTENCES.keys(lang)
        if (found := NEVER[lang] & set(words(text(lang, key))))
    }
    assert stiff == {}
