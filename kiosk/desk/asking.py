"""What a page is asked and what it answers: values between the web server and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from kiosk.desk.sessions import Session

FIELDS_MAX = 300
TEXT_MAX_CHARS = 4000  # of one field; the forms' own limits are narrower


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `args` are parts of the path, `form` what was posted. `live`: a page asks by
    itself, nobody touched anything."""

    path: str
    args: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, list[str]] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    session: Session | None = None
    live: bool = False

    @property
    def who(self) -> Session:
        """The session of a page that only opens to one."""
        assert self.session is not None
        return self.session

    def text(self, name: str) -> str:
        """A posted field, "" when it is missing; never longer than TEXT_MAX_CHARS."""
        values = self.form.get(name)
        return values[0][:TEXT_MAX_CHARS] if values else ""

    def number(self, name: str) -> int:
        """A posted whole number; -1 for anything else, which fits no version and no row."""
        return whole(self.text(name))

    def arg(self, name: str) -> int:
        return whole(self.args.get(name, ""))


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows."""

    template: str
    shows: dict[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Go:
    """On to another page. `token` begins a session, "" ends it; `counter` is kept on this PC."""

    path: str
    token: str | None = None
    counter: str | None = None


@dataclass(frozen=True, slots=True)
class Pdf:
    """A document to be looked at in the browser. `name` has letters, digits and dashes only."""

    body: bytes
    name: str


class Refused(Exception):
    """The page cannot be shown or the act not be done: `words` say why and what to do."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(str(status))
        self.status = status
        self.words = words


def whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else -1


def read_form(body: bytes) -> dict[str, list[str]]:
    """A posted form. Raises ValueError for one with too many fields."""
    fields: dict[str, list[str]] = {}
    pairs = parse_qsl(
        body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX
    )
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields
