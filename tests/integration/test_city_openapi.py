"""The city held against its own description: OpenAPI 3.1, tried by schemathesis."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync import protocol
from sync.city.openapi import document
from tests.city_support import RunningCity, Speaker, serving
from tests.sync_support import make_item

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('openapi')}/city.sqlite") as running:
        yield running


def test_the_running_city_describes_itself(city: RunningCity) -> None:
    told = requests.get(city.url + "/openapi.json", timeout=30).json()
    assert told == json.loads(json.dumps(document()))
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) == {
        *(protocol.ENROL_PATH, protocol.ROTATE_PATH, protocol.PUSH_PATH),
        *(protocol.STATUS_PATH, protocol.PULL_PATH),
    }


EXAMPLES = "6"  # of each operation, in each phase
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def tried(city: RunningCity, folder: Path, phases: str, *, signed: bool) -> dict[str, Any]:
    """The JSON report of one run of schemathesis in a process of its own, and what it printed."""
    device, code = Speaker(city.url), city.code()
    assert device.enrol(code).status_code == 200
    assert device.push(make_item(1, epoch=f"tried-{signed}")).status_code == 200
    environment = {
        **os.environ,
        "CITY_DEVICE_KEY": base64.b64encode(device.key.private_bytes_raw()).decode(),
        "CITY_CODE": code,
        "SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks",
        "PYTHONPATH": str(CHECKOUT),
    } | ({} if signed else {"CITY_UNSIGNED": "1"})
    report = folder / "report.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", city.url + "/openapi.json"),
        *("--phases", phases, "--checks", ",".join(CHECKS), "--continue-on-failure"),
        *("--max-examples", EXAMPLES, "--seed", "5", "--no-color"),
        *("--generation-database", "none", "--report-json-path", str(report)),
    ]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = dict(json.loads(report.read_text()))
    assert told["failures"] == told["errors"] == []
    assert {told["phases"][phase]["status"] for phase in phases.split(",")} == {"success"}
    return told | {"said": done.stdout}


def accepted(told: dict[str, Any]) -> set[str]:
    """The operations that answered a request with what it asked for."""
    return {
        operation
        for operation, phases in told["valid_rates"].items()
        if any(phase["accepted"] for phase in phases.values())
    }


@pytest.mark.slow
def test_signed_requests_get_documented_answers_and_links_are_followed(
    city: RunningCity, tmp_path: Path
) -> None:
    told = tried(city, tmp_path, "coverage,fuzzing,stateful", signed=True)
    assert told["operations"]["tested"] == told["operations"]["total"] == 5
    assert len(accepted(told)) == 5, "every operation also did what it is for"
    covered = re.search(r"API Links: +(\d+) covered", told["said"])
    assert covered is not None and int(covered[1]) > 0, "the stateful phase really ran"


@pytest.mark.slow
def test_unsigned_requests_get_documented_answers_and_nothing_else(
    city: RunningCity, tmp_path: Path
) -> None:
    before = len(list(city.store.transactions()))
    told = tried(city, tmp_path, "fuzzing", signed=False)
    assert told["operations"]["tested"] == 5
    assert accepted(told) == set()
    assert len(list(city.store.transactions())) == before + 1, "the one that was sent signed"
