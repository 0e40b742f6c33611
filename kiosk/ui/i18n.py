"""Sentences for citizens, from assets/locales/<lang>.toml: a flat key each, `{name}` filled in."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path

from kiosk.domain.service import Lang

LANGS: tuple[Lang, ...] = ("id", "en")


class Sentences:
    """Both languages, loaded once. An unknown key is a bug and raises KeyError."""

    def __init__(self, folder: Path) -> None:
        self._texts: dict[str, dict[str, str]] = {
            lang: _flat(tomllib.loads((folder / f"{lang}.toml").read_text("utf-8")))
            for lang in LANGS
        }

    def keys(self, lang: str) -> frozenset[str]:
        return frozenset(self._texts[lang])

    def say(self, lang: str, key: str, **params: object) -> str:
        text = self._texts[lang][key]
        return text.format(**params) if params else text

    def has(self, key: str) -> bool:
        return key in self._texts["id"]

    def day(self, lang: str, day: date) -> str:
        """17 Agustus 2026 / 17 August 2026."""
        return f"{day.day} {self.say(lang, f'month.{day.month}')} {day.year}"

    def moment(self, lang: str, at: datetime) -> str:
        clock = f"{at:%H:%M}" if lang == "en" else f"{at:%H.%M}"
        return f"{self.day(lang, at.date())}, {clock}"


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
