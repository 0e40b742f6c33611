"""A device that can say anything to any city; of this project it needs the wire only."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol, signing


@dataclass
class Speaker:
    """A device that can say anything, right or wrong, and gets the raw answer."""

    url: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    name: str = ""
    ca_file: str | None = None  # a city's own certificate authority

    def __post_init__(self) -> None:
        self.name = self.name or signing.device_id(signing.public_text(self.key))

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        key: Ed25519PrivateKey | None = None,
        nonce: str | None = None,
        created: datetime | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Signed, and the body gzipped, unless told otherwise."""
        packed = gzip.compress(body, mtime=0) if body else b""
        fields = {"Content-Type": "application/json", "Content-Encoding": "gzip"} if body else {}
        message = requests.Request(
            method, self.url + path, headers=fields | (headers or {}), data=packed or None
        ).prepare()
        moment = created or signing.utc_now()
        nonce = nonce or signing.new_nonce()
        signing.sign(message, key or self.key, self.name, nonce, moment, packed)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.ca_file or True
            response = session.send(message, timeout=60, allow_redirects=False)
        assert response.headers.get(protocol.NONCE_HEADER) == nonce, "every reply echoes the nonce"
        return response

    def enrol(self, code: str, **how: Any) -> requests.Response:
        public = signing.public_text(how.get("key") or self.key)
        request = protocol.EnrolRequest(protocol.plain_code(code), public)
        return self.ask("POST", protocol.ENROL_PATH, protocol.enrol_request(request), **how)

    def push(self, *items: protocol.Item, **how: Any) -> requests.Response:
        return self.ask("POST", protocol.PUSH_PATH, protocol.push_request(items), **how)

    def status(self, **how: Any) -> requests.Response:
        return self.ask("GET", protocol.STATUS_PATH, **how)

    def pull(self, feed: str, cursor: str = "", form: str = "bytes", **how: Any) -> Any:
        path = f"{protocol.PULL_PATH}?feed={feed}&cursor={cursor}&form={form}"
        return self.ask("GET", path, **how)

    def whole_feed(self, feed: str, cursor: str = "") -> tuple[list[protocol.FeedItem], str]:
        """All pages of a feed after a cursor, and the cursor at their end."""
        items: list[protocol.FeedItem] = []
        for _ in range(protocol.PULL_MAX_PAGES):
            page = protocol.read_pull_page(self.pull(feed, cursor).content)
            items = [*([] if page.reset else items), *page.items]
            cursor = page.cursor
            if not page.more:
                return items, cursor
        raise AssertionError("the feed never ends")


def problem_of(response: requests.Response) -> str:
    """The problem's code, "" when it is none; the status must be the one the page gives it."""
    if response.headers.get("Content-Type") != protocol.PROBLEM_TYPE:
        return ""
    said = protocol.read_problem(response.content)
    assert said.status == response.status_code
    return said.code
