"""A damaged model is told by name before Vosk sees it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.voice.model import NEEDED, SUMS, ModelMissing, check_folder
from kiosk.voice.recogniser import Recogniser
from offline_models.training.package import package
from tests.voice.conftest import SHIPPED

WHOLE = "copy the whole speech model"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """What a training leaves: any bytes."""
    work = tmp_path / "work"
    (work / "graph/phones").mkdir(parents=True)
    (work / "final.mdl").write_bytes(bytes(range(256)))
    for name in ("HCLr.fst", "Gr.fst", "words.txt", "disambig_tid.int", "phones/silence.csl"):
        (work / "graph" / name).write_text(name)
    return work


@pytest.fixture
def packaged(work: Path, tmp_path: Path) -> Path:
    package(work, tmp_path / "model")
    return tmp_path / "model"


def test_a_packaged_model_is_whole_also_to_sha256sum(packaged: Path) -> None:
    check_folder(packaged)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=packaged, check=True)
    named = [line.partition("  ")[2] for line in (packaged / SUMS).read_text().splitlines()]
    assert named == sorted({*NEEDED, "graph/phones/silence.csl"})
    (packaged / "README.md").unlink()  # as the Debian package does
    check_folder(packaged)


@pytest.mark.parametrize("name", [*NEEDED, "graph/phones/silence.csl"])
def test_damage_is_told_by_the_name_of_the_file(packaged: Path, name: str) -> None:
    path = packaged / name
    right = path.read_bytes()
    for wrong in (b"", right[: len(right) // 2], bytes([right[0] ^ 1]) + right[1:]):
        path.write_bytes(wrong)
        with pytest.raises(ModelMissing, match=f"{name} is damaged: {WHOLE}$") as told:
            check_folder(packaged)
        assert "\n" not in str(told.value)


def test_sums_that_do_not_name_every_file_are_damaged(packaged: Path) -> None:
    right = (packaged / SUMS).read_bytes()
    for wrong in (b"", right[: len(right) // 2], b"\xff\0"):
        (packaged / SUMS).write_bytes(wrong)
        with pytest.raises(ModelMissing, match=f"{SUMS} is damaged: {WHOLE}$"):
            check_folder(packaged)


def test_a_file_named_in_the_sums_may_not_be_missing(packaged: Path) -> None:
    (packaged / "graph/phones/silence.csl").unlink()
    with pytest.raises(ModelMissing, match=r"graph/phones/silence\.csl is damaged"):
        check_folder(packaged)


def test_a_model_without_sums_passes_unless_a_file_is_empty(packaged: Path) -> None:
    (packaged / SUMS).unlink()
    (packaged / "graph/Gr.fst").write_text("a city's own")
    check_folder(packaged)
    (packaged / "conf/model.conf").write_text("")
    with pytest.raises(ModelMissing, match=rf"conf/model\.conf is damaged: {WHOLE}$"):
        check_folder(packaged)


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="no model in offline_models/id-small")
def test_the_shipped_model_is_as_it_was_packaged(tmp_path: Path) -> None:
    assert (SHIPPED / SUMS).is_file()
    check_folder(SHIPPED)
    copy = tmp_path / "copy"
    shutil.copytree(SHIPPED, copy)
    (copy / "graph/disambig_tid.int").write_text("1\n")
    with pytest.raises(ModelMissing, match=r"graph/disambig_tid\.int is damaged"):
        Recogniser(copy)
