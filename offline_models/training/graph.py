"""The decoding graph: sounds to words (HCLr), and which words follow which (Gr).

    python -m offline_models.training.graph --work DIR

Reads DIR/lexicon.tsv and DIR/lm-text.txt, writes DIR/graph. The two halves are put together by Vosk
while it listens, so that a grammar given at run time can take the place of Gr. Needs kaldifst and
Debian's libfst-tools with libfst22-plugins-base (they belong to training only).
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import kaldifst  # type: ignore[import-not-found]  # belongs to the training environment only

from offline_models.training.lexicon import UNKNOWN_WORD
from offline_models.training.ngrams import END, START, Gram, Mixture, Part, Smoothed
from offline_models.training.phones import PHONE_ID, PHONES, SILENCE
from offline_models.training.text import ERRAND

EPSILON = "<eps>"
PLUGINS = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/fst/22"  # where Debian has them
SILENCE_COST = math.log(2.0)  # a pause between two words is as likely as none
VARIANT_COST = 0.2  # a further pronunciation costs this much more than the one before
# Nats that a word costs, [unk] and silence nothing: without it half of the words of those who talk
# in the pauses were taken down, and hardly one less of the speaker's own is lost with it.
WORD_COST = 1.5
UNKNOWN_SHARE = 0.002  # of all words said, when no grammar is given
ERRAND_SHARE = 0.75  # the rest is general Indonesian
LEAST_GAIN = 3e-7  # nats a word that two or three words in a row must tell, to be worth their bytes

Arc = tuple[int, int, float, int]  # input label, output label, cost, state it leads to


class ToolMissing(RuntimeError):
    """libfst-tools or its plug-ins are not installed."""


@dataclass
class Fst:
    """States numbered from 0 (where it starts), their arcs, and the cost of ending in one."""

    arcs: list[list[Arc]] = field(default_factory=lambda: [[]])
    finals: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, source: int, heard: int, said: int, cost: float, target: int) -> None:
        self.arcs[source].append((heard, said, cost, target))

    def kaldi(self) -> "kaldifst.StdVectorFst":
        fst = kaldifst.StdVectorFst()
        for _ in self.arcs:
            fst.add_state()
        fst.start = 0
        for source, arcs in enumerate(self.arcs):
            for heard, said, cost, target in arcs:
                fst.add_arc(source, kaldifst.StdArc(heard, said, cost, target))
        for state, cost in self.finals.items():
            fst.set_final(state, cost)
        return fst

    @classmethod
    def of(cls, fst: "kaldifst.StdVectorFst") -> "Fst":
        read = cls([[] for _ in range(fst.num_states)])
        for state in range(fst.num_states):
            for arc in kaldifst.ArcIterator(fst, state):
                read.arc(state, arc.ilabel, arc.olabel, arc.weight.value, arc.nextstate)
            cost = fst.final(state).value
            if not math.isinf(cost):
                read.finals[state] = cost
        assert fst.start == 0
        return read


def read_lexicon(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """(word, phone ids) of every pronunciation; raises ValueError for a line with another sound."""
    entries = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        word, _, phones = line.partition("\t")
        if not phones or not PHONE_ID.keys() >= set(phones.split()):
            raise ValueError(f"{path}, line {number}: {line!r} is no word, tab and known sounds")
        entries.append((word, tuple(PHONE_ID[phone] for phone in phones.split())))
    return entries


def lexicon_fst(
    entries: list[tuple[str, tuple[int, ...]]], word_id: dict[str, int]
) -> tuple[Fst, int]:
    """Phones to words, any number of them, pauses between; and how many marks it needed.

    A pronunciation that another word shares, or begins with, ends in a mark (labels after the
    phones'), or the graph could not be made deterministic.
    """
    same: dict[tuple[int, ...], int] = defaultdict(int)
    for _, phones in entries:
        same[phones] += 1
    begun = {phones[:length] for _, phones in entries for length in range(1, len(phones))}
    fst = Fst()
    start, between, after_silence = 0, fst.state(), fst.state()
    silence_mark = len(PHONES) + 1
    fst.arc(start, 0, 0, SILENCE_COST, between)
    fst.arc(start, PHONE_ID[SILENCE], 0, SILENCE_COST, after_silence)
    fst.arc(after_silence, silence_mark, 0, 0.0, between)
    used: dict[tuple[int, ...], int] = defaultdict(int)
    ways: dict[str, int] = defaultdict(int)
    marks = 1
    for word, phones in entries:
        sounds = list(phones)
        if same[phones] > 1 or phones in begun:
            used[phones] += 1
            marks = max(marks, 1 + used[phones])
            sounds.append(silence_mark + used[phones])
        said, cost = word_id[word], VARIANT_COST * ways[word]
        cost += WORD_COST if word != UNKNOWN_WORD else 0.0
        ways[word] += 1
        here = between
        for sound in sounds[:-1]:
            there = fst.state()
            fst.arc(here, sound, said, cost, there)
            here, said, cost = there, 0, 0.0
        fst.arc(here, sounds[-1], said, cost, start)
    fst.finals = {between: 0.0}  # after a word, or the pause behind it
    return fst, marks


def hmm_fst(lexicon: Fst) -> Fst:
    """Transition ids to words: every phone entered by its forward transition, then its loop.

    Kaldi's numbering: phone p loops by 2p-1 and is entered by 2p; marks follow after all of them.
    A state that several phones lead to is split, since each has a loop of its own; one reached by a
    mark has none, or every path would come twice.
    """
    fst = Fst()
    place: dict[tuple[int, int], int] = {(0, 0): 0}
    todo = [(0, 0)]
    while todo:
        state, phone = todo.pop()
        here = place[state, phone]
        if phone:
            fst.arc(here, 2 * phone - 1, 0, 0.0, here)
        if state in lexicon.finals:
            fst.finals[here] = lexicon.finals[state]
        for heard, said, cost, target in lexicon.arcs[state]:
            is_phone = 0 < heard <= len(PHONES)
            there = (target, heard if is_phone else 0)
            if there not in place:
                place[there] = fst.state()
                todo.append(there)
            label = 2 * heard if is_phone else heard and heard + len(PHONES)
            fst.arc(here, label, said, cost, place[there])
    return fst


def words_fst(model: Mixture, word_id: dict[str, int]) -> Fst:
    """The language model as an acceptor; stepping back to a shorter context says nothing."""
    contexts = {gram[:-1] for gram in model.shares if len(gram) > 1} | {()}
    contexts.add((START,))
    fst = Fst()
    place = {context: fst.state() if context != (START,) else 0 for context in sorted(contexts)}

    def longest(context: Gram) -> int:
        while context not in place:
            context = context[1:]
        return place[context]

    for context, state in place.items():
        if context:
            cost = -math.log(model.backoffs.get(context, 1.0))
            fst.arc(state, 0, 0, cost, longest(context[1:]))
    for gram, share in model.shares.items():
        here, cost = place[gram[:-1]], -math.log(share)
        if gram[-1] == END:
            fst.finals[here] = cost
        else:
            word = word_id[gram[-1]]
            fst.arc(here, word, word, cost, longest(gram[-2:] if len(gram) > 1 else gram))
    return fst


def language_model(lines: Iterable[str], vocabulary: set[str]) -> Mixture:
    """The mixed model of WORK/lm-text.txt's lines."""
    texts: dict[bool, list[Gram]] = {True: [], False: []}
    for line in lines:
        kind, _, sentence = line.rstrip("\n").partition("\t")
        texts[kind == ERRAND].append(tuple(sentence.split()))
    size = len(vocabulary) + 1
    share = ERRAND_SHARE if texts[False] else 1.0
    parts: list[Part] = [(share, Smoothed(texts[True], size))]
    if texts[False]:
        parts.append((1.0 - share, Smoothed(texts[False], size)))
    unknown = {UNKNOWN_WORD: UNKNOWN_SHARE}
    return Mixture(parts, vocabulary - set(unknown), unknown, LEAST_GAIN)


def build(work: Path) -> Path:
    """Write WORK/graph; returns it. Raises OSError, ValueError, ToolMissing."""
    entries = read_lexicon(work / "lexicon.tsv")
    vocabulary = {word for word, _ in entries}
    word_id = {word: number for number, word in enumerate(sorted(vocabulary), start=1)}
    out = work / "graph"
    (out / "phones").mkdir(parents=True, exist_ok=True)

    fst, marks = lexicon_fst(entries, word_id)
    determined = fst.kaldi()
    kaldifst.determinize_star(determined)
    kaldifst.minimize_encoded(determined)
    sounds = hmm_fst(Fst.of(determined)).kaldi()
    kaldifst.arcsort(sounds, "olabel")
    sounds.write(str(out / "HCL.fst"))
    relabel = out / "relabel"
    _fstconvert(
        "--fst_type=olabel_lookahead", f"--save_relabel_opairs={relabel}",
        str(out / "HCL.fst"), str(out / "HCLr.fst"),
    )  # fmt: skip
    (out / "HCL.fst").unlink()
    new_ids = [line.split() for line in relabel.read_text().splitlines()]
    relabel.unlink()
    new_id = {int(old): int(new) for old, new in new_ids}
    word_id = {word: new_id[number] for word, number in word_id.items()}

    with (work / "lm-text.txt").open() as lines:
        grammar = words_fst(language_model(lines, vocabulary), word_id).kaldi()
    kaldifst.arcsort(grammar, "ilabel")
    grammar.write(str(out / "G.fst"))
    _fstconvert("--fst_type=const", str(out / "G.fst"), str(out / "Gr.fst"))
    (out / "G.fst").unlink()

    listed = [(EPSILON, 0), *sorted(word_id.items(), key=lambda item: item[1])]
    (out / "words.txt").write_text("".join(f"{word} {number}\n" for word, number in listed))
    first_mark = 2 * len(PHONES) + 1
    marked = range(first_mark, first_mark + marks)
    (out / "disambig_tid.int").write_text("".join(f"{mark}\n" for mark in marked))
    (out / "phones/silence.csl").write_text(f"{PHONE_ID[SILENCE]}\n")
    return out


def _fstconvert(*arguments: str) -> None:
    if shutil.which("fstconvert") is None or not Path(PLUGINS).is_dir():
        raise ToolMissing("install Debian's libfst-tools and libfst22-plugins-base")
    libraries = os.pathsep.join(filter(None, [PLUGINS, os.environ.get("LD_LIBRARY_PATH")]))
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
    subprocess.run(["fstconvert", *arguments], check=True, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path(".training"))
    try:
        out = build(parser.parse_args().work)
    except (OSError, ValueError, ToolMissing) as error:
        print(f"graph: {error}", file=sys.stderr)
        sys.exit(2)
    for path in sorted(out.glob("*.fst")):
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
