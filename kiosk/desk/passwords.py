"""Passwords of the desk: what is good enough, how it is kept, and the first one of a new person."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.domain.code import SIGNS

LEAST_CHARS, MOST_CHARS = 10, 128
FIRST_GROUPS, FIRST_GROUP_SIGNS = 4, 4  # 72 bits, and easy to read from a paper
# OWASP's second choice for Argon2id: 19 MiB and 2 passes, 30 to 60 ms on an office's box.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_TOO_EASY = frozenset(
    {
        "1234567890",
        "12345678910",
        "0123456789",
        "qwertyuiop",
        "password123",
        "kelurahan1",
        "kelurahan123",
        "tangerang1",
        "tangerang123",
        "admin12345",
        "petugas123",
        "rahasia123",
        "indonesia1",
        "indonesia123",
        "bismillah1",
        "bismillah123",
        "1q2w3e4r5t",
        "kotatangerang",
    }
)


def first_password() -> str:
    """ "K7MP-3RTX-9ACF-H2LW": told once, to be changed at the first log-in."""
    return "-".join(
        "".join(secrets.choice(SIGNS) for _ in range(FIRST_GROUP_SIGNS))
        for _ in range(FIRST_GROUPS)
    )


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Is this the password? For nobody (`kept` None) it takes as long, and is False."""
    try:
        return _HASHER.verify(kept or _nobody(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def password_problem(password: str, name: str) -> str | None:
    """Why it cannot be one, in a sentence; None: it can."""
    if len(password) < LEAST_CHARS:
        return f"Paling sedikit {LEAST_CHARS} tanda. Kalimat pendek lebih mudah diingat."
    if len(password) > MOST_CHARS:
        return f"Paling banyak {MOST_CHARS} tanda."
    plain = "".join(password.casefold().split())
    if plain in _TOO_EASY or len(set(plain)) < 4:
        return "Terlalu mudah ditebak. Pakai beberapa kata yang tidak biasa bersama."
    if "".join(name.casefold().split()) in plain:
        return "Jangan memakai nama Anda sendiri."
    return None


@cache
def _nobody() -> str:
    return hashed(secrets.token_hex(16))
