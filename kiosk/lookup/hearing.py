"""Hears what is asked: the slot, the case, moves such as "yang tadi", what is named and what is
pointed at. Words and patterns are data (assets/lookup/dialogue.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from kiosk.domain.service import Text
from kiosk.domain.turn import Slot
from kiosk.lookup.address import Address
from kiosk.lookup.days import Days
from kiosk.lookup.heard import Agency, Case, Heard, Question
from kiosk.lookup.patterns import all_of, either, filled
from kiosk.lookup.sounds import Sounds
from kiosk.lookup.spoken import Spoken, literals

DIALOGUE_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "dialogue.toml"

OF_AN_ERRAND: frozenset[Slot] = frozenset(("syarat", "dasar", "hasil", "jam", "status"))
_HEARSAY = "kata"  # "it is said": stands for who said it
_COUNTED: frozenset[Slot] = frozenset(("biaya", "waktu"))  # their answers are numbers
# Moves whose words are no subject of their own.
_GOING = ("on", "compare", "bundle", "both", "every", "than", "order", "order_of", "sequence")


class Hearing:
    """The tables of dialogue.toml, compiled; it changes nothing, any thread may use it."""

    def __init__(
        self, table: Mapping[str, Any], names: Iterable[str], holidays: Mapping[date, Text]
    ) -> None:
        """`names` are what services are called by ("ktp", "kk"), never an abbreviation."""
        self.longest_turns = int(table["longest_turns"])
        self.emergency_service: str = table["emergency_service"]
        self.hours_service: str = table["hours_service"]
        self.status_service: str = table["status_service"]
        self.steps_first = frozenset(table["steps_first"].split())
        self.names = frozenset(names)
        self.kinds = frozenset(table["things"].split())  # "surat": no service in particular
        self.things = self.kinds | self.names
        self._called = _called(table["called"].split())
        self._office_words = frozenset(table["office_words"].split())
        self.generic = frozenset(table["generic"].split())
        self.days = Days(table["days"], holidays)
        self._hearsay = either(table["hearsay"], table["parts"])
        self._amounts = either(["{money}|{span}"], table["parts"])
        self.parts = {**table["parts"], "day": self.days.names, "period": self.days.periods}
        self._read_questions(table)
        self._read_moves(table)
        self._read_pointing(table)
        self._read_words(table)

    def _read_questions(self, table: Mapping[str, Any]) -> None:
        self.questions = tuple(
            Question(
                cast("Slot | None", row["slot"] or None),
                row["fact"],
                either(row["patterns"], self.parts),
                row.get("here", False),
            )
            for row in table["slot"]
        )
        self.status = next(one for one in self.questions if one.slot == "status")
        self._cases = tuple(
            Case(
                either([row["asks"]], self.parts),
                re.compile(row["lines"], re.I),
                row.get("kind", "own"),
                tuple(row.get("over", "waktu langkah").split()),
                row.get("strict", False),
            )
            for row in table["case"]
        )
        self._needs = either(table["needs"]["thing"], self.parts)
        self._loose = either(table["needs"]["loose"], self.parts)
        self._paper = either(table["needs"]["paper"], self.parts)
        self.agencies = tuple(
            Agency(
                Text(**row["name"]),
                either([row["words"]]),
                re.compile(rf"\b(?:{row['words']})", re.I),
                row.get("service", ""),
            )
            for row in table["agency"]
        )

    def _read_moves(self, table: Mapping[str, Any]) -> None:
        moves = dict(table["moves"])
        self.elsewhere = frozenset(moves.pop("elsewhere_words").split())
        self._denied = re.compile(moves.pop("denied"))
        self._replaced = re.compile(moves.pop("replaced"))
        self._turned_to = re.compile(filled(moves.pop("turned_to"), self.parts))
        self._correcting = frozenset(moves.pop("correcting").split())
        self._also, self._between = (
            re.compile(rf"\b(?:{'|'.join(moves.pop(name))})\b") for name in ("also", "between")
        )
        self.patterns = {name: either(said, self.parts) for name, said in moves.items()}
        self._kin = either([self.parts["kin"]])

    def _read_pointing(self, table: Mapping[str, Any]) -> None:
        pointing = table["pointing"]
        places = (*table["ordinals"], table["last"])
        self._ordinals = tuple(re.compile(rf"^(?:(?:{pointing}) )*(?:{said})\b") for said in places)
        self._ordinals_back = tuple(
            re.compile(rf"\b(?:yang|nomor|no|the|ke|to)(?: (?:paling|very|nomor))* (?:{said})\b")
            for said in places
        )
        self._pointing = frozenset(re.findall(r"\w+", "|".join([*places, pointing])))

    def _read_words(self, table: Mapping[str, Any]) -> None:
        moves = table["moves"]
        asked = [said for row in table["slot"] for said in row["patterns"]]
        asked += self.days.plain
        going = [said for name in _GOING for said in moves[name]]
        fillers = table["fillers"].split()
        self._empty = frozenset([*fillers, *literals(asked), *literals(going)]) - self.things
        known = [*literals(asked), *fillers, *literals(going), *sorted(self.things)]
        known += table["as_written"].split()
        sounds = Sounds(table["sounded"].split(), table["english"].split())
        tongues = table["regional"].items()
        regional = {word: meant for meant, said in tongues for word in said.split()}
        self._spoken = Spoken(
            table["spoken"], known, literals(_patterns(table)), regional=regional, sounds=sounds
        )
        self.own_words = self._spoken.words_of
        self._address = Address(table["address"], self._spoken)
        self.to_whom = self._address.left_out

    def hear(self, text: str) -> Heard:
        """Never raises; long texts are cut as for the lookup."""
        heard = self._spoken.words(text)
        said = self._without_hearsay(heard)
        joined = self._called.sub("", " ".join(word for word, _ in said))
        question = self.asked(joined)
        content = [(word, ended) for word, ended in said if word not in self._empty]
        denied = set(self._denied.findall(joined))  # "yang hilang, bukan yang baru"
        if not denied.issuperset(word for word, _ in content):
            content = [(word, ended) for word, ended in content if word not in denied]
        if question is not None and question.slot in _COUNTED:  # "bayar 50 ribu ya"
            sums = {word for one in self._amounts.finditer(joined) for word in one[0].split()}
            content = [(word, ended) for word, ended in content if word not in sums]
        if question is not None and question.slot == "syarat":  # "surat apa saja" names none
            named = [(word, ended) for word, ended in content if word not in self.generic]
            content = named and content
        words = tuple(word for word, _ in content)
        agencies = tuple(one for one in self.agencies if one.words.search(joined))
        beyond = tuple(
            word for word in words if not any(one.words.search(word) for one in agencies)
        )
        case = next((one for one in self._cases if one.asks.search(joined)), None)
        return Heard(
            words=" ".join(word for word, _ in heard),
            hearsay=said != heard,
            content=words,
            beyond=beyond,
            definite=bool(content) and all(ended for _, ended in content),
            pointing=any(ended for _, ended in said),
            question=question,
            case=case or self._thing_asked(joined, words, beyond, question, agencies),
            agencies=agencies,
            marked="?" in text,
        )

    def _without_hearsay(self, heard: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
        """ "Kata RT bayar 50 ribu": who said so is neither the counter nor the subject."""
        left, at = [], 0
        joined = " ".join(word for word, _ in heard)
        for said in self._hearsay.finditer(joined):
            begins = len(joined[: said.start()].split())
            left += [*heard[at:begins], (_HEARSAY, False)]
            at = begins + len(said.group().split())
        return left + heard[at:]

    def all_asked(self, heard: Heard) -> tuple[Question, ...]:
        """The facts that are asked for on the sides of "sama", "terus" and their like."""
        sides = self._also.split(heard.words)
        found = (
            next((one for one in self.questions if one.pattern.search(side)), None)
            for side in sides
        )
        return tuple(dict.fromkeys(one for one in found if one is not None and one.fact))

    def _thing_asked(
        self,
        joined: str,
        content: tuple[str, ...],
        beyond: tuple[str, ...],
        question: Question | None,
        agencies: tuple[Agency, ...],
    ) -> Case | None:
        """ "harus ke pengadilan dulu ga": the lines that hold all that is asked after, if it is
        more than "surat" or "orang"."""
        if not content or (question is not None and question.slot != "syarat"):
            return None
        needed = self._needs if question is None else self._paper
        telling = [re.escape(word) + r"\b" for word in beyond]
        telling += [one.written.pattern for one in agencies]
        lines = all_of(telling if not self.generic.issuperset(content) else ())
        if needed.search(joined):
            return Case(needed, lines, "need")
        if question is None and self._loose.search(joined):
            return Case(self._loose, lines, "loose")
        return None

    def moves(self, heard: Heard, name: str) -> bool:
        """Does it go `on`, `back`, `compare`, ask for a `bundle`, mean `here`?"""
        return bool(self.patterns[name].search(heard.words))

    def without(self, heard: Heard, name: str) -> Heard:
        """What is said beside the words of a move."""
        return self.hear(" ".join(self.patterns[name].sub(" ", heard.words).split()))

    def of_the_office(self, heard: Heard) -> bool:
        """Is it about this office rather than about what is done elsewhere?"""
        return not self._office_words.isdisjoint(heard.words.split())

    def turned_to(self, heard: Heard) -> str:
        """The paper that one goes on to ask of: "and the family card, is it free"; "" for none."""
        found = self._turned_to.match(heard.words)
        return found["paper"] if found is not None else ""

    def of_people(self, heard: Heard) -> bool:
        """Does it tell for whom, and no more: "no, for my daughter"?"""
        told = (word for word in heard.content if word not in self._correcting)
        return bool(heard.content) and all(self._kin.search(word) for word in told)

    def corrects_question(self, heard: Heard) -> bool:
        """Is another thing asked of the same service: "salah, maksudnya berapa lama"?"""
        return heard.question is not None and self._correcting.issuperset(heard.content)

    def instead_said(self, heard: Heard) -> str:
        """Without the words that only correct, and what is denied where it is said otherwise."""
        rest = self._replaced.sub("", heard.words)
        if not heard.content and rest == heard.words:
            return ""
        said = rest.split()
        return " ".join(word for word in said if word not in self._correcting)

    def of_an_errand(self, heard: Heard) -> bool:
        """Is it surely asked of an errand, not of help in danger, which has a number, a way to be
        reached, and perhaps a cost?"""
        if not self.things.isdisjoint(heard.content):
            return True
        asked = heard.question is not None and heard.question.slot in OF_AN_ERRAND
        return asked or any(self.moves(heard, name) for name in ("errand", "back", "queue"))

    def ordinal(self, heard: Heard) -> int | None:
        """0 for "yang pertama" or "nomor 1 bayar berapa", -1 for the last. Of who goes back it may
        stand anywhere: "balik ke yang pertama, yang buat orang"."""
        goes_back = self.moves(heard, "back")
        if not goes_back and not self._pointing.issuperset(heard.content):
            return None
        places = self._ordinals_back if goes_back else self._ordinals
        found = (at for at, one in enumerate(places) if one.search(heard.words))
        at = next(found, None)
        return -1 if at == len(places) - 1 else at

    def asked(self, words: str) -> Question | None:
        """The fact that heard words ask for."""
        return next((one for one in self.questions if one.pattern.search(words)), None)

    def content(self, words: str) -> list[str]:
        """Those of heard words that may name a subject."""
        return [word for word in words.split() if word not in self._empty]

    def sides(self, heard: Heard) -> list[str]:
        """What is said between "sama", "dan" and their like, if it names anything."""
        return [part.strip() for part in self._between.split(heard.words) if self.content(part)]


def _called(words: list[str]) -> re.Pattern[str]:
    """ "Bu, terus ngapain pak": who is spoken to; "pak RT" is spoken of."""
    called = "|".join(words)
    return re.compile(rf"^(?:(?:{called}) (?!r[tw]\b|lurah|camat|mana))+|(?: (?:{called}))+$")


def _patterns(table: Mapping[str, Any]) -> list[str]:
    """What else the tables ask, move by, greet with or refuse, in words of any spelling."""
    said = [row["asks"] for row in table["case"]]
    for name in ("needs", "moves", "events", "courtesy"):
        for patterns in table[name].values():
            said += [patterns] if isinstance(patterns, str) else patterns
    for row in table["refusal"]:
        said += row["patterns"]
    return [*said, *table["parts"].values()]


def load_table(path: Path = DIALOGUE_FILE) -> dict[str, Any]:
    """Raises OSError or tomllib.TOMLDecodeError: the file is a part of the program."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
