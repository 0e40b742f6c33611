"""Words, pronunciations, language model, network file and graph of the speech model's recipe."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offline_models.training import export, package, words
from offline_models.training.lexicon import VARIANT_LIMIT, lexicon, pronunciations
from offline_models.training.ngrams import END, START, Mixture, Part, Smoothed
from offline_models.training.phones import PDF_COUNT, PHONES
from offline_models.training.spoken import number_words, spoken
from offline_models.training.text import FOREIGN, TYPED, write_text

CHECKOUT = Path(__file__).parents[2]
ASSETS = CHECKOUT / "assets"
SHARED = CHECKOUT.parent / "shared"
SHIPPED = CHECKOUT / "offline_models/id-small"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stage `text` over this catalogue alone."""
    folder = tmp_path_factory.mktemp("work")
    write_text(folder, ASSETS, None, None)
    return folder


def catalogue_words() -> set[str]:
    """Words of names, aliases and questions that are spoken, found without the stage's own code."""
    texts: list[str] = []
    for path in (ASSETS / "catalogue").glob("*.toml"):
        service = tomllib.loads(path.read_text())
        texts += [service["name"]["id"], *service["aliases"]]
    for path in (ASSETS / "catalogue").glob("*.examples.tsv"):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        texts += [row["question"] for row in rows if row["way"] not in (*TYPED, FOREIGN)]
    regions = (ASSETS / "regions.tsv").read_text().splitlines()[1:]
    texts += [line.split("\t")[2] for line in regions]
    plain = " ".join(texts).lower().replace("'", "").translate(str.maketrans("éè", "ee"))
    endings = re.compile(r"-(nya|nye|ne|ku|mu)\b")
    plain = re.sub(r"([a-z])\1\1+", r"\1", endings.sub(r"\1", plain))
    return set(re.findall(r"[a-z]+", plain))


def missing_from(vocabulary: set[str]) -> list[str]:
    return sorted(
        word
        for word in catalogue_words() - vocabulary
        if not (word in words.SHORTHAND and vocabulary.issuperset(words.SHORTHAND[word].split()))
    )


def test_every_word_citizens_use_for_a_service_is_in_the_vocabulary(work: Path) -> None:
    vocabulary = set((work / "vocabulary.txt").read_text().split())
    assert len(catalogue_words()) > 3000
    assert missing_from(vocabulary) == []


def test_the_everyday_words_and_months_are_in_the_vocabulary(work: Path) -> None:
    vocabulary = set((work / "vocabulary.txt").read_text().split())
    asked = "januari desember kosong kagak pegimane kumaha piye leungit larangan cipondoh sktm bpjs"
    assert vocabulary.issuperset(asked.split())


def test_the_lexicon_says_every_word_with_known_sounds_and_few_variants(work: Path) -> None:
    entries = lexicon((work / "vocabulary.txt").read_text().split())
    assert {phone for _, phones in entries for phone in phones} <= set(PHONES)
    assert all(phones for _, phones in entries)
    counts: dict[str, int] = {}
    for word, _ in entries:
        counts[word] = counts.get(word, 0) + 1
    assert max(counts.values()) <= VARIANT_LIMIT
    assert len(set(entries)) == len(entries)


@pytest.mark.skipif(not (SHARED / "text").is_dir(), reason="../shared/text is not here")
def test_with_general_sentences_the_vocabulary_has_eight_thousand_words(tmp_path: Path) -> None:
    _, known = write_text(tmp_path, ASSETS, SHARED / "text", None)
    assert known >= 8000


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="no model in offline_models/id-small")
def test_the_shipped_model_knows_the_catalogue() -> None:
    """After a new service: `make train` again, or its stages text, lexicon, graph and package."""
    lines = (SHIPPED / "graph/words.txt").read_text().splitlines()
    known = {line.split()[0] for line in lines}
    assert len(known) >= 8000
    assert missing_from(known) == []
    size_mb = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()) / 1e6
    assert size_mb <= package.SIZE_LIMIT_MB


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("ktp", "k a t e p e"),
        ("ktpnya", "k a t e p e ny a"),
        ("kk", "k a k a"),
        ("bpjs", "b e p e j e e s"),
        ("sktm", "e s k a t e e m"),
        ("skck", "e s k a c e k a"),
        ("rt", "e r t e"),
        ("katepe", "k a t e p e"),
        ("nik", "n i k"),
        ("nik", "e n i k a"),
        ("meja", "m e j a"),
        ("besar", "b @ s a r"),
        ("sehat", "s e h a t"),
        ("rakyat", "r a q y a t"),
        ("anak", "a n a q"),
        ("tidak", "t i d a k"),
        ("sudah", "s u d a"),
        ("tahu", "t a u"),
        ("sampai", "s a m p e"),
        ("kalau", "k a l o"),
        ("foto", "p o t o"),
        ("visa", "f i s a"),
        ("saat", "s a q a t"),
        ("nganggur", "ng a ng g u r"),
        ("bunyi", "b u ny i"),
        ("syarat", "s a r a t"),
        ("khusus", "k u s u s"),
        ("leungit", "l @ ng i t"),
        ("online", "o n l a i n"),
        ("wa", "w e a"),
        ("wae", "w a e"),
        ("nge", "ng e"),
    ],
)
def test_words_are_said_as_people_say_them(word: str, said: str) -> None:
    assert tuple(said.split()) in pronunciations(word)


