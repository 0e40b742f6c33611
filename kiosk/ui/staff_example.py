"""Staff for the pictures of their screens: one PIN, and a machine with something of each kind."""

from __future__ import annotations

import dataclasses

from kiosk.ui.visit import Visit

PIN = "493817"


@dataclasses.dataclass(frozen=True)
class Example:
    wait: float = 0.0

    def has_pin(self) -> bool:
        return True

    def wait_s(self) -> float:
        return self.wait

    def fits(self, pin: str) -> bool:
        return pin == PIN

    def checks(self) -> list[tuple[str, str, str]]:
        return [
            ("database", "ok", "12 transactions, encrypted, WAL, synchronous=FULL"),
            ("microphone", "warn", "no microphone is plugged in: touch and typing only"),
            ("disk", "fail", "310 MB free, 400 MB needed: free some room"),
            ("version", "ok", "kiosk 0.1.0"),
        ]


def at_pin(visit: Visit, typed: str = "", *, hand_in: bool = False, wait_s: float = 0.0) -> None:
    """From the attract screen to the PIN, with these digits typed."""
    visit.services = dataclasses.replace(visit.services, staff=Example(wait_s))
    for meaning in ("start", "go:state", "go:pin", *(f"key:{sign}" for sign in typed)):
        visit.meant(meaning)
    if hand_in:
        visit.meant("next")
