"""The bytes of a transaction: written once, hashed, and sent exactly so, however often."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any

from kiosk.domain.transaction import Draft

PAYLOAD_VERSION = 1
# Made once: json.dumps would build another encoder for every transaction.
_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def payload_bytes(draft: Draft, *, id: str, code: str, ticket: str | None, at: datetime) -> bytes:
    """Canonical JSON: UTF-8, keys sorted, no spaces. `at` must know its time zone.

    Raises ValueError for a time without zone, or a number that JSON does not have.
    """
    if at.tzinfo is None:
        raise ValueError("at: a time without its time zone")
    content = {
        "v": PAYLOAD_VERSION,
        "id": id,
        "kind": draft.kind,
        "service": draft.service,
        "answers": draft.answers,
        "code": code,
        "ticket": ticket,
        "at": at.isoformat(timespec="milliseconds"),
        "lang": draft.lang,
    }
    return canonical_json(content)


def nameless_bytes(draft: Draft, *, id: str, day: date) -> bytes:
    """As `payload_bytes`, of one who gives no name: no code, no language, no time but the day."""
    content = {
        "v": PAYLOAD_VERSION,
        "id": id,
        "kind": draft.kind,
        "service": draft.service,
        "answers": draft.answers,
        "code": None,
        "ticket": None,
        "at": day.isoformat(),
    }
    return canonical_json(content)


def payload_sha256(body: bytes) -> str:
    """64 hexadecimal digits, lower case."""
    return hashlib.sha256(body).hexdigest()


def canonical_json(content: Any) -> bytes:
    return _CANONICAL.encode(content).encode("utf-8")
