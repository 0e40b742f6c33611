"""Is a turn about the service in hand, or does it turn to another?"""

from __future__ import annotations

from kiosk.domain.meaning import Meaning
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.lines import OwnLines
from kiosk.lookup.wording import Wording


class Staying:
    """Changes nothing. `service` is always the one in hand."""

    def __init__(self, hearing: Hearing, wording: Wording, lines: OwnLines) -> None:
        self._hearing = hearing
        self._wording = wording
        self._lines = lines

    def keeps_to(self, heard: Heard, meaning: Meaning, service: str) -> bool:
        """Only what is asked about something stays with it: a bare subject is a new one."""
        content = set(heard.content)
        asks = heard.question is not None or heard.case is not None
        if self._strays(heard, meaning):
            return True
        if self._is_way_to_another(heard, meaning, service):
            return False
        if not asks or self._hearing.moves(heard, "on"):
            return False
        match = meaning.hits[0].service_id if meaning.outcome == "match" else None
        here = heard.question is not None and heard.question.here
        if here and match not in (None, service) and content <= self._wording.name(str(match)):
            return False  # of the SKCK its letter's place is not asked
        if content <= self._wording.name(service) or content <= self._hearing.generic:
            return True
        if heard.asks_case:
            return not self._names_another(heard, match, service)
        if not heard.beyond and not any(one.service for one in heard.agencies):
            return True  # whose office it is asked of is no subject
        if content <= self._wording.own(service):
            return match is None or not content <= self._wording.name(match)
        if content & self._hearing.things:
            return False
        told = self._wording.told(service)
        if self._hearing.moves(heard, "wish") and meaning.hits and not content & told:
            return False
        if heard.definite or content <= told or meaning.outcome == "choose":
            return True
        half = len(content & told) * 2 >= len(content)
        return half and (match is None or self._wording.named_by_content(heard) == service)

    def is_of_a_paper(self, heard: Heard, meaning: Meaning, service: str) -> bool:
        """Is a paper spoken of as a part of the case: one that somebody has, lacks or brings, or
        that the service asks for? Not one that is to be made, or that something happened to."""
        if self.has_a_paper(heard):
            return True
        if self._turns(heard):
            return False
        loosely = heard.case is None or heard.case.kind in ("need", "loose")
        asks = heard.case is not None or self._hearing.moves(heard, "asks")
        if heard.question is not None or not (loosely and asks) or not meaning.hits:
            return False
        paper = meaning.hits[0].service_id
        return paper != service and self._wording.is_paper_of(paper, service)

    def has_a_paper(self, heard: Heard) -> bool:
        """Does somebody tell of a paper that he has, lacks or brings?"""
        return self._hearing.moves(heard, "had") and not self._turns(heard)

    def _turns(self, heard: Heard) -> bool:
        """Is something wished for or gone on to, or did something befall a thing?"""
        turns = ["wish", "back", "mishap", "on", "what_about"]
        turns += [] if self._hearing.moves(heard, "here") else ["errand"]
        return any(self._hearing.moves(heard, one) for one in turns)

    def leaves(self, heard: Heard, meaning: Meaning, service: str) -> bool:
        """Does somebody turn to another service, who does not say so? By a wish or by its name:
        what else is told is mostly of the one spoken of ("saya ngontrak"), or of its papers."""
        hits = [hit.service_id for hit in meaning.hits]
        kind = heard.case.kind if heard.case is not None else ""
        if not hits or hits[0] == service:
            return False
        content, is_sure = set(heard.content), meaning.outcome == "match"
        things, names = content & self._hearing.things, content & self._hearing.names
        if kind == "need":  # a paper of the one in hand, unless it never speaks of such
            return is_sure and bool(names - self._wording.told(service))
        wishes = self._hearing.moves(heard, "wish")
        errand = self._hearing.moves(heard, "errand") and (things or len(content) > 1)
        if wishes or errand or self._hearing.moves(heard, "back"):
            foreign = wishes or bool(things and content - self._wording.told(service))
            elsewhere = foreign and service not in hits
            return (
                is_sure or bool(names) or (elsewhere and not self._lines.of(service, heard.words))
            )
        on = self._hearing.moves(heard, "on") or self._hearing.moves(heard, "what_about")
        if heard.question is not None and not heard.pointing:
            return is_sure or bool(names - self._wording.own(service))
        if heard.question is not None or kind == "loose" or on:
            return is_sure
        told = self._wording.told(service)
        if things - told:
            asks = self._hearing.moves(heard, "asks")
            return (is_sure and asks) or (not heard.pointing and (is_sure or bool(names - told)))
        if heard.pointing or not (things or len(content) > 1):
            return False
        named = any(content <= self._wording.own(one) for one in hits)
        return named and (is_sure or bool(names))

    def left_at(
        self, heard: Heard, meaning: Meaning, service: str, *, of_a_paper: bool = False
    ) -> tuple[str, ...]:
        """The service spoken of if its lines say something of it, or a fact of it is asked after,
        or it is wished for anew; what surely means another one may be of either."""
        best = meaning.hits[0].service_id if meaning.outcome == "match" else None
        again = best == service and any(
            self._hearing.moves(heard, one) for one in ("wish", "errand")
        )
        named = set(heard.content) <= self._wording.own(service)
        asked = heard.question is not None or again or named
        asked = heard.asks_case if of_a_paper and heard.question is None else asked
        if asked or self._lines.of(service, heard.words):
            return (service,)
        if of_a_paper:
            return ()
        return (best, service) if best and heard.case is None and best != service else ()

    def _names_another(self, heard: Heard, match: str | None, service: str) -> bool:
        """Of a thing that is needed nobody asks anew. "Ada lowongan ga" does, when the lookup is
        sure and this service never speaks of it, or another one is to be made."""
        if match is None or match == service or heard.case is None or heard.case.kind == "need":
            return False
        told = self._wording.told(service)
        named = set(heard.content) & self._wording.own(match) - self._hearing.kinds
        if heard.case.kind != "loose":
            return bool(named & self._hearing.names) and not named <= told
        return bool(named) and (self._hearing.moves(heard, "errand") or not named & told)

    def _is_way_to_another(self, heard: Heard, meaning: Meaning, service: str) -> bool:
        """ "How do I get a new KK", said of a service that is called otherwise."""
        asked, hits = heard.question, meaning.hits[:1]
        if asked is None or asked.slot != "langkah" or heard.asks_case or heard.definite:
            return False
        named = self._hearing.names.intersection(heard.content) - self._wording.name(service)
        return bool(named) and any(named <= self._wording.own(one.service_id) for one in hits)

    def _strays(self, heard: Heard, meaning: Meaning) -> bool:
        """Does the lookup answer to "biaya" or "bayar" only, and to no word that names a thing?"""
        content = set(heard.content)
        if heard.question is None or not meaning.hits or content & self._hearing.things:
            return False
        best = meaning.hits[0].service_id
        named = self._wording.named_by_content(heard)
        return not content & self._wording.own(best) and named != best
