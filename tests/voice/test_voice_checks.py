"""What `kiosk doctor` says about ear and mouth: the reason, and what to do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from kiosk import voice_checks
from kiosk.config import Settings, load_settings
from tests.hall_support import Hall
from tests.voice.test_microphone import tone


@pytest.fixture
def settings(home: Path, tmp_path: Path) -> Settings:
    """Of a checkout without a speech model."""
    return dataclasses.replace(load_settings(home), assets=tmp_path / "assets")


def test_a_silent_a_loud_and_a_missing_microphone(hall: Hall) -> None:
    state, detail = voice_checks.microphone()
    assert state == "warn" and "is it muted?" in detail
    player = hall.play(tone(5))
    heard = [voice_checks.microphone() for _ in range(4)]
    player.wait(10)
    assert heard[-1][0] == "ok" and "dB" in heard[-1][1]
    assert voice_checks.speaker() == ("ok", "espeak-ng")
    hall.pull_out()
    state, detail = voice_checks.microphone()
    assert state == "warn" and detail.endswith("touch and typing only")


def test_a_microphone_asked_for_and_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_MICROPHONE", "no such one")
    state, detail = voice_checks.microphone()
    assert state == "warn"
    assert detail.startswith("KIOSK_MICROPHONE=no such one: ")


def test_the_model(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_VOICE_MODEL", str(model))
    state, detail = voice_checks.model(settings)
    assert state == "ok" and detail.startswith(str(model)) and "MB" in detail
    monkeypatch.setenv("KIOSK_VOICE_MODEL", str(tmp_path / "none"))
    assert voice_checks.model(settings) == (
        "warn",
        f"{tmp_path / 'none'}: no speech model: install or copy one: touch and typing only",
    )


def test_without_a_model_in_the_checkout(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIOSK_VOICE_MODEL", raising=False)
    state, detail = voice_checks.model(settings)
    assert state == "warn" and "offline_models/id-small: no speech model" in detail
