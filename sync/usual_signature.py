"""The signature as our own devices write it, written and checked in a quarter of the time.

RFC 9421 allows a signature many spellings, and the library reads them all. Ours is always the same:
these components in this order, these parameters, one label. Such a one is checked here; whatever
is spelled in any other way is left to the library (`any_signature`), so that nothing is refused
for its spelling. Tests hold both against each other, writing and reading. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_PARAMETERS = re.compile(
    r'(?P<label>[a-z]{1,16})=(?P<params>\((?P<covered>[a-z@" -]{1,200})\)'
    r";created=(?P<created>[0-9]{1,11})"
    r';keyid="(?P<device>[A-Za-z0-9._:-]{1,64})"(?:;alg="ed25519")?'
    r';nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})";tag="(?P<tag>[a-z0-9-]{1,32})")'
)
_SIGNATURE = re.compile(r"(?P<label>[a-z]{1,16})=:(?P<value>[A-Za-z0-9+/]{86}==):")
_PLAIN_URL = re.compile(
    r"https?://(?P<authority>[a-z0-9.-]+(?::[1-9][0-9]{0,4})?)(?P<path>/[A-Za-z0-9/._-]*)"
    r"(?:\?(?P<query>[A-Za-z0-9=&._:-]*))?"
)
_PLAIN_VALUE = re.compile(r"[!-~]+(?: [!-~]+)*")
_PORT = re.compile(r":[0-9]*$")
_USUAL_PORT = re.compile(r":(?:80|443)$")  # may have to be left out: the library knows when


@dataclass(frozen=True, slots=True)
class Read:
    """What it says of itself: nothing of it is true before `holds`."""

    device: str
    nonce: str
    created_s: int
    digest: str
    _base: bytes
    _value: bytes

    def holds(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(self._value, self._base)
        except InvalidSignature:
            return False
        return True


def read(
    method: str,
    url: str,
    fields: Mapping[str, str],
    body: bytes,
    covered: tuple[str, ...],
    tag: str,
) -> Read | None:
    """None: not the usual spelling, or not this body: somebody else must judge.

    `fields`: the request's by lower-case name, each standing there once. `covered`: what must be
    covered, in order.
    """
    said = _PARAMETERS.fullmatch(fields.get("signature-input", ""))
    signed = _SIGNATURE.fullmatch(fields.get("signature", ""))
    place = _PLAIN_URL.fullmatch(url)
    if said is None or signed is None or place is None or not method.isupper():
        return None
    if said["label"] != signed["label"] or said["tag"] != tag:
        return None
    if said["covered"] != " ".join(f'"{name}"' for name in covered):
        return None
    if _USUAL_PORT.search(place["authority"]):
        return None
    values = {
        "@method": method,
        "@authority": place["authority"],
        "@path": place["path"],
        "@query": "?" + (place["query"] or ""),
    }
    digest = fields.get("content-digest", "")
    if not hmac.compare_digest(digest.encode(), (digest_of(body) if body else "").encode()):
        return None
    for name in covered:
        if name not in values:
            values[name] = fields.get(name, "")
            if not _PLAIN_VALUE.fullmatch(values[name]):
                return None
    try:
        value = base64.b64decode(signed["value"], validate=True)
    except binascii.Error:
        return None
    base = _base(values, covered, said["params"])
    return Read(said["device"], said["nonce"], int(said["created"]), digest, base, value)


def write(
    method: str, url: str, fields: Mapping[str, str], covered: tuple[str, ...], said: str
) -> tuple[str, bytes]:
    """The parameters of a signature that says `said` of itself, and the bytes to be signed.

    `fields`: the request's, by name in any case.
    """
    place = urlsplit(url)
    authority = place.netloc.lower()
    if place.port in (None, {"http": 80, "https": 443}.get(place.scheme)):
        authority = _PORT.sub("", authority)
    values = {
        "@method": method,
        "@authority": authority,
        "@path": place.path or "/",
        "@query": f"?{place.query}",
    }
    values |= {name: fields[name] for name in covered if name not in values}
    params = "(" + " ".join(f'"{name}"' for name in covered) + ")" + said
    return params, _base(values, covered, params)


def _base(values: Mapping[str, str], covered: tuple[str, ...], params: str) -> bytes:
    lines = [f'"{name}": {values[name]}\n' for name in covered]
    return ("".join(lines) + f'"@signature-params": {params}').encode("ascii")


def digest_of(body: bytes) -> str:
    """The Content-Digest field."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
