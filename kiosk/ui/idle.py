"""When nobody is there any more: warn, then wipe. Pure; seconds come in from a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class IdleLimits:
    """Seconds without a touch before the warning, and how long the warning counts down."""

    info_s: float = 120.0
    form_s: float = 180.0
    warning_s: float = 45.0


@dataclass(frozen=True, slots=True)
class IdleState:
    name: Literal["active", "warning", "expired"]
    left_s: int = 0


ACTIVE = IdleState("active")


class IdleWatch:
    """Counts from the last sign of a person."""

    def __init__(self, limits: IdleLimits, now_s: float) -> None:
        self.limits = limits
        self._last_s = now_s

    def seen(self, now_s: float) -> None:
        self._last_s = now_s

    def state(self, now_s: float, *, in_form: bool) -> IdleState:
        quiet_s = now_s - self._last_s
        limit_s = self.limits.form_s if in_form else self.limits.info_s
        if quiet_s < limit_s:
            return ACTIVE
        left_s = limit_s + self.limits.warning_s - quiet_s
        if left_s <= 0:
            return IdleState("expired")
        return IdleState("warning", int(left_s) + 1)
