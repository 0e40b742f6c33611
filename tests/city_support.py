"""A city inside the test's own process (its store at hand), and a PostgreSQL of the tests' own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from sync import signing
from sync.city.app import build_app
from sync.city.door import Door
from sync.city.store import CityStore
from sync.city.tables import open_engine
from tests.conformance.device import Speaker as Speaker
from tests.conformance.device import problem_of as problem_of
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
    config = uvicorn.Config(
        build_app(store, now), loop="uvloop", http=Door, access_log=False, log_level="warning"
    )
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


# --- PostgreSQL -----------------------------------------------------------------------------------
def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    return Path(beside).parent if beside else None


@contextlib.contextmanager
def postgres_cluster(*, durable: bool = False) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database in a cluster of its own; skips without PostgreSQL.

    `durable`: its commits wait for the disk; tests have no need of that.
    """
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
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    options += f" -c fsync={'on' if durable else 'off'}"
    control = (f"{programs}/pg_ctl", "-D", data, "-w", "-t", "120")
    run(*control, "-o", options, "-l", f"{folder}/log", "start")
    try:
        yield f"postgresql://city@/postgres?host={folder}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
