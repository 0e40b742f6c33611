from __future__ import annotations

import stat
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519
from http_message_signatures.resolvers import MappingKeyResolver
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from sync import signing
from sync.protocol import CLOCK_SKEW_MAX_S, NONCE_PATTERN, PUBLIC_KEY_PATTERN
from sync.signing import KeyUnusable, SignatureRefused

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
DEVICE = signing.device_id(signing.public_text(KEY))
BODY = b"some bytes"
URL = "https://city.example/v1/sync/push?feed=a"


@dataclass
class Message:
    method: str = "POST"
    url: str = URL
    headers: Any = field(
        default_factory=lambda: CaseInsensitiveDict(
            {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        )
    )


def signed(body: bytes = BODY, *, created: datetime = NOW, key: Any = KEY) -> Message:
    message = Message() if body else Message("GET", headers=CaseInsensitiveDict())
    signing.sign(message, key, DEVICE, "n" * 22, created, body)
    return message


def by_library(key: Any) -> HTTPMessageSigner:
    keys = MappingKeyResolver(public_keys={}, private_keys={DEVICE: key})
    return HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys)


def check(message: Message, body: bytes = BODY) -> signing.Verified:
    known = {DEVICE: KEY.public_key()}
    return signing.verify(message, body, known.get, NOW)


def test_a_signed_request_names_device_nonce_and_digest() -> None:
    message = signed()
    found = check(message)
    assert (found.device, found.nonce) == (DEVICE, "n" * 22)
    assert found.digest == message.headers["Content-Digest"]


def test_a_request_without_body_has_no_digest() -> None:
    assert check(signed(b""), b"").digest == ""


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": "https://other.example/v1/sync/push?feed=a"},
        {"url": "https://city.example/v1/enrol?feed=a"},
        {"url": "https://city.example/v1/sync/push?feed=b"},
    ],
)
def test_a_request_moved_elsewhere_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(SignatureRefused, match="signature"):
        check(replace(signed(), **change))


@pytest.mark.parametrize("name", ["Content-Type", "Content-Encoding", "Content-Digest"])
def test_a_changed_or_missing_field_is_refused(name: str) -> None:
    changed = signed()
    changed.headers[name] = "text/plain"
    missing = signed()
    del missing.headers[name]
    for message in (changed, missing):
        with pytest.raises(SignatureRefused, match="signature"):
            check(message)


def test_another_body_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="signature"):
        check(signed(), BODY + b" ")
    with pytest.raises(SignatureRefused, match="signature"):
        check(signed(b""), BODY)  # a body slipped under a signature that covers none


def test_another_key_is_refused_and_an_unknown_device_named() -> None:
    with pytest.raises(SignatureRefused, match="signature"):
        check(signed(key=Ed25519PrivateKey.generate()))
    with pytest.raises(SignatureRefused, match="unknown-device"):
        signing.verify(signed(), BODY, lambda device: None, NOW)


@given(
    body=st.binary(max_size=40),
    method=st.sampled_from(["GET", "POST", "get", "PUT"]),
    url=st.sampled_from(
        [
            URL,
            "https://city.example",
            "http://127.0.0.1:8080/v1/sync/status",
            "https://city.example:443/a",
            "https://City.example/a?",
            "https://city.example/a%20b?x=%2f",
            "https://[::1]:8443/a",
        ]
    ),
    label=st.sampled_from(["k", "pyhms", "a1"]),
    alg=st.booleans(),
    more=st.sampled_from([(), ("x-more",), ("@scheme",)]),
    key=st.sampled_from([KEY, Ed25519PrivateKey.from_private_bytes(b"k" * 32)]),
    off_s=st.sampled_from([0, 299, 301, -5000]),
    damage=st.none()
    | st.tuples(
        st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Content-Type"]),
        st.integers(0, 300),
        st.sampled_from(list(' "=;:,aA0\t(é')),
    ),
)
def test_the_quick_way_and_the_library_judge_alike(
    body: bytes,
    method: str,
    url: str,
    label: str,
    alg: bool,
    more: tuple[str, ...],
    key: Any,
    off_s: int,
    damage: tuple[str, int, str] | None,
) -> None:
    """Whatever the quick way takes, the library takes, with the same device, nonce and digest."""
    fields = {"Content-Type": "application/json", "Content-Encoding": "gzip", "X-More": "a"}
    message = Message(method.upper(), url, CaseInsensitiveDict(fields))
    covered = signing.ALWAYS_COVERED + (signing.BODY_COVERED if body else ()) + more
    by_library(key).sign(
        message,
        key_id=DEVICE,
        created=NOW + timedelta(seconds=off_s),
        nonce="n" * 22,
        label=label,
        tag=signing.TAG,
        include_alg=alg,
        covered_component_ids=covered,
        body=body or None,
    )
    message.method = method
    if damage is not None and (text := message.headers.get(damage[0])):
        place = damage[1] % len(text)
        message.headers[damage[0]] = text[:place] + damage[2] + text[place + 1 :]

    def judged(verify: Any) -> Any:
        try:
            return verify(message, body, {DEVICE: KEY.public_key()}.get, NOW)
        except SignatureRefused as refused:
            return refused.code

    assert judged(signing.verify) == judged(signing._verify_any)


