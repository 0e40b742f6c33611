"""From what people type to the catalogue's words: case, accents, spoken spellings, fillers."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kiosk.lookup.signs import Sign, read_signs, words_of

# It bounds the work that one question can cause; nobody says an errand in more words.
LONGEST_TEXT = 600
MOST_WORDS = 24
REGION = "d_wil"  # how groups of the thesaurus begin that name places elsewhere
LONGEST_PHRASE = 4
WORDS_FILE = Path(__file__).resolve().parents[2] / "assets" / "lookup" / "words.toml"
THESAURUS = "thesaurus.tsv"  # beside it

Words = tuple[str, ...]
_NONE: frozenset[Words] = frozenset()
_VOWEL = re.compile("[aeiou]")
_ENDINGS = ("nya", "kan", "in", "an")
_SHORTEST_STEM = 4
_SHORTEST_MENDED = 5  # letters; a shorter word is too near to others


@dataclass(frozen=True, slots=True)
class Narrower:
    """`kind` of help takes the place of the dangers `of` where `signs` are said and none of
    `unless`."""

    kind: str
    of: frozenset[str]
    signs: tuple[Sign, ...]
    unless: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Speech:
    """How people write: see assets/lookup/words.toml."""

    fillers: frozenset[str]
    spoken: Mapping[Words, Words]  # one word or a phrase -> the catalogue's words
    english: Mapping[Words, Words]  # the same of English, for errands only
    emergency_service: str
    emergencies: tuple[Words, ...]
    errands: frozenset[str]
    elsewhere: tuple[Words, ...]
    unless: frozenset[str]
    danger: Mapping[str, tuple[Sign, ...]]  # kind -> signs of it
    offered: Mapping[str, tuple[Sign, ...]]  # signs at which help is offered besides
    certain: Mapping[str, tuple[Sign, ...]]  # signs beyond all doubt, unless others are said
    cues: Mapping[str, tuple[Sign, ...]]  # whether it is now, or only spoken of
    beside: Mapping[str, tuple[Sign, ...]]  # what other signs mean beside these
    narrower: tuple[Narrower, ...]  # where the help differs within a danger
    glued: Mapping[str, Words]  # a place written in one with the word before it
    peaceful: Mapping[str, frozenset[str]]  # words that tell of no danger; "ailing" ones perhaps
    foreign: Mapping[str, tuple[Sign, ...]]  # topic -> signs that no service answers
    topics: Mapping[str, frozenset[str]]  # a word, or words joined by _ -> what it is about
    slips: Mapping[tuple[str, int], tuple[str, ...]]  # its words by first letter and length
    courtesy: Mapping[str, frozenset[Words]]  # greeting, address, thanks, more

    def about(self, words: Words, *, mends: bool = True) -> set[str]:
        """What the words, and phrases of them, are about: groups of the thesaurus. `mends`: also
        a word that is a slip of the finger away."""
        known = words
        if mends:
            known = tuple(one if self.knows(one) else self._meant(one) or one for one in words)
        found: set[str] = set()
        for at, word in enumerate(known):
            found |= self.topics.get(word) or self.topics.get(stem(word), frozenset())
            for size in range(2, LONGEST_PHRASE + 1):
                if at + size <= len(known):
                    found |= self.topics.get("_".join(known[at : at + size]), frozenset())
        return found

    def regions(self, words: Words) -> list[tuple[int, int]]:
        """Where other regions are named: (begin, end) of each name, in words."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            for size in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
                groups = self.topics.get("_".join(words[at : at + size]), frozenset())
                if any(group.startswith(REGION) for group in groups):
                    found.append((at, at + size))
                    at += size - 1
                    break
            at += 1
        return found

    def knows(self, word: str) -> bool:
        """Is it a word of the thesaurus?"""
        same_size = self.slips.get((word[0], len(word)), ())
        return word in self.topics or stem(word) in self.topics or word in same_size

    def _meant(self, word: str) -> str:
        """The word of the thesaurus that is one slip of the finger away; "" without or with two."""
        if len(word) < _SHORTEST_MENDED or word in self.fillers:
            return ""
        near = {
            other
            for size in (-1, 0, 1)
            for other, *_ in process.extract(
                word,
                self.slips.get((word[0], len(word) + size), ()),
                scorer=OSA.distance,
                score_cutoff=1,
                limit=None,
            )
        }
        meant = {self.topics.get(other, frozenset((other,))) for other in near}
        return min(near) if len(meant) == 1 else ""


