"""How well are citizens understood? Figures over questions with known answers, and the same for
plain full-text search and for RapidFuzz over the same names and aliases, in one run."""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from kiosk.domain.service import Catalogue, Service
from kiosk.lookup.normalise import LONGEST_TEXT
from kiosk.lookup.wording import Find
from kiosk.problems import BadInput
from kiosk.tables import rows_of

OUT_OF_SCOPE = "OUT_OF_SCOPE"
EMERGENCY = "EMERGENCY"
EXPECTED = f"write ids of the catalogue, {OUT_OF_SCOPE} or {EMERGENCY}"
LIMIT = 3
CONFUSIONS = 20
FUZZY_LEAST = 60.0  # of 100: a lower WRatio is no hit
_Z = 1.96  # of 95 %


@dataclass(frozen=True, slots=True)
class Question:
    """`expected`: ids, any of which is right; or OUT_OF_SCOPE, or EMERGENCY."""

    text: str
    expected: frozenset[str]


def read_questions(path: Path, catalogue: Catalogue) -> list[Question]:
    """A table with the columns `query` and `expected`, ids parted by ";". Raises BadInput."""
    known = {one.lower(): one for one in (*catalogue.services, OUT_OF_SCOPE, EMERGENCY)}
    questions = []
    for row in rows_of(path, ("query", "expected")):
        query = row.cell("query", "write what was asked")
        if not query.strip():
            raise row.wrong("query", "is empty: write what was asked, or take the line out")
        ids = row.cell("expected", EXPECTED).split(";")
        if wrong := [one.strip() for one in ids if one.strip().lower() not in known]:
            raise row.wrong("expected", f"{wrong[0]!r} is no service: {EXPECTED}")
        questions.append(Question(query, frozenset(known[one.strip().lower()] for one in ids)))
    if not questions:
        raise BadInput(f"{path}: no questions: write a line for each after the header")
    return questions


