"""`python -m sync.city …`: serve, and what a city's administrator needs beside it."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.exc import DatabaseError, OperationalError
from uvicorn.supervisors import Multiprocess

from sync import protocol, signing
from sync.city.store import CityStore, iso
from sync.city.tables import DatabaseAddressWrong, open_engine

DONE, FAILED, WRONG_USE, TRY_LATER = 0, 1, 2, 75
DEFAULT_DATABASE = "sqlite:///city.sqlite"


class BadInput(Exception):
    """One line: file or option, key, what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        store = CityStore(open_engine(given.database))
        store.prepare()
        return int(given.run(store, given))
    except (BadInput, DatabaseAddressWrong) as error:
        print(f"city: {error}", file=sys.stderr)
        return WRONG_USE
    except OperationalError as error:
        print(
            f"city: the database cannot be used ({type(error.orig).__name__}); check --database, "
            "its folder's rights and that its server runs",
            file=sys.stderr,
        )
        return TRY_LATER
    except DatabaseError as error:
        print(
            f"city: --database is not a database of the city ({type(error.orig).__name__}); "
            "it was left as it is, name another file",
            file=sys.stderr,
        )
        return WRONG_USE
    except BrokenPipeError:  # `city transactions | head`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives until the exit, a moment away
        return DONE
    except KeyboardInterrupt:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="city", description="The reference city API.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run)
        sub.add_argument(
            "--database",
            default=os.environ.get("CITY_DATABASE", DEFAULT_DATABASE),
            help=f"SQLAlchemy URL (default: $CITY_DATABASE, else {DEFAULT_DATABASE})",
        )
        sub.add_argument("--json", action="store_true", help="the default: one object a line")
        return sub

    sub = command("serve", _serve, "Serve the API until stopped.")
    sub.add_argument("--host", default="127.0.0.1")
    sub.add_argument("--port", type=int, default=8080, help="0 = any free one (told on stderr)")
    sub.add_argument("--workers", type=int, default=1, help="server processes (default 1)")

    sub = command("transactions", _transactions, "List what has arrived.")
    sub.add_argument("--quarantined", action="store_true", help="what arrived but cannot be used")

    sub = command("enrol-code", _enrol_code, "Make a one-time code for a new device.")
    sub.add_argument("--hours", type=float, default=protocol.ENROL_CODE_HOURS, help="valid for")

    command("devices", _devices, "List the enrolled devices.")
    sub = command("revoke", _revoke, "Stop serving a device.")
    sub.add_argument("device")
    command("restored", _restored, "Say that this database came from a backup.")
    sub = command("publish-catalogue", _publish, "Publish a folder of service files (*.toml).")
    sub.add_argument("folder", type=Path)
    return parser


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False))


def _transactions(store: CityStore, given: argparse.Namespace) -> int:
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


def _restored(store: CityStore, given: argparse.Namespace) -> int:
    _say({"server_epoch": store.renew_epoch()})
    return DONE


def _publish(store: CityStore, given: argparse.Namespace) -> int:
    if not given.folder.is_dir():
        raise BadInput(f"{given.folder}: not a folder; give the folder of the *.toml files")
    contents = {path.stem: _service(path) for path in sorted(given.folder.glob("*.toml"))}
    if not contents:
        raise BadInput(f"{given.folder}: no *.toml file in it; nothing was published")
    most = protocol.PULL_PAGE_ITEMS * protocol.PULL_MAX_PAGES
    if len(contents) > most:
        raise BadInput(f"{given.folder}: {len(contents)} files, at most {most}")
    store.publish("catalogue", contents)
    _say({"feed": "catalogue", "items": len(contents)})
    return DONE


def _service(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"{path}: {error}; nothing was published") from error
    if content.get("id") != path.stem or not protocol.WORD_PATTERN.fullmatch(path.stem):
        raise BadInput(f"{path}: id: must be {path.stem!r}, as the file; nothing was published")
    content = json.loads(json.dumps(content, default=_plain))
    if len(json.dumps(content).encode()) > protocol.FEED_ITEM_MAX_BYTES:
        raise BadInput(f"{path}: over {protocol.FEED_ITEM_MAX_BYTES} bytes; nothing was published")
    return dict(content)


def _plain(value: object) -> str:
    """TOML's dates and times as JSON text."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _serve(store: CityStore, given: argparse.Namespace) -> int:
    store.close()  # each server process opens its own
    if not 1 <= given.workers <= 64:
        raise BadInput("--workers: a whole number from 1 to 64")
    if not 0 <= given.port <= 65535:  # the resolver would quietly wrap it around
        raise BadInput("--port: a whole number from 0 to 65535")
    bound = _bind(given.host, given.port)
    os.environ["CITY_DATABASE"] = given.database
    config = uvicorn.Config(
        "sync.city.app:from_environment",
        factory=True,
        workers=given.workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    print(f"city: serving on http://{given.host}:{bound.getsockname()[1]}", file=sys.stderr)
    if given.workers == 1:
        uvicorn.Server(config).run(sockets=[bound])
    else:
        os.environ["CITY_PARENT"] = str(os.getpid())
        Multiprocess(config, sockets=[bound]).run()
    return DONE


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(512)  # from now on a caller waits instead of being refused
    except (OSError, UnicodeError) as error:  # an odd host name fails in its encoding
        why = getattr(error, "strerror", None) or "not an address"
        raise BadInput(f"--host {host} --port {port}: {why}; name another") from error
    bound.set_inheritable(True)
    return bound


if __name__ == "__main__":
    sys.exit(main())
