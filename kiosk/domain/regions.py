"""The city's kecamatan and kelurahan with their official codes ("36.71.01.1001")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.domain.signs import tidy


@dataclass(frozen=True, slots=True)
class Region:
    """`parent` is the code of the region it lies in; "" for the city."""

    code: str
    name: str
    parent: str


class Regions:
    """All regions of one city, in the official order. A kelurahan's kecamatan is its parent.

    Ten names are both a kecamatan and a kelurahan, and kelurahan Jatiuwung lies in kecamatan
    Cibodas: so answers hold codes, never names.
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_code = {region.code: region for region in regions}
        self._children: dict[str, list[Region]] = {}
        for region in self._by_code.values():
            self._children.setdefault(region.parent, []).append(region)

    @property
    def city(self) -> Region:
        return self._children[""][0]

    def kecamatan(self) -> tuple[Region, ...]:
        return tuple(self._children.get(self.city.code, ()))

    def kelurahan(self, kecamatan_code: str) -> tuple[Region, ...]:
        """Those of one kecamatan; none for a code that is no kecamatan."""
        if self.find_code(kecamatan_code) not in self.kecamatan():
            return ()
        return tuple(self._children.get(kecamatan_code, ()))

    def find_code(self, code: str) -> Region | None:
        return self._by_code.get(code)

    def find(self, text: str) -> tuple[Region, ...]:
        """Regions of that name, then those whose name starts with it; "batu jaya" = Batujaya."""
        wanted = _squeezed(text)
        if not wanted:
            return ()
        begun = [one for one in self._by_code.values() if _squeezed(one.name).startswith(wanted)]
        return tuple(sorted(begun, key=lambda one: _squeezed(one.name) != wanted))


def _squeezed(name: str) -> str:
    return tidy(name).replace(" ", "").casefold()
