"""What many tests share: a home of their own, a virtual screen, the folder of shared facts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import loop
import pytest
from display import Display

CHECKOUT = Path(__file__).resolve().parents[1]

# Before any test imports Kivy: no reading of pytest's arguments, nothing written to ~/.kivy, and
# widget tests draw off screen. Tests with a real window start a process of their own.
os.environ["KIVY_NO_ARGS"] = "1"
os.environ["KIVY_NO_CONFIG"] = "1"
os.environ["KIVY_LOG_MODE"] = "PYTHON"
KIVY_HOME = tempfile.TemporaryDirectory(prefix="kiosk-tests-kivy-")  # removed when we end
os.environ["KIVY_HOME"] = KIVY_HOME.name
os.environ["SDL_VIDEODRIVER"] = "offscreen"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An absent KIOSK_HOME of this test alone; the first command that needs it makes it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KIOSK_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts beside the checkout; tests that need it are skipped without it."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside this checkout")
    return folder


@pytest.fixture
def xvfb() -> Iterator[Display]:
    """A virtual screen of 1024×600; a process that gets its `.environment` draws on it."""
    with Display(1024, 600) as display:
        yield display


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    return loop.free_port()
