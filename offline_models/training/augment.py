"""The endless supply of training batches: each pass hears every voice in another hall.

    python -m offline_models.training.augment --work DIR [--seed N] [--batches N] [--dev]

Clips are joined, changed in speed and vocal tract, put into simulated rooms, between other people
talking, under noise and music, behind telephones and bad microphones, brought to the loudness that
the kiosk gives whatever it hears, then made into features and written as DIR/batches/*.npz,
POOL_LIMIT at most: the trainer takes them away. Without --batches it runs on.
--dev writes DIR/dev instead: people of the dev split as they are, under noise and under babble.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from offline_models.training.features import RATE_HZ, SHIFT, WINDOW, mfcc
from offline_models.training.lexicon import pronunciations
from offline_models.training.numerator import UNKNOWN, Automata, Automaton
from offline_models.training.phones import PHONE_ID
from offline_models.training.recordings import Clip, Corpus
from offline_models.training.sounds import (
    Floats,
    channel,
    coloured,
    evened,
    filtered,
    rms,
    rooms,
    scaled,
    tune,
)

POOL_LIMIT = 240  # batches that wait on the disk, under 1 MB each
BATCH_S = 60  # seconds of sound in a batch
LENGTHS = (180, 270, 360, 480, 660, 900)  # frames of an example; multiples of 3
JOIN_LIMIT_S = 8.0
DEV_CLIPS = 120

# What an example is made of, and how often.
SOURCES = {"digits": 0.24, "dialog": 0.22, "speech": 0.22, "malay": 0.03, "synthetic": 0.45}
EMPTY = 0.11  # nobody speaks to the kiosk
GARBAGE = 0.12  # a word or two become [unk]

Batch = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Example:
    """`features` frames × 40; `phones` are known phones per 30 ms, -1 where unknown."""

    features: Floats
    automaton: Automaton
    phones: npt.NDArray[np.int8]


class Hall:
    """Everything that may be heard: voices, noises, rooms. One source of chance for all of it."""

    def __init__(self, work: Path, seed: int, split: str = "train") -> None:
        self.chance = np.random.default_rng(seed)
        self._automata = Automata(pronunciations)
        self._noise = Corpus(work / "corpora" / "noise")
        self._rooms = rooms(work)
        self._voices: dict[str, list[tuple[Corpus, Clip]]] = {}
        self._by_speaker: dict[tuple[str, str], list[tuple[Corpus, Clip]]] = {}
        for path in sorted((work / "corpora").glob("*.tsv")):
            if path.stem == "noise":
                continue
            corpus = Corpus(path.with_suffix(""))
            for clip in corpus.clips:
                if clip.split == split:
                    group = "synthetic" if path.stem.startswith("synthetic") else clip.group
                    self._voices.setdefault(group, []).append((corpus, clip))
                    self._by_speaker.setdefault((group, clip.speaker), []).append((corpus, clip))
        self.groups = [group for group in SOURCES if group in self._voices]
        if not self.groups:
            raise SystemExit(f"{work / 'corpora'}: no speech; run recordings or synthesis first")
        weights = np.array([SOURCES[group] for group in self.groups])
        self._weights = weights / weights.sum()

    def example(self) -> Example:
        """One utterance as a kiosk might hear it, padded with what the hall sounds like."""
        chance = self.chance
        if chance.random() < EMPTY:
            return self._nobody()
        group = str(chance.choice(self.groups, p=self._weights))
        speed = float(chance.uniform(0.85, 1.2)) if chance.random() < 0.8 else 1.0
        voice, words, phones = self._said(group, speed)
        frames = self._length_for(len(voice))
        total = frames * SHIFT + WINDOW - SHIFT
        room = self._room() if chance.random() < 0.5 else None
        start = int(chance.integers(0, total - len(voice) + 1))
        sound = np.zeros(total, np.float32)
        sound[start : start + len(voice)] = voice
        level = rms(voice)
        sound = filtered(sound, room)
        sound = self._surrounded(sound, level)
        return Example(
            self._heard(sound),
            self._automata(words),
            placed(phones, start / RATE_HZ * 1000, speed, frames // 3),
        )

    def plain(self, group: str, condition: str) -> Example:
        """A clip as it was recorded, "clean" or with "noise" or "babble" 10 dB below it."""
        voices = self._voices[group]
        corpus, clip = voices[int(self.chance.integers(len(voices)))]
        frames = self._length_for(min(clip.length, int(JOIN_LIMIT_S * RATE_HZ)))
        sound = np.zeros(frames * SHIFT + WINDOW - SHIFT, np.float32)
        voice = corpus.samples(clip)[: len(sound)].astype(np.float32)
        sound[: len(voice)] = voice
        level = rms(voice) / 10**0.5
        if condition == "noise":
            sound += scaled(self._noise_of(len(sound)), level)
        elif condition == "babble":
            sound += scaled(self._babble(len(sound)), level)
        nothing = np.full(frames // 3, -1, np.int8)
        sound = np.rint(np.clip(evened(sound), -32768, 32767)).astype(np.float32)
        return Example(mfcc(sound), self._automata(clip.transcript.split()), nothing)

    def _said(self, group: str, speed: float) -> tuple[Floats, list[str], str]:
        """Some clips of one person, one after the other, and what they say in all."""
        chance = self.chance
        corpus, clip = self._voices[group][int(chance.integers(len(self._voices[group])))]
        parts, words, phones = [self._sped(corpus, clip, speed)], self._words(clip), clip.phones
        length = len(parts[0])
        again = 0.35 if group != "synthetic" else 0.15
        own = self._by_speaker[group, clip.speaker]
        while chance.random() < again:
            corpus, clip = own[int(chance.integers(len(own)))]
            pause = np.zeros(int(chance.uniform(0, 1.5) * RATE_HZ), np.float32)
            more = self._sped(corpus, clip, speed)
            if length + len(pause) + len(more) > JOIN_LIMIT_S * RATE_HZ:
                break
            parts += [pause, more]
            words += self._words(clip)
            length += len(pause) + len(more)
            phones = ""
        return np.concatenate(parts), words, phones

    def _sped(self, corpus: Corpus, clip: Clip, speed: float) -> Floats:
        limit = int(JOIN_LIMIT_S * RATE_HZ * speed)
        sound = corpus.samples(clip)[:limit].astype(np.float32)
        if speed == 1.0:
            return sound
        at = np.arange(int(len(sound) / speed), dtype=np.float32) * np.float32(speed)
        whole = at.astype(np.int32)
        after = np.minimum(whole + 1, len(sound) - 1)
        part = at - whole
        return sound[whole] * (1 - part) + sound[after] * part

    def _words(self, clip: Clip) -> list[str]:
        words = clip.transcript.split()
        if self.chance.random() < GARBAGE:
            longer = [i for i, word in enumerate(words) if len(word) > 4 and word != UNKNOWN]
            count = min(len(longer), int(self.chance.integers(1, 3)))
            for index in self.chance.choice(longer, count, replace=False) if longer else ():
                words[index] = UNKNOWN
        return words

    def _nobody(self) -> Example:
        """Silence, noise, music, or people who talk to one another: nothing is for the kiosk."""
        chance = self.chance
        frames = int(chance.choice(LENGTHS[:-1]))
        sound = np.zeros(frames * SHIFT + WINDOW - SHIFT, np.float32)
        kinds = chance.random(3) < (0.55, 0.35, 0.3)
        for is_heard, make in zip(kinds, (self._babble, self._noise_of, self._music), strict=True):
            if is_heard:
                sound += scaled(make(len(sound)), 10 ** (-chance.uniform(0, 15) / 20))
        if not kinds.any():
            sound += scaled(coloured(len(sound), float(chance.uniform(0, 2)), chance), 1.0)
        softer_db = 0.0 if chance.random() < 0.6 else chance.uniform(0, 30)  # than a speaker was
        silent = np.full(frames // 3, PHONE_ID["SIL"] - 1, np.int8)
        return Example(self._heard(sound, softer_db), self._automata([]), silent)

    def _surrounded(self, sound: Floats, level: float) -> Floats:
        """Adds noise and other people at a ratio drawn for each."""
        chance = self.chance
        if chance.random() < 0.55:
            ratio = 10 ** (-chance.uniform(2, 22) / 20)
            sound = sound + scaled(self._babble(len(sound)), level * ratio)
        elif chance.random() < 0.15:  # one who talks beside the speaker is told by being softer
            ratio = 10 ** (-chance.uniform(9, 25) / 20)
            sound = sound + scaled(self._babble(len(sound), people=1), level * ratio)
        if chance.random() < 0.5:
            ratio = 10 ** (-chance.uniform(0, 25) / 20)
            noise = self._music if chance.random() < 0.1 else self._noise_of
            sound = sound + scaled(noise(len(sound)), level * ratio)
        else:  # no microphone is without its own hiss
            hiss = level * 10 ** (-chance.uniform(30, 70) / 20)
            sound = sound + chance.standard_normal(len(sound), np.float32) * np.float32(hiss)
        return sound

    def _babble(self, length: int, people: int | None = None) -> Floats:
        """So many people at once, else three to six, in one room, none of them near."""
        chance = self.chance
        sound = np.zeros(length, np.float32)
        for _ in range(people or int(chance.integers(3, 7))):
            group = str(chance.choice(self.groups, p=self._weights))
            group = group if chance.random() < 0.8 else self.groups[-1]
            voice = np.zeros(length, np.float32)
            at = -int(chance.integers(0, RATE_HZ))
            while at < length:
                corpus, clip = self._voices[group][int(chance.integers(len(self._voices[group])))]
                piece = corpus.samples(clip)[max(0, -at) : length - at].astype(np.float32)
                begin = max(at, 0)
                voice[begin : begin + len(piece)] = piece
                at += clip.length + int(chance.uniform(0, 0.5) * RATE_HZ)
            sound += scaled(voice, float(chance.uniform(0.5, 1.0)))
        return filtered(sound, self._room()) if chance.random() < 0.6 else sound

    def _noise_of(self, length: int) -> Floats:
        clips = self._noise.clips
        if self.chance.random() < 0.15:
            return coloured(length, float(self.chance.uniform(0, 2)), self.chance)
        clip = clips[int(self.chance.integers(len(clips)))]
        sound = self._noise.samples(clip)
        start = int(self.chance.integers(0, max(1, len(sound) - length)))
        return np.resize(sound[start : start + length], length).astype(np.float32)

    def _music(self, length: int) -> Floats:
        return tune(length, self.chance)

    def _room(self) -> Floats:
        return self._rooms[int(self.chance.integers(len(self._rooms)))]

    def _length_for(self, samples: int) -> int:
        need = -(-samples // SHIFT) + 3
        fitting = [frames for frames in LENGTHS if frames >= need] or [LENGTHS[-1]]
        return fitting[min(int(self.chance.random() < 0.25), len(fitting) - 1)]

    def _heard(self, sound: Floats, softer_db: float = 0.0) -> Floats:
        """Through the microphone and the kiosk's front end, into features.

        The front end has made all of the same loudness, but it may have measured a cough or a door.
        """
        chance = self.chance
        if chance.random() < 0.45:
            sound = channel(sound, chance)
        if chance.random() < 0.06:  # overdriven
            limit = float(np.abs(sound).max() * chance.uniform(0.25, 1))
            sound = np.clip(sound, -limit, limit)
        reach_db = (-3.0, 3.0) if chance.random() < 0.8 else (-14.0, 6.0)
        gain = 10 ** ((chance.uniform(*reach_db) - softer_db) / 20)
        sound = np.clip(evened(sound) * np.float32(gain), -32768, 32767)
        if chance.random() < 0.9:  # the digital zero of a synthesiser is no silence
            sound = sound + chance.standard_normal(len(sound), np.float32) * np.float32(
                10 ** chance.uniform(-1, 1)
            )
        sound = np.rint(sound)
        warp = float(chance.uniform(0.82, 1.2)) if chance.random() < 0.6 else 1.0
        bands: list[tuple[int, int]] = []
        if chance.random() < 0.25:
            low = int(chance.integers(0, 34))
            bands.append((low, low + int(chance.integers(2, 7))))
        return mfcc(sound.astype(np.float32), warp, tuple(bands))


def placed(phones: str, at_ms: float, speed: float, count: int) -> npt.NDArray[np.int8]:
    """Known phones ("a:120 …") as one number per 30 ms after the move by speed and start."""
    frames = np.full(count, -1, np.int8)
    if not phones:
        return frames
    frames[:] = PHONE_ID["SIL"] - 1
    for item in phones.split():
        phone, _, start = item.rpartition(":")
        first = int((at_ms + float(start) / speed) / 30 + 0.5)
        frames[first:] = PHONE_ID[phone] - 1
    return frames


def batch_arrays(examples: Sequence[Example]) -> Batch:
    """Examples of one length as padded arrays; a predecessor that is none points to one past."""
    states = max(len(example.automaton.phones) for example in examples)
    width = max(example.automaton.before.shape[1] for example in examples)
    phones = np.zeros((len(examples), states), np.int16)
    before = np.full((len(examples), states, width), -1, np.int16)
    final = np.zeros((len(examples), states), np.bool_)
    for row, example in enumerate(examples):
        own = example.automaton
        phones[row, : len(own.phones)] = own.phones
        before[row, : len(own.phones), : own.before.shape[1]] = own.before
        final[row, : len(own.phones)] = own.final
    return {
        "features": np.stack([example.features for example in examples]).astype(np.float16),
        "known": np.stack([example.phones for example in examples]),
        "phones": phones,
        "before": before,
        "final": final,
    }


def batches(examples: Iterable[Example]) -> Iterator[Batch]:
    """Batches of examples of one length, BATCH_S of sound each."""
    waiting: dict[int, list[Example]] = {}
    for example in examples:
        if len(example.automaton.phones) > len(example.features) // 2:
            continue  # more was said than fits: a broken transcript
        same = waiting.setdefault(len(example.features), [])
        same.append(example)
        if len(same) * len(example.features) >= BATCH_S * 100:
            yield batch_arrays(same)
            same.clear()


def endless(hall: Hall) -> Iterator[Example]:
    while True:
        yield hall.example()


def write_batch(path: Path, arrays: Batch) -> None:
    """The file appears whole: a reader may be waiting for it."""
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        np.savez(file, **cast(Any, arrays))
    part.rename(path)


def write_dev(work: Path) -> None:
    """Fixed batches of the dev speakers, DEV_CLIPS of each kind, the same at each call."""
    hall = Hall(work, seed=5, split="dev")
    folder = work / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    for group in hall.groups:
        for condition in ("clean", "noise", "babble"):
            examples = (hall.plain(group, condition) for _ in range(DEV_CLIPS))
            for number, arrays in enumerate(batches(examples)):
                write_batch(folder / f"{group}-{condition}-{number}.npz", arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batches", type=int, help="stop after so many")
    parser.add_argument("--dev", action="store_true", help="write the fixed dev batches")
    wish = parser.parse_args()
    if wish.dev:
        write_dev(wish.work)
        return
    pool = wish.work / "batches"
    pool.mkdir(parents=True, exist_ok=True)
    for number, arrays in enumerate(batches(endless(Hall(wish.work, wish.seed)))):
        if wish.batches is not None and number >= wish.batches:
            return
        while sum(1 for _ in pool.glob("*.npz")) >= POOL_LIMIT:
            time.sleep(0.5)
        write_batch(pool / f"{os.getpid()}-{number:06d}.npz", arrays)


if __name__ == "__main__":
    main()
