"""A listening ESC/POS printer: takes bytes as a real one does, answers for its state, can lose its
paper or its cable, and shows what came out as a picture.

It knows only the commands that are meant to be used; any other byte is a fault and is kept in
`unknown`, as it would print nonsense.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

CELL = (12, 24)  # dots of one letter of font A
DOTS = {58: 384, 80: 576}


def _font(size: int) -> Any:
    """A printer's letters are all of one width; without such a font any will do."""
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
    return ImageFont.truetype(path, size) if path.exists() else ImageFont.load_default(size=size)


@dataclass
class Printed:
    """One paper, cut off. `lines` as (text, size, bold, align); `pictures` are rasters."""

    lines: list[tuple[str, int, bool, str]] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)
    order: list[tuple[str, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line[0] for line in self.lines)

    def save(self, path: Path, width_mm: int) -> Path:
        """The paper as a PNG, one dot a pixel."""
        wide = DOTS[width_mm]
        high = sum(
            CELL[1] * self.lines[place][1] + 6 if kind == "line" else self.pictures[place].height
            for kind, place in self.order
        )
        sheet = Image.new("L", (wide + 40, high + 60), 255)
        pen, y = ImageDraw.Draw(sheet), 30
        for kind, place in self.order:
            if kind == "picture":
                picture = self.pictures[place]
                sheet.paste(picture.convert("L"), (20 + (wide - picture.width) // 2, y))
                y += picture.height
                continue
            text, size, bold, align = self.lines[place]
            font = _font(20 * size)
            step = CELL[0] * size
            x = 20 + ((wide - step * len(text)) // 2 if align == "center" else 0)
            for sign in text:
                pen.text((x + step / 2, y), sign, 0, font, anchor="ma", stroke_width=int(bold))
                x += step
            y += CELL[1] * size + 6
        sheet.save(path)
        return path


class ListeningPrinter:
    """`unplug` takes the cable out (also in the middle of a paper, with `unplug_after` bytes);
    `paper_out_after` bytes the roll ends. `mute` answers nothing. `slow_s` is per answer."""

    def __init__(self, port: int = 0) -> None:
        self.papers: list[Printed] = []
        self.unknown: list[bytes] = []
        self.paper_out = self.paper_low = self.cover_open = self.mute = False
        self.paper_out_after: int | None = None
        self.unplug_after: int | None = None
        self._port = port
        self._server: socket.socket | None = None
        self._lines: set[socket.socket] = set()
        self.plug()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def plug(self) -> None:
        if self._server is not None:
            return
        self.unplug_after = None
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", self._port))
        server.listen()
        self._port, self._server = server.getsockname()[1], server
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()

    def unplug(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def new_roll(self) -> None:
        self.paper_out, self.paper_out_after = False, None

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            self._lines.add(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        reader = _Reader(self, line)
        with contextlib.suppress(OSError, EOFError), line:
            while self._server is not None:
                reader.command()
        reader.end()
        self._lines.discard(line)


class _Reader:
    """One connection: commands in, answers out, papers cut."""

    def __init__(self, printer: ListeningPrinter, line: socket.socket) -> None:
        self._printer, self._line = printer, line
        self._taken = 0
        self._page = Printed()
        self._text, self._size, self._bold, self._align = bytearray(), 1, False, "left"

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._line.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        self._taken += count
        after = self._printer.unplug_after
        if after is not None and self._taken >= after:
            self._printer.unplug()
            raise EOFError
        rest = self._printer.paper_out_after
        if rest is not None and self._taken >= rest:
            self._printer.paper_out = True
        return data

    def _answer(self, byte: int) -> None:
        if not self._printer.mute:
            self._line.sendall(bytes([byte]))

    def end(self) -> None:
        """The line was closed: what is out is out, unless the cable was pulled."""
        if self._printer._server is not None:
            self._cut()

    def command(self) -> None:
        first = self._take(1)
        if first == b"\x10":
            self._realtime(self._take(2))
        elif first == b"\x1b":
            self._escape(self._take(1))
        elif first == b"\x1d":
            self._group(self._take(1))
        elif first == b"\n":
            self._feed()
        elif b" " <= first <= b"~":
            self._text += first
        else:
            self._printer.unknown.append(first)

    def _realtime(self, asked: bytes) -> None:
        at = self._printer
        if asked == b"\x04\x01":
            self._answer(0x12 | (0x08 if at.paper_out or at.cover_open else 0))
        elif asked == b"\x04\x02":
            cover, stopped = 0x04 * at.cover_open, 0x20 * at.paper_out
            self._answer(0x12 | cover | stopped)
        elif asked == b"\x04\x04":
            self._answer(0x12 | 0x60 * at.paper_out | 0x0C * (at.paper_low or at.paper_out))
        else:
            at.unknown.append(b"\x10" + asked)

    def _escape(self, kind: bytes) -> None:
        if kind == b"@":
            self._size, self._bold, self._align = 1, False, "left"
        elif kind == b"a":
            self._align = {0: "left", 1: "center", 2: "right"}[self._take(1)[0]]
        elif kind == b"E":
            self._bold = bool(self._take(1)[0])
        elif kind == b"!":
            mode = self._take(1)[0]
            self._size, self._bold = (2 if mode & 0x30 else 1), bool(mode & 0x08) or self._bold
        elif kind == b"d":
            for _ in range(self._take(1)[0]):
                self._feed()
        elif kind in (b"-", b"M", b"t", b"G", b"{", b"2"):
            if kind != b"2":
                self._take(1)
        else:
            self._printer.unknown.append(b"\x1b" + kind)

    def _group(self, kind: bytes) -> None:
        if kind == b"!":
            self._size = (self._take(1)[0] & 0x07) + 1
        elif kind == b"B":
            self._take(1)
        elif kind == b"V":
            if self._take(1)[0] in (65, 66):
                self._take(1)
            self._cut()
        elif kind == b"r":
            self._take(1)
            if self._printer.paper_out:
                return  # it stands still; this is answered when there is paper again
            self._cut()  # a small printer has no knife: the paper is torn off here
            self._answer(0x00)
        elif kind == b"v":
            self._raster()
        else:
            self._printer.unknown.append(b"\x1d" + kind)

    def _raster(self) -> None:
        _, _, low_x, high_x, low_y, high_y = self._take(6)
        wide, high = low_x + 256 * high_x, low_y + 256 * high_y
        data = self._take(wide * high)
        picture = Image.frombytes("1", (wide * 8, high), bytes(255 - one for one in data))
        self._page.order.append(("picture", len(self._page.pictures)))
        self._page.pictures.append(picture)

    def _feed(self) -> None:
        if self._printer.paper_out:
            self._text.clear()
            return
        line = (self._text.decode("ascii"), self._size, self._bold, self._align)
        self._page.order.append(("line", len(self._page.lines)))
        self._page.lines.append(line)
        self._text.clear()

    def _cut(self) -> None:
        if not self._printer.paper_out and self._page.order:
            self._printer.papers.append(self._page)
        self._page = Printed()
