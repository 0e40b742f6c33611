"""A trained network as Kaldi's nnet3 model file, which Vosk reads.

    python -m offline_models.training.export --work DIR [--net PREFIX] [--out FILE]

Reads PREFIX.npz and PREFIX.json as `train` writes them and writes the binary `final.mdl`: the
transitions of a one-state chain topology, then the layers. A binary file loads fifteen times faster
than the same in text. Only the two file formats are written here; nothing of Kaldi is needed.
"""

import argparse
import json
import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from offline_models.training.phones import PDF_COUNT, PHONES, forward_pdf, loop_pdf

FEATURE_DIM = 40
# Of the net's scores: LF-MMI leaves them surer than they are where others talk, and words of the
# hall outweigh the grammar. Of 200 clips of dev speakers (250 at 1), five people 10 dB below,
# errors of listed sentences are 8.3, 5.2, 3.8, 2.7 % at 1, 0.8, 0.7, 0.6; of all words in quiet
# 2.3, 2.0, 2.9, 4.0.
# Less than this costs the kiosk's ear more refusals, whose thresholds are of the words' confidence.
SCORES = 0.85
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """One affine layer over some frames: `weight` (out, in * len(offsets)), `bias` (out,)."""

    name: str
    offsets: tuple[int, ...]
    relu: bool
    residual: str | None  # the earlier layer whose output is added after the ReLU
    weight: Array
    bias: Array


class BadNet(ValueError):
    """The checkpoint cannot become a model file; says which layer and why."""


def read_net(prefix: Path) -> list[Layer]:
    """The layers of PREFIX.npz + PREFIX.json, checked to fit each other; raises BadNet, OSError."""
    described = json.loads(prefix.with_suffix(".json").read_text())
    with np.load(prefix.with_suffix(".npz")) as arrays:
        layers = [_layer(item, arrays) for item in described["layers"]]
    widths: dict[str, int] = {}
    width = FEATURE_DIM
    for layer in layers:
        if layer.weight.shape != (layer.bias.size, width * len(layer.offsets)):
            raise BadNet(f"layer {layer.name}: weight {layer.weight.shape} does not fit its input")
        width = layer.bias.size
        if layer.residual is not None and widths.get(layer.residual) != width:
            raise BadNet(f"layer {layer.name}: residual {layer.residual} is no such earlier layer")
        if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            raise BadNet(f"layer {layer.name}: holds a number that is not finite")
        widths[layer.name] = width
    if width != PDF_COUNT or layers[-1].relu or layers[-1].residual:
        raise BadNet(f"the last layer must be linear with {PDF_COUNT} outputs, not {width}")
    return layers


def _layer(item: dict[str, Any], arrays: Any) -> Layer:
    name = item["name"]
    return Layer(
        name=name,
        offsets=tuple(item["offsets"]),
        relu=item["relu"],
        residual=item.get("residual"),
        weight=arrays[f"{name}.weight"].astype(np.float32),
        bias=arrays[f"{name}.bias"].astype(np.float32),
    )


def write_model(layers: list[Layer], out: BinaryIO) -> None:
    """Write a `final.mdl` for vosk.Model, its scores SCORES of the net's."""
    last = layers[-1]
    scaled = replace(last, weight=last.weight * SCORES, bias=last.bias * SCORES)
    layers = [*layers[:-1], scaled]
    kaldi = _Kaldi(out)
    out.write(b"\0B")
    _write_transitions(kaldi)
    _write_network(kaldi, layers)
    left, right = _context(layers)
    kaldi.token("<LeftContext>").integer(left)
    kaldi.token("<RightContext>").integer(right)
    kaldi.token("<Priors>").vector(np.zeros(0, np.float32))


class _Kaldi:
    """Kaldi's binary forms of tokens, numbers, vectors and matrices."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def token(self, text: str) -> "_Kaldi":
        self._out.write(text.encode() + b" ")
        return self

    def text(self, lines: str) -> "_Kaldi":
        self._out.write(lines.encode())
        return self

    def integer(self, *values: int) -> "_Kaldi":
        for value in values:
            self._out.write(struct.pack("<bi", 4, value))
        return self

    def real(self, *values: float) -> "_Kaldi":
        for value in values:
            self._out.write(struct.pack("<bf", 4, value))
        return self

    def integers(self, values: list[int]) -> "_Kaldi":
        self._out.write(struct.pack("<bi", 4, len(values)) + np.array(values, "<i4").tobytes())
        return self

    def vector(self, values: Array) -> "_Kaldi":
        self.token("FV").integer(values.size)
        self._out.write(values.astype("<f4").tobytes())
        return self

    def matrix(self, values: Array) -> "_Kaldi":
        """In Kaldi's compressed form of two bytes a number: half the file, the same words heard."""
        lowest, highest = float(values.min()), float(values.max())
        reach = max(highest - lowest, 1e-9)
        steps = np.rint((values.astype(np.float64) - lowest) * (65535 / reach)).astype("<u2")
        self.token("CM2")
        self._out.write(struct.pack("<ffii", lowest, reach, *values.shape) + steps.tobytes())
        return self


