"""The understanding's limits, each measured in a process of its own: a question's time, the time
to load, the memory it adds, and the bytes it ships. Questions are the blind ones of the tests.

Run: `kiosk bench lookup`. Fails (exit 1) above a limit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kiosk.config import assets_folder
from tests.bench.window import say

P99_MS, LOAD_MS, RSS_MB, SHIPPED_MB = 10.0, 250.0, 30.0, 5.0
QUESTIONS = Path(__file__).parents[1] / "data" / "lookup" / "blind.tsv"

_PROBE = """
import os, sys, time
from pathlib import Path
from kiosk.store.catalogue import load_catalogue
def rss_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
assets, questions = Path(sys.argv[1]), Path(sys.argv[2])
services = list(load_catalogue(assets).services.values())
before_mb, start_s = rss_mb(), time.perf_counter()
from kiosk.lookup.keeping import understanding
find = understanding(services, Path("/nonexistent"), assets).find
load_ms = (time.perf_counter() - start_s) * 1000
asked = [line.split("\\t")[0] for line in questions.read_text().splitlines()[1:]]
spent_ms = []
for text in asked:
    start_s = time.process_time()
    find(text)
    spent_ms.append((time.process_time() - start_s) * 1000)
spent_ms.sort()
assert "numpy" not in sys.modules and "scipy" not in sys.modules
p50_ms, p99_ms = spent_ms[len(spent_ms) // 2], spent_ms[int(len(spent_ms) * 0.99)]
print(load_ms, rss_mb() - before_mb, p50_ms, p99_ms)
"""


def main() -> int:
    assets = assets_folder()
    told = subprocess.run(
        [sys.executable, "-c", _PROBE, str(assets), str(QUESTIONS)],
        capture_output=True, text=True, check=True, cwd=assets.parent,
    ).stdout.split()  # fmt: skip
    load_ms, added_mb, p50_ms, p99_ms = map(float, told)
    shipped = (
        "model.bin",
        "thesaurus.tsv",
        "words.toml",
        "splits.toml",
        "decision.toml",
        "emergency.toml",
    )
    shipped_mb = sum((assets / "lookup" / name).stat().st_size for name in shipped) / 1e6
    say("lookup_p50", p50_ms, "ms", limit=P99_MS)
    say("lookup_p99", p99_ms, "ms", limit=P99_MS)
    say("lookup_load", load_ms, "ms", limit=LOAD_MS)
    say("lookup_rss", added_mb, "MB", limit=RSS_MB)
    say("lookup_shipped", shipped_mb, "MB", limit=SHIPPED_MB)
    within = p99_ms <= P99_MS and load_ms <= LOAD_MS
    return 0 if within and added_mb <= RSS_MB and shipped_mb <= SHIPPED_MB else 1


if __name__ == "__main__":
    raise SystemExit(main())
