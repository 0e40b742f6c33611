"""One transaction, one string of bytes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.payload import canonical_json, payload_bytes, payload_sha256
from kiosk.domain.transaction import Draft

WIB = timezone(timedelta(hours=7))
AT = datetime(2026, 11, 21, 9, 5, 7, 123456, WIB)
plain = st.text(st.characters(exclude_categories=["Cs"]))
answers = st.dictionaries(
    plain, st.none() | plain | st.integers() | st.dictionaries(plain, plain, max_size=5), max_size=8
)


def body_of(draft: Draft) -> bytes:
    return payload_bytes(draft, id="0190", code="K234-5678", ticket=None, at=AT)


def test_the_bytes_as_the_city_gets_them() -> None:
    body = body_of(Draft("application", "sktm", {"name": "Siti Nur’aini", "nik": "3671"}))
    assert body.decode() == (
        '{"answers":{"name":"Siti Nur’aini","nik":"3671"},"at":"2026-11-21T09:05:07.123+07:00",'
        '"code":"K234-5678","id":"0190","kind":"application","lang":"id","service":"sktm",'
        '"ticket":null,"v":1}'
    )
    assert payload_sha256(body) == hashlib.sha256(body).hexdigest()


@given(answers)
def test_what_goes_in_comes_out(given_answers: dict[str, object]) -> None:
    body = body_of(Draft("application", "sktm", given_answers))
    read = json.loads(body)
    assert read["answers"] == given_answers
    assert canonical_json(read) == body


@given(answers)
def test_the_order_of_answers_changes_nothing(given_answers: dict[str, object]) -> None:
    turned = dict(reversed(given_answers.items()))
    assert body_of(Draft("survey", "", turned)) == body_of(Draft("survey", "", given_answers))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        payload_bytes(
            Draft("ticket", "", {}), id="0", code="", ticket=None, at=datetime(2026, 1, 1)
        )


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        body_of(Draft("survey", "", {"x": float("nan")}))
