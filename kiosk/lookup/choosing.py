"""What is said while options stand of which none was picked: a clerk does not read the same list
out again, but takes the one that the words tell apart, or says what is true of all of them."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.meaning import Meaning
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard, Question
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.lines import RARE, OwnLines
from kiosk.lookup.several import Several
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording

_AGAIN = 1  # time that a choice is asked again; then somebody of flesh and blood is needed


class Choosing:
    """Changes nothing."""

    def __init__(
        self,
        hearing: Hearing,
        wording: Wording,
        answers: Answering,
        several: Several,
        lines: OwnLines,
    ) -> None:
        self._hearing = hearing
        self._wording = wording
        self._answers = answers
        self._several = several
        self._lines = lines

    def picked(
        self, heard: Heard, meaning: Meaning, found: tuple[str, ...], thread: Thread
    ) -> str | None:
        """The option that is meant; None where the words tell none from the others, or surely
        name another service. `found`: what they are about, were there no options."""
        if thread.service is not None or not thread.options or len(found) == 1:
            return None
        if self._hearing.moves(heard, "whichever"):
            return thread.options[0]
        if not heard.content:
            return None
        content = set(heard.content)
        called = [len(content & self._wording.own(one)) for one in thread.options]
        has_a_paper = self._hearing.moves(heard, "had")  # of it nobody asks
        if not has_a_paper and max(called) > 0 and called.count(max(called)) == 1:
            return thread.options[called.index(max(called))]
        speaking = [one for one in thread.options if self._lines.of(one, heard.words, least=RARE)]
        if len(speaking) == 1:
            return speaking[0]
        likely = [hit.service_id for hit in meaning.hits if hit.service_id in thread.options]
        return likely[0] if len(likely) == 1 and meaning.hits[0].service_id in likely else None

    def answered(
        self, heard: Heard, question: Question | None, thread: Thread, now: datetime
    ) -> Reply | None:
        """Where none of them is meant, or all are asked about. With a service spoken of before,
        a bare question is about that."""
        if thread.service is not None or not thread.options:
            return None
        if self._hearing.moves(heard, "none_of"):
            return Reply("unknown", self._answers.sentence("which_then"))
        if thread.before is not None:
            return None
        if heard.case is not None and heard.case.kind == "own" and heard.asks_case:
            told = self._several.case_of_one(heard, thread, now)
            return told or self._not_known(thread)
        if heard.content or question is None:
            return None
        return self._several.of_all(thread.options, question, now)

    def _not_known(self, thread: Thread) -> Reply:
        said, options = self._answers.sentence("not_known"), thread.options
        return Reply("unknown", said, options=options, asked=thread.asked)

    def again(self, heard: Heard, thread: Thread) -> Reply | None:
        """The same choice once more, with a word how to make it. Not a third time: None where
        something was asked, that the first of them is told then."""
        asks = self._hearing.moves(heard, "asks") or self._hearing.moves(heard, "had")
        if heard.content and heard.question is None and asks:
            return self._not_known(thread)
        asked, first = heard.question or thread.asked, thread.repeated < _AGAIN
        if not first and (asked is not None or heard.case is not None):
            return None
        sentence = "pick_one" if first else "ask_staff_which"
        said, options = self._answers.choice(thread.options, sentence=sentence), thread.options
        return Reply("choose", said, options=options, asked=asked, before=thread.before)
