"""What the sync tests share: a city in its own process, a bad line, transactions to send."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sync import protocol

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 30.0  # only ever waited out by a failing test


def make_item(
    dseq: int, kind: str = "application", *, epoch: str = "e1", **changed: Any
) -> protocol.Item:
    """A protocol.Item as a healthy kiosk would send it, with the given fields changed after."""
    identifier = str(UUID(int=dseq + (sum(epoch.encode()) << 64)))
    body = json.dumps({"v": 1, "id": identifier, "kind": kind, "answers": {"name": "Siti Aé"}})
    raw = changed.pop("body", body.encode())
    fields = {
        "id": identifier,
        "epoch": epoch,
        "dseq": dseq,
        "kind": kind,
        "schema": 1,
        "sha256": protocol.sha256_of(raw),
        "body": raw,
    }
    return protocol.Item(**(fields | changed))


class Queued(protocol.Item):
    """As it stands in a device's queue."""

    @property
    def number(self) -> int:
        return self.dseq


@dataclass
class MemoryOutbox:
    """The agent's Outbox in memory, for tests of the agent alone."""

    items: list[protocol.Item] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str | None] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    feeds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    enrolled: dict[str, Any] | None = None
    version: int = 0
    epoch: str = "e1"
    watermark: int = 0

    def add(self, *items: protocol.Item) -> None:
        for item in items:
            self.items.append(item)
            self.state[item.id] = "accepted"
        self.version += 1

    def due(self, limit: int, after_dseq: int = 0) -> list[Queued]:
        unsent = (item for item in self.items if self.state[item.id] == "accepted")
        found = [item for item in unsent if item.dseq > after_dseq][:limit]
        return [Queued(*one) for one in found]

    def newest(self, limit: int) -> list[Queued]:
        return self.due(len(self.items))[::-1][:limit]

    def release(self, *, everything: bool) -> int:
        return 0

    def epochs(self) -> list[tuple[str, int]]:
        return [(self.epoch, max((item.dseq for item in self.items), default=0))]

    def begin_epoch(self, known: int) -> bool:
        return False

    def acknowledged(self, dseq: int, epoch: str) -> bool:
        return any(one.dseq == dseq and self.state[one.id] == "acked" for one in self.items)

    def without_bytes(self, after_dseq: int, limit: int, epoch: str) -> list[tuple[str, int]]:
        return []

    def confirm_through(self, dseq: int, epoch: str) -> int:
        self.watermark = dseq
        return 0

    def prune(self, city_now: Any) -> int:
        return 0

    def record(self, outcomes: Any, words: Any = None) -> int:
        self.words.update(words or {})
        for name, outcome, _seq, problem in outcomes:
            acked = outcome in ("stored", "duplicate")
            self.state[name] = "acked" if acked else outcome
            self.problems[name] = problem
        return 0

    def note_attempt(self, ids: Any, problem: str | None) -> None:
        for name in ids:
            self.problems[name] = problem

    def left(self) -> int:
        return sum(state == "accepted" for state in self.state.values())

    def get(self, name: str) -> str | None:
        return self.words.get(name)

    def put(self, name: str, value: str) -> None:
        self.words[name] = value

    def note(self, words: Any) -> None:
        self.words.update(words)

    def device(self) -> dict[str, Any] | None:
        return self.enrolled

    def save_device(self, device: dict[str, Any]) -> None:
        self.enrolled = device

    def replace_pulled(self, feed: str, items: list[dict[str, Any]], cursor: str) -> None:
        self.feeds[feed] = items
        self.words[f"cursor:{feed}"] = cursor

    def change_pulled(self, feed: str, items: Any, cursor: str, *, reset: bool) -> None:
        held = {} if reset else {item["id"]: item for item in self.feeds.get(feed, [])}
        for item in items:
            held.pop(item["id"], None)
            if "body" in item:
                held[item["id"]] = item
        self.feeds[feed] = list(held.values())
        self.words[f"cursor:{feed}"] = cursor

    def resend_from(self, dseq: int, epoch: str) -> int:
        again = [
            item for item in self.items if item.dseq >= dseq and self.state[item.id] == "acked"
        ]
        self.state.update({item.id: "accepted" for item in again})
        return len(again)

    def data_version(self) -> int:
        return self.version


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Polls; fails the test when it does not come true within PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


class City:
    """`python -m sync.city` on a database of its own, driven from outside like a city's."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite:///{folder}/city.sqlite"
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sync.city", *arguments, "--database", self.database],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.command(*arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def code(self, *arguments: str) -> str:
        return str(self.lines("enrol-code", *arguments)[0]["code"])

    def start(self, *arguments: str) -> City:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sync.city", "serve", *arguments),
                *(f"--port={self.port}", f"--database={self.database}"),
            ],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: answers(self.port), "the city answers")
        return self

    def stop(self, sig: int = signal.SIGKILL) -> str:
        """Ends the server; returns what it wrote on stderr."""
        assert self.process is not None
        self.process.send_signal(sig)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        self.process = None
        return said


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return line.recv(12).startswith(b"HTTP/1.1 404")
    except OSError:
        return False


@contextlib.contextmanager
def running_city(folder: Path, *arguments: str) -> Iterator[City]:
    city = City(folder).start(*arguments)
    try:
        yield city
    finally:
        if city.process is not None:
            city.stop()


Fault = Literal["none", "lose_reply", "hold_reply", "refuse"]


class BadLine:
    """A TCP line to the city that can lose replies after the city has sent them."""

    def __init__(self, to_port: int, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.fault: Fault = "none"
        self.reply_seen = threading.Event()  # the city has answered (so it has committed)
        self._to_port = to_port
        self._server = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _wrapped(self, client: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(client, server_side=True) if self._tls else client

    def _carry(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), self._wrapped(client) as client:
            if self.fault == "refuse":
                return
            with socket.create_connection(("127.0.0.1", self._to_port)) as city:
                while True:
                    for ready in select.select([client, city], [], [])[0]:
                        data = ready.recv(65536)
                        while isinstance(ready, ssl.SSLSocket) and ready.pending():
                            data += ready.recv(65536)
                        if not data:
                            return
                        if ready is client:
                            city.sendall(data)
                            continue
                        fault = self.fault
                        self.reply_seen.set()
                        if fault == "lose_reply":
                            return
                        if fault == "hold_reply":
                            client.recv(1)  # until the client goes away
                            return
                        client.sendall(data)


class OneAnswer:
    """A stranger on the way (portal, proxy): the same bytes to everybody, slowly if asked."""

    def __init__(self, answer: bytes | Callable[[bytes], bytes], *, pause_s: float = 0.0) -> None:
        self._answer = answer if callable(answer) else lambda request: answer
        self._pause_s = pause_s
        self.asked: list[bytes] = []
        self.sent_bytes = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_one, args=(client,), daemon=True).start()

    def _answer_one(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self.asked.append(client.recv(65536))
            answer = self._answer(self.asked[-1])
            if not self._pause_s:
                client.sendall(answer)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
                return
            for byte in answer:
                client.sendall(bytes([byte]))
                self.sent_bytes += 1
                time.sleep(self._pause_s)


def http_answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
