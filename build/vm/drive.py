"""What an office's box goes through, in a virtual machine: `build/vm/vm.sh` starts it.

Each step prints JSON lines; one that does not hold ends the run with exit 1. The steps build on
each other's machine, which stays on its disk: `--only upgrade,broken` goes on from there.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import random
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "build/dev"), str(HERE)]

from loop import EXAMPLE_OFFICE, Loop, free_port  # noqa: E402
from machine import DESK_PORT, Machine, accelerator  # noqa: E402
from usermode import UserMode  # noqa: E402

UNITS = ("kiosk-ui", "kiosk-sync", "kiosk-desk")
CITY_PORT = 8099
CUTS = 20
UI_WATCHDOG_SLOW_S = 120  # instead of 30, on an emulated processor
SETTLED_S = 130  # after that long a new version counts as good


def say(step: str, **figures: Any) -> None:
    print(json.dumps({"step": step, **figures}, ensure_ascii=False), flush=True)


def must(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"vm: {what}")


class Served:
    """The signed repository over HTTP, as a city's web server gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        serve = functools.partial(_Quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self, repository: Path) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(repository, self.folder)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Office:
    """The machine, what it is served, and the city it belongs to."""

    def __init__(self, machine: Machine | UserMode, served: Served, city: Loop) -> None:
        self.machine, self.served, self.city = machine, served, city
        self.cuts = CUTS

    def kiosk(self, words: str, said: str = "") -> list[dict[str, Any]]:
        out = self.machine.run(f"kiosk {words} --json", said=said)
        return [json.loads(line) for line in out.splitlines()]

    def ids(self) -> list[str]:
        return [line["id"] for line in self.kiosk("outbox")]

    def version(self) -> str:
        return self.machine.run("kiosk --version").strip()

    def file_some(self, count: int) -> list[str]:
        form = self.machine.run("kiosk submit --example sktm")
        return [self.kiosk("submit -", form)[0]["id"] for _ in range(count)]

    def until_up(self, limit_s: float = 240) -> float:
        serving = "test serving = $(systemctl show -P StatusText kiosk-ui)"
        return self.machine.wait(f"systemctl is-active -q {' '.join(UNITS)} && {serving}", limit_s)

    def drawn(self, name: str, still_s: float = 1.5) -> Path | None:
        if not isinstance(self.machine, Machine):
            return None
        time.sleep(still_s * self.machine.patience)
        return self.machine.picture(name)


def install(office: Office) -> None:
    """As IT does it, by the ten lines of build/README.md."""
    machine, served = office.machine, office.served
    machine.put(served.folder / "kiosk.gpg", "/usr/share/keyrings/kiosk.gpg")
    sources = (served.folder / "kiosk.sources").read_text()
    shown = isinstance(machine, Machine)
    address = f"http://10.0.2.2:{served.port}" if shown else f"file:///seen/{served.folder.name}"
    sources = re.sub(r"(?m)^URIs:.*", f"URIs: {address}", sources)
    machine.run("cat >/etc/apt/sources.list.d/kiosk.sources", said=sources)
    if machine.patience > 1:
        slow_down(machine)
    start_s = time.monotonic()
    machine.run(
        "apt-get update -qq && DEBIAN_FRONTEND=noninteractive "
        "apt-get install -qq -y --no-install-recommends kiosk kiosk-model-id", limit_s=900,
    )  # fmt: skip
    installed_s = time.monotonic() - start_s
    settings = machine.run("cat /etc/kiosk/kiosk.toml")
    for unset, example in EXAMPLE_OFFICE.items():
        settings = settings.replace(unset, example)
    settings += f'\n[desk]\nhost = "0.0.0.0"\nport = {DESK_PORT}\n'
    machine.run("cat >/etc/kiosk/kiosk.toml", said=settings)
    if shown:
        code = office.city.city("enrol-code")[0]["code"]
        office.kiosk(f"enrol {code} --city http://127.0.0.1:{CITY_PORT}")
    else:
        machine.run("sed -i s/=kmsdrm/=offscreen/ /etc/default/kiosk")
    machine.run("systemctl daemon-reload; systemctl restart " + " ".join(UNITS))
    up_s, kind = round(office.until_up(), 1), accelerator() if shown else "user mode"
    say("installed", machine=kind, s=round(installed_s), up_s=up_s, version=office.version())


def slow_down(machine: Machine) -> None:
    """An emulated processor is given more time to start, and the screens more to draw in."""
    for unit in UNITS:
        limits = f"TimeoutStartSec={60 * machine.patience}\n"
        if unit == "kiosk-ui":
            limits += f"WatchdogSec={UI_WATCHDOG_SLOW_S}\n"
        folder = f"/etc/systemd/system/{unit}.service.d"
        machine.run(f"mkdir -p {folder} && cat >{folder}/slower.conf", said=f"[Service]\n{limits}")


