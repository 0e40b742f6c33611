"""What the one-folder build carries: sbom.json (CycloneDX 1.5) and the licence text of each part.

    python build/sbom.py PYINSTALLER_WORK OUT

PyInstaller's own list of gathered files is the source: each file is traced to the Python package
whose RECORD names it, else to the Debian package that installed it, else to this checkout. A file
that nobody answers for, a version other than the lock's and a part without a licence text stop the
build. Same input, same bytes.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = ("build", "run", "package")
COMMON = Path("/usr/share/common-licenses")
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.I)
NOT_KEPT_APART = {"pip", "altgraph", "packaging", "pyinstaller-hooks-contrib"}


class Unanswered(Exception):
    """Something in the build that nobody answers for; the text says what."""


def gathered(work: Path) -> set[str]:
    """Every source file of the build, from PyInstaller's tables of contents."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, tuple) and len(value) == 3 and isinstance(value[1], str):
            if value[2] not in ("OPTION", "DEPENDENCY") and os.path.isabs(value[1]):
                found.add(value[1])
            return
        if isinstance(value, list | tuple):
            for inner in value:
                walk(inner)

    for name in ("PYZ-00.toc", "COLLECT-00.toc", "PKG-00.toc"):
        walk(ast.literal_eval((work / name).read_text()))
    return {path for path in found if os.path.isfile(path) and not path.startswith(str(work))}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    text = "\n".join((CHECKOUT / f"requirements/{lock}.txt").read_text() for lock in LOCKS)
    return {plain(name): version for name, version in re.findall(r"^(\S+?)==(\S+)", text, re.M)}


def wheels() -> dict[str, importlib.metadata.Distribution]:
    """Path of each installed file -> the package whose it is."""
    owner = {}
    for package in importlib.metadata.distributions():
        for file in package.files or ():
            owner[os.path.realpath(str(package.locate_file(file)))] = package
    return owner


def debian_owner(path: str) -> str:
    """The Debian package that installed a file; a merged /usr is looked at from both sides."""
    real = os.path.realpath(path)
    for candidate in dict.fromkeys((path, real, real.removeprefix("/usr"))):
        done = subprocess.run(["dpkg", "-S", candidate], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(": ")[0].split(",")[0].strip()
    raise Unanswered(f"{path}: neither a locked package's, nor Debian's, nor ours")


def debian_version(package: str) -> tuple[str, str, str]:
    """(version, architecture, source package)"""
    form = "${Version}\t${Architecture}\t${source:Package}"
    done = subprocess.run(["dpkg-query", "-W", "-f", form, package], capture_output=True, text=True)
    version, architecture, source = done.stdout.split("\t")
    return version, architecture, source


def licence_of(package: importlib.metadata.Distribution) -> str:
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    named = [c for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    if named:
        return " AND ".join(sorted(one.rpartition(":: ")[2] for one in named))
    return (told.get("License") or "see its text").splitlines()[0]


def texts_of(package: importlib.metadata.Distribution) -> Iterator[tuple[str, str]]:
    for file in package.files or ():
        if ".dist-info" in str(file) and LICENCE_FILE.search(str(file).partition("/")[2]):
            path = Path(str(package.locate_file(file)))
            if path.is_file():
                yield (
                    "-".join(Path(str(file)).parts[-2:]).replace("licenses-", ""),
                    path.read_text(errors="replace"),
                )


def python_parts(
    packages: dict[str, importlib.metadata.Distribution], into: Path
) -> Iterator[dict[str, Any]]:
    pins = pinned()
    carried = tomllib.loads((CHECKOUT / "build/carried.toml").read_text())["in"]
    for name, package in sorted(packages.items()):
        if name not in NOT_KEPT_APART and pins.get(name) != package.version:
            raise Unanswered(f"{name} {package.version}: the locks say {pins.get(name)}")
        folder = into / name
        texts = dict(texts_of(package))
        inside = carried.pop(name, ())
        extra = {text for one in inside for text in one["texts"]}
        if not texts and not extra:
            raise Unanswered(f"{name}: no licence text in its wheel: add one to carried.toml")
        folder.mkdir()
        for file, text in sorted(texts.items()):
            (folder / file).write_text(text)
        part: dict[str, Any] = {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{package.version}",
            "name": name,
            "version": package.version,
            "purl": f"pkg:pypi/{name}@{package.version}",
            "licenses": [{"license": {"name": licence_of(package)}}],
        }
        if inside:
            part["components"] = [_inside(one, folder) for one in inside]
        yield part


def _inside(one: dict[str, Any], folder: Path) -> dict[str, Any]:
    for text in one["texts"]:
        if text.startswith("common/"):
            continue  # Debian's, put beside all others once
        if "/" in text:  # another package's
            continue
        shutil.copyfile(CHECKOUT / "build/licences" / text, folder / text)
    part = {"type": "library", "name": one["name"]}
    if version := one.get("version"):
        part["version"] = version
    return {**part, "licenses": [{"license": {"name": one["licence"]}}]}


def debian_parts(packages: set[str], into: Path) -> Iterator[dict[str, Any]]:
    for package in sorted(packages):
        name = package.partition(":")[0]
        version, architecture, source = debian_version(package)
        text = Path(f"/usr/share/doc/{name}/copyright")
        if not text.exists():
            raise Unanswered(f"{name}: no {text}")
        shutil.copyfile(text, into / f"debian-{name}.txt")
        purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}&upstream={source}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "licenses": [{"license": {"name": f"see licences/debian-{name}.txt"}}],
        }


