"""Boots the image, listens to its serial line, and pulls the plug: `build/vm/vm.sh` starts it."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Machine:
    def __init__(self, scratch: Path) -> None:
        accel = "kvm" if Path("/dev/kvm").exists() else "tcg"
        monitor = scratch / "qmp"
        monitor.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", accel, "-m", "2048", "-smp", "2", "-nodefaults",
             "-device", "virtio-gpu-pci", "-display", "none", "-serial", "stdio",
             "-drive", f"file={scratch / 'disk.img'},format=raw,if=virtio,cache=directsync",
             "-kernel", str(scratch / "vmlinuz"), "-initrd", str(scratch / "initrd"),
             "-append", "root=/dev/vda rw quiet", "-qmp", f"unix:{monitor},server=on,wait=off"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, errors="replace",
        )  # fmt: skip
        while not monitor.exists():
            time.sleep(0.1)
        self._qmp = socket.socket(socket.AF_UNIX)
        self._qmp.connect(str(monitor))
        self._answers = self._qmp.makefile()
        self._answers.readline()
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: Any) -> None:
        self._qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(self._answers.readline())):
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")

    def lines(self, limit_s: float) -> Any:
        """What the machine's own script says, without its prefix, until `limit_s` has passed."""
        assert self._process.stdout is not None
        end_s = time.monotonic() + limit_s
        for line in self._process.stdout:
            if line.startswith("vm: "):
                yield line.strip().removeprefix("vm: ")
            if time.monotonic() > end_s:
                raise TimeoutError("the machine said nothing in time")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def main(scratch: Path, cuts: int, boot_s: float) -> int:
    machine = Machine(scratch)
    filed: set[str] = set()
    try:
        for cut in range(cuts + 1):
            has: set[str] = set()
            enough = 0
            for said in machine.lines(boot_s):
                word, _, rest = said.partition(" ")
                if word == "has":
                    has.add(rest)
                elif word == "filing":
                    if lost := filed - has:
                        print(json.dumps({"cut": cut, "lost": sorted(lost)}))
                        return 1
                    enough = random.randint(1, 5)
                    print(json.dumps({"boot": cut, "kept": len(has)}), flush=True)
                    if cut == 0:
                        machine.ask("screendump", filename=str(scratch / "home.png"), format="png")
                elif word == "filed":
                    filed.add(rest)
                    enough -= 1
                    if enough <= 0:
                        break
                else:
                    print(json.dumps({"said": said}), flush=True)
            machine.ask("system_reset")
    finally:
        machine.end()
    print(json.dumps({"power_cuts": cuts, "filed": len(filed), "lost": 0}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
