"""The city's signature under what it publishes, and a device's proof that a new key is its own.

Both sides use this file. Ed25519 over the exact bytes that `sync.protocol` composes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol
from sync.protocol import FeedItem, FeedKey, FeedSignature
from sync.signing import public_from_text, public_text


class LayerRefused(Exception):
    """A published feed that must not be shown; the text says why, never what is in it."""


def sign_text(key: Ed25519PrivateKey, statement: bytes) -> str:
    """A signature as it travels: base64url, no padding."""
    return base64.urlsafe_b64encode(key.sign(statement)).rstrip(b"=").decode()


def holds(public_key: str, signature: str, statement: bytes) -> bool:
    try:
        raw = base64.urlsafe_b64decode(signature + "==")
        public_from_text(public_key).verify(raw, statement)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- what the city publishes --------------------------------------------------------------------
def sign_item(
    key: Ed25519PrivateKey, feed: str, id: str, edition: int, of: int, body: bytes
) -> FeedSignature:
    statement = protocol.feed_statement(feed, id, edition, of, body)
    return FeedSignature(protocol.key_id(public_text(key)), edition, of, sign_text(key, statement))


def check_layer(
    feed: str, items: Sequence[FeedItem], keys: Mapping[str, str], newest_edition: int = 0
) -> int:
    """The edition of a whole published feed, if every item of it is the city's; 0 when empty.

    `keys`: the feed keys the device trusts, public key by key id. `newest_edition`: of what it
    holds already. Raises LayerRefused: unsigned, altered, mixed of two editions, not whole, or
    older than what is held. An empty feed cannot be signed; the caller keeps what it has unless
    it never had any.
    """
    editions = {(item.signature.edition, item.signature.of) for item in items if item.signature}
    if not items:
        return 0
    if len({item.id for item in items}) != len(items):
        raise LayerRefused("an item is there twice")
    if any(item.signature is None for item in items):
        raise LayerRefused("an item is not signed")
    if len(editions) != 1:
        raise LayerRefused("items of different editions")
    ((edition, of),) = editions
    if of != len(items):
        raise LayerRefused(f"{len(items)} of {of} items")
    if edition < newest_edition:
        raise LayerRefused("older than what is held")
    for item in items:
        signature = item.signature
        assert signature is not None  # looked at above
        public_key = keys.get(signature.key)
        if public_key is None:
            raise LayerRefused("signed by a key that is not the city's")
        statement = protocol.feed_statement(feed, item.id, edition, of, item.body)
        if not holds(public_key, signature.value, statement):
            raise LayerRefused("an item is not what the city signed")
    return edition


def endorse(older: Ed25519PrivateKey, public_key: str) -> FeedKey:
    """A newer feed key with the word of an older one."""
    return FeedKey(
        protocol.key_id(public_key),
        public_key,
        protocol.key_id(public_text(older)),
        sign_text(older, protocol.endorsement_statement(public_key)),
    )


def trusted_keys(known: Mapping[str, str], told: Sequence[FeedKey]) -> dict[str, str]:
    """`known` keys and those told that one of them (or one endorsed before) endorses."""
    trusted = dict(known)
    waiting = list(told)
    while True:
        fresh = [key for key in waiting if _endorsed(key, trusted)]
        if not fresh:
            return trusted
        trusted |= {key.key: key.public_key for key in fresh}
        waiting = [key for key in waiting if key.key not in trusted]


def _endorsed(key: FeedKey, trusted: Mapping[str, str]) -> bool:
    endorser = trusted.get(key.endorsed_by or "")
    if key.key in trusted or endorser is None or key.endorsement is None:
        return False
    statement = protocol.endorsement_statement(key.public_key)
    return key.key == protocol.key_id(key.public_key) and holds(
        endorser, key.endorsement, statement
    )


# --- a device's next key ------------------------------------------------------------------------
def rotation(device: str, new: Ed25519PrivateKey) -> protocol.RotateRequest:
    public_key = public_text(new)
    proof = sign_text(new, protocol.rotation_statement(device, public_key))
    return protocol.RotateRequest(public_key, proof)


def rotation_holds(device: str, request: protocol.RotateRequest) -> bool:
    statement = protocol.rotation_statement(device, request.public_key)
    return holds(request.public_key, request.proof, statement)
