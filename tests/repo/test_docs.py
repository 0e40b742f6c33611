"""What the README tells a newcomer to type exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text()
MAKEFILE = (CHECKOUT / "Makefile").read_text()
PROMISED = {"run", "demo", "test", "bench", "faults", "train", "finetune", "package", "help"}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))


def help_of(module: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def named_in_readme(before: str) -> set[str]:
    """The sub-commands in back-ticks on the README's line that starts with `before`."""
    line = next(line for line in README.splitlines() if line.startswith(before))
    return set(re.findall(r"`([a-z-]+)`", line)) - {"--json"}


def test_every_make_target_of_the_readme_exists_and_none_that_was_promised_lacks() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"git"}  # apt-get install -y make git
    assert {"run", "test", "demo"} <= named
    assert named <= targets()
    assert targets() >= PROMISED


def test_make_help_lists_every_target() -> None:
    # Under `make test` this is a make within a make, which would tell its folder too.
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == targets()


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("kiosk", "`.venv/bin/python -m kiosk --help`"),
        ("sync.city", "`.venv/bin/python -m sync.city"),
    ],
)
def test_every_sub_command_of_the_readme_exists(module: str, line: str) -> None:
    named = named_in_readme(line)
    offered = re.findall(r"[a-z-]+", help_of(module))
    assert len(named) >= 3
    assert named <= set(offered)


def test_files_and_folders_of_the_readme_exist() -> None:
    named = set(re.findall(r"`([A-Za-z_./-]+(?:/|\.md|\.sh))`", README)) - {".venv/"}
    assert len(named) > 6
    assert {name for name in named if not list(CHECKOUT.glob(f"**/{name}"))} == set()
