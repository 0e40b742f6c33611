"""What can go wrong with the city, sorted by what to do next. Nothing here holds a value."""

from __future__ import annotations

from typing import Literal, get_args

# Why nothing gets through, in one word: the kiosk's screens and doctor have a sentence for each.
Why = Literal[
    "offline",  # no network, no such name, nobody answers
    "slow",  # the line is there, but too thin or too lossy
    "portal",  # the Wi-Fi wants somebody to log in first
    "clock",  # TLS or the city refuses the date: this machine's clock is wrong
    "tls",  # the other end cannot prove that it is the city
    "stranger",  # somebody else answered: a proxy, a router
    "busy",  # the city asks for quiet, or has trouble of its own
    "refused",  # the city does not take this request
    "stopped",  # the city no longer serves this device
    "disk",  # what the city said could not be written down here
    "bug",
]
WHYS: tuple[str, ...] = get_args(Why)

# For staff and doctor: what it is, then what to do.
STAFF_WORDS: dict[Why, str] = {
    "offline": "the city could not be reached: see to cable, Wi-Fi or modem",
    "slow": "the line is too slow: nothing to do, smaller parts are tried",
    "portal": "the Wi-Fi asks for a login (Wi-Fi minta login): log in from this network's browser",
    "clock": "this machine's clock is wrong (jam mesin salah): set it, or, if it is right,"
    " tell the city that its certificate has run out",
    "tls": "the other end cannot prove that it is the city: call the city's IT",
    "stranger": "somebody on the way answers in the city's place: see to router or proxy",
    "busy": "the city is busy: nothing to do, it is tried again",
    "refused": "the city does not take the request: call the city's IT",
    "stopped": "the city no longer serves this device: ask the city's administrator",
    "disk": "the disk is full: free some room",
    "bug": "the program made a mistake: call the city's IT",
}


class Unreachable(Exception):
    """Try later. `slow`: the total deadline passed, so a smaller request may get through."""

    def __init__(
        self,
        detail: str,
        *,
        why: Why = "offline",
        retry_after_s: float | None = None,
        slow: bool = False,
    ) -> None:
        super().__init__(detail)
        self.why: Why = "slow" if slow else why
        self.retry_after_s = retry_after_s
        self.slow = slow


class DeviceStopped(Exception):
    """The city does not serve this device (any more); trying again is of no use."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """This request, not the device: `by_city` says whether the city itself said so."""

    def __init__(self, code: str, *, by_city: bool) -> None:
        super().__init__(code)
        self.code = code
        self.by_city = by_city


class BadCityUrl(ValueError):
    """The text says what is wrong with the address and what to do."""


class NotEnrolled(Exception):
    """This device has no city yet; the text says what to do."""


class EnrolRefused(Exception):
    """The city did not take the code; the text says what to do."""
