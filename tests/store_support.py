"""What the store's tests share: a kiosk's transactions in a folder, and a door past our own."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from kiosk.config import WIB
from kiosk.domain.transaction import Draft
from kiosk.store.connection import CIPHER_PRAGMAS, DATABASE_NAME, open_database
from kiosk.store.key import KEY_NAME
from kiosk.store.transactions import Transactions

LETTER = Draft("application", "sktm", {"nik": "3671011401940001", "name": "Contoh Warga"})
TICKET = Draft("ticket", "", {})


def transactions_in(home: Path, **other: Any) -> Transactions:
    home.mkdir(parents=True, exist_ok=True)
    names: dict[str, Any] = {"kiosk_prefix": "KH", "queue_prefix": "A", "zone": WIB} | other
    return Transactions(open_database(home), home, **names)


def raw_connection(home: Path) -> Any:
    """Any tool with the key: none of our pragmas, no authorizer."""
    connection = sqlcipher.connect(str(home / DATABASE_NAME), isolation_level=None)
    key = (home / KEY_NAME).read_text().strip()
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    for pragma in CIPHER_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def files_of(home: Path) -> dict[str, bytes]:
    """Every file's bytes, to show that a refused database was left alone."""
    return {path.name: path.read_bytes() for path in sorted(home.iterdir()) if path.is_file()}


def run_together(count: int, act: Callable[[int], None]) -> list[int]:
    """`act(number)` in that many processes at once; their exit codes."""
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            try:
                act(number)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
