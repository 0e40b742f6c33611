"""Power cuts: the image of a mounted ext4 is copied while a kiosk accepts errands.

    python -m tests.faults.power_cuts --cuts 200 --seed 1

What stands in the copy is what the disk would hold after a cut at that moment: only what was
flushed, and whatever the kernel happened to write back. The kiosk is stopped for the copy, so
that the list of promises and the copy belong to one instant. The copy is mounted (ext4 replays
its journal) and opened by the kiosk's own door; every promised errand must be there.
Control in the same image: a line written with fsync must always be there; a line written without
must be missing at least once, or the copies would prove nothing. Needs root.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from tests.faults.invariants import Breach, CitySeen, Promise, Seen, breaches, figures  # noqa: E402
from tests.faults.loop_disk import make_ext4, mounted, why_not  # noqa: E402
from tests.faults.world import (  # noqa: E402
    DRAFT,
    SURVEY,
    TICKET,
    Open,
    in_child,
    kiosk_seen,
    printed,
    started,
)

ERRAND_PAUSE_S = 0.004
MEETS_S = 0.25  # a cut falls at most so long after the one before it


def work(disk: Path, told: int, weakened: bool) -> None:
    """In a child, until killed: accepts errands, and keeps two plain files beside the database."""
    if weakened:
        from kiosk.store import connection

        connection.PRAGMAS = tuple(
            ("synchronous", "OFF", 0) if name == "synchronous" else (name, value, meant)
            for name, value, meant in connection.PRAGMAS
        )
    signal.alarm(0)
    opened = Open(disk / "home")
    number = 0
    with (disk / "flushed").open("ab", 0) as flushed, (disk / "lazy").open("ab", 0) as lazy:
        while True:
            id_ = opened.accept((DRAFT, TICKET, DRAFT, SURVEY)[number % 4])
            os.write(told, f"errand {id_}\n".encode())
            flushed.write(b"%015d\n" % number)
            os.fsync(flushed.fileno())
            os.write(told, f"flushed {number}\n".encode())
            lazy.write(b"%015d\n" % number)
            os.write(told, f"lazy {number}\n".encode())
            number += 1
            time.sleep(ERRAND_PAUSE_S)


@dataclass
class Cuts:
    promised: list[Promise] = field(default_factory=list)
    flushed: int = -1
    lazy: int = -1
    found: list[Breach] = field(default_factory=list)
    flushed_lost: int = 0
    lazy_lost: int = 0
    unreadable: list[str] = field(default_factory=list)

    def hear(self, told: int) -> None:
        """Everything the child has said up to now."""
        text = b""
        while True:
            try:
                piece = os.read(told, 65536)
            except BlockingIOError:
                break
            if not piece:
                break
            text += piece
        for line in text.decode().splitlines():
            what, value = line.split()
            if what == "errand":
                self.promised.append(Promise(value))
            else:
                setattr(self, what, int(value))

    def look(self, disk: Path) -> None:
        self.flushed_lost += _lines(disk / "flushed") <= self.flushed
        self.lazy_lost += _lines(disk / "lazy") <= self.lazy
        kiosk = in_child(lambda: kiosk_seen(disk / "home")).result
        assert kiosk is not None
        if kiosk.out_of_order:
            self.unreadable.append(kiosk.out_of_order)
        self.found += breaches(Seen(self.promised, [kiosk], CitySeen()))


def _lines(path: Path) -> int:
    """Whole lines; ext4 may leave zeros where nothing arrived."""
    return sum(len(line) == 15 and line.isdigit() for line in path.read_bytes().split(b"\n")[:-1])


def run(cuts: int, seed: int, weakened: bool, within_s: float = 3600.0) -> dict[str, Any]:
    began = time.monotonic()
    rng = random.Random(seed)
    seen, made = Cuts(), 0
    where = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="kiosk-cuts-", dir=where) as folder:
        image, copy = Path(folder) / "disk.img", Path(folder) / "cut.img"
        make_ext4(image)
        with mounted(image, Path(folder) / "disk") as disk:
            in_child(lambda: Open(disk / "home").db.close())
            os.sync()
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            child, pipe = started(lambda: work(disk, writing, weakened))
            os.close(pipe)
            try:
                while not seen.promised:
                    time.sleep(0.01)
                    seen.hear(reading)
                while made < cuts:
                    made += 1
                    if time.monotonic() - began > within_s:
                        break
                    time.sleep(rng.random() * MEETS_S)
                    os.kill(child, signal.SIGSTOP)
                    os.waitpid(child, os.WUNTRACED)
                    seen.hear(reading)
                    shutil.copyfile(image, copy)
                    os.kill(child, signal.SIGCONT)
                    with mounted(copy, Path(folder) / "after") as after:
                        seen.look(after)
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
    return {
        "name": "power_cuts",
        "seed": seed,
        "weakened": weakened,
        "cuts": made,
        "promised": len(seen.promised),
        "control_flushed_lost": seen.flushed_lost,
        "control_lazy_lost": seen.lazy_lost,
        "unreadable": seen.unreadable[:5],
        **figures(seen.found),
        "breaches": [str(breach) for breach in seen.found[:10]],
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weakened", action="store_true", help="planted: no flush at a commit")
    parser.add_argument("--within-s", type=float, default=3600.0, help="ends earlier than that")
    given = parser.parse_args(arguments)
    if reason := why_not():
        print(f"power_cuts: {reason}", file=sys.stderr)
        return 2
    return printed(run(given.cuts, given.seed, given.weakened, given.within_s))


if __name__ == "__main__":
    raise SystemExit(main())
