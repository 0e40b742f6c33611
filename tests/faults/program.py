"""Starts a fault run as a program of its own (it forks, so it wants no threads beside it)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
LIMIT_S = 900  # only ever waited out by a run that hangs


def count(name: str, quick: int) -> int:
    """How many, from the environment (FAULT_KILLS=10000 …) or the quick figure of CI."""
    return int(os.environ.get(f"FAULT_{name}", quick))


def seed() -> int:
    return int(os.environ.get("FAULT_SEED", "1"))


def line_of(name: str, *words: object) -> dict[str, Any]:
    """The JSON line of `python -m tests.faults.NAME WORDS`, whatever it found."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{name}", *map(str, words)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(line, dict)
    print(done.stdout)
    return line


def nothing_broken(line: dict[str, Any]) -> None:
    said = line.get("breaches")
    assert (line["lost"], line["doubled"], line["silently_stuck"]) == (0, 0, 0), said
