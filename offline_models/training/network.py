"""The network: affine layers over neighbouring frames, with narrow linear layers between them.

All layers after the first live on every third frame, because Kaldi asks for an output every 30 ms
and computes only what it needs for that. `folded` turns the trained net into plain affines.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch  # type: ignore[import-not-found]  # the training environment's
from torch import nn

from offline_models.training.features import CEPSTRA
from offline_models.training.phones import PDF_COUNT

SUBSAMPLING = 3
WIDTH = 704
NARROW = 160
BLOCKS = 8


@dataclass(frozen=True)
class Layer:
    """One affine over frames at `offsets` (10 ms each); `residual`: a layer added after ReLU."""

    name: str
    out: int
    offsets: tuple[int, ...]
    relu: bool
    residual: str | None = None


def layers(width: int = WIDTH, narrow: int = NARROW, blocks: int = BLOCKS) -> list[Layer]:
    """28 frames of right context: people at a counter do not wait for an answer.

    But 76 of left: who speaks to the kiosk is told from the others by having been louder.
    """
    found = [Layer("l0", width, tuple(range(-4, 5)), relu=True)]
    for number in range(1, blocks + 1):
        back = -3 if number <= blocks // 2 else -6 * (number - blocks // 2)
        found.append(Layer(f"n{number}", narrow, (back, 0), relu=False))
        found.append(Layer(f"l{number}", width, (0, 3), relu=True, residual=f"l{number - 1}"))
    return [*found, Layer("output", PDF_COUNT, (0,), relu=False)]


class _Spliced(torch.autograd.Function):
    """values[t] and values[t + gap] through one affine, without copying them side by side.

    Autograd's own slices cost a third of the training time in zeros and copies.
    """

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, weight: torch.Tensor, gap: int) -> torch.Tensor:
        ctx.save_for_backward(values, weight)
        ctx.gap = gap
        count, batch, size = len(values) - gap, values.shape[1], values.shape[2]
        flat = values.flatten(0, 1)
        out = flat[: count * batch] @ weight[:, :size].t()
        out.addmm_(flat[gap * batch :], weight[:, size:].t())
        return out.view(count, batch, -1)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        values, weight = ctx.saved_tensors
        size, shift = values.shape[2], ctx.gap * values.shape[1]
        slope, flat = slopes[0].flatten(0, 1), values.flatten(0, 1)
        back = torch.empty_like(flat)
        torch.mm(slope, weight[:, :size], out=back[: len(slope)])
        back[len(slope) :] = 0
        back[shift:].addmm_(slope, weight[:, size:])
        own = torch.empty_like(weight)
        own[:, :size] = slope.t() @ flat[: len(slope)]
        own[:, size:] = slope.t() @ flat[shift:]
        return back.view_as(values), own, None


class Net(nn.Module):
    """(frames, batch, 40) features -> (frames / 3, batch, pdfs) scores, and a second head's.

    The second head (`guess`) is trained by cross-entropy beside LF-MMI and thrown away. `number` is
    what the layers between are reckoned in; weights and scores stay float32.
    """

    def __init__(self, plan: list[Layer], number: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.plan = plan
        self.number = number
        self.register_buffer("mean", torch.zeros(CEPSTRA))
        self.register_buffer("scale", torch.ones(CEPSTRA))
        self.weights = nn.ParameterDict()
        self.norms = nn.ModuleDict()
        size = CEPSTRA
        for layer in plan[:-1]:
            weight = torch.empty(layer.out, size * len(layer.offsets))
            nn.init.orthogonal_(weight, 1.4 if layer.relu else 1.0)
            self.weights[layer.name] = nn.Parameter(weight)
            if layer.relu:
                self.norms[layer.name] = nn.BatchNorm1d(layer.out, momentum=0.02)
            size = layer.out
        self.output = nn.Linear(size, plan[-1].out)
        self.guess = nn.Linear(size, plan[-1].out)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.guess.weight)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        left = -sum(min(layer.offsets) for layer in self.plan)
        right = sum(max(layer.offsets) for layer in self.plan)
        values = (features - self.mean) * self.scale
        values = torch.cat(
            [values[:1].expand(left, -1, -1), values, values[-1:].expand(right, -1, -1)]
        )
        first = self.plan[0]
        span = len(first.offsets)
        windows = values.unfold(0, span, SUBSAMPLING).transpose(2, 3).flatten(2).to(self.number)
        start = -(left + first.offsets[0]) // SUBSAMPLING  # of the grid, in grid steps
        values = self._finished(first, windows @ self.weights[first.name].t().to(self.number))
        kept = {first.name: (start, values)}
        for layer in self.plan[1:-1]:
            steps = [offset // SUBSAMPLING for offset in layer.offsets]
            weight = self.weights[layer.name].to(self.number)
            total = _Spliced.apply(values, weight, steps[-1] - steps[0])
            start -= steps[0]
            values = self._finished(layer, total)
            if layer.residual:
                old_start, old = kept[layer.residual]
                values = values + old[start - old_start :][: len(values)]
            kept[layer.name] = (start, values)
        return self.output(values.float()), self.guess(values.float())

    def _finished(self, layer: Layer, values: torch.Tensor) -> torch.Tensor:
        if not layer.relu:
            return values
        normal = self.norms[layer.name](values.flatten(0, 1)).view_as(values)
        return torch.relu(normal)


def folded(net: Net) -> tuple[list[dict[str, Any]], dict[str, npt.NDArray[np.float32]]]:
    """What export.py reads: net.json's layers and net.npz's arrays, norms folded into affines."""
    state: Mapping[str, torch.Tensor] = {k: v.double() for k, v in net.state_dict().items()}
    arrays: dict[str, torch.Tensor] = {}
    for layer in net.plan[:-1]:
        weight = state[f"weights.{layer.name}"]
        bias = torch.zeros(layer.out, dtype=torch.double)
        if layer is net.plan[0]:
            weight = weight * state["scale"].repeat(len(layer.offsets))
            bias = -weight @ state["mean"].repeat(len(layer.offsets))
        if layer.relu:
            norm = f"norms.{layer.name}."
            gain = state[norm + "weight"] / (state[norm + "running_var"] + 1e-5).sqrt()
            bias = (bias - state[norm + "running_mean"]) * gain + state[norm + "bias"]
            weight = weight * gain[:, None]
        arrays[layer.name + ".weight"], arrays[layer.name + ".bias"] = weight, bias
    arrays["output.weight"], arrays["output.bias"] = state["output.weight"], state["output.bias"]
    plan = [{k: v for k, v in asdict(layer).items() if k != "out"} for layer in net.plan]
    return plan, {name: value.float().numpy() for name, value in arrays.items()}
