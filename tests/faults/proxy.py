"""A bad line to the city: each request meets one fault, drawn by the seed. HTTP/1.1 only.

It understands as much HTTP as it takes to know where a request and a reply end. A fault may fall
before the city has heard the request or after it has committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HOLD_S = 30.0  # longer than any deadline of a test
DRIP_S = 0.02
LATE_S = 0.6
PORTAL = b"<html><body>Selamat datang. Silakan login Wi-Fi.</body></html>"
JSON = "Content-Type: application/json"
HTML = "Content-Type: text/html"

FAULTS = (
    "none",
    "refused",  # closed before a word
    "half open before",  # taken, never passed on, never answered
    "half open after",  # passed on and committed, never answered
    "reset before",
    "reset after",
    "reply cut",
    "drip",
    "portal 302",
    "portal 200",
    "portal as json",
    "storm 503",
    "storm 429",
    "storm 500",
    "old reply",  # the city's true reply, but to an earlier request
    "reply altered",
    "request twice",  # replayed; the second reply is passed on
    "request late",  # given up by the kiosk, and delivered afterwards
    "request altered",
)


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


STRANGERS = {
    "portal 302": answer("302 Found", b"", "Location: http://127.0.0.1:9/login", HTML),
    "portal 200": answer("200 OK", PORTAL, HTML),
    "portal as json": answer("200 OK", PORTAL, JSON),
    "storm 503": answer("503 Service Unavailable", b"later", "Retry-After: 1", HTML),
    "storm 429": answer("429 Too Many Requests", b"", "Retry-After: 2"),
    "storm 500": answer("500 Internal Server Error", b"oops", HTML),
}


@dataclass
class Proxy:
    port: int
    city_port: int
    seed: int
    faults: tuple[str, ...] = FAULTS
    notes: Path | None = None  # one line a request: the fault it met
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._replies: dict[bytes, bytes] = {}  # the last true reply by request line

    def serve(self) -> None:
        """Until killed."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        async with server:
            await server.serve_forever()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                first = await reader.readuntil(b"\r\n\r\n")  # keep-alive: many in one connection
                request = first + await _body_of(first, reader)
                fault = self._rng.choice(self.faults)
                self.met[fault] += 1
                if self.notes is not None:
                    with self.notes.open("a") as notes:
                        notes.write(f"{fault}\n")
                if not await self._play(fault, request, writer):
                    break
        writer.close()

    async def _play(self, fault: str, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection has come to its end."""
        line = request.split(b"\r\n", 1)[0]
        if fault == "refused":
            return False
        if fault == "half open before":
            await asyncio.sleep(HOLD_S)
            return False
        if fault == "reset before":
            return _reset(writer)
        if fault in STRANGERS:
            writer.write(STRANGERS[fault])
            await writer.drain()
            return False
        if fault == "request late":
            asyncio.get_running_loop().call_later(
                LATE_S, lambda: asyncio.ensure_future(self._city(request))
            )
            return False
        if fault == "request altered":
            request = self._flipped(request, keep=len(line) + 2)
        reply = await self._city(request)
        if fault == "request twice":
            reply = await self._city(request)
        older, self._replies[line] = self._replies.get(line), reply
        if fault == "half open after":
            await asyncio.sleep(HOLD_S)
            return False
        if fault == "reset after":
            return _reset(writer)
        if fault == "old reply" and older is not None:
            reply = older
        if fault == "reply altered":
            reply = self._flipped(reply, keep=reply.find(b"\r\n\r\n") + 4)
        if fault == "reply cut":
            writer.write(reply[: self._rng.randrange(1, len(reply))])
            await writer.drain()
            return False
        if fault == "drip":
            for byte in reply:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(DRIP_S)
            return False
        writer.write(reply)
        await writer.drain()
        return True

    def _flipped(self, data: bytes, keep: int) -> bytes:
        """One bit is another one, after the first `keep` bytes."""
        if len(data) <= keep:
            return data
        at = self._rng.randrange(keep, len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._rng.randrange(7)]) + data[at + 1 :]

    async def _city(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.city_port)
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        reply = head + await _body_of(head, reader)
        writer.close()
        return reply


async def _body_of(head: bytes, reader: asyncio.StreamReader) -> bytes:
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return await reader.readexactly(int(found.group(1))) if found else b""


def _reset(writer: asyncio.StreamWriter) -> bool:
    """RST instead of a goodbye."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


def serving(made: Proxy) -> Callable[[], None]:
    return made.serve
