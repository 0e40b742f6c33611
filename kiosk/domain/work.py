"""What the desk does with an application, and with which words. Pure.

new → open (a clerk has it) → accepted (complete, the letter is being made) → done,
or → returned (something is missing: the citizen comes again, then open) or → rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

WorkState = Literal["new", "open", "accepted", "returned", "rejected", "done"]
WorkAct = Literal["open", "release", "check", "accept", "return", "reject", "done"]
ENDED: frozenset[str] = frozenset({"rejected", "done"})
# "open" from "open" takes it over from a colleague; everything else needs the one who has it.
STEPS: dict[WorkAct, tuple[frozenset[str], WorkState]] = {
    "open": (frozenset({"new", "open", "accepted", "returned"}), "open"),
    "release": (frozenset({"open"}), "new"),
    "check": (frozenset({"open"}), "open"),
    "accept": (frozenset({"open"}), "accepted"),
    "return": (frozenset({"open", "accepted"}), "returned"),
    "reject": (frozenset({"open", "accepted"}), "rejected"),
    "done": (frozenset({"accepted"}), "done"),
}

# Codes travel to the city; what they say stands here in the clerk's language and in English.
RETURN_REASONS: dict[str, tuple[str, str]] = {
    "papers_missing": ("Persyaratan belum lengkap", "Some papers are missing"),
    "differs": ("Isian belum sama dengan dokumen", "Answers differ from the documents"),
    "stamp": ("Tanda tangan atau stempel belum ada", "A signature or stamp is missing"),
    "in_person": ("Pemohon perlu datang sendiri", "The applicant has to come in person"),
    "ask_staff": ("Perlu bertemu petugas", "Please see the staff"),
}
REJECT_REASONS: dict[str, tuple[str, str]] = {
    "not_here": ("Bukan wewenang kelurahan ini", "Not a matter of this office"),
    "not_resident": ("Pemohon bukan warga kelurahan ini", "Not a resident of this kelurahan"),
    "not_entitled": ("Tidak memenuhi syarat", "The conditions are not met"),
    "twice": ("Permohonan yang sama sudah ada", "The same application exists already"),
    "withdrawn": ("Dibatalkan oleh pemohon", "Withdrawn by the applicant"),
}
REASONS: dict[str, dict[str, tuple[str, str]]] = {
    "return": RETURN_REASONS,
    "reject": REJECT_REASONS,
}


def after(state: str, act: WorkAct) -> WorkState | None:
    """The state after `act`, None where it makes no sense."""
    starts, end = STEPS[act]
    return end if state in starts else None


@dataclass(frozen=True, slots=True)
class Work:
    """One application at the desk. `version` counts what was done with it; `holder` is the id of
    the clerk who has it, or None; `ticked` are places in the list of requirements, `ticket` the
    number that was taken for it in the queue ("" for none)."""

    dseq: int
    id: str
    code: str
    service: str
    state: WorkState
    version: int
    holder: int | None
    ticked: tuple[int, ...]
    reason: str
    returns: int
    arrived: datetime
    opened: datetime | None = None
    ended: datetime | None = None
    changed: datetime | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Applications that arrived in some days. Minutes; None where nothing was measured yet.

    `first_visit` is the share (0 to 1) of those decided that never had to be returned; rejected
    ones that were never returned count neither way.
    """

    arrived: int
    ended: int
    open: int
    returned: int
    wait_min: tuple[float, float] | None  # arrival to first opening: median, nine of ten
    service_min: tuple[float, float] | None  # first opening to the end
    first_visit: float | None
    decided: int


def spread(values: list[float]) -> tuple[float, float] | None:
    """The median, and what nine of ten do not exceed (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return middle, ordered[-(-9 * count // 10) - 1]
