"""From words to what they stand for: digits, yes and no, phrases of a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain import yesno
from kiosk.domain.code import SIGNS, read_code
from kiosk.domain.nik import read_nik
from kiosk.domain.speech import CODE_SIGNS, DIGITS, Task, Word, digits_of, signs_of
from kiosk.voice import digits
from kiosk.voice.grammar import GARBAGE, grammar
from kiosk.voice.phrases import nearest, plain, sounds
from kiosk.voice.verdict import NOTHING, heard_twice, verdict

LIST = ("kartu keluarga hilang", "kartu keluarga baru", "akta kelahiran", "KTP-el rusak!")


def said(text: str, confidence: float = 1.0) -> list[Word]:
    return [
        Word(word, at * 0.4, at * 0.4 + 0.4, confidence) for at, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tiga enam tujuh satu", "3671"),
        ("nol kosong", "00"),
        ("", None),
        ("tiga enam belas", None),
    ],
)
def test_words_of_digits(text: str, value: str | None) -> None:
    assert digits_of(text) == value


def spell(value: str) -> str:
    words = {digit: word for word, digit in DIGITS.items()}
    return " ".join(words[digit] for digit in value)


NIK = "3671014107900001"


@pytest.mark.parametrize(
    ("readings", "chosen"),
    [
        ((NIK,), NIK),
        (("3671014113900001", NIK), NIK),  # there is no month 13
        (("36710141079000011", NIK[:-1], NIK), NIK),
        (("3671014113900001", NIK[:-1]), "3671014113900001"),  # none is right: say what was heard
        (("081234567890", NIK), "081234567890"),
        (("3671", NIK), "3671"),
    ],
)
def test_of_many_readings_the_one_that_can_be_a_nik(readings: list[str], chosen: str) -> None:
    assert isinstance(read_nik(NIK), str)
    assert digits_of(digits.likeliest([spell(one) for one in readings])) == chosen


@pytest.mark.parametrize(
    ("text", "value"),
    [("ya", "ya"), ("iya betul", "ya"), ("nggak mau", "tidak"), ("bukan itu", "tidak"),
     ("ya ya ya", "ya"), ("ya tidak", None), ("besok", None), ("", None)],
)  # fmt: skip
def test_yes_and_no(text: str, value: str | None) -> None:
    assert yesno.value_of(text) == value


@pytest.mark.parametrize(
    ("heard", "phrase", "sure"),
    [
        ("kartu keluarga hilang", "kartu keluarga hilang", True),
        ("kartu keluarga ilang", "kartu keluarga hilang", True),
        ("kartukeluarga [unk] baru", "kartu keluarga baru", True),
        ("akta akta kelahiran", "akta kelahiran", True),
        ("kartu keluarga", "kartu keluarga baru", False),  # either of two
        ("ktp el rusak", "KTP-el rusak!", True),
        ("mau beli bakso", None, False),
        ("[unk]", None, False),
        ("", None, False),
    ],
)
def test_the_nearest_phrase(heard: str, phrase: str | None, sure: bool) -> None:
    near = nearest(heard, LIST)
    assert (near is not None and near.sure) == sure
    if phrase:
        assert near is not None and near.phrase == phrase


@given(st.lists(st.text("abdegiknrsu ", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_a_phrase_of_the_list_is_nearest_to_itself(listed: list[str]) -> None:
    near = nearest(listed[0], listed)
    assert near is not None and near.likeness == 1.0
    assert sounds(plain(near.phrase)) == sounds(plain(listed[0]))


def test_a_word_unknown_to_the_model_is_a_noise_in_its_place() -> None:
    rules = grammar("choice", ("Akta, kelahiran", "akta xyzzy"), {"akta", "kelahiran"}.__contains__)
    assert rules == ["akta kelahiran", f"akta {GARBAGE}", GARBAGE]


def test_the_task_names_the_words() -> None:
    assert grammar("lookup", (), bool) is None
    assert grammar("open", (), bool) is None
    rules = grammar("digits", (), bool)
    assert rules is not None
    assert {word for rule in rules for word in rule.split()} == {*DIGITS, GARBAGE}
    assert set(grammar("yesno", (), {"ya", "tidak"}.__contains__) or ()) == {"ya", "tidak", GARBAGE}


def no_readings() -> tuple[str, ...]:
    return ()


def nothing_else() -> list[Word]:
    """The whole vocabulary heard noise: it contradicts no phrase, and confirms no number."""
    return said(GARBAGE)


def test_a_code_has_a_name_for_each_of_its_signs_and_for_no_other() -> None:
    assert set(CODE_SIGNS.values()) == set(SIGNS)
    rules = grammar("code", (), lambda word: word != "alfa")
    assert rules is not None
    assert {word for rule in rules for word in rule.split()} == {*CODE_SIGNS, GARBAGE} - {"alfa"}


CODE = "tiga em tujuh pe el ce em"


def test_of_readings_of_a_code_the_check_sign_tells_which_it_was() -> None:
    right = next(
        f"{CODE} {word}" for word in CODE_SIGNS if read_code(signs_of(f"{CODE} {word}") or "")
    )
    wrong = right.replace("pe", "te")
    found = verdict("code", said(wrong), (), lambda: (wrong, right), lambda: said(wrong))
    assert (found.value, found.accepted) == (signs_of(right), True)
    alone = verdict("code", said(wrong), (), lambda: (wrong,), lambda: said(wrong))
    assert (alone.value, alone.accepted) == (signs_of(wrong), True), "shown, to be put right"
    unsure, other = said(wrong, 0.7), said("mau ambil surat")
    talk = verdict("code", unsure, (), lambda: (right,), lambda: other)
    assert (talk.text, talk.value, talk.accepted) == ("", None, False)


def test_what_is_sure_is_taken() -> None:
    found = verdict("digits", said("tiga enam"), (), no_readings, lambda: said("tiga enam"))
    assert (found.text, found.value, found.accepted) == ("tiga enam", "36", True)
    found = verdict("yesno", said("iya"), (), no_readings, lambda: said("iya"))
    assert (found.value, found.accepted) == ("ya", True)
    found = verdict("choice", said("kartu keluarga ilang"), LIST, no_readings, nothing_else)
    assert (found.text, found.value) == ("kartu keluarga hilang", LIST[0])


def test_what_is_not_sure_has_no_text_and_is_only_offered() -> None:
    found = verdict(
        "lookup", said("kartu keluarga", 0.1), (), lambda: ("kantor keluarga",), nothing_else
    )
    assert (found.text, found.value, found.accepted) == ("", None, False)
    assert found.n_best == ("kartu keluarga", "kantor keluarga")
    found = verdict("choice", said("mau beli bakso"), LIST, no_readings, nothing_else)
    assert (found.text, found.value, found.accepted) == ("", None, False)
    found = verdict("digits", said("tiga enam", 0.1), (), no_readings, nothing_else)
    assert (found.text, found.value, found.accepted) == ("", None, False)


def test_open_speech_is_always_written_down() -> None:
    found = verdict("open", said("apa saja", 0.1), (), no_readings, nothing_else)
    assert (found.text, found.accepted) == ("apa saja", False)


def test_noise_alone_is_nothing_and_noise_among_words_costs_confidence() -> None:
    assert verdict("open", said(GARBAGE), (), no_readings, nothing_else) == NOTHING
    assert verdict("open", [], (), no_readings, nothing_else) == NOTHING
    found = verdict("open", said(f"satu {GARBAGE}"), (), no_readings, nothing_else)
    assert (found.text, found.confidence) == ("satu", 0.5)


@pytest.mark.parametrize(
    ("task", "heard", "freely", "taken"),
    [
        ("yesno", "iya", "iya", True),
        ("yesno", "iya", "bayam", False),
        ("digits", "tiga enam", "tiga enam", True),
        ("digits", "tiga enam", "tiga enak", True),
        ("digits", "tiga enam", "tidak enak", False),
        ("choice", "akta kelahiran", "akta kelahiran", True),
        ("choice", "akta kelahiran", "akte kelahiran", True),
        ("choice", "akta kelahiran", "jalan ke rumah", False),
        ("digits", "dua", "kosong dua", True),
        ("digits", "delapan", "berapa", False),
    ],
)
def test_what_the_whole_vocabulary_is_sure_was_something_else_is_not_taken(
    task: Task, heard: str, freely: str, taken: bool
) -> None:
    found = verdict(task, said(heard), LIST, no_readings, lambda: said(freely))
    assert found.accepted is taken


def test_a_name_that_the_vocabulary_has_not_is_taken_where_it_only_doubts() -> None:
    doubt = said("jalan ke rumah", 0.5)
    assert verdict("choice", said("akta kelahiran"), LIST, no_readings, lambda: doubt).accepted
    assert not verdict("digits", said("tiga enam"), (), no_readings, lambda: doubt).accepted


LONG = "harga tiket kereta dua ratus lima puluh ribu rupiah berangkat jam berapa"


@pytest.mark.parametrize(
    ("heard", "sure"),
    [
        ("kalau perlu bantuan hubungi saya di kelurahan besok pagi", True),
        # a noise lay over a word
        ("kalau perlu bantuan saya di kelurahan besok pagi", True),
        # another was said in its place
        ("kalau perlu bantuan kosong saya di kelurahan besok pagi", False),
        ("kalau saya di kelurahan besok pagi", False),
    ],
)
def test_of_a_long_phrase_a_word_may_be_missing_but_none_another(heard: str, sure: bool) -> None:
    listed = [
        "kalau perlu bantuan hubungi saya di kelurahan besok pagi",
        "kalau perlu ambil nomor antrean",
    ]
    near = nearest(heard, listed)
    assert near is not None
    assert (near.phrase, near.sure) == (listed[0], sure)


@pytest.mark.parametrize(
    ("heard", "freely", "sure", "taken"),
    [
        ("kami", "kamu", 0.9, False),
        ("kami", "kamu", 0.5, True),
        ("kami", "kami", 0.9, True),
        ("kami datang", "kamu datang", 0.9, True),
        ("tiket kereta", "tiket pesawat", 0.99, False),
        (LONG, LONG.replace("dua ratus", "tiga ratus"), 0.99, False),  # however long
        (LONG, LONG.replace("dua ratus", "tiga ratus"), 0.8, True),
    ],
)
def test_a_phrase_is_not_taken_for_one_that_differs_in_the_word_that_counts(
    heard: str, freely: str, sure: float, taken: bool
) -> None:
    listed = ("kami", "kami datang", "tiket kereta", LONG)
    found = verdict("choice", said(heard), listed, no_readings, lambda: said(freely, sure))
    assert found.accepted is taken


def test_one_word_that_is_another_makes_another_phrase() -> None:
    near = nearest("satu kosong delapan selamat pagi", ["satu kosong delapan selamat siang"])
    assert near is not None
    assert near.likeness > 0.8
    assert not near.sure
    near = nearest("surat ke terangan usaha", ["surat keterangan usaha"])
    assert near is not None and near.sure


@pytest.mark.parametrize(
    ("free", "confidence", "twice"),
    [
        ("kartu keluarga baru", 0.99, True),
        ("kartu keluarga baru", 0.94, False),
        ("kartu keluarga", 0.99, False),
        ("", 0.99, False),
    ],
)
def test_sure_is_what_is_heard_twice_alike(free: str, confidence: float, twice: bool) -> None:
    assert heard_twice(said("kartu keluarga baru"), said(free, confidence)) is twice
    assert not heard_twice(said(GARBAGE), said(GARBAGE)), "a noise is no word"


@pytest.mark.parametrize(
    ("question", "least", "accepted"),
    [
        ("kk anak", 0.84, False),
        ("ktp hilang", 0.86, True),
        ("nikah", 0.8, False),
        ("ktp saya hilang", 0.72, True),
        ("ktp saya hilang", 0.69, False),
    ],
)
def test_a_question_of_few_words_must_be_surer(question: str, least: float, accepted: bool) -> None:
    words = said(question, least)
    heard = verdict("lookup", words, (), readings=lambda: (question,), freely=list)
    assert heard.accepted is accepted
