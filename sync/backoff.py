"""How long to wait before trying again: full jitter, capped, and never sooner than asked.

Pure: the random draw and the time come in as arguments.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_S = 2.0
CAP_S = 300.0
RETRY_AFTER_MAX_S = 3600.0  # a city that says "next year" is not believed


def delay_s(failures: int, draw: float, retry_after_s: float | None = None) -> float:
    """Seconds to wait after the `failures`-th failure in a row (from 1); `draw` in [0, 1).

    Full jitter spreads a whole city's kiosks after a power cut. A Retry-After is a floor, with
    the jitter on top, so that those who were told the same second do not come at the same second.
    """
    if failures < 1:
        raise ValueError("failures counts from 1")
    # 2 ** 20 is far above the cap; the bound keeps the power small after weeks offline.
    ceiling = min(CAP_S, FIRST_S * 2.0 ** min(failures - 1, 20))
    jitter = draw * ceiling
    if retry_after_s is None:
        return jitter
    return min(max(retry_after_s, 0.0), RETRY_AFTER_MAX_S) + jitter


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """A Retry-After header (seconds or HTTP date) as seconds from `now`; None if absent or odd."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), RETRY_AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_MAX_S)
