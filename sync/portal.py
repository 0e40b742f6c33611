"""Does somebody on this network want a log-in first? Asked only when the city cannot be reached.

Over https a portal can only break the line. So one plain question goes to port 80 of the city's
own host: without a body, a signature or anything of ours. A portal answers it in its own way; the
answer is never believed, it only chooses what staff are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
import urllib3

from sync.line import Line, WatchedAdapter

PROBE_DEADLINE_S = 10.0
PROBE_MAX_BYTES = 65536
LOGIN_REQUIRED = 511  # Network Authentication Required, RFC 6585


def asks_for_login(city_url: str, port: int = 80) -> bool:
    """A page to look at, or the way to one elsewhere, where the city has none."""
    host = urlsplit(city_url).hostname or ""
    written = f"[{host}]" if ":" in host else host
    line = Line()
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", WatchedAdapter(line))
    try:
        with line.deadline(PROBE_DEADLINE_S), session:
            answer = session.get(
                f"http://{written}:{port}/",
                headers={"Connection": "close"},
                allow_redirects=False,
                stream=True,
                timeout=PROBE_DEADLINE_S,
            )
            with answer:
                start = next(answer.iter_content(PROBE_MAX_BYTES), b"")
                return looks_like_login(answer.status_code, answer.headers, start, host)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        return False


def looks_like_login(status: int, fields: Mapping[str, str], start: bytes, host: str) -> bool:
    """An answer as portals give it: go elsewhere, or a page at once. `host` is the city's."""
    if status == LOGIN_REQUIRED:
        return True
    if 300 <= status < 400:
        there = urlsplit(fields.get("Location", "")).hostname
        return there is not None and there != host
    kind = fields.get("Content-Type", "").lower()
    page = "html" in kind or start.lstrip()[:1] == b"<"
    return page and status in (200, 401, 403)
