"""One request on its way in a thread of its own, so that nobody need wait beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Reply = TypeVar("Reply")


class Flight(Generic[Reply]):
    """`ask` runs at once; what it returns or raises is had from `landed`, in the caller's thread.

    The transport belongs to this flight until it has landed.
    """

    def __init__(self, ask: Callable[[], Reply], monotonic_s: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic_s = monotonic_s
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self.took_s = 0.0
        self._thread = threading.Thread(target=self._fly, name="push", daemon=True)
        self._thread.start()

    def _fly(self) -> None:
        start_s = self._monotonic_s()
        try:
            self._reply = self._ask()
        except BaseException as error:
            self._error = error
        self.took_s = self._monotonic_s() - start_s

    def landed(self) -> Reply:
        """Waits for the reply, at most for the transport's deadline."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._reply is not None
        return self._reply

    def abandon(self) -> None:
        """Waits as well; nobody wants to know any more what became of it."""
        self._thread.join()
