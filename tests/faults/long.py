"""Every fault run at length, one JSON line each; exit 1 when any promise was broken.

    python -m tests.faults.long                       # the figures of issue 5: hours
    python -m tests.faults.long --scale 0.01          # the same, a hundredth of the counts
    python -m tests.faults.long --only fork_loop --jobs 4 --seed 7

`--jobs` shares the long ones out over processes. `--within-s` bounds each run: the counts in its
line are those really made. What needs root, tools or kernel modules that are missing is named.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# name -> (program, its words with {n} for a scaled count, counts); shared out over --jobs if true
RUNS: tuple[tuple[str, str, dict[str, int], bool], ...] = (
    ("fork_loop", "", {"--kills": 10_000, "--restarts": 500}, True),
    ("crash_states", "", {"--states": 1_000_000}, True),
    ("power_cuts", "", {"--cuts": 200}, False),
    ("full_disk", "--step-bytes 4096", {}, False),
    ("bit_flips", "", {"--flips": 400}, False),
    ("bad_line", "", {"--rounds": 1000}, True),
    ("thin_line", "--line loss", {"--errands": 200}, False),
    ("thin_line", "--line 2g", {"--errands": 400}, False),
    ("restored", "", {"--rounds": 1000}, True),
    ("wrong_clock", "", {"--visits": 500}, False),
    ("herd", "", {"--kiosks": 500}, False),
)
TIMED = ("fork_loop", "crash_states", "power_cuts")


def programs(given: argparse.Namespace) -> Iterator[tuple[str, list[list[str]]]]:
    """Name, and the command lines to run beside each other."""
    for name, fixed, counts, shared in RUNS:
        if given.only and name not in given.only.split(","):
            continue
        jobs = given.jobs if shared else 1
        lines = []
        for job in range(jobs):
            words = [sys.executable, "-m", f"tests.faults.{name}", *fixed.split()]
            for option, count in counts.items():
                words += [option, str(max(1, math.ceil(count * given.scale / jobs)))]
            words += ["--seed", str(given.seed * 100 + job)]
            if name in TIMED:
                words += ["--within-s", str(given.within_s)]
            lines.append(words)
        yield name, lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of every count (default 1)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="comma-separated names")
    parser.add_argument(
        "--within-s", type=float, default=4 * 3600.0, help="for each of the longest"
    )
    given = parser.parse_args(arguments)
    broken = 0
    for name, lines in programs(given):
        beside = [
            subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
            for words in lines
        ]
        for process in beside:
            said, _ = process.communicate()
            if process.returncode == 2:  # it has said why on stderr
                print(json.dumps({"name": name, "skipped": True}), flush=True)
                continue
            print(said, end="", flush=True)
            broken |= process.returncode != 0
    return int(broken)


if __name__ == "__main__":
    raise SystemExit(main())
