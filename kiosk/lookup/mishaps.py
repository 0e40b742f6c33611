"""Something lost, damaged or past its date, where the catalogue knows only how it is first got: the
papers of the first one are no answer then, and what is known of it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Catalogue, Service
from kiosk.lookup.answering import Answering
from kiosk.lookup.heard import Heard, Question
from kiosk.lookup.hearing import Hearing
from kiosk.lookup.patterns import NEVER, either
from kiosk.lookup.thread import Reply, Thread
from kiosk.lookup.wording import Wording

_LOST = "lost"
_PAST_DATE = "over"  # the kind that only befalls what expires
_ANOTHER = "another"  # what only sounds like it
_ANY = ("legal", "validity")  # hold for each one of its kind


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a service issues: `names` in any sentence, `after` and `before` the mishap."""

    names: re.Pattern[str]
    after: re.Pattern[str]
    before: re.Pattern[str]


class Mishaps:
    """Changes nothing."""

    def __init__(
        self,
        table: Mapping[str, Any],
        catalogue: Catalogue,
        hearing: Hearing,
        wording: Wording,
        answers: Answering,
    ) -> None:
        """`table`: [mishaps] of dialogue.toml."""
        self._services = catalogue.services
        self._hearing = hearing
        self._wording = wording
        self._answers = answers
        self._loss_service: str = table["loss_service"]
        self._table = table
        self._kinds = {kind: either([said]) for kind, said in table["kind"].items()}
        self._apart = either([table["apart"]])
        issues = {one.id: one.first_issue for one in catalogue.services.values()}
        self._things = {one: self._thing(issue.of) for one, issue in issues.items() if issue}
        self._not_for = {one.id: self._others(one) for one in catalogue.services.values()}

    def told(self, heard: Heard, meaning: Meaning, thread: Thread, now: datetime) -> Reply | None:
        """None where no mishap is told of, or the catalogue knows of it."""
        if (stranger := self._no_part_of(heard, meaning, now.date())) is not None:
            return stranger
        if (kind := self._kind(heard)) is None:
            return self._asked_on(heard, thread, now.date())
        no_thing = all(self._kinds[kind].search(word) for word in heard.content)
        found = [thread.service] if no_thing and thread.service else self._befallen(heard)
        told = [self._of(self._services[one], kind, heard.question, now.date()) for one in found]
        known = [one for one in told if one is not None]
        others = self._also(heard, known)
        if not known or others is None:
            return None
        if len(known) + len(others) == 1:
            return known[0]
        facts = [self._answers.fact(one, "requirements", now.date()) for one in others]
        said = self._answers.each([*(one.said for one in known), *filter(None, facts)])
        options = (*(one.service or "" for one in known), *(one.id for one in others))
        return Reply("answer", said, options=options, together=True)

    def _also(self, heard: Heard, known: list[Reply]) -> list[Service] | None:
        """What befell the KTP that was named beside it has services of its own; None where it is
        not clear which."""
        things = [self._things[one.service] for one in known if one.service in self._things]
        said = self._hearing.names.intersection(heard.content)
        names = {one for one in said if not any(thing.names.search(one) for thing in things)}
        if self._apart.search(heard.words):
            return []
        found = [self._wording.sure(f"{name} hilang") for name in sorted(names)]
        services = [self._services[one] for one in found if one is not None]
        return services if len(services) == len(names) else None

    def _asked_on(self, heard: Heard, thread: Thread, today: date) -> Reply | None:
        """ "Syaratnya apa" after it was told that nothing is known of a lost one; None where what
        is asked holds for it too."""
        service = self._services.get(thread.service or "") if thread.mishap else None
        if service is None or service.first_issue is None or heard.content or not heard.question:
            return None
        if heard.question.fact in (*service.first_issue.also, *_ANY, ""):
            return None
        return self._of(service, thread.mishap, heard.question, today)

    def _of(self, service: Service, kind: str, asked: Question | None, today: date) -> Reply | None:
        """With what is `asked` of it, if that holds for another one too."""
        issue = service.first_issue
        if issue is None or (kind == _PAST_DATE and not issue.expires):
            return None
        fact = asked.fact if asked is not None else ""
        fact = fact if kind == _PAST_DATE or fact in (*issue.also, *_ANY) else ""
        police = self._services.get(self._loss_service) if kind == _LOST else None
        said = self._answers.mishap(service, kind, fact, police, today)
        return Reply("unknown", said, service.id, asked.slot if asked else None, mishap=kind)

    def meant(self, service: str, heard: Heard) -> str:
        """The service that is for what was said, where this one is not: a Muslim's wedding."""
        others = self._not_for.get(service, ())
        see = next((one for one, said in others if one and said.search(heard.words)), service)
        return see if see in self._services else service

    def _no_part_of(self, heard: Heard, meaning: Meaning, today: date) -> Reply | None:
        """A KITAP is not what the service for a KITAS is for, and no other is known."""
        hits = [hit.service_id for hit in meaning.hits[:1] if meaning.outcome == "match"]
        for service, others in self._not_for.items():
            called = next((said.search(heard.words) for see, said in others if not see), None)
            if called is not None and hits in ([], [service]):
                one = self._services[service]
                said = self._answers.not_for(one, called.group(), today)
                return Reply("unknown", said, service, mishap=_ANOTHER)
        return None

    def _kind(self, heard: Heard) -> str | None:
        if self._hearing.moves(heard, "flood"):
            return None
        said = (kind for kind, one in self._kinds.items() if one.search(heard.words))
        return next(said, None)

    def _befallen(self, heard: Heard) -> list[str]:
        """Whose thing it is that was lost."""
        after = [one for one, said in self._things.items() if said.after.search(heard.words)]
        before = [one for one, said in self._things.items() if said.before.search(heard.words)]
        return after or before

    def _thing(self, names: Iterable[str]) -> _Thing:
        called, mishap = self._called(names), "|".join(self._table["kind"].values())
        others = "|".join([*self._hearing.names, self._table["apart"]])
        between = rf"(?: (?:{self._table['joins']}) \w+| (?!(?:{others})\b)\w+){{0,4}}"
        return _Thing(
            either([called]),
            either([rf"(?:{called})(?:ku|mu)?{between} (?:{mishap})"]),
            either([rf"(?:{mishap})(?: (?:{self._table['owners']})){{0,3}} (?:{called})"]),
        )

    def _others(self, service: Service) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """What it is not for, each with the service that is ("")."""
        denied = self._table["denied"]
        return tuple(
            (one.see, either([f"{denied}(?:{self._called(one.said)})"])) for one in service.not_for
        )

    def _called(self, names: Iterable[str]) -> str:
        """As it is heard, the longest name first."""
        heard = sorted({self._hearing.hear(name).words for name in names}, key=len, reverse=True)
        return "|".join(map(re.escape, heard)) or NEVER.pattern
