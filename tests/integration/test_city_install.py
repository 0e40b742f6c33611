"""The city installs by itself: its wheel and its lock are enough, without anything of the kiosk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LOCKED = set(
    re.findall(r"^([a-z0-9-]+)==", (CHECKOUT / "requirements/city.txt").read_text(), re.MULTILINE)
)
# Prints where the city came from and which distributions it uses once its app stands.
LOOK = """
import importlib.metadata, json, re, sys
import psycopg, sync.any_signature, sync.city.__main__
from sync.city.app import build_app
from sync.city.store import CityStore
from sync.city.tables import open_engine
store = CityStore(open_engine("sqlite:///city.sqlite"))
store.prepare()
build_app(store)
of = importlib.metadata.packages_distributions()
roots = {name.partition(".")[0] for name in list(sys.modules)}
used = {re.sub("[-_.]+", "-", d).lower() for root in roots for d in of.get(root, ())}
print(json.dumps({"from": sync.city.__file__, "used": sorted(used), "roots": sorted(roots)}))
"""


@pytest.mark.slow
def test_the_wheel_runs_on_the_citys_own_lock(tmp_path: Path) -> None:
    source = tmp_path / "source/sync"
    shutil.copytree(CHECKOUT / "sync", source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *offline, "-w", wheels, source / "city"], check=True)
    (wheel,) = wheels.glob("kiosk_city-*.whl")
    subprocess.run([*pip, "install", *offline[:2], "--target", site, wheel], check=True)
    shutil.rmtree(tmp_path / "source")
    assert {path.name for path in (site / "sync").glob("*.py")} == {
        *("__init__.py", "protocol.py", "signing.py", "usual_signature.py", "any_signature.py"),
        "feed_signing.py",
        *("words.py", "messages.py", "fields.py", "reading.py", "replies.py", "writing.py"),
    }
    environment = {**os.environ, "PYTHONPATH": str(site)}
    told = json.loads(
        subprocess.run(
            [sys.executable, "-P", "-c", LOOK],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    assert told["from"].startswith(str(site))
    assert "kiosk" not in told["roots"]
    own = {"kiosk-city", "setuptools"}  # setuptools puts a hook into every start, used or not
    assert set(told["used"]) - LOCKED <= own, "uses what its lock does not have"
    help_text = subprocess.run(
        [site / "bin/city", "--help"], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert "publish" in help_text
