"""One bit of the database is wrong: in the file, or in its write-ahead log.

    python -m tests.faults.bit_flips --flips 400 --seed 1

A home with errands in both files; each turn flips one bit of a copy and opens it by the kiosk's
own door. Either everything is there with its bytes, or the kiosk says so: an E-code on its screen,
a row that its digest betrays (it is told to the city as damaged), or, as SQLite ends the log at the
first frame whose checksum is wrong without a word, a new epoch and the files put aside. What is
gone without a word is `lost`. Every fourth flip of the log meets a kiosk without its mark: then the
very last commit may go as one that a power cut tore (`last_commit_torn`), and no other.
With --unmarked a bug is planted: nobody looks at the log or the mark.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from kiosk.store import lost, mark  # noqa: E402
from kiosk.store.connection import DATABASE_NAME  # noqa: E402
from tests.faults.invariants import CitySeen, KioskSeen, Promise, Seen, breaches  # noqa: E402
from tests.faults.world import DRAFT, Open, in_child, kiosk_seen, printed  # noqa: E402

ERRANDS_IN_FILE, ERRANDS_IN_LOG = 60, 30
LEFT_OPEN: list[Open] = []
LOG_NAME = f"{DATABASE_NAME}-wal"


def filled(home: Path) -> list[str]:
    """In a child that ends without closing: so many errands in the file, so many in the log."""
    opened = Open(home)
    LEFT_OPEN.append(opened)  # closing it would empty the log
    ids = [opened.accept(DRAFT) for _ in range(ERRANDS_IN_FILE)]
    opened.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ids += [opened.accept(DRAFT) for _ in range(ERRANDS_IN_LOG)]
    return ids


def looked_at(home: Path, blind: bool) -> KioskSeen:
    if blind:
        lost.look_at_log = lambda *_given: 0
        mark.read = lambda home: None
    return kiosk_seen(home)


def run(flips: int, seed: int, watched: bool, blind: bool = False) -> dict[str, Any]:
    began = time.monotonic()
    rng = random.Random(seed)
    kinds = ("whole", "refused", "betrayed_by_digest", "log_tail_said", "last_commit_torn")
    counts = dict.fromkeys(kinds, 0)
    gone: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kiosk-flips-") as folder:
        template, home = Path(folder) / "template", Path(folder) / "home"
        ids = in_child(lambda: filled(template)).result
        assert ids is not None
        for number in range(flips):
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(template, home)
            (home / f"{DATABASE_NAME}-shm").unlink(missing_ok=True)
            name = LOG_NAME if number % 2 else DATABASE_NAME
            bit = rng.randrange((home / name).stat().st_size * 8)
            with (home / name).open("r+b") as file:
                file.seek(bit // 8)
                byte = file.read(1)[0]
                file.seek(bit // 8)
                file.write(bytes([byte ^ 1 << bit % 8]))
            if not (marked := number % 8 != 7):
                (home / mark.NAME).unlink()
            kiosk = in_child(lambda: looked_at(home, blind)).result
            assert kiosk is not None
            if kiosk.out_of_order and watched:
                counts["refused"] += 1
                continue
            missing = breaches(Seen([Promise(id_) for id_ in ids], [kiosk], CitySeen()))
            there = {row.id for row in kiosk.rows}
            if not missing:
                counts["whole"] += 1
            elif all(breach.where in there for breach in missing):
                counts["betrayed_by_digest"] += 1
            elif kiosk.said:
                counts["log_tail_said"] += 1
            elif name == LOG_NAME and not marked and [one.where for one in missing] == ids[-1:]:
                counts["last_commit_torn"] += 1
            else:
                gone.append(f"bit {bit} of {name}")
    return {
        "name": "bit_flips",
        "seed": seed,
        "flips": flips,
        **counts,
        "lost": len(gone),
        "doubled": 0,
        "silently_stuck": 0,
        "breaches": gone[:10],
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--flips", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unwatched", action="store_true", help="planted: nobody sees an E-code")
    parser.add_argument("--unmarked", action="store_true", help="planted: nobody looks at the log")
    given = parser.parse_args(arguments)
    return printed(run(given.flips, given.seed, not given.unwatched, given.unmarked))


if __name__ == "__main__":
    raise SystemExit(main())
