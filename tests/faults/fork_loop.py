"""kill -9 at named points of the kiosk's work, with the city killed and restarted beside it.

    python -m tests.faults.fork_loop --kills 10000 --restarts 500 --seed 1

Each cycle forks a kiosk that accepts errands, sends them and pulls the catalogue, and kills itself
at a point drawn by the seed. The homes live through the whole run, now and then a fresh one joins.
The city is killed too: at its own points, or from outside while a kiosk speaks to it. Every
--check-every cycles what was promised is held against what is there; at the end the network is
quiet and everything must have arrived. Prints one JSON line; exit 1 when a promise was broken.
With --plant NAME one bug is planted (planted.py): then the run must end with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from tests.faults import planted  # noqa: E402
from tests.faults.crash_points import CITY_POINTS, KIOSK_POINTS, Counted  # noqa: E402
from tests.faults.invariants import Breach, breaches, figures  # noqa: E402
from tests.faults.world import (  # noqa: E402
    DRAFT,
    PATIENCE_S,
    SURVEY,
    TICKET,
    Kiosk,
    World,
    collected,
    in_child,
    printed,
    started,
    world,
)

HOMES = 3
FRESH_EVERY = 40  # cycles; a fresh home lives on among the others, the oldest is settled and rests
PUBLISH_EVERY = 25
BACKUP_EVERY = 15  # and what it holds may be deleted on the kiosks
RESTORE_EVERY = 70  # the city goes back to its last backup, told so or not
OPENING_STATEMENTS = 60  # a fresh home is killed within so many statements of its first opening


def cycle(kiosk: Kiosk, counted: Counted, errands: int, plant: str) -> dict[str, int]:
    """In a child: one visit's work, ended by the kill or whole. What points it passed."""
    planted.in_kiosk(plant)
    counted.arm_kiosk()
    opened = kiosk.open()
    counted.watch(opened.db.conn)
    for number in range(errands):
        opened.accept((DRAFT, SURVEY, TICKET)[number % 3])
    opened.once()
    return dict(counted.passed)


def opening(kiosk: Kiosk, statement: int) -> None:
    """In a child: the first opening of a home, killed before its n-th statement."""
    from kiosk.store import connection

    connect = connection.connect
    counted = Counted("opening", statement)

    def watched(*given: Any) -> Any:
        db = connect(*given)
        db.conn.set_trace_callback(lambda _sql: counted("opening"))
        return db

    connection.connect = watched  # type: ignore[assignment]
    kiosk.open()


