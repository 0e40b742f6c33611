"""What hearing costs on one core: processor time a second of sound, from the end of speech to the
cards, the time to load, and memory before and after an hour's use.

The listener itself runs: detector, words so far, transcript. Only its microphone is a recording
that comes as fast as it is taken. The detector's own wait is told apart: it is chosen, not
computed. Sentences are synthesised; the peer of the cards' time is Vosk alone on the same sound.
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
WORDS_EVERY_MS = 250.0
CHECKOUT = Path(__file__).resolve().parents[2]

_PROBE = """
import gc, itertools, json, os, random, sys, time
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
from kiosk.domain.speech import Heard, Partial
from kiosk.voice.endpoint import LIMITS, EndOfSpeech
from kiosk.voice.foreground import foreground
from kiosk.voice.listener import Listening, Voice
from kiosk.voice.microphone import BLOCK_BYTES, BLOCK_S
from kiosk.voice.recogniser import Recogniser, _decode
from kiosk.voice.sound import levels_db
Recogniser(model_folder(settings))  # the disk's part is not the model's
start_s = time.process_time()
recogniser = Recogniser(model_folder(settings))
load_ms = 1000 * (time.process_time() - start_s)
gc.collect()
from kiosk.ui.readings import best_reading
from tests.bench.bench_spoken import in_hall, voice
from offline_models.training.held_out import held_out
class Recording:
    def __init__(self, pcm):
        self.pcm, self.taken, self.ended_s = pcm, 0, 0.0
    def blocks(self):
        for at in range(0, len(self.pcm) - BLOCK_BYTES + 1, BLOCK_BYTES):
            self.taken += 1
            yield bytearray(self.pcm[at : at + BLOCK_BYTES])
    def close(self):
        self.ended_s = time.process_time()
class Silent:
    speaking = present = False
def utterance(pcm):
    \"\"\"Seconds of sound taken, of computing while it came, and from its end to the cards; and
    after how many blocks the words so far changed.\"\"\"
    recording = Recording(pcm)
    heard, changed = [], []
    def take(event):
        if isinstance(event, Heard):
            heard.append(event.transcript)
        elif isinstance(event, Partial):
            changed.append(recording.taken)
    ear = Voice(lambda: recogniser, lambda: recording, lambda: None, Silent())
    start_s = time.process_time()
    ear._hear(Listening("lookup", take, (), False), recogniser)
    if heard[0]:
        words, _ = best_reading(heard[0], find)
        find(words, 3)
    cards_s = time.process_time()
    return (recording.taken * BLOCK_S, recording.ended_s - start_s, cards_s - recording.ended_s,
            [BLOCK_S * (b - a) for a, b in itertools.pairwise(changed)])
def detecting(pcm):
    start_s, detector = time.process_time(), EndOfSpeech(LIMITS["lookup"])
    for at in range(0, len(pcm) - BLOCK_BYTES + 1, BLOCK_BYTES):
        detector.feed(levels_db(pcm[at : at + BLOCK_BYTES]))
    return time.process_time() - start_s
def alone(pcm):
    start_s = time.process_time()
    heard = foreground(pcm)
    _decode(recogniser._open("lookup", ()), heard.pcm)
    return 1000 * (time.process_time() - start_s)
chance = random.Random(2)
sounds = [in_hall(voice(text, chance), [], chance) for _, text in held_out()[:30]]
cards_ms, alone_ms, seconds, live_s, after_s, ends_s = [], [], 0.0, 0.0, 0.0, 0.0
renewed_s, first_mb = [], None
for number in range(int(sys.argv[1])):
    pcm = sounds[number % len(sounds)]
    taken_s, during_s, cards_s, between_s = utterance(pcm)
    seconds, live_s, after_s = seconds + taken_s, live_s + during_s, after_s + cards_s
    cards_ms.append(1000 * cards_s)
    if number == 29:
        first_mb = rss_mb()
    if number < 30:
        alone_ms.append(alone(pcm))
        ends_s += detecting(pcm) * taken_s * 32000 / len(pcm)
        first_s = seconds
        renewed_s += between_s
print(json.dumps({"load_ms": load_ms, "live": live_s / seconds, "after": after_s / seconds,
                  "ends": ends_s / first_s, "cards_ms": sorted(cards_ms),
                  "alone_ms": sorted(alone_ms), "renewed_ms": 1000 * min(renewed_s),
                  "before_mb": before_mb, "first_mb": first_mb, "last_mb": rss_mb(),
                  "wait_ms": 1000 * LIMITS["lookup"].wait_s}))
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
    found = json.loads(told)
    cards_ms, alone_ms = found["cards_ms"], found["alone_ms"]
    rtf, p95_ms = found["live"] + found["after"], cards_ms[int(0.95 * len(cards_ms))]
    grown_mb = found["last_mb"] - found["first_mb"]
    rss_mb = found["last_mb"] - found["before_mb"]
    say("voice_load", found["load_ms"], "ms", LOAD_MS)
    say("voice_rtf_with_partials", rtf, "s/s", RTF)
    say("voice_rtf_of_it_the_end_of_speech", found["ends"], "s/s")
    say("voice_rtf_of_it_words_so_far", found["live"] - found["ends"], "s/s")
    say("voice_rtf_of_it_transcript_and_cards", found["after"], "s/s")
    say("voice_words_so_far_every", found["renewed_ms"], "ms", WORDS_EVERY_MS)
    say("voice_end_to_cards_p50", cards_ms[len(cards_ms) // 2], "ms", alone_ms[len(alone_ms) // 2])
    say("voice_end_to_cards_p95", p95_ms, "ms", CARDS_MS)
    say("voice_detector_waits", found["wait_ms"], "ms")
    say("voice_rss", rss_mb, "MB", RSS_MB)
    say("voice_rss_grown", grown_mb, "MB", GROWN_MB)
    within = found["load_ms"] <= LOAD_MS and rtf <= RTF and p95_ms <= CARDS_MS
    often = found["renewed_ms"] <= WORDS_EVERY_MS
    return 0 if within and often and rss_mb <= RSS_MB and grown_mb <= GROWN_MB else 1


if __name__ == "__main__":
    raise SystemExit(main())
