"""The desk itself: who may come to which page, and the page that is given. One thread, one store.

Handlers are plain functions `(desk, ask) -> Answer`; what they change goes through the stores.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kiosk.desk import words
from kiosk.desk.asking import Ask, Go, Page, Pdf, Refused
from kiosk.desk.certificate import Certificate
from kiosk.desk.services import DeskServices, DeskStore
from kiosk.desk.sessions import Session, Sessions
from kiosk.desk.words import Words
from kiosk.domain.handover import Handover
from kiosk.domain.service import Service
from kiosk.store.connection import DriverError
from kiosk.store.problems import DatabaseUnusable, NotInService, StorageFull, TryLater
from kiosk.store.staff import Role
from kiosk.store.trouble import troubles

Answer = Page | Go | Pdf
Handler = Callable[["Desk", Ask], Answer]

FIRST_PAGE: dict[Role, str] = {"petugas": "/pekerjaan", "lurah": "/angka", "admin": "/staf"}
ANYBODY: frozenset[Role] = frozenset({"petugas", "lurah", "admin"})
CLERK: frozenset[Role] = frozenset({"petugas"})
LURAH: frozenset[Role] = frozenset({"lurah"})
ADMIN: frozenset[Role] = frozenset({"admin"})
READERS: frozenset[Role] = frozenset({"lurah", "admin"})
PUBLIC: frozenset[Role] = frozenset()

logger = logging.getLogger(__name__)


class Desk:
    """`answer` and everything under it belong to the thread that calls it first."""

    def __init__(
        self,
        services: DeskServices,
        certificate: Certificate | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.services = services
        self.certificate = certificate
        self.sessions = Sessions(services.idle_s, clock_s)
        self.words = Words(services.assets / "locales")
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            office=services.office,
            lasting=words.lasting,
            percent=words.percent,
            clock=words.clock,
            reason=words.reason,
            state_words=words.STATES,
            queue_words=words.QUEUE_STATES,
            act_words=words.ACTS,
            sent_words=words.SENT,
            role_words=words.ROLES,
            role_means=words.ROLE_MEANS,
            trouble_words=words.TROUBLES,
            idle_s=int(services.idle_s),
        )

    @cached_property
    def store(self) -> DeskStore:
        return self.services.open_store()

    def now(self) -> datetime:
        return self.services.now()

    def name_of(self, service_id: str) -> str:
        """What a service is called; its id when the catalogue no longer has it."""
        service = self.find_service(service_id)
        return service.name.id if service else service_id or "Tanpa layanan"

    def find_service(self, service_id: str) -> Service | None:
        return self.services.catalogue.services.get(service_id)

    def clerk_name(self, clerk_id: int | None) -> str:
        if clerk_id is None:
            return ""
        try:
            return self.store.staff.get(clerk_id).name
        except KeyError:
            return "?"

    def find_session(self, token: str, address: str, *, active: bool) -> Session | None:
        """Whose cookie this is; None once it is locked, or the person's password, role or leave
        changed, be it by another process."""
        session = self.sessions.find(token, address, active=active)
        if session is None:
            return None
        now = self.store.staff.get(session.clerk.id)
        if not now.active or now.version != session.clerk.version:
            self.sessions.end(token)
            return None
        return session

    def open_calls(self) -> list[Handover]:
        """Calls for help. They stand on a clerk's screen now: the kiosk may tell the citizen so."""
        listing = self.store.handovers.listing()
        if unseen := [one.id for one in listing if one.state == "waiting"]:
            self.store.handovers.seen(unseen)
        return listing

    def bell(self) -> dict[str, Any]:
        """What every page of a clerk rings for: the newest application, calls nobody took yet."""
        try:
            self.store.work.take_in()
            calls = [one.sign for one in self.open_calls() if one.state != "taken"]
            return {"newest": self.store.work.newest(), "calls": calls}
        except (DatabaseUnusable, TryLater):
            return {"newest": 0, "calls": []}

    def troubles(self) -> list[str]:
        """Why this kiosk needs somebody though it serves; see `kiosk.store.trouble`."""
        try:
            return troubles(self.store.db, self.services.home)
        except (*DriverError, DatabaseUnusable, TryLater):
            return []

    def answer(self, handler: Handler, roles: frozenset[Role], method: str, ask: Ask) -> Answer:
        """The page, or where to go instead. Never raises for what people do."""
        try:
            return self._answer(handler, roles, method, ask)
        except Refused as why:
            return Page("refused.html", {"words": why.words}, why.status)
        except StorageFull:
            said = "Disk kiosk penuh: tidak ada yang disimpan. Hubungi pengelola."
            return Page("refused.html", {"words": said}, 503)
        except NotInService:
            said = "Kota mencabut izin kiosk ini: tidak ada yang disimpan. Layani di loket."
            return Page("refused.html", {"words": said}, 503)
        except TryLater:
            said = "Kiosk sedang sibuk: tidak ada yang disimpan. Coba lagi sebentar lagi."
            return Page("refused.html", {"words": said}, 503)
        except DatabaseUnusable as error:
            logger.error("%s", error)
            said = f"Penyimpanan kiosk bermasalah ({error.code}). Hubungi pengelola."
            return Page("refused.html", {"words": said}, 503)

    def _answer(self, handler: Handler, roles: frozenset[Role], method: str, ask: Ask) -> Answer:
        if roles:
            if ask.session is None:
                if ask.live:
                    raise Refused(401, "Terkunci. Masuk lagi.")
                if method == "POST":
                    return Go("/masuk?kunci=1", token="")
                return Go(f"/masuk?ke={quote(ask.path)}" if ask.path != "/" else "/masuk", token="")
            if ask.session.role not in roles:
                raise Refused(403, "Halaman ini bukan untuk peran Anda.")
            if ask.session.clerk.must_change and not ask.path.startswith(("/sandi", "/keluar")):
                return Go("/sandi")
            if method == "POST" and not _same(ask.text("csrf"), ask.session.csrf):
                raise Refused(403, "Halaman ini sudah lama terbuka. Muat ulang, lalu coba lagi.")
        return handler(self, ask)

    def rendered(self, page: Page, ask: Ask) -> str:
        session = ask.session
        shows: dict[str, Any] = {"now": self.now(), "today": self.words.day(self.now().date())}
        shows |= {"session": session, "path": ask.path, "told": "", "here": ""}
        if session is not None:
            shows |= {"csrf": session.csrf, "role": session.role, "troubles": self.troubles()}
            if page.status >= 400:  # what refreshes itself asks for a page that is there
                shows["here"] = FIRST_PAGE[session.role]
            if session.role == "petugas":
                shows["bell"] = self.bell()
            if not ask.live:
                shows["told"], session.told = session.told, ""
        return self._templates.get_template(page.template).render(shows | page.shows)

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
