"""What hearing costs on one core: time a second of sound with the words so far, from the end of
speech to the cards, the time to load, and memory before and after an hour's use.

The detector's own wait is told apart: it is chosen, not computed. Sentences are synthesised; the
peer of the cards' time is Vosk alone on the same sound.
Run: `kiosk bench voice`, KIOSK_UTTERANCES=300 for an hour's (60). Fails (exit 1) above a limit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench.window import say

RTF, CARDS_MS, LOAD_MS, RSS_MB, GROWN_MB = 0.05, 400.0, 200.0, 120.0, 10.0
CHECKOUT = Path(__file__).resolve().parents[2]

_PROBE = """
import gc, io, json, os, random, subprocess, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
from kiosk.bootstrap import catalogue_of, model_folder, understanding_of
from kiosk.config import home_folder, load_settings
settings = load_settings(home_folder(None))
find = understanding_of(settings, catalogue_of(settings)).find
find("ktp hilang", 3)
def rss_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
before_mb = rss_mb()
from kiosk.voice.recogniser import Recogniser, _decode
from kiosk.voice.endpoint import LIMITS
from kiosk.voice.foreground import foreground
Recogniser(model_folder(settings))  # the disk's part is not the model's
start_s = time.process_time()
recogniser = Recogniser(model_folder(settings))
load_ms = 1000 * (time.process_time() - start_s)
gc.collect()
from kiosk.ui.hearing import best_reading
from tests.bench.bench_spoken import in_hall, voice
from offline_models.training.held_out import held_out
BLOCK = 3200
def utterance(pcm):
    so_far = recogniser.begin("lookup")
    for at in range(0, len(pcm) - BLOCK + 1, BLOCK):
        so_far.hear(pcm[at : at + BLOCK])
    ended_s = time.process_time()
    transcript = recogniser.transcribe(pcm, "lookup")
    words, _ = best_reading(transcript, find)
    find(words, 3)
    return 1000 * (time.process_time() - ended_s)
def alone(pcm):
    start_s = time.process_time()
    heard = foreground(pcm)
    _decode(recogniser._open("lookup", ()), heard.pcm)
    return 1000 * (time.process_time() - start_s)
chance = random.Random(2)
sounds = [in_hall(voice(text, chance), [], chance) for _, text in held_out()[:30]]
cards_ms, alone_ms, seconds, spent_s = [], [], 0.0, 0.0
first_mb = None
for number in range(int(sys.argv[1])):
    pcm = sounds[number % len(sounds)]
    start_s = time.process_time()
    cards_ms.append(utterance(pcm))
    spent_s += time.process_time() - start_s
    seconds += len(pcm) / 32000
    if number == 29:
        first_mb = rss_mb()
    if number < 30:
        alone_ms.append(alone(pcm))
print(json.dumps([load_ms, spent_s / seconds, sorted(cards_ms), sorted(alone_ms), before_mb,
                  first_mb, rss_mb(), LIMITS["lookup"].wait_s]))
"""


def main() -> int:
    if not shutil.which("espeak-ng"):
        print("voice: espeak-ng is not installed: nothing was measured")
        return 0
    count = os.environ.get("KIOSK_UTTERANCES", "60")
    told = subprocess.run(
        [sys.executable, "-c", _PROBE, count],
        capture_output=True, text=True, check=True, cwd=CHECKOUT,
    ).stdout  # fmt: skip
    load_ms, rtf, cards_ms, alone_ms, before_mb, first_mb, last_mb, wait_s = json.loads(told)
    p95_ms = cards_ms[int(0.95 * len(cards_ms))]
    say("voice_load", load_ms, "ms", LOAD_MS)
    say("voice_rtf_with_partials", rtf, "s/s", RTF)
    say("voice_end_to_cards_p50", cards_ms[len(cards_ms) // 2], "ms", alone_ms[len(alone_ms) // 2])
    say("voice_end_to_cards_p95", p95_ms, "ms", CARDS_MS)
    say("voice_detector_waits", 1000 * wait_s, "ms")
    say("voice_rss", last_mb - before_mb, "MB", RSS_MB)
    say("voice_rss_grown", last_mb - first_mb, "MB", GROWN_MB)
    within = load_ms <= LOAD_MS and rtf <= RTF and p95_ms <= CARDS_MS
    return 0 if within and last_mb - before_mb <= RSS_MB and last_mb - first_mb <= GROWN_MB else 1


if __name__ == "__main__":
    raise SystemExit(main())
