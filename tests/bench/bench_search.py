"""Looking a question up: ours beside RapidFuzz alone and beside FTS5's BM25, in the same run.

Questions are all names, aliases and events of the catalogue, and beginnings of them as one types:
at every third letter. The peers search the same names and aliases: rapidfuzz.process.extract with
WRatio, and an in-memory FTS5 table by BM25 with the last word as a prefix. They answer less (no
threshold, no choice to offer), which is what the difference buys.
Run: `kiosk bench search`.
"""

from __future__ import annotations

import random
import re
import sqlite3
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable

from rapidfuzz import fuzz, process

from kiosk.config import assets_folder
from kiosk.domain.service import Service
from kiosk.lookup.index import Index
from kiosk.store.catalogue import load_catalogue
from tests.bench.window import percentile, say

QUESTIONS = 1500
LIMIT = 3


def names_of(service: Service) -> list[str]:
    return [service.name.id, *service.aliases]


def questions(services: Iterable[Service]) -> list[str]:
    """What people may type, whole and half typed, always the same ones."""
    events = tomllib.loads((assets_folder() / "events.toml").read_text("utf-8"))["event"]
    whole = [name for service in services for name in names_of(service)]
    whole += [event["name"]["id"] for event in events]
    typed = {name[:length] for name in whole for length in (*range(2, len(name), 3), len(name))}
    return random.Random(1).sample(sorted(typed), QUESTIONS)


def rapidfuzz_peer(services: Iterable[Service]) -> Callable[[str], object]:
    names = [name.lower() for service in services for name in names_of(service)]
    return lambda text: process.extract(text.lower(), names, scorer=fuzz.WRatio, limit=LIMIT)


def fts5_peer(services: Iterable[Service]) -> Callable[[str], object]:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE service USING fts5 (id UNINDEXED, words, prefix = '2 3')")
    rows = ((service.id, " ".join(names_of(service))) for service in services)
    db.executemany("INSERT INTO service VALUES (?, ?)", rows)

    def find(text: str) -> object:
        words = re.findall(r"\w+", text) or ["-"]
        match = " OR ".join(f'"{word}"' for word in words) + " *"
        return db.execute(
            "SELECT id FROM service WHERE service MATCH ? ORDER BY bm25(service) LIMIT ?",
            (match, LIMIT),
        ).fetchall()

    return find


def main() -> int:
    services = list(load_catalogue(assets_folder()).services.values())
    index = Index(services)
    ways: dict[str, Callable[[str], object]] = {
        "ours": lambda text: index.find(text, LIMIT),
        "rapidfuzz": rapidfuzz_peer(services),
        "fts5": fts5_peer(services),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for text in questions(services):
        for name, find in ways.items():
            start_s = time.perf_counter()
            find(text)
            spent[name].append((time.perf_counter() - start_s) * 1000)
    for peer in ("rapidfuzz", "fts5"):
        ours, theirs = spent["ours"], spent[peer]
        say(f"search_p50_vs_{peer}", statistics.median(ours), "ms", statistics.median(theirs))
        say(f"search_p99_vs_{peer}", percentile(ours, 0.99), "ms", percentile(theirs, 0.99))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
