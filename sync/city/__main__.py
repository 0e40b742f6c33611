"""`python -m sync.city …`: serve, and what a city's administrator needs beside it."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn
from sqlalchemy.exc import DatabaseError, OperationalError
from uvicorn.supervisors import Multiprocess

from sync.city.commands import DONE, add_commands
from sync.city.door import Door
from sync.city.publishing import BadInput
from sync.city.store import CityStore
from sync.city.tables import DatabaseAddressWrong, open_engine

WRONG_USE, TRY_LATER = 2, 75
DEFAULT_DATABASE = "sqlite:///city.sqlite"


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

    add_commands(command)
    return parser


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
        loop="uvloop",  # with its parser a third of what a request costs beside its handling
        http=Door,
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
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends a reply without delay (TCP_NODELAY) only on a socket that says it is TCP;
        # on any other each reply waits some 40 ms for the acknowledgement of its head.
        bound = socket.socket(family, kind, protocol)
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
