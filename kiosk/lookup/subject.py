"""Which service a turn of a conversation is about: the one spoken of, its sibling ("yang rusak"),
an earlier one ("yang tadi"), or another."""

from __future__ import annotations

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue
from kiosk.lookup.heard import Heard
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.lines import OwnLines
from kiosk.lookup.staying import Staying
from kiosk.lookup.thread import Thread
from kiosk.lookup.wording import Find, Wording

MOST_OPTIONS = 3
_FEW = 2  # words that can point at a sibling


class Subjects:
    """Remembers nothing itself; the thread does."""

    def __init__(
        self,
        catalogue: Catalogue,
        find: Find,
        hearing: Hearing,
        wording: Wording,
        lines: OwnLines,
    ) -> None:
        self._find = find
        self._staying = Staying(hearing, wording, lines)
        self._hearing = hearing
        self._wording = wording
        self._services = catalogue.services

    def of(self, heard: Heard, meaning: Meaning, thread: Thread) -> tuple[str, ...]:
        """One service, several to choose from, or none that is known."""
        if (earlier := self._earlier(heard, thread)) is not None:
            return (earlier,)
        if self._hearing.moves(heard, "office_place") and not heard.agencies:
            return (self._hearing.hours_service,)
        if self._is_of_the_queue(heard, meaning):
            return (self._hearing.status_service,)
        if not heard.content:
            return self._unnamed(heard, meaning, thread)
        if thread.options and thread.in_hand is None and self._staying.has_a_paper(heard):
            return thread.options
        if (picked := self.named_option(heard, meaning, thread)) is not None:
            return (picked,)
        offered = {hit.service_id for hit in meaning.hits[:1]} & set(thread.options)
        spoken = thread.service if offered else thread.in_hand
        if spoken and (other := self._turned_to(heard, spoken)):
            return (other,)
        if spoken and self._staying.is_of_a_paper(heard, meaning, spoken):
            return self._staying.left_at(heard, meaning, spoken, of_a_paper=True)
        if spoken and self._staying.keeps_to(heard, meaning, spoken):
            return (spoken,)
        of = spoken or next(iter(thread.options), None)
        if of and (sibling := self._sibling(heard, of)):
            return (sibling,)
        if spoken and (others := self._same_of(heard, spoken)):
            return others
        if spoken and self.is_strange(heard, meaning, spoken):
            return ()
        hits = tuple(hit.service_id for hit in meaning.hits[:MOST_OPTIONS])
        if thread.options and spoken is None and self._of_the_options(heard, meaning):
            return thread.options
        if spoken and not self._staying.leaves(heard, meaning, spoken):
            return self._staying.left_at(heard, meaning, spoken)
        if meaning.outcome == "match" or len(hits) == 1:
            return hits[:1]
        return self._known(heard, hits, thread) or hits

    def _is_of_the_queue(self, heard: Heard, meaning: Meaning) -> bool:
        """Of the numbers of this office, not of a hospital's."""
        if not self._hearing.moves(heard, "queue"):
            return False
        named = self._hearing.without(heard, "queue").content
        return not named or meaning.outcome != "out_of_scope"

    def is_of(self, heard: Heard, meaning: Meaning, spoken: str) -> bool:
        """Is what is not known at least said of the service spoken of, so that one may go on with
        it? Not of a paper that it never speaks of: "ijazah juga"."""
        if self.is_strange(heard, meaning, spoken):
            return False
        if heard.case is not None or heard.question is not None or heard.pointing:
            return True
        things = self._hearing.things.intersection(heard.content)
        if things - self._wording.told(spoken):
            return False
        return self._hearing.moves(heard, "follow") or meaning.outcome != "out_of_scope"

    def is_strange(self, heard: Heard, meaning: Meaning, spoken: str) -> bool:
        """Is another thing to be made, that no service here is about: "bikin NPWP di mana"?"""
        told = self._wording.told(spoken)
        return (
            meaning.outcome == "out_of_scope"
            and self._hearing.moves(heard, "errand")
            and bool(heard.content)
            and told.isdisjoint(heard.content)
            and not heard.pointing
        )

    def done_here(self, wrong: str, heard: Heard, likely: tuple[str, ...]) -> tuple[str, ...]:
        """ "Bukan, yang dari kelurahan": what is made at this office, or its namesake is."""
        name = self._services[wrong].name.id
        alike = self._find(f"{name} {heard.words}", MOST_OPTIONS).hits
        found = dict.fromkeys((*likely, *(hit.service_id for hit in alike)))
        return tuple(one for one in found if one != wrong and self._services[one].at_kelurahan)

    def _of_the_options(self, heard: Heard, meaning: Meaning) -> bool:
        """Before one was picked, a thing that is needed, or one's own case, is asked of them all,
        unless the lookup is sure that another service is meant."""
        if heard.case is None or not heard.asks_case:
            return False
        return heard.case.kind == "need" or meaning.outcome != "match"

    def _unnamed(self, heard: Heard, meaning: Meaning, thread: Thread) -> tuple[str, ...]:
        """Nothing is named: the service spoken of, or what was offered."""
        if again := self._asked_again(heard, thread):
            return again
        if one := self._continued(heard, thread) or self._described(heard, thread):
            return (one,)
        if thread.before is not None and heard.question is not None:
            return (thread.before,)
        return thread.options or tuple(hit.service_id for hit in meaning.hits[:MOST_OPTIONS])

    def _known(self, heard: Heard, hits: tuple[str, ...], thread: Thread) -> tuple[str, ...]:
        """Of several, the one spoken of before that the words name; where there is none at all,
        the one spoken of if it speaks of what is asked, unless another thing is named."""
        content = set(heard.content)
        before = [one for one in reversed(thread.spoken) if content <= self._wording.own(one)]
        if before and before[0] in hits:
            return (before[0],)
        if hits or thread.in_hand is None or heard.question is None:
            return ()
        told = content <= self._wording.told(thread.in_hand)
        foreign = content & (self._hearing.things | self._hearing.elsewhere)
        return (thread.in_hand,) if told or not foreign else ()

    def _earlier(self, heard: Heard, thread: Thread) -> str | None:
        if not self._hearing.moves(heard, "back"):
            return None
        if content := set(heard.content):
            name, own = self._wording.name, self._wording.own
            named = {
                one: (len(content & name(one)), len(content & own(one)), one != thread.service)
                for one in reversed(thread.spoken)
            }
            best = max(named, key=lambda one: named[one], default=None)
            if best is None or (best == thread.service and not content & name(best)):
                return None
            return best if content & own(best) else None
        errands = [one for one in thread.spoken if one != self._hearing.hours_service]
        if not errands or errands[-1] != thread.service or thread.aside or len(errands) < 2:
            return errands[-1] if errands else thread.service
        return errands[-2]

    def _asked_again(self, heard: Heard, thread: Thread) -> tuple[str, ...]:
        """After a question about another city: "kalau di Kota Tangerang"."""
        before = thread.unanswered
        if before is None or not self._hearing.moves(heard, "here"):
            return ()
        left = [word for word in before.words.split() if word not in self._hearing.elsewhere]
        if len(left) == len(before.words.split()):
            return ()
        found = self._find(" ".join(left), MOST_OPTIONS)
        hits = tuple(hit.service_id for hit in found.hits)
        return hits[:1] if found.outcome == "match" else hits

    def named_option(self, heard: Heard, meaning: Meaning, thread: Thread) -> str | None:
        """The one option that the words name, or that the office named does."""
        hits = {hit.service_id for hit in meaning.hits[:1]}
        if meaning.outcome == "match" and not hits <= set(thread.options):
            return None
        content = set(heard.content)
        fitting = [one for one in thread.options if content <= self._wording.own(one)]
        if len(fitting) != 1 and not heard.beyond:
            fitting = [
                one
                for one in thread.options
                if any(self._wording.done_by(one, agency) for agency in heard.agencies)
            ]
        if len(fitting) > 1 and thread.together:  # both were told, so the likelier one is meant
            fitting = [one for one in fitting if one in hits]
        return fitting[0] if len(fitting) == 1 else None

    def _continued(self, heard: Heard, thread: Thread) -> str | None:
        """The service spoken of; after a word about opening hours, the one before, unless it is
        the office itself that is asked about."""
        is_hours = thread.service == self._hearing.hours_service
        if not is_hours or heard.question is None or len(thread.spoken) < 2:
            return thread.service
        office = self._services[self._hearing.hours_service]
        told = heard.question.slot == "jam" or heard.question.fact in office.facts
        return thread.service if told else thread.spoken[-2]

    def _described(self, heard: Heard, thread: Thread) -> str | None:
        """The option that "yang gratis" fits."""
        words = heard.words.split()
        if words[:1] != ["yang"]:
            return None
        fitting = [one for one in thread.options if set(words[1:]) & self._wording.own(one)]
        return fitting[0] if len(fitting) == 1 else None

    def _sibling(self, heard: Heard, service: str) -> str | None:
        """Of a lost card, "yang rusak gimana": the card's own word with the new one."""
        content = set(heard.content)
        if len(content) > _FEW or content & self._hearing.things:
            return None
        return self._wording.sibling(service, heard.content)

    def _turned_to(self, heard: Heard, service: str) -> str | None:
        """ "And the birth certificate, who may collect it": the other one, or of a lost ID card
        the lost family card. A thing that is needed is one of the service spoken of."""
        needed = heard.case is not None and heard.case.kind != "own"
        if (heard.question is None and heard.case is None) or needed:
            return None
        paper = self._hearing.turned_to(heard)
        if not paper or set(self._hearing.content(paper)) <= self._wording.own(service):
            return None
        name = self._wording.name(service) - self._hearing.things
        alike = f"{paper} {' '.join(sorted(name - {self._wording.head(service)}))}"
        found = self._wording.sure(paper) or self._wording.sure(alike)
        return found if found != service else None

    def _same_of(self, heard: Heard, service: str) -> tuple[str, ...]:
        """Of a lost family card, "kalau KTP": what happened to that one with the other's name."""
        content, head = set(heard.content), self._wording.head(service)
        (other,) = content if len(content) == 1 else ("",)
        if other not in self._hearing.names or other in self._wording.own(service):
            return ()
        if not heard.beyond:
            return ()  # an office: "do I see the RT before"
        happened = self._wording.name(service) - {head} - self._hearing.things
        hits = self._find(" ".join((other, *sorted(happened))), 2 * MOST_OPTIONS).hits
        names = {hit.service_id: self._wording.name(hit.service_id) for hit in hits}
        return tuple(one for one, name in names.items() if other in name and name & happened)
