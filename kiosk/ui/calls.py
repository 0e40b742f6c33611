"""Calling out the numbers that the desk calls, one after another, whatever the screen shows.

Never into an open microphone: a call waits until nobody is being listened to, and one that the
microphone cut short (`kiosk.voice.listener`) is said again then, from its beginning.
"""

from __future__ import annotations

from collections import deque

from kiosk.domain.queue import Call, call_words
from kiosk.ui.services import Caller, Counter, Voice

LATE_S = 90.0  # a call that could not be said for so long is on the TV, and the desk calls again
WAITING_MOST = 20


class CallOut:
    def __init__(self, counter: Counter, caller: Caller) -> None:
        self._counter, self._caller = counter, caller
        self._seq: int | None = None
        self._waiting: deque[tuple[Call, float]] = deque(maxlen=WAITING_MOST)
        self._said: Call | None = None  # the last one, until it is known that it was heard out

    def look(self, now_s: float) -> None:
        """Somebody committed something: were there calls? The first look only begins."""
        calls = self._counter.calls_after(self._seq)
        first, self._seq = self._seq is None, calls[-1].seq if calls else self._seq
        if not first:
            self._waiting.extend((call, now_s) for call in calls)

    def speak(self, now_s: float, *, listening: bool, voice: Voice | None) -> str:
        """Says the next one, if it can be said now; its words, or ""."""
        self._take_back(now_s)
        while self._waiting and now_s - self._waiting[0][1] > LATE_S:
            self._waiting.popleft()
        if not self._waiting or listening or self._caller.speaking:
            return ""
        call, _ = self._waiting.popleft()
        self._said = call
        if voice is not None:
            voice.hush()
        words = call_words(call.ticket, call.counter)
        self._caller.say(words, "id", slow=True)
        return words

    def _take_back(self, now_s: float) -> None:
        """Who heard half a call waits for the rest: it is not late before it was said."""
        if self._said is not None and not self._caller.speaking:
            if self._caller.cut:
                self._waiting.appendleft((self._said, now_s))
            self._said = None
