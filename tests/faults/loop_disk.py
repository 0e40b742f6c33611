"""File systems of our own for a while: an ext4 in a file, a small tmpfs. Needs root on Linux."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

IMAGE_BYTES = 48 * 1024 * 1024


def why_not() -> str:
    """Why file systems cannot be mounted here; "" when they can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    for tool in ("losetup", "mkfs.ext4", "mount", "umount"):
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin"):
            return f"{tool} is missing"
    done = subprocess.run(["losetup", "-f"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no loop device: {done.stderr.strip()}"


def run(*words: object) -> str:
    """A command that must succeed; what it printed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def make_ext4(image: Path, size_bytes: int = IMAGE_BYTES) -> None:
    with image.open("wb") as file:
        file.truncate(size_bytes)
    run("mkfs.ext4", "-q", "-F", image)


@contextlib.contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """The ext4 in `image` (its journal is replayed, as after a power cut), at the folder `at`."""
    at.mkdir(exist_ok=True)
    device = run("losetup", "-f", "--show", image)
    try:
        run("mount", device, at)
        try:
            yield at
        finally:
            run("umount", at)
    finally:
        run("losetup", "-d", device)


@contextlib.contextmanager
def small_disk(at: Path, size_bytes: int) -> Iterator[Path]:
    """A tmpfs of that size: it is full when it says so, without reserves or journal."""
    at.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "kiosk-faults", at)
    try:
        yield at
    finally:
        run("umount", at)
