"""The package's recipe, without building it: what it names exists, its scripts do what they say.

The whole build is `make package`; what it was seen to do is in `build/README.md`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from configparser import ConfigParser
from ipaddress import ip_network
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"
UNITS = sorted((BUILD / "systemd").glob("*.service"))
SCRIPTS = sorted(
    [*(BUILD / "box").glob("[a-z]*"), *(BUILD / "debian/kiosk").glob("p[or]*"), *BUILD.glob("*.sh")]
)
SHELL = [script for script in SCRIPTS if script.read_bytes().startswith(b"#!")]
EXPOSED_MOST = {"kiosk-ui.service": 2.0, "kiosk-sync.service": 1.5, "kiosk-desk.service": 1.5}


def unit(path: Path) -> ConfigParser:
    parsed = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(path)
    return parsed


def test_no_package_init_shadows_the_builder() -> None:
    assert not (BUILD / "__init__.py").exists()


def test_the_spec_carries_what_the_program_opens_by_path() -> None:
    spec = (BUILD / "kiosk.spec").read_text()
    assert '"assets"' in spec
    for folder in ("static", "templates"):
        assert f'"{folder}"' in spec
        assert any((CHECKOUT / "kiosk/desk" / folder).iterdir())
    assert '"sync.city"' in spec  # left out
    hook = (BUILD / "hooks/hook-vosk.py").read_text()
    assert "libvosk.so" in hook


def test_each_file_that_is_opened_beside_its_module_is_known_to_the_spec() -> None:
    """A new `Path(__file__)…` needs its files in the spec: in a checkout nobody would notice."""
    known = {"assets", "static", "templates"}
    opened = set()
    for file in [*(CHECKOUT / "kiosk").rglob("*.py"), *(CHECKOUT / "sync").glob("*.py")]:
        for parts in re.findall(r'Path\(__file__\).*?/ "([\w.]+)"', file.read_text()):
            opened.add(parts)
    assert opened
    assert opened <= known


def test_no_service_loads_numpy_for_its_store() -> None:
    """16 MB in each of three processes; whoever computes with it finds it all the same."""
    told = "import kiosk.store.connection, sys; assert 'numpy' not in sys.modules; import numpy"
    subprocess.run([sys.executable, "-c", told], cwd=CHECKOUT, check=True)


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_the_scripts_are_shell(script: Path) -> None:
    shell = script.read_text().splitlines()[0].removeprefix("#!")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert script.stat().st_mode & 0o111


def test_conffiles_are_put_in_their_place() -> None:
    recipe = (BUILD / "package.sh").read_text()
    for name in (BUILD / "debian/kiosk/conffiles").read_text().split():
        assert f'"$root{name}"' in recipe


def test_the_packaged_settings_are_right_and_leave_the_prefix_to_the_box(tmp_path: Path) -> None:
    from kiosk.config import PREFIX_NAME, SettingsProblem, load_settings

    shutil.copyfile(BUILD / "box/kiosk.toml", tmp_path / "kiosk.toml")
    with pytest.raises(SettingsProblem, match="kiosk_prefix"):
        load_settings(tmp_path)
    (tmp_path / PREFIX_NAME).write_text("K7\n")
    assert load_settings(tmp_path).office.kiosk_prefix == "K7"


def test_all_units_are_started_stopped_and_purged_by_the_package() -> None:
    scripts = {
        name: (BUILD / "debian/kiosk" / name).read_text()
        for name in ("postinst", "prerm", "postrm")
    }
    for path in [*UNITS, *(BUILD / "systemd").glob("*.timer")]:
        if path.suffix == ".timer" or path.stem in ("kiosk-ui", "kiosk-sync", "kiosk-desk"):
            for name, text in scripts.items():
                assert path.name in text, f"{name}: {path.name}"


@pytest.mark.parametrize("name", ["kiosk-ui", "kiosk-sync", "kiosk-desk"])
def test_each_service_comes_back_and_is_fenced_in(name: str) -> None:
    service = unit(BUILD / f"systemd/{name}.service")["Service"]
    assert service["Restart"] == "always"
    assert service["User"] == "kiosk"
    assert service["ProtectSystem"] == "strict"
    assert service["MemoryMax"].endswith(("M", "G"))
    assert f"update stopped {name}" in (BUILD / f"systemd/{name}.service").read_text()
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) <= 300
    assert "ProcSubset" not in service  # the store reads /proc/sys/kernel/random/boot_id


def test_what_is_said_to_the_kiosk_cannot_reach_the_disk() -> None:
    """Sound is only ever in memory."""
    service = unit(BUILD / "systemd/kiosk-ui.service")["Service"]
    assert (service["MemorySwapMax"], service["LimitCORE"]) == ("0", "0")


def test_the_screens_reach_a_printer_in_the_office_and_nothing_farther() -> None:
    service = unit(BUILD / "systemd/kiosk-ui.service")["Service"]
    assert service["IPAddressDeny"] == "any"
    for network in service["IPAddressAllow"].split():
        if network not in ("localhost", "link-local"):
            assert ip_network(network).is_private


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("name", EXPOSED_MOST)
def test_how_exposed_systemd_finds_them(name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", BUILD / "systemd" / name],
        capture_output=True,
        text=True,
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= EXPOSED_MOST[name]


# -- an update that does not start


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A root with a trial under way, the version before it, and programs that write what was asked
    of them."""
    root, tools = tmp_path / "root", tmp_path / "tools"
    for folder in ("var/lib/kiosk-update", "var/lib/kiosk", "usr/lib/kiosk/previous", "run"):
        (root / folder).mkdir(parents=True)
    tools.mkdir()
    bodies = {
        "systemctl": f'case "$1" in show) grep "^$3=" {tmp_path}/shown | cut -d= -f2;;'
        f' *) echo "$*" >>{tmp_path}/asked;; esac',
        "systemd-run": f'echo "later $*" >>{tmp_path}/asked',
        "runuser": f'echo "as $*" >>{tmp_path}/asked; echo the database stays',
        "dpkg-query": "printf 0.1.1",
        "logger": "true",
    }
    for name, body in bodies.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    previous = root / "usr/lib/kiosk/previous/kiosk"
    previous.write_text("#!/bin/sh\n")
    previous.chmod(0o755)
    (root / "var/lib/kiosk-update/trial").write_text("from=0.1.0\n")
    serving(tmp_path)
    return tmp_path


