"""`kiosk bench voice_ear`: what it measures is what the model card shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kiosk.domain.speech import Transcript
from offline_models.training.package import model_card
from offline_models.training.recordings import RATE_HZ, Clip, write_corpus
from tests.bench import bench_voice_ear


class Ear:
    def transcribe(self, *_: object) -> Transcript:
        return Transcript("satu", 1.0, True)


def test_a_small_run_leaves_the_cards_figures_and_a_whole_one_is_in_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = (np.random.default_rng(1).standard_normal(RATE_HZ) * 900).astype(np.int16)
    people = [(sound, Clip(0, 0, f"p{n}", "digits", "dev", "satu")) for n in range(3)]
    people += [(sound, Clip(0, 0, f"p{n}", "dialog", "dev", "kartu keluarga")) for n in range(3)]
    write_corpus(tmp_path / "corpora/real", people)
    write_corpus(tmp_path / "corpora/noise", [(sound, Clip(0, 0, "fan", "own", "train", ""))])
    (tmp_path / "final.mdl").touch()
    figures = tmp_path / "score-ear.json"
    figures.write_text("{}")
    monkeypatch.setattr(bench_voice_ear, "WORK", tmp_path)
    monkeypatch.setattr(bench_voice_ear, "recogniser_of", lambda _: Ear())
    monkeypatch.setenv("KIOSK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KIOSK_CLIPS", "2")
    assert bench_voice_ear.main() == 0
    assert figures.read_text() == "{}"
    monkeypatch.setattr(bench_voice_ear, "CARD_CLIPS", 2)
    bench_voice_ear.main()
    measured = [f"{group}-{condition}" for group in ("dialog", "digits")
                for condition in ("clean", "noise5", "babble10")]  # fmt: skip
    assert list(json.loads(figures.read_text())) == measured
    shown = model_card(tmp_path, 1.0).partition("Through the kiosk's ear")[2]
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("| d")] == measured
