"""What the ranking learns from: example questions, names and aliases, and what is no errand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.domain.service import Service
from kiosk.lookup.normalise import load_speech

CALM = "-"  # the emergency label of a question that is none
ALARM = "!siaga"  # the column that tells emergencies from calm questions
NAMED = "nama"  # the way of a lesson that is a name or an alias
# Out of scope is learned in kinds: what they have in common is only that no service answers them.
URGENT = "!darurat"  # neither a service nor out of scope: somebody needs help
SMALLTALK, FORBIDDEN, ELSEWHERE, OTHER = "!basa", "!terlarang", "!wilayah", "!lain"
OUT_OF_SCOPE = frozenset({SMALLTALK, FORBIDDEN, ELSEWHERE, OTHER})
_KINDS = {"basa": SMALLTALK, "terlarang": FORBIDDEN, "wilayah": ELSEWHERE}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sentence. `service`: an id, an OUT_OF_SCOPE kind or URGENT; `emergency`: its kind or
    CALM; None: it teaches nothing about that. `way`: how or by whom it is put."""

    text: str
    service: str | None
    emergency: str | None
    way: str


Rows = Iterable[tuple[str, str]]  # (way or kind, question)


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentence files; read anew each time they are gone through, and never held whole: a kiosk
    that only wants to know whether they changed would need 10 MB for them."""

    examples: Mapping[str, Rows] = field(default_factory=dict)
    out_of_scope: Rows = ()
    emergency: Rows = ()
    not_emergency: Rows = ()


@dataclass(frozen=True, slots=True)
class _File:
    path: Path

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """First and second cell of each line after the header. Raises OSError or
        UnicodeDecodeError."""
        with self.path.open(encoding="utf-8") as file:
            next(file, "")
            for line in file:
                cells = line.rstrip("\n").split("\t")
                if len(cells) > 1:
                    yield cells[0].strip(), cells[1].strip()


def sentences_of(assets: Path) -> Sentences:
    """A service needs no examples."""
    examples = {
        path.name.removesuffix(".examples.tsv"): _File(path)
        for path in sorted((assets / "catalogue").glob("*.examples.tsv"))
    }
    lookup = assets / "lookup"
    return Sentences(
        examples,
        *(_File(lookup / f"{name}.tsv") for name in ("out_of_scope", "emergency", "not_emergency")),
    )


def lessons(services: Iterable[Service], sentences: Sentences) -> Iterator[Lesson]:
    """All there is to learn, in a fixed order."""
    speech = load_speech()
    urgent = speech.emergency_service
    known = sorted(services, key=lambda service: service.id)
    for service in known:
        calm = None if service.id == urgent else CALM
        for name in (service.name.id, service.name.en, *service.aliases):
            yield Lesson(name, service.id, calm, NAMED)
        for way, text in sentences.examples.get(service.id, ()):
            yield Lesson(text, service.id, calm, way)
    for way, text in sentences.out_of_scope:
        yield Lesson(text, _KINDS.get(way, OTHER), CALM, way)
    for kind, text in sentences.emergency:
        yield Lesson(text, URGENT, kind, kind)
    for way, text in sentences.not_emergency:
        yield Lesson(text, None, CALM, way)


def digest(services: Iterable[Service], sentences: Sentences, lookup: Path) -> str:
    """Tells whether a model was learned from just these lessons and this way to read words."""
    told = hashlib.sha256()

    def tell(cells: Iterable[str]) -> None:
        for cell in cells:
            told.update(f"{cell}\0".encode())
        told.update(b"\n")

    for service in sorted(services, key=lambda service: service.id):
        tell((service.id, service.name.id, service.name.en, *service.aliases))
        tell(map("\t".join, sentences.examples.get(service.id, ())))
    for rows in (sentences.out_of_scope, sentences.emergency, sentences.not_emergency):
        tell(map("\t".join, rows))
    for name in ("words.toml", "thesaurus.tsv"):
        told.update((lookup / name).read_bytes())
    return told.hexdigest()
