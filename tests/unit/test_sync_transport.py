"""What counts as the city's word, and what is only somebody on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol
from sync.transport import BadCityUrl, CityTransport, Refused, Unreachable, checked_city_url
from tests.sync_support import OneAnswer, free_port, http_answer, make_item

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
JSON = "Content-Type: application/json"


@pytest.fixture
def strangers() -> Iterator[list[OneAnswer]]:
    opened: list[OneAnswer] = []
    yield opened
    for stranger in opened:
        stranger.close()


def answered(strangers: list[OneAnswer], answer: bytes, **slow: Any) -> CityTransport:
    strangers.append(OneAnswer(answer, **slow))
    return CityTransport(strangers[-1].url, KEY, deadline_s=1.0, now=lambda: NOW)


# --- addresses -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://city.example", "https://city.example"),
        (" https://city.example:8443/ ", "https://city.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_https_anywhere_and_http_to_this_machine(url: str, taken: str) -> None:
    assert checked_city_url(url) == taken


@pytest.mark.parametrize(
    "url",
    [
        "http://city.example",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://192.168.1.2",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "https://",
        "https://me:secret@city.example",
        "https://city.example/api",
        "https://city.example?x=1",
        "https://city.example:99999999",
        "https://[::1",
        "https://" + "x" * 80 + ".example",
        "https://a b.example",
        "city.example",
        "",
    ],
)
def test_any_other_address_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(BadCityUrl, match=r"^city URL: [^\n]+$") as refused:
        checked_city_url(url)
    assert "secret" not in str(refused.value)


# --- strangers -----------------------------------------------------------------------------------
SIGN_IN = b"<html>Sign in to the free Wi-Fi</html>"
GOOD_LOOKING = json.dumps(
    {
        "nonce": "x" * 22,
        "digest": "sha-256=:abc:",
        "server_epoch": "c-1",
        "server_time": "2026-11-21T08:00:00Z",
        "streams": [],
        "outcomes": [
            {
                "id": make_item(1).id,
                "outcome": "stored",
                "sha256": make_item(1).sha256,
                "server_seq": 1,
            }
        ],
    }
).encode()


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("302 Found", b"", "Location: http://127.0.0.1:9/sign-in"),
        http_answer("307 Temporary Redirect", b"", "Location: http://127.0.0.1:9/sign-in"),
        http_answer("200 OK", SIGN_IN, "Content-Type: text/html"),
        http_answer("200 OK", SIGN_IN, JSON),
        http_answer("200 OK", b"{}", JSON),
        http_answer("200 OK", GOOD_LOOKING, JSON),
        http_answer("200 OK", GOOD_LOOKING, JSON, "Kiosk-Nonce: " + "x" * 22),
        http_answer("201 Created", GOOD_LOOKING, JSON),
        http_answer("204 No Content", b""),
        http_answer("304 Not Modified", b""),
        http_answer("400 Bad Request", SIGN_IN),
        http_answer("401 Unauthorized", SIGN_IN),
        http_answer("403 Forbidden", SIGN_IN),
        http_answer("511 Network Authentication Required", SIGN_IN),
        http_answer(
            "403 Forbidden",
            b'{"type":"urn:kiosk-sync:problem:revoked","title":"x","status":403,"server_time":"x"}',
            "Content-Type: application/problem+json",
        ),
        http_answer("200 OK", b"x" * 99)[:-50],
        b"SSH-2.0-something\r\n",
        b"",
    ],
)
@pytest.mark.parametrize("ask", ["push", "status", "pull", "enrol"])
def test_a_stranger_is_never_believed(strangers: list[OneAnswer], answer: bytes, ask: str) -> None:
    transport = answered(strangers, answer)
    arguments: dict[str, tuple[Any, ...]] = {
        "push": ([make_item(1)],),
        "status": (),
        "pull": ("catalogue", ""),
        "enrol": ("ABCD",),
    }
    with pytest.raises(Unreachable):
        getattr(transport, ask)(*arguments[ask])
    assert len(strangers[0].asked) == 1, "a redirect was followed or a request repeated"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "308 Permanent"])
def test_a_redirect_is_not_followed(strangers: list[OneAnswer], status: str) -> None:
    portal = OneAnswer(http_answer("200 OK", SIGN_IN))
    strangers.append(portal)
    transport = answered(strangers, http_answer(status, b"", f"Location: {portal.url}/"))
    for ask in (transport.status, lambda: transport.push([make_item(1)])):
        with pytest.raises(Unreachable):
            ask()
    assert portal.asked == []


@pytest.mark.parametrize("wrong", ["", "nonce", "digest", "header", "type"])
def test_an_acknowledgement_echoes_this_very_request(
    strangers: list[OneAnswer], wrong: str
) -> None:
    def as_the_city(request: bytes) -> bytes:
        head = request.split(b"\r\n\r\n")[0].decode()
        (nonce,) = re.findall(r';nonce="([^"]+)"', head)
        (digest,) = re.findall(r"Content-Digest: (\S+)", head)
        echo = {
            "nonce": "x" * 22 if wrong == "nonce" else nonce,
            "digest": "sha-256=:abc:" if wrong == "digest" else digest,
        }
        body = json.dumps(json.loads(GOOD_LOOKING) | echo).encode()
        header = f"{protocol.NONCE_HEADER}: {'x' * 22 if wrong == 'header' else nonce}"
        kind = "Content-Type: text/plain" if wrong == "type" else JSON
        return http_answer("200 OK", body, kind, header)

    strangers.append(OneAnswer(as_the_city))
    transport = CityTransport(strangers[-1].url, KEY, now=lambda: NOW)
    if not wrong:
        (said,) = transport.push([make_item(1)]).outcomes
        assert said.outcome == "stored"
        return
    with pytest.raises(Unreachable):
        transport.push([make_item(1)])


def test_a_strangers_413_asks_for_less_without_condemning(strangers: list[OneAnswer]) -> None:
    transport = answered(strangers, http_answer("413 Payload Too Large", SIGN_IN))
    with pytest.raises(Refused) as refused:
        transport.push([make_item(1)])
    assert not refused.value.by_city


def test_retry_after_is_passed_on(strangers: list[OneAnswer]) -> None:
    transport = answered(strangers, http_answer("503 Busy", b"", "Retry-After: 17"))
    with pytest.raises(Unreachable) as away:
        transport.status()
    assert away.value.retry_after_s == 17.0


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_dripping_reply_is_cut_at_the_total_deadline(
    strangers: list[OneAnswer], part: str
) -> None:
    whole = http_answer("200 OK", b" " * 2000, JSON, "X-Pad: " + "x" * 2000)
    answer = whole if part == "head" else http_answer("200 OK", b" " * 4000, JSON)
    transport = answered(strangers, answer, pause_s=0.01)
    with pytest.raises(Unreachable) as away:
        transport.status()
    assert away.value.slow
    assert strangers[0].sent_bytes < len(answer) / 2  # we did not wait for the end of it


def test_nobody_there_is_unreachable_and_says_no_address() -> None:
    transport = CityTransport(f"http://127.0.0.1:{free_port()}", KEY)
    with pytest.raises(Unreachable) as away:
        transport.status()
    assert "127.0.0.1" not in str(away.value)


def test_an_endless_reply_is_not_read_to_its_end(strangers: list[OneAnswer]) -> None:
    too_much = b"x" * (protocol.REPLY_MAX_BYTES + 1)
    transport = answered(strangers, http_answer("200 OK", too_much, JSON))
    with pytest.raises(Unreachable, match="larger"):
        transport.status()


def test_proxies_of_the_surroundings_are_not_used(
    strangers: list[OneAnswer], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = OneAnswer(http_answer("200 OK", b"{}", JSON))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "")
    transport = answered(strangers, http_answer("503 Busy", b""))
    with pytest.raises(Unreachable):
        transport.status()
    assert proxy.asked == []
    proxy.close()
