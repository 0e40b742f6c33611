"""The messages on the wire as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.words import BATCH_MAX_BYTES, BATCH_MAX_ITEMS, OutcomeWord, ProblemCode


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
class Batch:
    """How much one push to this city may carry: items, and bytes of their bodies together."""

    items: int = BATCH_MAX_ITEMS
    bytes: int = BATCH_MAX_BYTES


@dataclass(frozen=True, slots=True)
class PushReply:
    """`batch`: what the next push may carry (a city that does not tell: the least there is)."""

    nonce: str
    digest: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    outcomes: tuple[Outcome, ...]
    batch: Batch = Batch()


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
