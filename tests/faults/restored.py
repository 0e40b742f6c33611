"""The city goes back to an older snapshot, a kiosk to an older copy of its home.

    python -m tests.faults.restored --rounds 60 --seed 1

City: kiosks file, send and pull; snapshots are taken at any moment, also before an acknowledgement;
now and then the city is put back to one of them, with `city restored` as its operator must, or
without. Once the network is quiet everything must be there again.
Kiosk: its home is put back to an older copy, whole or its database alone (then the mark beside it
still knows). Errands that had been sent stay at the city as they were; those that had not are gone
with the newer state, and that is said. What is filed afterwards arrives, in a new epoch, with
nothing set aside; no number on a paper is given again where anything still knows of it.
With --forgetful a bug is planted: the kiosk does not look whether the city forgot something; with
--unaware another: it never begins an epoch.
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

from kiosk.store import epochs, mark  # noqa: E402
from kiosk.store.outbox import Outbox  # noqa: E402
from tests.faults.invariants import (  # noqa: E402
    SET_ASIDE,
    Breach,
    breaches,
    figures,
)
from tests.faults.world import (  # noqa: E402
    DRAFT,
    TICKET,
    Kiosk,
    World,
    in_child,
    printed,
    world,
)

KIOSKS = 3


def forget() -> None:
    """The planted bug: nothing acknowledged is ever sent again."""
    Outbox.resend_from = lambda self, number, epoch="": 0  # type: ignore[method-assign]


def begin_nothing() -> None:
    """The planted bug: a number that is taken stays so, a city that knows more is not heard."""
    Outbox.begin_epoch = lambda self, known: False  # type: ignore[method-assign]
    epochs.place_again = lambda db, at_ms: 0


def once(
    made: World, kiosk: Kiosk, forgetful: bool, rounds: int = 1, unaware: bool = False
) -> None:
    def act() -> None:
        if forgetful:
            forget()
        if unaware:
            begin_nothing()
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


def file(kiosk: Kiosk, count: int) -> dict[str, str | None]:
    """Errands and tickets in turn, told to their citizens: id -> number on the paper."""

    def act() -> dict[str, str | None]:
        opened = kiosk.open()
        ids = [opened.accept((DRAFT, TICKET)[number % 2]) for number in range(count)]
        return {id_: opened.transactions.receipt(id_).ticket for id_ in ids}

    return in_child(act).result or {}


def forget_what_is_gone(kiosk: Kiosk, gone: set[str]) -> None:
    """Nobody can keep what was promised of these: they were neither sent nor in the copy."""
    lines = kiosk.promises.read_text().splitlines(keepends=True)
    kiosk.promises.write_text("".join(one for one in lines if one.split()[0] not in gone))


def kiosk_goes_back(made: World, unaware: bool) -> tuple[list[Breach], Counter[str]]:
    rng = made.rng
    did: Counter[str] = Counter()
    kiosk = made.add_kiosk()
    kiosk.enrol(made.city)
    file(kiosk, rng.randrange(1, 6))
    if rng.random() < 0.7:
        kiosk.once()
    copy = kiosk.home.with_name(kiosk.home.name + ".copy")
    shutil.copytree(kiosk.home, copy)
    # In the part that is about to be lost: some that reached the city, some that did not.
    sent = file(kiosk, rng.randrange(0, 6))
    kiosk.once()
    at_city = {one.id for one in made.city.seen().envelopes}
    gone = file(kiosk, rng.choice((0, 0, 2, 5)))
    forget_what_is_gone(kiosk, set(gone))
    did["filed after the copy"] += len(sent) + len(gone)
    did["gone with the newer state"] += len(gone)
    if marked := rng.random() < 0.5:
        shutil.copy2(kiosk.home / mark.NAME, copy / mark.NAME)
    shutil.rmtree(kiosk.home)
    copy.rename(kiosk.home)
    if told_first := rng.random() < 0.5:  # the agent reaches the city before anybody files
        once(made, kiosk, forgetful=False, unaware=unaware)
    known = {**sent, **gone} if marked else (sent if told_first else {})
    anew = file(kiosk, rng.randrange(1, 8))
    for _ in range(3):
        once(made, kiosk, forgetful=False, unaware=unaware)
    later = file(kiosk, 2)
    once(made, kiosk, forgetful=False, unaware=unaware)
    seen = kiosk.seen()
    did["filed again"] += len(anew) + len(later)
    did["with its mark" if marked else "without its mark"] += 1
    did["epochs begun"] += any(":" in one for one in seen.said)
    numbers = {number for number in known.values() if number}
    twice = [number for number in anew.values() if number in numbers]
    found = [Breach(2, f"{kiosk.home.name}: number {number} twice") for number in twice]
    found += [Breach(7, row.id) for row in seen.rows if row.state in SET_ASIDE]
    if (marked and (sent or gone)) or (sent and at_city >= set(sent)):
        found += [] if seen.said else [Breach(6, f"{kiosk.home.name} is older and says nothing")]
    now_there = {one.id for one in made.city.seen().envelopes}
    found += [Breach(1, id_) for id_ in at_city - now_there]
    found += [Breach(7, id_) for id_ in {**anew, **later} if id_ not in now_there]
    return found, did


def run(rounds: int, seed: int, forgetful: bool, unaware: bool = False) -> dict[str, Any]:
    began = time.monotonic()
    with world(seed) as made:
        made.city.start()
        for _ in range(KIOSKS):
            made.add_kiosk()
        found, did = city_goes_back(made, rounds, forgetful)
        back: Counter[str] = Counter()
        for _ in range(0 if forgetful else max(4, rounds // 8)):
            more, counts = kiosk_goes_back(made, unaware)
            found += more
            back.update(counts)
        if back:
            found += breaches(made.seen(quiet=True))
        promised = len(made.promised())
    return {
        "name": "restored",
        "seed": seed,
        "planted": forgetful or unaware,
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
    parser.add_argument("--unaware", action="store_true", help="planted: never begins an epoch")
    given = parser.parse_args(arguments)
    return printed(run(given.rounds, given.seed, given.forgetful, given.unaware))


if __name__ == "__main__":
    raise SystemExit(main())
