"""The values on the wire, and every limit on them. Both sides import this; PROTOCOL.md explains it.

Pure: bytes and values in, values out. Reading is strict (`Malformed` says where and why), because
what arrives was written by somebody else; writing is deterministic.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

VERSION = 1

# --- limits: whatever can grow has a number here ------------------------------------------------
BATCH_MAX_ITEMS = 100
BATCH_MAX_BYTES = 128 * 1024  # bodies of one batch together; one larger item travels alone
ITEM_MAX_BYTES = 256 * 1024  # one body; a larger one is quarantined
REQUEST_MAX_BYTES = 1024 * 1024  # a request as it travels (compressed)
INFLATED_MAX_BYTES = 4 * 1024 * 1024  # a request after decompression
REPLY_MAX_BYTES = 4 * 1024 * 1024
PULL_PAGE_ITEMS = 50
PULL_MAX_PAGES = 100
FEED_ITEM_MAX_BYTES = 64 * 1024
PROBLEM_TEXT_MAX = 200
CLOCK_SKEW_MAX_S = 300  # how far a signature's `created` may be from the city's clock
NONCE_KEPT_S = 900  # longer than a signature can stay valid (2 x CLOCK_SKEW_MAX_S)
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 20.0  # silence on the line
REQUEST_DEADLINE_S = 60.0  # one request and its reply together, however slowly they drip
ENROL_CODE_HOURS = 24

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
NONCE_HEADER = "Kiosk-Nonce"  # every reply of the city echoes the nonce of the request

ENROL_PATH = "/v1/enrol"
PUSH_PATH = "/v1/sync/push"
STATUS_PATH = "/v1/sync/status"
PULL_PATH = "/v1/sync/pull"
FEEDS = ("catalogue",)

KINDS = ("application", "ticket", "complaint", "survey")
SCHEMAS = (1,)

OutcomeWord = Literal["stored", "duplicate", "conflict", "quarantined"]
OUTCOMES: tuple[str, ...] = get_args(OutcomeWord)
ACKNOWLEDGED: tuple[str, ...] = ("stored", "duplicate")

# --- problems (RFC 9457): the last word of the type URI says what to do next --------------------
PROBLEM_PREFIX = "urn:kiosk-sync:problem:"
ProblemCode = Literal[
    "malformed",  # 400: the request itself cannot be read; bisect
    "too-large",  # 413: bisect
    "signature",  # 401: unsigned, wrongly signed or signed over something else
    "replayed",  # 401: this nonce was used before
    "clock",  # 401: `created` too far from `server_time`; sign again with that time
    "unknown-device",  # 401: never enrolled here; stop
    "revoked",  # 403: stop
    "enrol-code",  # 403: wrong, used or expired
    "not-found",  # 404
    "busy",  # 503: try again after Retry-After
    "internal",  # 500
]
PROBLEMS: tuple[str, ...] = get_args(ProblemCode)
STOPPING: tuple[str, ...] = ("revoked", "unknown-device")

UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")
WORD_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
NONCE_PATTERN = re.compile(r"[A-Za-z0-9_-]{16,64}")
PUBLIC_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of 32 bytes, no padding
CODE_ALPHABET = "23456789ACEFHJKLMPRTWXY"  # nothing that looks or sounds like its neighbour
CODE_LENGTH = 12
DSEQ_MAX = 2**53 - 1


class Malformed(ValueError):
    """What arrived is not a message of this protocol. The text names the place, never the value."""


@dataclass(frozen=True, slots=True)
class Item:
    """One transaction on its way: `body` travels as exactly these bytes and is hashed as such."""

    id: str
    epoch: str
    dseq: int
    kind: str
    schema: int
    sha256: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the city did with one item. `server_seq` is None unless the city holds it."""

    id: str
    outcome: OutcomeWord
    sha256: str
    server_seq: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """How far the city has one device's install epoch without a gap (0 = nothing yet)."""

    epoch: str
    contiguous_through: int


@dataclass(frozen=True, slots=True)
class PushReply:
    nonce: str
    digest: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class StatusReply:
    nonce: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    code: str
    public_key: str


