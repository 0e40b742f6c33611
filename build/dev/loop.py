"""The whole loop on one machine: city on loopback, sync agent, kiosk; each its own process.

    with Loop(home) as loop:
        loop.start_city()
        loop.enrol()
        loop.start_sync()
        loop.start_ui(display.environment)

Leaving the block stops whatever still runs, by the processes started here. Should this process be
killed outright, the kernel ends them (setpriv --pdeathsig).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parents[2]
CITY_STARTS_WITHIN_S = 20.0
STOPS_WITHIN_S = 5.0
EXAMPLE_OFFICE = {
    'name = "Kelurahan (belum diatur)"\nkecamatan = ""': (
        'name = "Kelurahan Sukasari"\nkecamatan = "Tangerang"'
    ),
    'counter = "Loket Pelayanan"': 'counter = "Loket 1"',
}


class LoopProblem(Exception):
    """Something did not start; the message is one line and says where to look."""


class Loop:
    """City, sync and kiosk around one `home`; the city's database and the logs are in home/dev.

    The city keeps its port from run to run, because the kiosk remembers the address it enrolled at.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.folder = self.home / "dev"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self._remembered_port()
        self.city_url = f"http://127.0.0.1:{self.port}"
        self.database_url = f"sqlite:///{self.folder / 'city.db'}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    # The three parts

    def start_city(self) -> None:
        """Start `city serve` and wait until it answers."""
        if answers(self.port):
            raise LoopProblem(
                f"port {self.port}, where the city of {self.home} lives, is taken: "
                "end the other `make run`, or choose another KIOSK_HOME"
            )
        self._start("city", [*self._city("serve"), "--port", str(self.port)], os.environ)
        deadline = time.monotonic() + CITY_STARTS_WITHIN_S
        while not answers(self.port):
            if self._running["city"].poll() is not None or time.monotonic() > deadline:
                raise LoopProblem(f"the city did not start, see {self.log('city')}")
            time.sleep(0.05)

    def enrol(self) -> None:
        """Register the kiosk with the running city by a one-time code; done once per home."""
        enrolled = self.folder / "enrolled"
        if enrolled.exists():
            return
        code = self.city("enrol-code")[0]["code"]
        self.kiosk("enrol", code, "--city", self.city_url)
        enrolled.touch()

    def name_office(self) -> None:
        """Give a home whose office was never named an example's name, so that screens look real."""
        settings = self.home / "kiosk.toml"
        text = settings.read_text(encoding="utf-8")
        for unset, example in EXAMPLE_OFFICE.items():
            text = text.replace(unset, example)
        settings.write_text(text, encoding="utf-8")

    def start_sync(self) -> None:
        """Start `kiosk sync`, which drains and pulls until it is stopped."""
        self._start("sync", self._kiosk("sync"), os.environ)

    def start_ui(
        self,
        environment: Mapping[str, str],
        size: str = "1024x600",
        *,
        log: bool = True,
        words: tuple[str, ...] = (),
    ) -> subprocess.Popen[bytes]:
        """Start `kiosk ui` in a window on the display that `environment` names."""
        command = [*self._kiosk("ui"), "--windowed", "--size", size, *words]
        return self._start("ui", command, environment, log=log)

    def start_desk(self, port: int) -> None:
        """Start `kiosk desk` on this machine alone."""
        self._start("desk", self._kiosk("desk", "--port", str(port)), os.environ)

    def kill(self, *names: str) -> None:
        """What a power cut does to them: no word, no time, all at once."""
        cut = [self._running.pop(name) for name in names if name in self._running]
        for process in cut:
            process.kill()
        for process in cut:
            process.wait()

    def stop(self, name: str) -> None:
        """Stop "city", "sync", "desk" or "ui": asked to end, killed if it has not after a while."""
        process = self._running.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # Commands, their JSON lines read

    def kiosk(self, *words: str) -> list[dict[str, Any]]:
        """Run `kiosk WORDS --json` in this home and return its JSON lines, or raise LoopProblem."""
        return self._lines([*self._kiosk(*words), "--json"])

    def city(self, *words: str) -> list[dict[str, Any]]:
        """Run `city WORDS --json` on this loop's database and return its JSON lines."""
        return self._lines([*self._city(*words), "--json"])

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    # How it is done

    def _kiosk(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "kiosk", *words, "--home", str(self.home)]

    def _city(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sync.city", *words, "--database", self.database_url]

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, log: bool = True
    ) -> subprocess.Popen[bytes]:
        if self._running.get(name) and self._running[name].poll() is None:
            raise LoopProblem(f"{name} is running already")
        output = self.log(name).open("ab") if log else None
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        if output:
            output.close()
        self._running[name] = process
        return process

    def _lines(self, command: list[str]) -> list[dict[str, Any]]:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing was said"]
            raise LoopProblem(
                f"`{' '.join(command[2:5])}` ended with {done.returncode}: {said[-1]}"
            )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _remembered_port(self) -> int:
        file = self.folder / "city-port"
        if not file.exists():
            file.write_text(str(free_port()))
        return int(file.read_text())


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something listens on this TCP port of 127.0.0.1."""
    with socket.socket() as caller:
        caller.settimeout(1.0)
        return caller.connect_ex(("127.0.0.1", port)) == 0
