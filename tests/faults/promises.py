"""What was promised on receipts, held against what the kiosk and the city have. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kiosk.domain.transaction import RECEIVED_BY_CITY


@dataclass
class Round:
    """One visit, ended by SIGKILL. Times in ms: `*_wall_ms` since 1970, the others as named."""

    number: int
    home: str
    how: str  # "calibration", "predicted" or "seen": what the instant of the kill came from
    sync: str  # "none", "both" or "agent": which of city and agent ran beside it
    planned_ms: float = 0.0  # of the kill, from the receipt's first frame, predicted or seen
    began_wall_ms: int = 0
    killed_wall_ms: int = 0
    tapped: bool = False
    frame_after_tap_ms: float | None = None  # None: the receipt was not seen before the kill
    kill_after_frame_ms: float | None = None
    copy_to_killed_ms: float = 0.0  # from the begin of the screen's copy, which comes first
    changed: bool = False  # another screen than the check page stood in the copy
    code: str = ""  # read from the QR in the copy: this was promised
    stored: list[str] = field(default_factory=list)  # codes committed during this round


@dataclass(frozen=True)
class Stored:
    """One home after all its rounds: lines of `kiosk outbox` and `city transactions`.

    `whole` is id -> sha256 of the payload that lies here, if it is what was committed.
    """

    outbox: Sequence[Mapping[str, Any]]
    whole: Mapping[str, str]
    outbox_after_sync: Sequence[Mapping[str, Any]]
    city: Sequence[Mapping[str, Any]]


@dataclass
class Faults:
    """Counts of what must not be; all zero when the kiosk kept its word."""

    missing: int = 0  # a code on a receipt that the kiosk does not have
    doubled: int = 0  # an id, a code or a dseq more than once, or two errands from one touch
    promised_twice: int = 0  # the same code on two receipts
    gaps: int = 0  # dseq that are not 1, 2, 3 …
    broken: int = 0  # a payload that is absent or not what its sha256 says
    strays: int = 0  # stored, but in no round
    city_missing: int = 0
    city_doubled: int = 0
    city_strange: int = 0  # at the city, but not here, or with another sha256
    unsent: int = 0  # not acknowledged after `kiosk sync --once`
    unreadable: int = 0  # another screen than the check page, with no code that can be read

    def any(self) -> bool:
        return any(asdict(self).values())


def committed_ms(id_: str) -> int:
    """The time in a UUIDv7: unix milliseconds."""
    return int(id_.replace("-", "")[:12], 16)


def match(rounds: Iterable[Round], outbox: Iterable[Mapping[str, Any]]) -> int:
    """Fills `stored` of the rounds of one home, by the time of the commit; how many fit none."""
    rounds = list(rounds)
    strays = 0
    for row in outbox:
        at_ms = committed_ms(row["id"])
        fitting = [one for one in rounds if one.began_wall_ms <= at_ms <= one.killed_wall_ms]
        if len(fitting) == 1:
            fitting[0].stored.append(row["code"])
        else:
            strays += 1
    return strays


def faults_of(rounds: Sequence[Round], stored: Stored) -> Faults:
    """What is wrong with one home, whose `rounds` these are. Fills their `stored`."""
    faults = Faults(strays=match(rounds, stored.outbox))
    promised = [one.code for one in rounds if one.code]
    have = {row["code"] for row in stored.outbox}
    faults.promised_twice = _repeats(promised)
    faults.missing = sum(code not in have for code in set(promised))
    faults.doubled = sum(
        _repeats([row[key] for row in stored.outbox]) for key in ("id", "code", "dseq")
    ) + sum(max(0, len(one.stored) - 1) for one in rounds)
    dseqs = {row["dseq"] for row in stored.outbox}
    faults.gaps = len(dseqs ^ set(range(1, len(stored.outbox) + 1)))
    faults.broken = sum(row["id"] not in stored.whole for row in stored.outbox)
    faults.unreadable = sum(one.changed and not one.code for one in rounds)
    ids, at_city = {row["id"] for row in stored.outbox}, [row["id"] for row in stored.city]
    faults.city_missing = len(ids - set(at_city))
    faults.city_strange = sum(row["sha256"] != stored.whole.get(row["id"]) for row in stored.city)
    faults.city_doubled = _repeats(at_city)
    acked = {row["id"] for row in stored.outbox_after_sync if row["state"] in RECEIVED_BY_CITY}
    faults.unsent = len(ids - acked)
    return faults


def classes(rounds: Iterable[Round]) -> dict[str, int]:
    """The kills by what they met: the three that must all occur, their parts, and the lost."""
    kills = [one for one in rounds if one.how != "calibration"]
    return {
        "before_commit": sum(not one.stored and not one.code for one in kills),
        "before_commit_as_before_tap": sum(not one.tapped for one in kills),
        "committed_before_frame": sum(bool(one.stored) and not one.code for one in kills),
        "promised": sum(bool(one.code) for one in kills),
        "promised_but_lost": sum(bool(one.code) and one.code not in one.stored for one in kills),
    }


def _repeats(things: Sequence[Any]) -> int:
    return sum(count - 1 for count in Counter(things).values())