@lru_cache(1)  # twenty thousand words, read once; nobody changes them
def load_speech(path: Path = WORDS_FILE) -> Speech:
    """Raises OSError, tomllib.TOMLDecodeError or KeyError: the files are a part of the program."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    emergency, elsewhere, sets = table["emergency"], table["elsewhere"], table["sets"]
    danger = read_signs(table["danger"], sets)
    topics = _topics(path.with_name(THESAURUS).read_text(encoding="utf-8"))
    return Speech(
        fillers=frozenset(table["fillers"].split()),
        spoken=_spoken({**table["words"], **table["phrases"]}, sets),
        english={
            tuple(said.split()): tuple(meant.split())
            for meant, ways in table["english"].items()
            for said in ways.split(",")
        },
        emergency_service=emergency["service"],
        emergencies=tuple(tuple(phrase.split()) for phrase in emergency["phrases"]),
        errands=frozenset(emergency["errands"]),
        elsewhere=tuple(tuple(phrase.split()) for phrase in elsewhere["phrases"]),
        unless=frozenset(elsewhere["unless"]),
        danger=danger,
        offered={
            **{kind: danger[kind] for kind in emergency["offered"]},
            **read_signs(table["offered"], sets),
        },
        certain=read_signs(table["certain"], sets),
        cues=read_signs(table["cues"], sets),
        beside=read_signs(table["beside"], sets),
        narrower=tuple(_narrower(one, sets) for one in table["narrower"]),
        glued=_glued(table["glued"]),
        peaceful={kind: words_of(said, sets) for kind, said in table["peaceful"].items()},
        foreign=read_signs(table["foreign"], sets),
        topics=topics,
        slips=_slips(topics),
        courtesy={
            kind: frozenset(tuple(phrase.split()) for phrase in said.split(","))
            for kind, said in table["courtesy"].items()
        },
    )


def _glued(table: Mapping[str, str]) -> dict[str, Words]:
    """ "dirumah" → "di rumah", as people write it in one."""
    pairs = product(table["before"].split(), table["places"].split())
    return {before + place: (before, place) for before, place in pairs}


def _spoken(table: Mapping[str, str], sets: Mapping[str, str]) -> dict[Words, Words]:
    """Words for words; a set on both sides stands for the same of its words."""
    found: dict[Words, Words] = {}
    for said, meant in table.items():
        names = [word for word in said.split() if word.startswith("@")]
        for words in product(*(sets[name[1:]].split() for name in names)):
            same = dict(zip(names, words, strict=True))
            one, other = ([same.get(word, word) for word in side.split()] for side in (said, meant))
            found[tuple(one)] = tuple(other)
    return found


def _narrower(row: Mapping[str, Any], sets: Mapping[str, str]) -> Narrower:
    signs = read_signs({name: row[name] for name in ("signs", "unless") if name in row}, sets)
    return Narrower(row["kind"], frozenset(row["of"]), signs["signs"], signs.get("unless", ()))


def _topics(thesaurus: str) -> dict[str, frozenset[str]]:
    """From lines of group<TAB>words, by word and by its stem."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in thesaurus.splitlines():
        group, _, words = line.partition("\t")
        for word in words.split():
            found[word].add(group)
            if "_" not in word:
                found[stem(word)].add(group)
    return {word: frozenset(groups) for word, groups in found.items()}


def _slips(words: Iterable[str]) -> dict[tuple[str, int], tuple[str, ...]]:
    """Each word once, those of phrases too."""
    found: dict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for word in (part for words_joined in words for part in words_joined.split("_")):
        if len(word) >= _SHORTEST_MENDED - 1:
            found[word[0], len(word)][word] = None
    return {opening: tuple(listed) for opening, listed in found.items()}


def split(text: str, most: int = MOST_WORDS) -> Words:
    """Lower-case words of ASCII letters and digits; other alphabets and emoji fall away."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_TEXT]).encode("ascii", "ignore").decode()
    return tuple(_drawn_in(word) for word in re.findall(r"[a-z0-9]+", plain.lower())[:most])


def _drawn_in(word: str) -> str:
    """ "tolooong" → "tolong"; a key held too long in an abbreviation leaves two: "pbbb" → "pbb"."""
    kept = r"\1" if _VOWEL.search(word) else r"\1\1"
    return re.sub(r"([a-z])\1{2,}", kept, word)


def errand_of(words: Words, speech: Speech) -> Words:
    """Without the greeting before and the thanks behind, which say nothing of the errand; all of
    the words where nothing else was said."""
    said = speech.courtesy
    begin, end, greeted = 0, len(words), False
    while size := _courtesy_at(
        words, begin, said["greeting"] | (said["address"] if greeted else _NONE)
    ):
        begin, greeted = begin + size, True
    before = end
    while before > begin and (words[before - 1],) in said["address"] | said["more"]:
        before -= 1
    for size in range(LONGEST_PHRASE, 0, -1):
        if before - size >= begin and words[before - size : before] in said["thanks"]:
            end = before - size
            break
    rest = words[begin:end]
    return rest if any(word not in speech.fillers for word in rest) else words


def _courtesy_at(words: Words, at: int, said: AbstractSet[Words]) -> int:
    """How many words of it stand there."""
    sizes = range(min(LONGEST_PHRASE, len(words) - at), 0, -1)
    return next((size for size in sizes if words[at : at + size] in said), 0)


def spoken_to_written(words: Words, speech: Speech) -> Words:
    """Replaces phrases, the longest first, then single words; one pass after the other."""
    return _replaced(_replaced(words, speech.spoken, shortest=1), speech.spoken, shortest=2)


def as_errand(words: Words, speech: Speech) -> Words:
    """Written words with the English ones in the catalogue's, so that a service has to be known
    in one language only. Nobody in danger is heard through it: "lost" is said of cards here."""
    return _replaced(words, speech.english, shortest=1) or words


def stem(word: str) -> str:
    """Without the endings that change no errand: "aktanya", "laporin", "laporkan"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def has_phrase(words: Words, phrase: Words) -> bool:
    size = len(phrase)
    return any(words[at : at + size] == phrase for at in range(len(words) - size + 1))


def _replaced(words: Words, table: Mapping[Words, Words], shortest: int) -> Words:
    done: list[str] = []
    at = 0
    while at < len(words):
        for size in range(LONGEST_PHRASE, shortest - 1, -1):
            meant = table.get(words[at : at + size])
            if meant is not None and at + size <= len(words):
                done.extend(meant)
                at += size
                break
        else:
            done.append(words[at])
            at += 1
    return tuple(done)
