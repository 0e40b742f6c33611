"""A real thin line: the kiosk in a network namespace of its own, behind 30 % loss or a 2G link.

    python -m tests.faults.thin_line --line loss --errands 60
    python -m tests.faults.thin_line --line 2g --errands 200

`loss`: nftables drops 30 of 100 packets of either direction (`numgen random`). `2g`: a token
bucket of 20 kbit/s either way (`tc tbf`; netem is not in every kernel). Kernel TCP, real sockets.
The kiosk speaks https with a certificate of its own authority, since plain http is for loopback.
`2g` also files one errand while a backlog drains: it must not wait behind it. Needs root.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import datetime as dt
import ipaddress
import os
import random
import shutil
import signal
import ssl
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

from kiosk.domain.transaction import Draft  # noqa: E402
from sync import enrolment  # noqa: E402
from sync.agent import Agent, Summary  # noqa: E402
from tests.faults.invariants import Breach, breaches, figures  # noqa: E402
from tests.faults.loop_disk import run as command  # noqa: E402
from tests.faults.world import (  # noqa: E402
    Kiosk,
    World,
    collected,
    in_child,
    printed,
    speak_via,
    started,
    world,
)
from tests.sync_support import free_port  # noqa: E402

HERE, THERE = "10.203.113.1", "10.203.113.2"  # the city's end, the kiosk's
LINES = {"loss": ("nft",), "2g": ("tc",)}  # and the tool each needs
LOSS_PERCENT = 30
RATE = "20kbit"
CLONE_NEWNET = 0x40000000
ROUNDS_MOST = 30
URGENT_AFTER_S = 3.0  # a backlog is on its way by then
PATIENCE_S = 400.0
ANSWER_CHARS = 300


def why_not(line: str) -> str:
    """Why there is no such line to be had here; "" when there is."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    path = os.environ.get("PATH", "") + ":/sbin:/usr/sbin"
    for tool in ("ip", *LINES[line]):
        if not shutil.which(tool, path=path):
            return f"{tool} is missing"
    try:
        with namespace(line):
            return ""
    except OSError as error:
        return str(error)


@contextlib.contextmanager
def namespace(line: str) -> Iterator[str]:
    """A network namespace at the other end of a line; its name."""
    name = f"kiosk{os.getpid()}"
    here, there = f"kh{os.getpid()}"[:15], f"kt{os.getpid()}"[:15]
    inside = ("ip", "netns", "exec", name)
    command("ip", "netns", "add", name)
    try:
        command("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        command("ip", "addr", "add", f"{HERE}/30", "dev", here)
        command("ip", "link", "set", here, "up")
        command(*inside, "ip", "addr", "add", f"{THERE}/30", "dev", there)
        command(*inside, "ip", "link", "set", there, "up")
        command(*inside, "ip", "link", "set", "lo", "up")
        if line == "loss":
            drop = f"numgen random mod 100 < {LOSS_PERCENT} drop"
            rules = "".join(
                f"chain {way} {{ type filter hook {way} priority 0; {side}name != lo {drop}\n}}\n"
                for way, side in (("input", "iif"), ("output", "oif"))
            )
            done = subprocess.run(
                [*inside, "nft", "-f", "-"],
                input=f"table inet thin {{\n{rules}}}\n",
                text=True,
                capture_output=True,
            )
            if done.returncode:
                raise OSError(f"nft: {done.stderr.strip()}")
        else:
            bucket = ("tbf", "rate", RATE, "burst", "3kb", "latency", "2000ms")
            command("tc", "qdisc", "add", "dev", here, "root", *bucket)
            command(*inside, "tc", "qdisc", "add", "dev", there, "root", *bucket)
        yield name
    finally:
        with contextlib.suppress(OSError):
            command("ip", "link", "del", here)
        command("ip", "netns", "del", name)


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) for the city's address, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "city")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "city.pem").write_bytes(made.public_bytes(pem))
    (folder / "city.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "city.pem", folder / "city.key"


# --- both ends ------------------------------------------------------------------------------------
def front(port: int, folder: Path, city_port: int) -> None:
    """In a child, until killed: TLS on this side of the line, carried to the city on loopback."""
    signal.alarm(0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "city.pem", folder / "city.key")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        city_reader, city_writer = await asyncio.open_connection("127.0.0.1", city_port)
        await asyncio.gather(carry(reader, city_writer), carry(city_reader, writer))

    async def main() -> None:
        server = await asyncio.start_server(meet, HERE, port, ssl=context)
        async with server:
            await server.serve_forever()

    asyncio.run(main())


def enter(name: str) -> None:
    """This process (a child) moves to the other end of the line."""
    descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(descriptor)


def file_many(kiosk: Kiosk, count: int, seed: int) -> None:
    """In a child: errands whose answers do not compress to nothing."""
    rng, opened = random.Random(seed), kiosk.open()
    for _ in range(count):
        said = "".join(rng.choices(string.ascii_letters + " ", k=ANSWER_CHARS))
        opened.accept(Draft("application", "sktm", {"name": "Contoh Warga", "purpose": said}))


def speak(kiosk: Kiosk, name: str, url: str, ca_file: Path) -> Summary:
    """In a child: one round over the thin line."""
    enter(name)
    opened = kiosk.open()
    speak_via(opened, url)
    transport = enrolment.transport_of(opened.outbox, kiosk.home, ca_file=ca_file)
    return Agent(opened.outbox, transport).once()


def places(made: World, urgent: str) -> tuple[int, int]:
    """At the city: the place of the urgent errand, and how many there are."""
    ids = [one.id for one in made.city.seen().envelopes]
    return (ids.index(urgent) + 1 if urgent in ids else 0), len(ids)


def run(line: str, errands: int, seed: int) -> dict[str, Any]:
    began = time.monotonic()
    rounds, place, held = 0, 0, 0
    waits: list[str] = []
    with world(seed) as made, namespace(line) as name:
        made.city.publish(0)
        made.city.start()
        ca_file, _ = certificate(made.folder)
        port = free_port()
        child, pipe = started(lambda: front(port, made.folder, made.city.port))
        os.close(pipe)
        url = f"https://{HERE}:{port}"
        kiosk = made.add_kiosk()
        kiosk.enrol(made.city)
        in_child(lambda: file_many(kiosk, errands, seed))
        summary = Summary(left=errands)
        urgent = ""
        while summary.left and rounds < ROUNDS_MOST:
            rounds += 1
            speaking, pipe = started(lambda: speak(kiosk, name, url, ca_file))
            if rounds == 1 and line == "2g":
                time.sleep(URGENT_AFTER_S)
                kiosk.submit(1)
                urgent = kiosk.promised()[-1].id
            summary = collected(speaking, pipe, PATIENCE_S).result or Summary()
            waits.append(summary.why or "went well")
        if urgent:
            place, held = places(made, urgent)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        took_s = time.monotonic() - began
        found = [Breach(7, f"{summary.left} left after {rounds} rounds")] if summary.left else []
        found += breaches(made.settle())
    return {
        "name": f"thin_line_{line}",
        "seed": seed,
        "errands": errands,
        "rounds": rounds,
        "said": waits,
        "urgent_place": place,
        "of": held,
        "drained_in_s": round(took_s, 1),
        **figures(found),
        "breaches": [str(breach) for breach in found[:10]],
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--line", choices=list(LINES), default="loss")
    parser.add_argument("--errands", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if reason := why_not(given.line):
        print(f"thin_line: {reason}", file=sys.stderr)
        return 2
    return printed(run(given.line, given.errands, given.seed))


if __name__ == "__main__":
    raise SystemExit(main())
