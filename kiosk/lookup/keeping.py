"""Where the learned ranking is kept: one made on this kiosk, or the one that came with the program.

Whichever was learned from the catalogue and sentences as they are now is used. When neither was,
one of them serves all the same, and names answer for what is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.domain.service import Service
from kiosk.lookup.learned import Model, ModelUnusable, load_model
from kiosk.lookup.lessons import Sentences, digest, lessons, sentences_of
from kiosk.lookup.understanding import Understanding

MODEL = Path("lookup") / "model.bin"  # in the home and among the assets


@dataclass(frozen=True, slots=True)
class Kept:
    """`state`: "fresh" fits catalogue and sentences; "stale" does not; "missing": no model.
    `unusable`: files that should be one, each with why it is none."""

    model: Model | None
    path: Path | None
    state: str
    unusable: tuple[str, ...] = ()


def kept_model(services: Iterable[Service], sentences: Sentences, home: Path, assets: Path) -> Kept:
    """The model to use. A file that cannot be read counts as none."""
    now = digest(services, sentences, assets / "lookup")
    stale = Kept(None, None, "missing")
    unusable: list[str] = []
    for path in (home / MODEL, assets / MODEL):
        try:
            model = load_model(path)
        except FileNotFoundError:
            continue
        except (OSError, ModelUnusable) as error:
            unusable.append(f"{path}: {error}")
            continue
        if model.digest == now:
            return Kept(model, path, "fresh", tuple(unusable))
        if stale.model is None:
            stale = Kept(model, path, "stale")
    return replace(stale, unusable=tuple(unusable))


def understanding(services: Iterable[Service], home: Path, assets: Path) -> Understanding:
    listed = list(services)
    sentences = sentences_of(assets)
    model = kept_model(listed, sentences, home, assets).model
    new = sentences.examples.keys() - (set(model.labels) if model else set())
    examples = {one: [text for _, text in sentences.examples[one]] for one in new}
    return Understanding(listed, examples, model)


def rebuild(services: Iterable[Service], assets: Path, path: Path) -> Model:
    """Learn anew and replace `path` at once or not at all. Raises OSError; ImportError without
    NumPy."""
    from kiosk.lookup.training import train

    listed = list(services)
    sentences = sentences_of(assets)
    told = digest(listed, sentences, assets / "lookup")
    model = train(list(lessons(listed, sentences)), told)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(model.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return model
