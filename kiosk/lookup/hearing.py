"""What a turn of a conversation asks for, before anyone knows about which service: the slot, the
case, moves such as "yang tadi", courtesy, and what is refused. Words and patterns are data
(assets/lookup/dialogue.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any, cast

from kiosk.domain.turn import Slot
from kiosk.lookup.normalise import split

DIALOGUE_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "dialogue.toml"

_ENDINGS = ("nya", "nye", "ny", "na", "ne")  # "biayanya", Betawi, SMS, Sundanese, Javanese
_SHORTEST = 3  # letters that stay when an ending falls off
_PIECE = 120  # characters of a catalogue text: `split` reads no more than a question has


@dataclass(frozen=True, slots=True)
class Question:
    """A slot of the contract and the fact of the catalogue that answers it."""

    slot: Slot | None
    fact: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A question about one's own case, and the lines of a service that speak of it."""

    asks: re.Pattern[str]
    lines: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str]
    again: re.Pattern[str]  # asks the same once more, or why


@dataclass(frozen=True, slots=True)
class Heard:
    """`words` as dialogue.toml writes them; `content` those of them that may name a subject;
    `definite`: each of these had -nya, "of the one we speak about"."""

    words: str
    content: tuple[str, ...]
    definite: bool
    question: Question | None
    case: Case | None

    @property
    def asks_case(self) -> bool:
        """Is one's own case the point, rather than a slot that was named beside it?"""
        vague = self.question is None or self.question.slot in ("waktu", "langkah")
        return self.case is not None and vague


