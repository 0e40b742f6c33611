"""Requests read by the city, strictly, because somebody else wrote them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sync.fields import object_of, objects, text, whole
from sync.messages import (
    Damaged,
    EnrolRequest,
    Item,
    Malformed,
    Outcome,
    PushRequest,
    RotateRequest,
    UnknownVersion,
    Unreadable,
)
from sync.words import (
    BATCH_TOLD_MAX_ITEMS,
    PUBLIC_KEY_PATTERN,
    SHA256_PATTERN,
    SIGNATURE_PATTERN,
    UUID_PATTERN,
    VERSION,
    WORD_PATTERN,
)


def plain_code(typed: str) -> str:
    """An enrol code as it is hashed: whatever case, spaces and dashes it was typed with."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def _spoken_version(fields: Mapping[str, Any]) -> None:
    if whole(fields, "protocol") != VERSION:
        raise UnknownVersion(f"protocol: only {VERSION} is spoken here")


def read_item(fields: Mapping[str, Any]) -> Item:
    try:
        body = text(fields, "body").encode()
    except UnicodeEncodeError as error:
        raise Malformed("body: not writable as UTF-8") from error
    return Item(
        id=text(fields, "id", UUID_PATTERN),
        epoch=text(fields, "epoch", WORD_PATTERN),
        dseq=whole(fields, "dseq", 1),
        kind=text(fields, "kind", WORD_PATTERN),
        schema=whole(fields, "schema", 0, 10_000),
        sha256=text(fields, "sha256", SHA256_PATTERN),
        body=body,
    )


def read_push_request(data: bytes) -> PushRequest:
    """The readable items, and for each other entry that has an id an outcome and its raw bytes.

    Malformed as a whole when an entry cannot even be named, so that the sender bisects.
    """
    fields = object_of(data, "request")
    _spoken_version(fields)
    items: list[Item] = []
    unreadable: list[Unreadable] = []
    entries = objects(fields, "items", BATCH_TOLD_MAX_ITEMS)
    left = BATCH_TOLD_MAX_ITEMS - len(entries)
    damaged = objects(fields, "damaged", left) if "damaged" in fields else []
    seen: set[str] = set()
    for entry in [*entries, *damaged]:
        name = text(entry, "id", UUID_PATTERN)
        if name in seen:
            raise Malformed("items: an id twice")
        seen.add(name)
    exact: list[dict[str, Any]] = []
    for place, entry in enumerate(entries):
        try:
            items.append(read_item(entry))
        except Malformed as error:  # kept as it came, also a number of more than 64 bits
            exact = exact or json.loads(data)["items"]
            unreadable.append(_unreadable(exact[place], str(error)))
    return PushRequest(tuple(items), tuple(unreadable), tuple(_damaged(entry) for entry in damaged))


def _unreadable(entry: dict[str, Any], why: str) -> Unreadable:
    claimed = entry.get("sha256")
    valid = isinstance(claimed, str) and SHA256_PATTERN.fullmatch(claimed)
    outcome = Outcome(entry["id"], "quarantined", str(claimed) if valid else "", None, why)
    raw = json.dumps(entry, separators=(",", ":")).encode()  # in ASCII: it may not be UTF-8
    try:
        epoch, dseq = text(entry, "epoch", WORD_PATTERN), whole(entry, "dseq", 1)
    except Malformed:
        return Unreadable(outcome, raw)
    return Unreadable(outcome, raw, epoch, dseq)


def _damaged(fields: Mapping[str, Any]) -> Damaged:
    return Damaged(
        text(fields, "id", UUID_PATTERN),
        text(fields, "epoch", WORD_PATTERN),
        whole(fields, "dseq", 1),
    )


def read_enrol_request(data: bytes) -> EnrolRequest:
    fields = object_of(data, "request")
    _spoken_version(fields)
    code = plain_code(text(fields, "code"))
    return EnrolRequest(code[:64], text(fields, "public_key", PUBLIC_KEY_PATTERN))


def read_rotate_request(data: bytes) -> RotateRequest:
    fields = object_of(data, "request")
    _spoken_version(fields)
    return RotateRequest(
        text(fields, "public_key", PUBLIC_KEY_PATTERN), text(fields, "proof", SIGNATURE_PATTERN)
    )
