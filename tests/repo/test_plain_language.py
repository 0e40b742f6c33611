"""Every text that citizens read is short and everyday: screens, catalogue, papers, lines.

Sixty-nine of a hundred adults in Jakarta find at most one fact in a short text (PIAAC; see the
interface research): a long sentence or an officer's word is a text that is not read.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.domain.service import Text
from tests.ui.support import catalogue

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCREEN_WORDS_MAX = {"id": 12, "en": 14}
CATALOGUE_WORDS_MAX = {"id": 12, "en": 16}
# What officers write, and what people say instead.
OFFICIALESE = {
    "id": {
        "adapun": "",
        "apabila": "kalau",
        "berkenan": "mau",
        "bilamana": "kalau",
        "bersangkutan": "orang itu",
        "dikarenakan": "karena",
        "dimaksud": "itu",
        "dipergunakan": "dipakai",
        "diperkenankan": "boleh",
        "dipersyaratkan": "perlu",
        "guna": "untuk",
        "hendaknya": "",
        "implementasi": "pelaksanaan",
        "legalitas": "",
        "melampirkan": "bawa",
        "menginput": "mengetik",
        "niscaya": "",
        "perihal": "tentang",
        "sebagaimana": "seperti",
        "sehubungan": "tentang",
        "selaku": "sebagai",
        "senantiasa": "selalu",
        "tersebut": "itu",
        "terlampir": "dibawa",
        "validasi": "periksa",
        "verifikasi": "periksa",
    },
    "en": {
        "aforementioned": "this",
        "ascertain": "find out",
        "commence": "begin",
        "hereby": "",
        "hereinafter": "",
        "notwithstanding": "",
        "pursuant": "under",
        "thereof": "",
        "utilise": "use",
        "utilize": "use",
        "whereas": "",
    },
}


def words(sentence: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['-]\w+)*", sentence.casefold())


def sentences(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[.!?:;\n]+(?:\s|$)", text) if one.strip()]


def _flat(table: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _flat(value, f"{path}.{key}")
    else:
        yield path, str(table)


def _texts(value: object, path: str) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif dataclasses.is_dataclass(value):
        for item in dataclasses.fields(value):
            yield from _texts(getattr(value, item.name), f"{path}.{item.name}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{place}")


def _both(value: object, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every { id = …, en = … } of a TOML table."""
    if isinstance(value, dict):
        if set(value) == {"id", "en"} and all(isinstance(one, str) for one in value.values()):
            yield path, value
        else:
            for key, inner in value.items():
                yield from _both(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _both(inner, f"{path}.{place}")


def on_screen(lang: str) -> list[tuple[str, str]]:
    table = tomllib.loads((ASSETS / "locales" / f"{lang}.toml").read_text("utf-8"))
    return list(_flat(table, lang))


def told(lang: str) -> list[tuple[str, str]]:
    """What the catalogue and the tables beside it say; a law is quoted by its own name."""
    known = catalogue()
    found = [
        (path, text.said(lang))
        for path, text in _texts([known.services, known.events, known.categories], "catalogue")
        if ".legal." not in path
    ]
    for name in ("queue.toml", "papers.toml", "fields.toml", "events.toml", "categories.toml"):
        path = ASSETS / name
        if path.exists():
            table = tomllib.loads(path.read_text("utf-8"))
            found += [(place, both[lang]) for place, both in _both(table, name)]
    return found


@pytest.mark.parametrize("lang", ["id", "en"])
def test_no_sentence_is_longer_than_a_breath(lang: str) -> None:
    assert len(on_screen(lang)) > 300
    assert len(told(lang)) > 700
    long = [
        f"{path}: {one}"
        for texts, most in (
            (on_screen(lang), SCREEN_WORDS_MAX[lang]),
            (told(lang), CATALOGUE_WORDS_MAX[lang]),
        )
        for path, text in texts
        for one in sentences(text)
        if len(words(one)) > most
    ]
    assert long == []


@pytest.mark.parametrize("lang", ["id", "en"])
def test_no_officer_s_word_stands_where_people_read(lang: str) -> None:
    stiff = [
        f"{path}: {text!r}: {found} → {OFFICIALESE[lang][found]!r}"
        for path, text in (*on_screen(lang), *told(lang))
        for found in set(words(text)) & set(OFFICIALESE[lang])
    ]
    assert stiff == []


def test_the_check_sees_what_it_should() -> None:
    assert sentences("Bawa KTP. Lalu: tunggu!\nSelesai") == [
        "Bawa KTP",
        "Lalu",
        "tunggu",
        "Selesai",
    ]
    assert words("KTP-el Anda, apabila hilang") == ["ktp-el", "anda", "apabila", "hilang"]
    assert set(words("APABILA hilang")) & set(OFFICIALESE["id"]) == {"apabila"}
