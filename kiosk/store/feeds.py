"""What the city published, read for the screens. Whoever calls has checked the signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from kiosk.domain.announcement import Announcement
from kiosk.domain.service import Text


def announcements_on(day: date, contents: Iterable[Mapping[str, Any]]) -> list[Announcement]:
    """Those of this day, the newest first; one that cannot be read is left out."""
    found = []
    for content in contents:
        try:
            one = Announcement(
                id=str(content["id"]),
                title=_text(content["title"]),
                text=_text(content["text"]),
                source=str(content["source"]),
                begins=date.fromisoformat(content["from"]),
                until=date.fromisoformat(content["until"]),
            )
        except (KeyError, TypeError, ValueError):
            continue
        if one.begins <= day <= one.until:
            found.append(one)
    return sorted(found, key=lambda one: (one.begins, one.id), reverse=True)


def holidays_told(contents: Iterable[Mapping[str, Any]]) -> dict[date, Text]:
    """Days on which offices are closed; one that cannot be read is left out."""
    found = {}
    for content in contents:
        try:
            found[date.fromisoformat(content["day"])] = _text(content["name"])
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _text(value: Mapping[str, Any]) -> Text:
    text = Text(str(value["id"]), str(value["en"]))
    if not (text.id and text.en):
        raise ValueError("one language is missing")
    return text
