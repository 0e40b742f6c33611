"""Ids made on the device, so that sending twice is harmless: UUID version 7 (RFC 9562)."""

from __future__ import annotations

import uuid

RANDOM_BYTES = 10


def uuid7(unix_ms: int, random_bytes: bytes) -> str:
    """Sorts by time. Takes `RANDOM_BYTES` random bytes, of which 74 bits stay.

    Raises ValueError for a time outside 48 bits or another number of bytes.
    """
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError("unix_ms does not fit into 48 bits")
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"need {RANDOM_BYTES} random bytes, have {len(random_bytes)}")
    value = unix_ms << 80 | int.from_bytes(random_bytes, "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(uuid.UUID(int=value))
