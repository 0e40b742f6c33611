"""What citizens say, as spoken words: the language model's text and the vocabulary.

    python -m offline_models.training.text --work DIR [--text DIR] [--speech DIR] [--leave-out FILE]

Reads the catalogue, its example questions and the other questions under `assets/`, and general
sentences under --text, when it is there. Writes DIR/lm-text.txt (kind, tab, a sentence of
lower-case words) and DIR/vocabulary.txt. Sentences of --leave-out, one a line, stay out of the
first: what a test will say must not be known to the language model. Their words stay listed.
"""

import argparse
import csv
import random
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from offline_models.training import words
from offline_models.training.recordings import speech_rows
from offline_models.training.spoken import DIGIT_WORDS, Words, number_words, spoken
from offline_models.training.tables import lines_of

CHECKOUT = Path(__file__).parents[2]
TYPED = ("sms", "ketik")  # ways of asking that only fingers know: short forms and slips
FOREIGN = "english"  # a way of asking that has sounds of its own
THESAURUS = "thesaurus.tsv"  # words by what they are about: no sentences

# Two language models are mixed: what is asked here, and Indonesian in general.
ERRAND, GENERAL = "errand", "general"

_MONTHS = (
    *("januari", "februari", "maret", "april", "mei", "juni"),
    *("juli", "agustus", "september", "oktober", "november", "desember"),
)
_GROUP_LENGTHS = (1, 2, 3, 4, 4, 4, 6)  # digits said in one breath; a NIK comes in fours


def errand_sentences(assets: Path) -> Iterator[Words]:
    """Every way `assets` knows to name or ask for a service, or for what none here answers."""
    for path in sorted((assets / "catalogue").glob("*.toml")):
        service = _toml(path)
        for name in (service["name"]["id"], *service["aliases"]):
            yield spoken(name)
        for line in _indonesian(service["facts"]):
            yield spoken(line)
    for path in sorted((assets / "catalogue").glob("*.examples.tsv")):
        yield from _questions(path)
    for path in sorted((assets / "lookup").glob("*.tsv")):
        if path.name != THESAURUS:
            yield from filter(_sayable, _questions(path))
    for path in (assets / "events.toml", assets / "categories.toml", assets / "locales/id.toml"):
        for line in _indonesian(_toml(path), key="id"):
            yield spoken(line)
    yield from places(assets)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def typed_questions(assets: Path) -> Iterator[Words]:
    """Questions written in short forms: worth having where nothing but real words remains."""
    for path in sorted((assets / "catalogue").glob("*.examples.tsv")):
        yield from _questions(path, typed=True)


def _questions(path: Path, typed: bool = False) -> Iterator[Words]:
    with path.open(newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not row or row[-1] == "question" or row[0] == FOREIGN:
                continue
            if (row[0] in TYPED) == typed:
                yield spoken(row[1])


def _indonesian(value: Any, key: str = "") -> Iterator[str]:
    """Texts in Indonesian anywhere within a TOML value; with `key`, any text of several words."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "id" and isinstance(inner, str):
                yield inner
            elif isinstance(inner, str):
                if key and " " in inner:
                    yield re.sub(r"\{[^}]*\}|https?:\S+", " ", inner)
            else:
                yield from _indonesian(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _indonesian(inner, key)


def _sayable(sentence: Words) -> bool:
    """Whether no word of it is mere keys, "dsfsdf": questions to be refused hold such."""
    return not any(
        len(word) > 5 and not re.search("[aiueo]", word) and word not in words.SAID
        for word in sentence
    )


def places(assets: Path) -> Iterator[Words]:
    """The city's kecamatan and kelurahan, alone and as people place themselves."""
    for line in (assets / "regions.tsv").read_text().splitlines()[1:]:
        _, level, name, _ = line.split("\t")
        said = spoken(name)
        yield from (said, (level, *said), ("warga", *said), ("di", *said), ("dari", *said))


def numbers(seed: int = 7) -> Iterator[Words]:
    """Groups of digits, dates and house numbers, drawn with a fixed seed."""
    draw = random.Random(seed)
    for _ in range(400):
        length = draw.choice(_GROUP_LENGTHS)
        yield tuple(draw.choice(DIGIT_WORDS) for _ in range(length))
    for _ in range(200):
        day, month = number_words(draw.randint(1, 31)), draw.choice(_MONTHS)
        yield ("tanggal", *day, month)
        yield (*day, month, *number_words(draw.randint(1935, 2027)))
        yield ("rt", *number_words(draw.randint(1, 12)), "rw", *number_words(draw.randint(1, 20)))
        yield ("jam", *number_words(draw.randint(1, 12)))
        yield (*number_words(draw.randint(1, 99)), draw.choice(["tahun", "bulan", "hari", "ribu"]))


def general_sentences(text: Path | None) -> Iterator[Words]:
    """Sentences of everything else: every `*.txt` under `text`, one a line."""
    for path in sorted(text.glob("*.txt")) if text else ():
        for line in path.read_text().splitlines():
            yield from filter(None, (spoken(part) for part in re.split(r"[.!?;]\s|\"+", line)))


def speech_words(speech: Path | None) -> set[str]:
    """Words said in recordings that may be used: in the lexicon, but their sentences in no language
    model. A word of somebody who did not agree would be found in every model that is shipped."""
    if speech is None:
        return set()
    return {word for row in speech_rows(speech) for word in spoken(row["transcript"])}


def list_of_sentences(path: Path) -> list[str]:
    """A list of test sentences: the last column of each line that is no remark."""
    lines = lines_of(path)
    return [line.split("\t")[-1] for line in lines if line and not line.startswith("#")]


def write_text(
    work: Path, assets: Path, text: Path | None, speech: Path | None, left_out: Iterable[str] = ()
) -> tuple[int, int]:
    """Write WORK/lm-text.txt and WORK/vocabulary.txt; returns how many sentences and words."""
    errands = [*errand_sentences(assets), *numbers()]
    general = list(general_sentences(text))
    known = {word for sentence in (*errands, *general) for word in sentence}
    known |= set(words.EVERYDAY)
    known |= speech_words(speech)
    errands += [asked for asked in typed_questions(assets) if known.issuperset(asked)]
    secret = {spoken(sentence) for sentence in left_out}
    kept = [  # once each: smoothing counts how often a word follows in different sentences
        (kind, sentence)
        for kind, sentences in ((ERRAND, errands), (GENERAL, general))
        for sentence in dict.fromkeys(sentences)
        if sentence and sentence not in secret
    ]
    work.mkdir(parents=True, exist_ok=True)
    lines = (f"{kind}\t{' '.join(sentence)}\n" for kind, sentence in kept)
    (work / "lm-text.txt").write_text("".join(lines))
    (work / "vocabulary.txt").write_text("".join(f"{word}\n" for word in sorted(known)))
    return len(kept), len(known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--assets", type=Path, default=CHECKOUT / "assets")
    parser.add_argument("--text", type=Path, default=CHECKOUT.parent / "shared/text")
    parser.add_argument("--speech", default=str(CHECKOUT.parent / "shared/speech"))
    parser.add_argument("--leave-out", type=Path, help="sentences, the last column of a line")
    options = parser.parse_args()
    speech = Path(options.speech)
    try:
        left_out = list_of_sentences(options.leave_out) if options.leave_out else ()
        sentences, known = write_text(
            options.work,
            options.assets,
            options.text if options.text.is_dir() else None,
            speech if speech.is_dir() else None,
            left_out,
        )
    except (OSError, ValueError) as error:
        print(f"text: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{sentences} sentences, {known} words")


if __name__ == "__main__":
    main()
