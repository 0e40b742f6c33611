from __future__ import annotations

from pathlib import Path

from kiosk.update_state import taken_back


def test_a_version_taken_back_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "rolled-back"
    assert taken_back(file) is None
    file.write_text(
        "back_to=0.1.0\nbad=0.1.1\nat=2026-11-22T02:10:11+0700\ndata=the database stays\n"
    )
    told = taken_back(file)
    assert told == (
        "0.1.1 did not start and was taken back on 2026-11-22 02:10: tell IT; the database stays"
    )
    file.write_text("\x00")
    assert "tell IT" in (taken_back(file) or "")
