"""Connections with a total deadline, and what an error of theirs means.

requests' timeouts start anew with every byte; a reply that drips would hold us for ever.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from sync.problems import Why

CUT_AGAIN_S = 0.5  # a name look-up cannot be cut: whatever connects after it is
NOT_YET_VALID, RUN_OUT = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class Line:
    """The open connections of one session, so that a watchdog can cut them."""

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
        """Cuts everything `limit_s` after its start; the given function says whether it did."""
        passed, over = threading.Event(), threading.Event()

        def watch() -> None:
            wait_s = limit_s
            while not over.wait(wait_s):
                passed.set()
                self.cut()
                wait_s = CUT_AGAIN_S

        watchdog = threading.Thread(target=watch, name="deadline", daemon=True)
        watchdog.start()
        try:
            yield passed.is_set
        finally:
            over.set()
            watchdog.join()


class WatchedAdapter(HTTPAdapter):
    """requests over a Line: one connection, no tries of its own."""

    def __init__(self, line: Line) -> None:
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


def meaning_of(error: BaseException) -> Why:
    """Why a request came to nothing, from the error that ended it and those beneath it."""
    beneath = list(_beneath(error))
    for one in beneath:
        if isinstance(one, ssl.SSLCertVerificationError):
            return "clock" if one.verify_code in (NOT_YET_VALID, RUN_OUT) else "tls"
    if any(isinstance(one, ssl.SSLError) and not _is_cut(one) for one in beneath):
        return "tls"
    return "slow" if any(isinstance(one, requests.ReadTimeout) for one in beneath) else "offline"


def _is_cut(error: ssl.SSLError) -> bool:
    """The line broke during the handshake, which says nothing about who was there."""
    return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


def _beneath(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes, and those that libraries hand on as an argument or `reason`."""
    left, seen = [error], set()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        others = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        left += [other for other in others if isinstance(other, BaseException)]
