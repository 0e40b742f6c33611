"""A hall of its own: a private sound server whose only microphone hears what is played to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.voice.microphone import look_again
from kiosk.voice.sound import read_recording


class Hall:
    """`microphone` is the number of the module that can be pulled out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/native",
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "pulse"),
            "HOME": str(folder),
        }
        self._server = subprocess.Popen(
            [
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                "-L", f"module-native-protocol-unix socket={folder}/native auth-anonymous=1",
            ],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(100):
            if self.control("info", check=False).returncode == 0:
                break
            time.sleep(0.05)
        self.microphone = self.plug_in()

    def control(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *words],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=check,
        )

    def plug_in(self) -> int:
        return int(self.control("load-module", "module-null-sink", "sink_name=hall").stdout)

    def pull_out(self) -> None:
        self.control("unload-module", str(self.microphone))

    def play(self, pcm: bytes) -> subprocess.Popen[bytes]:
        """Begins to play 16 kHz mono 16-bit sound into the hall."""
        file = self._folder / "played.raw"
        file.write_bytes(pcm)
        return subprocess.Popen(
            ["pacat", "--playback", "--device=hall", "--rate=16000", "--channels=1",
             "--format=s16ne", "--latency-msec=50", str(file)],
            env={**os.environ, **self.environment},
        )  # fmt: skip

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(10)


def spoken(text: str, voice: str = "id", *, rate_wpm: int = 140, pitch: int = 50) -> bytes:
    """espeak-ng's voice as 16 kHz mono 16-bit sound; `pitch` 0 to 99."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: make test installs it")
    how = ["-v", voice, "-s", str(rate_wpm), "-p", str(pitch)]
    command = ["espeak-ng", *how, "--stdout", text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(wav)
        file.flush()
        return read_recording(Path(file.name))


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    for program in ("pulseaudio", "pactl", "pacat"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: make test installs it")
    folder = tmp_path / "sound"
    folder.mkdir(mode=0o700)
    server = Hall(folder)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KIOSK_MICROPHONE", raising=False)
    look_again()
    yield server
    server.close()
