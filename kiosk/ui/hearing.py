"""The spoken part of a visit: one listening at a time, and what was said, shown before it counts.

Nothing is ever done on what was heard but finding a service or filling in what is then shown. Each
listening has a number of its own: what comes late of another one is dropped. No Kivy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.domain.code import read_code
from kiosk.domain.problem import Problem
from kiosk.domain.session import Place, Question, Session, questions
from kiosk.domain.speech import (
    DIGITS,
    Closed,
    Heard,
    Level,
    Partial,
    Task,
    Transcript,
    signs_of,
)
from kiosk.ui.filing import Filing, most_signs, options, shape
from kiosk.ui.readings import (
    GROUP,
    best_reading,
    digits_said,
    groups_of,
    half_heard_emergency,
    in_groups,
    plain,
    values_said,
    yes_or_no,
)
from kiosk.ui.services import Listening, UiServices, Voice, VoiceEvent

ListeningId = tuple[int, int]  # the session's number, and which of its listenings
Post = Callable[[ListeningId, VoiceEvent], None]

MISSES_MOST = 2  # then the list and the staff are offered first
# What is said digit by digit. A date or a sum is not, and two digits of an RT are sooner typed.
SPELT = ("nik", "phone")
CODE = "code"  # what `listen` and `spoken` are about, where it is no question of a form


@dataclass
class Hearing:
    """One listening as the screen shows it. `begun_at` is where the microphone was touched; `group`
    is the one group of digits that is said again; `phrases` are what can be said, by value. Not
    `is_open`: the microphone is not open yet, or no more."""

    id: ListeningId
    task: Task
    begun_at: Place
    group: int | None = None
    phrases: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    level: float = 0.0
    words: str = ""
    missed: str = ""  # why nothing came of it; the screen then says so
    urgent_kind: str | None = None  # of the help that it then offers; None: offers none
    listening: Listening | None = None


@dataclass
class Said:
    """What was heard as the answer to a question, for the person to confirm. Either `groups` of
    digits or of a code's signs, or `values` of a list, likeliest first. Not `sure`: "maksud Anda
    …?"."""

    groups: list[str] = field(default_factory=list)
    values: tuple[str, ...] = ()
    sure: bool = True


