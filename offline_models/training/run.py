"""The whole recipe, from words to a scored model; stages whose inputs are unchanged are skipped.

    python -m offline_models.training.run --work DIR [--speech DIR|none] [--noise DIR] [--text DIR]
        [--minutes N] [--from MODEL] [--only graph] [--out DIR]

A stopped run goes on where it was, on the same recordings and sentences: on others it is refused.
--from goes on from a packaged model, on a machine that has no state of its training. --only graph
rebuilds what follows from words (after a service was added to the catalogue) with the network that
is there, or that of --from or --out, in under a minute. `make train` calls this.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from offline_models.training.recordings import MANIFEST
from offline_models.training.stage import BAD_INPUT, BEGUN, CHECKOUT, HERE, Stage, call, environment
from offline_models.training.tables import BadInput

SHARED = CHECKOUT.parent / "shared"
SYNTHETIC_PASSES = 2
MINUTES = 360  # of training; the last sixth with a falling rate
SUPPLIERS = 1
DEV_SCORE_S = 3600
HELD_OUT = HERE / "held_out.tsv"
WORDS = tuple(
    HERE / name for name in ("words.py", "words.toml", "spoken.py", "lexicon.py", "phones.py")
)
SPEECH_READERS = tuple(HERE / name for name in ("recordings.py", "tables.py", "corrections.tsv"))
ASSETS = CHECKOUT / "assets"
SAID = (  # all that text.py reads of what citizens say
    *(ASSETS / name for name in ("catalogue", "lookup", "events.toml", "categories.toml")),
    *(ASSETS / name for name in ("locales/id.toml", "regions.tsv")),
)
NETWORK, CARD = "am/final.mdl", "README.md"  # of a packaged model


@contextmanager
def supply(work: Path) -> Iterator[None]:
    """Batches are made beside the training, by processes of lower priority."""
    seed = int(time.time()) % 1_000_000 if (work / "checkpoint.pt").is_file() else 0
    command = [sys.executable, "-m", "offline_models.training.augment", "--work", str(work)]
    suppliers = [
        subprocess.Popen(
            ["nice", "-n", "5", *command, "--seed", str(seed + number)],
            cwd=CHECKOUT,
            env=environment(),
        )
        for number in range(SUPPLIERS)
    ]
    try:
        yield
    finally:
        for supplier in suppliers:
            supplier.terminate()
            supplier.wait(timeout=30)


def taught_on(stages: Iterable[Stage]) -> str:
    """The key of all speech that a training hears."""
    return " ".join(one.key() for one in stages if one.module in ("recordings", "synthesis"))


def refuse_other(work: Path, taught: str) -> None:
    """Exit with one line where WORK's training, finished or not, heard something else."""
    done = work / "trained"
    if done.is_file() and done.read_text().removeprefix(BEGUN) != taught:
        sys.exit(
            f"{work}: its training heard other recordings or sentences: delete that folder, name "
            "another --work, or take --only graph if only words changed"
        )


def train(work: Path, minutes: float, base: Path | None = None, taught: str = "") -> None:
    """Train for so long, the last sixth of it with a falling rate; then WORK/trained holds `taught`
    (what `taught_on` tells). Exits with one line where it was begun on something else."""
    refuse_other(work, taught)
    done = work / "trained"
    if done.is_file() and done.read_text() == taught:
        print("train: done before (delete WORK/trained to go on)", flush=True)
        return
    done.write_text(BEGUN + taught)
    with supply(work):
        more = ("--base", str(base)) if base else ()
        call("train", "--work", str(work), "--minutes", str(minutes), *more)
    done.write_text(taught)


def words_stages(work: Path, speech: Path | None, text: Path | None) -> list[Stage]:
    """What follows from words alone: language model text, lexicon, decoding graph."""
    in_work = ("--work", str(work))
    text_arguments = ("--text", str(text or "none"), "--speech", str(speech or "none"))
    recorded = (*SPEECH_READERS, speech / MANIFEST) if speech else ()
    texts = (*SAID, HELD_OUT, *WORDS, *recorded, *filter(None, (text,)))
    return [
        Stage(
            "text",
            (*in_work, *text_arguments, "--leave-out", str(HELD_OUT)),
            texts,
            (work / "lm-text.txt", work / "vocabulary.txt"),
        ),
        Stage("lexicon", in_work, (*WORDS, work / "vocabulary.txt"), (work / "lexicon.tsv",)),
        Stage(
            "graph",
            in_work,
            (work / "lexicon.tsv", work / "lm-text.txt", HERE / "ngrams.py"),
            (work / "graph" / "HCLr.fst", work / "graph" / "Gr.fst"),
        ),
    ]


