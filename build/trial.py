"""The packages tried in a bare Debian 12 without Python, seen only from outside.

    sudo .venv/bin/python build/trial.py ROOT REPOSITORY PICTURES [--starts] [--next NEXT BROKEN]

ROOT: a debootstrap root, made when absent (delete it to start over). REPOSITORY,
NEXT and BROKEN come from build/repository.sh: this version, the next, one that never starts.
In it: `apt-get install` from the signed repository, the reference city and an X server outside, one
errand by real taps, recordings transcribed, start and memory measured beside the checkout, an
update, a version that never starts taken back, removal and purge. Prints one JSON line a step.
What needs systemd, real KMSDRM and power cuts is build/vm/'s.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "build/dev")]

from display import Display  # noqa: E402
from loop import EXAMPLE_OFFICE, Loop  # noqa: E402

from tests.ui.errand import Errand  # noqa: E402

SETTINGS = (  # this machine's, so that apt reaches its mirror; never into the checkout
    "/etc/resolv.conf", "/etc/hosts", "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/auth.conf.d", "/etc/ssl/certs/ca-certificates.crt",
)  # fmt: skip
KIOSK_USER = ("runuser", "-u", "kiosk", "--", "env", "KIOSK_HOME=/var/lib/kiosk")
STARTS = 3
CORES = (1.0, 0.4)  # a free core; a stand-in for a cheap box
PERIOD_US = 20_000
LOOKS_S = 120.0


def say(step: str, **figures: Any) -> None:
    print(json.dumps({"step": step, **figures}, ensure_ascii=False), flush=True)


class Box(Loop):
    """The loop of build/dev, with the kiosk's part inside the root, as its own user."""

    def __init__(self, root: Path) -> None:
        self.root = root
        super().__init__(root / "trial")
        self.folder.chmod(0o777)

    def inside(self, *command: str, check: bool = True, said: str = "") -> str:
        done = subprocess.run(
            ["chroot", str(self.root), *command],
            input=said, capture_output=True, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root",
                 "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
        if check and done.returncode:
            raise SystemExit(f"trial: {' '.join(command)}: {done.stdout[-2000:]}{done.stderr}")
        return done.stdout

    def _kiosk(self, *words: str) -> list[str]:
        return ["chroot", str(self.root), *KIOSK_USER, "/usr/lib/kiosk/start", *words]

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, log: bool = True
    ) -> subprocess.Popen[bytes]:
        """The tap map lies where both sides see it, under the name that the root has for it."""
        within = {
            key: value.removeprefix(str(self.root)) if key == "KIOSK_TAP_MAP" else value
            for key, value in environment.items()
        }
        return super()._start(name, command, within, log=log)


class Source(Loop):
    """The same from the checkout, to compare with."""


def prepare(root: Path) -> None:
    if not (root / "bin/bash").exists():
        sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
        mirror = next(ln.split()[1] for ln in sources.splitlines() if ln.startswith("URIs:"))
        command = ["debootstrap", "--variant=minbase", "bookworm", str(root), mirror]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    copied = [*map(Path, SETTINGS), *Path("/etc/apt/apt.conf.d").glob("99*")]
    for path in copied:
        if path.exists():
            target = root / str(path).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, target, **({"dirs_exist_ok": True} if path.is_dir() else {}))
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    for one in ("proc", "dev", "dev/shm"):
        (root / one).mkdir(exist_ok=True)
        subprocess.run(["mount", "--rbind", f"/{one}", str(root / one)], check=True)


def use(box: Box, repository: Path) -> None:
    """The signed repository becomes the root's, and only by its signature."""
    place = box.root / "srv/kiosk"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(repository, place)
    shutil.copyfile(repository / "kiosk.gpg", box.root / "usr/share/keyrings/kiosk.gpg")
    text = (
        (repository / "kiosk.sources")
        .read_text()
        .replace(f"file://{repository}", "file:///srv/kiosk")
    )
    (box.root / "etc/apt/sources.list.d/kiosk.sources").write_text(text)
    for known in (box.root / "var/lib/apt/lists").glob("*_srv_kiosk_*"):
        known.unlink()  # a trial may come back to an older repository; a city never does
    box.inside("apt-get", "update", "-qq")


