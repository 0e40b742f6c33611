"""What the kiosk's ear makes of the people of the dev split: the clips of
`offline_models.training.score`, under another draw of noise and other people, through the front end
and the verdict. Word errors of what was taken, where a refusal loses all its words, with 95 %
intervals over the speakers.

The rows of the model card: digits and sentences listed, in quiet, in noise and among people. Needs
the corpora that the recipe keeps in .training (KIOSK_WORK names another folder). Of CARD_CLIPS or
more the figures go to score-ear.json there, and from there into the card; a smaller run is a look.
Run: `kiosk bench voice_ear`, with KIOSK_CLIPS=130 of each task and condition (10).
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kiosk.bootstrap import recogniser_of
from kiosk.config import home_folder, load_settings
from kiosk.domain.speech import Task
from kiosk.hearing_test import Clip, Heard, figures
from offline_models.training import score
from offline_models.training.recordings import RATE_HZ, Corpus
from tests.bench.window import say

WORK = Path(os.environ.get("KIOSK_WORK", ".training"))
LOUDEST, SEED = 32767.0, 23
CONDITIONS = ("clean", "noise5", "babble10")
CARD_CLIPS = 130


def as_recorded(sound: npt.NDArray[np.float32]) -> bytes:
    """16 bits; turned down where it would be cut off."""
    loudest = float(np.abs(sound).max(initial=1.0))
    return bytes((sound * min(1.0, LOUDEST / loudest)).astype("<i2").tobytes())


def main() -> int:
    corpora = WORK / "corpora"
    if not (corpora / "real.tsv").is_file() or not (corpora / "noise.tsv").is_file():
        print(f"voice_ear: {corpora} holds no recordings: nothing was measured")
        return 0
    recogniser = recogniser_of(load_settings(home_folder(None)))
    real, noise = Corpus(corpora / "real"), Corpus(corpora / "noise")
    count = int(os.environ.get("KIOSK_CLIPS", "10"))
    found: dict[str, Any] = {}
    for task in score.tasks([clip for clip in real.clips if clip.split == "dev"]):
        if not task.grammar:
            continue  # free talk: the kiosk takes it only as far as it finds something
        kind: Task = "choice" if task.listed else "digits"
        listed = tuple(task.listed)
        for condition in CONDITIONS:
            chance, heard = random.Random(SEED), []
            for clip in task.clips[:count]:
                pcm = as_recorded(score.spoiled(real, clip, condition, noise, chance))
                transcript = recogniser.transcribe(pcm, kind, listed)
                what = Clip("", clip.transcript, clip.speaker, oov=False)
                heard.append(Heard(what, transcript, clip.length / RATE_HZ, 0.0))
            name = f"{task.name}-{condition}"
            found[name] = figures(heard, listed)
            say(f"voice_ear_{name}", 100 * found[name]["wer"][0], "% words wrong")
    if count >= CARD_CLIPS:
        (WORK / "score-ear.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
