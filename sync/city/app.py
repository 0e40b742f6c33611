"""The city's HTTP face: who is asking, within which limits, and an answer that names the asker.

Nothing here is logged per request: a path or a body would tell who was at which kiosk when.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sync import feed_signing, protocol, signing
from sync.city import openapi
from sync.city.admission import RECEIVE_DEADLINE_S, Admission, Busy, spread_s
from sync.city.intake import KeptEnough
from sync.city.moments import iso
from sync.city.standing import Standing
from sync.city.store import (
    CityStore,
    CodeRefused,
    KeyRefused,
    KnownDevice,
    Replayed,
    WouldWait,
)
from sync.city.tables import open_engine

log = logging.getLogger("sync.city")

BATCH = protocol.Batch(protocol.BATCH_TOLD_MAX_ITEMS, protocol.BATCH_TOLD_MAX_BYTES)
LOOKS_AT_ONCE, LOOKS_WAITING_MAX = 16, 256
GZIP_FROM_BYTES = 1024
STATUS = {
    "malformed": (400, "The request cannot be read"),
    "version": (400, "This protocol is not spoken here"),
    "too-large": (413, "The request is larger than agreed"),
    "signature": (401, "The signature does not fit this request"),
    "replayed": (401, "This nonce was used before"),
    "clock": (401, "The signature's time is too far from the city's"),
    "unknown-device": (401, "This device is not enrolled here"),
    "revoked": (403, "This device was revoked"),
    "enrol-code": (403, "The code is wrong, used or expired"),
    "not-found": (404, "There is nothing here"),
    "too-many": (429, "Too many wrong codes from this address"),
    "busy": (503, "The city is busy"),
    "internal": (500, "The city made a mistake"),
}
_OTHER_VERSION = re.compile(r"/v(?!1/)[0-9]{1,9}/")

Handler = Callable[[Request], Awaitable[Response]]
Look = Callable[[str, str, datetime], Standing]


class Problem(Exception):
    def __init__(
        self,
        code: protocol.ProblemCode,
        detail: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail  # for a malformed request: the place, never the value
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the signature library wants it."""

    method: str
    url: str
    headers: object


@dataclass(frozen=True, slots=True)
class _Asker:
    device: str
    nonce: str
    digest: str
    revoked: bool


