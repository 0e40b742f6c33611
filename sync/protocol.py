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
STREAMS_MAX_ITEMS = 1000  # install epochs of one device
KEYS_MAX_ITEMS = 16  # catalogue keys of a city
CURSOR_MAX = 64
REVOKED_KEPT_ITEMS = 20_000  # what the city still takes from one revoked device, into quarantine
NOTE_TEXT_MAX = 200  # characters of a status's note, each language
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
ROTATE_PATH = "/v1/rotate-key"

PUBLISHED_FEEDS = ("catalogue", "announcements", "holidays")  # whole and signed by the city
RUNNING_FEEDS = ("statuses",)  # what changed since the cursor, for this device alone
FEEDS = PUBLISHED_FEEDS + RUNNING_FEEDS
BYTES_FORM = "bytes"  # ?form=bytes: items as the exact bytes that were signed

KINDS = ("application", "ticket", "complaint", "survey", "act")
SCHEMAS = (1,)

OutcomeWord = Literal["stored", "duplicate", "conflict", "quarantined"]
OUTCOMES: tuple[str, ...] = get_args(OutcomeWord)
ACKNOWLEDGED: tuple[str, ...] = ("stored", "duplicate")

# Where an application stands. The errand is closed with the last two.
StatusState = Literal["received", "in-process", "needs-citizen", "ready", "done", "refused"]
STATUS_STATES: tuple[str, ...] = get_args(StatusState)
CLOSED_STATES: tuple[str, ...] = ("done", "refused")

