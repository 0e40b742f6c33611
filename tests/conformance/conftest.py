"""The city to try: `pytest tests/conformance --city URL --city-code A --city-code B`, else ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.conformance.device import Speaker


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--city", help="base URL of the city to try (default: our own, on loopback)")
    group.addoption(
        "--city-code", action="append", help="a one-time enrol code of it; give two, each once"
    )
    group.addoption("--city-ca", help="its own certificate authority, a PEM file")


@dataclass
class TriedCity:
    url: str
    codes: list[str] = field(default_factory=list)
    ca_file: str | None = None

    def stranger(self) -> Speaker:
        return Speaker(self.url, ca_file=self.ca_file)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def tried(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TriedCity]:
    """The city given on the command line; without one, ours on each of its databases."""
    url = request.config.getoption("--city", default=None)
    if url:
        if request.param != "sqlite":
            pytest.skip("a city that was given is tried once")
        codes = request.config.getoption("--city-code") or []
        if len(codes) < 2:
            pytest.exit("conformance: give --city-code twice, two fresh codes", returncode=2)
        yield TriedCity(url.rstrip("/"), list(codes), request.config.getoption("--city-ca"))
        return
    # Only here: whoever tries a city of their own need not have ours.
    from tests.city_support import postgres_cluster, serving

    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            database = f"sqlite:///{tmp_path_factory.mktemp('conformance')}/city.sqlite"
        else:
            database = stack.enter_context(postgres_cluster())
        ours = stack.enter_context(serving(database))
        yield TriedCity(ours.url, [ours.code(), ours.code()])


@pytest.fixture(scope="session")
def device(tried: TriedCity) -> Speaker:
    """Enrolled with the first code."""
    made = tried.stranger()
    answer = made.enrol(tried.codes[0])
    assert answer.status_code == 200, answer.text
    return made


@pytest.fixture(scope="session")
def other(tried: TriedCity) -> Speaker:
    """Enrolled with the second code."""
    made = tried.stranger()
    answer = made.enrol(tried.codes[1])
    assert answer.status_code == 200, answer.text
    return made