@dataclass(frozen=True, slots=True)
class EnrolReply:
    nonce: str
    digest: str
    device: str
    server_epoch: str
    server_time: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One whole file of a feed, e.g. a service of the catalogue, as JSON."""

    id: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PullPage:
    """`reset`: forget the pages gathered so far, this one starts the feed again."""

    nonce: str
    feed: str
    reset: bool
    more: bool
    cursor: str
    items: tuple[FeedItem, ...]


@dataclass(frozen=True, slots=True)
class ProblemReply:
    code: ProblemCode
    title: str
    status: int
    server_time: str


# --- small shared rules -------------------------------------------------------------------------
def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def plain_code(typed: str) -> str:
    """An enrol code as it is hashed: whatever case, spaces and dashes it was typed with."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def inflate(data: bytes) -> bytes:
    """Gzip undone, at most INFLATED_MAX_BYTES. Raises Malformed, OverflowError when larger."""
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(data, INFLATED_MAX_BYTES + 1)
    except zlib.error as error:
        raise Malformed("body: not gzip") from error
    if len(plain) > INFLATED_MAX_BYTES:
        raise OverflowError("body: too large once inflated")
    if not stream.eof or stream.unused_data:
        raise Malformed("body: gzip cut short or followed by something")
    return plain


def pack(items: Sequence[Item], limit_items: int = BATCH_MAX_ITEMS) -> list[list[Item]]:
    """Items cut into batches within the limits, order kept; an oversized item gets its own."""
    batches: list[list[Item]] = []
    size = 0
    for item in items:
        full = not batches or len(batches[-1]) >= limit_items
        if full or size + len(item.body) > BATCH_MAX_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(item)
        size += len(item.body)
    return batches


