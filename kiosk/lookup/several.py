"""Two services or more in one turn: their difference, what each of them costs, which one first."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.service import Catalogue
from kiosk.domain.turn import Slot, TurnOutcome
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard, Question
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.listing import Listing
from kiosk.lookup.said import Said
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording

_COMPARED = 2
_MOST = 4  # told at once
_SHORT: frozenset[Slot] = frozenset(("biaya", "waktu"))  # a line or two of each service


class Several:
    """Changes nothing."""

    def __init__(
        self,
        catalogue: Catalogue,
        hearing: Hearing,
        wording: Wording,
        answers: Answering,
        listing: Listing,
    ) -> None:
        self._listing = listing
        self._services = catalogue.services
        self._hearing = hearing
        self._wording = wording
        self._answers = answers

    def asked(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """None where one service is spoken of, or none."""
        return (
            self._compared(heard, thread, now)
            or self._together(heard, thread, now)
            or self._case_of_all(heard, thread, now)
            or self._counted(heard, thread, now)
        )

    def alike(
        self, found: tuple[str, ...], question: Question | None, heard: Heard, now: datetime
    ) -> Reply | None:
        """ "KTP berlaku sampai kapan", which is the same for a new one and a reprint: told before
        anyone is asked which. None where it differs."""
        kin = tuple(one for one in found if self._wording.is_of(one, heard) or not heard.content)
        if question is None or len(kin) < 2:
            return None
        said = self._same(kin, question, now, shown=False)
        return Reply("answer", said, slot=question.slot, options=kin) if said is not None else None

    def _same(
        self, services: tuple[str, ...], question: Question, now: datetime, *, shown: bool
    ) -> Said | None:
        """What is true of all of them."""
        chosen = [self._services[one] for one in services]
        if question.here:
            return self._answers.none_here(chosen, now.date())
        return self._answers.alike(chosen, question.fact, now.date(), shown=shown)

    def _compared(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """The difference between two; of one only, to the one spoken of. "Itu akta kematian kan"
        asks for it too: neither yes nor no is ours to say."""
        spoken = thread.service or next(reversed(thread.spoken), None)
        if not self._hearing.moves(heard, "compare"):
            return self._taken_for(heard, spoken, now)
        sides = self._hearing.sides(heard)
        named = [self._wording.meant(side, spoken) for side in sides]
        if not sides and thread.together:
            named = list(thread.options)
        if len(sides) == 1:
            named.insert(0, spoken)
        found = [one for one in named if one is not None]
        services = [self._services[one] for one in dict.fromkeys(found)]
        if len(services) > _COMPARED or not services:
            return None
        if len(services) == _COMPARED:
            both = (services[0].id, services[1].id)
            said = self._answers.compared(services, now.date())
            return Reply("answer", said, options=both, together=True)
        (one,) = services
        if len(found) == 2:
            return Reply("answer", self._answers.same(one, now.date()), one.id)
        return Reply("unknown", self._answers.overview(one, now.date()), one.id)

    def _taken_for(self, heard: Heard, spoken: str | None, now: datetime) -> Reply | None:
        """The one spoken of is taken for another, which is surely named."""
        asked = heard.question is not None and heard.question.fact not in ("summary", "output")
        if spoken is None or asked or not self._hearing.moves(heard, "identity"):
            return None
        other = self._wording.meant(" ".join(heard.content), None)
        if other in (None, spoken) or not set(heard.content) <= self._wording.own(str(other)):
            return None
        both = (spoken, str(other))
        said = self._answers.compared([self._services[one] for one in both], now.date())
        return Reply("answer", said, options=both, together=True)

    def _together(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """ "Bayar ga" after two were compared, "dua-duanya gratis?", "lebih cepat mana" of those
        spoken of: each is told."""
        asked = heard.question
        if asked is None or self._hearing.moves(heard, "back"):
            return None
        every = self._hearing.moves(heard, "every")
        both = every or any(self._hearing.moves(heard, one) for one in ("both", "than"))
        if not self._hearing.things.isdisjoint(heard.content) or (heard.content and not both):
            return None
        services = thread.options
        shown = thread.together and thread.service is None
        if not both and (not shown or self._hearing.ordinal(heard) is not None):
            return None
        if not services or (thread.service is not None and not thread.together):
            services = self._spoken_of(thread, asked, every=every)
        return self._each(services, asked, now) if 0 < len(services) <= _MOST else None

    def _spoken_of(self, thread: Thread, asked: Question, *, every: bool) -> tuple[str, ...]:
        """The last two, or all of them: but "syaratnya apa saja semua" is of one."""
        services = tuple(
            one for one in thread.told_in_order() if one != self._hearing.hours_service
        )
        if len(services) < _COMPARED or (every and asked.slot not in _SHORT):
            return ()
        return services if every else services[-_COMPARED:]

    def _case_of_all(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """ "Kudu lapor polisi dulu" before one of the options was picked: told if each of them
        speaks of it, since then it is true whichever is meant."""
        waits = thread.service is None and 0 < len(thread.options) <= _MOST
        if not waits or heard.case is None or not heard.asks_case:
            return None
        services = [self._services[one] for one in thread.options]
        told = [self._answers.about(one, heard.case.is_told_by, now.date()) for one in services]
        found = [one for one in told if one is not None]
        if len(found) < len(told):
            return None
        return Reply("answer", self._answers.each(found), options=thread.options, together=True)

    def case_of_one(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """The only one of the options whose lines speak of the case, which is the one meant."""
        if heard.case is None:
            return None
        services = [self._services[one] for one in thread.options]
        told = [self._answers.about(one, heard.case.is_told_by, now.date()) for one in services]
        found = [(one, said) for one, said in zip(services, told, strict=True) if said is not None]
        if len(found) != 1:
            return None
        ((service, said),) = found
        return Reply("answer", said, service.id)

    def _counted(self, heard: Heard, thread: Thread, now: datetime) -> Reply | None:
        """ "Biaya KTP, KK sama akta lahir": each is told; of "mau KIA sama akta lahir" none is left
        out, and it is asked which one first. In the middle of a talk about one of them the others
        are rather its papers, unless something is to be made of them."""
        asked = heard.question
        opens = (thread.in_hand is None and not thread.options) or self._hearing.moves(
            heard, "errand"
        )
        if asked is None and not opens and not self._hearing.moves(heard, "at_once"):
            return None
        services = self._listed(heard)
        if len(services) < 2:
            return None
        if asked is not None and asked.slot is not None:
            return self._each(services, asked, now)
        said = self._answers.choice(services, sentence="options")
        return Reply("choose", said, options=services, together=True)

    def _listed(self, heard: Heard) -> tuple[str, ...]:
        """The service of each thing named, if each has one and what all the words mean together is
        one of them: "nama di KTP dan ijazah beda" is neither card."""
        parts = self._listing.listed(heard)
        named = [name for part in parts for name in self._hearing.names.intersection(part.split())]
        if len(parts) < 2 or len(set(named)) < len(named):
            return ()
        found = [self._one(parts, at) for at in range(len(parts))]
        whole = self._wording.sure(heard.words)
        services = tuple(dict.fromkeys(one for one in found if one is not None))
        return services if None not in found and whole in (None, *services) else ()

    def _one(self, parts: list[str], at: int) -> str | None:
        """What happened to the thing beside it, or is to be done, is meant of a bare name too:
        "ktp | kk hilang". Of "KK" alone nobody knows whether a new one, so that is meant which has
        not been said to be anything else."""
        said = parts[at]
        bare = self._is_bare(said)
        alone = None if bare else self._alone(said)
        others = (*parts[at + 1 :], *reversed(parts[:at]))
        for other in sorted(others, key=self._listing.unharmed):
            if alone is None and self._happens(other):
                rest = " ".join(w for w in other.split() if w not in self._hearing.things)
                return self._wording.sure(f"{said} {rest}")
        if bare:
            return self._wording.sure(said) or self._wording.surely_named(f"{said} baru")
        return alone

    def _alone(self, said: str) -> str | None:
        """What it means by itself; of something that is to be done, the likeliest."""
        sure = self._wording.sure(said)
        return sure or (self._wording.surely_named(said) if self._happens(said) else None)

    def _happens(self, said: str) -> bool:
        """Did something happen to the thing, or is something particular to be done with it?"""
        done = any(map(self._hearing.patterns["errand"].match, self._hearing.content(said)))
        return done or not self._listing.unharmed(said)

    def _is_bare(self, said: str) -> bool:
        return self._hearing.things.issuperset(self._hearing.content(said))

    def of_all(self, services: tuple[str, ...], question: Question, now: datetime) -> Reply | None:
        """What is true of all of them; or of each, where that is short."""
        if (said := self._same(services, question, now, shown=True)) is not None:
            return Reply("answer", said, slot=question.slot, options=services)
        # Not the same places, but perhaps none of them is here.
        if question.slot == "lokasi" and len(services) <= _MOST:
            said = self._answers.none_here([self._services[one] for one in services], now.date())
            return Reply("answer", said, slot="lokasi", options=services) if said else None
        if question.slot not in _SHORT or len(services) > _MOST:
            return None
        return self._each(services, question, now)

    def _each(self, services: tuple[str, ...], question: Question, now: datetime) -> Reply | None:
        chosen = [self._services[one] for one in services[:_MOST]]
        told = [self._answers.fact(one, question.fact, now.date()) for one in chosen]
        missing = [self._answers.missing(one, question.fact, now.date()) for one in chosen]
        said = self._answers.each([fact or none for fact, none in zip(told, missing, strict=True)])
        outcome: TurnOutcome = "answer" if any(told) else "unknown"
        return Reply(outcome, said, slot=question.slot, options=services, together=True)
