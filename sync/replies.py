"""Replies read by the device, strictly, because anybody may have written them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.fields import flag, object_of, objects, text, whole
from sync.messages import (
    Batch,
    EnrolReply,
    FeedItem,
    FeedKey,
    FeedSignature,
    Malformed,
    Outcome,
    ProblemReply,
    PullPage,
    PushReply,
    RotateReply,
    StatusReply,
    Stream,
)
from sync.words import (
    BATCH_MAX_BYTES,
    BATCH_MAX_ITEMS,
    BATCH_TOLD_MAX_BYTES,
    BATCH_TOLD_MAX_ITEMS,
    CURSOR_MAX,
    FEED_ITEM_MAX_BYTES,
    FEEDS,
    KEYS_MAX_ITEMS,
    NONCE_PATTERN,
    OUTCOMES,
    PROBLEM_PREFIX,
    PROBLEM_TEXT_MAX,
    PROBLEMS,
    PUBLIC_KEY_PATTERN,
    PULL_MAX_PAGES,
    PULL_PAGE_ITEMS,
    SIGNATURE_PATTERN,
    STREAMS_MAX_ITEMS,
    UUID_PATTERN,
    WORD_PATTERN,
)


# What the first release's city did not send may be absent.
def _streams(fields: Mapping[str, Any]) -> tuple[Stream, ...]:
    streams = []
    for entry in objects(fields, "streams", STREAMS_MAX_ITEMS):
        through = whole(entry, "contiguous_through")
        told = "backup_watermark" in entry
        watermark = whole(entry, "backup_watermark", 0, through) if told else 0
        streams.append(Stream(text(entry, "epoch", WORD_PATTERN), through, watermark))
    return tuple(streams)


def _feeds(fields: Mapping[str, Any]) -> dict[str, str] | None:
    if "feeds" not in fields:
        return None
    feeds = fields["feeds"]
    if not isinstance(feeds, dict) or len(feeds) > len(FEEDS) + 16:
        raise Malformed("feeds: not an object, or too large")
    return {name: text(feeds, name) for name in feeds}


def _feed_keys(fields: Mapping[str, Any]) -> tuple[FeedKey, ...]:
    if "feed_keys" not in fields:
        return ()
    keys = []
    for entry in objects(fields, "feed_keys", KEYS_MAX_ITEMS):
        first = entry.get("endorsed_by") is None
        keys.append(
            FeedKey(
                text(entry, "key", WORD_PATTERN),
                text(entry, "public_key", PUBLIC_KEY_PATTERN),
                None if first else text(entry, "endorsed_by", WORD_PATTERN),
                None if first else text(entry, "endorsement", SIGNATURE_PATTERN),
            )
        )
    return tuple(keys)


def _outcome(fields: Mapping[str, Any]) -> Outcome:
    word = text(fields, "outcome")
    if word not in OUTCOMES:
        raise Malformed("outcome: not one of " + ", ".join(OUTCOMES))
    seq = None if fields.get("server_seq") is None else whole(fields, "server_seq", 1)
    why = None if fields.get("problem") is None else text(fields, "problem")[:PROBLEM_TEXT_MAX]
    digest = text(fields, "sha256")
    return Outcome(text(fields, "id", UUID_PATTERN), word, digest, seq, why)  # type: ignore[arg-type]


def read_push_reply(data: bytes) -> PushReply:
    fields = object_of(data, "reply")
    return PushReply(
        nonce=text(fields, "nonce", NONCE_PATTERN),
        digest=text(fields, "digest"),
        server_epoch=text(fields, "server_epoch", WORD_PATTERN),
        server_time=text(fields, "server_time"),
        streams=_streams(fields),
        outcomes=tuple(_outcome(e) for e in objects(fields, "outcomes", BATCH_TOLD_MAX_ITEMS)),
        batch=_batch(fields),
    )


def _batch(fields: Mapping[str, Any]) -> Batch:
    if "batch" not in fields:
        return Batch()
    told = fields["batch"]
    if not isinstance(told, dict):
        raise Malformed("batch: not an object")
    return Batch(
        max(BATCH_MAX_ITEMS, min(BATCH_TOLD_MAX_ITEMS, whole(told, "items"))),
        max(BATCH_MAX_BYTES, min(BATCH_TOLD_MAX_BYTES, whole(told, "bytes"))),
    )


def read_status_reply(data: bytes) -> StatusReply:
    fields = object_of(data, "reply")
    return StatusReply(
        nonce=text(fields, "nonce", NONCE_PATTERN),
        server_epoch=text(fields, "server_epoch", WORD_PATTERN),
        server_time=text(fields, "server_time"),
        streams=_streams(fields),
        feeds=_feeds(fields),
        feed_keys=_feed_keys(fields),
    )


def read_enrol_reply(data: bytes) -> EnrolReply:
    fields = object_of(data, "reply")
    return EnrolReply(**_device_reply(fields), feed_keys=_feed_keys(fields))


def read_rotate_reply(data: bytes) -> RotateReply:
    return RotateReply(**_device_reply(object_of(data, "reply")))


def _device_reply(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        "nonce": text(fields, "nonce", NONCE_PATTERN),
        "digest": text(fields, "digest"),
        "device": text(fields, "device", WORD_PATTERN),
        "server_epoch": text(fields, "server_epoch", WORD_PATTERN),
        "server_time": text(fields, "server_time"),
    }


def read_pull_page(data: bytes) -> PullPage:
    fields = object_of(data, "reply")
    return PullPage(
        nonce=text(fields, "nonce", NONCE_PATTERN),
        feed=text(fields, "feed", WORD_PATTERN),
        reset=flag(fields, "reset"),
        more=flag(fields, "more"),
        cursor=_cursor(fields),
        items=tuple(_feed_item(entry) for entry in objects(fields, "items", PULL_PAGE_ITEMS)),
    )


def _cursor(fields: Mapping[str, Any]) -> str:
    cursor = text(fields, "cursor")
    if len(cursor) > CURSOR_MAX:
        raise Malformed(f"cursor: over {CURSOR_MAX} characters")
    return cursor


def _feed_item(entry: Mapping[str, Any]) -> FeedItem:
    name = text(entry, "id", WORD_PATTERN)
    if "gone" in entry and flag(entry, "gone"):
        return FeedItem(name, {}, gone=True)
    if "body" not in entry:
        content = entry.get("content")
        if not isinstance(content, dict):
            raise Malformed("content: missing or not an object")
        return FeedItem(name, content)
    try:
        body = text(entry, "body").encode()
    except UnicodeEncodeError as error:
        raise Malformed("body: not writable as UTF-8") from error
    if len(body) > FEED_ITEM_MAX_BYTES:
        raise Malformed(f"body: over {FEED_ITEM_MAX_BYTES} bytes")
    signed = entry.get("signature")
    if signed is not None and not isinstance(signed, dict):
        raise Malformed("signature: neither an object nor null")
    signature = None if signed is None else _feed_signature(signed)
    return FeedItem(name, object_of(body, "body"), body, signature)


def _feed_signature(fields: Mapping[str, Any]) -> FeedSignature:
    return FeedSignature(
        text(fields, "key", WORD_PATTERN),
        whole(fields, "edition", 1),
        whole(fields, "of", 1, PULL_PAGE_ITEMS * PULL_MAX_PAGES),
        text(fields, "value", SIGNATURE_PATTERN),
    )


def read_problem(data: bytes) -> ProblemReply:
    fields = object_of(data, "problem")
    kind = text(fields, "type")
    code = kind.removeprefix(PROBLEM_PREFIX)
    if code == kind or code not in PROBLEMS:
        raise Malformed("type: not a problem of this protocol")
    return ProblemReply(
        code,  # type: ignore[arg-type]
        text(fields, "title")[:PROBLEM_TEXT_MAX],
        whole(fields, "status", 400, 599),
        text(fields, "server_time"),
        _supported(fields),
    )


def _supported(fields: Mapping[str, Any]) -> tuple[int, ...]:
    told = fields.get("supported")
    if not isinstance(told, list):
        return ()
    return tuple(n for n in told[:16] if isinstance(n, int) and not isinstance(n, bool))
