"""Sentences to read aloud in a recording session: every pair of sounds, and words heard badly.

    python -m offline_models.training.prompts [--people N] [--weak FILE] > prompts.tsv

Prints person, number, prompt for each person: SHARED prompts that everybody reads, chosen so that a
few sentences hold as many different pairs of sounds as possible, then OWN ones that differ, with
groups of digits. --weak is a file of words (one a line) that the model hears badly: sentences
with them come first. The sentences are the catalogue's own questions; those of the test stay out.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from offline_models.training.held_out import examples, held_out
from offline_models.training.lexicon import pronunciations
from offline_models.training.spoken import DIGIT_WORDS, spoken

SHARED = 20
OWN = 30
DIGIT_PROMPTS = 10
WORDS_MIN, WORDS_MAX = 4, 12
WEAK_WORTH = 4.0  # a weak word counts as much as so many new pairs of sounds


def pairs(words: Sequence[str]) -> Counter[tuple[str, str]]:
    """The neighbouring sounds of a sentence in its usual pronunciation."""
    sounds = ["SIL", *(sound for word in words for sound in pronunciations(word)[0]), "SIL"]
    return Counter(pairwise(sounds))


def chosen(
    sentences: Iterable[tuple[str, ...]], count: int, weak: frozenset[str] = frozenset()
) -> list[tuple[str, ...]]:
    """Greedily, the sentence that adds most a word: new pairs of sounds and weak words."""
    left = {words: pairs(words) for words in sentences}
    heard: Counter[tuple[str, str]] = Counter()
    said: Counter[str] = Counter()

    def worth(words: tuple[str, ...]) -> float:
        sounds = sum(1 / (1 + 3 * heard[pair]) for pair in left[words])
        weak_here = sum(WEAK_WORTH / (1 + said[word]) for word in set(words) & weak)
        return (sounds + weak_here) / (3 + len(words))

    found: list[tuple[str, ...]] = []
    while left and len(found) < count:
        best = max(sorted(left), key=worth)
        found.append(best)
        heard += left.pop(best)
        said.update(best)
    return found


def readable() -> list[tuple[str, ...]]:
    """Questions of a length that is read in one breath, without the test's."""
    secret = {spoken(question) for _, question in held_out()}
    said = {spoken(question) for _, question in examples()}
    return sorted(w for w in said - secret if WORDS_MIN <= len(w) <= WORDS_MAX)


def sheets(people: int, weak: frozenset[str], seed: int = 1) -> list[list[str]]:
    """A sheet of prompts for each person."""
    draw = random.Random(seed)
    sentences = readable()
    shared = chosen(sentences, SHARED, weak)
    rest = chosen([words for words in sentences if words not in shared], 6 * OWN, weak)
    found: list[list[str]] = []
    for _ in range(people):
        digits = [
            tuple(draw.choice(DIGIT_WORDS) for _ in range(draw.choice((4, 4, 6))))
            for _ in range(DIGIT_PROMPTS)
        ]
        own = [*draw.sample(rest, min(OWN, len(rest))), *digits]
        draw.shuffle(own)
        found.append([" ".join(words) for words in (*shared, *own)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--weak", type=Path, help="words heard badly, one a line")
    wish = parser.parse_args()
    weak = frozenset(wish.weak.read_text().split() if wish.weak else ())
    print("person\tnumber\tprompt")
    for person, sheet in enumerate(sheets(wish.people, weak), start=1):
        for number, prompt in enumerate(sheet, start=1):
            print(f"p{person:03d}\t{number}\t{prompt}")


if __name__ == "__main__":
    main()
