"""A city inside the test's own process (its store at hand), and a PostgreSQL of the tests' own."""

from __future__ import annotations

import contextlib
import gzip
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol, signing
from sync.city.app import build_app
from sync.city.store import CityStore
from sync.city.tables import open_engine
from tests.sync_support import answers, wait_until


def open_store(database: str) -> CityStore:
    store = CityStore(open_engine(database))
    store.prepare()
    return store


@dataclass
class RunningCity:
    store: CityStore
    url: str

    def code(self) -> str:
        return self.store.issue_code(signing.utc_now(), 1)[0]


@contextlib.contextmanager
def serving(database: str, now: Callable[[], datetime] = signing.utc_now) -> Iterator[RunningCity]:
    """The city's app on a port of its own."""
    store = open_store(database)
    bound = socket.create_server(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    config = uvicorn.Config(build_app(store, now), access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: answers(port), "the city answers")
        yield RunningCity(store, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(30)
        bound.close()
        store.close()


@dataclass
class Speaker:
    """A device that can say anything, right or wrong, and gets the raw answer."""

    url: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    name: str = ""

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
            response = session.send(message, timeout=60, allow_redirects=False)
        assert response.headers[protocol.NONCE_HEADER] == nonce
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


# --- PostgreSQL -----------------------------------------------------------------------------------
def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    return Path(beside).parent if beside else None


@contextlib.contextmanager
def postgres_cluster() -> Iterator[str]:
    """The SQLAlchemy URL of an empty database in a cluster of its own; skips without PostgreSQL."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql (build/dev/setup.sh test)")
    folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
    user: dict[str, Any] = {}
    owner = pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:  # initdb refuses root
        owner = next(u.pw_name for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody"))
        account = pwd.getpwnam(owner)
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(*words: str) -> None:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, **user)
        assert done.returncode == 0, done.stderr

    data = str(folder / "data")
    run(
        *(f"{programs}/initdb", "-D", data, "-U", "city", "-A", "trust", "--no-sync"),
        *("-E", "UTF8", "--locale", "C"),
    )
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    control = (f"{programs}/pg_ctl", "-D", data, "-w", "-t", "120")
    run(*control, "-o", options, "-l", f"{folder}/log", "start")
    try:
        yield f"postgresql://city@/postgres?host={folder}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