class Loop:
    def __init__(self, made: World, kills: int, restarts: int, plant: str) -> None:
        self.world, self.kills, self.restarts, self.plant = made, kills, restarts, plant
        self.points = planted.points(plant) or KIOSK_POINTS
        self.killed: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.city_killed: Counter[str] = Counter()
        self.found: list[Breach] = []
        self.cycles = self.enrolled_again = 0
        self._backup = made.folder / "none yet"
        self._publications = 0

    def run(self, check_every: int, within_s: float) -> None:
        end_s = time.monotonic() + within_s
        made = self.world
        made.city.publish(0)
        self._start_city()
        for _ in range(HOMES):
            self._fresh()
        while self.killed.total() < self.kills or made.city.restarts < self.restarts:
            if time.monotonic() > end_s:
                break  # the counts say how far it came
            self.cycles += 1
            if self.cycles % FRESH_EVERY == 0:
                self._fresh()
            if self.cycles % PUBLISH_EVERY == 0:
                self._publications += 1
                made.city.publish(self._publications)
            if self.cycles % BACKUP_EVERY == 0:
                self._backup = made.folder / f"backup-{self.cycles}.sqlite"
                made.city.backup(self._backup)
            if self.cycles % RESTORE_EVERY == 0 and self._backup.exists():
                self._restore()
            kiosk = made.kiosks[-1 - made.rng.randrange(HOMES)]
            if self.cycles % 5 == 0 and (codes := kiosk.codes()):
                self._say(made.rng.choice(codes))
            self._cycle(kiosk)
            if self.cycles % check_every == 0 and self._check():
                return  # a broken promise is not healed by going on
        made.city.kill()
        made.city.start(lambda: planted.in_city(self.plant, made.city.database))
        self.found += breaches(self._settled())

    def _cycle(self, kiosk: Kiosk) -> None:
        rng = self.world.rng
        point, passing = rng.choice(self.points), rng.choice((1, 1, 1, 2, 3))
        counted, errands = Counted(point, passing), rng.randrange(1, 6)
        due = self.world.city.restarts * self.kills < self.restarts * self.killed.total()
        from_outside = due and rng.random() < 0.5
        if due and not from_outside:
            self.world.city.kill()
            self._start_city(rng.choice(CITY_POINTS))
        child, pipe = started(lambda: cycle(kiosk, counted, errands, self.plant))
        if from_outside:
            time.sleep(rng.random() * 0.03)
            self.world.city.kill()
            self.city_killed["from outside"] += 1
        ended = collected(child, pipe)
        if ended.signal:
            self.killed[point] += 1
        else:
            self.passed.update(ended.result)
        if not self.world.city.is_up():
            self._start_city()

    def _restore(self) -> None:
        made = self.world
        made.city.kill()
        made.city.restore(self._backup, told=made.rng.random() < 0.5)
        self.city_killed["and restored"] += 1
        self._start_city()
        for kiosk in made.kiosks[-HOMES:]:
            self._enrol_again(kiosk)

    def _enrol_again(self, kiosk: Kiosk) -> None:
        """A city put back to before a device enrolled does not know it; doctor says what to do."""
        known = {line["device"] for line in self.world.city.command("devices")}
        if kiosk.seen().device not in known:
            kiosk.enrol(self.world.city)
            self.enrolled_again += 1

    def _say(self, code: str) -> None:
        """The city's word on an application, if it has arrived: "done" lets its bytes go."""
        try:
            self.world.city.command("status", code, self.world.rng.choice(("received", "done")))
        except RuntimeError:
            self.city_killed["asked for what has not arrived"] += 0

    def _start_city(self, point: str = "") -> None:
        counted = Counted(point, self.world.rng.randrange(1, 3))

        def before() -> None:
            planted.in_city(self.plant, self.world.city.database)
            counted.arm_city()

        self.world.city.start(before)
        if point:
            self.city_killed[point] += 1

    def _fresh(self) -> None:
        """A home whose first opening is killed some times, then enrolled."""
        kiosk = self.world.add_kiosk()
        for _ in range(3):
            statement = self.world.rng.randrange(1, OPENING_STATEMENTS)
            if in_child(lambda n=statement: opening(kiosk, n)).signal:  # type: ignore[misc]
                self.killed["opening"] += 1
        self._start_city()
        kiosk.enrol(self.world.city)

    def _check(self) -> list[Breach]:
        """Only promises that hold at every moment; acknowledgements may be on their way."""
        made = self.world
        made.city.kill()  # nothing is on its way while it is looked at
        self.found = breaches(made.seen())
        self._start_city()
        return self.found

    def _settled(self) -> Any:
        """Quiet network: every agent may speak as often as it needs, in the planted world too."""

        def rounds(kiosk: Kiosk) -> None:
            planted.in_kiosk(self.plant)
            opened = kiosk.open()
            for _ in range(3):
                opened.once()

        for kiosk in self.world.kiosks:
            self._enrol_again(kiosk)
            in_child(lambda k=kiosk: rounds(k), limit_s=PATIENCE_S * 2)  # type: ignore[misc]
        return self.world.seen(quiet=True)


def run(
    kills: int,
    restarts: int,
    seed: int,
    check_every: int = 100,
    plant: str = "",
    within_s: float = 3600.0,
) -> dict[str, Any]:
    began = time.monotonic()
    with world(seed) as made:
        loop = Loop(made, kills, restarts, plant)
        loop.run(check_every, within_s)
        return {
            "name": "fork_loop",
            "seed": seed,
            "planted": plant,
            "kills": loop.killed.total(),
            "kills_at": dict(sorted(loop.killed.items())),
            "never_killed_at": sorted(set(KIOSK_POINTS) - set(loop.killed)),
            "city_restarts": made.city.restarts,
            "city_killed_at": dict(sorted(loop.city_killed.items())),
            "cycles": loop.cycles,
            "homes": len(made.kiosks),
            "enrolled_again": loop.enrolled_again,
            "promised": len(made.promised()),
            **figures(loop.found),
            "breaches": [str(breach) for breach in loop.found[:20]],
            "invariants_broken": sorted({breach.invariant for breach in loop.found}),
            "took_s": round(time.monotonic() - began, 1),
        }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--restarts", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check-every", type=int, default=100)
    parser.add_argument("--within-s", type=float, default=3600.0, help="ends earlier than that")
    parser.add_argument("--plant", default="", choices=["", *planted.BUGS])
    given = parser.parse_args(arguments)
    counts = (given.kills, given.restarts, given.seed, given.check_every)
    return printed(run(*counts, given.plant, given.within_s))


if __name__ == "__main__":
    raise SystemExit(main())