def serving(box: Path, *, since_s: int | None = None, status: str = "serving") -> None:
    """What systemd tells of the unit: READY so long ago, or started and not ready yet."""
    now_us = time.monotonic_ns() // 1000
    ready_us = now_us - since_s * 1_000_000 if since_s is not None else 0
    (box / "shown").write_text(
        f"ActiveState={'active' if since_s is not None else 'activating'}\n"
        f"ExecMainStartTimestampMonotonic={max(1, ready_us - 1_000_000)}\n"
        f"ActiveEnterTimestampMonotonic={ready_us}\nStatusText={status}\n"
    )


def update(box: Path, *words: str, result: str = "exit-code") -> Path:
    """Runs the packaged script; returns the folder with what it knows."""
    subprocess.run(
        [BUILD / "box/update", *words],
        env={
            "PATH": f"{box}/tools:/usr/bin:/bin",
            "KIOSK_ROOT": str(box / "root"),
            "SERVICE_RESULT": result,
        },
        check=True,
        capture_output=True,
    )
    return box / "root/var/lib/kiosk-update"


@pytest.mark.parametrize("result", ["exit-code", "watchdog", "timeout", "signal", "core-dump"])
def test_the_third_failed_start_goes_back_and_says_so(box: Path, result: str) -> None:
    for _ in range(2):
        state = update(box, "stopped", "kiosk-ui", result=result)
        assert not (state / "rolled-back").exists()
    update(box, "stopped", "kiosk-ui", result=result)
    told = (state / "rolled-back").read_text()
    assert "back_to=0.1.0\nbad=0.1.1\n" in told
    assert "data=the database stays" in told
    assert not (state / "trial").exists()
    asked = (box / "asked").read_text()
    assert "stop kiosk-ui.service kiosk-sync.service kiosk-desk.service" in asked  # nobody writes
    assert "previous/kiosk restore" in asked
    assert asked.index("stop") < asked.index("restore") < asked.index("start --no-block")


def test_under_systemd_the_way_back_is_a_unit_of_its_own(box: Path) -> None:
    """It stops the unit that failed, and takes longer than that unit may take to stop."""
    (box / "root/run/systemd/system").mkdir(parents=True)
    for _ in range(3):
        state = update(box, "stopped", "kiosk-ui")
    asked = (box / "asked").read_text()
    assert asked.startswith("later ")
    assert "--unit=kiosk-go-back /usr/lib/kiosk/update back kiosk-ui" in asked
    assert (state / "trial").exists()
    update(box, "back", "kiosk-ui", "kiosk-ui: exit-code")
    assert "back_to=0.1.0" in (state / "rolled-back").read_text()


def test_being_asked_to_stop_is_no_failure(box: Path) -> None:
    for _ in range(5):
        state = update(box, "stopped", "kiosk-ui", result="success")
    assert (state / "trial").exists()
    assert not (state / "rolled-back").exists()


def test_a_version_that_ran_well_is_never_taken_back(box: Path) -> None:
    serving(box, since_s=90)  # half a minute before it counts, however slow this machine
    state = update(box, "look", "kiosk-ui")
    assert (state / "trial").exists()
    serving(box, since_s=125)
    update(box, "look", "kiosk-ui")
    assert not (state / "trial").exists()
    serving(box)
    for _ in range(5):
        update(box, "stopped", "kiosk-ui")
    assert not (state / "rolled-back").exists()


def test_an_end_after_it_ran_for_long_is_another_trouble(box: Path) -> None:
    serving(box, since_s=300)
    for _ in range(5):
        state = update(box, "stopped", "kiosk-sync", result="watchdog")
    assert (state / "trial").exists()
    assert not (state / "failed-kiosk-sync").exists()


def test_a_version_that_shows_out_of_order_is_taken_back(box: Path) -> None:
    serving(box, since_s=125, status="out of order E-15")
    state = update(box, "look", "kiosk-ui")
    assert "back_to=0.1.0" in (state / "rolled-back").read_text()


def test_nothing_is_started_beside_the_screens_on_their_terminal() -> None:
    """systemd hangs the terminal up for each such command, and so ends the screens."""
    service = unit(BUILD / "systemd/kiosk-ui.service")["Service"]
    assert service["StandardInput"].startswith("tty")
    assert not {"ExecStartPost", "ExecReload", "ExecCondition"} & set(service)


def test_without_a_version_before_it_nothing_is_lost(box: Path) -> None:
    shutil.rmtree(box / "root/usr/lib/kiosk/previous")
    for _ in range(3):
        state = update(box, "stopped", "kiosk-ui")
    assert not (state / "rolled-back").exists()
    assert not (state / "trial").exists()