def _write_transitions(kaldi: _Kaldi) -> None:
    """One emitting state for every phone; its loop has an output of its own (pdf class 1)."""
    ids = list(range(1, len(PHONES) + 1))
    kaldi.token("<TransitionModel>").token("<Topology>")
    kaldi.integers(ids).integers([-1] + [0] * len(ids))
    kaldi.integer(-1)  # loop and forward outputs differ
    kaldi.integer(1, 2)  # one kind of phone, of two states
    kaldi.integer(0, 1, 2)  # the emitting one: forward class, loop class, two transitions
    kaldi.integer(0).real(0.5).integer(1).real(0.5)
    kaldi.integer(-1, -1, 0)  # the end
    kaldi.token("</Topology>").token("<Tuples>").integer(len(ids))
    for phone in ids:
        kaldi.integer(phone, 0, forward_pdf(phone), loop_pdf(phone))
    kaldi.token("</Tuples>").token("<LogProbs>")
    half = np.full(2 * len(ids) + 1, np.log(0.5), np.float32)
    half[0] = 0.0  # transition ids start at 1
    kaldi.vector(half).token("</LogProbs>").token("</TransitionModel>")


def _write_network(kaldi: _Kaldi, layers: list[Layer]) -> None:
    lines = [f"input-node name=input dim={FEATURE_DIM}"]
    components: list[tuple[str, Layer | int]] = []
    heard, outputs = "input", dict[str, str]()
    for layer in layers:
        width, node = layer.bias.size, f"{layer.name}.affine"
        lines.append(_node(node, f"Append({', '.join(_offset(heard, t) for t in layer.offsets)})"))
        components.append((node, layer))
        if layer.relu:
            lines.append(_node(f"{layer.name}.relu", node))
            node = f"{layer.name}.relu"
            components.append((node, width))
        if layer.residual:
            lines.append(_node(f"{layer.name}.sum", f"Sum({node}, {outputs[layer.residual]})"))
            node = f"{layer.name}.sum"
            components.append((node, width))
        heard = outputs[layer.name] = node
    lines.append(f"output-node name=output input={heard} objective=linear")

    kaldi.token("<Nnet3>").text("\n" + "\n".join(lines) + "\n\n")
    kaldi.token("<NumComponents>").integer(len(components))
    for name, made_of in components:
        kaldi.token("<ComponentName>").token(name)
        if isinstance(made_of, Layer):
            _write_affine(kaldi, made_of)
        elif name.endswith(".relu"):
            _write_relu(kaldi, made_of)
        else:
            kaldi.token("<NoOpComponent>").token("<Dim>").integer(made_of)
            kaldi.token("<BackpropScale>").real(1.0).token("</NoOpComponent>")
    kaldi.token("</Nnet3>")


def _node(name: str, heard: str) -> str:
    return f"component-node name={name} component={name} input={heard}"


def _offset(node: str, frames: int) -> str:
    return f"Offset({node}, {frames})" if frames else node


def _write_affine(kaldi: _Kaldi, layer: Layer) -> None:
    # "Fixed": Kaldi folds two trainable affines in a row into one when it loads a model, which
    # would undo every bottleneck.
    kaldi.token("<FixedAffineComponent>")
    kaldi.token("<LinearParams>").matrix(layer.weight)
    kaldi.token("<BiasParams>").vector(layer.bias)
    kaldi.token("</FixedAffineComponent>")


def _write_relu(kaldi: _Kaldi, width: int) -> None:
    empty = np.zeros(0, np.float32)  # statistics that only training in Kaldi would use
    kaldi.token("<RectifiedLinearComponent>").token("<Dim>").integer(width)
    kaldi.token("<ValueAvg>").vector(empty).token("<DerivAvg>").vector(empty)
    kaldi.token("<Count>").real(0.0).token("<OderivRms>").vector(empty)
    kaldi.token("<OderivCount>").real(0.0)
    kaldi.token("<NumDimsSelfRepaired>").real(0.0).token("<NumDimsProcessed>").real(0.0)
    kaldi.token("</RectifiedLinearComponent>")


def _context(layers: list[Layer]) -> tuple[int, int]:
    """Frames of 10 ms that one output needs before and after its own."""
    return -sum(min(layer.offsets) for layer in layers), sum(max(layer.offsets) for layer in layers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--net", type=Path, help="PREFIX of the checkpoint (WORK/net)")
    parser.add_argument("--out", type=Path, help="model file (WORK/final.mdl)")
    options = parser.parse_args()
    out = options.out or options.work / "final.mdl"
    try:
        layers = read_net(options.net or options.work / "net")
    except (BadNet, OSError, KeyError) as error:
        print(f"export: {error}", file=sys.stderr)
        sys.exit(2)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as file:
        write_model(layers, file)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