def build_app(store: CityStore, now: Callable[[], datetime] = signing.utc_now) -> Front:
    city = _City(store, now)
    rest = FastAPI(openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    rest.openapi = openapi.document  # type: ignore[method-assign] # by hand, checked by tests
    for status in (404, 405):
        rest.add_exception_handler(status, city.nothing_here)
    return Front(
        rest,
        {
            ("POST", protocol.ENROL_PATH): city.answers(city.enrol),
            ("POST", protocol.ROTATE_PATH): city.answers(city.rotate),
            ("POST", protocol.PUSH_PATH): city.answers(city.push),
            ("GET", protocol.STATUS_PATH): city.answers(city.status),
            ("GET", protocol.PULL_PATH): city.answers(city.pull),
        },
    )


class Front:
    """The five questions of the protocol by their names; a framework has everything else. There
    is nothing in them for it to read, and an idle poll costs a third less without its layers."""

    def __init__(self, rest: FastAPI, asked: Mapping[tuple[str, str], Handler]) -> None:
        self._rest = rest
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handle = None
        if scope["type"] == "http":
            handle = self._asked.get((scope["method"], scope["path"]))
        if handle is None:
            await self._rest(scope, receive, send)
            return
        response = await handle(Request(scope, receive))
        await response(scope, receive, send)


class _City:
    """The handlers, and what they share."""

    def __init__(self, store: CityStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._pushes = Admission()
        self._looks = Admission(at_once=LOOKS_AT_ONCE, waiting_max=LOOKS_WAITING_MAX)

    # --- every answer -----------------------------------------------------------------------------
    def answers(self, handle: Handler) -> Handler:
        """The last resort for every error, and the echo that makes a reply ours."""

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Problem as problem:
                response = self._problem(problem)
            except Busy as busy:
                response = self._problem(Problem("busy", retry_after_s=busy.retry_after_s))
            except (OperationalError, TimeoutError, ClientDisconnect) as error:
                log.error("database or line: %s", type(error).__name__)
                response = self._problem(Problem("busy", retry_after_s=spread_s()))
            except Exception as bug:  # per-message catch-all: one odd message must not end it all
                what = bug.orig if isinstance(bug, DBAPIError) else bug
                log.error("request failed: %s", type(what).__name__)  # a text may quote the data
                response = self._problem(Problem("internal"))
            return _echoed(request, response)

        return answer

    async def nothing_here(self, request: Request, _: Exception) -> Response:
        other = _OTHER_VERSION.match(request.url.path)
        code: protocol.ProblemCode = "version" if other else "not-found"
        return _echoed(request, self._problem(Problem(code)))

    def _problem(self, problem: Problem) -> Response:
        status, title = STATUS[problem.code]
        if problem.detail:
            title = f"{title}: {problem.detail}"
        supported = (protocol.VERSION,) if problem.code == "version" else ()
        reply = protocol.ProblemReply(
            problem.code,
            title[: protocol.PROBLEM_TEXT_MAX],
            status,
            iso(self._now()),
            supported,
        )
        headers = {"Cache-Control": "no-store"}
        if problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
        return Response(protocol.problem(reply), status, headers, media_type=protocol.PROBLEM_TYPE)

    # --- who is asking ----------------------------------------------------------------------------
    async def _with_body(
        self, request: Request, work: Callable[[bytes, bytes], Response]
    ) -> Response:
        """`work` gets the body as it travelled (it is what was signed) and inflated."""
        raw = bytearray()
        try:
            async with asyncio.timeout(RECEIVE_DEADLINE_S):
                async for piece in request.stream():
                    self._pushes.hold(len(piece))
                    raw += piece
                    if len(raw) > protocol.REQUEST_MAX_BYTES:
                        raise Problem("too-large")
            if request.headers.get("content-encoding") != "gzip":
                raise Problem("malformed", "content-encoding: gzip only")
            async with self._pushes.turn():
                return await run_in_threadpool(self._inflated, bytes(raw), work)
        finally:
            self._pushes.release(len(raw))

    @staticmethod
    def _inflated(raw: bytes, work: Callable[[bytes, bytes], Response]) -> Response:
        try:
            plain = protocol.inflate(raw)
        except OverflowError:
            raise Problem("too-large") from None
        except protocol.Malformed as error:
            raise Problem("malformed", str(error)) from None
        try:
            return work(raw, plain)
        except protocol.UnknownVersion:
            raise Problem("version") from None
        except protocol.Malformed as error:
            raise Problem("malformed", str(error)) from None

    def _asker(self, request: Request, raw: bytes, own_key: str | None = None) -> _Asker:
        """Who asks this, for the first time."""
        who = self._signer(request, raw, own_key)
        self._spend(who)
        return who

    def _spend(self, who: _Asker) -> None:
        try:
            self._store.use_nonce(who.device, who.nonce, self._now())
        except Replayed:
            raise Problem("replayed") from None

    def _signer(self, request: Request, raw: bytes, own_key: str | None = None) -> _Asker:
        """Who signed this; whether its nonce is fresh is still to be asked.

        `own_key`: an enrolling device's key, taken from the request itself.
        """
        message = _Message(request.method, str(request.url), request.headers)
        found: KnownDevice | None = None

        def known_key(device: str) -> Ed25519PublicKey | None:
            nonlocal found
            if own_key is not None:
                mine = signing.device_id(own_key) == device
                return signing.public_from_text(own_key) if mine else None
            found = self._store.find_device(device)
            return signing.public_from_text(found.public_key) if found else None

        now = self._now()
        try:
            who = signing.verify(message, raw, known_key, now)
        except signing.SignatureRefused as refused:
            next_key = found.next_key if found else None
            if refused.code != "signature" or next_key is None:
                raise Problem(refused.code) from None
            who = self._by_next_key(message, raw, next_key)
        return _Asker(who.device, who.nonce, who.digest, found is not None and found.revoked)

    def _by_next_key(self, message: _Message, raw: bytes, next_key: str) -> signing.Verified:
        """Signed by the key it asked for: from now on that is the device's only one."""
        now = self._now()
        try:
            who = signing.verify(message, raw, lambda _: signing.public_from_text(next_key), now)
        except signing.SignatureRefused as refused:
            raise Problem(refused.code) from None
        self._store.promote_key(who.device, next_key, now)
        return who

    def _served(self, request: Request, raw: bytes = b"") -> _Asker:
        who = self._asker(request, raw)
        if who.revoked:  # only whoever holds the key learns this
            raise Problem("revoked")
        return who

    # --- POST -------------------------------------------------------------------------------------
    async def enrol(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        try:
            self._pushes.may_enrol(address, self._now().timestamp())
        except Busy as busy:
            raise Problem("too-many", retry_after_s=busy.retry_after_s) from None
        try:
            return await self._with_body(request, partial(self._enrol, request))
        except Problem as problem:
            if problem.code == "enrol-code":
                self._pushes.enrol_failed(address, self._now().timestamp())
            raise

    def _enrol(self, request: Request, raw: bytes, plain: bytes) -> Response:
        asked = protocol.read_enrol_request(plain)
        _is_key(asked.public_key)
        who = self._asker(request, raw, own_key=asked.public_key)
        found = self._store.find_device(who.device)
        if found is not None and found.revoked:
            raise Problem("revoked")
        try:
            device = self._store.enrol(asked, self._now())
        except CodeRefused:
            raise Problem("enrol-code") from None
        except KeyRefused:  # rotated away: whoever holds it is not the device any more
            raise Problem("signature") from None
        time = iso(self._now())
        keys = self._store.feed_keys()
        return _json(
            protocol.reply(
                protocol.EnrolReply(who.nonce, who.digest, device, self._store.epoch(), time, keys)
            ),
            request,
        )

    async def rotate(self, request: Request) -> Response:
        return await self._with_body(request, partial(self._rotate, request))

    def _rotate(self, request: Request, raw: bytes, plain: bytes) -> Response:
        who = self._served(request, raw)
        asked = protocol.read_rotate_request(plain)
        _is_key(asked.public_key)
        if not feed_signing.rotation_holds(who.device, asked):
            raise Problem("malformed", "proof: not by the new key, or for another device")
        try:
            self._store.rotate_key(who.device, asked.public_key)
        except KeyRefused:
            raise Problem("malformed", "public_key: in use") from None
        epoch, time = self._store.epoch(), iso(self._now())
        reply = protocol.RotateReply(who.nonce, who.digest, who.device, epoch, time)
        return _json(protocol.reply(reply), request)

    async def push(self, request: Request) -> Response:
        return await self._with_body(request, partial(self._push, request))

    def _push(self, request: Request, raw: bytes, plain: bytes) -> Response:
        who = self._signer(request, raw)
        try:
            asked = protocol.read_push_request(plain)
            taken = self._store.take(
                who.device, asked, self._now(), nonce=who.nonce, revoked=who.revoked
            )
        except Replayed:
            raise Problem("replayed") from None
        except protocol.Malformed:
            self._spend(who)
            raise
        except KeptEnough:
            self._spend(who)
            raise Problem("revoked") from None
        reply = protocol.PushReply(
            nonce=who.nonce,
            digest=who.digest,
            server_epoch=taken.epoch,
            server_time=iso(self._now()),
            streams=taken.streams,
            outcomes=taken.outcomes,
            batch=BATCH,
        )
        return _json(protocol.reply(reply), request)

    # --- GET --------------------------------------------------------------------------------------
    async def status(self, request: Request) -> Response:
        """On SQLite here and now, which costs half of what a thread does; if somebody is writing,
        and on a database server, in its turn."""
        if self._store.at_hand:
            with contextlib.suppress(WouldWait):
                return self._status(request, self._store.look_at_once)
        async with self._looks.turn():
            return await run_in_threadpool(self._status, request, self._store.look)

    def _status(self, request: Request, look: Look) -> Response:
        who = self._signer(request, b"")
        if who.revoked:
            self._spend(who)
            raise Problem("revoked")
        try:
            standing = look(who.device, who.nonce, self._now())
        except Replayed:
            raise Problem("replayed") from None
        etag = f'"{standing.etag()}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        reply = protocol.StatusReply(
            who.nonce,
            standing.epoch,
            iso(self._now()),
            standing.streams,
            standing.feeds,
            standing.feed_keys,
        )
        return _json(protocol.reply(reply), request, ETag=etag)

    async def pull(self, request: Request) -> Response:
        async with self._looks.turn():
            return await run_in_threadpool(self._pull, request)

    def _pull(self, request: Request) -> Response:
        who = self._served(request)
        asked = request.query_params
        feed, cursor, form = (asked.get(name, "") for name in ("feed", "cursor", "form"))
        if feed not in protocol.FEEDS:
            raise Problem("not-found", "feed")
        page, version = self._store.page(feed, who.device, cursor[: protocol.CURSOR_MAX], who.nonce)
        etag = f'"{version}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return _json(protocol.pull_page(page, form), request, ETag=etag)


def _is_key(public_key: str) -> None:
    """43 signs may still spell no key."""
    try:
        signing.public_from_text(public_key)
    except ValueError:
        raise Problem("malformed", "public_key: not a key") from None


def _json(data: bytes, request: Request, **headers: str) -> Response:
    fields = {"Cache-Control": "no-store", **headers}
    if len(data) >= GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        data = protocol.gzipped(data)
        fields["Content-Encoding"] = "gzip"
    return Response(data, headers=fields, media_type=protocol.JSON_TYPE)


def _echoed(request: Request, response: Response) -> Response:
    nonce = signing.claimed_nonce(request.headers)
    if nonce is not None:
        response.headers[protocol.NONCE_HEADER] = nonce
    return response


def from_environment() -> Front:
    """The app of one server process; `city serve` puts the database URL into CITY_DATABASE."""
    if "CITY_PARENT" in os.environ:
        _die_with(int(os.environ["CITY_PARENT"]))
    app = build_app(CityStore(open_engine(os.environ["CITY_DATABASE"])))
    gc.freeze()  # what is loaded stays; it need not be looked through beside each push
    return app


def _die_with(parent: int) -> None:
    """Workers must not keep the port when their parent is killed outright (Linux)."""
    pr_set_pdeathsig: Any = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before we asked
        os.kill(os.getpid(), signal.SIGKILL)
