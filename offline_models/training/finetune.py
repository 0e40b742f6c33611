"""Teaches a finished model the voices of a folder of recordings, and tells what it gained.

    python -m offline_models.training.finetune --work DIR --speech FOLDER [--model DIR]

FOLDER has manifest.tsv (path, transcript, speaker, consent); rows without consent "yes" are not
read. Everything is made anew in DIR/finetune, from the shipped model and never from an earlier
fine-tune: a speaker removed from the folder is gone at the next run. One speaker in ten is kept
back to compare before and after. The result is DIR/finetune/model; the old one stays in its place.
"""

import argparse
import json
import shutil
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offline_models.training import run
from offline_models.training.export import SCORES
from offline_models.training.recordings import MANIFEST, SPLITS, speech_rows
from offline_models.training.stage import BAD_INPUT, CHECKOUT, HERE, call
from offline_models.training.tables import BadInput

if TYPE_CHECKING:
    from offline_models.training.network import Layer

MINUTES = 30
CONDITIONS = ("clean", "noise5", "babble10")
SYNTHETIC_LIMIT = 4000  # sentences said by synthesisers, so that the other words are not forgotten
SPEAKERS_MIN = 2


def read_model(path: Path) -> dict[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Layer name -> weight and bias of the net in a `final.mdl` that export.py wrote. Raises
    ValueError."""
    data = path.read_bytes()
    mark, found = b"<ComponentName> ", {}
    at = data.find(mark)
    while at >= 0:
        name, _, rest = data[at + len(mark) :][:80].partition(b" ")
        if rest.startswith(b"<FixedAffineComponent> <LinearParams> CM2 "):
            at = data.index(b"CM2 ", at) + 4
            lowest, reach, rows, columns = struct.unpack_from("<ffii", data, at)
            steps = np.frombuffer(data, "<u2", rows * columns, at + 16).reshape(rows, columns)
            weight = (lowest + steps.astype(np.float64) * (reach / 65535)).astype(np.float32)
            at = data.index(b"FV ", at + 16 + steps.nbytes) + 3
            (size,) = struct.unpack_from("<i", data, at + 1)
            bias = np.frombuffer(data, "<f4", size, at + 5)
            found[name.decode().removesuffix(".affine")] = (weight, bias)
            at += 5 + bias.nbytes
        at = data.find(mark, at + 1)
    if "output" not in found:
        raise ValueError(f"{path}: holds no net that export.py wrote")
    found["output"] = (found["output"][0] / SCORES, found["output"][1] / SCORES)
    return found


def plain_state(
    plan: "Sequence[Layer]", model: Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]
) -> dict[str, Any]:
    """The weights of a packaged model as a net's state whose norms change nothing.

    Raises ValueError where a layer is not one of `plan`.
    """
    import torch  # type: ignore[import-not-found]  # the training environment's

    from offline_models.training.network import Net

    state: dict[str, Any] = Net(list(plan)).state_dict()
    for name, (weight, bias) in model.items():
        place = "output.weight" if name == "output" else f"weights.{name}"
        if place not in state or tuple(state[place].shape) != weight.shape:
            raise ValueError(f"layer {name} is not one of this recipe's network")
        state[place] = torch.from_numpy(weight.copy())
        if name == "output":
            state["output.bias"] = torch.from_numpy(bias.copy())
        elif f"norms.{name}.bias" in state:
            state[f"norms.{name}.bias"] = torch.from_numpy(bias.copy())
            state[f"norms.{name}.running_var"].fill_(1 - 1e-5)
    return state


def write_base(model: Path, base: Path) -> None:
    """The weights of a packaged model as a checkpoint to teach new voices from."""
    import torch

    from offline_models.training.network import layers

    try:
        state = plain_state(layers(), read_model(model / "am" / "final.mdl"))
    except ValueError as error:
        raise ValueError(f"{model}: {error}") from None
    torch.save({"mean_net": state}, base)


def check(speech: Path) -> None:
    """Raises BadInput when the folder cannot teach anything, or does not say who agreed."""
    table = speech / MANIFEST
    rows = speech_rows(speech)
    if any("consent" not in row for row in rows):
        raise BadInput(
            f"{table}:1: no column consent: write yes for each recording whose speaker agreed"
        )
    speakers = {row["speaker"] for row in rows}
    if len(speakers) < SPEAKERS_MIN:
        raise BadInput(
            f"{table}: {len(speakers)} speaker(s) with consent yes: at least "
            f"{SPEAKERS_MIN} are needed, one of them to compare before and after"
        )
    if lacking := [split for split in SPLITS if split not in {row["split"] for row in rows}]:
        raise BadInput(f"{table}: split: no speaker has {lacking[0]}: write it for some")
    for row in rows:
        if not (speech / row["path"]).is_file():
            raise BadInput(f"{row['place']}: path: {row['path']}: no such file: mend the line")


def finetune(
    work: Path, speech: Path, model: Path, noise: Path, text: Path | None, minutes: float
) -> None:
    """All of it; prints one JSON object with the figures before and after."""
    own = work / "finetune"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    in_own = ("--work", str(own))
    write_base(model, own / "base.pt")
    said = ("--text", str(text)) if text else ()
    call("recordings", *in_own, "--speech", str(speech), "--noise", str(noise))
    call("synthesis", *in_own, *said, "--passes", "1", "--limit", str(SYNTHETIC_LIMIT))
    call("numerator", *in_own)
    call("augment", *in_own, "--dev")
    for stage in run.words_stages(own, speech, text):
        stage.run(own)
    before = scored(own, model)
    run.train(own, minutes, own / "base.pt")
    run.deliver(own, own / "model", scored=False)
    after = scored(own, own / "model")
    figures = {"before": before, "after": after}
    (own / "finetune.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(f"{'people kept back':28} before  after   (word errors in per cent)")
    for name, old in before.items():
        print(f"{name:28} {old['wer']:6.2f} {after[name]['wer']:6.2f}")
    print(f"Better? Then copy {own / 'model'} to the place of {model}.")


def scored(own: Path, model: Path) -> dict[str, Any]:
    out = own / "score.json"
    arguments = ("--work", str(own), "--model", str(model), "--out", str(out))
    call("score", *arguments, "--conditions", *CONDITIONS, timeout_s=run.DEV_SCORE_S)
    figures: dict[str, Any] = json.loads(out.read_text())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=CHECKOUT / ".training")
    parser.add_argument("--speech", required=True, help="folder with manifest.tsv")
    parser.add_argument("--model", type=Path, default=HERE.parent / "id-small")
    parser.add_argument("--noise", type=Path, default=run.SHARED / "noise")
    parser.add_argument("--text", type=Path, default=run.SHARED / "text")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    wish = parser.parse_args()
    try:
        speech = run.folder(wish.speech, "recordings and manifest.tsv")
        noise = run.folder(wish.noise, "noises and manifest.tsv")
        if speech is None or noise is None:
            raise BadInput("a folder of recordings and one of noises are needed")
        if not (wish.model / "am" / "final.mdl").is_file():
            raise BadInput(f"{wish.model}: no model there (am/final.mdl): train or install one")
        check(speech)
        finetune(
            wish.work,
            speech,
            wish.model,
            noise,
            wish.text if wish.text.is_dir() else None,
            wish.minutes,
        )
    except (OSError, ValueError) as error:
        print(f"finetune: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
