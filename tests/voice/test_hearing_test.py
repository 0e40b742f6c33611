"""The figures of `kiosk evaluate voice`, over transcripts that are written down here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.speech import Transcript
from kiosk.hearing_test import Clip, Heard, figures, read_manifest, word_errors
from kiosk.problems import BadInput


def heard(said: str, text: str, speaker: str = "FAA", *, oov: bool = False) -> Heard:
    """`text` in brackets: not taken, only offered."""
    best = text.strip("()")
    taken = best == text and bool(best)
    transcript = Transcript(best if taken else "", 0.9, taken, None, (best,) if best else ())
    clip = Clip("a.wav", said, speaker, oov, sex=speaker[0])
    return Heard(clip, transcript, audio_s=2.0, compute_s=0.02)


def test_figures_of_a_handful() -> None:
    found = figures(
        [
            heard("satu dua", "satu dua"),
            heard("satu dua", "satu", "MBB"),
            heard("satu tiga", "(satu tika)", "MBB"),
            heard("", "", "MBB", oov=True),
            heard("", "satu dua", oov=True),
        ]
    )
    assert (found["n"], found["n_oov"], found["speakers"]) == (5, 2, 2)
    assert found["wer"][0] == 0.5  # one word lacks, two are lost with the refusal
    assert found["wer_best"][0] == 0.3333
    assert found["exact"][0] == found["rejected"][0] == 0.3333
    assert found["nearest"][0] == 1.0
    assert found["false_accepts"][0] == 0.5
    assert found["rtf"] == 0.01
    by_sex = found["by_sex"]
    assert {sex: (group["n"], group["false_accepts"][0]) for sex, group in by_sex.items()} == {
        "F": (2, 1.0),
        "M": (3, 0.0),
    }
    assert by_sex["M"]["wer"][0] == 0.75
    assert by_sex["M"]["exact"] == [0.0, 0.0, 0.0]
    assert by_sex["M"]["nearest"] == [1.0, 1.0, 1.0]
    assert by_sex["M"]["rejected"] == [0.5, 0.0, 1.0]
    assert found["by_speaker"]["MBB"] == {"n": 2, "wer": 0.75, "exact": 0.0, "rejected": 0.5}
    assert all(low <= value <= high for value, low, high in [found["wer"], found["exact"]])


def test_nothing_to_count_is_null() -> None:
    found = figures([heard("", "", oov=True)])
    assert found["wer"] is found["exact"] is None
    assert found["false_accepts"] == [0.0, 0.0, 0.0]


def test_the_interval_is_wide_for_few_speakers_who_differ() -> None:
    clips = [heard("satu", "satu" if speaker == "FAA" else "dua", speaker)
             for speaker in ("FAA", "MBB") for _ in range(50)]  # fmt: skip
    assert figures(clips)["exact"] == [0.5, 0.0, 1.0]


@given(st.lists(st.sampled_from("ab"), max_size=6), st.lists(st.sampled_from("ab"), max_size=6))
def test_word_errors(said: list[str], text: list[str]) -> None:
    errors = word_errors(" ".join(said), " ".join(text))
    assert abs(len(said) - len(text)) <= errors <= max(len(said), len(text))
    assert (errors == 0) == (said == text)


def test_a_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.tsv"
    path.write_text(
        "path\tseconds\tspeaker\ttranscript\tkind\n"
        "a.wav\t1\tFAA\tKartu Keluarga, hilang!\t\n\n"
        "b.wav\t1\t\t\t\nc.wav\t1\tMBB\tapa saja\toov\n"
    )
    assert read_manifest(path) == [
        Clip("a.wav", "kartu keluarga hilang", "FAA", False, "F"),
        Clip("b.wav", "", "?", True, "?"),
        Clip("c.wav", "apa saja", "MBB", True, "M"),
    ]


def test_a_sex_is_what_the_manifest_says_and_no_letter_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "m.tsv"
    path.write_text("path\ttranscript\tspeaker\na\tya\tani\nb\tya\tfitri\nc\tya\tFES\n")
    assert [clip.sex for clip in read_manifest(path)] == ["?", "?", "F"]
    path.write_text("path\ttranscript\tspeaker\tsex\na\tya\tF1\tm\nb\tya\tM2\t\n")
    assert [clip.sex for clip in read_manifest(path)] == ["M", "?"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no column path"),
        (b"path\ttranscript\n", "no column speaker"),
        (b"path\ttranscript\tspeaker\n", "no recordings"),
        (b"path\ttranscript\tspeaker\n\tsatu\tF\n", ":2: path: is empty"),
        (b"path\ttranscript\tspeaker\na.wav\n", ":2: transcript: is missing"),
        (b"path\ttranscript\tspeaker\na.wav\tsatu\n", ":2: speaker: is missing"),
        (b"path\ttranscript\tspeaker\na.wav\t?!\tF\n", ":2: transcript: .* has no words"),
        (b"path\ttranscript\tspeaker\na.wav\tsatu\tF\tx\n", ":2: more cells"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_bad_manifest_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "m.tsv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=told):
        read_manifest(path)
    with pytest.raises(BadInput, match="No such file"):
        read_manifest(tmp_path / "absent.tsv")
