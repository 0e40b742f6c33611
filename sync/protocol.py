"""The wire as one thing: its words and limits, the messages, and how they are read and written.

Both sides import this; PROTOCOL.md explains it. Pure: bytes and values in, values out. Reading is
strict (`Malformed` says where and why), because what arrives was written by somebody else; writing
is deterministic.
"""

from __future__ import annotations

import hashlib

from sync.fields import inflate as inflate
from sync.fields import parsed as parsed
from sync.messages import *  # noqa: F403 - one door to what stands in five rooms
from sync.reading import *  # noqa: F403
from sync.replies import *  # noqa: F403
from sync.words import *  # noqa: F403
from sync.writing import *  # noqa: F403


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
