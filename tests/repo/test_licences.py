"""Whatever we carry has its licence beside it, whatever we call is named in THIRD_PARTY.md."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ASSETS = CHECKOUT / "assets"
THIRD_PARTY = (CHECKOUT / "THIRD_PARTY.md").read_text()


@pytest.mark.parametrize(
    ("folder", "licence", "words"),
    [("fonts", "OFL.txt", "SIL Open Font License"), ("icons", "LICENSE.txt", "MIT License")],
)
def test_fonts_and_icons_are_covered(folder: str, licence: str, words: str) -> None:
    assert words in (ASSETS / folder / licence).read_text()
    assert f"assets/{folder}/{licence}" in THIRD_PARTY
    readme = (ASSETS / folder / "README.md").read_text()
    assert licence in readme
    carried = {file.name for file in (ASSETS / folder).iterdir()} - {licence, "README.md"}
    kinds = {"fonts": r"PlusJakartaSans-\w+\.ttf", "icons": r"tabler-icons\.ttf|icons\.json"}
    assert carried
    assert {name for name in carried if not re.fullmatch(kinds[folder], name)} == set()


def test_no_font_picture_or_sound_lies_outside_the_covered_folders() -> None:
    kinds = {".ttf", ".otf", ".woff", ".woff2", ".png", ".svg", ".jpg", ".wav", ".ogg", ".opus"}
    stray = [
        f
        for f in ASSETS.rglob("*")
        if f.suffix in kinds and f.parent.name not in ("fonts", "icons")
    ]
    assert stray == []


@pytest.mark.parametrize("lock", ["build", "run", "city", "test", "package"])
def test_every_locked_package_is_named_with_its_licence(lock: str) -> None:
    locked = re.findall(
        r"^([a-z0-9-]+)==", (CHECKOUT / f"requirements/{lock}.txt").read_text(), re.M
    )
    named = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", THIRD_PARTY))
    assert locked
    assert set(locked) - named == set()


def test_every_icon_that_assets_name_is_drawn_by_the_icon_font() -> None:
    drawn = json.loads((ASSETS / "icons/icons.json").read_text())
    asked: dict[str, str] = {}

    def collect(value: object, file: Path) -> None:
        if isinstance(value, dict):
            if isinstance(icon := value.get("icon"), str):
                asked[f"{file.name}: {icon}"] = icon
            for inner in value.values():
                collect(inner, file)
        elif isinstance(value, list):
            for inner in value:
                collect(inner, file)

    for file in ASSETS.rglob("*.toml"):
        collect(tomllib.loads(file.read_text()), file)
    assert asked
    assert {where for where, icon in asked.items() if icon not in drawn} == set()


def test_the_rest_of_our_code_has_a_licence() -> None:
    assert "Apache License" in (CHECKOUT / "LICENSE").read_text()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
