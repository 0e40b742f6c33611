"""What somebody means who says of the service spoken of what is otherwise in his case: of a lost
card "it is only cracked", of a letter of residence "no, for my company"."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from kiosk.domain.service import Catalogue
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.lines import OwnLines
from kiosk.lookup.wording import Find, Wording

_NEAREST = 4  # services that a name may be mistaken for
_PULLED = 4.5  # nats: how much likelier the contrast must make another one than the name alone
_AGREED = 2.0  # of the three ways to call the service spoken of, how many lead to it
_NOTHING = 1e-4  # the share of what the lookup does not even name


class Contrasts:
    """Asks the lookup for the service's own name beside what was said, and takes the one that is
    nearest to it but became much likelier; changes nothing."""

    def __init__(
        self, catalogue: Catalogue, find: Find, hearing: Hearing, wording: Wording, lines: OwnLines
    ) -> None:
        self._services = catalogue.services
        self._find = find
        self._hearing = hearing
        self._wording = wording
        self._lines = lines

    def meant(self, heard: Heard, service: str) -> str | None:
        """None where nothing is set against the service spoken of, its own lines speak of it, or it
        leads to no other one: "no, for my daughter"."""
        denied = self._hearing.moves(heard, "no")
        if not denied and not self._hearing.moves(heard, "contrast"):
            return None
        said = self._hearing.instead_said(heard)
        if not said or self._hearing.of_people(heard):
            return None
        note = self._services[service].note  # "ask for the other letter instead" keeps nobody
        if not denied and set(self._lines.of(service, heard.words)) - {note}:
            return None
        return self._pulled(said, service)

    def _pulled(self, said: str, service: str) -> str | None:
        name = self._services[service].name
        agreed: defaultdict[str, float] = defaultdict(float)
        pulled: defaultdict[str, float] = defaultdict(float)
        head = self._wording.head(service)
        if head in self._hearing.generic:  # of a "surat keterangan domisili" no letter at all
            head = name.id.lower().split()[-1]
        for called in (name.id, name.en, head):
            alone, beside = self._shares(called), self._shares(f"{called} {said}")
            others = {one: share for one, share in beside.items() if one != service}
            for one, share in others.items():
                agreed[one] += share / (sum(others.values()) or 1.0)
                more = math.log((share + _NOTHING) / (alone.get(one, 0.0) + _NOTHING))
                pulled[one] = max(pulled[one], more)
        likely = max(agreed, key=lambda one: agreed[one], default=None)
        if likely is None or agreed[likely] < _AGREED or pulled[likely] < _PULLED:
            return None
        return likely

    def _shares(self, said: str) -> Mapping[str, float]:
        return {hit.service_id: hit.score for hit in self._find(said, _NEAREST).hits}
