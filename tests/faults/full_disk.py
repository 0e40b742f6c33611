"""The disk is full: at every offset near full, on a small tmpfs.

    python -m tests.faults.full_disk --step-bytes 4096 --seed 1

For each offset a filler leaves so many bytes free, less with every turn; the kiosk opens, accepts
errands and writes acknowledgements until it is refused. A refusal must be one of the store's own
words; what was promised before it must be there when the disk has room again, with its bytes, and
the kiosk must accept again. Its own limit (`check_room`) is switched off, so that SQLite itself
meets the end. With --forgetful a bug is planted: a full disk is taken for success. Needs root.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from kiosk.store.problems import DatabaseUnusable, TryLater  # noqa: E402
from tests.faults.invariants import (  # noqa: E402
    Breach,
    CitySeen,
    Promise,
    Seen,
    breaches,
    figures,
)
from tests.faults.loop_disk import small_disk, why_not  # noqa: E402
from tests.faults.world import (  # noqa: E402
    DRAFT,
    SURVEY,
    TICKET,
    Open,
    in_child,
    kiosk_seen,
    printed,
)

DISK_BYTES = 3 * 1024 * 1024
FREE_MOST_BYTES = 384 * 1024  # from here down to nothing; more was never used up in a turn
ERRANDS = 40
BLOCK_BYTES = 4096


def until_full(home: Path, seed: int, forgetful: bool) -> tuple[list[str], list[str]]:
    """In a child: ids that were promised, and the words of each refusal."""
    rng = random.Random(seed)
    promised: list[str] = []
    refusals: list[str] = []

    def refused(error: Exception) -> None:
        name = getattr(error, "code", type(error).__name__)
        refusals.append(name)

    try:
        opened = Open(home)
    except (TryLater, DatabaseUnusable) as error:
        refused(error)
        return promised, refusals
    for _ in range(ERRANDS):
        try:
            if promised and rng.random() < 0.3:
                name = rng.choice(promised)
                opened.outbox.record([(name, "stored", 1, None)])
            promised.append(opened.accept(rng.choice((DRAFT, TICKET, SURVEY))))
        except (TryLater, DatabaseUnusable) as error:
            refused(error)
            if forgetful:
                promised.append("00000000-0000-7000-8000-00000000dead")
            break
    opened.db.close()
    return promised, refusals


def again(home: Path) -> str:
    """In a child: room is back; the id of a new errand."""
    opened = Open(home)
    try:
        return opened.accept(DRAFT)
    finally:
        opened.db.close()


def run(step_bytes: int, seed: int, forgetful: bool) -> dict[str, Any]:
    began = time.monotonic()
    rng = random.Random(seed)
    found: list[Breach] = []
    words: dict[str, int] = {}
    offsets = turns_refused = accepted = 0
    with tempfile.TemporaryDirectory(prefix="kiosk-full-") as folder:
        template = Path(folder) / "template"
        in_child(lambda: [Open(template).accept(DRAFT) for _ in range(20)])
        first = in_child(lambda: kiosk_seen(template)).result
        assert first is not None
        before = [Promise(row.id) for row in first.rows]
        for free in range(FREE_MOST_BYTES, -1, -step_bytes):
            offsets += 1
            turn = rng.randrange(2**32)
            with small_disk(Path(folder) / "disk", DISK_BYTES) as disk:
                home = disk / "home"
                shutil.copytree(template, home)
                _fill(disk, free)
                told = in_child(lambda h=home, s=turn: until_full(h, s, forgetful)).result  # type: ignore[misc]
                assert told is not None
                promised, refusals = told
                accepted += len(promised)
                turns_refused += bool(refusals)
                for word in refusals:
                    words[word] = words.get(word, 0) + 1
                (disk / "filler").unlink()
                promises = before + [Promise(name) for name in promised]
                promises.append(Promise(in_child(lambda h=home: again(h)).result or "none"))  # type: ignore[misc]
                kiosk = in_child(lambda h=home: kiosk_seen(h)).result  # type: ignore[misc]
                assert kiosk is not None
                found += breaches(Seen(promises, [kiosk], CitySeen()))
    return {
        "name": "full_disk",
        "seed": seed,
        "planted": forgetful,
        "offsets": offsets,
        "refused_at": turns_refused,
        "refusals": words,
        "promised": accepted,
        **figures(found),
        "breaches": [str(breach) for breach in found[:10]],
        "took_s": round(time.monotonic() - began, 1),
    }


def _fill(disk: Path, free: int) -> None:
    with (disk / "filler").open("wb") as file:
        seen = os.statvfs(disk)
        size = max(0, seen.f_bavail * seen.f_frsize - free)
        os.posix_fallocate(file.fileno(), 0, max(1, size - size % BLOCK_BYTES))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--step-bytes", type=int, default=16 * 1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forgetful", action="store_true", help="planted: full is success")
    given = parser.parse_args(arguments)
    if reason := why_not():
        print(f"full_disk: {reason}", file=sys.stderr)
        return 2
    return printed(run(given.step_bytes, given.seed, given.forgetful))


if __name__ == "__main__":
    raise SystemExit(main())
