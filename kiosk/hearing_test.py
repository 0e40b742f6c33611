"""How well does the ear hear? Figures over recordings whose words are known."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from kiosk.domain.speech import Transcript
from kiosk.problems import BadInput
from kiosk.tables import rows_of
from kiosk.voice.phrases import nearest, plain

OOV = "oov"  # off the list: nothing must be taken from it
DRAWS, SEED = 1000, 4
MIDDLE_95 = (0.025, 0.975)

Count = tuple[int, int]  # how many of how many


@dataclass(frozen=True, slots=True)
class Clip:
    """`path` as in the manifest, relative to it; `text` "" and `oov` for what must be refused;
    `sex` "F", "M" or what else the manifest says, "?" where nobody says; `place`: FILE:LINE."""

    path: str
    text: str
    speaker: str
    oov: bool
    sex: str = "?"
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Heard:
    clip: Clip
    transcript: Transcript
    audio_s: float
    compute_s: float


def read_manifest(path: Path) -> list[Clip]:
    """A table with a header: path, transcript, speaker, perhaps kind and sex. What must be refused
    says so: by its kind, or by a transcript that is there and empty. Raises BadInput."""
    clips = []
    for row in rows_of(path, ("path", "transcript", "speaker")):
        if not row.cells["path"].strip():
            raise row.wrong("path", "is empty: name a recording, or take the line out")
        oov = row.cells.get("kind", "").strip().lower() == OOV
        said = "" if oov else row.cell("transcript", f"write what is said, or the kind {OOV}")
        text = plain(row.cells.get("transcript", ""))
        if said.strip() and not text:
            raise row.wrong("transcript", f"{said!r} has no words: write them, or nothing")
        speaker = row.cell("speaker", "write who speaks, or a tab and nothing").strip() or "?"
        clips.append(
            Clip(row.cells["path"], text, speaker, oov or not text, _sex(row.cells), row.place)
        )
    if not clips:
        raise BadInput(f"{path}: no recordings: write a line for each after the header")
    return clips


def _sex(row: Mapping[str, str]) -> str:
    """By the manifest, or by a speaker code that begins with it as those of INDspeech do."""
    if "sex" in row:
        return row["sex"].strip()[:1].upper() or "?"
    initial = row["speaker"][:1]
    return initial if initial in ("F", "M") else "?"


def figures(heard: Sequence[Heard], listed: Sequence[str] = ()) -> dict[str, Any]:
    """One object. Shares and WER are [value, low, high] with a bootstrap 95 % interval over
    speakers (over clips where there is one speaker); null where there is nothing to count.

    `wer`: word errors of the words taken, a refusal losing all its words; `wer_best`: of the
    likeliest words, taken or not. `exact`: taken and right.
    `nearest`: right once snapped to the nearest phrase of the list (or of all transcripts), refused
    or not. `rejected`: of what should be understood. `false_accepts`: of what should not.
    `by_sex` has all of these, `by_speaker` without intervals (one person has none over speakers).
    """
    ours = [one for one in heard if not one.clip.oov]
    foreign = [one for one in heard if one.clip.oov]
    phrases = list(listed) or sorted({one.clip.text for one in ours})
    audio_s = sum(one.audio_s for one in heard)
    by_sex = _grouped(heard, lambda one: one.clip.sex)
    return {
        "n": len(heard),
        "n_oov": len(foreign),
        "speakers": len({one.clip.speaker for one in heard}),
        **_measures(heard, phrases),
        "rtf": round(sum(one.compute_s for one in heard) / audio_s, 4) if audio_s else None,
        "compute_ms_p95": _p95_ms(heard),
        "audio_s": round(audio_s, 1),
        "by_sex": {sex: {"n": len(group), **_measures(group, phrases)} for sex, group in by_sex},
        "by_speaker": _by_speaker(ours),
    }


def _measures(heard: Sequence[Heard], phrases: Sequence[str]) -> dict[str, list[float] | None]:
    ours = [one for one in heard if not one.clip.oov]
    foreign = [one for one in heard if one.clip.oov]
    return {
        "wer": _interval(ours, _word_errors),
        "wer_best": _interval(ours, _best_word_errors),
        "exact": _interval(ours, _exact),
        "nearest": _interval(ours, _nearest_in(phrases)),
        "rejected": _interval(ours, _refused),
        "false_accepts": _interval(foreign, _taken),
    }


def word_errors(said: str, heard: str) -> int:
    """Words wrong, missing and too many."""
    return int(Levenshtein.distance(said.split(), heard.split()))


def _word_errors(one: Heard) -> Count:
    return word_errors(one.clip.text, one.transcript.text), len(one.clip.text.split())


def _best_word_errors(one: Heard) -> Count:
    return word_errors(one.clip.text, _best(one)), len(one.clip.text.split())


def _exact(one: Heard) -> Count:
    return int(one.transcript.text == one.clip.text), 1


def _refused(one: Heard) -> Count:
    return int(not one.transcript.accepted), 1


def _taken(one: Heard) -> Count:
    return int(one.transcript.accepted), 1


def _nearest_in(phrases: Sequence[str]) -> Callable[[Heard], Count]:
    def right(one: Heard) -> Count:
        near = nearest(_best(one), phrases)
        return int(near is not None and plain(near.phrase) == one.clip.text), 1

    return right


def _best(one: Heard) -> str:
    """The likeliest words, taken or not."""
    return one.transcript.text or next(iter(one.transcript.n_best), "")


def _ratio(counts: Iterable[Count]) -> float:
    parts, wholes = zip(*counts, strict=True)
    return float(sum(parts) / sum(wholes))


def _interval(heard: Sequence[Heard], count: Callable[[Heard], Count]) -> list[float] | None:
    """People differ more than clips of one person do: whole speakers are drawn."""
    if not heard:
        return None
    groups: dict[str, list[Count]] = defaultdict(list)
    for one in heard:
        groups[one.clip.speaker].append(count(one))
    singly = [counts for counted in groups.values() for counts in counted]
    sums = [(sum(part for part, _ in counted), sum(whole for _, whole in counted))
            for counted in groups.values()]  # fmt: skip
    pool = sums if len(sums) > 1 else singly
    chance = random.Random(SEED)
    drawn = sorted(_ratio(chance.choices(pool, k=len(pool))) for _ in range(DRAWS))
    low, high = (drawn[int(part * (DRAWS - 1))] for part in MIDDLE_95)
    return [round(value, 4) for value in (_ratio(singly), low, high)]


def _grouped(heard: Iterable[Heard], key: Callable[[Heard], str]) -> list[tuple[str, list[Heard]]]:
    groups: dict[str, list[Heard]] = defaultdict(list)
    for one in heard:
        groups[key(one)].append(one)
    return sorted(groups.items())


def _by_speaker(heard: Iterable[Heard]) -> dict[str, dict[str, float]]:
    measures = {"wer": _word_errors, "exact": _exact, "rejected": _refused}
    return {
        name: {
            "n": len(group),
            **{what: round(_ratio(map(count, group)), 4) for what, count in measures.items()},
        }
        for name, group in _grouped(heard, lambda one: one.clip.speaker)
    }


def _p95_ms(heard: Sequence[Heard]) -> float | None:
    spent = sorted(one.compute_s for one in heard)
    return round(spent[int(0.95 * (len(spent) - 1))] * 1000, 1) if spent else None
