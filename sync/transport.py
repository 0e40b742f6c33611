"""One signed request to the city and its answer, sorted by what to do next.

An answer counts only if it is surely the city's: status exactly 200, the right type, and the
nonce (and, for a body, its digest) of this very request echoed. Anything else (a captive portal,
a proxy, a cut line) is `Unreachable`: nothing was promised, try again later.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import feed_signing, protocol, signing
from sync.backoff import retry_after_s
from sync.line import Line, WatchedAdapter, meaning_of
from sync.portal import asks_for_login, looks_like_login
from sync.problems import BadCityUrl, DeviceStopped, Refused, Unreachable, Why
from sync.protocol import Malformed

__all__ = ["BadCityUrl", "CityTransport", "DeviceStopped", "Refused", "Unreachable"]

# Routers forget a silent connection without a word to either end; the next request on it would
# wait for nothing. A new one costs less.
IDLE_KEPT_S = 20.0

Reply = TypeVar("Reply")


def checked_city_url(url: str) -> str:
    """https for any host, http for loopback only; without a trailing slash. Raises BadCityUrl.

    No path: the signature covers it, and a proxy that shortens it would break every signature.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # where an odd host name would fail later
        requests.Request("GET", url.strip()).prepare()
    except (ValueError, requests.RequestException):
        raise BadCityUrl("city URL: not an address; give https://HOST[:PORT]") from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadCityUrl("city URL: not an address; give https://HOST[:PORT]")
    if parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadCityUrl("city URL: only https://HOST[:PORT], nothing before or after the host")
    if parts.scheme == "http" and not _is_loopback(host):
        raise BadCityUrl("city URL: http is for this machine only; give https://HOST[:PORT]")
    return url.strip().rstrip("/")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class CityTransport:
    """Speaks PROTOCOL.md to one city as one device. Not for two threads at once."""

    def __init__(
        self,
        city_url: str,
        key: Ed25519PrivateKey,
        *,
        device: str | None = None,
        ca_file: Path | None = None,
        deadline_s: float = protocol.REQUEST_DEADLINE_S,
        now: Callable[[], datetime] = signing.utc_now,
        portal: Callable[[str], bool] = asks_for_login,
        key_now: Callable[[], Ed25519PrivateKey] | None = None,
    ) -> None:
        """`device` as the city named it (it outlives its key; default: the key's own name).

        `ca_file`: a city's own certificate authority (PEM) instead of the public ones. `key_now`
        reads the key anew, for another process may have changed it.
        """
        self.city_url = checked_city_url(city_url)
        self._key = key
        self._key_now = key_now or (lambda: key)
        self._device = device or signing.device_id(signing.public_text(key))
        self._deadline_s = deadline_s
        self._now = now
        self._portal = portal
        self._host = urlsplit(self.city_url).hostname or ""
        self.clock_error = timedelta(0)  # city's clock minus ours, learnt from a refusal
        self._tag = ""  # of the last reply
        self._status_tag = ""
        self._line = Line()
        self._used_s = 0.0
        self._session = requests.Session()
        self._session.headers.clear()  # what it would say of itself is a sixth of an idle poll
        self._session.trust_env = False  # no proxy or password file from the surroundings
        self._session.verify = str(ca_file) if ca_file else True
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, WatchedAdapter(self._line))

    def close(self) -> None:
        self._session.close()

    def enrol(self, code: str) -> protocol.EnrolReply:
        request = protocol.EnrolRequest(protocol.plain_code(code), signing.public_text(self._key))
        body = protocol.gzipped(protocol.enrol_request(request))
        reply = self._post(protocol.ENROL_PATH, body, protocol.read_enrol_reply)
        _is_echo(reply.device == self._device)
        return reply

    def push(
        self, items: Sequence[protocol.Item], damaged: Sequence[protocol.Damaged] = ()
    ) -> protocol.PushReply:
        return self.deliver(self.packed(items, damaged))

    def packed(
        self,
        items: Sequence[protocol.Item],
        damaged: Sequence[protocol.Damaged] = (),
    ) -> bytes:
        """A push as it will travel."""
        return protocol.gzipped(protocol.push_request(items, damaged))

    def deliver(self, parcel: bytes) -> protocol.PushReply:
        return self._post(protocol.PUSH_PATH, parcel, protocol.read_push_reply)

    def rotate(self, fresh: Ed25519PrivateKey) -> protocol.RotateReply:
        """From its reply on, only the fresh key speaks for this device. May be repeated."""
        request = feed_signing.rotation(self._device, fresh)
        body = protocol.gzipped(protocol.rotate_request(request))
        reply = self._post(protocol.ROTATE_PATH, body, protocol.read_rotate_reply)
        _is_echo(reply.device == self._device)
        return reply

    def status(self) -> protocol.StatusReply | None:
        """How things stand for this device; None: as at the last answer."""
        headers = {"If-None-Match": self._status_tag} if self._status_tag else {}
        data, nonce, _ = self._ask("GET", protocol.STATUS_PATH, headers=headers)
        if data is None:
            return None
        reply = _read(protocol.read_status_reply, data)
        _is_echo(reply.nonce == nonce)
        self._status_tag = self._tag
        return reply

    def forget_status(self) -> None:
        """The next `status` is answered in full."""
        self._status_tag = ""

    def pull(self, feed: str, cursor: str) -> protocol.PullPage | None:
        """The page after `cursor` ("" = from the start); None: nothing new since."""
        headers = {"If-None-Match": f'"{cursor}"'} if cursor else {}
        where = {"feed": feed, "cursor": cursor, "form": protocol.BYTES_FORM}
        data, nonce, _ = self._ask("GET", protocol.PULL_PATH, params=where, headers=headers)
        if data is None:
            return None
        page = _read(protocol.read_pull_page, data)
        _is_echo(page.nonce == nonce and page.feed == feed)
        return page

    def _post(self, path: str, body: bytes, reader: Callable[[bytes], Reply]) -> Reply:
        data, nonce, digest = self._ask("POST", path, body=body)
        reply: Any = _read(reader, data)
        _is_echo(reply.nonce == nonce and reply.digest == digest)
        return reply  # type: ignore[no-any-return]

    def _ask(self, method: str, path: str, **request: Any) -> tuple[bytes | None, str, str]:
        try:
            return self._ask_once(method, path, **request)
        except _WrongClock as wrong:
            # Ours may be years off (no clock battery): sign once more with the city's time.
            self.clock_error = wrong.server_time - self._now()
        except _WrongSignature:
            fresh = self._key_now()
            if signing.public_text(fresh) == signing.public_text(self._key):
                raise
            self._key = fresh
        try:
            return self._ask_once(method, path, **request)
        except _WrongClock:
            raise Unreachable(
                "the city refuses our clock even after correcting it", why="clock"
            ) from None

    def _ask_once(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> tuple[bytes | None, str, str]:
        """Body (None for 304), nonce and request digest of a reply that is surely the city's."""
        nonce = signing.new_nonce()
        sent = {"User-Agent": "kiosk-sync/1", "Accept-Encoding": "gzip", **(headers or {})}
        if body:
            sent |= {"Content-Type": protocol.JSON_TYPE, "Content-Encoding": "gzip"}
        prepared = self._session.prepare_request(
            requests.Request(
                method, self.city_url + path, params=params, headers=sent, data=body or None
            )
        )
        created = self._now() + self.clock_error
        digest = signing.sign(prepared, self._key, self._device, nonce, created, body)
        status, fields, data = self._exchange(prepared)
        echoed = fields.get(protocol.NONCE_HEADER) == nonce
        kind = fields.get("Content-Type", "").split(";")[0].strip().lower()
        self._tag = fields.get("ETag", "")
        if status == 200 and kind == protocol.JSON_TYPE and echoed:
            return data, nonce, digest
        if status == 304 and echoed and method == "GET":
            return None, nonce, digest
        if echoed and kind == protocol.PROBLEM_TYPE:
            raise _refusal(status, fields, data, self._now())
        raise _stranger(status, fields, data, self._host, self._now())

    def _exchange(self, prepared: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        if time.monotonic() - self._used_s > IDLE_KEPT_S:
            self._session.close()  # the connections only: the next request opens a new one
        with self._line.deadline(self._deadline_s) as passed:
            try:
                answer = self._read_all(prepared)
                if passed():
                    raise Unreachable("the reply came too slowly", slow=True)
                return answer
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                # The error's own text may hold the address; its kind is enough to act on.
                kind, why, slow = type(error).__name__, meaning_of(error), passed()
            finally:
                self._used_s = time.monotonic()
        if slow or why == "slow":
            raise Unreachable("the reply came too slowly", slow=True)
        raise Unreachable(kind, why=self._looked_around(why))

    def _read_all(self, prepared: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        response = self._session.send(
            prepared,
            stream=True,
            timeout=(protocol.CONNECT_TIMEOUT_S, protocol.READ_TIMEOUT_S),
            allow_redirects=False,
        )
        with response:
            data = bytearray()
            for piece in response.iter_content(65536):
                data += piece
                if len(data) > protocol.REPLY_MAX_BYTES:
                    raise Unreachable(
                        "the reply is larger than any reply of the city", why="stranger"
                    )
            return response.status_code, response.headers, bytes(data)

    def _looked_around(self, why: Why) -> Why:
        """A portal can only break what is encrypted: whether there is one must be asked apart."""
        if self.city_url.startswith("https:") and self._portal(self.city_url):
            return "portal"
        return why


class _WrongSignature(Unreachable):
    """The city does not take this key's word: it may be another's turn by now."""


class _WrongClock(Exception):
    def __init__(self, server_time: datetime) -> None:
        super().__init__("clock")
        self.server_time = server_time


def _stranger(
    status: int, fields: Mapping[str, str], data: bytes, host: str, now: datetime
) -> Exception:
    """What an answer means that is not surely the city's: nothing, but a proxy's 413 and 503."""
    if status == 413:  # a proxy on the way with a smaller limit than ours
        return Refused("too-large", by_city=False)
    why: Why = "portal" if looks_like_login(status, fields, data, host) else "stranger"
    wait_s = retry_after_s(fields.get("Retry-After"), now)
    return Unreachable(f"status {status}, not from the city", why=why, retry_after_s=wait_s)


def _refusal(status: int, fields: Mapping[str, str], problem: bytes, now: datetime) -> Exception:
    """What a problem means that is surely the city's."""
    wait_s = retry_after_s(fields.get("Retry-After"), now)
    try:
        said = protocol.read_problem(problem)
    except Malformed:
        return Unreachable(
            f"status {status} with an unknown problem", why="busy", retry_after_s=wait_s
        )
    if said.code == "clock":
        try:
            return _WrongClock(datetime.fromisoformat(said.server_time).astimezone(UTC))
        except ValueError:
            return Unreachable("the city's clock cannot be read", why="busy")
    if said.code in protocol.STOPPING:
        return DeviceStopped(said.code)
    if said.code in ("malformed", "too-large", "enrol-code", "not-found"):
        return Refused(said.code, by_city=True)
    if said.code == "signature":
        return _WrongSignature("the city says: signature", why="refused")
    # `version` is about us and no item: nothing may be given up for it.
    why: Why = "refused" if said.code in ("replayed", "version") else "busy"
    return Unreachable(f"the city says: {said.code}", why=why, retry_after_s=wait_s)


def _read(reader: Callable[[bytes], Reply], data: bytes | None) -> Reply:
    if data is None:
        raise Unreachable("an empty reply, not from the city", why="stranger")
    try:
        return reader(data)
    except Malformed as error:
        raise Unreachable(f"the reply cannot be read: {error}", why="stranger") from error


def _is_echo(same: bool) -> None:
    if not same:
        raise Unreachable("the reply answers another request", why="stranger")
