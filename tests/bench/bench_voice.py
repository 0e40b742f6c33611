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
PROBE = Path(__file__).with_name("voice_probe.py")


def main() -> int:
    if not shutil.which("espeak-ng"):
        print("voice: espeak-ng is not installed: nothing was measured")
        return 0
    count = os.environ.get("KIOSK_UTTERANCES", "60")
    told = subprocess.run(
        [sys.executable, str(PROBE), count],
        capture_output=True, text=True, check=True, cwd=CHECKOUT,
    ).stdout  # fmt: skip
    found = json.loads(told)
    cards_ms, alone_ms = found["cards_ms"], found["alone_ms"]
    rtf, p95_ms = found["live"] + found["after"], cards_ms[int(0.95 * len(cards_ms))]
    grown_mb = found["last_mb"] - found["first_mb"]
    rss_mb = found["last_mb"] - found["before_mb"]
    say("voice_load", found["load_ms"], "ms", limit=LOAD_MS)
    say("voice_rtf_with_partials", rtf, "s/s", limit=RTF)
    say("voice_rtf_of_it_the_end_of_speech", found["ends"], "s/s")
    say("voice_rtf_of_it_words_so_far", found["live"] - found["ends"], "s/s")
    say("voice_rtf_of_it_transcript_and_cards", found["after"], "s/s")
    say("voice_words_so_far_every", found["renewed_ms"], "ms", limit=WORDS_EVERY_MS)
    say("voice_end_to_cards_p50", cards_ms[len(cards_ms) // 2], "ms", alone_ms[len(alone_ms) // 2])
    say("voice_end_to_cards_p95", p95_ms, "ms", limit=CARDS_MS)
    say("voice_detector_waits", found["wait_ms"], "ms")
    say("voice_rss", rss_mb, "MB", limit=RSS_MB)
    say("voice_rss_grown", grown_mb, "MB", limit=GROWN_MB)
    within = found["load_ms"] <= LOAD_MS and rtf <= RTF and p95_ms <= CARDS_MS
    often = found["renewed_ms"] <= WORDS_EVERY_MS
    return 0 if within and often and rss_mb <= RSS_MB and grown_mb <= GROWN_MB else 1


if __name__ == "__main__":
    raise SystemExit(main())
