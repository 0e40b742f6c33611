"""What was said, as a small automaton of phones with every pronunciation: one side of LF-MMI.

    python -m offline_models.training.numerator --work DIR     writes DIR/bigram.npy

States carry phones. State 0 is the start and says nothing; silence may stand between words and at
both ends. The other side, all that may be said at all, is a bigram of phones (`Bigram`).
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from offline_models.training.lexicon import pronunciations
from offline_models.training.phones import GARBAGE, PHONE_ID, PHONES, SILENCE
from offline_models.training.recordings import Corpus

UNKNOWN = "[unk]"
Pronounce = Callable[[str], Sequence[tuple[str, ...]]]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Word:
    """The readings of one word with shared ends: `phones[i]` is preceded by `before[i]`."""

    phones: tuple[int, ...]
    before: tuple[tuple[int, ...], ...]  # -1: the word's beginning
    last: tuple[int, ...]


@dataclass(frozen=True)
class Automaton:
    """`phones` (states) with 0 for the start; `before` states × most predecessors, -1 for none."""

    phones: npt.NDArray[np.int16]
    before: npt.NDArray[np.int16]
    final: npt.NDArray[np.bool_]


def word_automaton(readings: Iterable[tuple[str, ...]]) -> Word:
    """Readings as one graph in which equal tails are one: few states, few predecessors."""
    numbers: dict[tuple[int, frozenset[int], bool], int] = {}

    def tails(rest: frozenset[tuple[str, ...]]) -> frozenset[int]:
        heads: dict[str, set[tuple[str, ...]]] = {}
        for reading in rest:
            if reading:
                heads.setdefault(reading[0], set()).add(reading[1:])
        nodes = set()
        for phone, following in heads.items():
            key = (PHONE_ID[phone], tails(frozenset(following)), () in following)
            nodes.add(numbers.setdefault(key, len(numbers)))
        return frozenset(nodes)

    first = tails(frozenset(readings))
    before: list[list[int]] = [[-1] if node in first else [] for node in range(len(numbers))]
    for (_, following, _), node in numbers.items():
        for after in following:
            before[after].append(node)
    return Word(
        tuple(phone for phone, _, _ in numbers),
        tuple(tuple(nodes) for nodes in before),
        tuple(node for (_, _, ends), node in numbers.items() if ends),
    )


class Automata:
    """Makes automata of word sequences; each word's part is made once."""

    def __init__(self, pronounce: Pronounce) -> None:
        def word(text: str) -> Word:
            if text == UNKNOWN:
                return word_automaton([(GARBAGE,)])
            return word_automaton(pronounce(text))

        self._word = lru_cache(maxsize=50_000)(word)

    def __call__(self, words: Sequence[str]) -> Automaton:
        phones: list[int] = [0, PHONE_ID[SILENCE]]
        before: list[list[int]] = [[], [0]]
        ends = [0, 1]  # where the next word may start from: speech's end so far, and its silence
        for text in words:
            word, base = self._word(text), len(phones)
            phones += word.phones
            for earlier in word.before:
                own = [base + node for node in earlier if node >= 0]
                before.append(own + (ends if -1 in earlier else []))
            ends = [base + node for node in word.last]
            phones.append(PHONE_ID[SILENCE])
            before.append(list(ends))
            ends = [*ends, len(phones) - 1]
        final = np.zeros(len(phones), np.bool_)
        final[[state for state in ends if state]] = True
        width = max(map(len, before))
        table = np.full((len(before), width), -1, np.int16)
        for state, nodes in enumerate(before):
            table[state, : len(nodes)] = nodes
        return Automaton(np.array(phones, np.int16), table, final)


def bigram(sentences: Iterable[Sequence[str]], pronounce: Pronounce, seed: int = 0) -> Floats:
    """P(phone | phone before), (phones+1) × (phones+1); row 0 is the start, column 0 the end.

    A reading is drawn for each word, silence between words one time in three. Any pair stays
    possible, so that whatever the numerator allows the denominator allows as well.
    """
    chance = np.random.default_rng(seed)
    counts = np.full((len(PHONES) + 1, len(PHONES) + 1), 0.3)
    silence, garbage = PHONE_ID[SILENCE], PHONE_ID[GARBAGE]
    for words in sentences:
        path = [0, silence]
        for text in words:
            readings = pronounce(text)
            reading = readings[int(chance.integers(len(readings)))]
            spelt = [PHONE_ID[phone] for phone in reading]
            path += [garbage] if chance.random() < 0.02 else spelt
            if chance.random() < 0.3:
                path.append(silence)
        path += [silence, 0] if path[-1] != silence else [0]
        np.add.at(counts, (path[:-1], path[1:]), 1.0)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    work = parser.parse_args().work
    sentences = [
        clip.transcript.split()
        for path in sorted((work / "corpora").glob("*.tsv"))
        for clip in Corpus(path.with_suffix("")).clips
        if clip.split == "train" and clip.transcript
    ]
    np.save(work / "bigram.npy", bigram(sentences, lru_cache(maxsize=None)(pronunciations)))
    print(f"phone bigram of {len(sentences)} transcripts")


if __name__ == "__main__":
    main()
