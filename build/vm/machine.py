"""A virtual machine from outside: its power, its screen, its finger, and a shell by SSH."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WIDTH_PX, HEIGHT_PX = 1024, 600
TOUCH_MOST = 0x7FFF  # QEMU's own measure of either side of the screen
DESK_PORT = 8443


SLOWER = 10  # what an emulated processor is taken to be
# Vector units beyond SSE4 and the kernel's guards against a processor's own faults only cost where
# all of it is emulated: a boot takes 31 s of this machine's processor instead of 53. The timer is
# not tried, for a busy host does not answer in time and the kernel would give up.
EMULATED = "mitigations=off nokaslr no_timer_check"


def accelerator() -> str:
    """KVM where a processor stands behind it: /dev/kvm alone may be one (kvm_pvm) that runs no
    ordinary kernel."""
    real = any(Path("/sys/module", one).exists() for one in ("kvm_intel", "kvm_amd"))
    return "kvm" if real and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


class Machine:
    """2 GB, two cores (one where it is emulated), virtio-gpu, a tablet to tap with; its disk is
    `scratch`/disk.qcow2."""

    def __init__(self, scratch: Path, ssh_port: int, desk_port: int) -> None:
        self.scratch, self.desk_port, self._ssh_port = scratch, desk_port, ssh_port
        kvm = accelerator() == "kvm"
        self.patience = 1 if kvm else SLOWER
        monitor = scratch / "qmp"
        monitor.unlink(missing_ok=True)
        forward = (
            f"hostfwd=tcp:127.0.0.1:{ssh_port}-:22,hostfwd=tcp:127.0.0.1:{desk_port}-:{DESK_PORT}"
        )
        self._process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", accelerator(), "-cpu", "host" if kvm else "Nehalem",
             "-m", "2048", "-smp", "2" if kvm else "1", "-nodefaults", "-display", "none",
             "-device", f"virtio-gpu-pci,xres={WIDTH_PX},yres={HEIGHT_PX}",
             "-device", "virtio-tablet-pci", "-device", "virtio-rng-pci",
             "-netdev", f"user,id=net,{forward}", "-device", "virtio-net-pci,netdev=net",
             "-serial", f"file:{scratch / 'serial.log'}",
             "-drive", f"file={scratch / 'disk.qcow2'},if=virtio,cache=none",
             "-kernel", str(scratch / "vmlinuz"), "-initrd", str(scratch / "initrd"),
             "-append", "root=/dev/vda rw quiet console=ttyS0 console=tty0 "
             + ("" if kvm else EMULATED),
             "-qmp", f"unix:{monitor},server=on,wait=off"],
            stdin=subprocess.DEVNULL, stderr=(scratch / "qemu.log").open("wb"),
        )  # fmt: skip
        while not monitor.exists():
            if self._process.poll() is not None:
                raise RuntimeError((scratch / "qemu.log").read_text())
            time.sleep(0.05)
        self._qmp = socket.socket(socket.AF_UNIX)
        self._qmp.connect(str(monitor))
        self._answers = self._qmp.makefile()
        self._answers.readline()
        self._ask("qmp_capabilities")

    def _ask(self, command: str, **arguments: Any) -> None:
        self._qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(self._answers.readline())):
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")

    # -- power

    def cut(self) -> None:
        """The plug: nothing in memory is written, the machine starts anew."""
        self._ask("system_reset")
        self._hang_up()

    def _hang_up(self) -> None:
        subprocess.run([*self._ssh("")[:-2], "-O", "exit", "root@127.0.0.1"], capture_output=True)
        (self.scratch / "ssh").unlink(missing_ok=True)

    def end(self) -> None:
        self._hang_up()
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    # -- what a person does

    def picture(self, name: str) -> Path:
        path = self.scratch / f"{name}.png"
        path.unlink(missing_ok=True)
        self._ask("screendump", filename=str(path), format="png")
        return path

    def tap(self, x_px: float, y_px: float, held_s: float = 0.08) -> None:
        places = {"x": x_px / WIDTH_PX, "y": y_px / HEIGHT_PX}
        moved = [
            {"type": "abs", "data": {"axis": axis, "value": round(part * TOUCH_MOST)}}
            for axis, part in places.items()
        ]
        self._ask("input-send-event", events=moved)
        for down in (True, False):
            pressed = {"type": "btn", "data": {"down": down, "button": "left"}}
            self._ask("input-send-event", events=[pressed])
            time.sleep(held_s)

    # -- a shell inside

    def _ssh(self, command: str) -> list[str]:
        return [
            "ssh", "-q", "-i", str(self.scratch / "key"), "-p", str(self._ssh_port),
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", f"ConnectTimeout={2 * self.patience}", "-o", "BatchMode=yes",
            "-o", f"ControlPath={self.scratch / 'ssh'}", "-o", "ServerAliveInterval=15",
            "root@127.0.0.1", command,
        ]  # fmt: skip

    def _call_up(self) -> None:
        """One line that stays open: an emulated processor takes seconds to shake hands."""
        if not (self.scratch / "ssh").exists():
            subprocess.run(
                [*self._ssh("")[:-2], "-o", "ControlMaster=yes", "-f", "-N", "root@127.0.0.1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=30 * self.patience,
            )  # fmt: skip

    def run(self, command: str, *, said: str = "", check: bool = True, limit_s: float = 300) -> str:
        self._call_up()
        done = subprocess.run(
            self._ssh(command), input=said, capture_output=True, text=True,
            timeout=limit_s * self.patience,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def lines(self, command: str) -> Iterator[str]:
        """What `command` prints, line by line as it comes; ends with the machine's power too."""
        self._call_up()
        with subprocess.Popen(
            self._ssh(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    if line.endswith("\n"):  # a torn one was not printed
                        yield line.strip()
            finally:
                process.kill()

    def put(self, path: Path, to: str) -> None:
        subprocess.run(
            self._ssh(f"cat >{shlex.quote(to)}"), stdin=path.open("rb"), check=True, timeout=120
        )

    def wait(self, command: str, limit_s: float = 180) -> float:
        """Seconds until `command` succeeds inside, where it is looked at; TimeoutError."""
        start_s = time.monotonic()
        looks = f"for _ in $(seq 20); do ( {command} ) && exit; sleep 1; done; exit 1"
        while time.monotonic() - start_s < limit_s * self.patience:
            try:
                self.run(looks, limit_s=60)
                return time.monotonic() - start_s
            except (RuntimeError, subprocess.TimeoutExpired):
                time.sleep(0.3 * self.patience)
        raise TimeoutError(f"{command}: not within {limit_s * self.patience:.0f} s")
