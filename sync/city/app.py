"""The city's HTTP face: who is asking, within which limits, and an answer that names the asker.

Nothing here is logged per request: a path or a body would tell who was at which kiosk when.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Request, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.concurrency import run_in_threadpool

from sync import protocol, signing
from sync.city.store import CityStore, CodeRefused, iso
from sync.city.tables import open_engine

log = logging.getLogger("sync.city")

BUSY_RETRY_AFTER_S = 5
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
    "too-many": (429, "Too many attempts"),
    "busy": (503, "The city is busy"),
    "internal": (500, "The city made a mistake"),
}


class Problem(Exception):
    def __init__(self, code: protocol.ProblemCode, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail  # for a malformed request: the place, never the value


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the signature library wants it."""

    method: str
    url: str
    headers: object


def build_app(store: CityStore, now: Callable[[], datetime] = signing.utc_now) -> FastAPI:
    app = FastAPI(title="Kiosk city API", version="1", docs_url=None, redoc_url=None)

    def problem_response(problem: Problem) -> Response:
        status, title = STATUS[problem.code]
        if problem.detail:
            title = f"{title}: {problem.detail}"
        text = protocol.problem(
            protocol.ProblemReply(
                problem.code, title[: protocol.PROBLEM_TEXT_MAX], status, iso(now())
            )
        )
        headers = {"Cache-Control": "no-store"}
        if problem.code == "busy":
            headers["Retry-After"] = str(BUSY_RETRY_AFTER_S)
        return Response(text, status, headers, media_type=protocol.PROBLEM_TYPE)

    @app.middleware("http")
    async def answer(
        request: Request, handle: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """The last resort for every error, and the echo that makes a reply ours."""
        try:
            response = await handle(request)
            if response.status_code in (404, 405):
                response = problem_response(Problem("not-found"))
        except Problem as problem:
            response = problem_response(problem)
        except OperationalError:
            log.error("database busy or away")
            response = problem_response(Problem("busy"))
        except Exception as bug:  # per-message catch-all: one odd message must not end the service
            detail = type(bug.orig).__name__ if isinstance(bug, DBAPIError) else type(bug).__name__
            log.error("request failed: %s", detail)  # no text: it may quote the data
            response = problem_response(Problem("internal"))
        nonce = signing.claimed_nonce(request.headers)
        if nonce is not None:
            response.headers[protocol.NONCE_HEADER] = nonce
        return response

    async def read(request: Request) -> tuple[bytes, bytes]:
        """The body as it travelled (it is what was signed) and inflated."""
        raw = bytearray()
        async for piece in request.stream():
            raw += piece
            if len(raw) > protocol.REQUEST_MAX_BYTES:
                raise Problem("too-large")
        data = bytes(raw)
        if request.headers.get("content-encoding") != "gzip":
            raise Problem("malformed", "content-encoding: gzip only")
        try:
            return data, protocol.inflate(data)
        except OverflowError:
            raise Problem("too-large") from None
        except protocol.Malformed as error:
            raise Problem("malformed", str(error)) from None

    def verified(request: Request, raw: bytes, own_key: str | None = None) -> signing.Verified:
        """Who signed this. `own_key`: an enrolling device's key, taken from the request itself."""
        message = _Message(request.method, str(request.url), request.headers)
        revoked = False

        def public_for(device: str) -> Ed25519PublicKey | None:
            nonlocal revoked
            if own_key is not None:
                known = own_key if signing.device_id(own_key) == device else None
            else:
                found = store.find_device(device)
                known, revoked = found if found else (None, False)
            return signing.public_from_text(known) if known else None

        try:
            who = signing.verify(message, raw, public_for, now())
        except signing.SignatureRefused as refused:
            raise Problem(refused.code) from None
        if revoked:  # only whoever holds the key learns this
            raise Problem("revoked")
        if not store.use_nonce(who.device, who.nonce, now()):
            raise Problem("replayed")
        return who

    def reply(message: protocol.PushReply | protocol.StatusReply | protocol.EnrolReply) -> Response:
        return Response(
            protocol.reply(message),
            headers={"Cache-Control": "no-store"},
            media_type=protocol.JSON_TYPE,
        )

    @app.post(protocol.ENROL_PATH)
    async def enrol(request: Request) -> Response:
        raw, plain = await read(request)

        def work() -> Response:
            try:
                asked = protocol.read_enrol_request(plain)
            except protocol.Malformed as error:
                raise Problem("malformed", str(error)) from None
            who = verified(request, raw, own_key=asked.public_key)
            found = store.find_device(who.device)
            if found is not None and found[1]:
                raise Problem("revoked")
            try:
                device = store.enrol(asked, now())
            except CodeRefused:
                raise Problem("enrol-code") from None
            return reply(
                protocol.EnrolReply(who.nonce, who.digest, device, store.epoch(), iso(now()))
            )

        return await run_in_threadpool(work)

    @app.post(protocol.PUSH_PATH)
    async def push(request: Request) -> Response:
        raw, plain = await read(request)

        def work() -> Response:
            who = verified(request, raw)
            try:
                asked = protocol.read_push_request(plain)
            except protocol.Malformed as error:
                raise Problem("malformed", str(error)) from None
            outcomes, streams = store.take(who.device, asked.items, now())
            refused = [entry.outcome for entry in asked.unreadable]
            return reply(
                protocol.PushReply(
                    nonce=who.nonce,
                    digest=who.digest,
                    server_epoch=store.epoch(),
                    server_time=iso(now()),
                    streams=tuple(streams),
                    outcomes=tuple(outcomes + refused),
                )
            )

        return await run_in_threadpool(work)

    @app.get(protocol.STATUS_PATH)
    def status(request: Request) -> Response:
        who = verified(request, b"")
        streams = tuple(store.streams(who.device))
        return reply(protocol.StatusReply(who.nonce, store.epoch(), iso(now()), streams))

    @app.get(protocol.PULL_PATH)
    def pull(request: Request, feed: str = "", cursor: str = "") -> Response:
        who = verified(request, b"")
        if feed not in protocol.FEEDS:
            raise Problem("not-found", "feed")
        etag = f'"{store.feed_version(feed)}"'
        headers = {"ETag": etag, "Cache-Control": "no-store"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        page = store.page(feed, cursor[:64], who.nonce)
        return Response(
            protocol.pull_page(page, ""), headers=headers, media_type=protocol.JSON_TYPE
        )

    return app


def from_environment() -> FastAPI:
    """The app of one server process; `city serve` puts the database URL into CITY_DATABASE."""
    if "CITY_PARENT" in os.environ:
        _die_with(int(os.environ["CITY_PARENT"]))
    return build_app(CityStore(open_engine(os.environ["CITY_DATABASE"])))


def _die_with(parent: int) -> None:
    """Workers must not keep the port when their parent is killed outright (Linux)."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before we asked
        os.kill(os.getpid(), signal.SIGKILL)
