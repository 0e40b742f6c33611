"""The city goes back to an older snapshot, a kiosk to an older copy of its home.

    python -m tests.faults.restored --rounds 60 --seed 1

City: kiosks file, send and pull; snapshots are taken at any moment, also before an acknowledgement;
now and then the city is put back to one of them, with `city restored` as its operator must, or
without. Once the network is quiet everything must be there again.
Kiosk: its home is put back to an older copy, so that numbers it gave out are given again for other
errands. What had been sent must stay at the city as it was; what is filed afterwards must arrive
or be set aside where people see it, and never take another's place.
With --forgetful a bug is planted: the kiosk does not look whether the city forgot something.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from kiosk.store.outbox import Outbox  # noqa: E402
from tests.faults.invariants import (  # noqa: E402
    SET_ASIDE,
    Breach,
    breaches,
    figures,
)
from tests.faults.world import Kiosk, World, in_child, printed, world  # noqa: E402

KIOSKS = 3


def forget() -> None:
    """The planted bug: nothing acknowledged is ever sent again."""
    Outbox.resend_from = lambda self, dseq: 0  # type: ignore[method-assign]


def once(made: World, kiosk: Kiosk, forgetful: bool, rounds: int = 1) -> None:
    def act() -> None:
        if forgetful:
            forget()
        opened = kiosk.open()
        for _ in range(rounds):
            opened.once()

    in_child(act)


def city_goes_back(made: World, rounds: int, forgetful: bool) -> tuple[list[Breach], Counter[str]]:
    """Snapshots, and ways back to them. The devices hear of no backup, so they keep their bytes."""
    rng, city = made.rng, made.city
    did: Counter[str] = Counter()
    snapshots: list[Path] = []
    for kiosk in made.kiosks:
        kiosk.enrol(city)
    for number in range(rounds):
        kiosk = rng.choice(made.kiosks)
        what = rng.choice(("file", "file", "send", "send", "snapshot", "go back"))
        if what == "file":
            kiosk.submit(rng.randrange(1, 6))
        elif what == "send":
            once(made, kiosk, forgetful)
        elif what == "snapshot":
            snapshots.append(made.folder / f"snapshot-{number}.sqlite")
            city.copy(snapshots[-1])
        elif snapshots:
            city.kill()
            city.restore(rng.choice(snapshots), told=(told := rng.random() < 0.5))
            city.start()
            what = "go back, told" if told else "go back, untold"
        did[what] += 1
    for kiosk in made.kiosks:
        once(made, kiosk, forgetful, rounds=3)
    return breaches(made.seen(quiet=True)), did


def kiosk_goes_back(made: World) -> tuple[list[Breach], Counter[str]]:
    rng = made.rng
    did: Counter[str] = Counter()
    kiosk = made.add_kiosk()
    kiosk.enrol(made.city)
    kiosk.submit(rng.randrange(1, 6))
    if rng.random() < 0.7:
        kiosk.once()
    copy = kiosk.home.with_name(kiosk.home.name + ".copy")
    shutil.copytree(kiosk.home, copy)
    kiosk.submit(rng.randrange(1, 6))
    kiosk.once()  # all of these are at the city, and the kiosk is about to forget them
    sent = [promise.id for promise in kiosk.promised()]
    shutil.rmtree(kiosk.home)
    copy.rename(kiosk.home)
    kiosk.submit(rng.randrange(1, 8))
    for _ in range(3):
        kiosk.once()
    seen = kiosk.seen()
    did["filed again"] += len(kiosk.promised()) - len(sent)
    did["set aside"] += sum(row.state in SET_ASIDE for row in seen.rows)
    at_city = {one.id for one in made.city.seen().envelopes}
    lost = [Breach(1, id_) for id_ in sent if id_ not in at_city]
    return lost, did


def run(rounds: int, seed: int, forgetful: bool) -> dict[str, Any]:
    began = time.monotonic()
    with world(seed) as made:
        made.city.start()
        for _ in range(KIOSKS):
            made.add_kiosk()
        found, did = city_goes_back(made, rounds, forgetful)
        back: Counter[str] = Counter()
        for _ in range(0 if forgetful else max(2, rounds // 15)):
            more, counts = kiosk_goes_back(made)
            found += more
            back.update(counts)
        if back:
            found += breaches(made.seen(quiet=True))
        promised = len(made.promised())
    return {
        "name": "restored",
        "seed": seed,
        "planted": forgetful,
        "city": dict(sorted(did.items())),
        "kiosk": dict(sorted(back.items())),
        "promised": promised,
        **figures(found),
        "breaches": [str(breach) for breach in found[:10]],
        "invariants_broken": sorted({breach.invariant for breach in found}),
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forgetful", action="store_true", help="planted: never sends again")
    given = parser.parse_args(arguments)
    return printed(run(given.rounds, given.seed, given.forgetful))


if __name__ == "__main__":
    raise SystemExit(main())
