"""The weekly exercise of the printer: real bytes to a printer that listens, one line otherwise."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kiosk.config import load_settings

CHECKOUT = Path(__file__).resolve().parents[2]


def print_test(home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", "print-test", "--home", str(home), "--json"]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)


@pytest.mark.slow
def test_a_few_lines_come_out_of_the_printer(tmp_path: Path) -> None:
    load_settings(tmp_path)  # writes the defaults
    assert json.loads(print_test(tmp_path).stdout) == {"printed": False}
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as printer:

        def listen() -> None:
            line, _ = printer.accept()
            with line:
                while data := line.recv(4096):
                    came.append(data)

        listener = threading.Thread(target=listen)
        listener.start()
        with (tmp_path / "kiosk.toml").open("a") as settings:
            address = f"127.0.0.1:{printer.getsockname()[1]}"
            settings.write(
                f'\n[printer]\nkind = "network"\naddress = "{address}"\nanswers = false\n'
            )
        done = print_test(tmp_path)
        listener.join(60)
    assert json.loads(done.stdout) == {"printed": True, "confirmed": False}, done.stderr
    assert b"Uji printer" in b"".join(came)
    gone = print_test(tmp_path)
    assert gone.returncode == 75
    assert gone.stderr.startswith("kiosk print-test: printer: ")
