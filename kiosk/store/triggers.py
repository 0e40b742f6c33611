"""How a table defends itself, as SQL."""

from __future__ import annotations


def refuse(name: str, act: str, table: str, when: str, words: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {act} ON {table}{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )
