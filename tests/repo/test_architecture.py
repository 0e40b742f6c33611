"""Who may import whom. Each row: a package, and the roots that must not appear in its files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SQL = {"sqlite3", "sqlite_utils", "sqlcipher3", "sqlalchemy"}
NETWORK = {"requests", "urllib", "http", "socket", "uvicorn", "fastapi", "httpx"}
EFFECTS = {"os", "time", "random", "secrets", "threading", "subprocess", "logging", "pathlib"}
PURE = {"kivy", "vosk", "sync"} | SQL | NETWORK | EFFECTS
ROOMS = {"kiosk.ui", "kiosk.store", "kiosk.voice", "kiosk.devices", "kiosk.desk", "kiosk.lookup"}
ENTRANCE = {"kiosk.bootstrap", "kiosk.commands", "kiosk.doctor", "kiosk.__main__"}

NEVER: dict[str, set[str]] = {
    "kiosk/domain": PURE | ROOMS | ENTRANCE | {"kiosk.config"},
    "kiosk/lookup": {"kivy", "vosk", "sync"}
    | SQL
    | NETWORK
    | (ROOMS - {"kiosk.lookup"})
    | ENTRANCE,
    "kiosk/voice": {"kivy", "sync"} | SQL | NETWORK | (ROOMS - {"kiosk.voice"}) | ENTRANCE,
    "kiosk/ui": {"vosk", "sync"} | SQL | NETWORK | (ROOMS - {"kiosk.ui"}) | ENTRANCE,
    "kiosk/store": {"kivy", "vosk", "sync"} | NETWORK | (ROOMS - {"kiosk.store"}) | ENTRANCE,
    "kiosk/devices": {"kivy", "vosk", "sync"} | SQL | (ROOMS - {"kiosk.devices"}) | ENTRANCE,
    "kiosk/letters": {"kivy", "vosk", "sync"} | SQL | NETWORK | ROOMS | ENTRANCE,
    "kiosk/desk": {"kivy", "vosk", "sync", "kiosk.ui", "kiosk.voice"} | ENTRANCE,
    "kiosk": {"sync.city"},
    **{
        f"sync/{room}.py": PURE - {"sync"} | {"kiosk"}
        for room in ("protocol", "words", "messages", "fields", "reading", "replies", "writing")
    },
    "sync/backoff.py": PURE - {"sync"} | {"kiosk"},
    "sync/city": {"kiosk", "kivy", "sync.agent", "sync.transport"},
    "sync": {"kiosk", "kivy"},
    "offline_models": {"kiosk", "sync"},
}
SYNC_CLIENT_NEVER = {"sync.city"} | SQL  # it gets its outbox as an object


def imported(file: Path) -> set[str]:
    return imported_by(file.read_text(), file.relative_to(CHECKOUT).parent.parts)


def imported_by(source: str, package: tuple[str, ...]) -> set[str]:
    """The dotted names that a source imports, wherever it does; relative ones resolved."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def files_of(place: str) -> list[Path]:
    path = CHECKOUT / place
    return [path] if path.suffix else sorted(path.rglob("*.py"))


def forbidden(names: set[str], never: set[str]) -> set[str]:
    return {name for name in names for no in never if name == no or name.startswith(f"{no}.")}


@pytest.mark.parametrize("place", NEVER)
def test_nobody_imports_what_its_layer_must_not(place: str) -> None:
    found = {
        str(file.relative_to(CHECKOUT)): bad
        for file in files_of(place)
        if (bad := forbidden(imported(file), NEVER[place]))
    }
    assert found == {}


def test_the_sync_client_knows_neither_the_city_nor_a_database() -> None:
    client = [file for file in files_of("sync") if "city" not in file.parts]
    assert client
    found = {f.name: bad for f in client if (bad := forbidden(imported(f), SYNC_CLIENT_NEVER))}
    assert found == {}


def test_only_the_user_interface_imports_kivy() -> None:
    found = {
        str(file.relative_to(CHECKOUT))
        for file in [*files_of("kiosk"), *files_of("sync")]
        if forbidden(imported(file), {"kivy"}) and "ui" not in file.relative_to(CHECKOUT).parts
    }
    assert found == set()


def test_one_file_knows_the_recogniser_and_none_its_training() -> None:
    product = [*files_of("kiosk"), *files_of("sync")]
    training = {"torch", "kaldifst", "kaldi_native_fbank", "offline_models"}
    assert [file.name for file in product if forbidden(imported(file), {"vosk"})] == [
        "recogniser.py"
    ]
    assert [file.name for file in product if forbidden(imported(file), training)] == []


def test_the_check_sees_every_way_to_import() -> None:
    source = "import os.path\nfrom kivy import app\nfrom . import form\ndef f():\n    import time\n"
    names = imported_by(source, ("kiosk", "domain"))
    assert {"os.path", "kivy", "kivy.app", "kiosk.domain.form", "time"} <= names
    assert forbidden(names, {"os", "kivy"}) == {"os.path", "kivy", "kivy.app"}
    assert forbidden({"timeit", "kiosk.uid"}, {"time", "kiosk.ui"}) == set()