def home(office: Office) -> None:
    """From the plug to the home screen, on the bare console, as nobody's root."""
    machine = office.machine
    machine.run("sync")
    machine.cut()
    time.sleep(1)
    up_s = office.until_up() + 1
    seen = machine.run(
        "pid=$(systemctl show -P MainPID kiosk-ui); ps -o user= -p $pid; pgrep -c Xorg;"
        "systemctl is-system-running; tr '\\0' '\\n' </proc/$pid/environ | grep SDL_VIDEODRIVER;"
        "ls -l /proc/$pid/fd | grep -o '/dev/dri.*'; systemctl show -P StatusText kiosk-ui"
    ).split("\n")
    boot = machine.run("systemd-analyze | tail -2").strip().replace("\n", "; ")
    office.drawn("attract", 4)
    if isinstance(machine, Machine):
        machine.tap(512, 300)
    picture = office.drawn("home", 2)
    say(
        "home",
        up_s=round(up_s, 1),
        seen=[one for one in seen if one],
        boot=boot,
        picture=str(picture),
    )
    must("kiosk" in seen, f"the screens do not run as kiosk: {seen}")


def security(office: Office) -> None:
    for unit in UNITS:
        told = office.machine.run(f"systemd-analyze security --no-pager {unit}.service | tail -1")
        say("security", unit=unit, told=told.strip().lstrip("→ "))


def desk(office: Office) -> None:
    """The counter's page, as a browser of the office gets it; its certificate is its own."""
    machine = office.machine
    if not isinstance(machine, Machine):
        return
    told = office.kiosk("desk --add-admin Ketua")[0]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(
        f"https://127.0.0.1:{machine.desk_port}/", context=context, timeout=60
    ) as page:
        text = page.read().decode()
        form = 'type="password"' in text
        say("desk", url=page.url, status=page.status, password_asked=form, admin=told["name"],
            title=re.findall("<title>(.*?)</title>", text))  # fmt: skip
    must(form, "the desk shows no way to come in")


def memory(office: Office) -> None:
    """MB of each process of the kiosk, after an errand was filed and sent: resident, fair share."""
    office.file_some(3)
    time.sleep(20 * office.machine.patience)
    figures: dict[str, Any] = {}
    for unit in UNITS:
        text = office.machine.run(f"cat /proc/$(systemctl show -P MainPID {unit})/smaps_rollup")
        found = {row.split()[0]: int(row.split()[1]) / 1000 for row in text.splitlines()[1:]}
        figures[unit] = {"rss": round(found["Rss:"]), "pss": round(found["Pss:"])}
    for kind in ("rss", "pss"):
        figures[f"all_{kind}"] = sum(figures[unit][kind] for unit in UNITS)
    say("memory", **figures)


def recover(office: Office) -> None:
    """Each process killed, one after the other; then all of them hung at once: systemd has another
    one of each that says it is ready."""
    machine = office.machine

    def hit(unit: str, signal: str) -> str:
        old = machine.run(f"systemctl show -P MainPID {unit}").strip()
        machine.run(f"kill -{signal} {old}")
        return old

    def back(unit: str, signal: str, old: str, since_s: float) -> None:
        machine.wait(
            f'now=$(systemctl show -P MainPID {unit}); [ "$now" != {old} ] && [ "$now" != 0 ] '
            f"&& systemctl is-active -q {unit}", 400,
        )  # fmt: skip
        told = machine.run(
            f"journalctl -u {unit} -n 60 --no-pager -o cat | grep -i 'Failed with result' | tail -1"
        ).strip()
        say("recovered", unit=unit, signal=signal, s=round(time.monotonic() - since_s, 1),
            systemd=told)  # fmt: skip

    for unit in UNITS:
        office.until_up()
        since_s = time.monotonic()
        back(unit, "KILL", hit(unit, "KILL"), since_s)
    office.until_up()
    since_s = time.monotonic()
    for unit, old in [(unit, hit(unit, "STOP")) for unit in UNITS]:
        back(unit, "STOP", old, since_s)
    office.until_up()
    office.drawn("after-recovery", 4)


def power(office: Office) -> None:
    """The plug is pulled at any moment while errands are filed; no one is asked anything."""
    machine = office.machine
    printed: set[str] = set(office.ids())
    machine.run("kiosk submit --example sktm >/root/form.json")
    ups = []
    for cut in range(office.cuts):
        count = 0
        plug = threading.Timer(random.uniform(1, 10) * min(machine.patience, 4), machine.cut)
        plug.start()  # at any moment, whatever is being done
        for line in machine.lines(
            "while :; do kiosk submit - --json </root/form.json || exit; done"
        ):
            printed.add(json.loads(line)["id"])
            count += 1
        plug.join()
        time.sleep(1)
        ups.append(office.until_up())
        kept = set(office.ids())
        say("power_cut", cut=cut + 1, filed=count, kept=len(kept), lost=len(printed - kept),
            up_s=round(ups[-1], 1))  # fmt: skip
        must(printed <= kept, f"lost: {sorted(printed - kept)}")
    office.drawn("after-power-cuts", 4)
    doctor = office.machine.run("kiosk doctor", check=False)
    lines = [line for line in doctor.splitlines() if re.search(r"\b(database|keys)\b", line)]
    say(
        "power",
        cuts=office.cuts,
        filed=len(printed),
        lost=0,
        slowest_up_s=round(max(ups), 1),
        doctor=lines,
    )


