"""A signature in any spelling that RFC 9421 allows, by a library; `usual_signature` knows ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature
from http_message_signatures.resolvers import HTTPSignatureKeyResolver


def read(
    message: Any,
    body: bytes,
    public_for: Callable[[str], Ed25519PublicKey | None],
    covered: tuple[str, ...],
    tag: str,
) -> tuple[str, str, int, str] | None:
    """Device, nonce, moment and Content-Digest of what is truly signed by that device's key and
    covers at least `covered`; None of anything else. Whether the moment is near is not asked."""
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_Keys(public_for))
    try:
        (result,) = verifier.verify(message, expect_tag=tag, require_components=covered, body=body)
    except (InvalidSignature, HTTPMessageSignaturesException, ValueError):
        return None
    created_s, nonce = result.parameters.get("created"), result.nonce
    if not isinstance(created_s, int) or nonce is None:
        return None
    digest = result.covered_components.get('"content-digest"', "")
    return str(result.parameters["keyid"]), nonce, created_s, digest


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, public_for: Callable[[str], Ed25519PublicKey | None]) -> None:
        self._public_for = public_for

    def resolve_public_key(self, key_id: str) -> Any:
        key = self._public_for(key_id)
        if key is None:
            raise LookupError("unknown device")
        return key


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Time is judged after the signature, and apart from it: a wrong clock has its own cure."""