@pytest.mark.parametrize("letters", ["Ω", "k4"])
def test_what_is_no_word_is_refused(letters: str) -> None:
    with pytest.raises(ValueError, match="no letter of the spelling rules"):
        pronunciations("a" + letters)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "nol"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (17, "tujuh belas"),
        (90, "sembilan puluh"),
        (100, "seratus"),
        (1945, "seribu sembilan ratus empat puluh lima"),
        (2026, "dua ribu dua puluh enam"),
        (1_000_000, "satu juta"),
        (25_000, "dua puluh lima ribu"),
    ],
)
def test_numbers_are_said_in_words(number: int, said: str) -> None:
    assert " ".join(number_words(number)) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("KTP-nya ilang, gmn?", "ktpnya ilang gimana"),
        ("Anak-anak umur 17", "anak anak umur tujuh belas"),
        ("hari Jum'at", "hari jumat"),
        ("bayar Rp 25.000", "bayar dua puluh lima ribu rupiah"),
        ("telepon 112", "telepon satu satu dua"),
        ("surat PM1", "surat pm satu"),
        ("paéh", "paeh"),
        ("gara2", "gara gara"),
        ("tolonggg", "tolong"),
    ],
)
def test_what_is_written_becomes_what_is_said(written: str, said: str) -> None:
    assert " ".join(spoken(written)) == said


def test_sentences_left_out_are_in_no_text_but_their_words_stay_known(tmp_path: Path) -> None:
    asked = "bade ngadamel kia kanggo budak alit"
    write_text(tmp_path, ASSETS, None, None)
    assert f"\t{asked}\n" in (tmp_path / "lm-text.txt").read_text()
    write_text(tmp_path, ASSETS, None, None, [asked.capitalize() + "?"])
    assert asked not in (tmp_path / "lm-text.txt").read_text()
    assert set(asked.split()) <= set((tmp_path / "vocabulary.txt").read_text().split())


@pytest.mark.parametrize("least_gain", [0.0, 0.02])
def test_the_language_model_gives_each_context_shares_that_sum_to_one(least_gain: float) -> None:
    errands = [
        tuple(s.split()) for s in ("kartu keluarga hilang", "kartu keluarga baru", "ktp baru")
    ]
    general = [tuple(s.split()) for s in ("keluarga saya baru", "saya hilang", "saya baru")]
    known = {word for sentence in errands + general for word in sentence}
    size = len(known) + 1
    parts: list[Part] = [(0.7, Smoothed(errands, size)), (0.3, Smoothed(general, size))]
    model = Mixture(parts, known, {"[unk]": 0.05}, least_gain)

    def share(context: tuple[str, ...], word: str) -> float:
        if (*context, word) in model.shares:
            return model.shares[*context, word]
        return model.backoffs.get(context, 1.0) * share(context[1:], word)

    for context in [(), ("kartu",), (START,), ("kartu", "keluarga"), (START, "saya"), ("ktp",)]:
        total = sum(share(context, word) for word in {*known, END, "[unk]"})
        assert total == pytest.approx(1.0, abs=1e-6), context
    more = 4 if least_gain == 0 else 1.2  # what is dropped says less
    assert share(("kartu", "keluarga"), "hilang") > more * share(("kartu", "keluarga"), "ktp")