def install(box: Box) -> None:
    start_s = time.monotonic()
    before = set(box.inside("dpkg-query", "-W", "-f", "${Package}\n").split())
    box.inside("apt-get", "install", "-qq", "-y", "--no-install-recommends",
               "kiosk", "kiosk-model-id")  # fmt: skip
    after = set(box.inside("dpkg-query", "-W", "-f", "${Package}\n").split())
    say("installed", s=round(time.monotonic() - start_s), brought=len(after - before),
        python="python3" in after, version=version(box),
        mode=oct((box.root / "var/lib/kiosk").stat().st_mode & 0o7777))  # fmt: skip


def version(box: Box) -> str:
    return box.inside(*KIOSK_USER, "/usr/lib/kiosk/start", "--version").strip()


def errand(box: Box, pictures: Path) -> None:
    settings = box.root / "etc/kiosk/kiosk.toml"
    text = settings.read_text()
    for unset, example in EXAMPLE_OFFICE.items():
        text = text.replace(unset, example)
    settings.write_text(text)
    box.start_city()
    code = box.city("enrol-code")[0]["code"]
    say("enrolled", **box.kiosk("enrol", code, "--city", box.city_url)[0])
    box.start_sync()
    with Display(1024, 600) as display:
        person = Errand(display, box, pictures)
        person.start()
        shown = person.file_sktm()
        deadline = time.monotonic() + LOOKS_S
        while any(line["state"] == "accepted" for line in box.kiosk("outbox")):
            if time.monotonic() > deadline:
                raise SystemExit("trial: the city acknowledged nothing")
            time.sleep(0.5)
        person.picture("acknowledged")
        say("errand", qr=shown, outbox=box.kiosk("outbox"), memory=memory(box))
        box.stop("ui")


