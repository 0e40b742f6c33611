"""The network and LF-MMI of the speech model's recipe, in the training environment (torch):

.venv-train/bin/python -m pytest tests/voice/test_training_net.py
"""

import json
import random
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch", reason="belongs to the training environment (.venv-train)")

from offline_models.training import augment, mmi, restore, train  # noqa: E402
from offline_models.training.lexicon import pronunciations  # noqa: E402
from offline_models.training.network import Net, _Spliced, folded, layers  # noqa: E402
from offline_models.training.numerator import Automata, bigram  # noqa: E402
from offline_models.training.phones import PDF_COUNT, PHONES  # noqa: E402

Batch = dict[str, npt.NDArray[Any]]


def said(*sentences: str, frames: int = 30) -> Batch:
    automata = Automata(pronunciations)
    chance = np.random.default_rng(1)
    nothing = np.full(frames // 3, -1, np.int8)
    return augment.batch_arrays(
        [
            augment.Example(
                chance.standard_normal((frames, 40)).astype(np.float32),
                automata(sentence.split()),
                nothing,
            )
            for sentence in sentences
        ]
    )


def as_said(arrays: Batch) -> mmi.Said:
    return mmi.Said(*(torch.from_numpy(arrays[name]) for name in ("phones", "before", "final")))


@pytest.fixture(scope="module")
def table() -> Any:
    return torch.from_numpy(bigram([["satu", "dua", "tiga"]], pronunciations))


def path_score(phones: tuple[int, ...], scores: Any, table: Any) -> float:
    """Log-probability of one phone a frame, a repeated one being a loop or not: both are summed."""
    total = float(table[0, phones[0]].log() + scores[0, 2 * (phones[0] - 1)])
    for t, (before, now) in enumerate(pairwise(phones), start=1):
        enter = float(table[before, now].log() + scores[t, 2 * (now - 1)])
        stay = float(scores[t, 2 * (now - 1) + 1]) if before == now else -np.inf
        total += float(np.logaddexp(enter, stay))
    return total + float(table[phones[-1], 0].log())


def test_the_denominator_sums_every_path(table: Any) -> None:
    scores = torch.randn(3, 1, PDF_COUNT, generator=torch.Generator().manual_seed(2))
    every = [
        path_score(phones, scores[:, 0], table)
        for phones in product(range(1, len(PHONES) + 1), repeat=3)
    ]
    log_all, _ = mmi.denominator(scores, table)
    assert float(log_all[0]) == pytest.approx(np.logaddexp.reduce(every), abs=1e-3)


def test_the_numerator_sums_the_paths_of_what_was_said(table: Any) -> None:
    scores = torch.randn(3, 1, PDF_COUNT, generator=torch.Generator().manual_seed(3))
    arrays = said("", frames=9)  # silence alone: one path of loops and entries of one state
    log_said, _ = mmi.numerator(scores, as_said(arrays), table)
    expected = float(table[0, 1].log() + table[1, 0].log() + scores[0, 0, 0])
    expected += float(scores[1:, 0, 1].sum())  # its one state is entered once, then loops
    assert float(log_said[0]) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("side", ["numerator", "denominator"])
def test_posteriors_are_the_slopes(table: Any, side: str) -> None:
    arrays = said("satu ktp", "dua", frames=60)
    scores = torch.randn(20, 2, PDF_COUNT, generator=torch.Generator().manual_seed(4)).double() * 2
    table = table.double()

    def log(values: Any) -> Any:
        if side == "numerator":
            return mmi.numerator(values, as_said(arrays), table)
        return mmi.denominator(values, table)

    posteriors = log(scores)[1]
    assert torch.allclose(posteriors.sum(2), torch.ones(20, 2).double(), atol=1e-6)
    draw = random.Random(6)
    likely = posteriors.flatten().argsort(descending=True)[:200].tolist()
    for place in draw.sample(likely, 12):
        t, b, pdf = np.unravel_index(place, posteriors.shape)
        step = torch.zeros_like(scores)
        step[t, b, pdf] = 1e-4
        slope = (log(scores + step)[0] - log(scores - step)[0])[b] / 2e-4
        assert float(slope) == pytest.approx(float(posteriors[t, b, pdf]), abs=1e-4)


def test_what_does_not_fit_is_left_out(table: Any) -> None:
    arrays = said("kartu keluarga hilang", frames=9)
    log_said, posteriors = mmi.numerator(torch.zeros(3, 1, PDF_COUNT), as_said(arrays), table)
    assert not torch.isfinite(log_said).any()
    assert float(posteriors.abs().sum()) == 0


@pytest.mark.parametrize("gap", [1, 2])
def test_the_splice_has_the_right_slopes(gap: int) -> None:
    values = torch.randn(6, 2, 3, dtype=torch.double, requires_grad=True)
    weight = torch.randn(4, 6, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: _Spliced.apply(a, b, gap), (values, weight))


def plainly(plan: list[dict[str, Any]], arrays: Batch, features: npt.NDArray[Any], at: int) -> Any:
    """One output as Kaldi computes it: from the layers' description alone, frame by frame."""

    def value(index: int, t: int) -> npt.NDArray[Any]:
        if index < 0:
            return np.asarray(features[min(max(t, 0), len(features) - 1)])
        layer = plan[index]
        heard = np.concatenate([value(index - 1, t + offset) for offset in layer["offsets"]])
        out = arrays[layer["name"] + ".weight"] @ heard + arrays[layer["name"] + ".bias"]
        if layer["relu"]:
            out = np.maximum(out, 0)
        if layer["residual"]:
            names = [other["name"] for other in plan]
            out = out + value(names.index(layer["residual"]), t)
        return np.asarray(out)

    return value(len(plan) - 1, at)


def test_what_is_exported_computes_what_was_trained() -> None:
    torch.manual_seed(5)
    net = Net(layers(width=16, narrow=6, blocks=2))
    net.mean += 3.0
    net.scale *= 0.5
    features = torch.randn(45, 4, 40) * 5
    net.train()
    for _ in range(5):
        net(features)  # norms get statistics
    torch.nn.init.normal_(net.output.weight)
    net.eval()
    scores = net(features)[0]
    assert scores.shape == (15, 4, PDF_COUNT)
    plan, arrays = folded(net)
    for t in (0, 7, 14):
        expected = plainly(plan, arrays, features[:, 2].numpy(), 3 * t)
        assert scores[t, 2].detach().numpy() == pytest.approx(expected, abs=1e-3)


def test_a_packaged_model_can_be_taught_on() -> None:
    torch.manual_seed(6)
    plan = layers(width=16, narrow=6, blocks=2)
    net = Net(plan)
    net.mean += 3.0
    net.scale *= 0.5
    heard = [torch.randn(90, 4, 40) * 5 + 2 for _ in range(3)]
    net.train()
    for features in heard:
        net(features)
    torch.nn.init.normal_(net.output.weight)
    net.eval()
    arrays = {name: value for name, value in folded(net)[1].items()}
    model = {
        layer.name: (arrays[f"{layer.name}.weight"], arrays[f"{layer.name}.bias"]) for layer in plan
    }
    again = restore.unfolded(plan, model, heard)
    for features in heard:
        assert torch.allclose(again(features)[0], net(features)[0], atol=1e-3)
    again.train()  # as in training: each batch by its own norms, which are much the model's
    apart = (again(heard[0])[0] - net(heard[0])[0]).abs().mean()
    assert apart < 0.2 * net(heard[0])[0].abs().mean()
    model["n1"] = (model["n1"][0][:, :-1], model["n1"][1])
    with pytest.raises(ValueError, match="layer n1 is not one of this recipe's network"):
        restore.unfolded(plan, model, heard)


def test_the_real_plan_keeps_its_promises() -> None:
    plan = layers()
    assert sum(max(layer.offsets) for layer in plan) <= 30
    assert all(offset % 3 == 0 for layer in plan[1:] for offset in layer.offsets)
    assert 2.5e6 < sum(value.numel() for value in Net(plan).parameters()) < 4.05e6


def test_a_run_learns_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "layers", lambda: layers(width=32, narrow=12, blocks=1))
    monkeypatch.setattr(train, "ALIGNED_STEPS", 0)
    monkeypatch.setattr(train, "WARM_UP_STEPS", 5)
    np.save(tmp_path / "bigram.npy", bigram([["satu", "dua", "tiga"]], pronunciations))
    arrays = said("satu", "dua", "tiga", "satu dua", frames=90)
    trainer = train.Trainer(tmp_path, "cpu")
    trainer.start(None, arrays)
    values = [trainer.step(arrays, 3e-3) for _ in range(60)]
    assert values[-1] > values[0] + 0.1
    trainer.save()
    assert len(json.loads((tmp_path / "net.json").read_text())["layers"]) == 4
    again = train.Trainer(tmp_path, "cpu")
    again.start(None, arrays)
    assert again.steps == 60
    assert again.step(arrays, 1e-4) == pytest.approx(values[-1], abs=0.1)


def test_the_rate_falls_at_the_end(tmp_path: Path) -> None:
    closing = train.Closing(tmp_path / "finish", minutes=60, finish_in=None)
    assert closing.left(spent_s=40 * 60) is None
    assert closing.left(spent_s=55 * 60) == pytest.approx(0.5)
    assert closing.left(spent_s=61 * 60) == 0
    assert train.share_of_rate(10_000, None) == 1
    assert train.share_of_rate(10_000, 0.5) == pytest.approx(0.1)
    (tmp_path / "finish").write_text("10")
    left = closing.left(spent_s=0)
    assert left is not None and left > 0.99
