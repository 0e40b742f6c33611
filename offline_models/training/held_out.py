"""Which service questions, voices and noises are kept back for the test of spoken questions.

    python -m offline_models.training.held_out      writes held_out.tsv beside this file, anew

The list is kept in the project, so that it stays the same while the catalogue's questions grow:
neither the synthetic speech nor the language model's text may contain what it lists.
"""

import csv
import hashlib
from pathlib import Path

from offline_models.training.text import TYPED

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[1] / "assets" / "catalogue"
LIST = HERE / "held_out.tsv"
QUESTIONS_A_SERVICE = 4
WORDS_MIN, WORDS_MAX = 3, 14

# eSpeak NG variants, pitch and speed that training never uses (see synthesis.py).
VARIANTS = ("f4", "m7")
PITCH_RANGES = ((28, 36), (62, 70))
RATES_WPM = (148, 156)

HEAD = f"""\
# Example questions kept out of synthetic speech and of the language model's text (held_out.py).
# Voices kept back with them: eSpeak NG id+{VARIANTS[0]} and id+{VARIANTS[1]}, and of all variants
# pitch {PITCH_RANGES[0]} and {PITCH_RANGES[1]} (of 100) and {RATES_WPM} words a minute.
"""


def examples(catalogue: Path = CATALOGUE) -> list[tuple[str, str]]:
    """Every example question of the catalogue that is said, not typed, as (service, question)."""
    found = []
    for path in sorted(catalogue.glob("*.examples.tsv")):
        with open(path, newline="") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["way"] not in TYPED:
                    found.append((path.name.removesuffix(".examples.tsv"), row["question"]))
    return found


def choose(questions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A few questions of each service, by a hash: nobody's choice."""
    seen: dict[str, set[str]] = {}
    for service, question in questions:
        seen.setdefault(question.lower(), set()).add(service)
    chosen = []
    for service in sorted({service for service, _ in questions}):
        own = {
            question
            for owner, question in questions
            if owner == service
            and WORDS_MIN <= len(question.split()) <= WORDS_MAX
            and len(seen[question.lower()]) == 1
        }
        by_hash = sorted(own, key=lambda text: hashlib.sha256(text.lower().encode()).digest())
        chosen += [(service, question) for question in by_hash[:QUESTIONS_A_SERVICE]]
    return chosen


def held_out(path: Path = LIST) -> list[tuple[str, str]]:
    """The kept-back (service, question) pairs."""
    rows = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
    return [(service, question) for service, question in rows]


if __name__ == "__main__":
    pairs = choose(examples())
    LIST.write_text(HEAD + "".join(f"{service}\t{question}\n" for service, question in pairs))
    print(f"{len(pairs)} questions of {len({service for service, _ in pairs})} services")
