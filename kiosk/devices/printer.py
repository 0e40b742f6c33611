"""An ESC/POS printer over the network, USB or a device file: asked before, asked after.

It is asked for its state first; then the paper is sent with a last question behind it, which a
printer answers only when everything before it has been printed. Only that answer confirms.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from escpos.exceptions import Error as EscposError
from escpos.printer import File, Network, Usb

from kiosk.config import PrinterSettings
from kiosk.devices.paper import WIDTHS, escpos_bytes
from kiosk.domain.paper import Paper, PrintProblem

CONNECT_S = 3.0
ANSWER_S = 3.0  # a printer answers DLE EOT within milliseconds, whatever it is doing
PRINTED_S, LOOK_S = 20.0, 1.0  # for a paper of half a metre

# DLE EOT n is answered at once, GS r 1 in its turn. Bits as Epson's manual numbers them.
ASK_PRINTER, ASK_OFFLINE, ASK_PAPER = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"
ASK_WHEN_PRINTED = b"\x1d\x72\x01"
OFFLINE, COVER_OPEN, STOPPED, FAULT = 0x08, 0x04, 0x20, 0x40
PAPER_END, PAPER_LOW = 0x60, 0x0C
PAPER_END_IN_TURN, AT_ONCE = 0x0C, 0x12
LPGETSTATUS = 0x060B  # Linux: the state lines of a printer at /dev/usb/lp*
LP_NO_PAPER, LP_NO_FAULT = 0x20, 0x08


class NotPrinted(Exception):
    """Nothing, or nobody knows what, came out."""

    def __init__(self, problem: PrintProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class Printer:
    """Opened for each paper: a printer that was off is found again when it is on."""

    def __init__(self, settings: PrinterSettings) -> None:
        self.settings = settings

    def state(self) -> PrintProblem | Literal["", "paper_low"]:
        """What hinders it now; "" for nothing. Raises nothing."""
        try:
            with self._open() as line:
                return "paper_low" if self._ask(line) else ""
        except NotPrinted as error:
            return error.problem

    def print(self, paper: Paper) -> bool:
        """Returns when it is out: True when the printer said so, False when it never says.
        Raises NotPrinted."""
        data = escpos_bytes(paper, self.settings.width_mm)
        with self._open() as line:
            self._ask(line)
            try:
                line.send(data)
                if not self._talks:
                    return False
                self._wait_until_printed(line)
            except NotPrinted as error:
                raise NotPrinted(self._why(error.problem)) from None
        return True

    def _wait_until_printed(self, line: _Wire) -> None:
        """The answer in its turn; meanwhile a printer that stands still is asked why."""
        line.send(ASK_WHEN_PRINTED)
        for _ in range(round(PRINTED_S / LOOK_S)):
            try:
                answer = line.answer(LOOK_S)
            except NotPrinted as error:
                if error.problem != "silent":
                    raise
                line.send(ASK_PAPER)
                continue
            at_once = answer & AT_ONCE == AT_ONCE
            if answer & (PAPER_END if at_once else PAPER_END_IN_TURN):
                raise NotPrinted("paper_out")
            if not at_once:
                return
        raise NotPrinted("cut")

    @property
    def _talks(self) -> bool:
        return self.settings.answers and self.settings.kind != "file"

    def _why(self, problem: PrintProblem) -> PrintProblem:
        """It broke off in the middle: for a reason that it can name, or `cut`."""
        with contextlib.suppress(NotPrinted), self._open() as line:
            try:
                self._ask(line)
            except NotPrinted as error:
                if error.problem in ("paper_out", "cover"):
                    return error.problem
        return "cut" if problem in ("silent", "off") else problem

    def _ask(self, line: _Wire) -> bool:
        """Whether the paper is nearly used up. Raises NotPrinted when it cannot print."""
        if self.settings.kind == "file":
            _ask_device(self.settings.address)
            return False
        if not self._talks:
            return False
        paper = self._answer(line, ASK_PAPER)
        if paper & PAPER_END == PAPER_END:
            raise NotPrinted("paper_out")
        if self._answer(line, ASK_PRINTER) & OFFLINE:
            why = self._answer(line, ASK_OFFLINE)
            if why & COVER_OPEN:
                raise NotPrinted("cover")
            raise NotPrinted("paper_out" if why & STOPPED else "offline")
        return bool(paper & PAPER_LOW == PAPER_LOW)

    def _answer(self, line: _Wire, question: bytes) -> int:
        line.send(question)
        return line.answer(ANSWER_S)

    @contextmanager
    def _open(self) -> Iterator[_Wire]:
        device = _device(self.settings)
        try:
            device.open()
        except (EscposError, OSError, AssertionError, ValueError):
            raise NotPrinted("off") from None
        try:
            yield _Wire(device)
        finally:
            with contextlib.suppress(Exception):  # whatever USB stack or socket says at the end
                device.close()


class _Wire:
    """Bytes to a printer and single bytes back."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def send(self, data: bytes) -> None:
        try:
            self._device._raw(data)
        except OSError as error:  # pyusb's error is one too
            gone = error.errno == errno.ENOSPC
            raise NotPrinted("paper_out" if gone else "cut") from None

    def answer(self, within_s: float) -> int:
        if isinstance(self._device, Network):
            self._device.device.settimeout(within_s)
        elif isinstance(self._device, Usb):
            self._device.timeout = round(within_s * 1000)
        try:
            data = bytes(self._device._read())
        except OSError:
            raise NotPrinted("silent") from None
        if not data:
            raise NotPrinted("cut")
        return data[0]


def _device(settings: PrinterSettings) -> Any:
    profile = WIDTHS[settings.width_mm][0]
    if settings.kind == "network":
        host, _, port = settings.address.rpartition(":")
        return Network(host, int(port), timeout=CONNECT_S, profile=profile)
    if settings.kind == "usb":
        vendor, _, product = settings.address.partition(":")
        milliseconds = round(ANSWER_S * 1000)
        return Usb(int(vendor, 16), int(product, 16), timeout=milliseconds, profile=profile)
    return File(settings.address, profile=profile)


def _ask_device(path: str) -> None:
    """A printer at a device file has two lines of its own for paper and fault."""
    try:
        if not stat.S_ISCHR(os.stat(path).st_mode):
            return
        with open(path, "rb", buffering=0) as file:
            answer = bytearray(4)
            fcntl.ioctl(file, LPGETSTATUS, answer)
    except OSError:
        return  # no printer's device file: writing will tell
    if answer[0] & LP_NO_PAPER:
        raise NotPrinted("paper_out")
    if not answer[0] & LP_NO_FAULT:
        raise NotPrinted("offline")
