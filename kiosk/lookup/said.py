"""What is said back in one turn."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.service import Standing


@dataclass(frozen=True, slots=True)
class Said:
    lines: tuple[str, ...]
    sources: tuple[str, ...] = ()
    standing: Standing | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
