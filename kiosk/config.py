"""Settings of one kiosk: `kiosk.toml` in its home folder, checked key by key, frozen afterwards."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, Literal

from kiosk.domain.code import PREFIX_SIGNS, SIGNS, is_prefix
from kiosk.domain.office import Office
from kiosk.domain.service import Text

SETTINGS_NAME = "kiosk.toml"
PREFIX_NAME = "kiosk-prefix"
WIB = timezone(timedelta(hours=7), "WIB")  # Asia/Jakarta; never had another offset since 1964
TEXT_MAX_CHARS = 120

_TEMPLATE = """\
# Settings of this kiosk. Read at start; `kiosk doctor` says what is wrong with them.

[office]
name = "Kelurahan (belum diatur)"
kecamatan = ""
city = "Kota Tangerang"
counter = "Loket Pelayanan"
kiosk_prefix = "{prefix}"   # starts every reference code; another one for every kiosk of the city
queue_prefix = "A"    # starts every ticket number; another letter for every kiosk of the office
# hours = {{ id = "Senin–Jumat 08.00–16.00", en = "Monday to Friday, 8 am to 4 pm" }}
# contact = "whom to ask about one's data"
# keep_days = 30

# [printer]           # receipts and numbers on paper; without it they stand on the screen
# kind = "network"    # or "usb", or "file"
# address = "192.168.1.50:9100"   # usb: "04b8:0e15" (lsusb), file: "/dev/usb/lp0"
# width_mm = 58       # or 80
# answers = true      # false: a printer that never tells its state

# [city]
# ca_file = "/etc/kiosk/city-ca.pem"   # the city's own authority, instead of the public ones

[idle]                # seconds without a touch
info_s = 120
form_s = 180
warning_s = 45
desk_s = 600          # the staff's page locks itself

[desk]
# host = "0.0.0.0"    # opens the staff's page to the office network; else this machine alone
# port = 8443
"""


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """`address`: HOST:PORT, VENDOR:PRODUCT as four hexadecimal digits each, or a path. With
    `answers` False the printer is one that never says anything: sent counts as printed."""

    kind: Literal["network", "usb", "file"]
    address: str
    width_mm: int = 58
    answers: bool = True


class SettingsProblem(Exception):
    """What is wrong with the settings, in one line: file, key, what to do."""

    def __init__(self, file: Path, key: str, message: str) -> None:
        super().__init__(f"{file}: {key}: {message}" if key else f"{file}: {message}")


@dataclass(frozen=True, slots=True)
class Settings:
    """`assets` is the folder with catalogue, locales and fonts."""

    home: Path
    office: Office
    info_s: float
    form_s: float
    warning_s: float
    assets: Path
    printer: PrinterSettings | None = None
    ca_file: Path | None = None
    desk_s: float = 600.0
    desk_host: str = "127.0.0.1"
    desk_port: int = 8443


def home_folder(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """`--home`, else KIOSK_HOME, else a folder among the user's own data.

    Raises SettingsProblem.
    """
    if chosen := given or environment.get("KIOSK_HOME"):
        return _folder_named(chosen, "--home" if given else "KIOSK_HOME")
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return _folder_named(data, "KIOSK_HOME") / "kiosk"


def _folder_named(name: str, key: str) -> Path:
    """As said by `key`, "~" being the user's own. Raises SettingsProblem."""
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:
        raise SettingsProblem(Path(name), key, "no such user's folder: name a whole path") from None


def assets_folder() -> Path:
    return Path(__file__).resolve().parent.parent / "assets"


def load_settings(home: Path) -> Settings:
    """Read `kiosk.toml`, written first with its defaults when there is none.

    Raises SettingsProblem.
    """
    path = home / SETTINGS_NAME
    try:
        if not path.exists():
            _initialise(home, path)
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise SettingsProblem(path, "", f"{why}: give {home} to the kiosk's user") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(path, "", f"not TOML: {error}") from None
    return _settings(home, path, table)


def _initialise(home: Path, path: Path) -> None:
    import secrets  # brings OpenSSL: only for a home that is new

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = "".join(secrets.choice(SIGNS) for _ in range(PREFIX_SIGNS))
    draft = home / f".{SETTINGS_NAME}.{os.getpid()}"
    draft.write_text(_TEMPLATE.format(prefix=prefix), encoding="utf-8")
    try:
        os.link(draft, path)  # two first commands at once: the one that came first stays
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _kept_prefix(home: Path) -> str | None:
    """Where the settings came with a package they are alike on every box: what must differ is made
    once by its installation and stays with the data."""
    try:
        return (home / PREFIX_NAME).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _settings(home: Path, path: Path, table: dict[str, Any]) -> Settings:
    _refuse_unknown(path, "", table, {"office", "idle", "printer", "city", "desk"})
    office = _table(path, table, "office")
    idle = _table(path, table, "idle")
    desk_host, desk_port = _desk(path, table)
    known = {field for field in Office.__dataclass_fields__}
    _refuse_unknown(path, "office.", office, known)
    _refuse_unknown(path, "idle.", idle, {"info_s", "form_s", "warning_s", "desk_s"})
    texts = {
        name: _text(path, office, name, default)
        for name, default in (
            ("name", None),
            ("kecamatan", ""),
            ("city", "Kota Tangerang"),
            ("counter", "Loket Pelayanan"),
            ("kiosk_prefix", _kept_prefix(home)),
            ("queue_prefix", "A"),
        )
    }
    if not is_prefix(texts["kiosk_prefix"]):
        raise SettingsProblem(path, "office.kiosk_prefix", f"write {PREFIX_SIGNS} of {SIGNS}")
    if not re.fullmatch("[A-Z]", texts["queue_prefix"]):
        raise SettingsProblem(path, "office.queue_prefix", "write one letter A to Z")
    return Settings(
        home=home,
        office=Office(
            **texts,
            hours=_both_languages(path, office, "hours"),
            contact=_text(path, office, "contact", "") or None,
            keep_days=_keep_days(path, office),
        ),
        info_s=_seconds(path, idle, "info_s", 120),
        form_s=_seconds(path, idle, "form_s", 180),
        warning_s=_seconds(path, idle, "warning_s", 45),
        assets=assets_folder(),
        desk_s=_seconds(path, idle, "desk_s", 600),
        desk_host=desk_host,
        desk_port=desk_port,
        printer=_printer(path, table),
        ca_file=_ca_file(path, table),
    )


