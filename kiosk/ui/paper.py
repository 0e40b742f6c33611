"""What stands on a paper: the number, the receipt, the list to bring. No name, no NIK, ever.

An English visit prints both languages: the paper goes to a counter where Indonesian is read.
"""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.office import Office
from kiosk.domain.paper import Item, Line, Paper, Qr, Rule
from kiosk.domain.queue import Entry
from kiosk.domain.service import Lang, Service
from kiosk.domain.transaction import Receipt
from kiosk.ui.i18n import Sentences

NUMBER_SIZE, CODE_SIZE = 4, 2


class Words:
    """Sentences for one visit's paper: one language, or Indonesian with English under it."""

    def __init__(self, sentences: Sentences, lang: str) -> None:
        self.sentences = sentences
        self.langs: tuple[Lang, ...] = ("id", "en") if lang == "en" else ("id",)

    def lines(self, key: str, **params: object) -> list[str]:
        return [self.sentences.say(lang, key, **params) for lang in self.langs]

    def in_one(self, key: str) -> str:
        return " / ".join(self.lines(key))

    def name(self, service: Service) -> str:
        return " / ".join(dict.fromkeys(service.name.said(lang) for lang in self.langs))


def _head(office: Office) -> list[Line]:
    lines = [Line(office.name, bold=True, centred=True)]
    if office.kecamatan:
        lines.append(Line(f"Kecamatan {office.kecamatan}, {office.city}", centred=True))
    return lines


def _foot(words: Words, at: datetime, *, copy: bool) -> list[Line | Rule]:
    parts: list[Line | Rule] = [Rule(), Line(words.sentences.moment("id", at), centred=True)]
    if copy:
        parts.append(Line(words.in_one("paper.copy"), bold=True, centred=True))
    return parts


def ticket_paper(
    words: Words,
    office: Office,
    receipt: Receipt,
    entry: Entry | None,
    services: list[Service],
    *,
    copy: bool = False,
) -> Paper:
    """The number is the largest thing on it."""
    parts: list[Line | Item | Rule | Qr] = [
        *_head(office),
        Rule(),
        Line(words.in_one("paper.number"), centred=True),
        Line(receipt.ticket or "", size=NUMBER_SIZE, bold=True, centred=True),
    ]
    if entry is not None and entry.priority:
        parts.append(Line(words.in_one("paper.priority"), bold=True, centred=True))
    parts += [Item("-", words.name(one)) for one in services]
    parts += [Line(line) for line in words.lines("receipt.ticket_go", counter=office.counter)]
    parts += [
        Line(f"{words.in_one('paper.code')}: {receipt.code}"),
        Qr(receipt.code),
        *_foot(words, receipt.at, copy=copy),
    ]
    return tuple(parts)


def receipt_paper(
    words: Words, office: Office, receipt: Receipt, service: Service | None, *, copy: bool = False
) -> Paper:
    """What was filed and with which code; that it is stored here is all that paper may say."""
    parts: list[Line | Item | Rule | Qr] = [*_head(office), Rule()]
    parts.append(Line(words.in_one("paper.receipt"), bold=True, centred=True))
    if service is not None:
        parts.append(Line(words.name(service), centred=True))
    parts += [
        Line(words.in_one("paper.code"), centred=True),
        Line(receipt.code, size=CODE_SIZE, bold=True, centred=True),
        Qr(receipt.code),
    ]
    parts += [Line(line) for line in words.lines("paper.stored")]
    parts += [Line(line) for line in words.lines("paper.bring", counter=office.counter)]
    parts += [Line(line) for line in words.lines("paper.status")]
    parts += [
        Line(words.in_one("paper.unsigned"), bold=True),
        *_foot(words, receipt.at, copy=copy),
    ]
    return tuple(parts)


def papers_paper(words: Words, office: Office, service: Service, at: datetime) -> Paper:
    """The papers to bring, each with a box to tick at home, and how sure the list is."""
    parts: list[Line | Item | Rule | Qr] = [*_head(office), Rule()]
    parts.append(Line(words.in_one("paper.papers"), bold=True, centred=True))
    parts += [Line(words.name(service), bold=True, centred=True), Rule()]
    fact = service.fact("requirements")
    for line in fact.lines if fact else ():
        for place, lang in enumerate(words.langs):
            parts.append(Item("[ ]" if place == 0 else "   ", line.said(lang)))
    if fact is None:
        parts += [Line(line) for line in words.lines("fact.unknown")]
    elif fact.standing(at.date()) != "disahkan":
        parts.append(Rule())
        parts += [Line(line) for line in words.lines("service.not_approved")]
    parts += _foot(words, at, copy=False)
    return tuple(parts)
