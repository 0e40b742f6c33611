# vosk opens libvosk.so beside its own __init__.py, by path: no import tells PyInstaller of it.
from PyInstaller.utils.hooks import get_package_paths

_, folder = get_package_paths("vosk")
binaries = [(f"{folder}/libvosk.so", "vosk")]
hiddenimports = ["_cffi_backend"]
