"""How words are said: rules for Indonesian spelling, which is close to its sounds, with variants.

    python -m offline_models.training.lexicon --work DIR     vocabulary.txt -> lexicon.tsv

The rules know what the letters leave open: a written e is é (meja) or ê (besar), a final k is often
a glottal stop, an h may fall, f is said p by many. Abbreviations are spelt by the names of letters,
loanwords said as words.toml has them.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from offline_models.training import words
from offline_models.training.phones import GARBAGE

VARIANT_LIMIT = 6  # pronunciations of one word: more of them cost the graph more than they find
OPEN_LIMIT = 7  # open letters read both ways; in a longer word the first ones are read as usual
SHORT = 4  # letters: a word this short loses none of its sounds
UNKNOWN_WORD = "[unk]"

Phones = tuple[str, ...]
# What a piece of spelling may sound like: phones and what the choice costs (0: the usual one).
Choices = tuple[tuple[Phones, int], ...]


def _fixed(*phones: str) -> Choices:
    return ((phones, 0),)


_E = (("e",), 0), (("@",), 1)
_SCHWA = (("@",), 0), (("e",), 1)
_SCHWA_PREFIX = (("@",), 0), (("e",), 2)

# Longest spelling first. After this a letter stands for itself.
_RULES: tuple[tuple[str, Choices], ...] = (
    ("ngg", _fixed("ng", "g")),
    ("eu", ((("@",), 0), (("e", "u"), 1))),  # Sundanese "leungit"; Indonesian "museum"
    ("aa", ((("a", "q", "a"), 0), (("a",), 1))),
    ("ng", _fixed("ng")),
    ("ny", _fixed("ny")),
    ("sy", ((("sy",), 0), (("s",), 1))),
    ("sh", ((("sy",), 0), (("s",), 1))),
    ("sch", _fixed("s", "k")),
    ("kh", ((("kh",), 0), (("k",), 1), (("h",), 1))),
    ("ch", _fixed("c")),
    ("gh", _fixed("g")),
    ("dh", _fixed("d")),
    ("th", _fixed("t")),
    ("ph", _fixed("f")),
    ("tj", _fixed("c")),
    ("dj", _fixed("j")),
    ("oe", ((("o", "e"), 0), (("u",), 1))),
    ("nk", _fixed("ng", "k")),
    ("f", ((("f",), 0), (("p",), 1))),
    ("v", ((("f",), 0), (("p",), 1))),
    ("z", ((("z",), 0), (("j",), 1), (("s",), 2))),
    ("x", _fixed("k", "s")),
    ("q", ((("k",), 0), (("q",), 1))),
    ("é", _fixed("e")),
    ("è", _fixed("e")),
    ("ê", _fixed("@")),
)
_FINAL: tuple[tuple[str, Choices], ...] = (
    ("ai", ((("a", "i"), 0), (("e",), 1))),  # sampai, sampe
    ("au", ((("a", "u"), 0), (("o",), 1))),  # kalau, kalo
    ("k", ((("k",), 0), (("q",), 0))),
    ("h", ((("h",), 0), ((), 1))),
    ("d", ((("t",), 0), (("d",), 1))),
    ("b", ((("p",), 0), (("b",), 1))),
)
_VOWEL_LETTERS = "aiueoéèê"
_PREFIX = re.compile(r"(?:me|pe|be|te|ke|se|di[pkst]e|memp?e|kese|sepe|dibe|dike|dise|dite)")
_SURE_CLITICS = ("nya", "nye", "ne", "na", "ku", "mu")
_CLITICS = (*_SURE_CLITICS, "lah", "kah", "an", "in", "e")
_H_ENDINGS = ("nya", "nye", "kan", "lah", "kah", "mu", "ku")
_ONSETS = frozenset(
    [
        *("ng", "ny", "mb", "nd", "nj", "nt", "nc", "mp", "kr", "tr", "pr", "br", "dr", "gr"),
        *("pl", "bl", "kl", "gl", "st", "str", "sk", "sp", "sl"),
    ]
)


def pronunciations(word: str) -> list[Phones]:
    """Ways to say `word`, the usual one first; at most VARIANT_LIMIT. Hyphens join what they part.

    Raises ValueError when a letter is no Indonesian one (digits are to be written out before).
    """
    word = word.lower().replace("’", "'")
    said = words.SAID.get(word) or _spelt(word) or _with_clitic(word) or (word,)
    found: dict[Phones, int] = {}
    for place, respelling in enumerate(said):
        for phones, cost in _by_rule(respelling):
            found[phones] = min(cost + place, found.get(phones, 99))
    return sorted(found, key=lambda phones: found[phones])[:VARIANT_LIMIT]


def is_abbreviation(word: str) -> bool:
    """Whether `word` is said by its letters: listed as such, or without a vowel."""
    return word in words.SPELT or not re.search("[aiueoéèê]", word)


def _spelt(word: str) -> tuple[str, ...]:
    return (words.letters(word),) if is_abbreviation(word) else ()


def _with_clitic(word: str) -> tuple[str, ...]:
    """Ways to say a known word with an ending: ktpnya, kkne, bpjsku, emailnya."""
    for clitic in _CLITICS:
        stem = word.removesuffix(clitic)
        if stem == word or len(stem) < 2 or stem in _ONSETS:
            continue
        ways = words.SAID.get(stem) or _spelt(stem)
        if ways and (len(stem) > 2 or (clitic in _SURE_CLITICS and stem not in words.SPELT)):
            return tuple(f"{way} {clitic}" for way in ways)
    return ()


def _by_rule(respelling: str) -> list[tuple[Phones, int]]:
    """Every reading of a spelling that may hold spaces, cheapest first."""
    slots = [slot for part in respelling.split() for slot in _slots(part)]
    open_slots = [place for place, slot in enumerate(slots) if len(slot) > 1]
    for place in open_slots[:-OPEN_LIMIT]:
        slots[place] = slots[place][:1]
    readings = []
    for choice in product(*slots):
        phones = tuple(phone for piece, _ in choice for phone in piece)
        if phones:
            readings.append((phones, sum(cost for _, cost in choice)))
    readings.sort(key=lambda reading: reading[1])
    return readings[: 4 * VARIANT_LIMIT]


def _slots(word: str) -> Iterator[Choices]:
    word = word.replace("-", "").replace("'", "")
    word = re.sub(r"([bcdfhjklmnprstwyz]|(?<!n)g)\1", r"\1", word)  # massa, but not tinggal
    start = 0
    while start < len(word):
        spelling, choices = _piece(word, start)
        yield choices
        start += len(spelling)


def _piece(word: str, start: int) -> tuple[str, Choices]:
    rest = word[start:]
    for spelling, choices in _FINAL:
        if rest == spelling and start and (len(spelling) == 1 or len(word) > SHORT):
            return spelling, choices
    for spelling, choices in _RULES:
        if rest.startswith(spelling):
            return spelling, choices
    letter = rest[0]
    after = rest[1:2]
    before = word[start - 1] if start else ""
    if letter == "e":
        return "e", _e_choices(word, start)
    if letter == "k" and before in _VOWEL_LETTERS and before and after and after in "bcdgmnpty":
        return "k", ((("k",), 0), (("q",), 1))  # rakyat, banyaknya
    if letter == "h":
        return "h", _h_choices(before, rest, len(word) > SHORT)
    if letter == "c" and after and after in "klrt":
        return "c", _fixed("k")  # foreign: clear, direct
    if letter in words.LETTERS:
        return letter, _fixed(letter)
    raise ValueError(f"{word!r} has {letter!r}, which is no letter of the spelling rules")


def _h_choices(before: str, rest: str, may_fall_first: bool) -> Choices:
    if not before:
        return ((("h",), 0), ((), 2))[: 1 + may_fall_first]  # hilang, ilang
    between = before in _VOWEL_LETTERS and rest[1:2] in _VOWEL_LETTERS and before != rest[1]
    if between or rest[1:] in _H_ENDINGS:
        return ((("h",), 0), ((), 1))  # lihat, sesudahnya
    return _fixed("h")


def _e_choices(word: str, start: int) -> Choices:
    if _PREFIX.match(word) and start == word.index("e") and len(word) > 6:
        return _SCHWA_PREFIX
    if any(letter in _VOWEL_LETTERS for letter in word[start + 1 :]):
        return _SCHWA
    return _E  # in the last syllable é is usual, but for Betawi and Javanese (dateng)


def lexicon(vocabulary: Iterable[str]) -> list[tuple[str, Phones]]:
    """Every word, sorted, with every way to say it; the unknown word is the garbage phone."""
    entries: list[tuple[str, Phones]] = [(UNKNOWN_WORD, (GARBAGE,))]
    for word in sorted(set(vocabulary)):
        entries += [(word, phones) for phones in pronunciations(word)]
    return entries


def write_lexicon(work: Path) -> Path:
    """Write WORK/lexicon.tsv (word, tab, phones parted by spaces) for the words that the stage
    `text` found; returns its path. Raises FileNotFoundError when that stage has not run.
    """
    entries = lexicon((work / "vocabulary.txt").read_text().split())
    path = work / "lexicon.tsv"
    path.write_text("".join(f"{word}\t{' '.join(phones)}\n" for word, phones in entries))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path(".training"))
    try:
        print(write_lexicon(parser.parse_args().work))
    except (OSError, ValueError) as error:
        print(f"lexicon: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
