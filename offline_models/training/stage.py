"""A stage of the recipe: a module run in its own process, skipped where no input of it changed."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
BAD_INPUT = 2
BEGUN = "begun "  # before the key of what is not finished


@dataclass(frozen=True)
class Stage:
    """A module of this package with its arguments; `inputs` are files or folders it depends on.
    Where they have changed, what `stale` matches in WORK is deleted before it runs."""

    module: str
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...]
    made: tuple[Path, ...]
    stale: tuple[str, ...] = ()

    def key(self) -> str:
        return fingerprint([HERE / f"{self.module}.py", *self.inputs], self.arguments)

    def run(self, work: Path) -> bool:
        """Run it unless it was run on the same inputs; returns whether it ran."""
        stamp = work / "stamps" / self.module
        key = self.key()
        kept = stamp.read_text() if stamp.is_file() else ""
        if kept == key and all(path.exists() for path in self.made):
            print(f"{self.module}: unchanged", flush=True)
            return False
        began = time.monotonic()
        print(f"{self.module}: …", flush=True)
        if kept.removeprefix(BEGUN) != key:
            for path in [path for pattern in self.stale for path in work.glob(pattern)]:
                path.unlink()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(BEGUN + key)
        call(self.module, *self.arguments)
        stamp.write_text(key)
        print(f"{self.module}: {time.monotonic() - began:.0f} s", flush=True)
        return True


def fingerprint(inputs: Iterable[Path], arguments: Iterable[str]) -> str:
    """Changes with the arguments, with small inputs' bytes and with large ones' size and time."""
    found = hashlib.sha256("\0".join(arguments).encode())
    for path in inputs:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(str(file).encode())
            if not file.is_file():
                continue
            status = file.stat()
            if status.st_size < 1_000_000:
                found.update(file.read_bytes())
            else:
                found.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    return found.hexdigest()


def call(module: str, *arguments: str, timeout_s: float | None = None) -> None:
    """Run a stage in a process of its own; its failure ends the recipe with one line."""
    command = [sys.executable, "-m", f"offline_models.training.{module}", *arguments]
    try:
        code = subprocess.run(
            command, cwd=CHECKOUT, env=environment(), timeout=timeout_s
        ).returncode
    except subprocess.TimeoutExpired:
        sys.exit(f"{module}: stopped after {timeout_s:.0f} s without an end")
    if code == BAD_INPUT:
        sys.exit(BAD_INPUT)  # the stage has said what is wrong
    if code:
        sys.exit(f"{module}: failed with code {code}; the same command goes on from here")


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
