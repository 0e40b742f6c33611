"""`kiosk lookup`, `kiosk rebuild lookup` and `kiosk evaluate lookup`: over what citizens are shown,
the city's and this office's word with it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk.bootstrap import shown_of, understanding_of
from kiosk.config import Settings
from kiosk.problems import BadInput, NotNow
from kiosk.tables import lines_of

Answer = dict[str, Any]


def looked_up(args: argparse.Namespace, settings: Settings) -> Iterator[tuple[Answer, str]]:
    """An answer and its words for each question, in order."""
    if bool(args.text) == bool(args.file):
        raise BadInput("say what to look up: either TEXT or --file F.tsv")
    queries = _first_column(Path(args.file)) if args.file else [" ".join(args.text)]
    catalogue = shown_of(settings).catalogue
    index = understanding_of(settings, catalogue)
    for query in queries:
        start_s = time.perf_counter()
        meaning = index.find(query, args.limit)
        ms = (time.perf_counter() - start_s) * 1000
        services = [
            {
                "id": hit.service_id,
                "name": catalogue.services[hit.service_id].name.id,
                "score": round(hit.score, 4),
            }
            for hit in meaning.hits or meaning.guesses
        ]
        answer = {
            "query": query,
            "outcome": meaning.outcome,
            "services": services,
            "because": list(meaning.because),
            "question": meaning.question.id if meaning.question else None,
            "emergency_kind": meaning.emergency_kind or None,
            "ms": round(ms, 3),
        }
        names = "; ".join(f"{one['name']} [{one['id']}]" for one in services)
        yield answer, f"{query}: {meaning.outcome} {names}".rstrip()


def _first_column(path: Path) -> list[str]:
    cells = [line.split("\t")[0] for line in lines_of(path)]
    queries = cells[1:] if cells[:1] == ["query"] else cells
    if not queries:
        raise BadInput(f"{path}: no questions: write one a line")
    return queries


def rebuilt(args: argparse.Namespace, settings: Settings) -> tuple[Answer, str]:
    """Learns the ranking anew from catalogue and sentences."""
    from kiosk.lookup import keeping

    path = Path(args.output) if args.output else settings.home / keeping.MODEL
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: no plain file, and not replaced: name another --output")
    start_s = time.perf_counter()
    try:
        services = shown_of(settings).catalogue.services.values()
        model = keeping.rebuild(services, settings.assets, path)
    except ImportError:
        raise BadInput("NumPy is not installed: install it, or rebuild on another one") from None
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise BadInput(f"{path}: {error.strerror}: name another --output") from None
    except OSError as error:
        raise NotNow(f"{path}: {error.strerror}: free some room") from None
    answer = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "labels": len(model.labels),
        "s": round(time.perf_counter() - start_s, 1),
    }
    return answer, f"{path}: {answer['labels']} labels, {answer['bytes']} bytes"


def evaluate_lookup(args: argparse.Namespace, settings: Settings) -> Answer:
    from kiosk import evaluation

    if args.task or args.grammar:
        raise BadInput("evaluate lookup: --task and --grammar are for evaluate voice")
    if bool(args.file) == bool(args.cross):
        raise BadInput("say over what: FILE.tsv, or --cross for its own example questions")
    if args.write and not args.cross:
        raise BadInput("--write: keeps what --cross fits: give it with --cross")
    catalogue = shown_of(settings).catalogue
    if args.cross:
        return evaluation.across(catalogue, settings.assets, write=args.write)
    rows = evaluation.read_questions(Path(args.file), catalogue)
    return evaluation.over(rows, catalogue, understanding_of(settings, catalogue).find)
