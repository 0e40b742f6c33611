"""A state to go on training from, out of a packaged model.

    python -m offline_models.training.restore --work DIR [--model DIR]

A checkpoint stays on the machine that trained, the model is in the repository. Export folds each
norm into the affine before it; here they are taken apart again, over a few batches.
Writes DIR/checkpoint.pt, from which `train` goes on; the optimiser begins afresh. Needs what the
stages before `train` make.
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch  # type: ignore[import-not-found]  # the training environment's

from offline_models.training.augment import Hall, batches, endless
from offline_models.training.finetune import plain_state, read_model
from offline_models.training.network import Layer, Net, layers
from offline_models.training.stage import HERE
from offline_models.training.train import Trainer

BATCHES = 8  # eight minutes of sound
USUAL = 0.11  # root mean square of the weights of a layer before its norm, as training leaves them
STEPS = 10_000  # the running mean is as long as it becomes
APART_MOST = 1e-3  # between the scores of the model and of what is made of it

Weights = Mapping[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]


def unfolded(plan: list[Layer], model: Weights, heard: Sequence[torch.Tensor]) -> Net:
    """A net in evaluation whose scores are the model's, with norms as after a training.

    `heard`: batches of frames × examples × 40. Raises ValueError for a model of another plan.
    """
    folded = Net(plan)
    folded.load_state_dict(plain_state(plan, model))
    folded.eval()
    before: dict[str, list[torch.Tensor]] = {name: [] for name in folded.norms}
    for name, norm in folded.norms.items():
        norm.register_forward_pre_hook(lambda _, given, name=name: before[name].append(given[0]))
    with torch.no_grad():
        for features in heard:
            folded(features)
    state = dict(folded.state_dict())
    every = torch.cat([features.flatten(0, 1) for features in heard])
    state["mean"], state["scale"] = every.mean(0), 1 / every.std(0)
    for layer in plan:
        if not layer.relu:
            continue
        weight, norm = state[f"weights.{layer.name}"].double(), f"norms.{layer.name}."
        values, bias = torch.cat(before[layer.name]).double(), state[norm + "bias"].double()
        middle, spread = values.mean(0), values.std(0)
        if layer is plan[0]:  # it hears features as they are, a net in training evened ones
            count = len(layer.offsets)
            shift = weight @ state["mean"].double().repeat(count)
            middle, bias = middle - shift, bias + shift
            weight = weight / state["scale"].double().repeat(count)
        larger = USUAL / weight.square().mean().sqrt()  # the norm takes it back
        state[f"weights.{layer.name}"] = weight * larger
        state[norm + "running_mean"] = middle * larger
        state[norm + "running_var"] = (spread * larger).square()
        state[norm + "weight"] = ((spread * larger).square() + 1e-5).sqrt() / larger
        state[norm + "bias"] = bias + middle
    net = Net(plan)
    net.load_state_dict({name: value.to(net.state_dict()[name]) for name, value in state.items()})
    net.eval()
    with torch.no_grad():
        apart = max(float((net(one)[0] - folded(one)[0]).abs().max()) for one in heard)
    if apart > APART_MOST:
        raise ValueError(f"the norms cannot be taken out of it again: scores {apart:.4f} apart")
    return net


def restore(work: Path, model: Path) -> None:
    """Writes WORK/checkpoint.pt. Raises ValueError, OSError when `model` is no such one."""
    examples = batches(endless(Hall(work, seed=9)))
    heard = [
        torch.from_numpy(arrays["features"]).float().transpose(0, 1).contiguous()
        for arrays in islice(examples, BATCHES)
    ]
    net = unfolded(layers(), read_model(model / "am" / "final.mdl"), heard)
    trainer = Trainer(work, "cpu")
    state: dict[str, Any] = net.state_dict()
    trainer.net.load_state_dict(state)
    trainer.mean_net.load_state_dict(state)
    trainer.steps = STEPS
    trainer.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--model", type=Path, default=HERE.parent / "id-small")
    wish = parser.parse_args()
    try:
        restore(wish.work, wish.model)
    except (OSError, ValueError) as error:
        raise SystemExit(f"restore: {wish.model}: {error}") from None


if __name__ == "__main__":
    main()
