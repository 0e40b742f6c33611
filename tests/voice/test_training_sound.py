"""Recordings, features, augmentation, synthesis and scoring of the speech model's recipe."""

import contextlib
import ctypes.util
import random
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile

from offline_models.training import (
    augment,
    export,
    finetune,
    run,
    score,
    sounds,
    stage,
    synthesis,
)
from offline_models.training.features import RATE_HZ, mfcc
from offline_models.training.held_out import PITCH_RANGES, RATES_WPM, VARIANTS, examples, held_out
from offline_models.training.lexicon import pronunciations
from offline_models.training.numerator import Automata, Automaton, bigram
from offline_models.training.phones import PDF_COUNT, PHONE_ID, PHONES
from offline_models.training.recordings import (
    Clip,
    Corpus,
    Samples,
    corrections,
    manifest,
    read_audio,
    speech_rows,
    write_corpus,
)
from offline_models.training.spoken import spoken
from offline_models.training.tables import BadInput
from offline_models.training.text import speech_words

SERVICES = 93
CHECKOUT = Path(__file__).parents[2]
SHARED_SPEECH = CHECKOUT.parent / "shared" / "speech"
Rows = list[tuple[str, str, str, str]]


def chirp() -> sounds.Floats:
    at = np.arange(4000) / RATE_HZ
    sound = 8000 * np.sin(2 * np.pi * (300 + 2000 * at) * at) * np.exp(-2 * at)
    return np.asarray(np.rint(sound), np.float32)


def tone(hertz: float, seconds: float = 0.5) -> Samples:
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def test_features_are_those_of_kaldi() -> None:
    features = mfcc(chirp())
    assert features.shape == (23, 40)
    # What kaldi-native-fbank 1.23 says with the settings of conf/mfcc.conf.
    expected = [55.744, 47.741, 0.986, -103.636, -99.233, -23.518, 64.257, 81.228]
    assert features[10, :8] == pytest.approx(expected, abs=0.02)
    assert features[20, [0, 5, 39]] == pytest.approx([54.479, 108.874, -3.986], abs=0.02)


def test_a_warp_above_one_sounds_like_a_shorter_vocal_tract() -> None:
    warped = mfcc(tone(1500).astype(np.float32), warp=1.1)

    def away(hertz: float) -> float:
        return float(np.abs(mfcc(tone(hertz).astype(np.float32))[5] - warped[5]).mean())

    assert away(1500 * 1.1) < away(1500) < away(1500 / 1.1)


def paths(automaton: Automaton) -> Iterator[tuple[int, ...]]:
    """Every phone sequence an automaton lets through, silences left out."""

    def ways(state: int) -> Iterator[tuple[int, ...]]:
        if state == 0:
            yield ()
            return
        phone = int(automaton.phones[state])
        own = () if phone == PHONE_ID["SIL"] else (phone,)
        for earlier in automaton.before[state]:
            if earlier >= 0:
                yield from (way + own for way in ways(int(earlier)))

    for state in np.flatnonzero(automaton.final):
        yield from ways(int(state))


@pytest.mark.parametrize("said", [["satu"], ["ktp", "hilang"], ["besar", "[unk]", "rakyat"], []])
def test_the_numerator_holds_each_reading_and_no_other(said: list[str]) -> None:
    def readings(word: str) -> list[tuple[str, ...]]:
        return [("SPN",)] if word == "[unk]" else list(pronunciations(word))

    expected = {
        tuple(PHONE_ID[phone] for word in words for phone in word)
        for words in product(*(readings(word) for word in said))
    }
    assert set(paths(Automata(pronunciations)(said))) == expected


def test_the_bigram_is_a_distribution_over_everything() -> None:
    table = bigram([["satu", "dua"], ["kartu", "keluarga"]], pronunciations)
    assert table.shape == (len(PHONES) + 1, len(PHONES) + 1)
    assert table.sum(axis=1) == pytest.approx(np.ones(len(table)), abs=1e-5)
    assert table.min() > 0
    after_s = table[PHONE_ID["s"], 1:]
    assert after_s.argmax() + 1 == PHONE_ID["a"]