# --- problems (RFC 9457): the last word of the type URI says what to do next --------------------
PROBLEM_PREFIX = "urn:kiosk-sync:problem:"
ProblemCode = Literal[
    "malformed",  # 400: the request itself cannot be read; bisect
    "version",  # 400: a protocol that is not spoken here; `supported` says which are
    "too-large",  # 413: bisect
    "signature",  # 401: unsigned, wrongly signed or signed over something else
    "replayed",  # 401: this nonce was used before
    "clock",  # 401: `created` too far from `server_time`; sign again with that time
    "unknown-device",  # 401: never enrolled here; stop
    "revoked",  # 403: stop
    "enrol-code",  # 403: wrong, used or expired
    "not-found",  # 404
    "too-many",  # 429: too many enrol attempts; try again after Retry-After
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
SIGNATURE_PATTERN = re.compile(r"[A-Za-z0-9_-]{86}")  # base64url of 64 bytes, no padding
CODE_ALPHABET = "23456789ACEFHJKLMPRTWXY"  # nothing that looks or sounds like its neighbour
CODE_LENGTH = 12
DSEQ_MAX = 2**53 - 1


class Malformed(ValueError):
    """What arrived is not a message of this protocol. The text names the place, never the value."""


class UnknownVersion(Malformed):
    """It says it is a protocol that this side does not speak."""


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
class Damaged:
    """One transaction that the device can no longer send: its bytes are not what was committed."""

    id: str
    epoch: str
    dseq: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that has an id but is no Item: `raw` as it came, `epoch` and `dseq` if readable."""

    outcome: Outcome
    raw: bytes
    epoch: str = ""
    dseq: int = 0


@dataclass(frozen=True, slots=True)
class PushRequest:
    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...] = ()
    damaged: tuple[Damaged, ...] = ()


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
    """How far the city has one device's install epoch without a gap (0 = nothing yet).

    `backup_watermark`: how far it is in the city's backup too; never above `contiguous_through`.
    """

    epoch: str
    contiguous_through: int
    backup_watermark: int = 0


@dataclass(frozen=True, slots=True)
class PushReply:
    nonce: str
    digest: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class FeedKey:
    """A public key of the city's for its published feeds.

    `key` is its id. One that comes after enrolment is endorsed by one the device knows.
    """

    key: str
    public_key: str
    endorsed_by: str | None = None
    endorsement: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReply:
    """`feeds`: the version of each feed for this device; None: a city that does not tell."""

    nonce: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    feeds: Mapping[str, str] | None = None
    feed_keys: tuple[FeedKey, ...] = ()


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
    feed_keys: tuple[FeedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class RotateRequest:
    """`proof`: by the new key, over `rotation_statement`."""

    public_key: str
    proof: str


@dataclass(frozen=True, slots=True)
class RotateReply:
    nonce: str
    digest: str
    device: str
    server_epoch: str
    server_time: str


@dataclass(frozen=True, slots=True)
class FeedSignature:
    """The city's word for one item: `value` by `key` over `feed_statement`.

    `edition` grows with every publication of the feed; `of` is how many items that edition has.
    """

    key: str
    edition: int
    of: int
    value: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One file of a feed, e.g. a service of the catalogue, as JSON.

    `body`: the exact bytes (b"" in the first release's form, which has no signature either).
    `gone`: in a running feed, this item is there no more.
    """

    id: str
    content: dict[str, Any]
    body: bytes = b""
    signature: FeedSignature | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class PullPage:
    """`reset`: forget what was gathered (and, in a running feed, what is held): it starts again."""

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
    supported: tuple[int, ...] = ()  # with `version`


# --- small shared rules -------------------------------------------------------------------------
def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def feed_statement(feed: str, id: str, edition: int, of: int, body: bytes) -> bytes:
    """The exact bytes that the city signs for one item of a published feed."""
    return f"kiosk-feed-v1\n{feed}\n{id}\n{edition}\n{of}\n".encode() + body


def endorsement_statement(public_key: str) -> bytes:
    """What an older feed key signs for a newer one."""
    return f"kiosk-feed-key-v1\n{public_key}\n".encode()


def rotation_statement(device: str, public_key: str) -> bytes:
    """What a device's new key signs, so that nobody registers a key that is not theirs."""
    return f"kiosk-rotate-v1\n{device}\n{public_key}\n".encode()


def key_id(public_key: str) -> str:
    """How a feed key is named."""
    return "f-" + hashlib.sha256(public_key.encode()).hexdigest()[:20]


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


def push_request(items: Sequence[Item], damaged: Sequence[Damaged] = ()) -> bytes:
    """Raises UnicodeDecodeError when a body is not UTF-8 (the caller says it is damaged)."""
    wire = [{**asdict(item), "body": item.body.decode("utf-8")} for item in items]
    said = {"damaged": [asdict(entry) for entry in damaged]} if damaged else {}
    return to_json({"protocol": VERSION, "items": wire, **said})


def enrol_request(request: EnrolRequest) -> bytes:
    return to_json({"protocol": VERSION, **asdict(request)})


def rotate_request(request: RotateRequest) -> bytes:
    return to_json({"protocol": VERSION, **asdict(request)})


def reply(message: PushReply | StatusReply | EnrolReply | RotateReply) -> bytes:
    fields = asdict(message)
    if fields.get("feeds", ...) is None:
        del fields["feeds"]
    return to_json(fields)


def pull_page(page: PullPage, form: str = BYTES_FORM) -> bytes:
    """A page with its items as exact bytes; any other form is the first release's `content`."""
    exact = form == BYTES_FORM
    items = [_item_bytes(item) if exact else _item_content(item) for item in page.items]
    fields = {name: getattr(page, name) for name in ("nonce", "feed", "reset", "more", "cursor")}
    return to_json({**fields, "items": items})


def _item_bytes(item: FeedItem) -> dict[str, Any]:
    if item.gone:
        return {"id": item.id, "gone": True}
    signed = None if item.signature is None else asdict(item.signature)
    return {"id": item.id, "body": item.body.decode("utf-8"), "signature": signed}


def _item_content(item: FeedItem) -> dict[str, Any]:
    return {"id": item.id, "content": item.content}


def problem(message: ProblemReply) -> bytes:
    fields = asdict(message)
    if not fields["supported"]:
        del fields["supported"]
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
    if _whole(fields, "protocol") != VERSION:
        raise UnknownVersion(f"protocol: only {VERSION} is spoken here")


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


def read_push_request(data: bytes) -> PushRequest:
    """The readable items, and for each other entry that has an id an outcome and its raw bytes.

    Malformed as a whole when an entry cannot even be named, so that the sender bisects.
    """
    fields = _object(data, "request")
    _spoken_version(fields)
    items: list[Item] = []
    unreadable: list[Unreadable] = []
    entries = _objects(fields, "items", BATCH_MAX_ITEMS)
    left = BATCH_MAX_ITEMS - len(entries)
    damaged = _objects(fields, "damaged", left) if "damaged" in fields else []
    seen: set[str] = set()
    for entry in [*entries, *damaged]:
        name = _text(entry, "id", UUID_PATTERN)
        if name in seen:
            raise Malformed("items: an id twice")
        seen.add(name)
    for entry in entries:
        try:
            items.append(read_item(entry))
        except Malformed as error:
            unreadable.append(_unreadable(entry, str(error)))
    return PushRequest(tuple(items), tuple(unreadable), tuple(_damaged(entry) for entry in damaged))


def _unreadable(entry: dict[str, Any], why: str) -> Unreadable:
    claimed = entry.get("sha256")
    valid = isinstance(claimed, str) and SHA256_PATTERN.fullmatch(claimed)
    outcome = Outcome(entry["id"], "quarantined", str(claimed) if valid else "", None, why)
    raw = json.dumps(entry, separators=(",", ":")).encode()  # in ASCII: it may not be UTF-8
    try:
        epoch, dseq = _text(entry, "epoch", WORD_PATTERN), _whole(entry, "dseq", 1)
    except Malformed:
        return Unreadable(outcome, raw)
    return Unreadable(outcome, raw, epoch, dseq)


def _damaged(fields: Mapping[str, Any]) -> Damaged:
    return Damaged(
        _text(fields, "id", UUID_PATTERN),
        _text(fields, "epoch", WORD_PATTERN),
        _whole(fields, "dseq", 1),
    )


def read_enrol_request(data: bytes) -> EnrolRequest:
    fields = _object(data, "request")
    _spoken_version(fields)
    code = plain_code(_text(fields, "code"))
    return EnrolRequest(code[:64], _text(fields, "public_key", PUBLIC_KEY_PATTERN))


def read_rotate_request(data: bytes) -> RotateRequest:
    fields = _object(data, "request")
    _spoken_version(fields)
    return RotateRequest(
        _text(fields, "public_key", PUBLIC_KEY_PATTERN), _text(fields, "proof", SIGNATURE_PATTERN)
    )


# What the first release's city did not send may be absent.
def _streams(fields: Mapping[str, Any]) -> tuple[Stream, ...]:
    streams = []
    for entry in _objects(fields, "streams", STREAMS_MAX_ITEMS):
        through = _whole(entry, "contiguous_through")
        told = "backup_watermark" in entry
        watermark = _whole(entry, "backup_watermark", 0, through) if told else 0
        streams.append(Stream(_text(entry, "epoch", WORD_PATTERN), through, watermark))
    return tuple(streams)


def _feeds(fields: Mapping[str, Any]) -> dict[str, str] | None:
    if "feeds" not in fields:
        return None
    feeds = fields["feeds"]
    if not isinstance(feeds, dict) or len(feeds) > len(FEEDS) + 16:
        raise Malformed("feeds: not an object, or too large")
    return {name: _text(feeds, name) for name in feeds}


def _feed_keys(fields: Mapping[str, Any]) -> tuple[FeedKey, ...]:
    if "feed_keys" not in fields:
        return ()
    keys = []
    for entry in _objects(fields, "feed_keys", KEYS_MAX_ITEMS):
        first = entry.get("endorsed_by") is None
        keys.append(
            FeedKey(
                _text(entry, "key", WORD_PATTERN),
                _text(entry, "public_key", PUBLIC_KEY_PATTERN),
                None if first else _text(entry, "endorsed_by", WORD_PATTERN),
                None if first else _text(entry, "endorsement", SIGNATURE_PATTERN),
            )
        )
    return tuple(keys)


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
        feeds=_feeds(fields),
        feed_keys=_feed_keys(fields),
    )


