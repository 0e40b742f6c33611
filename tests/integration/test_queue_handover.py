"""A half-filled form handed to the desk: seen by who shall see it, gone when it is over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kiosk.config import WIB
from kiosk.domain.handover import HalfForm
from kiosk.store import handover as module
from kiosk.store.connection import DATABASE_NAME, open_database
from kiosk.store.handover import Gone, Handovers, TakenByOther, TooMany
from kiosk.store.outbox import Outbox
from tests.store_support import raw_connection, run_together

NIK = "3671011708900003"
RAW = {"nik": NIK, "nama": "Siti Amin", "alamat.street": "Jl. Mela"}


class Clocks:
    def __init__(self) -> None:
        self.wall_ms = time.time_ns() // 1_000_000
        self.monotonic_ms = 5_000_000

    def later(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.monotonic_ms += round(seconds * 1000)


def handovers(home: Path, clocks: Clocks | None = None) -> Handovers:
    clocks = clocks or Clocks()
    return Handovers(
        open_database(home),
        home,
        zone=WIB,
        wall_ms=lambda: clocks.wall_ms,
        monotonic_ms=lambda: clocks.monotonic_ms,
    )


def rows(home: Path) -> list[tuple[object, ...]]:
    """What any tool with the key finds."""
    found: list[tuple[object, ...]] = (
        raw_connection(home).execute("SELECT * FROM handover").fetchall()
    )
    return found


def offered(desk: Handovers) -> str:
    return desk.offer("sktm", RAW, frozenset({"nik"}), "id").id


def test_a_call_for_help_is_heard_and_holds_nothing_of_the_person(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    ring = desk.ring("en")
    assert (ring.kind, ring.state, ring.service, ring.lang) == ("ring", "waiting", "", "en")
    (listed,) = desk.listing()
    assert listed == ring
    assert desk.standing(ring.id) == "waiting"
    desk.seen([ring.id])
    assert desk.standing(ring.id) == "seen"
    assert desk.take(ring.id, "siti") is None
    assert desk.standing(ring.id) == "taken"
    (row,) = rows(tmp_path)
    assert row[6] is None  # no body
    desk.end(ring.id)
    assert desk.standing(ring.id) is None
    assert rows(tmp_path) == []


def test_a_form_is_handed_over_whole(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    id_ = offered(desk)
    assert [one.kind for one in desk.listing()] == ["form"]
    form = desk.take(id_, "siti")
    assert form == HalfForm("sktm", "id", RAW, ("nik",))
    assert desk.take(id_, "siti") == form  # her page was loaded again
    with pytest.raises(TakenByOther) as told:
        desk.take(id_, "budi")
    assert told.value.by == "siti"
    desk.give_back(id_, "siti")
    assert desk.take(id_, "budi") == form


def test_of_two_clerks_at_once_one_gets_it(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    id_ = offered(desk)
    desk._db.close()

    def act(number: int) -> None:
        try:
            handovers(tmp_path).take(id_, f"clerk{number}")
        except TakenByOther:
            raise SystemExit(3) from None

    import os

    def told(number: int) -> None:
        try:
            act(number)
        except SystemExit:
            os._exit(3)

    assert sorted(run_together(4, told)) == [0, 3, 3, 3]


@pytest.mark.parametrize("end", ["finished", "refused", "taken back"])
def test_it_is_deleted_when_it_ends(tmp_path: Path, end: str) -> None:
    desk = handovers(tmp_path)
    id_ = offered(desk)
    if end != "taken back":
        desk.take(id_, "siti")
    desk.end(id_)
    assert rows(tmp_path) == []
    assert desk.standing(id_) is None
    with pytest.raises(Gone):
        desk.take(id_, "siti")
    desk.end(id_)  # twice does no harm


def test_after_thirty_minutes_it_is_deleted_whoever_looks(tmp_path: Path) -> None:
    clocks = Clocks()
    desk = handovers(tmp_path, clocks)
    id_ = offered(desk)
    desk.take(id_, "siti")
    clocks.later(module.KEEP_S - 1)
    assert len(desk.listing()) == 1
    clocks.later(1)
    assert desk.listing() == []
    assert rows(tmp_path) == []
    with pytest.raises(Gone):
        desk.take(id_, "siti")


@pytest.mark.parametrize("way", ["listing", "standing", "take", "ring", "expire"])
def test_every_way_in_deletes_what_is_over(tmp_path: Path, way: str) -> None:
    clocks = Clocks()
    desk = handovers(tmp_path, clocks)
    id_ = offered(desk)
    clocks.later(module.KEEP_S + 1)
    fresh = handovers(tmp_path, clocks)
    if way == "take":
        with pytest.raises(Gone):
            fresh.take(id_, "siti")
    else:
        {
            "listing": fresh.listing,
            "standing": lambda: fresh.standing(id_),
            "ring": lambda: fresh.ring("id"),
            "expire": fresh.expire,
        }[way]()
    assert [row for row in rows(tmp_path) if row[2] == "form"] == []


def test_a_clock_set_back_keeps_nothing_longer(tmp_path: Path) -> None:
    clocks = Clocks()
    desk = handovers(tmp_path, clocks)
    offered(desk)
    clocks.wall_ms -= 3600_000  # the wall clock jumps back an hour
    assert desk.listing() == []
    offered(desk)
    clocks.wall_ms -= 30_000
    clocks.monotonic_ms += module.KEEP_S * 1000
    assert desk.listing() == []
    assert rows(tmp_path) == []


def test_after_a_power_cut_it_is_over_at_its_time(tmp_path: Path) -> None:
    clocks = Clocks()
    desk = handovers(tmp_path, clocks)
    offered(desk)
    desk._db.close()
    again = Clocks()
    again.wall_ms, again.monotonic_ms = clocks.wall_ms + 60_000, 1000
    after = handovers(tmp_path, again)
    after._boot_id = "another boot"
    assert len(after.listing()) == 1  # a minute later it can still be finished
    again.wall_ms += module.KEEP_S * 1000
    assert after.listing() == []


def test_it_is_never_sent(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    offered(desk)
    desk.ring("id")
    outbox = Outbox(desk._db, tmp_path)
    assert outbox.due(10) == []
    assert outbox.left() == 0
    for table in ("txn", "payload", "outbox", "sync_state", "pulled"):
        assert NIK not in repr(desk._db.conn.execute(f"SELECT * FROM {table}").fetchall())


def test_it_lies_enciphered_and_its_end_leaves_nothing_behind(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    id_ = offered(desk)
    for path in tmp_path.glob(f"{DATABASE_NAME}*"):
        assert NIK.encode() not in path.read_bytes()
    desk.end(id_)
    plain = raw_connection(tmp_path).execute(
        "SELECT hex(group_concat(quote(sql))) FROM sqlite_master"
    )
    assert plain.fetchone()
    assert (tmp_path / f"{DATABASE_NAME}-wal").stat().st_size == 0  # nor an older page of it
    copy = tmp_path / "plain.db"
    raw = raw_connection(tmp_path)
    raw.execute(f"ATTACH DATABASE '{copy}' AS plain KEY ''")
    raw.execute("SELECT sqlcipher_export('plain')")
    raw.execute("DETACH DATABASE plain")
    assert NIK.encode() not in copy.read_bytes()


def test_signs_differ_and_a_flood_is_refused(tmp_path: Path) -> None:
    desk = handovers(tmp_path)
    signs = [desk.ring("id").sign for _ in range(module.ROWS_MAX)]
    assert len(set(signs)) == module.ROWS_MAX
    with pytest.raises(TooMany):
        desk.ring("id")
    assert offered(desk)  # forms are counted for themselves
    with pytest.raises(ValueError, match="at most"):
        desk.offer("sktm", {"nama": "x" * 70_000}, frozenset(), "id")
