"""Lets schemathesis speak as a device: bodies gzipped and, unless CITY_UNSIGNED is set, signed.

Enrolment and rotation need a code and a proof that no generator can guess: where their request has
the right shape, the right values are put in.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from typing import Any

import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests.auth import AuthBase

from sync import feed_signing, protocol, signing

KEY = Ed25519PrivateKey.from_private_bytes(base64.b64decode(os.environ["CITY_DEVICE_KEY"]))
NEXT_KEY = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
DEVICE = signing.device_id(signing.public_text(KEY))


class Signed(AuthBase):
    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        return speak(prepared)


schemathesis.auth.set_from_requests(Signed())  # type: ignore[attr-defined]


def speak(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    given = prepared.body or b""
    plain = given.encode() if isinstance(given, str) else bytes(given)
    body = b""
    if plain:
        body = gzip.compress(_possible(prepared.path_url, plain), mtime=0)
        prepared.body = body
        prepared.headers["Content-Encoding"] = "gzip"
        prepared.headers["Content-Length"] = str(len(body))
    if "CITY_UNSIGNED" not in os.environ:
        now = signing.utc_now()
        signing.sign(prepared, KEY, DEVICE, signing.new_nonce(), now, body)
    return prepared


def _possible(path: str, plain: bytes) -> bytes:
    try:
        fields: Any = json.loads(plain)
        if path == protocol.ENROL_PATH:
            protocol.read_enrol_request(plain)
            fields |= {"code": os.environ["CITY_CODE"], "public_key": signing.public_text(KEY)}
        elif path == protocol.ROTATE_PATH:
            protocol.read_rotate_request(plain)
            proven = feed_signing.rotation(DEVICE, NEXT_KEY)
            fields |= {"public_key": proven.public_key, "proof": proven.proof}
        else:
            return plain
    except ValueError:
        return plain
    return json.dumps(fields).encode()
