"""The desk's own TLS certificate: self-signed, made at the first start, renewed before it ends.

Nobody signs for a box in an office without internet. Staff compare the fingerprint once, at their
first visit; the page of the administrator shows it too.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_NAME, KEY_NAME = "desk.crt", "desk.key"
VALID_DAYS = 820  # browsers refuse longer ones than 825
RENEW_DAYS = 30
CLOCK_SLACK = timedelta(days=2)  # a clock that is a little behind still takes it


class CertificateProblem(Exception):
    """One line: the file and what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`fingerprint` is SHA-256 in pairs ("3A:7F:…"), as a browser shows it."""

    certificate: Path
    key: Path
    fingerprint: str
    until: datetime


def certificate_in(home: Path, now: datetime | None = None) -> Certificate:
    """The certificate of this home, made when there is none or it soon ends.

    Raises CertificateProblem for files that are unsafe or no certificate.
    """
    now = now or datetime.now(UTC)
    certificate, key = home / CERTIFICATE_NAME, home / KEY_NAME
    try:
        if certificate.exists() and key.exists():
            if key.stat().st_mode & 0o077:
                raise CertificateProblem(f"{key}: others can read it: chmod 600, or delete both")
            found = x509.load_pem_x509_certificate(certificate.read_bytes())
            if found.not_valid_after_utc - timedelta(days=RENEW_DAYS) > now:
                return _told(found, certificate, key)
        return _told(_make(certificate, key, now), certificate, key)
    except ValueError:
        raise CertificateProblem(f"{certificate}: not a certificate: delete it and {key}") from None
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise CertificateProblem(f"{certificate}: {why}: give {home} to the kiosk's user") from None


def _told(found: x509.Certificate, certificate: Path, key: Path) -> Certificate:
    pairs = found.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(certificate, key, pairs, found.not_valid_after_utc)


def _make(certificate: Path, key: Path, now: datetime) -> x509.Certificate:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"kiosk {socket.gethostname()}"[:64])]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(_names()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    _put(
        key,
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        0o600,
    )
    _put(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)
    return made


def _put(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable to others for a moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def _names() -> list[x509.GeneralName]:
    """What this machine is called on the office network, as far as it knows by itself."""
    host = socket.gethostname()
    names = dict.fromkeys(one for one in ("localhost", host, f"{host}.local") if one.isascii())
    addresses = {"127.0.0.1"}
    try:
        addresses |= {str(one[4][0]) for one in socket.getaddrinfo(host, None, socket.AF_INET)}
    except OSError:  # a host name that nothing resolves
        pass
    return [
        *(x509.DNSName(one) for one in names),
        *(x509.IPAddress(ipaddress.ip_address(one)) for one in sorted(addresses)),
    ]