def upgrade(office: Office, repository: Path) -> None:
    """By unattended-upgrades itself; the kiosk has errands, some not sent yet."""
    machine = office.machine
    office.file_some(5)
    before, old = office.ids(), office.version()
    office.served.hold(repository)
    machine.run("apt-get update -qq")
    log = machine.run("unattended-upgrade -v 2>&1", limit_s=900)
    up_s = office.until_up()
    new = office.version()
    kept = office.ids()[: len(before)] == before
    say("upgraded", old=old, new=new, kept=kept, errands=len(before), up_s=round(up_s, 1),
        said=[line for line in log.splitlines() if "kiosk" in line][:4])  # fmt: skip
    must(kept and new != old, "the update did not keep every errand, or did not come")
    trial_s = machine.wait("! test -e /var/lib/kiosk-update/trial", SETTLED_S * 2)
    office.drawn("after-upgrade")
    say("trial_over", s=round(trial_s), said=machine.run(
        "journalctl -t kiosk-update -n 3 --no-pager -o cat").strip())  # fmt: skip


def broken(office: Office, repository: Path) -> None:
    """A version that does not start comes by unattended-upgrades and goes by itself."""
    machine = office.machine
    office.file_some(2)
    before, old = office.ids(), office.version()
    office.served.hold(repository)
    machine.run("apt-get update -qq")
    start_s = time.monotonic()
    machine.run("unattended-upgrade 2>&1", limit_s=900)
    machine.wait("test -e /var/lib/kiosk-update/rolled-back", 600)
    back_s = time.monotonic() - start_s
    up_s = office.until_up()
    kept = office.ids() == before
    office.drawn("after-rollback", 4)
    doctor = [line.strip() for line in machine.run("kiosk doctor", check=False).splitlines()
              if " version " in f" {line} "]  # fmt: skip
    said = machine.run("journalctl -t kiosk-update -n 8 --no-pager -o cat").splitlines()
    say("rolled_back", installed=machine.run("dpkg-query -W -f '${Version}' kiosk"),
        runs=office.version(), was=old, kept=kept, errands=len(before), after_s=round(back_s),
        up_s=round(up_s, 1), doctor=doctor, said=said)  # fmt: skip
    must(kept and office.version() == old, "the version before did not come back whole")
    after = office.file_some(1)
    must(after[0] in office.ids(), "nothing can be filed after the way back")


def fresh_disk(scratch: Path, *, user_mode: bool) -> None:
    if user_mode:
        UserMode.make_disk(scratch)
        return
    disk = scratch / "disk.qcow2"
    disk.unlink(missing_ok=True)
    base = ["-b", str(scratch / "debian.img")]
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", *base, str(disk)], check=True
    )


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("scratch", type=Path)
    words.add_argument("repositories", type=Path, nargs="+", metavar="REPOSITORY [NEXT BROKEN]")
    words.add_argument("--user-mode", action="store_true", help="quick, without a screen")
    words.add_argument("--cuts", type=int, default=CUTS)
    words.add_argument("--only", type=lambda text: text.split(","))
    args = words.parse_args()
    scratch = args.scratch.resolve()
    this, *later = (one.resolve() for one in args.repositories)
    steps: dict[str, Callable[[Office], None]] = {
        "install": install, "home": home, "security": security, "desk": desk, "memory": memory,
        "recover": recover, "power": power,
    }  # fmt: skip
    for name, step, repository in zip(
        ("upgrade", "broken"), (upgrade, broken), later, strict=False
    ):
        steps[name] = functools.partial(step, repository=repository)
    chosen: Iterable[str] = args.only or steps
    if "install" in chosen:
        fresh_disk(scratch, user_mode=args.user_mode)
    served = Served(scratch / ("seen/served" if args.user_mode else "served"))
    if "install" in chosen:
        served.hold(this)
    (scratch / "office/dev").mkdir(parents=True, exist_ok=True)
    (scratch / "office/dev/city-port").write_text(str(CITY_PORT))
    with Loop(scratch / "office") as city:
        machine: Machine | UserMode
        if args.user_mode:
            machine = UserMode(scratch)
        else:
            city.start_city()
            machine = Machine(scratch, free_port(), free_port())
        try:
            machine.wait("true", 300)
            office = Office(machine, served, city)
            office.cuts = args.cuts
            if "install" not in chosen:  # a repository over HTTP has another port today
                machine.run(
                    f"sed -i 's|10.0.2.2:[0-9]*|10.0.2.2:{served.port}|' "
                    "/etc/apt/sources.list.d/kiosk.sources"
                )
            for name in chosen:
                steps[name](office)
            machine.run("sync")
        finally:
            machine.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
