"""The messages on the wire as values. Pure.

Named tuples: a day's backlog is made of tens of thousands of them, at both ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sync.words import BATCH_MAX_BYTES, BATCH_MAX_ITEMS, OutcomeWord, ProblemCode


class Malformed(ValueError):
    """What arrived is not a message of this protocol. The text names the place, never the value."""


class UnknownVersion(Malformed):
    """It says it is a protocol that this side does not speak."""


class Item(NamedTuple):
    """One transaction on its way: `body` travels as exactly these bytes and is hashed as such."""

    id: str
    epoch: str
    dseq: int
    kind: str
    schema: int
    sha256: str
    body: bytes


class Damaged(NamedTuple):
    """One transaction that the device can no longer send: its bytes are not what was committed."""

    id: str
    epoch: str
    dseq: int


class Unreadable(NamedTuple):
    """An entry that has an id but is no Item: `raw` as it came, `epoch` and `dseq` if readable."""

    outcome: Outcome
    raw: bytes
    epoch: str = ""
    dseq: int = 0


class PushRequest(NamedTuple):
    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...] = ()
    damaged: tuple[Damaged, ...] = ()


class Outcome(NamedTuple):
    """What the city did with one item. `server_seq` is None unless the city holds it."""

    id: str
    outcome: OutcomeWord
    sha256: str
    server_seq: int | None = None
    problem: str | None = None


class Stream(NamedTuple):
    """How far the city has one device's install epoch without a gap (0 = nothing yet).

    `backup_watermark`: how far it is in the city's backup too; never above `contiguous_through`.
    """

    epoch: str
    contiguous_through: int
    backup_watermark: int = 0


class Batch(NamedTuple):
    """How much one push to this city may carry: items, and bytes of their bodies together."""

    items: int = BATCH_MAX_ITEMS
    bytes: int = BATCH_MAX_BYTES


class PushReply(NamedTuple):
    """`batch`: what the next push may carry (a city that does not tell: the least there is)."""

    nonce: str
    digest: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    outcomes: tuple[Outcome, ...]
    batch: Batch = Batch()


class FeedKey(NamedTuple):
    """A public key of the city's for its published feeds.

    `key` is its id. One that comes after enrolment is endorsed by one the device knows.
    """

    key: str
    public_key: str
    endorsed_by: str | None = None
    endorsement: str | None = None


class StatusReply(NamedTuple):
    """`feeds`: the version of each feed for this device; None: a city that does not tell."""

    nonce: str
    server_epoch: str
    server_time: str
    streams: tuple[Stream, ...]
    feeds: Mapping[str, str] | None = None
    feed_keys: tuple[FeedKey, ...] = ()


class EnrolRequest(NamedTuple):
    code: str
    public_key: str


class EnrolReply(NamedTuple):
    nonce: str
    digest: str
    device: str
    server_epoch: str
    server_time: str
    feed_keys: tuple[FeedKey, ...] = ()


class RotateRequest(NamedTuple):
    """`proof`: by the new key, over `rotation_statement`."""

    public_key: str
    proof: str


class RotateReply(NamedTuple):
    nonce: str
    digest: str
    device: str
    server_epoch: str
    server_time: str


class FeedSignature(NamedTuple):
    """The city's word for one item: `value` by `key` over `feed_statement`.

    `edition` grows with every publication of the feed; `of` is how many items that edition has.
    """

    key: str
    edition: int
    of: int
    value: str


class FeedItem(NamedTuple):
    """One file of a feed, e.g. a service of the catalogue, as JSON.

    `body`: the exact bytes (b"" in the first release's form, which has no signature either).
    `gone`: in a running feed, this item is there no more.
    """

    id: str
    content: dict[str, Any]
    body: bytes = b""
    signature: FeedSignature | None = None
    gone: bool = False


class PullPage(NamedTuple):
    """`reset`: forget what was gathered (and, in a running feed, what is held): it starts again."""

    nonce: str
    feed: str
    reset: bool
    more: bool
    cursor: str
    items: tuple[FeedItem, ...]


class ProblemReply(NamedTuple):
    code: ProblemCode
    title: str
    status: int
    server_time: str
    supported: tuple[int, ...] = ()  # with `version`
