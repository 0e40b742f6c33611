"""The set-up: what it asks for without root rights, and that a second one does nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SETUP = CHECKOUT / "build/dev/setup.sh"


def machine_without(folder: Path, **programs: str) -> dict[str, str]:
    """An environment whose first programs are these one-line scripts."""
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def set_up(what: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SETUP, what], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("what", ["run", "demo", "test"])
def test_without_rights_it_prints_the_line_to_type_and_does_nothing(
    what: str, tmp_path: Path
) -> None:
    environment = machine_without(
        tmp_path,
        id="echo 1000",
        sudo="exit 1",
        ldconfig="echo nothing",
        **{"apt-get": f"touch {tmp_path}/called"},
    )
    before = {path: path.stat().st_mtime_ns for path in CHECKOUT.glob(".venv/*")}
    done = set_up(what, environment)
    assert done.returncode == 1
    line = "  sudo apt-get install -y --no-install-recommends libgl1 libegl1 libmtdev1"
    assert any(said.startswith(line) for said in done.stderr.splitlines())
    assert not (tmp_path / "called").exists()
    assert {path: path.stat().st_mtime_ns for path in CHECKOUT.glob(".venv/*")} == before


def test_an_older_python_is_named_as_missing(tmp_path: Path) -> None:
    environment = machine_without(
        tmp_path, id="echo 1000", sudo="exit 1", python3="exit 1", **{"python3.11": "exit 1"}
    )
    done = set_up("run", environment)
    assert done.returncode == 1
    assert "python3 python3-venv" in done.stderr


def test_a_second_set_up_installs_nothing(tmp_path: Path) -> None:
    if not (CHECKOUT / ".venv/.installed-test").exists():
        pytest.skip("these tests do not run from the .venv that make made")
    environment = machine_without(tmp_path, **{"apt-get": f"touch {tmp_path}/called"})
    stamp = (CHECKOUT / ".venv/.installed-test").stat().st_mtime_ns
    done = set_up("test", environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "called").exists()
    assert (CHECKOUT / ".venv/.installed-test").stat().st_mtime_ns == stamp


def test_wrong_usage() -> None:
    assert set_up("nonsense", dict(os.environ)).returncode == 2