@given(
    body=st.binary(max_size=40),
    place=st.sampled_from(["city.example", "City.Example", "127.0.0.1", "[::1]", "a--b.xn--c"]),
    scheme=st.sampled_from(["http", "https"]),
    port=st.sampled_from(["", ":80", ":443", ":0443", ":8080", ":"]),
    path=st.sampled_from(["", "/", "/v1/sync/push", "/a%20b/c;d"]),
    query=st.sampled_from(["", "?", "?feed=a&cursor=", "?x=%C3%A9&y=~"]),
    at=st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
)
def test_the_library_would_write_the_very_same_signature(
    body: bytes, place: str, scheme: str, port: str, path: str, query: str, at: datetime
) -> None:
    url = f"{scheme}://{place}{port}{path}{query}"
    fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"} if body else {}
    ours, theirs = (
        Message("POST" if body else "GET", url, CaseInsensitiveDict(fields)) for _ in range(2)
    )
    digest = signing.sign(ours, KEY, DEVICE, "n" * 22, at, body)
    by_library(KEY).sign(
        theirs,
        key_id=DEVICE,
        created=at,
        nonce="n" * 22,
        label=signing.LABEL,
        tag=signing.TAG,
        include_alg=False,
        covered_component_ids=signing.ALWAYS_COVERED + (signing.BODY_COVERED if body else ()),
        body=body or None,
    )
    assert dict(ours.headers) == dict(theirs.headers)
    assert digest == theirs.headers.get("Content-Digest", "")


def test_our_own_signature_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signing, "_verify_any")
    for body in (BODY, b""):
        assert check(signed(body), body).nonce == "n" * 22


def test_no_signature_at_all_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="signature"):
        check(Message())


@pytest.mark.parametrize(
    "rubbish", ['pyhms=("@method");tag="kiosk-sync-v1"', "(((", "pyhms=1", '";nonce="', "ÿ"]
)
def test_rubbish_as_a_signature_is_refused(rubbish: str) -> None:
    message = signed()
    message.headers["Signature-Input"] = rubbish
    with pytest.raises(SignatureRefused):
        check(message)


@pytest.mark.parametrize("years", [-20, 20])
def test_a_wrong_clock_is_told_apart_from_a_wrong_signature(years: int) -> None:
    with pytest.raises(SignatureRefused, match="clock"):
        check(signed(created=NOW + timedelta(days=365 * years)))
    with pytest.raises(SignatureRefused, match="signature"):
        check(signed(created=NOW + timedelta(days=365 * years)), b"other")


@pytest.mark.parametrize("side", [-1, 1])
def test_the_clock_may_be_off_by_the_agreed_seconds(side: int) -> None:
    check(signed(created=NOW + timedelta(seconds=side * CLOCK_SKEW_MAX_S)))
    with pytest.raises(SignatureRefused, match="clock"):
        check(signed(created=NOW + timedelta(seconds=side * (CLOCK_SKEW_MAX_S + 1))))


def test_the_claimed_nonce_is_found_for_the_echo() -> None:
    headers = {"signature-input": signed().headers["Signature-Input"]}
    assert signing.claimed_nonce(headers) == "n" * 22
    assert signing.claimed_nonce({}) is None
    assert signing.claimed_nonce({"signature-input": ';nonce="a\r\nSet-Cookie: x"'}) is None


def test_nonces_are_of_the_agreed_form_and_differ() -> None:
    drawn = {signing.new_nonce() for _ in range(100)}
    assert len(drawn) == 100
    assert all(NONCE_PATTERN.fullmatch(nonce) for nonce in drawn)


# --- the key file --------------------------------------------------------------------------------
def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = signing.load_or_make_key(tmp_path)
    path = tmp_path / signing.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [signing.KEY_FILE]
    for again in (signing.load_or_make_key(tmp_path), signing.load_key(tmp_path)):
        assert signing.public_text(again) == signing.public_text(first)
    assert PUBLIC_KEY_PATTERN.fullmatch(signing.public_text(first))
    restored = signing.public_from_text(signing.public_text(first))
    assert restored.public_bytes_raw() == first.public_key().public_bytes_raw()


def test_two_at_once_end_with_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    ready = threading.Barrier(8)

    def make() -> None:
        ready.wait()
        found.append(signing.public_text(signing.load_or_make_key(tmp_path)))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {signing.public_text(signing.load_key(tmp_path))}
    assert [entry.name for entry in tmp_path.iterdir()] == [signing.KEY_FILE]


def test_an_unusable_key_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / signing.KEY_FILE
    with pytest.raises(KeyUnusable, match=r"device\.key: missing"):
        signing.load_key(tmp_path)
    path.write_bytes(b"not a key")
    with pytest.raises(KeyUnusable, match=r"device\.key: cannot be read"):
        signing.load_or_make_key(tmp_path)
    assert path.read_bytes() == b"not a key"
