"""Can this kiosk hear and speak? For `kiosk doctor`: none of it keeps anybody from being served, so
nothing here is worse than a warning."""

from __future__ import annotations

import time
from typing import Literal

from kiosk.bootstrap import model_folder, recogniser_of
from kiosk.config import Settings
from kiosk.voice import speaker as mouth
from kiosk.voice.microphone import MicrophoneGone, chosen, look_again, loudest_db, open_microphone
from kiosk.voice.model import ModelMissing
from kiosk.voice.sound import QUIETEST_DB

State = Literal["ok", "warn", "fail"]
LISTEN_S = 0.3
TOUCH = "touch and typing only"


def model(settings: Settings) -> tuple[State, str]:
    start_s = time.perf_counter()
    try:
        recogniser_of(settings)
    except ModelMissing as error:
        return "warn", f"{error}: {TOUCH}"
    folder = model_folder(settings)
    size_mb = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return "ok", f"{folder}, {size_mb:.1f} MB, loaded in {time.perf_counter() - start_s:.2f} s"


def microphone() -> tuple[State, str]:
    """Listens for a moment to how loud it is."""
    device = chosen()
    name = "the system's own" if device is None else str(device)
    try:
        look_again()
        level_db = loudest_db(open_microphone(device), LISTEN_S)
    except MicrophoneGone as error:
        asked = "" if device is None else f"KIOSK_MICROPHONE={device}: "
        return "warn", f"{asked}{error}: {TOUCH}"
    if level_db <= QUIETEST_DB:
        return "warn", f"{name}: not a sound in {LISTEN_S} s: is it muted?"
    return "ok", f"{name}, {level_db:.0f} dB at its loudest in {LISTEN_S} s"


def speaker() -> tuple[State, str]:
    if problem := mouth.find_problem():
        return "warn", f"{problem}: the kiosk does not speak"
    return "ok", mouth.PROGRAM
