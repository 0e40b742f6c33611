"""What a broken line means, what a portal looks like, when the network is back, how much fits."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
from pathlib import Path

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from sync import link
from sync.line import meaning_of
from sync.link import LinkWatch, brings_up
from sync.pace import GROWTH, TARGET_S, Pace
from sync.portal import asks_for_login, looks_like_login
from sync.problems import STAFF_WORDS, WHYS
from sync.protocol import BATCH_MAX_BYTES, BATCH_MAX_ITEMS
from tests.sync_support import OneAnswer, free_port, http_answer


# --- what an error means --------------------------------------------------------------------------
def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


def as_requests_raises(cause: Exception) -> requests.exceptions.SSLError:
    """Wrapped as deep as requests and urllib3 do it."""
    pool = urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.SSLError(cause))  # type: ignore[arg-type]
    return requests.exceptions.SSLError(pool)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (as_requests_raises(certificate_error(9)), "clock"),  # not yet valid
        (as_requests_raises(certificate_error(10)), "clock"),  # has expired
        (as_requests_raises(certificate_error(18)), "tls"),  # self-signed
        (as_requests_raises(certificate_error(62)), "tls"),  # another host's
        (as_requests_raises(ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "tls"),
        (as_requests_raises(ssl.SSLEOFError(8, "EOF occurred")), "offline"),
        (requests.ReadTimeout(), "slow"),
        (requests.ConnectTimeout(), "offline"),
        (requests.ConnectionError(), "offline"),
        (OSError(), "offline"),
    ],
)
def test_an_error_is_sorted_by_what_to_do(error: Exception, why: str) -> None:
    assert meaning_of(error) == why


def test_every_reason_has_words_for_staff() -> None:
    assert set(STAFF_WORDS) == set(WHYS)
    assert "Wi-Fi minta login" in STAFF_WORDS["portal"]
    assert "jam mesin salah" in STAFF_WORDS["clock"]


def test_the_kiosk_knows_the_agents_reasons() -> None:
    from kiosk.domain.transaction import WHYS as SHOWN

    assert SHOWN == WHYS


# --- portals --------------------------------------------------------------------------------------
PAGE = b"<html>Wi-Fi gratis: masuk dulu</html>"


@pytest.mark.parametrize(
    ("status", "fields", "start", "is_portal"),
    [
        (511, {}, b"", True),
        (302, {"Location": "http://login.wifi.example/"}, b"", True),
        (302, {"Location": "https://city.example/"}, b"", False),  # the city's own, to https
        (302, {"Location": "/login"}, b"", False),
        (200, {"Content-Type": "text/html"}, PAGE, True),
        (200, {"Content-Type": "application/json"}, PAGE, True),
        (200, {"Content-Type": "application/json"}, b"{}", False),
        (404, {"Content-Type": "text/html"}, PAGE, False),
        (502, {"Content-Type": "text/html"}, PAGE, False),  # a proxy's
    ],
)
def test_a_portal_is_known_by_its_answer(
    status: int, fields: dict[str, str], start: bytes, is_portal: bool
) -> None:
    assert looks_like_login(status, fields, start, "city.example") is is_portal


def test_looking_around_gives_nothing_away() -> None:
    portal = OneAnswer(http_answer("302 Found", b"", "Location: http://login.wifi.example/"))
    port = int(portal.url.rpartition(":")[2])
    assert asks_for_login("https://127.0.0.1:8443", port)
    portal.close()
    (request,) = portal.asked
    assert request.startswith(b"GET / HTTP/1.1\r\n")
    assert b"ignature" not in request


def test_nobody_there_is_no_portal() -> None:
    assert not asks_for_login("https://127.0.0.1:8443", free_port())


# --- the network comes back -----------------------------------------------------------------------
def message(kind: int, body: bytes) -> bytes:
    return link.HEADER.pack(link.HEADER.size + len(body), kind, 0, 0, 0) + body


def interface(flags: int) -> bytes:
    return link.LINK.pack(0, 1, 2, flags, 0)


@pytest.mark.parametrize(
    ("data", "up"),
    [
        (b"", False),
        (message(link.RTM_NEWLINK, interface(link.IFF_RUNNING)), True),
        (message(link.RTM_NEWLINK, interface(0)), False),
        (message(link.RTM_NEWLINK, interface(link.IFF_RUNNING | link.IFF_LOOPBACK)), False),
        (message(link.RTM_NEWADDR, b"\0" * 8), True),
        (message(17, b"\0" * 16) + message(link.RTM_NEWADDR, b"\0" * 8), True),
        (struct.pack("=IHHII", 3, 17, 0, 0, 0), False),  # a length that leads nowhere
    ],
)
def test_what_the_kernel_says_of_the_link(data: bytes, up: bool) -> None:
    assert brings_up(data) is up


@given(st.binary(max_size=200))
def test_no_message_of_the_kernel_breaks_it(data: bytes) -> None:
    assert brings_up(data) in (True, False)


def test_a_link_that_comes_up_is_noticed() -> None:
    watch = LinkWatch()
    assert not watch.came_up()
    made = subprocess.run(
        ["ip", "link", "add", "kiosktest0", "type", "veth", "peer", "name", "kiosktest1"],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        watch.close()
        pytest.skip("a network interface can only be made as root")
    try:
        subprocess.run(["ip", "link", "set", "kiosktest0", "up"], check=True)
        subprocess.run(["ip", "addr", "add", "198.51.100.7/32", "dev", "kiosktest0"], check=True)
        assert watch.came_up()
        assert not watch.came_up(), "said once"
    finally:
        subprocess.run(["ip", "link", "delete", "kiosktest0"], check=True)
        watch.close()


def test_without_netlink_the_carriers_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(link, "NET", tmp_path)
    carrier = tmp_path / "eth0" / "carrier"
    carrier.parent.mkdir()
    carrier.write_text("0\n")
    watch = LinkWatch()
    assert not watch.came_up()
    carrier.write_text("1\n")
    assert watch.came_up()
    assert not watch.came_up()
    watch.close()


# --- how much fits --------------------------------------------------------------------------------
def test_a_slow_request_makes_the_next_one_fit_the_target() -> None:
    pace = Pace()
    pace.took(100, 100_000, 4 * TARGET_S)
    assert (pace.items, pace.bytes) == (25, 25_000)
    pace.took(25, 25_000, TARGET_S / 2)
    assert pace.items == 50
    pace.took(50, 50_000, 0.01)
    assert pace.items == BATCH_MAX_ITEMS


def test_a_batch_that_was_not_full_says_nothing() -> None:
    pace = Pace()
    pace.took(1, 1000, TARGET_S / 2)
    assert (pace.items, pace.bytes) == (BATCH_MAX_ITEMS, BATCH_MAX_BYTES)


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 200_000), st.floats(0, 1000), st.booleans())
    )
)
def test_one_item_always_fits_and_the_limits_hold(
    story: list[tuple[int, int, float, bool]],
) -> None:
    pace = Pace()
    for items, size, duration_s, lost in story:
        if lost:
            pace.too_slow(items)
        else:
            pace.took(items, size, duration_s)
        assert 1 <= pace.items <= BATCH_MAX_ITEMS
        assert 1 <= pace.bytes <= BATCH_MAX_BYTES
    assert GROWTH > 1
