"""How well a packaged model understands people it was not trained on, by stock Vosk.

    python -m offline_models.training.score --work DIR --model MODEL [--clips N] [--out FILE]

Takes the dev clips of DIR/corpora/real: digits with a digit grammar, dialog with its sentences as
grammar (as heard, and snapped to the nearest sentence), dialog with all words; each clean, under
noise at 15 and 5 dB, and under five other people at 15, 10 and 5 dB. One JSON object of word error
rates in per cent. A process of its own: Vosk beside torch hangs.
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from offline_models.training.recordings import RATE_HZ, Clip, Corpus
from offline_models.training.sounds import evened
from offline_models.training.spoken import DIGIT_WORDS

CONDITIONS = ("clean", "noise15", "noise5", "babble15", "babble10", "babble5")
TALKERS = 5
PIECE = RATE_HZ // 5  # samples handed over at once
Floats = npt.NDArray[np.float32]


@dataclass
class Tally:
    """Words and utterances right and wrong."""

    words: int = 0
    errors: int = 0
    inserted: int = 0
    utterances: int = 0
    exact: int = 0
    snapped_errors: int = 0
    sound_s: float = 0.0
    spent_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, said: Sequence[str], heard: Sequence[str]) -> None:
        errors = distance(said, heard)
        self.words += len(said)
        self.errors += errors
        self.inserted += max(0, len(heard) - len(said))
        self.utterances += 1
        self.exact += not errors
        if errors:
            self.wrong.append(f"{' '.join(said)} -> {' '.join(heard)}")

    def figures(self) -> dict[str, float]:
        return {
            "wer": round(100 * self.errors / max(1, self.words), 2),
            "inserted": round(100 * self.inserted / max(1, self.words), 2),
            "exact": round(100 * self.exact / max(1, self.utterances), 2),
            "snapped": round(100 * self.snapped_errors / max(1, self.words), 2),
            "rtf": round(self.spent_s / max(1e-9, self.sound_s), 4),
            "clips": self.utterances,
        }


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Word errors: the fewest substitutions, insertions and deletions."""
    return int(Levenshtein.distance(said, heard))


def nearest(heard: Sequence[str], listed: Iterable[str]) -> list[str]:
    """The listed sentence with the fewest word errors against what was heard."""
    return min(listed, key=lambda sentence: distance(sentence.split(), heard)).split()


def spoiled(
    corpus: Corpus, clip: Clip, condition: str, noise: Corpus, chance: random.Random
) -> Floats:
    """The clip under noise or other dev speakers, at the ratio in the condition's name."""
    voice = corpus.samples(clip).astype(np.float32)
    if condition == "clean":
        return voice
    other = np.zeros(len(voice), np.float32)
    if condition.startswith("noise"):
        spoiler = chance.choice(noise.clips)
        sound = noise.samples(spoiler).astype(np.float32)
        other += np.resize(np.roll(sound, chance.randrange(len(sound))), len(voice))
    else:
        dev = [c for c in corpus.clips if c.split == clip.split and c.speaker != clip.speaker]
        speakers = sorted({c.speaker for c in dev})
        for speaker in chance.sample(speakers, min(TALKERS, len(speakers))):
            own = [c for c in dev if c.speaker == speaker]
            talk = np.concatenate([corpus.samples(c) for c in chance.sample(own, min(4, len(own)))])
            talk = np.roll(talk, chance.randrange(len(talk))).astype(np.float32)
            other += np.resize(talk, len(voice)) / (np.sqrt(np.mean(talk**2)) + 1)
    ratio_db = float(re.sub(r"\D", "", condition))
    power = np.sqrt(np.mean(voice**2) / (np.mean(other**2) + 1e-9)) * 10 ** (-ratio_db / 20)
    return np.asarray(voice + other * power, np.float32)


