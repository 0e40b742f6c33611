"""The desk's HTTP face: routes with who may use them, limits, and the headers of every answer.

Nothing is logged per request: a path would tell who was at which errand when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.desk import assist, entrance, figure_pages, people, queue_pages, work_pages
from kiosk.desk.asking import Ask, Page, Pdf, read_form
from kiosk.desk.desk import ADMIN, ANYBODY, CLERK, LURAH, PUBLIC, READERS, Desk, Handler
from kiosk.desk.live import Live
from kiosk.store.staff import Role

BODY_MAX_BYTES = 128 * 1024  # the largest form is a tenth of it
COOKIE, COUNTER_COOKIE = "__Host-desk", "__Host-loket"
COUNTER_KEPT_S = 180 * 24 * 3600

# No HSTS: with a certificate of our own it would lock staff out instead of letting them compare.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    method: str
    path: str
    handler: Handler
    roles: frozenset[Role]


WAYS = (
    Way("GET", "/", entrance.first, ANYBODY),
    Way("GET", "/masuk", entrance.ask_in, PUBLIC),
    Way("POST", "/masuk", entrance.come_in, PUBLIC),
    Way("POST", "/keluar", entrance.leave, ANYBODY),
    Way("POST", "/kunci", entrance.lock, ANYBODY),
    Way("POST", "/aktif", entrance.still_here, ANYBODY),
    Way("GET", "/sandi", entrance.ask_password, ANYBODY),
    Way("POST", "/sandi", entrance.change_password, ANYBODY),
    Way("GET", "/pekerjaan", work_pages.work_list, CLERK),
    Way("POST", "/cari", work_pages.search, CLERK),
    Way("GET", "/permohonan/{dseq}", work_pages.application, CLERK),
    Way("GET", "/permohonan/{dseq}/rancangan", work_pages.draft_letter, CLERK),
    Way("POST", "/permohonan/{dseq}/cetak", work_pages.reprint, CLERK),
    Way("POST", "/nomor/{dseq}/cetak", work_pages.reprint, CLERK),
    Way("POST", "/permohonan/{dseq}/{act}", work_pages.do, CLERK),
    Way("POST", "/bantuan/{id}/ambil", work_pages.take_call, CLERK),
    Way("POST", "/bantuan/{id}/lepas", work_pages.leave_call, CLERK),
    Way("POST", "/bantuan/{id}/selesai", work_pages.end_call, CLERK),
    Way("GET", "/isi", assist.services, CLERK),
    Way("GET", "/isi/{service}", assist.form, CLERK),
    Way("POST", "/isi/{service}", assist.file, CLERK),
    Way("GET", "/isi/{service}/{id}", assist.form, CLERK),
    Way("POST", "/isi/{service}/{id}", assist.file, CLERK),
    Way("GET", "/antrean", queue_pages.queue, CLERK),
    Way("POST", "/antrean/panggil", queue_pages.call_next, CLERK),
    Way("POST", "/antrean/{dseq}/{act}", queue_pages.do, CLERK),
    Way("POST", "/loket", queue_pages.sit_down, CLERK),
    Way("GET", "/tv", queue_pages.television, PUBLIC),
    Way("GET", "/angka", figure_pages.figures, LURAH),
    Way("GET", "/catatan", figure_pages.log, READERS),
    Way("GET", "/staf", people.people, ADMIN),
    Way("POST", "/staf", people.add, ADMIN),
    Way("POST", "/staf/{id}/{act}", people.change, ADMIN),
)


class TooLarge(Exception):
    pass


def build_app(desk: Desk) -> ASGIApp:
    """The app; its one worker thread opens the store at the first request."""
    worker = ThreadPoolExecutor(1, thread_name_prefix="desk")
    live = Live(desk.services.open_store)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        live.start()
        yield
        live.stop()
        worker.submit(desk.close).result()
        worker.shutdown()

    async def stream(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if live.full(address):
            return Response("", 503)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(
            live.changes(address), media_type="text/event-stream", headers=headers
        )

    routes = [Route("/live", stream, methods=["GET"])]
    routes += [Route(way.path, _endpoint(desk, worker, way), methods=[way.method]) for way in WAYS]
    folders = {"/static": Path(__file__).parent / "static", "/font": desk.services.assets / "fonts"}
    mounts = [Mount(path, StaticFiles(directory=folder)) for path, folder in folders.items()]
    app = Starlette(routes=[*routes, *mounts], lifespan=lifespan)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        """Headers on every answer; whatever goes wrong inside is said without a word about it."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                kept = scope["path"].startswith(tuple(folders))
                added = HEADERS | ({"Cache-Control": "no-cache"} if kept else {})
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in added.items()),
                ]
            await send(message)

        try:
            await app(scope, receive, sending)
        except Exception as error:
            # Never the text: it may hold what a person typed.
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = trace.tb_frame.f_code.co_filename if trace else "?"
            line = trace.tb_lineno if trace else 0
            logger.error("%s at %s:%s", type(error).__name__, Path(place).name, line)
            if not begun and scope["type"] == "http":
                answer = Response("Terjadi kesalahan. Tidak ada yang disimpan.", 500)
                await answer(scope, receive, sending)

    return guarded


def _endpoint(
    desk: Desk, worker: ThreadPoolExecutor, way: Way
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await _body(request) if way.method == "POST" else b""
            form = read_form(body)
        except (TooLarge, ValueError):
            return Response("Isian terlalu besar.", 413)
        if way.method == "POST" and not _from_here(request):
            return Response("Permintaan ini datang dari tempat lain.", 403)

        def answered() -> Response:
            return _answered(desk, way, request, form)

        return await asyncio.get_running_loop().run_in_executor(worker, answered)

    return endpoint


def _answered(desk: Desk, way: Way, request: Request, form: dict[str, list[str]]) -> Response:
    """In the worker thread: who asks, the page, and what becomes of the cookie."""
    token = request.cookies.get(COOKIE, "")
    address = request.client.host if request.client else ""
    live = request.headers.get("x-live") == "1"
    session = desk.find_session(token, address, active=not live) if token else None
    ask = Ask(
        path=request.url.path,
        args=request.path_params,
        query=dict(request.query_params),
        form=form,
        cookies=request.cookies,
        address=address,
        session=session,
        live=live,
    )
    answer = desk.answer(way.handler, way.roles, way.method, ask)
    if isinstance(answer, Page):
        return Response(
            desk.rendered(answer, ask), answer.status, media_type="text/html; charset=utf-8"
        )
    if isinstance(answer, Pdf):
        name = {"Content-Disposition": f'inline; filename="{answer.name}.pdf"'}
        return Response(answer.body, headers=name, media_type="application/pdf")
    response = RedirectResponse(answer.path, 303)
    if answer.token is not None:
        desk.sessions.end(token)  # a new log-in leaves no old one behind
        _set(response, COOKIE, answer.token, None if answer.token else 0)
    if answer.counter is not None:
        _set(response, COUNTER_COOKIE, answer.counter, COUNTER_KEPT_S)
    return response


def _set(response: Response, name: str, value: str, age_s: int | None) -> None:
    response.set_cookie(
        name, value, max_age=age_s, path="/", secure=True, httponly=True, samesite="strict"
    )


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise TooLarge
    return body


def _from_here(request: Request) -> bool:
    """A browser says where a form was sent from; besides the token this stops other sites."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
