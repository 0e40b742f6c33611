"""Real speech, decoded once into one plain file that the other stages map into memory.

    python -m offline_models.training.recordings --work DIR --speech FOLDER --noise FOLDER

FOLDER holds manifest.tsv with the columns path, transcript, speaker and, if wanted, split
(train | dev) and consent (then only rows with "yes" are used, none with an empty cell). Without a
split one speaker in ten, chosen by a hash of the name, is kept back for dev. Where a speaker is
known to have said something else than the manifest has it, corrections.tsv beside this file tells
what. Written: DIR/corpora/real.{i16,tsv} and noise.{i16,tsv}. Nothing that is in them may be
published.
"""

import argparse
import csv
import math
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from offline_models.training.spoken import spoken
from offline_models.training.tables import BadInput, Row, rows_of

# path, words of the manifest's transcript, what is said in their place. In INDspeech the four men
# were given other prompts 25 and 26 than the women: prompt 25 took them a second longer, and a
# model that was taught the written words hears those said all the same.
CORRECTIONS = Path(__file__).with_name("corrections.tsv")

RATE_HZ = 16000
GROUPS = ("digits", "dialog", "malay")  # top folders that augment.py weighs apart
SPLITS = ("train", "dev")
SECONDS_MIN, SECONDS_MAX = 0.1, 60.0  # shorter or longer recordings are no utterances
MANIFEST = "manifest.tsv"

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Clip:
    """A stretch of a corpus: `start` and `length` in samples; `group` says where it comes from.

    `phones` gives known times ("a:120 b:180", starts in ms) where a synthesiser told them.
    """

    start: int
    length: int
    speaker: str
    group: str
    split: str
    transcript: str
    phones: str = ""


class Corpus:
    """Clips and their samples; the samples stay on the disk until they are read."""

    def __init__(self, prefix: Path) -> None:
        self.clips: list[Clip] = []
        with open(prefix.with_suffix(".tsv"), newline="") as table:
            for row in csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                self.clips.append(Clip(int(row[0]), int(row[1]), *row[2:]))
        self._samples: Samples = np.memmap(prefix.with_suffix(".i16"), dtype=np.int16, mode="r")

    def samples(self, clip: Clip) -> Samples:
        return self._samples[clip.start : clip.start + clip.length]


def write_corpus(prefix: Path, pieces: Iterable[tuple[Samples, Clip]]) -> float:
    """Write the pieces (their clips' start and length are set here); returns hours written."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    start = 0
    part = prefix.with_suffix(".part")
    with open(part, "wb") as audio, open(prefix.with_suffix(".rows"), "w") as table:
        for samples, clip in pieces:
            audio.write(samples.astype("<i2").tobytes())
            row = (start, len(samples), clip.speaker, clip.group, clip.split, clip.transcript)
            table.write("\t".join(map(str, (*row, clip.phones))) + "\n")
            start += len(samples)
    part.rename(prefix.with_suffix(".i16"))
    prefix.with_suffix(".rows").rename(prefix.with_suffix(".tsv"))  # last: it marks completeness
    return start / RATE_HZ / 3600


def read_audio(path: Path) -> Samples:
    """A recording of any rate as 16 kHz mono. Raises RuntimeError when it cannot be decoded."""
    import soundfile

    data, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = data.mean(axis=1)
    if rate_hz != RATE_HZ:
        import soxr

        mono = soxr.resample(mono, rate_hz, RATE_HZ)
    whole: Samples = np.clip(mono * 32767, -32768, 32767).astype(np.int16)
    return whole


def manifest(folder: Path, *needed: str) -> list[Row]:
    """The rows of a folder's manifest, `needed` filled in each. Raises BadInput."""
    return list(rows_of(folder / MANIFEST, needed))


def speech_rows(folder: Path) -> list[dict[str, str]]:
    """Rows that may be used: consent "yes" where there is such a column, and a split for each.
    "place" is FILE:LINE. Raises BadInput."""
    rows = []
    said = corrections()
    for line in manifest(folder, "path", "transcript", "speaker"):
        row = {**line.cells, "place": line.place}
        if row.get("split", "train") not in SPLITS:
            raise line.wrong("split", f"{row['split']!r}: write {' or '.join(SPLITS)}")
        row["transcript"] = _corrected(row["transcript"], *said.get(row["path"], ("", "")))
        if row.get("consent", "yes").strip() == "yes":
            rows.append(row)
    if rows and "split" not in rows[0]:
        kept_back = speakers_kept_back(row["speaker"] for row in rows)
        for row in rows:
            row["split"] = "dev" if row["speaker"] in kept_back else "train"
    return rows


