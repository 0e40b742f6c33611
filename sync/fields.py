"""One field of a message at a time, read strictly: `Malformed` says where, never what. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson
from isal import isal_zlib

from sync.messages import Malformed
from sync.words import DSEQ_MAX, INFLATED_MAX_BYTES


def inflate(data: bytes) -> bytes:
    """Gzip undone, at most INFLATED_MAX_BYTES. Raises Malformed, OverflowError when larger."""
    stream = isal_zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(data, INFLATED_MAX_BYTES + 1)
    except isal_zlib.error as error:  # type: ignore[misc] # its stubs forget what it is
        raise Malformed("body: not gzip") from error
    if len(plain) > INFLATED_MAX_BYTES:
        raise OverflowError("body: too large once inflated")
    if not stream.eof or stream.unused_data:
        raise Malformed("body: gzip cut short or followed by something")
    return plain


def parsed(data: bytes) -> Any:
    """What Python's own reader takes, in a third of its time; but a whole number of more than 64
    bits is a float. Raises ValueError, RecursionError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:  # or only stricter: half a surrogate pair, NaN
        return json.loads(data)


def object_of(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = parsed(data)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{where}: not JSON") from error
    if not isinstance(value, dict):
        raise Malformed(f"{where}: not an object")
    return value


def text(fields: Mapping[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise Malformed(f"{key}: missing or not of the agreed form")
    return value


def whole(fields: Mapping[str, Any], key: str, low: int = 0, high: int = DSEQ_MAX) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Malformed(f"{key}: missing or not a whole number from {low} to {high}")
    return value


def flag(fields: Mapping[str, Any], key: str) -> bool:
    value = fields.get(key)
    if not isinstance(value, bool):
        raise Malformed(f"{key}: missing or not true/false")
    return value


def objects(fields: Mapping[str, Any], key: str, most: int) -> list[dict[str, Any]]:
    value = fields.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise Malformed(f"{key}: missing or not a list of objects")
    if len(value) > most:
        raise Malformed(f"{key}: more than {most}")
    return value
