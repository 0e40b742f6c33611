"""The process that bench_voice.py measures: on one core, and with nothing of the bench itself.
python voice_probe.py UTTERANCES: prints one JSON object.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from kiosk.bootstrap import catalogue_of, model_folder, understanding_of  # noqa: E402
from kiosk.config import home_folder, load_settings  # noqa: E402

SENTENCES = 30  # said again and again


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


settings = load_settings(home_folder(None))
find = understanding_of(settings, catalogue_of(settings)).find
find("ktp hilang", 3)
before_mb = rss_mb()  # what follows is imported after it: it is a part of what hearing takes

from kiosk.domain.speech import Heard, Partial  # noqa: E402
from kiosk.voice.endpoint import LIMITS, EndOfSpeech  # noqa: E402
from kiosk.voice.foreground import foreground  # noqa: E402
from kiosk.voice.listener import Listening, Voice  # noqa: E402
from kiosk.voice.microphone import BLOCK_BYTES, BLOCK_S  # noqa: E402
from kiosk.voice.recogniser import Recogniser, _decode  # noqa: E402
from kiosk.voice.sound import RATE_HZ, levels_db  # noqa: E402

Recogniser(model_folder(settings))  # the disk's part is not the model's
start_s = time.process_time()
recogniser = Recogniser(model_folder(settings))
load_ms = 1000 * (time.process_time() - start_s)
gc.collect()

from kiosk.ui.readings import best_reading  # noqa: E402
from offline_models.training.held_out import held_out  # noqa: E402
from tests.bench.bench_spoken import in_hall, voice  # noqa: E402


class Recording:
    """A microphone whose sound comes as fast as it is taken."""

    def __init__(self, pcm: bytes) -> None:
        self.pcm, self.taken, self.ended_s = pcm, 0, 0.0

    def blocks(self) -> Iterator[bytearray]:
        for at in range(0, len(self.pcm) - BLOCK_BYTES + 1, BLOCK_BYTES):
            self.taken += 1
            yield bytearray(self.pcm[at : at + BLOCK_BYTES])

    def close(self) -> None:
        self.ended_s = time.process_time()


class Silent:
    speaking = present = False


@dataclass
class Spent:
    """Seconds, but for the cards' `*_ms`, one of each utterance; `early_*`: of the first ones."""

    sound: float = 0.0
    live: float = 0.0
    after: float = 0.0
    early_sound: float = 0.0
    early_ends: float = 0.0
    cards_ms: list[float] = field(default_factory=list)
    alone_ms: list[float] = field(default_factory=list)
    renewed: list[float] = field(default_factory=list)

    def hear(self, pcm: bytes) -> float:
        """One utterance from the first sound to the cards; seconds of sound that were taken."""
        recording: Any = Recording(pcm)
        heard, changed = [], []

        def take(event: object) -> None:
            if isinstance(event, Heard):
                heard.append(event.transcript)
            elif isinstance(event, Partial):
                changed.append(recording.taken)

        silent: Any = Silent()
        ear = Voice(lambda: recogniser, lambda: recording, lambda: None, silent)
        start_s = time.process_time()
        ear._hear(Listening("lookup", take, (), False), recogniser)
        if heard[0]:
            words, _ = best_reading(heard[0], find)
            find(words, 3)
        cards_s = time.process_time() - recording.ended_s
        taken_s: float = recording.taken * BLOCK_S
        self.sound += taken_s
        self.live += recording.ended_s - start_s
        self.after += cards_s
        self.cards_ms.append(1000 * cards_s)
        if len(self.cards_ms) <= SENTENCES:
            self.renewed += [BLOCK_S * (b - a) for a, b in itertools.pairwise(changed)]
        return taken_s

    def compare(self, pcm: bytes, taken_s: float) -> None:
        """What of it the end of speech takes, and what Vosk alone does with the same sound."""
        self.early_sound += taken_s
        self.early_ends += detecting_s(pcm) * taken_s * 2 * RATE_HZ / len(pcm)
        self.alone_ms.append(alone_ms(pcm))


def detecting_s(pcm: bytes) -> float:
    start_s, detector = time.process_time(), EndOfSpeech(LIMITS["lookup"])
    for at in range(0, len(pcm) - BLOCK_BYTES + 1, BLOCK_BYTES):
        detector.feed(levels_db(pcm[at : at + BLOCK_BYTES]))
    return time.process_time() - start_s


def alone_ms(pcm: bytes) -> float:
    start_s = time.process_time()
    heard = foreground(pcm)
    assert heard is not None, "it is full of words"
    _decode(recogniser._open("lookup", ()), heard.pcm, lambda: False)
    return 1000 * (time.process_time() - start_s)


def main(utterances: int) -> None:
    chance, spent, first_mb = random.Random(2), Spent(), 0.0
    questions = held_out()[:SENTENCES]
    sounds = [in_hall(voice(text, chance), [], chance) for _, text in questions]
    for number in range(utterances):
        pcm = sounds[number % len(sounds)]
        taken_s = spent.hear(pcm)
        if number < SENTENCES:
            first_mb = rss_mb()
            spent.compare(pcm, taken_s)
    figures = {
        "load_ms": load_ms,
        "live": spent.live / spent.sound,
        "after": spent.after / spent.sound,
        "ends": spent.early_ends / spent.early_sound,
        "cards_ms": sorted(spent.cards_ms),
        "alone_ms": sorted(spent.alone_ms),
        "renewed_ms": 1000 * min(spent.renewed),
        "before_mb": before_mb,
        "first_mb": first_mb,
        "last_mb": rss_mb(),
        "wait_ms": 1000 * LIMITS["lookup"].wait_s,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
