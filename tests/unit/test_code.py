"""A wrong sign or two swapped ones never pass for another receipt."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.code import DRAWN_SIGNS, SIGNS, is_prefix, new_code, read_code
from kiosk.domain.identifier import uuid7

signs = st.integers(0, len(SIGNS) - 1)


def code_of(drawn: list[int], prefix: str = "K2") -> str:
    left = iter(drawn)
    return new_code(prefix, lambda below: next(left) % below)


codes = st.lists(signs, min_size=DRAWN_SIGNS, max_size=DRAWN_SIGNS).map(code_of)


@given(codes)
def test_a_code_reads_back_in_any_writing(code: str) -> None:
    assert len(code) == 9
    assert code.startswith("K2")
    for written in (code, code.lower(), code.replace("-", ""), f"  {' '.join(code)}\n"):
        assert read_code(written) == code


@given(codes)
def test_every_single_wrong_sign_is_caught(code: str) -> None:
    for at, sign in enumerate(code):
        for other in SIGNS:
            if sign not in ("-", other):
                assert read_code(code[:at] + other + code[at + 1 :]) is None


@given(codes)
def test_every_swap_of_two_signs_is_caught(code: str) -> None:
    tight = code.replace("-", "")
    for one in range(8):
        for two in range(one + 1, 8):
            swapped = list(tight)
            swapped[one], swapped[two] = swapped[two], swapped[one]
            if swapped != list(tight):
                assert read_code("".join(swapped)) is None


@given(st.text())
def test_read_code_never_raises_and_gives_only_codes(text: str) -> None:
    code = read_code(text)
    assert code is None or read_code(code) == code


@pytest.mark.parametrize("text", ["", "K2", "K2" * 5000, "K2O0-1I1I", "ＫＤ７Ｆ３ＫＴＭ"])
def test_what_is_no_code(text: str) -> None:
    assert read_code(text) is None


def test_no_sign_is_taken_for_another() -> None:
    assert len(set(SIGNS)) == 23
    assert not set(SIGNS) & set("01OIQDBSZGUVN")


@pytest.mark.parametrize("prefix", ["", "K", "K20", "K0", "k2", "DD"])
def test_a_wrong_prefix_is_refused(prefix: str) -> None:
    assert not is_prefix(prefix)
    with pytest.raises(ValueError, match="kiosk prefix"):
        new_code(prefix, random.Random(1).randrange)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_uuid7_is_one_and_keeps_its_time(unix_ms: int, random_bytes: bytes) -> None:
    made = uuid.UUID(uuid7(unix_ms, random_bytes))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == unix_ms


@given(
    st.integers(0, 2**48 - 2),
    st.binary(min_size=10, max_size=10),
    st.binary(min_size=10, max_size=10),
)
def test_uuid7_sorts_by_time(unix_ms: int, early: bytes, late: bytes) -> None:
    assert uuid7(unix_ms, early) < uuid7(unix_ms + 1, late)


def test_uuid7_of_the_standard() -> None:
    # RFC 9562, appendix A.6: rand_a = CC3, rand_b = 18C4DC0C0C07398F.
    random_bytes = bytes.fromhex("0CC318C4DC0C0C07398F")
    assert uuid7(0x017F22E279B0, random_bytes) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize(("unix_ms", "size"), [(-1, 10), (2**48, 10), (0, 9), (0, 11)])
def test_uuid7_refuses_what_does_not_fit(unix_ms: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"48 bits|random bytes"):
        uuid7(unix_ms, bytes(size))
