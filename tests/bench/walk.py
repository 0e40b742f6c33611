"""A citizen's way through the kiosk, as meanings; `*` stands for the first thing of that kind."""

from __future__ import annotations

LOOKING_ROUND = (
    "start", "go:services", "go:category:surat", "service:*", "page:+1", "page:-1", "home",
    "go:events", "go:event:*", "service:*", "back", "home",
)  # fmt: skip
SEARCHING = ("go:search", *(f"key:{sign}" for sign in "surat mis"), "service:*", "page:+1")
FILING = (
    "home", "go:search", *(f"key:{sign}" for sign in "sktm"), "service:sktm", "apply:sktm",
    "tick:0", "page:+1", "papers_done:", "papers_done:anyway", "agree",
    *(f"key:{sign}" for sign in "3671011708900003"), "next",
    *(f"key:{sign}" for sign in "siti a"), "erase", "next", "back",
)  # fmt: skip
WALK = (*LOOKING_ROUND, *SEARCHING, *FILING)


def kind(meaning: str) -> str:
    """What was touched: "key", "page" or "tile" (everything else that leads somewhere)."""
    word = meaning.partition(":")[0]
    return word if word in ("key", "page") else "key" if word == "erase" else "tile"
