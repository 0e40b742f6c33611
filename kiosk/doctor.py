"""Is this machine fit to serve? One check a line, each with what to do; nothing is changed.

`fail`: do not serve. `warn`: it serves, but somebody should look.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kiosk import RELEASED, __version__
from kiosk.bootstrap import Store, now, regions_of, shown_of
from kiosk.config import SETTINGS_NAME, WIB, Settings, SettingsProblem, load_settings
from kiosk.lookup.keeping import kept_model
from kiosk.lookup.lessons import sentences_of
from kiosk.store import lost
from kiosk.store.connection import DATABASE_NAME, DriverError, first_wrong_row, triggers_stand
from kiosk.store.key import KEY_NAME, read_key
from kiosk.store.problems import DatabaseUnusable, TryLater, explained
from kiosk.store.room import BALLAST_BYTES, FREE_MIN_BYTES, free_bytes
from kiosk.store.trouble import lately_begun
from kiosk.update_state import taken_back
from kiosk.voice_checks import State, microphone, model, speaker

NEWEST_ROWS = 200  # whose digests are computed again; all of them would take minutes
LOG_PROBLEMS_MAX = 3
UNSENT_OLD = timedelta(days=3)
SECRET_FILES = (KEY_NAME, "device.key", "device.key.next")
KEY_OLD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: State
    detail: str


def checks(home: Path) -> Iterator[Check]:
    """Every check in the order of the contract. Makes an absent home, like every command."""
    try:
        settings = load_settings(home)
    except SettingsProblem as error:
        yield Check("settings", "fail", str(error))
        yield _version()
        return
    yield _settings(settings)
    store = Store(settings)
    try:
        database = _guarded("database", lambda: _database(store, home))
        yield database
        yield _keys(home)
        yield _guarded("catalogue", lambda: _catalogue(settings))
        yield Check("model", *model(settings))
        yield _guarded("lookup", lambda: _lookup(settings))
        yield Check("microphone", *microphone())
        yield Check("speaker", *speaker())
        yield _printer(settings, store, database.state)
        yield _disk(home)
        told: dict[str, Callable[[], Check]] = {
            "clock": lambda: _clock(store, now()),
            "device": lambda: _device(store, now()),
            "city": lambda: _city(store, now()),
        }
        for name, check in told.items():
            if database.state == "fail":
                yield Check(name, "warn", "not checked: the database must be seen to first")
            else:
                yield _guarded(name, check)
    finally:
        store.close()
    yield _version()


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DriverError as error:
        return Check(name, "fail", " ".join(str(explained(error, DATABASE_NAME)).split()))
    except (DatabaseUnusable, TryLater, OSError, ValueError) as error:
        return Check(name, "fail", " ".join(str(error).split()))


def _settings(settings: Settings) -> Check:
    path = settings.home / SETTINGS_NAME
    if "belum diatur" in settings.office.name:
        return Check("settings", "warn", f"{path}: office.name: write the office's name")
    if settings.office.keep_days is None:
        return Check(
            "settings", "warn", f"{path}: office.keep_days: ask the office how long errands stay"
        )
    return Check("settings", "ok", str(path))


def _database(store: Store, home: Path) -> Check:
    """Opening alone proves encryption, pragmas, version and triggers."""
    rows = store.db.conn.execute("PRAGMA quick_check(1)").fetchall()
    if rows != [("ok",)]:
        raise DatabaseUnusable("E-16", f"{home / DATABASE_NAME}: quick_check found damage")
    if cipher := store.db.conn.execute("PRAGMA cipher_integrity_check").fetchone():
        raise DatabaseUnusable("E-16", f"{home / DATABASE_NAME}: {cipher[0]}")
    if not triggers_stand(store.db):
        raise DatabaseUnusable("E-17", f"{home / DATABASE_NAME}: a trigger is missing")
    if wrong := first_wrong_row(store.db, newest=NEWEST_ROWS):
        raise DatabaseUnusable("E-16", f"{home / DATABASE_NAME}: {wrong}")
    if older := _older(store, home):
        return Check("database", "warn", older)
    count = store.db.conn.execute("SELECT count(*) FROM txn").fetchone()[0]
    return Check("database", "ok", f"{count} transactions, encrypted, WAL, synchronous=FULL")


def _older(store: Store, home: Path) -> str:
    """What this database was found to lack within a month, and where the files of then are."""
    words = []
    for one in lately_begun(store.db)[:1]:
        at = datetime.fromtimestamp(one.made_at_ms / 1000, WIB)
        known = f" of {one.known}" if one.known else ""
        words.append(
            f"on {at:%Y-%m-%d %H:%M} it was older than what was promised of it, {one.here}{known}"
            " errands were here; what is missing and had not reached the city is gone, what came"
            " later is numbered anew: call the city's IT"
        )
    if kept := lost.folders(home):
        words.append(f"look at {kept[0]}, then remove it")
    return "; ".join(words)


def _keys(home: Path) -> Check:
    """Files that hold a secret: the service's user's own and closed to all others."""
    try:
        read_key(home)
    except DatabaseUnusable as error:
        return Check("keys", "fail", str(error))
    for path in (home / name for name in SECRET_FILES if (home / name).exists()):
        seen = path.stat()
        if stat.S_IMODE(seen.st_mode) & 0o077 or seen.st_uid != os.geteuid():
            return Check("keys", "fail", f"{path}: run chmod 600 and give it to the kiosk's user")
    if stat.S_IMODE(home.stat().st_mode) & 0o022:
        return Check("keys", "warn", f"{home}: others may write here: run chmod 700 {home}")
    return Check("keys", "ok", "readable by this user alone")


def _catalogue(settings: Settings) -> Check:
    shown = shown_of(settings)
    catalogue = shown.catalogue
    regions_of(settings)
    count = len(catalogue.services)
    if not count:
        return Check("catalogue", "fail", f"{settings.assets}: no service could be read")
    undecided = [one.local for one in shown.laid if one.place == "undecided"]
    if undecided and not catalogue.problems:
        which = ", ".join(f"{one.service}.{one.fact}" for one in undecided[:LOG_PROBLEMS_MAX])
        words = f"{count} services; the city has newer words on {which}: kiosk catalogue decide"
        return Check("catalogue", "warn", words)
    if not catalogue.problems:
        return Check("catalogue", "ok", f"{count} services")
    listed = [
        f"{one.file}: {one.key}: {one.message}" if one.key else f"{one.file}: {one.message}"
        for one in catalogue.problems[:LOG_PROBLEMS_MAX]
    ]
    more = len(catalogue.problems) - len(listed)
    rest = f"; and {more} more" if more > 0 else ""
    return Check("catalogue", "warn", f"{count} services, correct {'; '.join(listed)}{rest}")


def _lookup(settings: Settings) -> Check:
    services = shown_of(settings).catalogue.services.values()
    sentences = sentences_of(settings.assets)
    kept = kept_model(services, sentences, settings.home, settings.assets)
    if kept.unusable:
        serves = f"{kept.path} serves" if kept.path else "names alone answer"
        words = f"{'; '.join(kept.unusable)}; {serves}: kiosk rebuild lookup"
        return Check("lookup", "warn", words)
    if kept.state == "fresh":
        return Check("lookup", "ok", str(kept.path))
    why = "no model" if kept.path is None else f"{kept.path}: older than the catalogue"
    return Check("lookup", "warn", f"{why}, names alone answer for the rest: kiosk rebuild lookup")


def _printer(settings: Settings, store: Store, database: State) -> Check:
    """Asked as before every paper; what did not come out lately is said too."""
    if settings.printer is None:
        printers = sorted(str(path) for path in Path("/dev/usb").glob("lp*"))
        has = f"{printers[0]} is there" if printers else "none connected"
        words = "receipts are shown on the screen only"
        return Check(
            "printer", "warn", f"not set up ([printer] in {SETTINGS_NAME}), {has}: {words}"
        )
    from kiosk.devices.printer import Printer

    where = f"{settings.printer.kind} {settings.printer.address}, {settings.printer.width_mm} mm"
    if problem := Printer(settings.printer).state():
        return Check("printer", "warn", f"{where}: {PRINTER_PROBLEMS[problem]}")
    if not settings.printer.answers or settings.printer.kind == "file":
        return Check("printer", "ok", f"{where}; it never tells its state")
    lost = 0 if database == "fail" else _lost_papers(store, settings)
    if lost:
        return Check("printer", "warn", f"{where}: {lost} papers of today did not come out")
    return Check("printer", "ok", where)


PRINTER_PROBLEMS = {
    "off": "cannot be reached: switch it on, look at cable and address",
    "paper_out": "no paper: put a roll in",
    "paper_low": "the roll is nearly used up: have another one ready",
    "cover": "its cover is open: close it",
    "offline": "it says it cannot print: see to its lamps",
    "silent": "it does not answer: is it an ESC/POS printer? if it never does, answers = false",
    "cut": "the line broke off: look at the cable",
}


def _lost_papers(store: Store, settings: Settings) -> int:
    from kiosk.store.prints import Prints

    try:
        return len(Prints(store.db, settings.home, zone=WIB).failed(now().date()))
    except (DatabaseUnusable, TryLater):
        return 0


def _disk(home: Path) -> Check:
    free_mb = free_bytes(home) // 1_000_000
    if free_bytes(home) < FREE_MIN_BYTES:
        need = FREE_MIN_BYTES // 1_000_000
        return Check("disk", "fail", f"{free_mb} MB free, {need} MB needed: free some room")
    total_mb = shutil.disk_usage(home).total // 1_000_000
    if free_bytes(home) < 4 * (FREE_MIN_BYTES + BALLAST_BYTES):
        return Check("disk", "warn", f"{free_mb} of {total_mb} MB free: free some room soon")
    return Check("disk", "ok", f"{free_mb} of {total_mb} MB free")


def _clock(store: Store, at: datetime) -> Check:
    if at.date().isoformat() < RELEASED:
        return Check(
            "clock", "fail", f"{at:%Y-%m-%d %H:%M} is before this version's making: set the clock"
        )
    last_ms = store.db.conn.execute("SELECT coalesce(max(at_ms), 0) FROM txn").fetchone()[0]
    last = datetime.fromtimestamp(last_ms / 1000, WIB)
    if at < last:
        return Check(
            "clock", "fail", f"{at:%Y-%m-%d %H:%M} is before the last errand's time: set the clock"
        )
    if store.outbox.get("why") == "clock":
        return Check(
            "clock",
            "fail",
            f"jam mesin salah: {at:%Y-%m-%d %H:%M}: the city cannot be reached"
            " with this date: set the clock; if it is right, the city's certificate has run out",
        )
    if error_s := store.outbox.get("clock_error_s"):
        behind = "behind" if int(error_s) > 0 else "ahead of"
        minutes = abs(int(error_s)) // 60
        return Check(
            "clock", "warn", f"jam mesin salah: {minutes} minutes {behind} the city's: set it"
        )
    return Check("clock", "ok", f"{at:%Y-%m-%d %H:%M %Z}")


def _device(store: Store, at: datetime) -> Check:
    device = store.outbox.device()
    if device is None:
        return Check("device", "warn", "not enrolled: run kiosk enrol CODE --city URL")
    if store.outbox.get("revoked"):
        words = "the city revoked this device: it takes no errands; ask the city's administrator"
        return Check("device", "fail", words)
    if stopped := store.outbox.get("stopped"):
        return Check("device", "fail", f"{stopped}: ask the city's administrator")
    name = f"{device.get('device')} at {device.get('city_url')}"
    if at - _moment(store.outbox.get("key_since"), at) > KEY_OLD:
        return Check("device", "warn", f"{name}: its key is old: run kiosk rotate-key")
    return Check("device", "ok", name)


def _moment(text: str | None, other: datetime) -> datetime:
    """The moment in the text, or `other` where there is none."""
    try:
        return datetime.fromisoformat(text or "").astimezone(WIB)
    except ValueError:
        return other


def _city(store: Store, at: datetime) -> Check:
    unsent = store.transactions.unsent()
    words = [f"{unsent.count} unsent"]
    if unsent.oldest:
        words.append(f"the oldest since {unsent.oldest:%Y-%m-%d %H:%M}")
    if unsent.drain:
        words.append(f"on their way, of {unsent.drain.began_with}")
    if unsent.withheld:
        words.append(f"{unsent.withheld} without a name wait for the end of their day")
    if unsent.last_success:
        words.append(f"last reached {unsent.last_success:%Y-%m-%d %H:%M}")
    troubles = []
    if unsent.set_aside:
        troubles.append(f"{unsent.set_aside} set aside: see kiosk outbox, call the city's IT")
    if lost := store.outbox.get("lost_at_city"):
        troubles.append(f"{lost} errands are lost at the city and deleted here: call the city's IT")
    if unsent.last_problem:
        troubles.append(unsent.last_problem)
    if not unsent.last_success and not unsent.last_problem:
        troubles.append("never reached: start kiosk sync")
    if unsent.oldest is not None and at - unsent.oldest > UNSENT_OLD:
        troubles.append("see to the network")
    return Check("city", "warn" if troubles else "ok", ", ".join(words + troubles))


def _version() -> Check:
    if said := taken_back():
        return Check("version", "warn", f"kiosk {__version__}; {said}")
    return Check("version", "ok", f"kiosk {__version__}")
