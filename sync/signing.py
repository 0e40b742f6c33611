"""Requests signed as RFC 9421 with Ed25519, and the device's key file.

Both sides use this file, so that what is signed and what is demanded cannot drift apart.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sync import usual_signature
from sync.words import CLOCK_SKEW_MAX_S

TAG = "kiosk-sync-v1"
LABEL = "k"
ALWAYS_COVERED = ("@method", "@authority", "@path", "@query")
BODY_COVERED = ("content-type", "content-encoding", "content-digest")
KEY_FILE = "device.key"
NEXT_KEY_FILE = "device.key.next"  # while the city is told of it


class KeyUnusable(Exception):
    """The key file cannot be used; the text names the file and what to do."""


class SignatureRefused(Exception):
    """`code` is a problem code of the protocol."""

    def __init__(self, code: Literal["signature", "clock", "unknown-device"]) -> None:
        super().__init__(code)
        self.code: Literal["signature", "clock", "unknown-device"] = code


@dataclass(frozen=True, slots=True)
class Verified:
    device: str
    nonce: str
    digest: str  # the Content-Digest field as it was signed; "" without a body


# --- keys ---------------------------------------------------------------------------------------
def public_text(key: Ed25519PrivateKey) -> str:
    """The public key as it travels: base64url, no padding."""
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()


@lru_cache(maxsize=1024)  # a kiosk that has asked will ask again
def public_from_text(text: str) -> Ed25519PublicKey:
    """Raises ValueError when the text is not a public key."""
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "="))


def device_id(public_key: str) -> str:
    """A device is its key: enrolling the same key twice names the same device twice."""
    return "d-" + hashlib.sha256(public_key.encode()).hexdigest()[:20]


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def load_key(home: Path, name: str = KEY_FILE) -> Ed25519PrivateKey:
    """Raises KeyUnusable: missing, not a key, or open to others than the kiosk's user."""
    path = home / name
    try:
        with path.open("rb") as file:
            seen = os.fstat(file.fileno())
            key = load_pem_private_key(file.read(), password=None)
    except FileNotFoundError:
        raise KeyUnusable(f"{path}: missing; enrol this device with a new code") from None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(
            f"{path}: cannot be read as a key ({type(error).__name__}); "
            "move it away and enrol this device with a new code"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path}: not an Ed25519 key; move it away and enrol with a new code")
    if stat.S_IMODE(seen.st_mode) & 0o077 or seen.st_uid != os.geteuid():
        raise KeyUnusable(
            f"{path}: others could read or change it; run chmod 600, give it to the kiosk's user, "
            "and if it was open for long, run kiosk rotate-key"
        )
    return key


def load_or_make_key(home: Path, name: str = KEY_FILE) -> Ed25519PrivateKey:
    """The device's key, made here on first use (0600) and never leaving this machine.

    Written beside and linked into place: a crash leaves either no key or a whole one.
    """
    path = home / name
    if path.exists():
        return load_key(home, name)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    fresh = home / f"{name}.{secrets.token_hex(4)}"
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # unlike a rename, never replaces another process's key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        _fsync_folder(home)
    except OSError as error:
        raise KeyUnusable(f"{path}: cannot be written ({error.strerror})") from error
    return load_key(home, name)


def adopt_next_key(home: Path) -> None:
    """The next key in the place of the present one, which is gone from then on."""
    try:
        (home / NEXT_KEY_FILE).replace(home / KEY_FILE)
        _fsync_folder(home)
    except OSError as error:
        raise KeyUnusable(f"{home / KEY_FILE}: cannot be written ({error.strerror})") from error


def own_public_keys(home: Path) -> tuple[str, ...]:
    """Of this device: the present one and, in the middle of a rotation, the next one."""
    names = [name for name in (KEY_FILE, NEXT_KEY_FILE) if (home / name).exists()]
    return tuple(public_text(load_key(home, name)) for name in names)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- signing and verifying ----------------------------------------------------------------------
def sign(
    message: Any, key: Ed25519PrivateKey, device: str, nonce: str, created: datetime, body: bytes
) -> str:
    """Signs a prepared request in place; returns its Content-Digest ("" without a body)."""
    digest = usual_signature.digest_of(body) if body else ""
    if digest:
        message.headers["Content-Digest"] = digest
    # Without `alg`, as the key says it: an idle poll is counted in bytes.
    said = f';created={int(created.timestamp())};keyid="{device}";nonce="{nonce}";tag="{TAG}"'
    params, base = usual_signature.write(
        message.method, message.url, message.headers, _covered(body), said
    )
    value = base64.b64encode(key.sign(base)).decode()
    message.headers["Signature-Input"] = f"{LABEL}={params}"
    message.headers["Signature"] = f"{LABEL}=:{value}:"
    return digest


def verify(
    message: Any,
    body: bytes,
    public_for: Callable[[str], Ed25519PublicKey | None],
    now: datetime,
) -> Verified:
    """Checks signature, body digest and time. Whether the nonce is fresh is the caller's to ask.

    `message` has `method`, `url` and `headers`. Raises SignatureRefused.
    """
    pairs = [(name.lower(), value) for name, value in message.headers.items()]
    fields = dict(pairs)
    usual = None
    if len(fields) == len(pairs):
        usual = usual_signature.read(
            message.method, str(message.url), fields, body, _covered(body), TAG
        )
    if usual is None:
        return _verify_any(message, body, public_for, now)
    key = public_for(usual.device)
    if key is None:
        raise SignatureRefused("unknown-device")
    if not usual.holds(key):
        raise SignatureRefused("signature")
    _in_time(usual.created_s, now)
    return Verified(usual.device, usual.nonce, usual.digest)


def _verify_any(
    message: Any,
    body: bytes,
    public_for: Callable[[str], Ed25519PublicKey | None],
    now: datetime,
) -> Verified:
    """However RFC 9421 lets it be spelled."""
    from sync import any_signature  # brings a library that a device has no need of

    unknown: list[str] = []

    def public_noted(device: str) -> Ed25519PublicKey | None:
        key = public_for(device)
        if key is None:
            unknown.append(device)
        return key

    said = any_signature.read(message, body, public_noted, _covered(body), TAG)
    if said is None:
        raise SignatureRefused("unknown-device" if unknown else "signature")
    device, nonce, created_s, digest = said
    _in_time(created_s, now)
    return Verified(device, nonce, digest)


def _covered(body: bytes) -> tuple[str, ...]:
    return ALWAYS_COVERED + (BODY_COVERED if body else ())


def _in_time(created_s: int, now: datetime) -> None:
    if abs(created_s - now.timestamp()) > CLOCK_SKEW_MAX_S:
        raise SignatureRefused("clock")


_CLAIMED_NONCE = re.compile(r';nonce="([A-Za-z0-9_-]{16,64})"')


def claimed_nonce(headers: Mapping[str, str]) -> str | None:
    """The nonce a request says it has: to be echoed only, never to be trusted."""
    found = _CLAIMED_NONCE.search(headers.get("signature-input", ""))
    return found.group(1) if found else None


def utc_now() -> datetime:
    return datetime.now(UTC)