# --- writing ------------------------------------------------------------------------------------
def to_json(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def push_request(items: Sequence[Item]) -> bytes:
    """Raises UnicodeDecodeError when a body is not UTF-8 (the caller quarantines it before)."""
    wire = [{**asdict(item), "body": item.body.decode("utf-8")} for item in items]
    return to_json({"protocol": VERSION, "items": wire})


def enrol_request(request: EnrolRequest) -> bytes:
    return to_json({"protocol": VERSION, **asdict(request)})


def reply(message: PushReply | StatusReply | EnrolReply | PullPage) -> bytes:
    return to_json(asdict(message))


def problem(message: ProblemReply) -> bytes:
    fields = asdict(message)
    return to_json({"type": PROBLEM_PREFIX + fields.pop("code"), **fields})


# --- reading ------------------------------------------------------------------------------------
def _object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{where}: not JSON") from error
    if not isinstance(value, dict):
        raise Malformed(f"{where}: not an object")
    return value


def _text(fields: Mapping[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise Malformed(f"{key}: missing or not of the agreed form")
    return value


def _whole(fields: Mapping[str, Any], key: str, low: int = 0, high: int = DSEQ_MAX) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Malformed(f"{key}: missing or not a whole number from {low} to {high}")
    return value


def _flag(fields: Mapping[str, Any], key: str) -> bool:
    value = fields.get(key)
    if not isinstance(value, bool):
        raise Malformed(f"{key}: missing or not true/false")
    return value


def _objects(fields: Mapping[str, Any], key: str, most: int) -> list[dict[str, Any]]:
    value = fields.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise Malformed(f"{key}: missing or not a list of objects")
    if len(value) > most:
        raise Malformed(f"{key}: more than {most}")
    return value


def _spoken_version(fields: Mapping[str, Any]) -> None:
    _whole(fields, "protocol", VERSION, VERSION)


def read_item(fields: Mapping[str, Any]) -> Item:
    try:
        body = _text(fields, "body").encode()
    except UnicodeEncodeError as error:
        raise Malformed("body: not writable as UTF-8") from error
    return Item(
        id=_text(fields, "id", UUID_PATTERN),
        epoch=_text(fields, "epoch", WORD_PATTERN),
        dseq=_whole(fields, "dseq", 1),
        kind=_text(fields, "kind", WORD_PATTERN),
        schema=_whole(fields, "schema", 0, 10_000),
        sha256=_text(fields, "sha256", SHA256_PATTERN),
        body=body,
    )


def read_push_request(data: bytes) -> tuple[list[Item], list[Outcome]]:
    """The readable items, and an outcome for each that has an id but cannot be read.

    Malformed as a whole when an item cannot even be named, so that the sender bisects.
    """
    fields = _object(data, "request")
    _spoken_version(fields)
    items: list[Item] = []
    refused: list[Outcome] = []
    seen: set[str] = set()
    for entry in _objects(fields, "items", BATCH_MAX_ITEMS):
        name = _text(entry, "id", UUID_PATTERN)
        if name in seen:
            raise Malformed("items: an id twice")
        seen.add(name)
        try:
            items.append(read_item(entry))
        except Malformed as error:
            claimed = entry.get("sha256")
            valid = isinstance(claimed, str) and SHA256_PATTERN.fullmatch(claimed)
            digest = claimed if valid else ""
            refused.append(Outcome(name, "quarantined", digest or "", None, str(error)))
    return items, refused


def read_enrol_request(data: bytes) -> EnrolRequest:
    fields = _object(data, "request")
    _spoken_version(fields)
    code = plain_code(_text(fields, "code"))
    return EnrolRequest(code[:64], _text(fields, "public_key", PUBLIC_KEY_PATTERN))


def _streams(fields: Mapping[str, Any]) -> tuple[Stream, ...]:
    return tuple(
        Stream(_text(entry, "epoch", WORD_PATTERN), _whole(entry, "contiguous_through"))
        for entry in _objects(fields, "streams", 1000)
    )


def _outcome(fields: Mapping[str, Any]) -> Outcome:
    word = _text(fields, "outcome")
    if word not in OUTCOMES:
        raise Malformed("outcome: not one of " + ", ".join(OUTCOMES))
    seq = None if fields.get("server_seq") is None else _whole(fields, "server_seq", 1)
    why = None if fields.get("problem") is None else _text(fields, "problem")[:PROBLEM_TEXT_MAX]
    digest = _text(fields, "sha256")
    return Outcome(_text(fields, "id", UUID_PATTERN), word, digest, seq, why)  # type: ignore[arg-type]


def read_push_reply(data: bytes) -> PushReply:
    fields = _object(data, "reply")
    return PushReply(
        nonce=_text(fields, "nonce", NONCE_PATTERN),
        digest=_text(fields, "digest"),
        server_epoch=_text(fields, "server_epoch", WORD_PATTERN),
        server_time=_text(fields, "server_time"),
        streams=_streams(fields),
        outcomes=tuple(_outcome(e) for e in _objects(fields, "outcomes", BATCH_MAX_ITEMS)),
    )


def read_status_reply(data: bytes) -> StatusReply:
    fields = _object(data, "reply")
    return StatusReply(
        nonce=_text(fields, "nonce", NONCE_PATTERN),
        server_epoch=_text(fields, "server_epoch", WORD_PATTERN),
        server_time=_text(fields, "server_time"),
        streams=_streams(fields),
    )


def read_enrol_reply(data: bytes) -> EnrolReply:
    fields = _object(data, "reply")
    return EnrolReply(
        nonce=_text(fields, "nonce", NONCE_PATTERN),
        digest=_text(fields, "digest"),
        device=_text(fields, "device", WORD_PATTERN),
        server_epoch=_text(fields, "server_epoch", WORD_PATTERN),
        server_time=_text(fields, "server_time"),
    )


def read_pull_page(data: bytes) -> PullPage:
    fields = _object(data, "reply")
    items = []
    for entry in _objects(fields, "items", PULL_PAGE_ITEMS):
        content = entry.get("content")
        if not isinstance(content, dict):
            raise Malformed("content: missing or not an object")
        items.append(FeedItem(_text(entry, "id", WORD_PATTERN), content))
    return PullPage(
        nonce=_text(fields, "nonce", NONCE_PATTERN),
        feed=_text(fields, "feed", WORD_PATTERN),
        reset=_flag(fields, "reset"),
        more=_flag(fields, "more"),
        cursor=_text(fields, "cursor"),
        items=tuple(items),
    )


def read_problem(data: bytes) -> ProblemReply:
    fields = _object(data, "problem")
    kind = _text(fields, "type")
    code = kind.removeprefix(PROBLEM_PREFIX)
    if code == kind or code not in PROBLEMS:
        raise Malformed("type: not a problem of this protocol")
    return ProblemReply(
        code,  # type: ignore[arg-type]
        _text(fields, "title")[:PROBLEM_TEXT_MAX],
        _whole(fields, "status", 400, 599),
        _text(fields, "server_time"),
    )