def speech_folder(folder: Path, rows: Rows) -> Path:
    """A folder of one-second tones: (path, transcript, speaker, consent)."""
    lines = ["path\ttranscript\tspeaker\tconsent"]
    for path, transcript, speaker, consent in rows:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, np.stack([tone(440, 1.0)] * 2, axis=1), RATE_HZ)
        lines.append(f"{path}\t{transcript}\t{speaker}\t{consent}")
    (folder / "manifest.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_only_who_agreed_is_read_and_somebody_is_kept_back(tmp_path: Path) -> None:
    rows = [(f"{name}/1.wav", "KTP hilang", name, "yes") for name in ("ani", "budi", "cici")]
    folder = speech_folder(tmp_path, [*rows, ("dodi/1.wav", "halo", "dodi", "no")])
    found = speech_rows(folder)
    assert {row["speaker"] for row in found} == {"ani", "budi", "cici"}
    assert {row["split"] for row in found} == {"train", "dev"}
    again = {row["speaker"]: row["split"] for row in speech_rows(folder)}
    assert again == {row["speaker"]: row["split"] for row in found}


def test_what_was_said_takes_the_place_of_what_the_manifest_has(tmp_path: Path) -> None:
    (path, (written, said)), *_ = corrections().items()
    rows = [
        (path, f"harga {written} ribu"),
        ("dialog/1.opus", f"harga {written} ribu"),
        (path, f"harga {said} ribu"),  # put right by its owners
        (path, "sudah lain"),
    ]
    lines = [f"{name}\t{text}\tMBO\n" for name, text in rows]
    (tmp_path / "manifest.tsv").write_text("".join(["path\ttranscript\tspeaker\n", *lines]))
    found = [row["transcript"] for row in speech_rows(tmp_path)]
    assert found == [f"harga {said} ribu", rows[1][1], rows[2][1], "sudah lain"]


@pytest.mark.skipif(not SHARED_SPEECH.is_dir(), reason="needs ../shared/speech")
def test_each_correction_is_of_a_recording_and_its_length_shows_it() -> None:
    """Four words more take longer than the same prompt took anybody who was given it."""
    rows = {row.cells["path"]: row.cells for row in manifest(SHARED_SPEECH)}
    corrected = corrections()
    assert all(written in rows[path]["transcript"] for path, (written, _) in corrected.items())
    longer = [path for path, (written, said) in corrected.items() if len(said) > len(written)]
    assert len(longer) == 4
    for path in longer:
        prompt = rows[path]["transcript"]
        as_written = [
            float(row["seconds"])
            for other, row in rows.items()
            if row["transcript"] == prompt and other not in corrected
        ]
        assert len(as_written) > 5
        assert float(rows[path]["seconds"]) > max(as_written)


def test_a_manifest_without_a_speaker_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.tsv").write_text("path\ttranscript\na.wav\thalo\n")
    with pytest.raises(BadInput, match=r"manifest\.tsv:1: no column speaker"):
        speech_rows(tmp_path)
    (tmp_path / "manifest.tsv").write_text("path\ttranscript\tspeaker\na.wav\thalo\n")
    with pytest.raises(BadInput, match=r"manifest\.tsv:2: speaker: is empty"):
        speech_rows(tmp_path)


def test_an_empty_cell_is_no_consent_and_a_manifest_without_the_column_needs_none(
    tmp_path: Path,
) -> None:
    table = tmp_path / "manifest.tsv"
    people = "a.wav\thalo\tani\tyes\nb.wav\thalo\tbudi\t\nc.wav\thalo\tcici\nd.wav\tya\tdodi\ty\n"
    table.write_text("path\ttranscript\tspeaker\tconsent\n" + people)
    assert [row["speaker"] for row in speech_rows(tmp_path)] == ["ani"]
    table.write_text("path\ttranscript\tspeaker\na.wav\thalo\tani\nb.wav\thalo\tbudi\n")
    assert [row["speaker"] for row in speech_rows(tmp_path)] == ["ani", "budi"]
    with pytest.raises(BadInput, match=r"manifest\.tsv:1: no column consent"):
        finetune.check(tmp_path)


def test_no_word_of_who_did_not_agree_is_in_the_vocabulary(tmp_path: Path) -> None:
    (path, (written, said)), *_ = corrections().items()
    rows = [("a.wav", "halo", "ani", "yes"), ("b.wav", "rahasiaku", "budi", "no"),
            ("c.wav", "bisikanku", "cici", ""), (path, written, "dodi", "yes")]  # fmt: skip
    lines = ["path\ttranscript\tspeaker\tconsent", *map("\t".join, rows)]
    (tmp_path / "manifest.tsv").write_text("\n".join(lines))
    assert speech_words(tmp_path) == {"halo", *spoken(said)}


def test_the_words_are_made_anew_when_somebody_took_the_consent_back(tmp_path: Path) -> None:
    folder = speech_folder(tmp_path, [("a.wav", "halo", "ani", "yes")])
    (before, *_), (without, *_) = (run.words_stages(tmp_path, one, None) for one in (folder, None))
    key = before.key()
    (folder / "manifest.tsv").write_text((folder / "manifest.tsv").read_text().replace("yes", "no"))
    assert before.key() != key
    assert folder / "manifest.tsv" not in without.inputs


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"path\ttranscript\tspeaker\xff\n", ":1: not UTF-8"),
        (b"path\ttranscript\tspeaker\tsplit\na\tya\tani\tdevv\n", ":2: split: 'devv'"),
        (b"path\ttranscript\tspeaker\tsplit\na\tya\tani\n", ":2: split: ''"),
        (b"path\ttranscript\tspeaker\na\tya\tani\tyes\n", ":2: more cells"),
        (b"path\ttranscript\tspeaker\tpath\na\tya\tani\tb\n", ":1: path: is there twice"),
        (b"", ":1: no column path"),
    ],
)
def test_a_bad_manifest_is_told_with_its_line(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.tsv").write_bytes(content)
    with pytest.raises(BadInput, match=re.escape(f"{tmp_path / 'manifest.tsv'}{told}")):
        speech_rows(tmp_path)


def test_a_manifest_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """A mark at its begin, carriage returns, a sign that other programs take for a line's end."""
    table = "\ufeffPath\ttranscript\tspeaker\r\na.wav\tya\u2028betul\tani\r\n"
    (tmp_path / "manifest.tsv").write_bytes(table.encode())
    (row,) = speech_rows(tmp_path)
    assert (row["path"], row["transcript"], row["speaker"]) == ("a.wav", "ya\u2028betul", "ani")


def training(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"offline_models.training.{module}", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)


def test_each_recording_that_is_left_out_is_told_and_none_at_all_is_refused(
    tmp_path: Path,
) -> None:
    rows = [("a.wav", "halo", "ani", "yes"), ("b.wav", "ya", "budi", "yes"),
            ("c.wav", "??", "budi", "yes"), ("d.wav", "ya", "budi", "yes"),
            ("e.raw", "ya", "budi", "yes"), ("f.wav", "ya", "budi", "no")]  # fmt: skip
    (tmp_path / "e.raw").write_bytes(b"\0" * 1000)
    folder = speech_folder(tmp_path, [row for row in rows if row[0] != "e.raw"])
    table = ["path\ttranscript\tspeaker\tconsent\tsplit"]
    table += ["\t".join((*row, "dev" if row[2] == "ani" else "train")) for row in rows]
    (folder / "manifest.tsv").write_text("\n".join(table))
    soundfile.write(folder / "d.wav", tone(440, 0.05), RATE_HZ)
    work = tmp_path / "work"
    done = training("recordings", "--work", str(work), "--speech", str(folder))
    assert done.returncode == 0, done.stderr
    place = f"{folder / 'manifest.tsv'}:"
    told = done.stderr.splitlines()
    assert told[0] == f"{place} 1 rows without consent are not read"
    assert [line.removeprefix(place).split(":")[0] for line in told[1:]] == ["4", "5", "6"]
    assert all(line.endswith(": left out") for line in told[1:])
    assert [clip.speaker for clip in Corpus(work / "corpora/real").clips] == ["ani", "budi"]
    (folder / "b.wav").unlink()
    again = training("recordings", "--work", str(tmp_path / "other"), "--speech", str(folder))
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1] == (
        f"recordings: {place} no recording of split train can be used"
    )
    assert not (tmp_path / "other/corpora/real.tsv").exists()


