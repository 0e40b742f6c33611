"""Every bad line between a kiosk and its city, in any order: see FAULTS in proxy.py.

    python -m tests.faults.bad_line --rounds 300 --seed 1

In each round a kiosk files some errands and its agent speaks to the city over the proxy. What was
not acknowledged by the city itself must not count; whatever is left must be said. At the end the
line is whole, and everything must have arrived once. With --trusting a bug is planted: any reply
with status 200 is taken for the city's.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sync import enrolment, protocol  # noqa: E402
from sync.agent import Agent, Summary  # noqa: E402
from tests.faults.invariants import Breach, acked_is_held, breaches, figures  # noqa: E402
from tests.faults.proxy import FAULTS, Proxy  # noqa: E402
from tests.faults.world import (  # noqa: E402
    Kiosk,
    in_child,
    printed,
    speak_via,
    started,
    world,
)
from tests.sync_support import free_port  # noqa: E402

KIOSKS = 3
DEADLINE_S = 0.8  # of a request here; a minute in the hall


def trust() -> None:
    """The planted bug: a 200 is a 200, and the items of its request have arrived."""
    from sync.drain import Drain
    from sync.problems import Unreachable

    landed = Drain._landed

    def trusting(self: Drain, batch: Any, flight: Any) -> Any:
        try:
            return landed(self, batch, flight)
        except Unreachable as error:
            if error.why in ("portal", "stranger"):
                self._outbox.record([(item.id, "stored", 1, None) for item in batch.items])
            raise

    Drain._landed = trusting  # type: ignore[method-assign]


def speak(kiosk: Kiosk, url: str, errands: int, trusting: bool) -> Summary:
    """In a child: files, then one round over the bad line."""
    if trusting:
        trust()
    protocol.READ_TIMEOUT_S = protocol.CONNECT_TIMEOUT_S = DEADLINE_S / 2
    opened = kiosk.open()
    for _ in range(errands):
        opened.accept()
    speak_via(opened, url)
    transport = enrolment.transport_of(opened.outbox, kiosk.home)
    transport._deadline_s = DEADLINE_S
    return Agent(opened.outbox, transport).once()


def run(rounds: int, seed: int, trusting: bool, faults: tuple[str, ...]) -> dict[str, Any]:
    began = time.monotonic()
    whys: Counter[str] = Counter()
    found: list[Breach] = []
    with world(seed) as made:
        made.city.publish(0)
        made.city.start()
        proxy = Proxy(free_port(), made.city.port, seed, faults, made.folder / "met")
        child, pipe = started(lambda: _serve(proxy))
        os.close(pipe)
        url = f"http://127.0.0.1:{proxy.port}"
        for _ in range(KIOSKS):
            made.add_kiosk().enrol(made.city)
        for number in range(rounds):
            kiosk = made.rng.choice(made.kiosks)
            errands = made.rng.randrange(0, 4)
            summary = in_child(
                lambda k=kiosk, n=errands: speak(k, url, n, trusting)  # type: ignore[misc]
            ).result
            assert summary is not None
            whys[summary.why or "went well"] += 1
            if summary.left and not summary.problem:
                found.append(Breach(6, f"round {number}: {summary.left} left without a word"))
            if number % 10 == 9:
                seen = made.seen()
                found += [*breaches(seen), *acked_is_held(seen)]
        os.kill(child, 9)
        os.waitpid(child, 0)
        met = Counter((made.folder / "met").read_text().splitlines())
        found += breaches(made.settle())
        promised = len(made.promised())
    return {
        "name": "bad_line",
        "seed": seed,
        "planted": trusting,
        "rounds": rounds,
        "met": dict(sorted(met.items())),
        "never_met": sorted(set(faults) - set(met)),
        "said": dict(sorted(whys.items())),
        "promised": promised,
        **figures(found),
        "breaches": [str(breach) for breach in found[:10]],
        "invariants_broken": sorted({breach.invariant for breach in found}),
        "took_s": round(time.monotonic() - began, 1),
    }


def _serve(proxy: Proxy) -> None:
    import signal

    signal.alarm(0)
    proxy.serve()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="", help="comma-separated; default: all")
    parser.add_argument("--trusting", action="store_true", help="planted: any 200 counts")
    given = parser.parse_args(arguments)
    faults = tuple(given.faults.split(",")) if given.faults else FAULTS
    return printed(run(given.rounds, given.seed, given.trusting, faults))


if __name__ == "__main__":
    raise SystemExit(main())
