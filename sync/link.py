"""Has the network just come back? The kernel tells it; nobody has to ask the city for it."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

NET = Path("/sys/class/net")
# linux/rtnetlink.h, linux/if.h
RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR = 0x1, 0x10, 0x100
RTM_NEWLINK, RTM_NEWADDR = 16, 20
IFF_LOOPBACK, IFF_RUNNING = 0x8, 0x40
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
LINK = struct.Struct("=BxHiII")  # family, type, index, flags, change
READ_BYTES = 65536


class LinkWatch:
    """`came_up()` says whether a cable, a Wi-Fi or an address is new since it was last asked.

    Costs one system call; where netlink is not to be had, it reads each interface's carrier.
    """

    def __init__(self) -> None:
        self._carriers = _carriers()
        self._socket: socket.socket | None = None
        try:
            made = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
            )
            made.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
            self._socket = made
        except OSError:
            pass

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def came_up(self) -> bool:
        if self._socket is None:
            before, self._carriers = self._carriers, _carriers()
            return bool(self._carriers - before)
        up = False
        while True:
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                return up
            except OSError:  # more news than the kernel kept for us: something happened
                return True
            up = up or brings_up(data)


def brings_up(data: bytes) -> bool:
    """Do these netlink messages tell of an interface that runs, or of a new address?"""
    place = 0
    while place + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, place)
        if kind == RTM_NEWADDR:
            return True
        if kind == RTM_NEWLINK and place + HEADER.size + LINK.size <= len(data):
            *_, flags, _change = LINK.unpack_from(data, place + HEADER.size)
            if flags & IFF_RUNNING and not flags & IFF_LOOPBACK:
                return True
        if length < HEADER.size:
            return False
        place += (length + 3) & ~3
    return False


def _carriers() -> frozenset[str]:
    """The interfaces with a carrier."""
    found = set()
    for path in NET.glob("*/carrier"):
        try:
            if path.parent.name != "lo" and path.read_text().strip() == "1":
                found.add(path.parent.name)
        except OSError:  # an interface that is switched off
            continue
    return frozenset(found)