def test_finetune_and_train_tell_a_bad_folder_before_anything_is_made(tmp_path: Path) -> None:
    folder = speech_folder(
        tmp_path, [("a.wav", "halo", "ani", "yes"), ("b.wav", "x", "budi", "yes")]
    )
    (folder / "b.wav").unlink()
    place = f"{folder / 'manifest.tsv'}:3: path: b.wav: no such file"
    work = ("--work", str(tmp_path / "w"), "--noise", str(tmp_path))
    done = training("finetune", "--speech", str(folder), *work)
    assert (done.returncode, done.stderr) == (2, f"finetune: {place}: mend the line\n")
    for module in ("finetune", "run"):
        done = training(module, "--speech", str(tmp_path / "absent"), *work)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and "absent: no such folder" in done.stderr
    assert not (tmp_path / "w" / "finetune").exists()


def test_the_graph_is_made_anew_with_a_packaged_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a fresh clone nothing is in WORK but what the stages of words have just written."""
    work, out, other = tmp_path / "work", tmp_path / "id-small", tmp_path / "other"
    work.mkdir()
    card = "**Knows** 5 words in 7 pronunciations; 18.0 MB in all.\n| dialog-clean | 0.27 |\n"
    for model in (out, other):
        (model / "am").mkdir(parents=True)
        (model / "am/final.mdl").write_text(model.name)
        (model / "README.md").write_text(card)
    called: list[str] = []

    def packaged(module: str, *_: str) -> None:
        called.append(module)
        new = "**Knows** 6 words in 9 pronunciations; 18.1 MB in all.\nNot yet measured.\n"
        (out / "README.md").write_text(new)

    monkeypatch.setattr(run, "call", packaged)
    for chosen, taken in ((None, "id-small"), (other, "other")):
        run.deliver_graph(work, out, chosen)
        assert (work / "final.mdl").read_text() == taken
        kept = (out / "README.md").read_text()
        assert "6 words in 9 pronunciations; 18.1 MB in all" in kept and "0.27" in kept
        assert "Not yet" not in kept
    assert called == ["package"] * 2
    with pytest.raises(BadInput, match="name a model with --from"):
        run.deliver_graph(work, tmp_path / "none", None)
    (work / "net.npz").touch()
    run.deliver_graph(work, out, None)
    assert called[2:] == ["export", "package"]


def test_finetune_needs_two_people_who_agreed(tmp_path: Path) -> None:
    folder = speech_folder(tmp_path, [("a.wav", "halo", "ani", "yes"), ("b.wav", "x", "b", "no")])
    with pytest.raises(BadInput, match=r"1 speaker\(s\) with consent yes"):
        finetune.check(folder)


def test_recordings_of_any_rate_come_as_16_khz_mono(tmp_path: Path) -> None:
    at = np.arange(8000) / 8000
    stereo = np.stack([np.sin(2 * np.pi * 500 * at)] * 2, axis=1) * 0.5
    soundfile.write(tmp_path / "a.wav", stereo, 8000)
    sound = read_audio(tmp_path / "a.wav")
    assert abs(len(sound) - RATE_HZ) <= 2
    spectrum = np.abs(np.fft.rfft(sound))
    assert spectrum.argmax() * RATE_HZ / len(sound) == pytest.approx(500, abs=2)


def test_a_corpus_gives_back_what_was_written(tmp_path: Path) -> None:
    clips = [Clip(0, 0, "ani", "digits", "train", "satu"), Clip(0, 0, "b", "dialog", "dev", "halo")]
    write_corpus(tmp_path / "corpora/real", zip([tone(300), tone(600)], clips, strict=True))
    corpus = Corpus(tmp_path / "corpora/real")
    assert [(clip.speaker, clip.transcript) for clip in corpus.clips] == [
        ("ani", "satu"),
        ("b", "halo"),
    ]
    assert np.array_equal(corpus.samples(corpus.clips[1]), tone(600))


@pytest.fixture
def hall(tmp_path: Path) -> augment.Hall:
    """Three speakers of tones, one noise, one dry room."""
    chance = np.random.default_rng(3)
    words = ["satu", "dua tiga", "halo selamat pagi"]
    said = (
        (tone(200 + 100 * number, 0.6), Clip(0, 0, speaker, group, split, text))
        for split in ("train", "dev")
        for group in ("digits", "dialog")
        for number, speaker in enumerate((f"{split}1", f"{split}2", f"{split}3"))
        for text in words
    )
    write_corpus(tmp_path / "corpora/real", said)
    noise = (chance.standard_normal(RATE_HZ * 2) * 500).astype(np.int16)
    write_corpus(tmp_path / "corpora/noise", [(noise, Clip(0, 0, "fan", "own", "train", ""))])
    np.savez(tmp_path / "rooms.npz", np.array([1.0, 0, 0, 0.3], np.float32))
    return augment.Hall(tmp_path, seed=1)


def test_examples_are_whole_and_never_the_same_twice(hall: augment.Hall) -> None:
    found = [hall.example() for _ in range(40)]
    for example in found:
        assert len(example.features) in augment.LENGTHS
        assert len(example.phones) == len(example.features) // 3
        assert np.isfinite(example.features).all()
        assert len(example.automaton.phones) <= len(example.features) // 2
    assert len({example.features.tobytes() for example in found}) == len(found)
    assert any(len(example.automaton.phones) == 2 for example in found), "somebody always speaks"


def test_batches_hold_examples_of_one_length(hall: augment.Hall) -> None:
    arrays = next(augment.batches(augment.endless(hall)))
    count, frames, _ = arrays["features"].shape
    assert count * frames >= augment.BATCH_S * 100
    assert arrays["known"].shape == (count, frames // 3)
    assert arrays["before"].max() < arrays["phones"].shape[1]
    assert arrays["final"].any(axis=1).all()


def test_known_phones_move_with_speed_and_start() -> None:
    frames = augment.placed("SIL:0 a:120 b:300", at_ms=600, speed=2.0, count=40)
    silence, a, b = (PHONE_ID[phone] - 1 for phone in ("SIL", "a", "b"))
    assert list(frames[:22]) == [silence] * 22
    assert list(frames[22:25]) == [a] * 3
    assert set(frames[25:]) == {b}


def test_an_impulse_response_keeps_length_and_place() -> None:
    sound = np.zeros(1000, np.float32)
    sound[100] = 1
    heard = sounds.filtered(sound, np.array([1, 0, 0.5], np.float32))
    assert len(heard) == 1000
    assert heard[[99, 100, 101, 102]] == pytest.approx([0, 1, 0, 0.5], abs=1e-5)


def test_simulated_rooms_begin_with_the_direct_sound() -> None:
    pytest.importorskip("pyroomacoustics", reason="belongs to the training environment")
    response = sounds.room(np.random.default_rng(1))
    assert np.square(response).sum() == pytest.approx(1, abs=1e-3)
    assert np.abs(response).argmax() < 20


def test_enough_questions_are_kept_back_and_still_asked() -> None:
    pairs = held_out()
    services = {service for service, _ in pairs}
    assert len(pairs) >= 330
    assert len(services) == SERVICES
    still = set(examples())
    assert sum(pair in still for pair in pairs) >= 300


def test_nothing_kept_back_is_synthesised() -> None:
    secret = {spoken(question) for _, question in held_out()}
    said = synthesis.sentences(None)
    assert len(said) > 5000
    assert not secret & set(said)


def test_voices_kept_back_are_never_drawn() -> None:
    draw = random.Random(5)
    for wish in (synthesis.drawn_wish(draw) for _ in range(3000)):
        assert not wish.voice.endswith(tuple(f"+{variant}" for variant in VARIANTS))
        assert not RATES_WPM[0] <= wish.rate_wpm <= RATES_WPM[1]
        assert not any(low <= wish.pitch <= high for low, high in PITCH_RANGES)


@pytest.mark.skipif(not ctypes.util.find_library("espeak-ng"), reason="eSpeak NG is not here")
def test_espeak_says_words_and_when() -> None:
    espeak = synthesis.Espeak()
    wish = synthesis.Wish("id+f2", 170, 50, 50)
    samples, times = espeak.say("satu [[k'ate]]", wish)
    espeak.close()
    phones = [item.split(":")[0] for item in times.split() if not item.startswith("SIL")]
    starts = [int(item.split(":")[1]) for item in times.split()]
    assert phones == ["s", "a", "t", "u", "k", "a", "t", "e"]
    assert starts == sorted(starts)
    assert 0.5 * RATE_HZ < len(samples) < 2.5 * RATE_HZ
    assert starts[-1] < len(samples) / RATE_HZ * 1000


@pytest.mark.skipif(not ctypes.util.find_library("espeak-ng"), reason="eSpeak NG is not here")
def test_a_sentence_that_ends_espeak_costs_itself_alone() -> None:
    espeak = synthesis.Espeak()
    wish = synthesis.Wish("id+f2", 170, 50, 50)
    for _ in range(synthesis.STOPS_MOST - 1):
        espeak._process.kill()  # its own process: as "daftr , skrining." does by the voice id+rob
        espeak._process.wait()
        assert len(espeak.say("satu", wish)[0]) == 0
    assert len(espeak.say("satu", wish)[0]) > 0
    espeak._process.kill()
    espeak._process.wait()
    with pytest.raises(RuntimeError, match="20 times, now at 'satu'"):
        espeak.say("satu", wish)
    espeak._answers.close()


def test_a_phoneme_of_another_language_has_no_label() -> None:
    assert synthesis.phone_times([["s", 10], ["aI", 100], ["_:", 200]]) == (
        "SIL:0 s:10 a:100 i:150 SIL:200"
    )
    assert synthesis.phone_times([["y:", 10]]) == ""


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("satu dua", "satu dua", 0),
        ("satu dua", "dua", 1),
        ("", "satu", 1),
        ("a b c", "a x c d", 2),
    ],
)
def test_word_errors(said: str, heard: str, errors: int) -> None:
    assert score.distance(said.split(), heard.split()) == errors


@pytest.mark.parametrize("condition", ["noise15", "noise5", "babble10"])
def test_a_test_clip_is_spoiled_by_the_ratio_in_its_name(tmp_path: Path, condition: str) -> None:
    people = [
        (tone(300 + 70 * n, 1.0), Clip(0, 0, f"p{n}", "digits", "dev", "satu")) for n in range(6)
    ]
    write_corpus(tmp_path / "real", people)
    noise = (np.random.default_rng(1).standard_normal(30000) * 900).astype(np.int16)
    write_corpus(tmp_path / "noise", [(noise, Clip(0, 0, "fan", "own", "train", ""))])
    corpus, noises = Corpus(tmp_path / "real"), Corpus(tmp_path / "noise")
    clip = corpus.clips[0]
    voice = corpus.samples(clip).astype(np.float32)
    mixed = score.spoiled(corpus, clip, condition, noises, random.Random(2))
    scale = float(voice @ mixed / (voice @ voice))  # the rest is nearly orthogonal to a pure tone
    rest = mixed - scale * voice
    ratio_db = 10 * np.log10(np.mean((scale * voice) ** 2) / np.mean(rest**2))
    assert ratio_db == pytest.approx(float(re.sub(r"\D", "", condition)), abs=0.8)


def test_fine_tuning_starts_from_what_was_exported(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    layers, width = [], 40
    for name, out, offsets, relu in (
        ("l0", 24, (-1, 0, 1), True),
        ("n1", 8, (-3, 0), False),
        ("output", PDF_COUNT, (0,), False),
    ):
        weight = chance.standard_normal((out, width * len(offsets))).astype(np.float32)
        bias = chance.standard_normal(out).astype(np.float32)
        layers.append(export.Layer(name, offsets, relu, None, weight, bias))
        width = out
    with open(tmp_path / "final.mdl", "wb") as file:
        export.write_model(layers, file)
    found = finetune.read_model(tmp_path / "final.mdl")
    assert list(found) == ["l0", "n1", "output"]
    for layer in layers:
        weight, bias = found[layer.name]
        assert weight == pytest.approx(layer.weight, abs=2e-4)
        assert bias == pytest.approx(layer.bias, rel=1e-6)  # the last one's were scaled


def test_a_stage_runs_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    source = tmp_path / "words.txt"
    source.write_text("satu")
    keys = [stage.fingerprint([source], ["--work", "x"])]
    keys.append(stage.fingerprint([source], ["--work", "x"]))
    source.write_text("dua!")
    keys.append(stage.fingerprint([source], ["--work", "x"]))
    keys.append(stage.fingerprint([source], ["--work", "y"]))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_what_was_synthesised_of_other_sentences_is_deleted_before_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_back, made = tmp_path / "held_out.tsv", tmp_path / "corpora" / "synthetic-0.tsv"
    made.parent.mkdir()
    real = made.with_name("real.tsv")
    real.touch()
    found: list[bool] = []

    def synthesis_stage() -> stage.Stage:
        return stage.Stage("synthesis", (), (kept_back,), (made,), ("corpora/synthetic-*",))

    def stopped(*_: str) -> None:
        found.append(made.exists())
        made.touch()
        raise SystemExit

    kept_back.write_text("nothing")
    monkeypatch.setattr(stage, "call", stopped)
    for _ in range(2):  # a stopped pass goes on where it was
        with pytest.raises(SystemExit):
            synthesis_stage().run(tmp_path)
    monkeypatch.setattr(stage, "call", lambda *_: found.append(made.exists()))
    assert (synthesis_stage().run(tmp_path), synthesis_stage().run(tmp_path)) == (True, False)
    kept_back.write_text("a new sentence")
    synthesis_stage().run(tmp_path)
    assert found == [False, True, True, False]
    assert real.exists()


@pytest.mark.parametrize("source", ["assets/catalogue", "held_out.tsv", "words.toml", "spoken.py"])
def test_synthesis_hangs_on_all_that_it_says(tmp_path: Path, source: str) -> None:
    stages = run.sound_stages(tmp_path, None, tmp_path, None, 2)
    (synthesised,) = (one for one in stages if one.module == "synthesis")
    (found,) = (path for path in synthesised.inputs if str(path).endswith(source))
    assert found.exists()


def test_a_training_is_not_taken_for_one_on_other_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    called: list[str] = []
    monkeypatch.setattr(run, "call", lambda module, *_: called.append(module))
    monkeypatch.setattr(run, "supply", lambda _: contextlib.nullcontext())
    work = tmp_path / "work"
    for folder in (work, tmp_path / "ani", tmp_path / "budi"):
        folder.mkdir()
        (folder / "manifest.tsv").write_text("path\ttranscript\tspeaker\n")

    def taught(speech: Path | None) -> str:
        return run.taught_on(run.sound_stages(work, speech, tmp_path / "ani", None, 2))

    ani, budi, nobody = taught(tmp_path / "ani"), taught(tmp_path / "budi"), taught(None)
    assert len({ani, budi, nobody}) == 3
    run.train(work, 1, taught=ani)
    run.train(work, 1, taught=ani)
    assert called == ["train"]
    assert "done before" in capsys.readouterr().out
    (work / "trained").write_text(stage.BEGUN + ani)  # stopped: checkpoint.pt is there
    run.train(work, 1, taught=ani)
    assert called == ["train"] * 2
    for other in (budi, nobody):
        with pytest.raises(SystemExit, match=f"{work}: its training heard other recordings"):
            run.train(work, 1, taught=other)
    assert called == ["train"] * 2


def test_speakers_stay_on_their_side_when_others_come(tmp_path: Path) -> None:
    names = [f"orang{n}" for n in range(60)]
    rows = [(f"{name}.wav", "halo", name, "yes") for name in names]
    folder = speech_folder(tmp_path, rows[:3])
    lines = ["path\ttranscript\tspeaker", *(f"{p}\t{t}\t{s}" for p, t, s, _ in rows)]
    (folder / "manifest.tsv").write_text("\n".join(lines) + "\n")
    kept_back = {row["speaker"] for row in speech_rows(folder) if row["split"] == "dev"}
    assert kept_back == {name for name in names if zlib.crc32(name.encode()) % 10 == 0}
    assert 0 < len(kept_back) < 15
