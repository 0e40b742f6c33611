"""No tracked file names the host of a package registry, and the locks pin by hash alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# Put together here, so that this file does not name them either.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "registry." + "yarnpkg",
    "deb." + "debian.org",
    "security." + "debian.org",
    "-" + "docker.pkg.dev",
    "-" + "python.pkg.dev",
    "-" + "apt.pkg.dev",
    "jfrog" + ".io",
]
LOCKS = ["build", "run", "test", "package"]


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return [CHECKOUT / name for name in listing.stdout.split("\0") if name]


def test_no_file_names_a_package_registry() -> None:
    files = [file for file in tracked() if file.is_file()]
    assert len(files) > 20
    found = {
        str(file.relative_to(CHECKOUT)): host
        for file in files
        for host in HOSTS
        if host.encode() in file.read_bytes().lower()
    }
    assert found == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_pins_a_version_or_a_hash(lock: str) -> None:
    lines = (CHECKOUT / f"requirements/{lock}.txt").read_text().splitlines()
    pin = re.compile(r"[a-z0-9._-]+==[0-9][0-9a-z.]*( ; [^\\]+)? \\")  # no +local version
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    odd = [
        line
        for line in lines
        if line.strip()
        and not line.lstrip().startswith("#")
        and not pin.fullmatch(line)
        and not digest.fullmatch(line)
    ]
    assert odd == []
    assert any(pin.fullmatch(line) for line in lines)


@pytest.mark.parametrize("lock", LOCKS)
def test_all_that_is_asked_for_is_in_its_lock(lock: str) -> None:
    asked = re.findall(r"^[a-z0-9-]+", (CHECKOUT / f"requirements/{lock}.in").read_text(), re.M)
    locked = re.findall(
        r"^([a-z0-9-]+)==", (CHECKOUT / f"requirements/{lock}.txt").read_text(), re.M
    )
    assert set(asked) - {"-c"} <= set(locked)


def test_both_locks_agree_on_what_they_share() -> None:
    pins = [
        dict(
            re.findall(
                r"^([a-z0-9-]+)==(\S+)", (CHECKOUT / f"requirements/{lock}.txt").read_text(), re.M
            )
        )
        for lock in ("run", "test")
    ]
    both = pins[0].keys() & pins[1].keys()
    assert both
    assert {name: pins[0][name] for name in both} == {name: pins[1][name] for name in both}