def over(questions: Sequence[Question], catalogue: Catalogue, find: Find) -> dict[str, Any]:
    """One object of figures. Shares are [share, low, high] with Wilson's 95 % interval. An answer
    that refuses is wrong in `top1` and `top3`; `listed` counts what it lists all the same."""
    services = catalogue.services.values()
    outcomes, hits, listed, spent_ms = [], [], [], []
    helped: list[bool] = []  # by an alarm, or by 112 offered besides
    for one in questions:
        start_s = time.perf_counter()
        meaning = find(one.text, LIMIT)
        spent_ms.append((time.perf_counter() - start_s) * 1000)
        outcomes.append(meaning.outcome)
        helped.append(meaning.outcome == "emergency" or meaning.perhaps_urgent)
        hits.append([hit.service_id for hit in meaning.hits])
        listed.append([hit.service_id for hit in meaning.hits or meaning.guesses])
    ours = [at for at, one in enumerate(questions) if not one.expected & {OUT_OF_SCOPE, EMERGENCY}]
    foreign = [at for at, one in enumerate(questions) if OUT_OF_SCOPE in one.expected]
    urgent = [at for at, one in enumerate(questions) if EMERGENCY in one.expected]
    calm = [at for at in ours if "112" not in questions[at].expected] + foreign
    confused = Counter(
        (min(questions[at].expected), hits[at][0] if hits[at] else outcomes[at])
        for at in ours
        if not hits[at] or hits[at][0] not in questions[at].expected
    )
    spent_ms.sort()
    cut = [one.text[:LONGEST_TEXT] for one in questions]  # as the kiosk cuts, or peers take minutes
    return {
        "n": len(questions),
        **_tops(questions, hits, ours),
        "listed": _tops(questions, listed, ours),
        "out_of_scope_found": share(outcomes[at] == "out_of_scope" for at in foreign),
        "out_of_scope_false": share(outcomes[at] == "out_of_scope" for at in ours),
        "choose": share(outcomes[at] == "choose" for at in ours),
        "match_right": share(
            hits[at][0] in questions[at].expected for at in ours if outcomes[at] == "match"
        ),
        "emergencies_found": share(outcomes[at] == "emergency" for at in urgent),
        "emergencies_found_or_offered": share(helped[at] for at in urgent),
        "offered_besides": share(helped[at] for at in calm),
        "false_alarms": share(outcomes[at] == "emergency" for at in calm),
        "confused": [[*pair, count] for pair, count in confused.most_common(CONFUSIONS)],
        "ms_p50": round(spent_ms[len(spent_ms) // 2], 3),
        "ms_p99": round(spent_ms[math.ceil(len(spent_ms) * 0.99) - 1], 3),
        "peers": {
            name: {
                **_tops(questions, (found := [peer(text) for text in cut]), ours),
                "out_of_scope_found": share(not found[at] for at in foreign),
                "out_of_scope_false": share(not found[at] for at in ours),
            }
            for name, peer in (("fts5", fts5(services)), ("rapidfuzz", rapidfuzz(services)))
        },
    }


def _tops(
    questions: Sequence[Question], hits: Sequence[Sequence[str]], ours: Iterable[int]
) -> dict[str, list[float] | None]:
    at_all = list(ours)
    return {
        "top1": share(bool(questions[at].expected & set(hits[at][:1])) for at in at_all),
        "top3": share(bool(questions[at].expected & set(hits[at][:LIMIT])) for at in at_all),
    }


def share(values: Iterable[bool]) -> list[float] | None:
    """[share, low, high] of 1, by Wilson; None of nothing."""
    listed = list(values)
    if not listed:
        return None
    n, part = len(listed), sum(listed) / len(listed)
    middle = (part + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    reach = _Z * math.sqrt(part * (1 - part) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    return [round(one, 4) for one in (part, max(0.0, middle - reach), min(1.0, middle + reach))]


def fts5(services: Iterable[Service]) -> Callable[[str], list[str]]:
    """Plain full-text search: a row a service, any word, ranked by bm25."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE service USING fts5 (id UNINDEXED, words)")
    rows = ((one.id, " ; ".join([one.name.id, *one.aliases])) for one in services)
    db.executemany("INSERT INTO service VALUES (?, ?)", rows)

    def find(text: str) -> list[str]:
        words = re.findall(r"\w+", text.lower())
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in words)
        query = "SELECT id FROM service WHERE service MATCH ? ORDER BY bm25(service), id LIMIT ?"
        return [one for (one,) in db.execute(query, (match, LIMIT))]

    return find


def rapidfuzz(services: Iterable[Service]) -> Callable[[str], list[str]]:
    """The services of the names most alike by WRatio."""
    names = [(name.lower(), one.id) for one in services for name in (one.name.id, *one.aliases)]

    def find(text: str) -> list[str]:
        found = process.extract(
            text.lower(), [name for name, _ in names], scorer=fuzz.WRatio,
            score_cutoff=FUZZY_LEAST, limit=LIMIT * 10,
        )  # fmt: skip
        return list(dict.fromkeys(names[at][1] for _, _, at in found))[:LIMIT]

    return find


def across(catalogue: Catalogue, assets: Path, *, write: bool) -> dict[str, Any]:
    """Cross-validation over the lessons: whole ways left out, and single lines. Minutes. `write`
    keeps the decision fitted on both."""
    from kiosk.lookup.crossing import cross, figures, fit_decision
    from kiosk.lookup.lessons import lessons, sentences_of

    services = list(catalogue.services.values())
    taught = list(lessons(services, sentences_of(assets)))
    unseen = {by: cross(services, taught, by) for by in ("way", "line")}
    if write:
        decision = fit_decision([one for judged in unseen.values() for one in judged])
        (assets / "lookup" / "decision.toml").write_text(decision.to_toml(), encoding="utf-8")
    return {"n": len(taught), **{by: figures(judged) for by, judged in unseen.items()}}
