"""`kiosk transcribe` and `kiosk evaluate voice` as programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from kiosk.voice.sound import RATE_HZ, read_recording
from tests.hall_support import spoken
from tests.voice.conftest import CHECKOUT


def kiosk(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *words],
        cwd=CHECKOUT,
        env={**os.environ, "KIOSK_HOME": str(home), **environment},
        capture_output=True,
        text=True,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def save(path: Path, pcm: bytes) -> str:
    soundfile.write(path, np.frombuffer(pcm, np.int16), RATE_HZ, subtype="PCM_16")
    return str(path)


def test_a_line_a_file_in_order_and_a_broken_one_is_named_at_the_end(
    model: Path, home: Path, tmp_path: Path
) -> None:
    silence = save(tmp_path / "silence.wav", bytes(2 * RATE_HZ))
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    names = [silence, str(tmp_path / "absent.wav"), str(broken), silence]
    done = kiosk(home, "transcribe", *names, "--task", "digits", "--json")
    answers = lines(done)
    assert done.returncode == 2
    assert [one["file"] for one in answers] == names
    assert done.stderr.splitlines() == [
        f"kiosk transcribe: {names[1]}: No such file or directory: name a file that can be read",
        f"kiosk transcribe: {names[2]}: no sound file: give WAV, FLAC or Ogg Opus",
    ]
    keys = {"file", "text", "accepted", "confidence", "words", "audio_s", "compute_s", "value"}
    assert set(answers[0]) == keys
    assert (answers[0]["text"], answers[0]["accepted"]) == ("", False)
    assert (answers[0]["value"], answers[0]["audio_s"]) == (None, 1.0)
    listing = tmp_path / "list.txt"
    listing.write_text(f"{silence}\n\n{silence}\n")
    done = kiosk(home, "transcribe", "--file", str(listing), "--task", "open", "--json")
    assert done.returncode == 0
    assert [(one["file"], one["text"]) for one in lines(done)] == [(silence, "")] * 2


def test_a_name_is_given_back_whatever_its_bytes(model: Path, home: Path, tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in (os.fsdecode(b"bis\xff.wav"), " akta .wav ")]
    for name in names:
        with open(name, "wb") as file:
            soundfile.write(file, np.zeros(RATE_HZ, np.int16), RATE_HZ, format="WAV")
    listing = tmp_path / "list.txt"
    listing.write_bytes(b"\r\n".join(map(os.fsencode, names)))
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    for words in (names, ["--file", str(listing)]):
        done = kiosk(home, "transcribe", *words, "--json", **strict)
        assert (done.returncode, done.stderr) == (0, "")
        assert [one["file"] for one in lines(done)] == names
    told = kiosk(home, "transcribe", *names, **strict)
    assert told.stdout.splitlines()[0].endswith("bis\\udcff.wav: (not understood)")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_samples_that_are_no_number_are_silence(tmp_path: Path, rate_hz: int) -> None:
    sound = np.full((rate_hz, 2), 0.25, np.float32)
    sound[100] = np.nan
    sound[200] = (np.inf, -np.inf)
    soundfile.write(tmp_path / "a.wav", sound, rate_hz, subtype="FLOAT")
    samples = np.frombuffer(read_recording(tmp_path / "a.wav"), np.int16)
    assert len(samples) == RATE_HZ
    assert np.abs(samples[1000:-1000] - 8192).max() < 10


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("transcribe",), "either WAV"),
        (("transcribe", "a.wav", "--file", "b"), "either WAV"),
        (("transcribe", "--file", "absent"), "absent: No such file"),
        (("transcribe", "a.wav", "--grammar", "absent"), "absent: No such file"),
        (("transcribe", "a.wav", "--task", "poem"), "invalid choice"),
        (("transcribe", "a.wav", "--task", "digits", "--grammar", "f"), "not --task digits"),
        (("transcribe", "a.wav", "--task", "open", "--grammar", "f"), "not --task open"),
        (("evaluate", "voice", "--task", "digits", "--grammar", "f", "a"), "not --task digits"),
        (("transcribe", "--file", os.devnull), "no recordings: write a path a line"),
        (("evaluate", "voice"), "give MANIFEST.tsv"),
        (("evaluate", "voice", "absent.tsv"), "absent.tsv: No such file"),
        (("evaluate", "lookup", "a.tsv", "--task", "digits"), "for evaluate voice"),
    ],
)
def test_wrong_usage(home: Path, words: tuple[str, ...], told: str) -> None:
    done = kiosk(home, *words)
    assert done.returncode == 2
    assert told in done.stderr and len(done.stderr.splitlines()) == 1


def test_without_a_model_it_says_so(home: Path, tmp_path: Path) -> None:
    done = kiosk(home, "transcribe", "a.wav", KIOSK_VOICE_MODEL=str(tmp_path / "none"))
    assert done.returncode == 1  # no later try would find one
    told = "no speech model: install or copy one"
    assert done.stderr == f"kiosk transcribe: {tmp_path / 'none'}: {told}\n"
    (tmp_path / "none").mkdir()
    done = kiosk(home, "transcribe", "a.wav", KIOSK_VOICE_MODEL=str(tmp_path / "none"))
    assert "am/final.mdl is missing" in done.stderr


def test_a_damaged_model_is_told_in_one_line(model: Path, home: Path, tmp_path: Path) -> None:
    """Vosk ends the process over this file."""
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    (copy / "graph/disambig_tid.int").write_text("")
    done = kiosk(home, "transcribe", "a.wav", KIOSK_VOICE_MODEL=str(copy))
    assert done.returncode == 1
    told = "graph/disambig_tid.int is damaged: copy the whole speech model"
    assert done.stderr == f"kiosk transcribe: {copy}: {told}\n"


def test_spoken_words_are_written_down(model: Path, home: Path, tmp_path: Path) -> None:
    digits = save(tmp_path / "digits.wav", spoken("tiga enam tujuh satu"))
    [answer] = lines(kiosk(home, "transcribe", digits, "--task", "digits", "--json"))
    assert (answer["text"], answer["value"]) == ("tiga enam tujuh satu", "3671")
    assert [one["word"] for one in answer["words"]] == answer["text"].split()
    assert all(0 <= one["start"] < one["end"] <= answer["audio_s"] for one in answer["words"])


def test_a_list_answers_one_of_its_phrases_or_nothing(
    model: Path, home: Path, tmp_path: Path
) -> None:
    listed = save(tmp_path / "listed.wav", spoken("kartu keluarga hilang"))
    other = save(tmp_path / "other.wav", spoken("besok pagi saya pergi ke pasar membeli ikan"))
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("Kartu keluarga hilang\nakta kelahiran\n\nsurat pindah\n")
    done = kiosk(home, "transcribe", listed, other, "--grammar", str(phrases), "--json")
    taken, refused = lines(done)
    assert (taken["text"], taken["accepted"]) == ("kartu keluarga hilang", True)
    assert (refused["text"], refused["accepted"]) == ("", False)
    assert "value" not in taken


def test_figures_over_a_manifest(model: Path, home: Path, tmp_path: Path) -> None:
    save(tmp_path / "a.wav", spoken("tiga enam tujuh satu"))
    save(tmp_path / "silence.wav", bytes(2 * RATE_HZ))
    manifest = tmp_path / "m.tsv"
    manifest.write_text(
        "path\ttranscript\tspeaker\na.wav\ttiga enam tujuh satu\tFES\nsilence.wav\t\tFES\n"
    )
    done = kiosk(home, "evaluate", "voice", "--task", "digits", str(manifest))
    [found] = lines(done)  # one, also without --json
    assert (found["n"], found["n_oov"], found["exact"][0]) == (2, 1, 1.0)
    assert found["wer"][0] == found["false_accepts"][0] == 0.0
    manifest.write_text("path\ttranscript\tspeaker\nabsent.wav\tsatu\tFES\n")
    done = kiosk(home, "evaluate", "voice", str(manifest), KIOSK_VOICE_MODEL=str(tmp_path / "none"))
    assert done.returncode == 2, "told before the model is asked for"
    assert done.stderr.startswith(
        f"kiosk evaluate: {manifest}:2: path: absent.wav: No such file or directory: name"
    )
