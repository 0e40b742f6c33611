"""Was the newest version taken back? The package's own script writes it: build/box/update."""

from __future__ import annotations

from pathlib import Path

ROLLED_BACK = Path("/var/lib/kiosk-update/rolled-back")


def taken_back(file: Path = ROLLED_BACK) -> str | None:
    """One line for the staff when this is an older version because a newer one did not start."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return None
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    bad, at = told.get("bad", "a newer version"), told.get("at", "")[:16].replace("T", " ")
    return (
        f"{bad} did not start and was taken back on {at}: tell IT; {told.get('data', '')}".rstrip(
            "; "
        )
    )
