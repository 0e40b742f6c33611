"""The seven promises of the sync (../shared/research/sync.md), held against what is there. Pure.

Every fault run gathers a `Seen` and asks `breaches`; nothing else decides whether a run passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WITHHELD = "withheld"  # without a name: not in the queue before its day is over
AT_CITY = ("acked", "confirmed", "prunable")
SET_ASIDE = ("conflict", "quarantined")
WORDS = {
    1: "promised to a citizen, and neither on a kiosk nor at the city",
    2: "more than one row at the city, or other bytes there",
    3: "a gap below contiguous_through",
    4: "acknowledged on the kiosk, not held by the city",
    5: "a feed that skipped what the city had published",
    6: "no success, and nobody can see it",
    7: "a quiet network, and still unsent",
}
LOST, DOUBLED, STUCK = (1, 4), (2, 3), (5, 6, 7)


@dataclass(frozen=True)
class Promise:
    """What a citizen was told: the transaction's id, and the digest of what was stored then."""

    id: str
    sha256: str = ""  # "" = not noted


@dataclass(frozen=True)
class KioskRow:
    """One transaction on a kiosk. `body_sha256`: of the bytes that lie there, None = no bytes."""

    id: str
    dseq: int
    sha256: str
    state: str
    body_sha256: str | None
    last_problem: str | None = None


@dataclass(frozen=True)
class KioskSeen:
    """One home. `out_of_order`: the E-code on its screen when its database cannot be used."""

    device: str
    epoch: str
    rows: Sequence[KioskRow] = ()
    shown_unsent: int = 0  # what the status bar and doctor say
    last_problem: str = ""
    feed: Mapping[str, Any] | None = None  # id -> content, as the kiosk holds it
    cursor: str = ""  # the version it believes to hold
    out_of_order: str = ""
    said: Sequence[str] = ()  # that it has less than was promised of it, and how it knows


@dataclass(frozen=True)
class Envelope:
    id: str
    device: str
    epoch: str
    dseq: int
    sha256: str
    body_sha256: str
    problem: str | None = None


@dataclass(frozen=True)
class Aside:
    """Kept at the city for a human: in conflict, damaged, unreadable, of a revoked device."""

    id: str
    device: str
    epoch: str
    dseq: int


@dataclass(frozen=True)
class CitySeen:
    envelopes: Sequence[Envelope] = ()
    through: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (device, epoch)
    aside: Sequence[Aside] = ()


@dataclass(frozen=True)
class Seen:
    """Everything at one moment.

    `quiet`: the network was whole and every agent had its rounds; the promises about arrival are
    asked only then. `published`: every version of the feed the city ever committed, newest last;
    `versions`: the same by the city's name for them.
    """

    promises: Sequence[Promise]
    kiosks: Sequence[KioskSeen]
    city: CitySeen
    quiet: bool = False
    published: Sequence[Mapping[str, Any]] = ()
    versions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Breach:
    invariant: int  # 1 to 7
    where: str  # an id or a device and epoch; never a body

    def __str__(self) -> str:
        return f"({self.invariant}) {WORDS[self.invariant]}: {self.where}"


def breaches(seen: Seen) -> list[Breach]:
    """Every promise that is broken, in the order of their numbers."""
    found = [
        *_promised_is_somewhere(seen),
        *_once_at_the_city(seen),
        *_no_gap(seen),
        *_feeds(seen),
    ]
    if seen.quiet:
        found += [*acked_is_held(seen), *_visible(seen), *_drained(seen)]
    else:
        found += _counted(seen)
    return sorted(found, key=lambda breach: (breach.invariant, breach.where))


def figures(found: Sequence[Breach]) -> dict[str, int]:
    """The three counts that must be 0."""
    kinds = {"lost": LOST, "doubled": DOUBLED, "silently_stuck": STUCK}
    return {
        name: sum(breach.invariant in numbers for breach in found)
        for name, numbers in kinds.items()
    }


def _usable(seen: Seen) -> dict[str, Envelope]:
    return {one.id: one for one in seen.city.envelopes}