def read_enrol_reply(data: bytes) -> EnrolReply:
    fields = _object(data, "reply")
    return EnrolReply(**_device_reply(fields), feed_keys=_feed_keys(fields))


def read_rotate_reply(data: bytes) -> RotateReply:
    return RotateReply(**_device_reply(_object(data, "reply")))


def _device_reply(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        "nonce": _text(fields, "nonce", NONCE_PATTERN),
        "digest": _text(fields, "digest"),
        "device": _text(fields, "device", WORD_PATTERN),
        "server_epoch": _text(fields, "server_epoch", WORD_PATTERN),
        "server_time": _text(fields, "server_time"),
    }


def read_pull_page(data: bytes) -> PullPage:
    fields = _object(data, "reply")
    return PullPage(
        nonce=_text(fields, "nonce", NONCE_PATTERN),
        feed=_text(fields, "feed", WORD_PATTERN),
        reset=_flag(fields, "reset"),
        more=_flag(fields, "more"),
        cursor=_cursor(fields),
        items=tuple(_feed_item(entry) for entry in _objects(fields, "items", PULL_PAGE_ITEMS)),
    )


def _cursor(fields: Mapping[str, Any]) -> str:
    cursor = _text(fields, "cursor")
    if len(cursor) > CURSOR_MAX:
        raise Malformed(f"cursor: over {CURSOR_MAX} characters")
    return cursor


def _feed_item(entry: Mapping[str, Any]) -> FeedItem:
    name = _text(entry, "id", WORD_PATTERN)
    if "gone" in entry and _flag(entry, "gone"):
        return FeedItem(name, {}, gone=True)
    if "body" not in entry:
        content = entry.get("content")
        if not isinstance(content, dict):
            raise Malformed("content: missing or not an object")
        return FeedItem(name, content)
    try:
        body = _text(entry, "body").encode()
    except UnicodeEncodeError as error:
        raise Malformed("body: not writable as UTF-8") from error
    if len(body) > FEED_ITEM_MAX_BYTES:
        raise Malformed(f"body: over {FEED_ITEM_MAX_BYTES} bytes")
    signed = entry.get("signature")
    if signed is not None and not isinstance(signed, dict):
        raise Malformed("signature: neither an object nor null")
    signature = None if signed is None else _feed_signature(signed)
    return FeedItem(name, _object(body, "body"), body, signature)


def _feed_signature(fields: Mapping[str, Any]) -> FeedSignature:
    return FeedSignature(
        _text(fields, "key", WORD_PATTERN),
        _whole(fields, "edition", 1),
        _whole(fields, "of", 1, PULL_PAGE_ITEMS * PULL_MAX_PAGES),
        _text(fields, "value", SIGNATURE_PATTERN),
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
        _supported(fields),
    )


def _supported(fields: Mapping[str, Any]) -> tuple[int, ...]:
    told = fields.get("supported")
    if not isinstance(told, list):
        return ()
    return tuple(n for n in told[:16] if isinstance(n, int) and not isinstance(n, bool))
