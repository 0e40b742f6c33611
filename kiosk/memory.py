"""Less memory for three processes that share a cheap box."""

from __future__ import annotations

import ctypes

_PR_SET_THP_DISABLE = 41  # linux/prctl.h


def small_pages() -> None:
    """Debian's kernel backs memory with pages of 2 MB by default, of which we fill a part: about
    17 MB of the three processes together. To be called early; a kernel that refuses is no harm."""
    if prctl := getattr(ctypes.CDLL(None), "prctl", None):
        prctl(_PR_SET_THP_DISABLE, *map(ctypes.c_ulong, (1, 0, 0, 0)))


def give_back() -> None:
    """Memory that loading took and freed again goes to the system; glibc alone would keep it."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
