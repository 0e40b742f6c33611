"""One signed request to the city and its answer, sorted by what to do next.

An answer counts only if it is surely the city's: status exactly 200, the right type, and the
nonce (and, for a body, its digest) of this very request echoed. Anything else (a captive portal,
a proxy, a cut line) is `Unreachable`: nothing was promised, try again later.
"""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests.adapters import HTTPAdapter

from sync import protocol, signing
from sync.backoff import retry_after_s
from sync.protocol import Malformed

Reply = TypeVar("Reply")


class Unreachable(Exception):
    """Try later. `slow`: the total deadline passed, so a smaller request may get through."""

    def __init__(self, why: str, *, retry_after_s: float | None = None, slow: bool = False) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s
        self.slow = slow


class DeviceStopped(Exception):
    """The city does not serve this device (any more); trying again is of no use."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """This request, not the device: `by_city` says whether the city itself said so."""

    def __init__(self, code: str, *, by_city: bool) -> None:
        super().__init__(code)
        self.code = code
        self.by_city = by_city


class BadCityUrl(ValueError):
    """The text says what is wrong with the address and what to do."""


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


# --- a total deadline ---------------------------------------------------------------------------
class _Line:
    """The open connections of one session, so that a watchdog can cut them.

    requests' timeouts start anew with every byte; a reply that drips would hold us for ever.
    """

    def __init__(self) -> None:
        self._connecting: Any = None  # its socket is there before the TLS handshake is over
        self._sockets: list[socket.socket] = []  # also those a reply took over from its connection

    def watched(self, connection: type) -> type:
        line = self

        class Watched(connection):
            def connect(self) -> None:
                line._sockets = [sock for sock in line._sockets if sock.fileno() >= 0]
                line._connecting = self
                try:
                    super().connect()
                    line._sockets.append(self.sock)
                finally:
                    line._connecting = None

        return Watched

    def cut(self) -> None:
        for sock in [getattr(self._connecting, "sock", None), *self._sockets]:
            if isinstance(sock, socket.socket):
                try:  # the plain socket's shutdown: TLS must not try to say goodbye first
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:
                    pass  # already gone

    @contextmanager
    def deadline(self, limit_s: float) -> Iterator[Callable[[], bool]]:
        passed = threading.Event()

        def over() -> None:
            passed.set()
            self.cut()

        watchdog = threading.Timer(limit_s, over)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield passed.is_set
        finally:
            watchdog.cancel()


class _WatchedAdapter(HTTPAdapter):
    def __init__(self, line: _Line) -> None:
        self._line = line
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, Any] = {
            "http": urllib3.HTTPConnectionPool,
            "https": urllib3.HTTPSConnectionPool,
        }
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type(
                "Watched" + pool.__name__,
                (pool,),
                {"ConnectionCls": self._line.watched(pool.ConnectionCls)},
            )
            for scheme, pool in pools.items()
        }


# --- the city as the device sees it -------------------------------------------------------------
class CityTransport:
    """Speaks PROTOCOL.md to one city as one device. Not for two threads at once."""

    def __init__(
        self,
        city_url: str,
        key: Ed25519PrivateKey,
        *,
        ca_file: Path | None = None,
        deadline_s: float = protocol.REQUEST_DEADLINE_S,
        now: Callable[[], datetime] = signing.utc_now,
    ) -> None:
        """`ca_file`: a city's own certificate authority (PEM) instead of the public ones."""
        self.city_url = checked_city_url(city_url)
        self._key = key
        self._device = signing.device_id(signing.public_text(key))
        self._deadline_s = deadline_s
        self._now = now
        self._clock_error = timedelta(0)  # city's clock minus ours, learnt from a refusal
        self._line = _Line()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or password file from the surroundings
        self._session.verify = str(ca_file) if ca_file else True
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _WatchedAdapter(self._line))

    def close(self) -> None:
        self._session.close()

    def enrol(self, code: str) -> protocol.EnrolReply:
        request = protocol.EnrolRequest(protocol.plain_code(code), signing.public_text(self._key))
        body = gzip.compress(protocol.enrol_request(request), mtime=0)
        data, nonce, digest = self._ask("POST", protocol.ENROL_PATH, body=body)
        reply = _read(protocol.read_enrol_reply, data)
        _is_echo(reply.nonce == nonce and reply.digest == digest)
        _is_echo(reply.device == self._device)
        return reply

    def push(self, items: Sequence[protocol.Item]) -> protocol.PushReply:
        body = gzip.compress(protocol.push_request(items), mtime=0)
        data, nonce, digest = self._ask("POST", protocol.PUSH_PATH, body=body)
        reply = _read(protocol.read_push_reply, data)
        _is_echo(reply.nonce == nonce and reply.digest == digest)
        return reply

    def status(self) -> protocol.StatusReply:
        data, nonce, _ = self._ask("GET", protocol.STATUS_PATH)
        reply = _read(protocol.read_status_reply, data)
        _is_echo(reply.nonce == nonce)
        return reply

    def pull(self, feed: str, cursor: str) -> protocol.PullPage | None:
        """The page after `cursor` ("" = from the start); None: nothing new since."""
        headers = {"If-None-Match": f'"{cursor}"'} if cursor else {}
        where = {"feed": feed, "cursor": cursor}
        data, nonce, _ = self._ask("GET", protocol.PULL_PATH, params=where, headers=headers)
        if data is None:
            return None
        page = _read(protocol.read_pull_page, data)
        _is_echo(page.nonce == nonce and page.feed == feed)
        return page

    def _ask(self, method: str, path: str, **request: Any) -> tuple[bytes | None, str, str]:
        try:
            return self._ask_once(method, path, **request)
        except _WrongClock as wrong:
            # Ours may be years off (no clock battery): sign once more with the city's time.
            self._clock_error = wrong.server_time - self._now()
        try:
            return self._ask_once(method, path, **request)
        except _WrongClock:
            raise Unreachable("the city refuses our clock even after correcting it") from None

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
        sent = {"Accept": protocol.JSON_TYPE, "User-Agent": "kiosk-sync/1", **(headers or {})}
        if body:
            sent |= {"Content-Type": protocol.JSON_TYPE, "Content-Encoding": "gzip"}
        prepared = self._session.prepare_request(
            requests.Request(
                method, self.city_url + path, params=params, headers=sent, data=body or None
            )
        )
        created = self._now() + self._clock_error
        digest = signing.sign(prepared, self._key, self._device, nonce, created, body)
        status, fields, data = self._exchange(prepared)
        echoed = fields.get(protocol.NONCE_HEADER) == nonce
        kind = fields.get("Content-Type", "").split(";")[0].strip().lower()
        if status == 200 and kind == protocol.JSON_TYPE and echoed:
            return data, nonce, digest
        if status == 304 and echoed and method == "GET":
            return None, nonce, digest
        by_city = echoed and kind == protocol.PROBLEM_TYPE
        raise _refusal(status, fields, data if by_city else None, self._now())

    def _exchange(self, prepared: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        with self._line.deadline(self._deadline_s) as passed:
            try:
                response = self._session.send(
                    prepared,
                    stream=True,
                    timeout=(protocol.CONNECT_TIMEOUT_S, protocol.READ_TIMEOUT_S),
                    allow_redirects=False,
                )
                with response:
                    data = b""
                    for piece in response.iter_content(65536):
                        data += piece
                        if len(data) > protocol.REPLY_MAX_BYTES:
                            raise Unreachable("the reply is larger than any reply of the city")
                    if passed():
                        raise Unreachable("the reply came too slowly", slow=True)
                    return response.status_code, response.headers, data
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                # The error's own text may hold the address; its kind is enough to act on.
                slow = passed() or isinstance(error, requests.ReadTimeout)
                why = "the reply came too slowly" if slow else type(error).__name__
                raise Unreachable(why, slow=slow) from error


class _WrongClock(Exception):
    def __init__(self, server_time: datetime) -> None:
        super().__init__("clock")
        self.server_time = server_time


def _refusal(
    status: int, fields: Mapping[str, str], problem: bytes | None, now: datetime
) -> Exception:
    """What a reply other than success means. `problem`: its body, if it is surely the city's."""
    wait_s = retry_after_s(fields.get("Retry-After"), now)
    if problem is None:
        if status == 413:  # a proxy on the way with a smaller limit than ours
            return Refused("too-large", by_city=False)
        return Unreachable(f"status {status}, not from the city", retry_after_s=wait_s)
    try:
        said = protocol.read_problem(problem)
    except Malformed:
        return Unreachable(f"status {status} with an unknown problem", retry_after_s=wait_s)
    if said.code == "clock":
        try:
            return _WrongClock(datetime.fromisoformat(said.server_time).astimezone(UTC))
        except ValueError:
            return Unreachable("the city's clock cannot be read")
    if said.code in protocol.STOPPING:
        return DeviceStopped(said.code)
    if said.code in ("malformed", "too-large", "enrol-code", "not-found"):
        return Refused(said.code, by_city=True)
    return Unreachable(f"the city says: {said.code}", retry_after_s=wait_s)


def _read(reader: Callable[[bytes], Reply], data: bytes | None) -> Reply:
    if data is None:
        raise Unreachable("an empty reply, not from the city")
    try:
        return reader(data)
    except Malformed as error:
        raise Unreachable(f"the reply cannot be read: {error}") from error


def _is_echo(same: bool) -> None:
    if not same:
        raise Unreachable("the reply answers another request")
