"""`kiosk transcribe` and `kiosk evaluate voice`: the ear over recordings."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.bootstrap import recogniser_of
from kiosk.config import Settings
from kiosk.domain.speech import Task, Transcript
from kiosk.hearing_test import Clip, Heard, figures, read_manifest
from kiosk.problems import BadInput
from kiosk.tables import lines_of
from kiosk.voice.phrases import plain
from kiosk.voice.recogniser import Recogniser
from kiosk.voice.sound import NotASound, check_recording, duration_s, read_recording


def transcribed(args: argparse.Namespace, settings: Settings) -> Iterator[dict[str, Any]]:
    """One answer a recording, in order; one that cannot be read has a `problem`."""
    if bool(args.files) == bool(args.file):
        raise BadInput("say what to listen to: either WAV… or --file F with a path a line")
    task, listed = _listened_for(args)
    names = _written_in(Path(args.file), "surrogateescape") if args.file else args.files
    if not names:
        raise BadInput(f"{args.file}: no recordings: write a path a line")
    recogniser = recogniser_of(settings)
    for name in names:
        try:
            pcm = read_recording(Path(name))
        except NotASound as error:
            yield {
                **_answer(name, Transcript("", 0.0, False), task, 0.0, 0.0),
                "problem": str(error),
            }
            continue
        start_s = time.perf_counter()
        transcript = recogniser.transcribe(pcm, task, listed)
        compute_s = time.perf_counter() - start_s
        yield _answer(name, transcript, task, duration_s(pcm), compute_s)


def evaluate_voice(args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Raises BadInput for a recording that is not there before any is heard: that takes hours."""
    if not args.file or args.cross or args.write:
        raise BadInput("evaluate voice: give MANIFEST.tsv, --task or --grammar, nothing else")
    task, listed = _listened_for(args)
    manifest = Path(args.file)
    clips = read_manifest(manifest)
    for clip in clips:
        with _told_by(clip):
            check_recording(manifest.parent / clip.path)
    recogniser = recogniser_of(settings)
    heard = [_heard(clip, manifest.parent, recogniser, task, listed) for clip in clips]
    return figures(heard, listed)


@contextmanager
def _told_by(clip: Clip) -> Iterator[None]:
    try:
        yield
    except NotASound as error:
        raise BadInput(f"{clip.place}: path: {clip.path}: {error}") from None


def _heard(
    clip: Clip, folder: Path, recogniser: Recogniser, task: Task, listed: tuple[str, ...]
) -> Heard:
    with _told_by(clip):
        pcm = read_recording(folder / clip.path)
    start_s = time.perf_counter()
    transcript = recogniser.transcribe(pcm, task, listed)
    return Heard(clip, transcript, duration_s(pcm), time.perf_counter() - start_s)


def _answer(
    name: str, transcript: Transcript, task: Task, audio_s: float, compute_s: float
) -> dict[str, Any]:
    words = [
        {
            "word": one.word,
            "start": round(one.start_s, 3),
            "end": round(one.end_s, 3),
            "conf": round(one.confidence, 4),
        }
        for one in transcript.words
    ]
    answer: dict[str, Any] = {
        "file": name,
        "text": transcript.text,
        "accepted": transcript.accepted,
        "confidence": transcript.confidence,
        "words": words,
        "audio_s": round(audio_s, 3),
        "compute_s": round(compute_s, 4),
    }
    if task == "digits":
        answer["value"] = transcript.value
    return answer


def _listened_for(args: argparse.Namespace) -> tuple[Task, tuple[str, ...]]:
    """The task, and the phrases of --grammar."""
    task: Task = args.task or "lookup"
    if not args.grammar:
        return task, ()
    if task != "lookup":
        raise BadInput(f"--grammar: hears only its phrases, not --task {task}: give one")
    listed = tuple(line.strip() for line in _written_in(Path(args.grammar)) if plain(line))
    if not listed:
        raise BadInput(f"{args.grammar}: no phrases: write one a line")
    return "choice", listed


def _written_in(path: Path, errors: str = "strict") -> list[str]:
    """Its lines with something on them, whole: a path may begin or end with a blank, and
    "surrogateescape" keeps the bytes of one that is not UTF-8."""
    return [line for line in lines_of(path, errors) if line.strip()]
