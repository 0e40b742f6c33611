"""Signs: words with others between, sets of words, and where each stands."""

from __future__ import annotations

import pytest

from kiosk.lookup.signs import Signs, read_signs

SETS = {"kin": "@young suami neneknya", "young": "anak bocah", "gone": "hilang raib"}


def seen(signs: str, words: str) -> int:
    return Signs(read_signs({"group": signs}, SETS)).seen(tuple(words.split()))["group"]


@pytest.mark.parametrize(
    ("sign", "words", "times"),
    [
        ("api", "api", 1),
        ("api", "apinya", 0),  # a short one is the same word
        ("kebakar", "rumah kebakaran", 1),
        ("kabel putus", "kabel putus", 1),
        ("kabel putus", "kabel listrik putus", 0),
        ("kabel ~ putus", "kabel putus", 1),
        ("kabel ~ putus", "kabel itu tadi sudah putus", 1),
        ("kabel ~ putus", "kabel itu tadi sore sudah putus", 0),
        ("@kin ~ @gone", "anak saya raib", 1),
        ("@kin ~ @gone", "suami dan anak hilang", 2),
        ("@kin @gone", "kartu hilang", 0),
        ("api, @gone", "api hilang", 2),
        ("api", "", 0),
    ],
)
def test_a_sign_is_seen_where_its_words_stand(sign: str, words: str, times: int) -> None:
    assert seen(sign, words) == times


def test_a_sign_knows_the_place_of_each_word() -> None:
    signs = Signs(read_signs({"lost": "@kin ~ hilang"}, SETS))
    assert list(signs.shown(("tolong", "anak", "saya", "hilang"))) == [("lost", (1, 3))]


def test_a_set_that_is_none_is_told() -> None:
    with pytest.raises(KeyError):
        read_signs({"lost": "@nobody hilang"}, SETS)