class Hearing:
    """The tables of dialogue.toml, compiled; it changes nothing, any thread may use it."""

    def __init__(self, table: Mapping[str, Any], names: Iterable[str] = ()) -> None:
        """`names` are what services are called by ("ktp", "kk"), never an abbreviation."""
        self.longest_turns = int(table["longest_turns"])
        self.emergency_service: str = table["emergency_service"]
        self.hours_service: str = table["hours_service"]
        self.status_service: str = table["status_service"]
        self.kinds = frozenset(table["things"].split())  # "surat": no service in particular
        self.things = self.kinds | frozenset(names)
        self._office_words = frozenset(table["office_words"].split())
        pointing = table["pointing"]
        self._ordinals = tuple(
            re.compile(rf"^(?:(?:{pointing}) )*(?:{said})\b")
            for said in (*table["ordinals"], table["last"])
        )
        ways = f"{'|'.join(table['ordinals'])}|{table['last']}|{pointing}"
        self._pointing = frozenset(re.findall(r"\w+", ways))
        self.agencies = frozenset(table["agencies"].split())
        self._days_ahead = tuple(either([said]) for said in table["days_ahead"])
        self._weekdays = tuple(either([said]) for said in table["weekdays"])
        self._spoken: dict[str, str] = table["spoken"]
        self._questions = tuple(
            Question(cast("Slot | None", row["slot"] or None), row["fact"], either(row["patterns"]))
            for row in table["slot"]
        )
        self._cases = tuple(
            Case(either([row["asks"]]), re.compile(row["lines"], re.I)) for row in table["case"]
        )
        self._needs = either(table["needs"]["patterns"])
        self.refusals = tuple(
            Refusal(
                row["kind"],
                either(row["patterns"]),
                either([row["unless"]]),
                either([row["again"]]),
            )
            for row in table["refusal"]
        )
        self.events = {event: either(patterns) for event, patterns in table["events"].items()}
        self._moves = {
            name: either(patterns)
            for name, patterns in table["moves"].items()
            if name not in ("elsewhere_words", "compare_between")
        }
        self.elsewhere = frozenset(table["moves"]["elsewhere_words"].split())
        between = "|".join(table["moves"]["compare_between"])
        self._between = re.compile(rf"\b(?:{between})\b")
        courtesy = table["courtesy"]
        self._courtesy_words = frozenset(courtesy["words"].split())
        self._courtesy = {kind: either(said) for kind, said in courtesy.items() if kind != "words"}
        asked = [pattern for row in table["slot"] for pattern in row["patterns"]]
        moves = [pattern for name in ("on", "compare", "bundle") for pattern in
                 table["moves"][name]]  # fmt: skip
        self._slot_words = frozenset(_literals(asked))
        self._empty = (
            frozenset(table["fillers"].split()) | self._slot_words | frozenset(_literals(moves))
        ) - self.things
        known = [*_literals(asked), *table["fillers"].split(), *_literals(moves), *self.things]
        known += _literals(courtesy["thanks"])
        self._known = frozenset(known)
        self._short = _abbreviations(known)
        self._written: dict[str, set[str]] = {}  # words of the catalogue, never of a visitor

    def hear(self, text: str) -> Heard:
        """Never raises; long texts are cut as for the lookup."""
        words: list[str] = []
        content: list[str] = []
        definite = True
        for said in split(text):
            for word, had_ending in self._standard(said):
                words.append(word)
                if word not in self._empty:
                    content.append(word)
                    definite &= had_ending
        joined = " ".join(words)
        question = next((one for one in self._questions if one.pattern.search(joined)), None)
        case = next((one for one in self._cases if one.asks.search(joined)), None)
        if case is None and question is None and content and self._needs.search(joined):
            case = Case(self._needs, _any_of(content))
        return Heard(joined, tuple(content), definite and bool(content), question, case)

    def moves(self, heard: Heard, name: str) -> bool:
        """Does it go `on`, `back`, `compare`, ask for a `bundle`, mean `here`?"""
        return bool(self._moves[name].search(heard.words))

    def refused(self, heard: Heard, before: str | None) -> str | None:
        """The kind of request that is refused; `before` is the kind refused a turn ago."""
        for refusal in self.refusals:
            if refusal.unless.search(heard.words):
                continue
            if refusal.pattern.search(heard.words):
                return refusal.kind
            same = refusal.kind == before and (heard.definite or not heard.content)
            if same and refusal.again.search(heard.words):
                return refusal.kind
        return None

    def of_the_office(self, heard: Heard) -> bool:
        """Is it about this office rather than about what is done elsewhere?"""
        return not self._office_words.isdisjoint(heard.words.split())

    def ordinal(self, heard: Heard) -> int | None:
        """0 for "yang pertama" or "nomor 1 bayar berapa", -1 for the last."""
        if not self._pointing.issuperset(heard.content):
            return None
        found = (at for at, one in enumerate(self._ordinals) if one.match(heard.words))
        at = next(found, None)
        return -1 if at == len(self._ordinals) - 1 else at

    def day(self, heard: Heard, today: date) -> date:
        """The day that is asked of, today where none is named; a weekday is the next one."""
        for days, said in reversed(list(enumerate(self._days_ahead, start=1))):
            if said.search(heard.words):
                return today + timedelta(days)
        for weekday, said in enumerate(self._weekdays):
            if said.search(heard.words):
                return today + timedelta((weekday - today.weekday()) % 7)
        return today

    def courtesy(self, heard: Heard) -> str | None:
        kinds = self._courtesy.items()
        return next((kind for kind, said in kinds if said.search(heard.words)), None)

    def beyond_courtesy(self, heard: Heard) -> tuple[str, ...]:
        """The content words that are not themselves greeting, thanks or insult."""
        rest = heard.words
        for said in self._courtesy.values():
            rest = said.sub(" ", rest)
        left = set(rest.split()) - self._courtesy_words
        return tuple(word for word in heard.content if word in left)

    def compared(self, heard: Heard) -> tuple[str, str] | None:
        """The two things whose difference is asked, as words; None when no two are named. The first
        is "" when only "bedanya sama …" was said."""
        with_it = self._moves["compare_with"].search(heard.words)
        if with_it is not None and heard.content:
            return "", " ".join(heard.content)
        if not self._moves["compare"].search(heard.words):
            return None
        rest = self._moves["compare"].sub(" ", heard.words)
        parts = [part.split() for part in self._between.split(rest, maxsplit=1)]
        sides = [" ".join(word for word in part if word not in self._empty) for part in parts]
        return (sides[0], sides[1]) if len(sides) == 2 and all(sides) else None

    def own_words(self, texts: Iterable[str]) -> frozenset[str]:
        """The words of the catalogue's texts as a question would be heard."""
        found: set[str] = set()
        for text in texts:
            for piece in wrap(text, _PIECE):
                for said in split(piece):
                    if said not in self._written:
                        self._written[said] = {word for word, _ in self._standard(said)}
                    found |= self._written[said]
        return frozenset(found)

    def _standard(self, said: str) -> list[tuple[str, bool]]:
        """The word or words meant, each with whether an ending such as -nya fell off."""
        if plain := self._plain(said):
            return [(word, False) for word in plain.split()]
        for ending in _ENDINGS:
            base = said.removesuffix(ending)
            if base == said or len(base) < _SHORTEST:
                continue
            if plain := self._plain(base):
                return [(word, True) for word in plain.split()]
            if ending in ("nya", "nye"):
                return [(base, True)]
        return [(said, False)]

    def _plain(self, said: str) -> str | None:
        if meant := self._spoken.get(said):
            return meant
        if said in self._known:
            return said
        if said.endswith("e") and (lighter := said[:-1] + "a") in self._known:
            return lighter  # Betawi "berape"
        whole, word = self._short.get(_bare(said), ("", ""))
        return word if _is_part(said, whole) else None


def load_table(path: Path = DIALOGUE_FILE) -> dict[str, Any]:
    """Raises OSError or tomllib.TOMLDecodeError: the file is a part of the program."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def either(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of them, from the start of a word to the end of one."""
    return re.compile("|".join(rf"(?:^|\b)(?:{pattern})(?=\s|$)" for pattern in patterns))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(word)}" for word in words), re.I)


def _literals(patterns: Iterable[str]) -> list[str]:
    """The words that the patterns spell out, in order."""
    plain = re.sub(r"\(\?<!.*?\)|\\.|\[.*?\]", " ", " ".join(patterns))
    return [word for word in re.findall(r"[a-z]+", plain) if len(word) > 1]


def _abbreviations(known: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Consonants -> the whole that may be meant and its word, as in an SMS: "crny" -> "caranya",
    "cara". The first of several stays."""
    short: dict[str, tuple[str, str]] = {}
    for word in known:
        for whole in (word, word + "nya"):
            if len(bare := _bare(whole)) >= _SHORTEST:
                short.setdefault(bare, (whole, word))
    return short


def _bare(word: str) -> str:
    return re.sub("[aeiou]", "", word)


def _is_part(said: str, whole: str) -> bool:
    """Are the letters said among those of `whole`, in their order, and fewer?"""
    letters = iter(whole)
    return len(said) < len(whole) and all(letter in letters for letter in said)
