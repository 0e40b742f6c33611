"""An address in the city: street, RT, RW, kecamatan and kelurahan by code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kiosk.domain.problem import Problem
from kiosk.domain.regions import Regions
from kiosk.domain.signs import text_problem, tidy

ADDRESS_PARTS = ("street", "rt", "rw", "kecamatan", "kelurahan")
LONGEST_STREET = 100


def read_address(raw: Mapping[str, object], regions: Regions) -> dict[str, str] | Problem:
    """All of `ADDRESS_PARTS` as texts; RT and RW come out with three digits ("001")."""
    if unknown := next((part for part in raw if part not in ADDRESS_PARTS), None):
        return Problem("address_unknown_part", {"name": tidy(str(unknown))[:40]})
    given = {part: raw.get(part) for part in ADDRESS_PARTS}
    texts = {part: tidy(str(value)) for part, value in given.items() if _is_text(value)}
    if any(value is not None and part not in texts for part, value in given.items()):
        return Problem("not_text")
    if not any(texts.values()):
        return Problem("address_empty")
    street = texts.get("street", "")
    if problem := text_problem(street, "address_street", LONGEST_STREET):
        return problem
    numbers = {}
    for part in ("rt", "rw"):
        if not re.fullmatch("[0-9]{1,3}", texts.get(part, "")):
            return Problem(f"address_{part}")
        numbers[part] = texts[part].zfill(3)
    kecamatan = regions.find_code(texts.get("kecamatan", ""))
    if kecamatan is None or kecamatan not in regions.kecamatan():
        return Problem("address_kecamatan")
    kelurahan = regions.find_code(texts.get("kelurahan", ""))
    if kelurahan is None or kelurahan not in regions.kelurahan(kelurahan.parent):
        return Problem("address_kelurahan")
    if kelurahan.parent != kecamatan.code:
        names: dict[str, str | int] = {"kelurahan": kelurahan.name, "kecamatan": kecamatan.name}
        return Problem("address_kelurahan_elsewhere", names)
    return {"street": street, **numbers, "kecamatan": kecamatan.code, "kelurahan": kelurahan.code}


def address_lines(address: Mapping[str, str], regions: Regions) -> tuple[str, str, str]:
    """A checked address as screen and paper write it."""
    kelurahan = regions.find_code(address["kelurahan"])
    kecamatan = regions.find_code(address["kecamatan"])
    return (
        address["street"],
        f"RT {address['rt']} / RW {address['rw']}",
        f"Kel. {kelurahan.name if kelurahan else '?'}, Kec. {kecamatan.name if kecamatan else '?'}",
    )


def _is_text(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def part_problem(part: str, raw: Mapping[str, object], regions: Regions) -> Problem | None:
    """What is wrong with one part, for a screen that asks them one at a time.

    The parts not asked yet are filled with good ones, so that only `part` can be the trouble.
    """
    kecamatan = regions.find_code(str(raw.get("kecamatan", ""))) or regions.kecamatan()[0]
    good: dict[str, object] = {
        "street": "x",
        "rt": "1",
        "rw": "1",
        "kecamatan": kecamatan.code,
        "kelurahan": next((one.code for one in regions.kelurahan(kecamatan.code)), ""),
    }
    read = read_address({**good, part: raw.get(part, "")}, regions)
    return read if isinstance(read, Problem) else None
