"""One Chromium for all tests of the desk; each test has contexts (cookies) of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.support import Office

BROWSER_WAITS_MS = 60_000  # on a machine where much else runs


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "home")
    yield made
    made.store.close()


@pytest.fixture(scope="module")  # while it lives, no other test here can run an event loop
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page with cookies of its own, as another person's PC; script errors fail the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def make(width: int = 1280, height: int = 800) -> Any:
        context = chromium.new_context(
            ignore_https_errors=True, viewport={"width": width, "height": height}
        )
        contexts.append(context)
        context.set_default_timeout(BROWSER_WAITS_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for one in contexts:
        one.close()
    assert errors == []
