"""The same box as a user-mode Linux: own kernel, systemd and page cache, at this machine's speed.

An emulated processor takes minutes to boot, this takes half a one. It has neither a graphics card
nor a network: the screens draw into memory (offscreen), the repository is a folder it sees.
A power cut is SIGKILL of all of it: what its kernel had not written is gone.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

AGENT = r"""#!/bin/sh
# Runs what is put into /seen/ask-N and writes what came of it beside it.
mkdir -p /seen
mount -t hostfs none /seen -o "$(sed -n 's/.*seen=\([^ ]*\).*/\1/p' /proc/cmdline)"
: >/seen/awake
while sleep 0.1; do
  for ask in /seen/ask-*; do
    [ -e "$ask" ] || continue
    number=${ask#/seen/ask-}
    mv "$ask" "/seen/asked-$number"
    ( sh "/seen/asked-$number" <"/seen/said-$number" >"/seen/out-$number" 2>"/seen/err-$number"
      echo $? >"/seen/rc.new-$number"; mv "/seen/rc.new-$number" "/seen/rc-$number" ) &
  done
done
"""
SEEN_LINES = "/seen/the-lines"
UNIT = """[Unit]
DefaultDependencies=no
After=local-fs.target
[Service]
ExecStart=/usr/local/sbin/agent
KillMode=process
[Install]
WantedBy=multi-user.target
"""


class UserMode:
    """`run`, `lines`, `wait`, `put`, `cut` and `end` as `machine.Machine` has them."""

    patience = 1

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.disk = scratch / "usermode.img"
        self.seen = scratch / "seen"
        self._numbers = itertools.count()
        self._power_on()

    @staticmethod
    def make_disk(scratch: Path) -> None:
        disk, at = scratch / "usermode.img", scratch / "mounted"
        subprocess.run(["cp", "--sparse=always", scratch / "debian.img", disk], check=True)
        at.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop", disk, at], check=True)
        try:
            (at / "usr/local/sbin/agent").write_text(AGENT)
            (at / "usr/local/sbin/agent").chmod(0o755)
            (at / "etc/systemd/system/agent.service").write_text(UNIT)
            subprocess.run(["chroot", at, "systemctl", "enable", "-q", "agent"], check=True)
            (at / "etc/fstab").write_text("/dev/ubda / ext4 errors=remount-ro 0 1\n")
        finally:
            subprocess.run(["umount", at], check=True)

    def _power_on(self) -> None:
        for old in self.seen.glob("*-*") if self.seen.exists() else ():
            old.unlink()
        self.seen.mkdir(exist_ok=True)
        self.seen.chmod(0o777)
        (self.seen / "awake").unlink(missing_ok=True)
        words = ["linux.uml", "mem=1536M", f"ubd0={self.disk}", "root=/dev/ubda", "rw", "quiet",
                 f"seen={self.seen}", "con=null", "con0=fd:0,fd:1"]  # fmt: skip
        self._process = subprocess.Popen(  # `script` is its console
            ["script", "-qfc", f"exec {' '.join(words)}", str(self.scratch / "console.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def cut(self) -> None:
        self.end()
        self._power_on()

    def end(self) -> None:
        """Kills every process that names this disk: those of its programs are children of it."""
        for _ in range(5):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    words = (folder / "cmdline").read_bytes()
                    if words.startswith(b"linux.uml\0") and str(self.disk).encode() in words:
                        os.kill(int(folder.name), signal.SIGKILL)
                except OSError:
                    continue
            time.sleep(0.2)
        self._process.kill()
        self._process.wait()

    def _ask(self, command: str, said: str = "") -> int:
        number = next(self._numbers)
        (self.seen / f"said-{number}").write_text(said)
        new = self.seen / f"new-{number}"
        new.write_text(command)
        new.rename(self.seen / f"ask-{number}")
        return number

    def run(self, command: str, *, said: str = "", check: bool = True, limit_s: float = 300) -> str:
        number = self._ask(command, said)
        done, end_s = self.seen / f"rc-{number}", time.monotonic() + limit_s
        while not done.exists():
            if time.monotonic() > end_s:
                raise RuntimeError(f"{command}: no answer within {limit_s} s")
            time.sleep(0.05)
        out = (self.seen / f"out-{number}").read_text()
        if check and done.read_text().strip() != "0":
            told = (self.seen / f"err-{number}").read_text()
            raise RuntimeError(f"{command}: {out[-2000:]}{told[-2000:]}")
        return out

    def lines(self, command: str) -> Iterator[str]:
        number = self._ask(f"({command}) | while read -r line; do echo $line >>{SEEN_LINES}; done")
        powered = self._process
        out, at = self.seen / Path(SEEN_LINES).name, 0  # closed after each line, so written through
        out.unlink(missing_ok=True)
        while True:
            text = out.read_text() if out.exists() else ""
            while (end := text.find("\n", at)) >= 0:
                yield text[at:end]
                at = end + 1
            if (self.seen / f"rc-{number}").exists() or self._process is not powered:
                return
            time.sleep(0.02)

    def put(self, path: Path, to: str) -> None:
        shutil.copy(path, self.seen / "put")
        self.run(f"cp /seen/put {to}")

    def wait(self, command: str, limit_s: float = 180) -> float:
        start_s = time.monotonic()
        while time.monotonic() - start_s < limit_s:
            try:
                self.run(command, limit_s=60)
                return time.monotonic() - start_s
            except RuntimeError:
                time.sleep(0.3)
        raise TimeoutError(f"{command}: not within {limit_s:.0f} s")