def sound_stages(
    work: Path, speech: Path | None, noise: Path, text: Path | None, passes: int
) -> list[Stage]:
    """Recordings, synthetic speech and what the training needs to know of them beforehand."""
    in_work = ("--work", str(work))
    corpora = work / "corpora"
    real = (("--speech", str(speech)), (speech / MANIFEST,)) if speech else ((), ())
    synthetic = tuple(corpora / f"synthetic-{number}.tsv" for number in range(passes))
    heard = (corpora / "noise.tsv", *((corpora / "real.tsv",) if speech else ()))
    stages = [
        Stage(
            "recordings",
            (*in_work, *real[0], "--noise", str(noise)),
            (*SPEECH_READERS, *real[1], noise / MANIFEST),
            heard,
            ("corpora/real.*",),
        ),
        Stage(
            "synthesis",
            (*in_work, "--passes", str(passes), *(("--text", str(text)) if text else ())),
            (HELD_OUT, *WORDS, HERE / "text.py", *SAID, *filter(None, (text,))),
            synthetic,
            ("corpora/synthetic-*",),
        ),
        Stage("numerator", in_work, (*WORDS, *heard, *synthetic), (work / "bigram.npy",)),
    ]
    if speech:
        stages.append(Stage("augment", (*in_work, "--dev"), (*heard,), (work / "dev",)))
    return stages


def deliver(work: Path, out: Path, scored: bool) -> None:
    """The network and the graph as one folder for Vosk, with its figures."""
    in_work = ("--work", str(work))
    call("export", *in_work, "--net", str(work / "net"), "--out", str(work / "final.mdl"))
    call("package", *in_work, "--out", str(out))
    if scored:
        call("score", *in_work, "--model", str(out), timeout_s=DEV_SCORE_S)
        call("package", *in_work, "--out", str(out))  # again: now the card has the figures


def deliver_graph(work: Path, out: Path, model: Path | None) -> None:
    """The new graph with the network of WORK, or of the packaged `model`. Raises BadInput."""
    if model is None and (work / "net.npz").is_file():
        deliver(work, out, scored=False)
        return
    base = model or out
    if not (base / NETWORK).is_file():
        raise BadInput(f"{base}: no {NETWORK}, and {work} has no net: name a model with --from")
    shutil.copyfile(base / NETWORK, work / "final.mdl")
    card = (base / CARD).read_text() if (base / CARD).is_file() else ""
    call("package", "--work", str(work), "--out", str(out))
    if card:  # it has this network's figures, of which WORK knows nothing
        new = (out / CARD).read_text()
        for changed in (r"[\d,]+ words in [\d,]+ pronunciations", r"[\d.]+ MB in all"):
            card = re.sub(changed, re.findall(changed, new)[0], card, count=1)
        (out / CARD).write_text(card)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=CHECKOUT / ".training")
    parser.add_argument("--speech", default=str(SHARED / "speech"), help='a folder, or "none"')
    parser.add_argument("--noise", type=Path, default=SHARED / "noise")
    parser.add_argument("--text", type=Path, default=SHARED / "text")
    parser.add_argument("--out", type=Path, default=HERE.parent / "id-small")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--passes", type=int, default=SYNTHETIC_PASSES)
    parser.add_argument("--from", type=Path, dest="model", help="a packaged model to go on from")
    parser.add_argument("--only", choices=("graph",))
    return parser


def folder(name: str | Path, why: str) -> Path | None:
    """A folder that must exist unless it is "none". Raises BadInput."""
    if str(name) == "none":
        return None
    path = Path(name)
    if not path.is_dir():
        raise BadInput(f"{path}: no such folder: name the one with {why}")
    return path


def make(wish: argparse.Namespace) -> None:
    """All of it, or what follows from words. Raises BadInput."""
    speech = folder(wish.speech, "recordings and manifest.tsv, or say --speech none")
    text = wish.text if wish.text.is_dir() else None
    wish.work.mkdir(parents=True, exist_ok=True)
    stages = words_stages(wish.work, speech, text)
    if wish.only == "graph":
        for stage in stages:
            stage.run(wish.work)
        deliver_graph(wish.work, wish.out, wish.model)
        return
    noise = folder(wish.noise, "noises and manifest.tsv")
    if noise is None:
        raise BadInput("--noise: a folder is needed, no hall is silent")
    stages += sound_stages(wish.work, speech, noise, text, wish.passes)
    taught = taught_on(stages)
    refuse_other(wish.work, taught)  # before what it heard is deleted
    for stage in stages:
        stage.run(wish.work)
    if wish.model and (wish.work / "checkpoint.pt").is_file():
        print(f"{wish.work / 'checkpoint.pt'} goes on: --from was read when it began", flush=True)
    elif wish.model:
        call("restore", "--work", str(wish.work), "--model", str(wish.model))
    train(wish.work, wish.minutes, taught=taught)
    deliver(wish.work, wish.out, scored=speech is not None)


def main() -> None:
    try:
        make(options().parse_args())
    except (OSError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
