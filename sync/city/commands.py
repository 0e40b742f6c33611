"""What a city's administrator types, besides `serve`. One JSON object a line on stdout."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from sync import feed_signing, protocol, signing
from sync.city.citizen import CodeUnknown
from sync.city.intake import CODE_PATTERN
from sync.city.moments import iso
from sync.city.publishing import (
    KEY_FILE,
    BadInput,
    load_feed_key,
    load_or_make_feed_key,
    read_feed,
)
from sync.city.store import CityStore

DONE = 0
LIST_MAX = 10_000
REASON_MAX = 500


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False))


def add_commands(command: Any) -> None:
    """`command(name, run, about)` gives each its parser."""
    sub = command("transactions", _transactions, "List what has arrived.")
    sub.add_argument("--quarantined", action="store_true", help="what arrived but cannot be used")
    sub.add_argument(
        "--after",
        metavar="CURSOR",
        help="for the city's own systems: the next ones after this cursor (start with ''), in an "
        "order that no commit slips behind",
    )
    sub.add_argument("--limit", type=int, default=1000, help="with --after (default 1000)")

    sub = command("enrol-code", _enrol_code, "Make a one-time code for a new device.")
    sub.add_argument("--hours", type=float, default=protocol.ENROL_CODE_HOURS, help="valid for")

    command("devices", _devices, "List the enrolled devices.")
    sub = command("revoke", _revoke, "Stop serving a device; what it still sends is set aside.")
    sub.add_argument("device")

    command("restored", _restored, "Say that this database came from a backup.")
    command("backup-begin", _backup_begin, "Before a backup: remember what it will hold.")
    sub = command("backed-up", _backed_up, "After a backup was made and checked.")
    sub.add_argument(
        "mark",
        nargs="?",
        help="from backup-begin; without it: all there is now, for a database whose every commit "
        "is copied at once, or that nobody wrote to meanwhile",
    )
    sub = command("backup", _backup, "SQLite only: make, check and confirm a backup in one.")
    sub.add_argument("file", type=Path)

    sub = command("catalogue-key", _catalogue_key, "The key that signs what the city publishes.")
    _key_option(sub)
    sub.add_argument(
        "--endorsed-by", type=Path, metavar="FILE", help="an older key, for devices that have it"
    )
    sub = command("publish", _publish, "Sign and publish a feed.")
    sub.add_argument("feed", choices=protocol.PUBLISHED_FEEDS)
    sub.add_argument("path", type=Path, help="the folder of its *.toml files")
    _key_option(sub)
    sub = command("publish-catalogue", _publish, "The same as: publish catalogue FOLDER.")
    sub.add_argument("path", type=Path, metavar="folder")
    sub.set_defaults(feed="catalogue")
    _key_option(sub)

    sub = command("status", _status, "Tell the kiosk where an application stands.")
    sub.add_argument("code", help="the reference code on the receipt")
    sub.add_argument("state", choices=protocol.STATUS_STATES)
    sub.add_argument("--note-id", default="", help="a word to the citizen, in Indonesian")
    sub.add_argument("--note-en", default="", help="the same in English")

    sub = command("citizen-request", _citizen_request, "A citizen asks about their own data.")
    sub.add_argument("act", choices=("access", "correct", "erase"))
    sub.add_argument("code", help="the reference code on the receipt")
    sub.add_argument("--reason", default="", help="kept with the request; name nobody")
    sub.add_argument(
        "--values", metavar="FILE", help="correct: a JSON object of the right values (- = stdin)"
    )


def _key_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--key", type=Path, metavar="FILE", help=f"default: {KEY_FILE} beside the SQLite database"
    )


# --- transactions and devices ---------------------------------------------------------------------
def _transactions(store: CityStore, given: argparse.Namespace) -> int:
    if given.after is not None:
        if given.quarantined or not 1 <= given.limit <= LIST_MAX:
            raise BadInput(f"--after: without --quarantined, --limit from 1 to {LIST_MAX}")
        for line in store.transactions_after(given.after, given.limit):
            _say(line)
        return DONE
    for line in store.transactions(quarantined=given.quarantined):
        _say(line)
    return DONE


def _enrol_code(store: CityStore, given: argparse.Namespace) -> int:
    if not 0 < given.hours <= 24 * 365:
        raise BadInput("--hours: more than 0 and at most a year")
    code, expires_at = store.issue_code(signing.utc_now(), given.hours)
    _say({"code": code, "expires_at": iso(expires_at)})
    return DONE


def _devices(store: CityStore, given: argparse.Namespace) -> int:
    for line in store.devices():
        _say(line)
    return DONE


def _revoke(store: CityStore, given: argparse.Namespace) -> int:
    if not store.revoke(given.device, signing.utc_now()):
        raise BadInput("device: not enrolled here; see `city devices`")
    return DONE


# --- backup ---------------------------------------------------------------------------------------
def _restored(store: CityStore, given: argparse.Namespace) -> int:
    _say({"server_epoch": store.renew_epoch()})
    return DONE


def _backup_begin(store: CityStore, given: argparse.Namespace) -> int:
    _say({"mark": store.begin_backup(signing.utc_now())})
    return DONE


def _backed_up(store: CityStore, given: argparse.Namespace) -> int:
    try:
        _say({"streams": store.confirm_backup(given.mark)})
    except LookupError:
        raise BadInput("mark: not one of city backup-begin, or a newer one is confirmed") from None
    return DONE


def _backup(store: CityStore, given: argparse.Namespace) -> int:
    source = make_url(given.database)
    if source.get_backend_name() != "sqlite" or not source.database:
        raise BadInput(
            "--database: backup is for SQLite; use backup-begin, pg_dump, backed-up MARK"
        )
    if given.file.exists():
        raise BadInput(f"{given.file}: is there already; name a new file")
    mark = store.begin_backup(signing.utc_now())
    partial = given.file.with_name(given.file.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        store.copy_to(partial)
        copy = sqlite3.connect(partial)
        try:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            kept = copy.execute("SELECT count(*) FROM envelope").fetchone()[0]
        finally:
            copy.close()
    except (OSError, sqlite3.Error) as error:
        raise BadInput(f"{given.file}: {type(error).__name__}; no backup was made") from error
    if verdict != "ok":
        raise BadInput(f"{partial}: the copy is damaged; no backup was made, keep it for a look")
    partial.replace(given.file)
    _say({"file": str(given.file), "mark": mark, "envelopes": kept})
    store.confirm_backup(mark)
    return DONE


# --- feeds ----------------------------------------------------------------------------------------
def _key_path(given: argparse.Namespace) -> Path:
    if given.key is not None:
        return Path(given.key)
    source = make_url(given.database)
    beside = source.get_backend_name() == "sqlite" and source.database
    return Path(source.database or "").parent / KEY_FILE if beside else Path(KEY_FILE)


def _catalogue_key(store: CityStore, given: argparse.Namespace) -> int:
    path = _key_path(given)
    older = load_feed_key(given.endorsed_by) if given.endorsed_by else None
    key, made = load_or_make_feed_key(path)
    public = signing.public_text(key)
    named = protocol.FeedKey(protocol.key_id(public), public)
    if older is not None:
        named = feed_signing.endorse(older, public)
        if named.endorsed_by not in {known.key for known in store.feed_keys()}:
            raise BadInput(f"{given.endorsed_by}: not a key of this city; see city catalogue-key")
    try:
        added = store.add_feed_key(named, signing.utc_now())
    except OverflowError:
        raise BadInput(f"--key: the city has {protocol.KEYS_MAX_ITEMS} keys already") from None
    _say({"key": named.key, "public_key": public, "file": str(path), "made": made, "added": added})
    return DONE


def _publish(store: CityStore, given: argparse.Namespace) -> int:
    contents = read_feed(given.feed, given.path)
    path = _key_path(given)
    key, made = load_or_make_feed_key(path)
    public = signing.public_text(key)
    known = {key.key for key in store.feed_keys()}
    if protocol.key_id(public) not in known:
        if known:  # devices would refuse what it signs
            raise BadInput(f"{path}: not a key of this city; add it with city catalogue-key")
        store.add_feed_key(protocol.FeedKey(protocol.key_id(public), public), signing.utc_now())
    if made:
        print(f"city: made {path}, which signs what you publish: keep it safe", file=sys.stderr)
    edition = store.publish(given.feed, contents, key, signing.utc_now())
    _say({"feed": given.feed, "items": len(contents), "edition": edition})
    return DONE


def _status(store: CityStore, given: argparse.Namespace) -> int:
    note = {"id": given.note_id, "en": given.note_en}
    if any(len(text) > protocol.NOTE_TEXT_MAX for text in note.values()):
        raise BadInput(f"--note-id, --note-en: at most {protocol.NOTE_TEXT_MAX} characters")
    told = store.set_status(_code(given), given.state, note, signing.utc_now())
    if not told:
        raise BadInput("code: nothing has arrived with this reference code")
    _say({"code": given.code, "state": given.state, "devices": told})
    return DONE


# --- a citizen asks -------------------------------------------------------------------------------
def _code(given: argparse.Namespace) -> str:
    if not CODE_PATTERN.fullmatch(given.code):
        raise BadInput("code: give it as on the receipt, KH7F-3KTM")
    return str(given.code)


def _citizen_request(store: CityStore, given: argparse.Namespace) -> int:
    code, now = _code(given), signing.utc_now()
    if given.act != "access" and not 0 < len(given.reason) <= REASON_MAX:
        raise BadInput(f"--reason: say why, in at most {REASON_MAX} characters")
    try:
        if given.act == "access":
            _say(store.citizen_access(code, now))
        elif given.act == "correct":
            values = _values(given.values)
            store.citizen_correct(code, values, given.reason, now)
            _say({"code": code, "corrected": sorted(values)})
        else:
            _say({"code": code, "erased": store.citizen_erase(code, given.reason, now)})
    except CodeUnknown:
        raise BadInput("code: nothing is held under this reference code") from None
    return DONE


def _values(file: str | None) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file or "").read_text(encoding="utf-8")
        values = json.loads(text)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--values: {type(error).__name__}; give a file with a JSON object"
        ) from None
    if not isinstance(values, dict) or not values:
        raise BadInput("--values: give a JSON object, field by field")
    return values