def our_texts(into: Path) -> None:
    shutil.copyfile(CHECKOUT / "LICENSE", into / "kiosk.txt")
    shutil.copyfile(CHECKOUT / "assets/fonts/OFL.txt", into / "Plus-Jakarta-Sans.txt")
    shutil.copyfile(CHECKOUT / "assets/icons/LICENSE.txt", into / "Tabler-Icons.txt")
    shutil.copyfile(CHECKOUT / "assets/regions.LICENSE.txt", into / "regions.txt")
    shutil.copyfile(CHECKOUT / "THIRD_PARTY.md", into / "THIRD_PARTY.md")


def main(work: Path, out: Path) -> None:
    into = out / "licences"
    into.mkdir()
    owner, ours = wheels(), str(CHECKOUT) + os.sep
    packages: dict[str, importlib.metadata.Distribution] = {}
    debian: set[str] = set()
    for path in sorted(gathered(work)):
        if package := owner.get(os.path.realpath(path)):
            packages[plain(package.metadata["Name"])] = package
        elif "/site-packages/" in path:
            raise Unanswered(f"{path}: in no package's RECORD")
        elif path.startswith(ours) and "/work/" not in path.removeprefix(ours):
            pass
        else:
            debian.add(debian_owner(path))
    # The program's first instructions are PyInstaller's.
    packages["pyinstaller"] = importlib.metadata.distribution("pyinstaller")
    parts = [*python_parts(packages, into), *debian_parts(debian, into)]
    our_texts(into)
    for text in ("Apache-2.0", "GPL-3", "LGPL-2", "LGPL-2.1"):
        shutil.copyfile(COMMON / text, into / f"{text}.txt")
    stamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    found = re.search(r'__version__ = "(.+)"', (CHECKOUT / "kiosk/__init__.py").read_text())
    assert found
    version = found[1]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parts, sort_keys=True) + version)
    ours_part = {"type": "application", "bom-ref": "kiosk", "name": "kiosk", "version": version,
                 "licenses": [{"license": {"id": "Apache-2.0"}}]}  # fmt: skip
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": f"{stamp:%Y-%m-%dT%H:%M:%SZ}", "component": ours_part},
        "components": parts,
        "dependencies": [{"ref": "kiosk", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    (out / "sbom.json").write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n")
    print(f"sbom: {len(packages)} Python packages, {len(debian)} of Debian", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Unanswered as unanswered:
        sys.exit(f"build/sbom.py: {unanswered}")
