"""What a conversation remembers from turn to turn, and what a turn came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.domain.turn import Slot, TurnOutcome
from kiosk.lookup.heard import Heard, Question
from kiosk.lookup.said import Said


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn before it has its number. With `options`: `asked` is what was asked of the one that
    will be picked, `before` the service spoken of until then, which is meant by whoever does not
    pick, `together` whether they are told side by side."""

    outcome: TurnOutcome
    said: Said
    service: str | None = None
    slot: Slot | None = None
    options: tuple[str, ...] = ()
    asked: Question | None = None
    before: str | None = None
    together: bool = False
    mishap: str = ""  # told of one that was lost, damaged or past its date


@dataclass(slots=True)
class Thread:
    """Dropped with the conversation. `spoken` are ids, the last one spoken of last; `aside` means
    that the last turn was about none of them; `slot` is what was told last; `unanswered` is what
    was asked a turn ago and belongs elsewhere; `repeated`: how often a choice was asked again. Of
    `options`, `asked`, `before` and `together` see `Reply`."""

    service: str | None = None
    slot: Slot | None = None
    spoken: list[str] = field(default_factory=list)
    in_order: list[str] = field(default_factory=list)  # as they were first spoken of
    options: tuple[str, ...] = ()
    asked: Question | None = None
    before: str | None = None
    together: bool = False
    repeated: int = 0
    others: tuple[str, ...] = ()  # what else the last words may have meant
    aside: bool = False
    unanswered: Heard | None = None
    mishap: str = ""  # what befell the thing spoken of, of which the first issue tells nothing
    urgent: Reply | None = None  # the help that was told, until something else is asked for
    helped: bool = False  # help was told at some time

    @property
    def in_hand(self) -> str | None:
        """The service spoken of, though a choice that nobody made came in between."""
        return self.service or self.before

    def told_in_order(self) -> tuple[str, ...]:
        """The services spoken of, if there were several, as they came up."""
        return tuple(self.in_order) if len(self.in_order) > 1 else ()

    def left_open(self, heard: Heard) -> Question | None:
        """What was asked a turn ago and not answered, when nothing else is said now."""
        if heard.content:
            return None
        if self.options:
            return self.asked
        return self.unanswered.question if self.unanswered is not None else None

    def goes_on(self, reply: Reply) -> None:
        """Remembers what this turn came to."""
        if reply.outcome == "emergency":
            self.urgent, self.helped = reply, True
        if reply.options:
            self._now_choosing(reply)
        elif reply.service is not None and reply.outcome != "emergency":
            self.now_about(reply.service)
        else:
            self.aside = True
        self.slot = reply.slot
        if reply.mishap or reply.slot == "syarat":
            self.mishap = reply.mishap

    def now_about(self, service: str) -> None:
        if service != self.service:
            self.mishap = ""
        self.service, self.aside, self.unanswered, self.asked = service, False, None, None
        self.urgent = None
        if service not in self.options:
            self.options, self.before, self.together = (), None, False
        if service in self.spoken:
            self.spoken.remove(service)
        self.spoken.append(service)
        if service not in self.in_order:
            self.in_order.append(service)

    def _now_choosing(self, reply: Reply) -> None:
        again = reply.outcome == "choose" and reply.options == self.options
        self.repeated = self.repeated + 1 if again else 0
        self.service, self.options, self.asked = None, reply.options, reply.asked
        self.mishap = ""
        self.before, self.together = reply.before, reply.together
        self.aside, self.unanswered, self.urgent = False, None, None
