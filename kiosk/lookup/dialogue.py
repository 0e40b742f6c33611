"""One conversation at the kiosk: `Talk.answer` takes what was said and gives a `Turn`.

It remembers which services were spoken of and the last question that belongs elsewhere, for as
long as the conversation lasts. What is told comes from the catalogue (see `answering`), what is
meant from `find`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from kiosk.domain.meaning import Meaning
from kiosk.domain.office import Office
from kiosk.domain.service import Catalogue, Lang, Text
from kiosk.domain.turn import Turn
from kiosk.lookup.answering import Answering
from kiosk.lookup.choosing import Choosing
from kiosk.lookup.contrast import Contrasts
from kiosk.lookup.courtesy import Courtesies
from kiosk.lookup.happening import Happenings
from kiosk.lookup.heard import Heard, Question
from kiosk.lookup.hearing import Hearing, load_table
from kiosk.lookup.helplines import load_emergency
from kiosk.lookup.lines import own_lines
from kiosk.lookup.listing import Listing
from kiosk.lookup.mishaps import Mishaps
from kiosk.lookup.opening import Opening
from kiosk.lookup.ordering import Ordering
from kiosk.lookup.refusals import Refusals
from kiosk.lookup.several import Several
from kiosk.lookup.subject import MOST_OPTIONS, Subjects
from kiosk.lookup.telling import Telling
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.urgent import Urgency
from kiosk.lookup.wording import Find, Wording, names_of

LONGEST_TURN = 5000  # characters; nobody says more, and it bounds the work


class Talk:
    """Not for two threads at once. `holidays` are the days the office is closed by law."""

    def __init__(
        self,
        catalogue: Catalogue,
        find: Find,
        *,
        office: Office,
        holidays: Mapping[date, Text],
        lang: Lang = "id",
    ) -> None:
        table = load_table()
        self._catalogue = catalogue
        self._find = find
        self._hearing = Hearing(table, names_of(catalogue, table["ordinary"]), holidays)
        say, remarks = table["say"][lang], table["remarks"]
        self._answers = Answering(catalogue, office, holidays, lang, say, load_emergency(), remarks)
        self._wording = Wording(catalogue, find, self._hearing)
        parts = (catalogue, self._hearing, self._wording, self._answers)
        self._opening = Opening(*parts)
        self._refusals = Refusals(table["refusal"], self._hearing.parts)
        self._courtesies = Courtesies(table, find, self._hearing, self._wording)
        self._several = Several(*parts, Listing(self._hearing))
        self._ordering = Ordering(*parts)
        self._happenings = Happenings(table, catalogue, self._hearing, self._answers)
        self._urgency = Urgency(table["emergency"], find, self._hearing, self._answers)
        self._mishaps = Mishaps(table["mishaps"], *parts)
        lines = own_lines(catalogue, table)
        self._telling = Telling(*parts, self._opening, lines)
        self._subjects = Subjects(catalogue, find, self._hearing, self._wording, lines)
        self._contrasts = Contrasts(catalogue, find, self._hearing, self._wording, lines)
        self._choosing = Choosing(self._hearing, self._wording, self._answers, self._several, lines)
        self.end()

    def end(self) -> None:
        """Forgets the conversation; the next turn begins another one."""
        self._number = 0
        self._forget()

    def turn_to(self, service_id: str) -> None:
        """From here on it is about this service: its page was opened, or asked from."""
        if service_id in self._catalogue.services and service_id != self._thread.service:
            self._thread.now_about(service_id)

    def _forget(self) -> None:
        self._began = self._number
        self._wording.forget()
        self._thread = Thread()
        self._refused: str | None = None  # until an errand is spoken of
        self._last: Turn | None = None

    def answer(self, text: str, now: datetime) -> Turn:
        """The answer to one turn. Never raises, whatever `text` is."""
        self._number += 1
        spoken_of = self._thread.in_hand is not None or bool(self._thread.options)
        text = self._hearing.to_whom(text[:LONGEST_TURN], spoken_of=spoken_of)
        meaning = self._urgency.unasked(self._find(text, MOST_OPTIONS))
        if self._number - self._began > self._hearing.longest_turns:
            return self._ended(text, meaning)
        self._last = self._next(text, meaning, now)
        return self._last

    def _ended(self, text: str, meaning: Meaning) -> Turn:
        """A talk that went on for long is wiped; whoever goes on begins another one."""
        self._forget()
        if meaning.outcome == "emergency":
            return self._turn(self._urgency.alarm(self._hearing.hear(text), meaning, None), meaning)
        return self._turn(Reply("smalltalk", self._answers.sentence("ended")), meaning)

    def _next(self, text: str, meaning: Meaning, now: datetime) -> Turn:
        heard = self._hearing.hear(text)
        meaning = self._beside_hearsay(heard, meaning)
        if self._last is not None and self._hearing.moves(heard, "again"):
            return replace(self._last, number=self._number, ranked=False)  # not by these words
        courtesy = self._courtesies.told(text, heard, meaning)
        quiet = self._courtesies.is_peaceful(courtesy, meaning)
        calm = quiet or self._urgency.calm(heard, meaning, self._thread)
        over = self._urgency.over(heard, self._thread)
        beside = self._urgency.beside(heard, self._thread) if over else None
        if over:
            self._thread.urgent = None
        if beside is not None:
            (heard, meaning), courtesy = beside, ()
        if over and beside is None:
            reply = Reply("smalltalk", self._answers.sentence("safe"))
        elif meaning.outcome == "emergency" and not quiet:
            reply = self._urgency.alarm(heard, meaning, self._thread.urgent)
        else:
            reply = self._reply(heard, meaning, courtesy, now)
        if reply.service is not None or reply.options:
            self._refused = None
        self._thread.goes_on(reply)
        return self._turn(reply, meaning, calm=calm)

    def _beside_hearsay(self, heard: Heard, meaning: Meaning) -> Meaning:
        """ "Tetangga bilang bikin KK 100 ribu": what it is about, the neighbour left out."""
        if not heard.hearsay or meaning.outcome != "out_of_scope":
            return meaning
        found = self._find(" ".join(heard.content), MOST_OPTIONS)
        return meaning if found.outcome == "emergency" else found

    def _turn(self, reply: Reply, meaning: Meaning, *, calm: bool = False) -> Turn:
        """`calm`: no help is offered besides, however near a cry it sounds."""
        ranking = tuple(hit.service_id for hit in meaning.hits[: len(reply.options)])
        helps = meaning.perhaps_urgent and not calm and reply.outcome != "emergency"
        return Turn(
            number=self._number,
            outcome=reply.outcome,
            text=reply.said.text,
            service=reply.service,
            slot=reply.slot,
            options=reply.options,
            sources=reply.said.sources,
            standing=reply.said.standing,
            besides=self._hearing.emergency_service if helps else None,
            besides_kind=meaning.urgent_kind if helps else "",
            ranked=bool(ranking) and reply.options == ranking,
        )

    def _reply(
        self, heard: Heard, meaning: Meaning, courtesy: tuple[str, ...], now: datetime
    ) -> Reply:
        """`courtesy`: the kinds of it that are all that was said."""
        if (refused := self._refusals.kind(heard, self._refused)) is not None:
            self._refused = refused
            return Reply("refused", self._answers.sentence(refused))
        if courtesy and not ("able" in courtesy and self._urgency.at_a_loss(heard, self._thread)):
            return Reply("smalltalk", self._answers.sentence(*courtesy))
        heard, meaning = self._courtesies.beside(heard, meaning)
        return (
            self._urgency.number(heard, self._thread)
            or self._urgency.still(heard, meaning, self._thread)
            or self._of_oneself(heard, meaning)
            or self._mishaps.told(heard, meaning, self._thread, now)
            or self._ordering.asked(heard, self._thread)
            or self._several.asked(heard, self._thread, now)
            or self._picked(heard, now)
            or self._corrected(heard, meaning, now)
            or self._happenings.meant(heard, meaning, self._thread)
            or self._opening.asked(heard, self._thread, now)
            or self._telling.status(heard, meaning, self._thread, now)
            or self._about(heard, meaning, now)
        )

    def _of_oneself(self, heard: Heard, meaning: Meaning) -> Reply | None:
        """Nobody is sent away who cannot see, stand or wait any longer."""
        kind = self._courtesies.loosely(heard, meaning)
        return Reply("smalltalk", self._answers.sentence(kind)) if kind is not None else None

    def _picked(self, heard: Heard, now: datetime) -> Reply | None:
        """What is meant by "yang pertama" or "yang satunya": of the options offered a turn ago, or
        of the services spoken of, in their order."""
        options, at = self._thread.options, self._hearing.ordinal(heard)
        if not options and self._hearing.moves(heard, "in_order"):
            options = self._thread.told_in_order()
        if self._hearing.moves(heard, "other"):
            others = options or tuple(self._thread.spoken[-2:])
            options = tuple(one for one in others if one != self._thread.service)
            at = 0 if len(options) == 1 < len(others) else None
        if at is not None and not options and heard.question is None:
            back = self._hearing.moves(heard, "back")
            return None if back else Reply("unknown", self._answers.sentence("no_list"))
        if at is None or not options or at >= len(options):
            return None
        return self._told(options[at], heard.question or self._thread.asked, heard, now)

    def _corrected(self, heard: Heard, meaning: Meaning, now: datetime) -> Reply | None:
        """After "salah, …" what is surely named behind it. After "bukan itu" what else was likely:
        which of its words are the wrong ones nobody knows ("bukan yang sertifikat")."""
        wrong = self._thread.service
        if wrong is None or self._hearing.corrects_question(heard):
            return None
        if (other := self._contrasts.meant(heard, wrong)) is not None:
            return self._told(other, heard.question, heard, now)
        if not self._hearing.moves(heard, "no") or self._hearing.of_people(heard):
            return None
        named = tuple(hit.service_id for hit in meaning.hits[:1]) if heard.content else ()
        sure = meaning.outcome == "match" and self._hearing.moves(heard, "instead")
        if named and sure and wrong not in named:
            return self._told(named[0], heard.question, heard, now)
        likely = dict.fromkeys((*named, *self._thread.others))
        others = tuple(one for one in likely if one != wrong)[:MOST_OPTIONS]
        if self._hearing.of_the_office(heard):
            others = self._subjects.done_here(wrong, heard, others)
        if not others:
            return Reply("unknown", self._answers.sentence("which_then"), wrong)
        if len(others) == 1 and heard.content:
            return self._told(others[0], heard.question, heard, now)
        sentence = "choose" if heard.content else "which_then"
        said = self._answers.choice(others, sentence=sentence)
        return Reply("choose", said, options=others, asked=heard.question)

    def _about(self, heard: Heard, meaning: Meaning, now: datetime) -> Reply:
        question = heard.question or self._thread.left_open(heard)
        if (reply := self._choosing.answered(heard, question, self._thread, now)) is not None:
            return reply
        found = self._subjects.of(heard, meaning, self._thread)
        if (picked := self._choosing.picked(heard, meaning, found, self._thread)) is not None:
            found = (picked,)
        if len(found) != 1 and self._telling.asks_of_a_word(heard, found):
            return self._telling.no_meaning(self._thread.in_hand)
        if not found:
            event = self._happenings.told_of(heard, self._thread)
            return event or self._not_found(heard, meaning, now)
        if len(found) > 1:
            same = self._several.alike(found, question, heard, now)
            return same or self._which(found, question, heard, meaning, now)
        (chosen,) = found
        nothing_new = question is None and heard.case is None and not heard.content
        is_told = chosen == self._thread.service and not self._thread.aside
        if nothing_new and is_told and not self._hearing.moves(heard, "back"):
            return Reply("unknown", self._answers.again(chosen), chosen)
        self._thread.others = tuple(
            hit.service_id for hit in meaning.hits if hit.service_id != chosen
        )
        if question is None and chosen in self._thread.options:
            question = self._thread.asked
        return self._told(chosen, question, heard, now)

    def _not_found(self, heard: Heard, meaning: Meaning, now: datetime) -> Reply:
        """With a service in hand nobody is sent away: of it, this is not known. Nor with a choice,
        which is asked again."""
        spoken, options = self._thread.in_hand, self._thread.options
        asks = heard.question is not None or heard.marked or self._hearing.moves(heard, "asks")
        of_a_paper = self._hearing.moves(heard, "had")
        elsewhere = not of_a_paper and self._hearing.elsewhere.intersection(heard.content)
        if spoken is None and options and not elsewhere:
            return self._asked_again(heard, now)
        if spoken is None or (elsewhere and asks):
            self._thread.unanswered = heard
            return Reply("out_of_scope", self._answers.sentence("out_of_scope"))
        asks = asks or heard.case is not None or self._hearing.moves(heard, "follow")
        if of_a_paper or self._subjects.is_of(heard, meaning, spoken):
            said = self._answers.not_known(spoken) if asks else self._answers.noted(spoken)
            return Reply("unknown", said, spoken)
        return Reply("out_of_scope", self._answers.sentence("not_known" if asks else "noted"))

    def _asked_again(self, heard: Heard, now: datetime) -> Reply:
        asked = heard.question or self._thread.asked
        again = self._choosing.again(heard, self._thread)
        return again or self._told(self._thread.options[0], asked, heard, now)

    def _which(
        self,
        found: tuple[str, ...],
        question: Question | None,
        heard: Heard,
        meaning: Meaning,
        now: datetime,
    ) -> Reply:
        """Asks which one; whoever does not say is answered about the one spoken of before, unless
        another thing was named."""
        if found == self._thread.options and question and self._ordering.is_event(found):
            return self._told(found[0], question, heard, now)
        if found == self._thread.options:
            return self._asked_again(heard, now)
        things = not self._hearing.things.isdisjoint(heard.content)
        names = not self._hearing.names.isdisjoint(heard.content)
        first = not self._thread.spoken and not self._thread.options
        heading = meaning.question if things or first else None
        before = None if names else self._thread.in_hand
        said = self._answers.choice(found, heading)
        return Reply("choose", said, options=found, asked=question, before=before)

    def _told(self, chosen: str, question: Question | None, heard: Heard, now: datetime) -> Reply:
        meant = self._mishaps.meant(chosen, heard)
        return self._telling.told(meant, question, heard, now, self._thread.spoken)