def _promised_is_somewhere(seen: Seen) -> Iterator[Breach]:
    at_city = _usable(seen)
    here = {row.id: row for kiosk in seen.kiosks for row in kiosk.rows}
    for promise in seen.promises:
        row, envelope = here.get(promise.id), at_city.get(promise.id)
        digest = promise.sha256 or (row.sha256 if row else envelope.sha256 if envelope else "")
        on_kiosk = row is not None and row.body_sha256 == digest
        on_city = envelope is not None and envelope.body_sha256 == digest
        damaged = row is not None and row.state == "quarantined" and bool(row.last_problem)
        if not (on_kiosk or on_city or damaged):
            yield Breach(1, promise.id)


def _once_at_the_city(seen: Seen) -> Iterator[Breach]:
    envelopes = seen.city.envelopes
    for key in (
        [one.id for one in envelopes],
        [f"{one.device} {one.epoch} {one.dseq}" for one in envelopes],
    ):
        yield from (Breach(2, name) for name, count in Counter(key).items() if count > 1)
    here = {row.id: row.sha256 for kiosk in seen.kiosks for row in kiosk.rows}
    promised = {promise.id: promise.sha256 for promise in seen.promises if promise.sha256}
    for one in envelopes:
        digests = {one.sha256, one.body_sha256}
        digests |= {known[one.id] for known in (here, promised) if one.id in known}
        if len(digests) > 1:
            yield Breach(2, f"{one.id} has {len(digests)} digests")


def _no_gap(seen: Seen) -> Iterator[Breach]:
    have: dict[tuple[str, str], set[int]] = {}
    everything: list[Envelope | Aside] = [*seen.city.envelopes, *seen.city.aside]
    for one in everything:
        have.setdefault((one.device, one.epoch), set()).add(one.dseq)
    for stream, through in seen.city.through.items():
        if missing := set(range(1, through + 1)) - have.get(stream, set()):
            yield Breach(3, f"{' '.join(stream)} through {through} without {min(missing)}")


def acked_is_held(seen: Seen) -> Iterator[Breach]:
    """Promise 4. At every moment it holds only for a city that was never put back."""
    held = {one.id: one for one in seen.city.envelopes if one.problem is None}
    for kiosk in seen.kiosks:
        for row in kiosk.rows:
            if row.state in AT_CITY and (row.id not in held or held[row.id].sha256 != row.sha256):
                yield Breach(4, row.id)


def _feeds(seen: Seen) -> Iterator[Breach]:
    """At any moment a whole version, the one its cursor names; on a quiet network the newest."""
    for kiosk in seen.kiosks:
        if kiosk.cursor in seen.versions and seen.versions[kiosk.cursor] != kiosk.feed:
            yield Breach(5, f"{kiosk.device} {kiosk.epoch} holds less than its cursor says")
    if not seen.published:
        return
    allowed = seen.published[-1:] if seen.quiet else seen.published
    for kiosk in seen.kiosks:
        if kiosk.out_of_order or (not kiosk.feed and not seen.quiet):
            continue
        if not any(kiosk.feed == version for version in allowed):
            yield Breach(5, f"{kiosk.device} {kiosk.epoch}")


def _visible(seen: Seen) -> Iterator[Breach]:
    yield from _counted(seen)
    asked_back = {one.id for one in seen.city.envelopes if one.problem is not None}
    for kiosk in seen.kiosks:
        for row in kiosk.rows:
            hidden = row.state in SET_ASIDE and not row.last_problem
            told = row.state in SET_ASIDE or bool(row.last_problem or kiosk.last_problem)
            if hidden or (row.state not in (*AT_CITY, WITHHELD) and not told):
                yield Breach(6, f"{row.id} is {row.state} without a word")
            if row.id in asked_back and row.state in AT_CITY:
                yield Breach(6, f"{row.id} is {row.state} here and quarantined at the city")


def _counted(seen: Seen) -> Iterator[Breach]:
    """The number that staff see is the number that waits."""
    for kiosk in seen.kiosks:
        waiting = sum(row.state == "accepted" for row in kiosk.rows)
        if not kiosk.out_of_order and kiosk.shown_unsent != waiting:
            yield Breach(6, f"{kiosk.device} {kiosk.epoch} shows {kiosk.shown_unsent} of {waiting}")


def _drained(seen: Seen) -> Iterator[Breach]:
    for kiosk in seen.kiosks:
        waiting = (row for row in kiosk.rows if row.state in ("accepted", WITHHELD))
        yield from (Breach(7, row.id) for row in waiting)
