"""A model whose sounds are tones: proof that the network, the graph and Vosk agree on every number.

    python tests/voice/tones.py DIR         run by the training environment's Python

Each phone is a pure tone. A net of random layers, with a wide context and a residual, is closed by
least squares so that it names the tone; its forward pass here is the definition that export must
keep. Writes DIR/model and DIR/said.raw, in which "kartu keluarga hilang" is played.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from offline_models.training import export, graph, lexicon, package
from offline_models.training.features import mfcc
from offline_models.training.phones import PDF_COUNT, PHONE_ID, PHONES

WORDS = ["kartu", "keluarga", "hilang", "baru", "ktp", "satu", "dua"]
SAID = ["kartu", "keluarga", "hilang"]
TONE_S = 0.12
Array = np.ndarray[Any, np.dtype[np.float32]]

LAYERS: list[dict[str, Any]] = [
    {"name": "l1", "offsets": [-1, 0, 1], "relu": True, "residual": None},
    {"name": "b2", "offsets": [-3, 0], "relu": False, "residual": None},
    {"name": "l2", "offsets": [0, 3], "relu": True, "residual": "l1"},
]
WIDTHS = {"l1": 200, "b2": 80, "l2": 200}


def tones(phones: list[str], draw: np.random.Generator) -> Array:
    """Samples of one tone for each phone; silence is faint noise."""
    pieces = []
    for phone in phones:
        count = int(TONE_S * 16000)
        wave = draw.standard_normal(count) * 20
        if phone != "SIL":
            hertz = 250 * 1.11 ** PHONES.index(phone)
            wave += 8000 * np.sin(2 * np.pi * hertz * np.arange(count) / 16000)
        pieces.append(wave)
    return np.concatenate(pieces).astype(np.int16).astype(np.float32)


def forward(features: Array, arrays: dict[str, Array], layers: list[dict[str, Any]]) -> Array:
    """What the layers' description means, frame by frame; edges repeat the first and last frame."""
    heard, outputs = features, dict[str, Array]()
    frames = np.arange(len(features))
    for layer in layers:
        near = [heard[np.clip(frames + t, 0, len(frames) - 1)] for t in layer["offsets"]]
        heard = np.hstack(near) @ arrays[f"{layer['name']}.weight"].T
        heard = heard + arrays[f"{layer['name']}.bias"]
        if layer["relu"]:
            heard = np.maximum(heard, 0)
        if layer["residual"]:
            heard = heard + outputs[layer["residual"]]
        outputs[layer["name"]] = heard
    return heard


def fitted(draw: np.random.Generator) -> dict[str, Array]:
    """Random layers and a last one that names the tone of each frame."""
    arrays: dict[str, Array] = {}
    width = 40
    for layer in LAYERS:
        name, wide = layer["name"], width * len(layer["offsets"])
        width = WIDTHS[name]
        scale = 0.02 if name == "l1" else wide**-0.5
        arrays[f"{name}.weight"] = (draw.standard_normal((width, wide)) * scale).astype(np.float32)
        arrays[f"{name}.bias"] = draw.standard_normal(width).astype(np.float32) * 0.1
    phones = [PHONES[place] for place in draw.integers(0, len(PHONES), 700)]
    features = mfcc(tones(phones, draw))
    hidden = np.hstack([forward(features, arrays, LAYERS), np.ones((len(features), 1))])
    wanted = np.zeros((len(features), PDF_COUNT))
    for frame in range(len(features)):
        middle_s = frame * 0.01 + 0.0125
        phone = PHONE_ID[phones[min(int(middle_s / TONE_S), len(phones) - 1)]]
        wanted[frame, 2 * phone - 2 : 2 * phone] = 6.0
    last = np.linalg.lstsq(hidden.T @ hidden + 0.1 * np.eye(width + 1), hidden.T @ wanted)[0]
    arrays["out.weight"] = np.ascontiguousarray(last[:-1].T, np.float32)
    arrays["out.bias"] = last[-1].astype(np.float32)
    return arrays


def main(folder: Path) -> None:
    draw = np.random.default_rng(4)
    layers = [*LAYERS, {"name": "out", "offsets": [0], "relu": False, "residual": None}]
    np.savez(folder / "net.npz", allow_pickle=False, **fitted(draw))
    (folder / "net.json").write_text(json.dumps({"layers": layers}))
    with (folder / "final.mdl").open("wb") as file:
        export.write_model(export.read_net(folder / "net"), file)
    (folder / "vocabulary.txt").write_text("\n".join(WORDS))
    lexicon.write_lexicon(folder)
    (folder / "lm-text.txt").write_text("errand\tkartu keluarga baru\nerrand\tktp hilang\n")
    graph.build(folder)
    package.package(folder, folder / "model")
    phones = ["SIL"] * 3
    for word in SAID:
        phones += [*lexicon.pronunciations(word)[0], "SIL"]
    samples = tones([*phones, "SIL", "SIL"], draw)
    (folder / "said.raw").write_bytes(samples.astype("<i2").tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