def heard_words(recogniser: Any, sound: Floats) -> list[str]:
    """What the recogniser makes of it: as loud as the kiosk's front end makes it, handed over in
    pieces as from a microphone."""
    data = np.clip(evened(sound), -32768, 32767).astype("<i2").tobytes()
    texts = []
    for start in range(0, len(data), 2 * PIECE):
        if recogniser.AcceptWaveform(data[start : start + 2 * PIECE]):
            texts.append(json.loads(recogniser.Result())["text"])
    texts.append(json.loads(recogniser.FinalResult())["text"])
    return [word for word in " ".join(texts).split() if word != "[unk]"]


@dataclass(frozen=True)
class Task:
    """Some clips under one grammar (None: all words); `listed` are the sentences to snap to."""

    name: str
    clips: list[Clip]
    grammar: str | None
    listed: list[str]


def tasks(clips: Sequence[Clip]) -> Iterator[Task]:
    """For each group of clips: its sentences as grammar and all words, or digits alone."""
    for group in sorted({clip.group for clip in clips}):
        own = [clip for clip in clips if clip.group == group]
        random.Random(11).shuffle(own)
        listed = sorted({clip.transcript for clip in own})
        if all(word in DIGIT_WORDS for sentence in listed for word in sentence.split()):
            # All pairs, so that each digit may follow each alike.
            pairs = [f"{first} {second}" for first in DIGIT_WORDS for second in DIGIT_WORDS]
            yield Task(group, own, json.dumps([*pairs, "[unk]"]), [])
        else:
            yield Task(group, own, json.dumps([*listed, "[unk]"]), listed)
            yield Task(f"{group}-free", own, None, listed)


def judge(model: Any, task: Task, clips: Sequence[Clip], hear: Callable[[Clip], Floats]) -> Tally:
    """Decode each clip with a recogniser of its own."""
    import vosk

    tally = Tally()
    for clip in clips:
        sound = hear(clip)
        began = time.process_time()
        grammar = (task.grammar,) if task.grammar else ()
        heard = heard_words(vosk.KaldiRecognizer(model, RATE_HZ, *grammar), sound)
        tally.spent_s += time.process_time() - began
        tally.sound_s += len(sound) / RATE_HZ
        said = clip.transcript.split()
        tally.add(said, heard)
        if task.listed:
            tally.snapped_errors += distance(said, nearest(heard, task.listed))
    return tally


def score(
    work: Path, model_path: Path, count: int | None, conditions: Sequence[str]
) -> dict[str, Any]:
    """Figures of every task and condition; `count` clips of each, or all."""
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path=str(model_path))
    corpus, noise = Corpus(work / "corpora" / "real"), Corpus(work / "corpora" / "noise")
    found: dict[str, Any] = {}
    for task in tasks([clip for clip in corpus.clips if clip.split == "dev"]):
        for condition in conditions:
            hear = partial(
                spoiled, corpus, condition=condition, noise=noise, chance=random.Random(17)
            )
            tally = judge(model, task, task.clips[:count], hear)
            name = f"{task.name}-{condition}"
            found[name] = tally.figures()
            print(name, json.dumps(found[name]), file=sys.stderr, flush=True)
            for line in tally.wrong[:6]:
                print("   ", line, file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--model", type=Path, default=Path("offline_models/id-small"))
    parser.add_argument("--clips", type=int, help="of each task; all without it")
    parser.add_argument("--conditions", nargs="+", default=CONDITIONS, choices=CONDITIONS)
    parser.add_argument("--out", type=Path, help="also write the JSON here (WORK/score.json)")
    wish = parser.parse_args()
    if not (wish.model / "am" / "final.mdl").is_file():
        sys.exit(f"{wish.model}: no model there (am/final.mdl); run package first")
    figures = json.dumps(score(wish.work, wish.model, wish.clips, wish.conditions), indent=1)
    (wish.out or wish.work / "score.json").write_text(figures + "\n")
    print(figures)


if __name__ == "__main__":
    main()
