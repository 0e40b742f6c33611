"""Trains the network on the batches that augment.py supplies; may be stopped and resumed.

    python -m offline_models.training.train --work DIR
        [--minutes N] [--finish-in N] [--base CHECKPOINT]

A minute or two of cross-entropy on a synthesiser's phone times, then LF-MMI. The learning rate
stays constant and what is exported is a running mean of the weights, so any moment is a good one
to stop; a file DIR/finish with a number of minutes in it (or --finish-in) lets the rate fall to
nothing in that time and then ends the run. DIR/checkpoint.pt is the state; DIR/net.npz and
net.json are what export.py reads. --base starts from what finetune.py made of a finished model.
KIOSK_TRAIN_THREADS, or a file DIR/threads, sets the threads. CUDA is used where there is one.
"""

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch  # type: ignore[import-not-found]  # the training environment's
from torch.nn import functional  # type: ignore[import-not-found]

from offline_models.training import mmi
from offline_models.training.network import Net, folded, layers

RATE = 1e-3
RATE_TUNED = 1e-4  # when a finished model is taught new voices
RATE_LAST = 0.01  # of RATE, at the end of a run that was told to finish
WARM_UP_STEPS = 300
ALIGNED_STEPS = 500  # of cross-entropy on known phone times
GUESS_WEIGHT = 0.15  # of the second head's loss
LEVEL_WEIGHT = 5e-4  # keeps the scores small
MEAN_DECAY = 0.999
GRADIENT_MAX = 5.0
WEIGHT_DECAY = 0.02
REPORT_STEPS = 50
SAVE_S = 180
SUPPLY_LIMIT_S = 300  # without a batch: who makes them has died
USES = 2  # times a batch is heard when the supply falls behind

Arrays = dict[str, npt.NDArray[Any]]


def load(path: Path) -> Arrays:
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def supply(pool: Path, chance: random.Random) -> Iterator[Arrays]:
    """Batches in random order as they appear; a scarce one is heard twice, then removed."""
    uses: dict[Path, int] = {}
    hungry_s = 0
    while True:
        waiting = list(pool.glob("*.npz"))
        fresh = [path for path in waiting if path not in uses]
        if len(waiting) < 8 and not fresh:
            hungry_s += 1
            if hungry_s > SUPPLY_LIMIT_S:
                raise SystemExit(f"{pool}: no batches come; is augment running?")
            time.sleep(1.0)
            continue
        hungry_s = 0
        path = chance.choice(fresh or waiting)
        try:
            arrays = load(path)
        except (OSError, ValueError):
            continue
        uses[path] = uses.get(path, 0) + 1
        if uses[path] >= USES or len(fresh) > 60:
            path.unlink(missing_ok=True)
            uses.pop(path)
        yield arrays


def number_of(device: str) -> torch.dtype:
    """What the layers are reckoned in: bfloat16, half the time, where the processor has it."""
    on_cpu = torch.device(device).type == "cpu"
    has_it = on_cpu and torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if has_it else torch.float32


