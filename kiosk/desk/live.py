"""Telling open pages that something changed, so that they fetch themselves anew.

A thread with a connection of its own asks `PRAGMA data_version`, which costs microseconds and
rises with every commit of any process, our own included.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable

from kiosk.desk.services import DeskStore
from kiosk.store.problems import DatabaseUnusable, TryLater

LOOK_S = 0.25
BEAT_S = 15.0  # a line now and then, so that both ends notice when the other is gone
EXPIRE_S = 20.0  # hand-overs end by time, with nobody's commit
LISTENERS_MAX = 60
OF_ONE_ADDRESS = 12  # pages open on one computer; one neighbour must not take all the lines

logger = logging.getLogger(__name__)


class Live:
    """`start` inside the running event loop; `changes` is one page's stream of events."""

    def __init__(self, open_store: Callable[[], DeskStore]) -> None:
        self._open_store = open_store
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: dict[asyncio.Event, str] = {}

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._watch, name="desk-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._tell_all()  # the streams end
        if self._thread is not None:
            self._thread.join(timeout=5)

    def full(self, address: str) -> bool:
        of_one = list(self._listeners.values()).count(address)
        return len(self._listeners) >= LISTENERS_MAX or of_one >= OF_ONE_ADDRESS

    async def changes(self, address: str) -> AsyncIterator[bytes]:
        """Server-sent events: "change" whenever something was committed, and a beat."""
        changed = asyncio.Event()
        self._listeners[changed] = address
        try:
            yield b"retry: 2000\nevent: change\ndata: \n\n"  # what happened before it listened
            while not self._stop.is_set():
                try:
                    await asyncio.wait_for(changed.wait(), BEAT_S)
                    changed.clear()
                    if not self._stop.is_set():
                        yield b"event: change\ndata: \n\n"
                except TimeoutError:
                    yield b": beat\n\n"
        finally:
            self._listeners.pop(changed, None)

    def _watch(self) -> None:
        store: DeskStore | None = None
        version, expired_s = -1, time.monotonic()
        while not self._stop.wait(LOOK_S):
            try:
                store = store or self._open_store()
                if time.monotonic() - expired_s > EXPIRE_S:
                    expired_s = time.monotonic()
                    if store.handovers.expire():
                        self._tell()
                (now,) = store.db.conn.execute("PRAGMA data_version").fetchone()
            except (DatabaseUnusable, TryLater) as error:
                logger.warning("%s", error)
                continue
            if now != version:
                version = now
                self._tell()
        if store is not None:
            store.close()

    def _tell(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell_all)

    def _tell_all(self) -> None:
        for one in self._listeners:
            one.set()