def memory(box: Box) -> dict[str, dict[str, float]]:
    """MB of each process of the kiosk's user: resident, and its fair share of what is shared."""
    found: dict[str, dict[str, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if not words[0].endswith(b"program/kiosk"):
                continue
            text = (folder / "smaps_rollup").read_text()
        except (OSError, IndexError):
            continue
        numbers = {ln.split()[0]: int(ln.split()[1]) / 1000 for ln in text.splitlines()[1:]}
        name = words[1].decode() if len(words) > 1 else "?"
        found[name] = {"rss": round(numbers["Rss:"]), "pss": round(numbers["Pss:"])}
    return found


def transcribe(box: Box) -> None:
    speech = CHECKOUT.parent / "shared/speech/digits"
    files = sorted(speech.rglob("*.opus"))[:3] if speech.is_dir() else []
    for file in files:
        shutil.copyfile(file, box.root / "trial" / file.name)
        told = box.kiosk("transcribe", f"/trial/{file.name}", "--task", "digits")[0]
        say("transcribed", file=file.name, text=told["text"], accepted=told["accepted"])


@contextmanager
def core(part: float) -> Iterator[None]:
    """What is started within gets this part of one core, before anybody else."""
    first = Path("/sys/fs/cgroup/cpu")  # cgroup v1, else v2
    old = first.is_dir()
    top = first if old else Path("/sys/fs/cgroup")
    group, list_ = top / "kiosk-trial", "tasks" if old else "cgroup.procs"
    if not old:
        (top / "cgroup.subtree_control").write_text("+cpu")
    group.mkdir(exist_ok=True)
    quota_us = round(part * PERIOD_US)
    if old:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        (group / "cpu.shares").write_text("262144")
    else:
        (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        (group / "cpu.weight").write_text("10000")
    (group / list_).write_text(str(os.getpid()))
    try:
        yield
    finally:
        (top / list_).write_text(str(os.getpid()))


def starts(box: Box, scratch: Path) -> None:
    """First frame and first map of what can be touched, with the disk's cache dropped each time."""
    source = Source(scratch)
    for part in CORES:
        for number in range(STARTS):
            for name, loop in (("package", box), ("source", source)):
                say("cold_start", what=name, core=part, run=number, **start_once(loop, part))


def start_once(loop: Loop, part: float) -> dict[str, float]:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
    taps = loop.folder / "taps.json"
    taps.unlink(missing_ok=True)
    with Display(1024, 600) as display:
        black = display.pixels()
        start_s = time.monotonic()
        with core(part):
            loop.start_ui({**display.environment, "KIOSK_TAP_MAP": str(taps)})
        frame_s = display.wait_for_change(black, 120)
        while not taps.exists():
            if time.monotonic() - start_s > LOOKS_S:
                raise SystemExit("trial: the kiosk drew nothing")
            time.sleep(0.01)
        touch_s = time.monotonic() - start_s
        loop.stop("ui")
    return {"first_frame_s": round(frame_s, 2), "first_touch_s": round(touch_s, 2)}


def ids(box: Box) -> list[str]:
    return [line["id"] for line in box.kiosk("outbox")]


def file_some(box: Box, count: int) -> None:
    example = box.inside(*KIOSK_USER, "/usr/lib/kiosk/start", "submit", "--example", "sktm")
    for _ in range(count):
        box.inside(*KIOSK_USER, "/usr/lib/kiosk/start", "submit", "-", said=example)


def update(box: Box, following: Path, broken: Path) -> None:
    """To the next version, which adds a step to the database; then to one that never starts."""
    box.stop("sync")
    file_some(box, 5)
    before = ids(box)
    use(box, following)
    get(box, "kiosk")
    file_some(box, 2)  # in the next version, after its step
    during = ids(box)
    kept = during[: len(before)] == before
    proof = box.inside(*KIOSK_USER, "/usr/lib/kiosk/previous/kiosk", "restore", "--check",
                       "/var/lib/kiosk/before-update").strip()  # fmt: skip
    say("updated", now=version(box), kept=kept, filed=len(during) - len(before), backup=proof)
    told = fail(box, "watchdog")
    say("taken_back_with_its_step", told=told, now=version(box), kept=ids(box) == during)
    file_some(box, 1)
    during = ids(box)
    use(box, broken)
    get(box, "kiosk")
    runs = subprocess.run(box._kiosk("--version"), capture_output=True).returncode
    told = fail(box, "exit-code")
    say("broken_taken_back", its_exit=runs, told=told, now=version(box), kept=ids(box) == during)
    doctor = box.inside(*KIOSK_USER, "/usr/lib/kiosk/start", "doctor", check=False)
    say("doctor", version=[line for line in doctor.splitlines() if "  version" in line])


def get(box: Box, *packages: str) -> None:
    box.inside("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages)


def fail(box: Box, result: str) -> str:
    """What systemd tells the package's script when the screens do not start, three times."""
    for _ in range(3):
        said = ("env", f"SERVICE_RESULT={result}", "/usr/lib/kiosk/update", "stopped", "kiosk-ui")
        box.inside(*said)
    return (box.root / "var/lib/kiosk-update/rolled-back").read_text()


def removal(box: Box, repository: Path) -> None:
    kept = ids(box)
    box.inside("apt-get", "remove", "-qq", "-y", "kiosk")
    there = (box.root / "var/lib/kiosk/kiosk.db").exists()
    use(box, repository)  # the one in which no version is broken
    get(box, "kiosk")
    say("removed_and_back", database_stayed=there, kept=ids(box) == kept, now=version(box))
    box.inside("apt-get", "purge", "-qq", "-y", "kiosk")
    left = [str(p) for p in ("var/lib/kiosk", "var/lib/kiosk-update", "usr/lib/kiosk", "etc/kiosk")
            if (box.root / p).exists()]  # fmt: skip
    user = box.inside("getent", "passwd", "kiosk", check=False).strip()
    say("purged", left=left, user=user)


def main() -> int:
    if os.geteuid() != 0:
        return print("build/trial.py needs root: it changes root", file=sys.stderr) or 1
    if os.environ.get("KIOSK_TRIAL_MOUNTS") is None:  # mounts vanish with a namespace of our own
        os.environ["KIOSK_TRIAL_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    root, repository, pictures = (Path(one).resolve() for one in sys.argv[1:4])
    prepare(root)
    with Box(root) as box:
        (root / "trial").chmod(0o777)
        use(box, repository)
        if not (root / "usr/lib/kiosk").exists():
            install(box)
        errand(box, pictures)
        transcribe(box)
        if "--starts" in sys.argv:
            starts(box, root / "trial/source")
        if "--next" in sys.argv:
            at = sys.argv.index("--next") + 1
            update(box, *(Path(one).resolve() for one in sys.argv[at : at + 2]))
            removal(box, repository)
    return 0


if __name__ == "__main__":
    sys.exit(main())