def corrections() -> dict[str, tuple[str, str]]:
    """By a recording's path, words of its transcript and what is said in their place."""
    with open(CORRECTIONS, newline="") as table:
        rows = csv.DictReader(table, delimiter="\t")
        return {row["path"]: (row["written"], row["said"]) for row in rows}


def _corrected(transcript: str, written: str, said: str) -> str:
    """Once: a manifest that was put right is left as it is."""
    words, old, new = (f" {text} " for text in (transcript, written, said))
    if not written or old not in words or (len(new) > len(old) and new in words):
        return transcript
    return words.replace(old, new).strip()


def speakers_kept_back(speakers: Iterable[str]) -> set[str]:
    """One speaker in ten, chosen by a hash of the name; at least one."""
    by_hash = sorted(set(speakers), key=lambda speaker: zlib.crc32(speaker.encode()))
    return {s for s in by_hash if zlib.crc32(s.encode()) % 10 == 0} or set(by_hash[:1])


def _speech(folder: Path) -> Iterator[tuple[Samples, Clip]]:
    """Raises BadInput in the end where there was nothing to learn from or to judge by."""
    rows = speech_rows(folder)
    if silent := len(manifest(folder)) - len(rows):
        print(f"{folder / MANIFEST}: {silent} rows without consent are not read", file=sys.stderr)
    used = set()
    for row in rows:
        top = row["path"].split("/")[0]
        group = top if top in GROUPS else "speech"
        clip = Clip(0, 0, row["speaker"], group, row["split"], " ".join(spoken(row["transcript"])))
        if not clip.transcript:
            _leave_out(row["place"], "transcript: has no words")
        elif (samples := _decoded(folder / row["path"], row["place"], SECONDS_MAX)) is not None:
            used.add(clip.split)
            yield samples, clip
    if lacking := [split for split in SPLITS if split not in used]:
        raise BadInput(f"{folder / MANIFEST}: no recording of split {lacking[0]} can be used")


def _noise(folder: Path) -> Iterator[tuple[Samples, Clip]]:
    """Raises BadInput in the end where there was none."""
    used = 0
    for row in manifest(folder, "path", "class"):
        path = row.cells["path"]
        if (samples := _decoded(folder / path, row.place, math.inf)) is not None:
            used += 1
            yield samples, Clip(0, 0, row.cells["class"], path.split("/")[0], "train", "")
    if not used:
        raise BadInput(f"{folder / MANIFEST}: no recording can be used")


def _decoded(path: Path, place: str, limit_s: float) -> Samples | None:
    """None, and a line that tells, where it is of no use."""
    try:
        samples = read_audio(path)
    except (RuntimeError, OSError, TypeError, ValueError) as error:  # soundfile's, by the name too
        _leave_out(place, f"path: cannot be read: {error}")
        return None
    spent_s = len(samples) / RATE_HZ
    if SECONDS_MIN <= spent_s <= limit_s:
        return samples
    bound = f"shorter than {SECONDS_MIN}" if spent_s < SECONDS_MIN else f"longer than {limit_s:.0f}"
    _leave_out(place, f"path: {path} is {bound} s")
    return None


def _leave_out(place: str, why: str) -> None:
    print(f"{place}: {why}: left out", file=sys.stderr)


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--speech", type=Path, help="folder with manifest.tsv")
    parser.add_argument("--noise", type=Path, help="folder with manifest.tsv (path, class)")
    wish = parser.parse_args()
    try:
        if wish.speech:
            hours = write_corpus(wish.work / "corpora" / "real", _speech(wish.speech))
            print(f"real speech: {hours:.2f} h")
        if wish.noise:
            hours = write_corpus(wish.work / "corpora" / "noise", _noise(wish.noise))
            print(f"noise: {hours:.2f} h")
    except (OSError, BadInput) as error:
        print(f"recordings: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