class Hears(Filing):
    """Listens, and puts what was said where it can be looked at.

    `post` brings an event out of the voice thread to `take`, in the thread of the screen.
    """

    def __init__(self, services: UiServices, session: Session) -> None:
        super().__init__(services, session)
        self.post: Post = self.take
        self.hearing: Hearing | None = None
        self.said: Said | None = None
        # What was said, not typed, and whether surely; by what it led to: see `words_of`.
        self.spoken: dict[str, tuple[str, bool]] = {}
        self.microphone_gone = False
        self.misses = 0
        self._count = 0

    @property
    def ear(self) -> Voice | None:
        """The voice, where it can listen now."""
        voice = self.services.voice
        return voice if voice is not None and voice.state() == "ready" else None

    @property
    def heard(self) -> str:
        """The words that the services or the answer on the screen came from, where they were said;
        "" where they were typed."""
        return self.spoken.get(self.words_of, ("", True))[0]

    @property
    def sure(self) -> bool:
        return self.spoken.get(self.words_of, ("", True))[1]

    @property
    def words_of(self) -> str:
        """What the words on this screen are of: a question that waits, its answer, or a search."""
        name = self.session.place.name
        return name if name in ("ask", "answer") else "search"

    @property
    def listening(self) -> bool:
        return self.hearing is not None and not self.hearing.missed

    @property
    def spoken_question(self) -> Question | None:
        """The question that is asked, spoken or confirmed on this screen."""
        place = self.session.place
        if place.name not in ("question", "aloud", "listen", "spoken"):
            return None
        errand, key = self.errand, place.about.partition("/")[2]
        if errand is None or not key:
            return None
        pages = questions(errand.form, self.session.raw)
        return next((page for page in pages if page.key == key), None)

    def speakable(self, page: Question) -> bool:
        """Whether this question can be answered by voice now."""
        listed = shape(page) == "list"
        return self.ear is not None and (listed or page.field.kind in SPELT)

    @property
    def speaks_code(self) -> bool:
        """Whether a reference code is asked for, spoken or confirmed on this screen."""
        place = self.session.place
        return place.name == "status" or (
            place.name in ("listen", "spoken") and place.about == CODE
        )

    # -- listening

    def _listen(self, group: str, *, hold: bool = False) -> None:
        """Begin, in place of any listening before; on the screen after a miss: once more."""
        voice, place, before = self.ear, self.session.place, self.hearing
        if voice is None:
            return
        begun_at, number = place, int(group) if group else None
        if place.name == "listen" and before is not None:
            begun_at, number = before.begun_at, before.group
        elif place.name == "aloud":  # who cancels comes back to the question, not to the warning
            self.session.back()
            begun_at = self.session.place
        about = CODE if self.speaks_code else begun_at.about
        self.stop_listening()
        self.session.go(Place("listen", about))
        self._count += 1
        page = self.spoken_question
        phrases = self._phrases(page) if page is not None and shape(page) == "list" else {}
        hearing = Hearing(
            (self.session.number, self._count),
            "code" if about == CODE else _task(page, phrases),
            begun_at,
            number,
            phrases,
        )
        self.hearing = hearing
        post, own_id = self.post, hearing.id
        listening = voice.listen(
            hearing.task,
            lambda event: post(own_id, event),
            phrases=tuple(phrases) if hearing.task == "choice" else (),
            hold=hold,
        )
        if self.hearing is hearing and not hearing.missed:
            hearing.listening = listening

    def _hold(self, group: str) -> None:
        """The finger is on the microphone: until it is known better, letting go is the end."""
        self._listen(group, hold=True)

    def _tapped(self) -> None:
        """It was let go at once: from now on the end of speech is the end."""
        if self.hearing is not None and self.hearing.listening is not None:
            self.hearing.listening.hold = False

    def _listened(self) -> None:
        if self.hearing is not None and self.hearing.listening is not None:
            self.hearing.listening.finish()

    def stop_listening(self) -> None:
        hearing, self.hearing = self.hearing, None
        if hearing is not None and hearing.listening is not None:
            hearing.listening.cancel()

    def quiet(self) -> None:
        """Neither listens nor speaks any more, and keeps nothing of what was said."""
        self.stop_listening()
        self.said = None
        self.spoken.clear()
        if self.services.voice is not None:
            self.services.voice.hush()

    def leave_speech(self) -> None:
        """As `quiet`; the screens that rest on a listening or on what was said are left too."""
        self.quiet()
        spoken = ("listen", "spoken")
        self.session.places = [one for one in self.session.places if one.name not in spoken]

    def give_up(self) -> None:
        """It lasted longer than any listening may: nothing was understood."""
        hearing = self.hearing
        if hearing is not None and self.listening:
            if hearing.listening is not None:
                hearing.listening.cancel()
            self.take(hearing.id, Heard(None, "too_long"))

    # -- what comes of it

    def take(self, listening_id: ListeningId, event: VoiceEvent) -> None:
        """An event of a listening; dropped unless it is the one on the screen."""
        hearing = self.hearing
        if hearing is None or hearing.id != listening_id or hearing.missed:
            return
        if isinstance(event, Level):
            hearing.level, hearing.is_open = event.value, True
        elif isinstance(event, Partial):
            hearing.words = event.text
        elif isinstance(event, Closed):
            hearing.level, hearing.is_open = 0.0, False
        else:
            hearing.listening = None
            self._ended(hearing, event)

    def _ended(self, hearing: Hearing, event: Heard) -> None:
        if event.why in ("microphone_gone", "cancelled"):
            self._leave_listening()
            self.microphone_gone = event.why == "microphone_gone"
            return
        if event.transcript is not None and self._understood(hearing, event.transcript):
            self.misses = 0
            return
        self.misses += 1
        hearing.missed, hearing.words, hearing.level = event.why, "", 0.0

    def _understood(self, hearing: Hearing, transcript: Transcript) -> bool:
        """Brings what was said to the screen; False, and nothing done, when it was nothing."""
        page, said = self.spoken_question, None
        if hearing.task == "code":
            said = self._code_said(hearing, transcript)
        elif page is None:
            words, sure = best_reading(transcript, self.services.find)
            if words:
                self._leave_listening()
                self._look_for(words, sure=sure)
            else:
                hearing.urgent_kind = half_heard_emergency(transcript, self.services.find)
            return bool(words)
        elif hearing.task == "digits":
            said = self._groups_said(hearing, transcript, page)
        elif values := values_said(transcript, hearing.phrases):
            said = Said(values=values, sure=transcript.accepted)
        if said is None:
            return False
        about = self.session.place.about
        self._leave_listening()
        self.said = said
        self.session.go(Place("spoken", about))
        return True

    def _look_for(self, words: str, *, sure: bool) -> None:
        """Words that answer no question of a form; the place they were said at is on the screen."""
        raise NotImplementedError

    def _ask_status(self, typed: str) -> None:
        """Where an errand stands, by a code that the person has looked at."""
        raise NotImplementedError

    def _leave_listening(self) -> None:
        self.hearing = None
        self.session.back()

    def _groups_said(self, hearing: Hearing, transcript: Transcript, page: Question) -> Said | None:
        """The whole number, or one group of it put in the place of the one said before."""
        before = self.said if hearing.group is not None else None
        digits = digits_said(transcript, GROUP if before else most_signs(page))
        if not digits:
            return None
        if hearing.group is None or before is None:
            groups = groups_of(digits, transcript.words, most_signs(page))
            return Said(groups=groups, sure=transcript.accepted)
        groups = list(before.groups)
        groups[hearing.group] = digits
        return Said(groups=groups, sure=transcript.accepted and before.sure)

    def _code_said(self, hearing: Hearing, transcript: Transcript) -> Said | None:
        """The whole code, or one group of it anew: of the readings, the one that makes it right.
        What is known of codes is not asked: nobody is led to another person's."""
        if not transcript.accepted:
            return None
        readings = dict.fromkeys((transcript.value or "", *map(signs_of, transcript.n_best)))
        found = [self._with_group(hearing, signs) for signs in readings if signs]
        right = (groups for groups in found if read_code("".join(groups)))
        groups = next(right, found[0] if found else [])
        return Said(groups=groups) if groups else None

    def _with_group(self, hearing: Hearing, signs: str) -> list[str]:
        if hearing.group is None or self.said is None:
            return in_groups(signs)
        groups = list(self.said.groups)
        groups[hearing.group] = signs
        return groups

    # -- confirming

    def spoken_problem(self, page: Question) -> Problem | None:
        """What is wrong with the digits that were heard; None when they may be handed in."""
        digits = "".join(self.said.groups) if self.said else ""
        before = self.session.raw.get(page.key)
        self.session.raw[page.key] = digits
        outcome = self.problem_of(page)
        if before is None:
            del self.session.raw[page.key]
        else:
            self.session.raw[page.key] = before
        return outcome if isinstance(outcome, Problem) else None

    def _right(self, value: str) -> None:
        """ "Betul": the digits, or this value of the list, are the answer to the question."""
        page, said = self.spoken_question, self.said
        if said is None or self.session.place.name != "spoken":
            return
        if self.speaks_code:
            self.session.back()
            self._ask_status("".join(said.groups))
            return
        if page is None:
            return
        self.session.back()
        if said.groups:
            self.session.raw[page.key] = "".join(said.groups)
            self._hand_in()
        else:
            self._choose(value)

    def _by_keys(self) -> None:
        """What was heard, to be put right in the field."""
        page, said = self.spoken_question, self.said
        if self.speaks_code and said is not None:
            self.session.raw["status"] = "".join(said.groups)
        self.session.back()
        if page is not None and said is not None:
            self.session.raw[page.key] = "".join(said.groups)[: most_signs(page)]
            self.session.answered.discard(page.key)

    def _phrases(self, page: Question) -> dict[str, str]:
        """What can be said to choose from this list: names, and their numbers on the screen."""
        listed = options(self.services, self.session, page)
        named = [(one.value, one.name.said("id")) for one in listed]
        yes_no = yes_or_no(named)
        if yes_no:
            return yes_no
        phrases = {plain(name): value for value, name in named}
        for word, (value, _) in zip(list(DIGITS)[2:], named, strict=False):  # satu, dua …
            phrases.setdefault(f"nomor {word}", value)
        return phrases


def _task(page: Question | None, phrases: dict[str, str]) -> Task:
    if page is None:
        return "lookup"
    if shape(page) != "list":
        return "digits"
    return "yesno" if set(phrases) == {"ya", "tidak"} else "choice"
