"""Questions kept out of the language model's text, spoken by voices kept out of training, in rooms
and noise: is the right service found as often as when the same question is typed?

Synthetic voices can show that the words, the graph and the lookup fit together. They cannot show
that people are understood: they neither hesitate nor slur, and all learned from the same rules.
Needs espeak-ng; noise from ../shared/noise where it is, else our own.

Run: `kiosk bench spoken`, with KIOSK_QUESTIONS=372 for all (60). Fails (exit 1) below the aim.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from kiosk.bootstrap import catalogue_of, recogniser_of, understanding_of
from kiosk.config import home_folder, load_settings
from kiosk.lookup.understanding import Understanding
from kiosk.ui.readings import best_reading
from kiosk.voice.sound import RATE_HZ, read_recording
from offline_models.training.held_out import PITCH_RANGES, RATES_WPM, VARIANTS, held_out
from tests.bench.window import say

NOISE = Path(__file__).resolve().parents[3] / "shared" / "noise"
AIM = 95.0  # per cent of those that typing finds
NOISE_DB = (8, 20)  # the voice above it
ECHO_S = (0.1, 0.5)
LOUD = 2000.0

Floats = npt.NDArray[np.float32]


def voice(text: str, chance: random.Random) -> Floats:
    """The question as one of the kept-back voices says it."""
    low, high = chance.choice(PITCH_RANGES)
    command = [
        "espeak-ng", "-v", f"id+{chance.choice(VARIANTS)}", "-p", str(chance.randint(low, high)),
        "-s", str(chance.randint(*RATES_WPM)), "--stdout", text,
    ]  # fmt: skip
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    sound, rate_hz = soundfile.read(io.BytesIO(wav), dtype="float32")
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float32)


def in_hall(sound: Floats, noises: list[Path], chance: random.Random) -> bytes:
    """In a room, half a second of the hall before and after, under noise."""
    draw = np.random.default_rng(chance.getrandbits(32))
    length = round(chance.uniform(*ECHO_S) * RATE_HZ)
    echo = draw.normal(0, 1, length) * np.exp(-6.9 * np.arange(length) / length)
    echo *= 0.5 / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    sound = np.convolve(np.pad(sound, RATE_HZ // 2), echo).astype(np.float32)
    sound *= LOUD / np.sqrt(np.mean(sound**2))
    if noises:
        noise = np.frombuffer(read_recording(chance.choice(noises)), np.int16).astype(np.float32)
        noise = np.resize(np.roll(noise, -chance.randrange(len(noise))), len(sound))
    else:
        noise = np.cumsum(draw.normal(0, 1, len(sound))).astype(np.float32)
        noise -= np.convolve(noise, np.ones(400) / 400, "same")
    noise *= LOUD * 10 ** (-chance.uniform(*NOISE_DB) / 20) / np.sqrt(np.mean(noise**2) + 1e-9)
    heard = np.clip(sound + noise, -32768, 32767).astype(np.int16)
    return bytes(heard.tobytes())


def is_first(understanding: Understanding, text: str, service: str) -> bool:
    hits = understanding.find(text, 3).hits
    return bool(hits) and hits[0].service_id == service


def main() -> int:
    if not shutil.which("espeak-ng"):
        print("spoken: espeak-ng is not installed: nothing was measured")
        return 0
    chance = random.Random(8)
    settings = load_settings(home_folder(None))
    understanding = understanding_of(settings, catalogue_of(settings))
    recogniser = recogniser_of(settings)
    noises = sorted(NOISE.rglob("*.opus")) + sorted(NOISE.rglob("*.wav"))
    asked = held_out()
    chance.shuffle(asked)
    asked = asked[: int(os.environ.get("KIOSK_QUESTIONS", "60"))]
    typed = spoken = both = 0
    for service, question in asked:
        transcript = recogniser.transcribe(
            in_hall(voice(question, chance), noises, chance), "lookup"
        )
        words, _ = best_reading(transcript, understanding.find)
        by_keys, by_voice = (is_first(understanding, text, service) for text in (question, words))
        typed, spoken, both = typed + by_keys, spoken + by_voice, both + (by_keys and by_voice)
    say("spoken_questions", len(asked), "questions")
    say("typed_right_first", 100 * typed / len(asked), "%")
    say("spoken_right_first", 100 * spoken / len(asked), "%")
    say("spoken_of_typed_right", 100 * both / max(1, typed), "%", limit=AIM)
    return 0 if both >= AIM / 100 * typed else 1


if __name__ == "__main__":
    raise SystemExit(main())