def _refuse_unknown(path: Path, place: str, table: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        words = f"no such setting, known are {', '.join(sorted(known))}"
        raise SettingsProblem(path, place + unknown[0], words)


def _table(path: Path, table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise SettingsProblem(path, name, f"write it as a table [{name}]")
    return found


def _text(path: Path, table: dict[str, Any], name: str, default: str | None) -> str:
    value = table.get(name, default)
    if value is None:
        raise SettingsProblem(path, f"office.{name}", "is missing, write it as text")
    if not isinstance(value, str) or len(value) > TEXT_MAX_CHARS or not value.isprintable():
        raise SettingsProblem(
            path, f"office.{name}", f"write one line of text, at most {TEXT_MAX_CHARS} characters"
        )
    return value.strip()


_ADDRESSES = {
    "network": (r"[^\s:]+:\d{1,5}", "HOST:PORT, for example 192.168.1.50:9100"),
    "usb": (r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", "VENDOR:PRODUCT as lsusb shows it, e.g. 04b8:0e15"),
    "file": (r"/\S+", "a path, for example /dev/usb/lp0"),
}


def _printer(path: Path, table: dict[str, Any]) -> PrinterSettings | None:
    if "printer" not in table:
        return None
    printer = _table(path, table, "printer")
    _refuse_unknown(path, "printer.", printer, set(PrinterSettings.__dataclass_fields__))
    kind, address = printer.get("kind"), printer.get("address")
    if kind not in _ADDRESSES:
        raise SettingsProblem(path, "printer.kind", f"write one of {', '.join(_ADDRESSES)}")
    shape, example = _ADDRESSES[kind]
    if not isinstance(address, str) or not re.fullmatch(shape, address):
        raise SettingsProblem(path, "printer.address", f"write {example}")
    if kind == "network" and not 0 < int(address.rpartition(":")[2]) < 65536:
        raise SettingsProblem(path, "printer.address", "write a port from 1 to 65535")
    width_mm, answers = printer.get("width_mm", 58), printer.get("answers", True)
    if width_mm not in (58, 80):
        raise SettingsProblem(path, "printer.width_mm", "write 58 or 80")
    if not isinstance(answers, bool):
        raise SettingsProblem(path, "printer.answers", "write true or false")
    return PrinterSettings(kind, address, width_mm, answers)


def _ca_file(path: Path, table: dict[str, Any]) -> Path | None:
    """Looked at before it is needed: a typo here would look like a city that cannot be trusted."""
    city = _table(path, table, "city")
    _refuse_unknown(path, "city.", city, {"ca_file"})
    told = city.get("ca_file")
    if told is None:
        return None
    import ssl

    try:
        ssl.create_default_context(cafile=str(told))
    except (OSError, ValueError):
        raise SettingsProblem(
            path, "city.ca_file", f"{told}: give a readable PEM file of certificates"
        ) from None
    return Path(str(told))


def _desk(path: Path, table: dict[str, Any]) -> tuple[str, int]:
    desk = _table(path, table, "desk")
    _refuse_unknown(path, "desk.", desk, {"host", "port"})
    host, port = desk.get("host", "127.0.0.1"), desk.get("port", 8443)
    if not isinstance(host, str) or not host:
        raise SettingsProblem(path, "desk.host", 'write an address like "0.0.0.0"')
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise SettingsProblem(path, "desk.port", "write a port, 1 to 65535")
    return host, port


def _both_languages(path: Path, table: dict[str, Any], name: str) -> Text | None:
    value = table.get(name)
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"id", "en"}:
        raise SettingsProblem(path, f"office.{name}", 'write { id = "…", en = "…" }')
    return Text(id=_text(path, value, "id", None), en=_text(path, value, "en", None))


def _keep_days(path: Path, table: dict[str, Any]) -> int | None:
    days = table.get("keep_days")
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 3650:
        raise SettingsProblem(path, "office.keep_days", "write whole days, 1 to 3650")
    return days


def _seconds(path: Path, table: dict[str, Any], name: str, default: float) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 5 <= value <= 3600:
        raise SettingsProblem(path, f"idle.{name}", "write seconds, 5 to 3600")
    return float(value)
