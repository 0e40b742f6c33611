"""Who is logged in. In memory only: a restart, a lock and a change of password end it for good.

The cookie is a random token; here stands its digest. What locks on the server is gone, so a copy
of the cookie opens nothing after that, and it opens nothing from another address at any time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.store.staff import Clerk, Role

TOKEN_BYTES = 32
LONGEST_S = 12 * 3600.0  # a working day; then the password again, however busy one was
SESSIONS_MAX = 100
OF_ONE_MAX = 3


@dataclass(slots=True)
class Session:
    """`seen_s` and `made_s` on the monotonic clock. `looked` are applications whose view by this
    person has its line in the log; `counter` is where they sit, `line` whom they call; `told` is
    said once, on the next page."""

    clerk: Clerk
    address: str
    csrf: str
    made_s: float
    seen_s: float
    counter: str = ""
    line: str = ""
    told: str = ""
    looked: set[int] = field(default_factory=set)

    @property
    def role(self) -> Role:
        return self.clerk.role


class Sessions:
    """Used by the one thread that answers; `clock_s` is monotonic."""

    def __init__(self, idle_s: float, clock_s: Callable[[], float]) -> None:
        self.idle_s = idle_s
        self._clock_s = clock_s
        self._open: dict[str, Session] = {}

    def begin(self, clerk: Clerk, address: str) -> tuple[str, Session]:
        """A new session and the token for its cookie."""
        self._drop_locked()
        own = [key for key, one in self._open.items() if one.clerk.id == clerk.id]
        for key in own[: len(own) - OF_ONE_MAX + 1] if len(own) >= OF_ONE_MAX else ():
            del self._open[key]
        if len(self._open) >= SESSIONS_MAX:
            del self._open[min(self._open, key=lambda key: self._open[key].seen_s)]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now_s = self._clock_s()
        session = Session(clerk, address, secrets.token_urlsafe(TOKEN_BYTES), now_s, now_s)
        self._open[_key(token)] = session
        return token, session

    def find(self, token: str, address: str, *, active: bool) -> Session | None:
        """The session of this cookie, None when it is locked or another's. `active`: a person did
        something; a page that refreshes itself keeps nobody logged in."""
        session = self._open.get(_key(token))
        if session is None:
            return None
        if self._is_locked(session):
            self.end(token)
            return None
        if not hmac.compare_digest(session.address, address):
            return None
        if active:
            session.seen_s = self._clock_s()
        return session

    def end(self, token: str) -> None:
        self._open.pop(_key(token), None)

    def end_all_of(self, clerk_id: int) -> None:
        """Password, role or leave changed: every log-in of this person ends."""
        self._open = {key: one for key, one in self._open.items() if one.clerk.id != clerk_id}

    def _is_locked(self, session: Session) -> bool:
        now_s = self._clock_s()
        return now_s - session.seen_s > self.idle_s or now_s - session.made_s > LONGEST_S

    def _drop_locked(self) -> None:
        self._open = {key: one for key, one in self._open.items() if not self._is_locked(one)}


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