def write_net(folder: Path, change: dict[str, Any]) -> None:
    layers = [
        {"name": "first", "offsets": [-1, 0, 1], "relu": True, "residual": None},
        {"name": "last", "offsets": [0, 3], "relu": False, "residual": None},
    ]
    layers[-1] |= change
    arrays = {
        "first.weight": np.ones((8, 120), np.float32),
        "first.bias": np.zeros(8, np.float32),
        "last.weight": np.full((PDF_COUNT, 16), change.get("value", 0.5), np.float32),
        "last.bias": np.zeros(PDF_COUNT, np.float32),
    }
    with (folder / "net.npz").open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    (folder / "net.json").write_text(json.dumps({"layers": layers}))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"offsets": [0]}, "does not fit its input"),
        ({"relu": True}, "the last layer must be linear"),
        ({"residual": "first"}, "no such earlier layer"),
        ({"value": float("nan")}, "not finite"),
    ],
)
def test_a_checkpoint_that_fits_no_model_is_refused(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    write_net(tmp_path, change)
    with pytest.raises(export.BadNet, match=why):
        export.read_net(tmp_path / "net")


def test_the_card_holds_the_figures_and_the_licence(tmp_path: Path) -> None:
    (tmp_path / "final.mdl").write_bytes(b"0" * 8_000_000)
    (tmp_path / "lexicon.tsv").write_text("aku\ta k u\naku\ta k u q\n")
    digits = {"wer": 0.31, "inserted": 0.0, "exact": 99.0, "snapped": 0.0, "rtf": 0.02}
    (tmp_path / "score.json").write_text(json.dumps({"digits-clean": {**digits, "clips": 100}}))
    assert "Not yet measured" in package.model_card(tmp_path, 9.9)
    ear = {"wer": [0.031, 0.02, 0.05], "wer_best": [0.03, 0.02, 0.04], "rejected": [0.01, 0, 0.02]}
    heard = {"digits-babble10": {**ear, "exact": [0.93, 0.9, 0.95], "n": 100}}
    (tmp_path / "score-ear.json").write_text(json.dumps(heard))
    card = package.model_card(tmp_path, 9.9)
    assert "| digits-clean | 0.31 | 0 | 99 | 0 | 0.02 | 100 |" in card
    assert "| digits-babble10 | 3.1 (2.0 to 5.0) | 3.0 | 1.0 | 93.0 | 100 |" in card
    assert "CC BY-NC-SA 4.0" in card and "ICSLP 2004" in card
    assert "1 words in 2 pronunciations" in card and "4.0 million" in card
    assert "$" not in card


@cache
def python_with(*modules: str) -> str | None:
    """A Python that has `modules`: this one, or the training environment's."""
    asked = os.environ.get("KIOSK_TRAINING_PYTHON")
    training = CHECKOUT / ".venv-train/bin/python"
    for python in filter(None, (sys.executable, asked, str(training))):
        if Path(python).exists():
            tried = subprocess.run(
                [python, "-c", f"import {', '.join(modules)}"], capture_output=True, timeout=60
            )
            if tried.returncode == 0:
                return python
    return None


DECODE = """
import json, sys, vosk
vosk.SetLogLevel(-1)
model = vosk.Model(model_path=sys.argv[1])
said = open(sys.argv[2], "rb").read()
for grammar in ([], [sys.argv[3]]):
    recogniser = vosk.KaldiRecognizer(model, 16000, *grammar)
    for start in range(0, len(said), 3200):
        recogniser.AcceptWaveform(said[start : start + 3200])
    print(json.loads(recogniser.FinalResult())["text"])
"""


@pytest.mark.slow
def test_a_model_of_tones_is_heard_word_for_word_by_stock_vosk(tmp_path: Path) -> None:
    """Network, transitions, lexicon and graph as one: a wrong offset or label loses the words."""
    trainer, listener = python_with("kaldifst", "scipy"), python_with("vosk")
    if trainer is None or not shutil.which("fstconvert"):
        pytest.skip("kaldifst and libfst-tools belong to the training environment, absent here")
    if listener is None:
        pytest.skip("vosk is not installed here")
    here = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    tones = [trainer, str(Path(__file__).with_name("tones.py")), str(tmp_path)]
    subprocess.run(tones, check=True, env=here, timeout=120)
    grammar = '["kartu keluarga hilang", "satu dua", "[unk]"]'
    heard = subprocess.run(
        [listener, "-c", DECODE, str(tmp_path / "model"), str(tmp_path / "said.raw"), grammar],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    free, listed = heard.stdout.splitlines()
    assert free == "kartu keluarga hilang"
    assert listed == "kartu keluarga hilang"


@pytest.mark.parametrize(
    ("stage", "arguments", "why"),
    [
        ("text", ["--leave-out", "nowhere.tsv"], "nowhere.tsv"),
        ("lexicon", [], "vocabulary.txt"),
        ("export", [], "net.json"),
        ("package", [], "final.mdl"),
    ],
)
def test_a_stage_without_its_input_says_so_in_one_line(
    tmp_path: Path, stage: str, arguments: list[str], why: str
) -> None:
    command = [sys.executable, "-m", f"offline_models.training.{stage}", "--work", str(tmp_path)]
    if stage == "package":
        arguments = ["--out", str(tmp_path / "model")]
    done = subprocess.run(
        command + arguments, cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert why in done.stderr and done.stderr.startswith(f"{stage}: ")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_is_no_model_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/mine.txt").write_text("dear to somebody")
    with pytest.raises(ValueError, match="holds no model"):
        package.package(tmp_path, tmp_path / "letters")
    assert (tmp_path / "letters/mine.txt").is_file()
