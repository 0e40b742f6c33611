"""The kiosk's clock is wrong, by up to twenty years either way, and jumps between any two visits.

    python -m tests.faults.wrong_clock --visits 60 --seed 1

Each visit files errands and speaks to the city under another clock. Nothing may be lost or
refused for it, time on the receipts never runs back, and what is wrong is said.
With --believing a bug is planted: errands are dated by the clock alone. (The daemon under
libfaketime: test_wrong_clock.py.)
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sync import enrolment, signing  # noqa: E402
from sync.agent import Agent  # noqa: E402
from tests.faults.invariants import Breach, breaches, figures  # noqa: E402
from tests.faults.world import DRAFT, SURVEY, TICKET, Kiosk, in_child, printed, world  # noqa: E402

YEARS_20 = timedelta(days=20 * 365.25)
OFFSETS = (
    timedelta(0),
    YEARS_20,
    -YEARS_20,
    timedelta(seconds=299),
    timedelta(seconds=-301),
    timedelta(days=1),
    timedelta(hours=-7),  # local time taken for UTC
)


def visit(kiosk: Kiosk, offset: timedelta, errands: int) -> tuple[int, str]:
    """In a child: what is left unsent, and why."""
    shift_ms = int(offset.total_seconds() * 1000)
    opened = kiosk.open(wall_ms=lambda: time.time_ns() // 1_000_000 + shift_ms)
    for number in range(errands):
        opened.accept((DRAFT, TICKET, SURVEY)[number % 3])
    transport = enrolment.transport_of(opened.outbox, kiosk.home)
    transport._now = lambda: signing.utc_now() + offset
    summary = Agent(opened.outbox, transport, now=transport._now).once()
    said = opened.outbox.get("clock_error_s") or ""
    return summary.left, said or (summary.problem or "")


def turned_back(kiosk: Kiosk) -> int:
    """In a child: how many errands are dated before the one they follow."""
    rows = kiosk.open().db.conn.execute("SELECT at_ms FROM txn ORDER BY dseq").fetchall()
    times = [row[0] for row in rows]
    return sum(later < earlier for earlier, later in itertools.pairwise(times))


def believe() -> None:
    """The planted bug: the newest errand's time is not looked at."""
    from kiosk.store import transactions

    transactions.max = lambda now, last: now  # type: ignore[attr-defined]


def run(visits: int, seed: int, believing: bool) -> dict[str, Any]:
    began = time.monotonic()
    found: list[Breach] = []
    unsaid = left = 0
    with world(seed) as made:
        made.city.start()
        kiosks = [made.add_kiosk() for _ in range(2)]
        for kiosk in kiosks:
            kiosk.enrol(made.city)
        for number in range(visits):
            kiosk, offset = made.rng.choice(kiosks), made.rng.choice(OFFSETS)
            errands = made.rng.randrange(0, 5)

            def act(k: Kiosk = kiosk, o: timedelta = offset, n: int = errands) -> tuple[int, str]:
                if believing:
                    believe()
                return visit(k, o, n)

            unsent, said = in_child(act).result or (0, "")
            left += unsent
            if abs(offset) > timedelta(seconds=300) and not said:
                unsaid += 1
            if number % 20 == 19:
                found += breaches(made.seen())
        back = sum(in_child(lambda k=kiosk: turned_back(k)).result or 0 for kiosk in kiosks)  # type: ignore[misc]
        found += breaches(made.settle())
        promised = len(made.promised())
    return {
        "name": "wrong_clock",
        "seed": seed,
        "planted": believing,
        "visits": visits,
        "promised": promised,
        "left_unsent_after_a_visit": left,
        "wrong_and_not_said": unsaid,
        "time_ran_back": back,
        **figures(found),
        "breaches": [str(breach) for breach in found[:10]],
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visits", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--believing", action="store_true", help="planted: the clock is right")
    given = parser.parse_args(arguments)
    line = run(given.visits, given.seed, given.believing)
    return printed(line) or int(bool(line["time_ran_back"] or line["wrong_and_not_said"]))


if __name__ == "__main__":
    raise SystemExit(main())