class Trainer:
    """Net, optimiser, running mean and counters; `bigram` is the denominator's phone bigram."""

    def __init__(self, work: Path, device: str) -> None:
        self.work, self.device = work, device
        self.net = Net(layers(), number_of(device)).to(device)
        self.mean_net = Net(layers()).to(device)
        self.optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98)
        )
        self.bigram = torch.from_numpy(np.load(work / "bigram.npy")).to(device)
        self.rate = RATE
        self.norms_stay = False
        self.steps = 0
        self.heard_h = 0.0
        self.spent_s = 0.0

    def start(self, base: Path | None, first: Arrays) -> None:
        """Go on from the checkpoint, or from `base`'s weights, or from nothing."""
        own = self.work / "checkpoint.pt"
        if own.is_file():
            state = torch.load(own, map_location=self.device, weights_only=True)
            self.net.load_state_dict(state["net"])
            self.mean_net.load_state_dict(state["mean_net"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.steps, self.heard_h = state["steps"], state["heard_h"]
            self.spent_s = state.get("spent_s", 0.0)
        elif base is not None:
            state = torch.load(base, map_location=self.device, weights_only=True)
            self.net.load_state_dict(state["mean_net"], strict=False)  # it has no second head
            self.mean_net.load_state_dict(self.net.state_dict())
            self.steps = ALIGNED_STEPS  # the base knows its phones
        else:
            values = torch.from_numpy(first["features"]).float().flatten(0, 1)
            self.net.mean.copy_(values.mean(0))
            self.net.scale.copy_(1 / values.std(0))
            self.mean_net.load_state_dict(self.net.state_dict())

    def save(self) -> None:
        """State first, then what can be exported; each appears whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "mean_net": self.mean_net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "heard_h": self.heard_h,
            "spent_s": self.spent_s,
        }
        part = self.work / "checkpoint.part"
        torch.save(state, part)
        part.rename(self.work / "checkpoint.pt")
        plan, arrays = folded(self.mean_net.cpu())
        self.mean_net.to(self.device)
        with open(self.work / "net.part", "wb") as file:
            np.savez(file, **cast(Any, arrays))
        (self.work / "net.json").write_text(json.dumps({"layers": plan}))
        (self.work / "net.part").rename(self.work / "net.npz")

    def _tensors(self, arrays: Arrays) -> tuple[torch.Tensor, mmi.Said]:
        features = torch.from_numpy(arrays["features"]).to(self.device).float()
        said = mmi.Said(
            *(
                torch.from_numpy(arrays[name]).to(self.device)
                for name in ("phones", "before", "final")
            )
        )
        return features.transpose(0, 1).contiguous(), said

    def step(self, arrays: Arrays, rate: float) -> float:
        """One update; returns the objective per 30 ms frame (0 would be perfect)."""
        self.net.train()
        self.net.norms.train(not self.norms_stay)
        features, said = self._tensors(arrays)
        features = features + varied(features)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        scores, guesses = self.net(features)
        if self.steps < ALIGNED_STEPS:
            loss, value = aligned_loss(scores, guesses, arrays["known"])
        else:
            loss, value = self._mmi_loss(scores, guesses, said)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), GRADIENT_MAX)
        self.optimiser.step()
        self.steps += 1
        self.heard_h += features.shape[0] * features.shape[1] / 360_000
        decay = min(MEAN_DECAY, 1 - 10 / (10 + self.steps))
        with torch.no_grad():
            for mean, now in zip(
                self.mean_net.state_dict().values(), self.net.state_dict().values(), strict=True
            ):
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - decay)
        return value

    def _mmi_loss(
        self, scores: torch.Tensor, guesses: torch.Tensor, said: mmi.Said
    ) -> tuple[torch.Tensor, float]:
        with torch.no_grad():
            log_said, wanted = mmi.numerator(scores, said, self.bigram)
            log_all, possible = mmi.denominator(scores, self.bigram)
            fits = torch.isfinite(log_said)
            slope = (possible - wanted) * fits[None, :, None]
        count = scores.shape[0] * scores.shape[1]
        guess_loss = -(functional.log_softmax(guesses, 2) * wanted).sum()
        loss = (scores * slope).sum() + GUESS_WEIGHT * guess_loss
        loss = (loss + 0.5 * LEVEL_WEIGHT * scores.square().sum()) / count
        value = float((log_said - log_all).clamp(min=-10 * len(scores)).mean()) / len(scores)
        return loss, value

    @torch.no_grad()
    def judged(self, dev: Path) -> dict[str, float]:
        """The running mean's objective on fixed batches of people it is not trained on."""
        self.mean_net.eval()
        found: dict[str, list[float]] = {}
        for path in sorted(dev.glob("*.npz")):
            features, said = self._tensors(load(path))
            scores, _ = self.mean_net(features)
            log_said, _ = mmi.numerator(scores, said, self.bigram)
            log_all, _ = mmi.denominator(scores, self.bigram)
            value = (log_said - log_all)[torch.isfinite(log_said)].mean() / scores.shape[0]
            found.setdefault(path.stem.rsplit("-", 1)[0], []).append(float(value))
        return {name: round(float(np.mean(values)), 4) for name, values in found.items()}


def varied(features: torch.Tensor) -> torch.Tensor:
    """A random fixed offset of each example's cepstra: the channel, cheaply once more.

    Little of the loudness, which is the first: it is evened, and tells the speaker from the hall.
    """
    spread = torch.linspace(2.0, 0.5, features.shape[2], device=features.device)
    return torch.randn(1, *features.shape[1:], device=features.device) * spread


def aligned_loss(
    scores: torch.Tensor, guesses: torch.Tensor, known: npt.NDArray[np.int8]
) -> tuple[torch.Tensor, float]:
    """Cross-entropy of both heads where a synthesiser told the phone."""
    phones = torch.from_numpy(known).to(scores.device).long().t()
    same = torch.zeros_like(phones)
    same[1:] = (phones[1:] == phones[:-1]).long()
    target = torch.where(phones >= 0, 2 * phones + same, -100).flatten()
    count = max(1, int((target >= 0).sum()))  # a batch may hold real speech alone
    both = torch.cat([scores.flatten(0, 1), guesses.flatten(0, 1)])
    loss = functional.cross_entropy(both, target.repeat(2), ignore_index=-100, reduction="sum")
    return loss / count, -loss.item() / count / 2


def share_of_rate(steps: int, left: float | None) -> float:
    """`left` is the share of the closing phase still to come, None before it."""
    share = min(1.0, (steps + 1) / WARM_UP_STEPS)
    return share if left is None else share * RATE_LAST ** (1 - left)


class Closing:
    """When the run is to end: after `minutes` of training in all, or told by the marker file.

    The rate falls in the last sixth of `minutes`, or in the number of minutes in the marker file.
    """

    def __init__(self, marker: Path, minutes: float | None, finish_in: float | None) -> None:
        self._marker, self._minutes, self._finish_in = marker, minutes, finish_in
        self._began = time.monotonic()

    def left(self, spent_s: float) -> float | None:
        """The share of the closing phase that is still to come; None before it."""
        if self._finish_in is None and self._marker.is_file():
            self._finish_in = float(self._marker.read_text() or 10)
            self._began = time.monotonic()
        if self._finish_in is not None:
            return max(0.0, 1 - (time.monotonic() - self._began) / (60 * self._finish_in))
        if self._minutes is not None:
            share = 6 * (1 - spent_s / (60 * self._minutes))
            return max(0.0, share) if share < 1 else None
        return None


def wanted_threads(work: Path) -> int:
    """KIOSK_TRAIN_THREADS (1), or what a file WORK/threads says, which may come and go."""
    marker = work / "threads"
    if marker.is_file():
        return int(marker.read_text().strip() or 2)
    return int(os.environ.get("KIOSK_TRAIN_THREADS", "1"))


def train(work: Path, base: Path | None, closing: Closing, device: str, seed: int) -> None:
    """Train until told to finish; prints one JSON line for every REPORT_STEPS steps."""
    torch.manual_seed(seed)
    torch.set_num_threads(wanted_threads(work))
    torch.set_flush_denormal(True)  # the forward-backward meets many, each a hundred times slower
    trainer = Trainer(work, device)
    saved = before = time.monotonic()
    values: list[float] = []
    started, begun = False, 0
    for arrays in supply(work / "batches", random.Random()):
        if not started:
            trainer.start(base, arrays)
            if base is not None:
                trainer.rate, trainer.norms_stay = RATE_TUNED, True
            started, begun = True, trainer.steps
        now = time.monotonic()
        trainer.spent_s += now - before
        before = now
        left = closing.left(trainer.spent_s)
        if left is not None and left <= 0:
            break
        rate = trainer.rate * share_of_rate(trainer.steps, left)
        values.append(trainer.step(arrays, rate))
        if not math.isfinite(values[-1]):
            raise SystemExit("training broke off: the objective is no number")
        if trainer.steps % REPORT_STEPS == 0:
            line: dict[str, Any] = {"steps": trainer.steps, "heard_h": round(trainer.heard_h, 2)}
            print(json.dumps(line | {"objective": round(float(np.mean(values)), 4)}), flush=True)
            values.clear()
            torch.set_num_threads(wanted_threads(work))
        if time.monotonic() - saved > SAVE_S:
            trainer.save()
            line = {"steps": trainer.steps, "at": time.strftime("%H:%M:%S")}
            print(json.dumps(line | trainer.judged(work / "dev")), flush=True)
            saved = time.monotonic()
    if started and trainer.steps == begun:
        spent = f"{trainer.spent_s / 60:.0f} minutes of training are behind it"
        print(f"train: nothing was trained: {spent}: ask for more --minutes", file=sys.stderr)
    trainer.save()
    (work / "finish").unlink(missing_ok=True)
    print(json.dumps({"finished": True, **trainer.judged(work / "dev")}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--base", type=Path, help="a checkpoint to start from (fine-tuning)")
    parser.add_argument("--minutes", type=float, help="of training in all, earlier runs counted in")
    parser.add_argument("--finish-in", type=float, metavar="MINUTES")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    closing = Closing(wish.work / "finish", wish.minutes, wish.finish_in)
    train(wish.work, wish.base, closing, wish.device, wish.seed)


if __name__ == "__main__":
    main()
