"""Make assets/fonts and assets/icons from the two unpacked npm packages they come from.

Run once per new version of either package, never by `make`; needs fonttools:

    npm pack @fontsource/plus-jakarta-sans @tabler/icons-webfont   # then unpack both
    python build/dev/make_fonts.py FOLDER_OF_PLUS_JAKARTA_SANS FOLDER_OF_TABLER_ICONS
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

ASSETS = Path(__file__).resolve().parents[2] / "assets"
WEIGHTS = {"Regular": 400, "Bold": 700}
SUBSETS = ("latin", "latin-ext")  # the package cuts each weight into subsets; we want one file
SPACE_EM = 0.25
HYPHEN, HYPHEN_THAT_DOES_NOT_BREAK = 0x2010, 0x2011


def make_text_font(package: Path, style: str, weight: int) -> None:
    """Merge the subsets of one weight into assets/fonts/PlusJakartaSans-<style>.ttf."""
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for subset in SUBSETS:
            part = TTFont(package / f"files/plus-jakarta-sans-{subset}-{weight}-normal.woff")
            part.flavor = None
            part.recalcTimestamp = False  # the same input gives the same bytes
            parts.append(f"{folder}/{subset}.ttf")
            part.save(parts[-1])
        font = Merger().merge(parts)
        font["head"].modified = font["head"].created = TTFont(parts[0])["head"].created
    for table in font["cmap"].tables:
        hyphen = table.cmap.get(HYPHEN) or table.cmap.get(ord("-"))
        table.cmap.setdefault(HYPHEN_THAT_DOES_NOT_BREAK, hyphen)
    _widen_spaces(font)
    font.recalcTimestamp = False
    font.save(ASSETS / f"fonts/PlusJakartaSans-{style}.ttf")


def _widen_spaces(font: TTFont) -> None:
    """The font's own space is 0.17 em: at arm's length "1 hari kerja" read as "1hari kerja"."""
    wide = round(SPACE_EM * font["head"].unitsPerEm)
    for sign in (" ", "\u00a0"):
        name = font.getBestCmap()[ord(sign)]
        font["hmtx"][name] = (wide, font["hmtx"][name][1])


def make_icons(package: Path) -> None:
    """Copy the icon font and write icons.json: icon name -> code point in hexadecimal."""
    shutil.copyfile(package / "dist/fonts/tabler-icons.ttf", ASSETS / "icons/tabler-icons.ttf")
    style_sheet = (package / "dist/tabler-icons.css").read_text()
    named = dict(
        re.findall(r'\.ti-([a-z0-9-]+):before\s*{\s*content:\s*"\\([0-9a-f]+)"', style_sheet)
    )
    drawn = TTFont(package / "dist/fonts/tabler-icons.ttf").getBestCmap()
    icons = {name: code for name, code in sorted(named.items()) if int(code, 16) in drawn}
    (ASSETS / "icons/icons.json").write_text(json.dumps(icons, indent=0) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    text_package, icon_package = Path(sys.argv[1]), Path(sys.argv[2])
    for style, weight in WEIGHTS.items():
        make_text_font(text_package, style, weight)
    make_icons(icon_package)
    shutil.copyfile(text_package / "LICENSE", ASSETS / "fonts/OFL.txt")
    shutil.copyfile(icon_package / "LICENSE", ASSETS / "icons/LICENSE.txt")
