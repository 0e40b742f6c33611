"""Sub-commands for whoever looks after the box: backup, restore, the staff's PIN."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from kiosk.config import home_folder, load_settings
from kiosk.problems import BadInput, NotNow


def backup(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    from kiosk.store.backup import back_up

    settings = load_settings(home_folder(args.home))
    folder = Path(args.folder).absolute()
    if folder.exists() and not (folder / "kiosk.db").exists() and any(folder.iterdir()):
        raise BadInput(f"{folder}: holds something else: name a new or empty folder")
    try:
        count = back_up(settings.home, folder)
    except OSError as error:
        raise NotNow(f"{error.filename}: {error.strerror}") from None
    return {"folder": str(folder), "transactions": count}, f"{folder}: {count} transactions, proven"


def restore(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    from kiosk.store.backup import go_back, proven

    home, folder = home_folder(args.home), Path(args.folder).absolute()
    if args.check:
        count = proven(folder)
        return {"transactions": count}, f"{folder}: {count} transactions, proven"
    done = go_back(home, folder)
    return {"done": done}, done


def pin(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Asked twice at a terminal; one line of standard input otherwise. Never an argument: those
    can be read by everyone on the machine."""
    from kiosk.staff_pin import BadPin, set_pin

    settings = load_settings(home_folder(args.home))
    if sys.stdin.isatty():
        said = getpass.getpass("PIN petugas / staff PIN: ")
        if said != getpass.getpass("Sekali lagi / once more: "):
            raise BadInput("PIN: the two are not the same")
    else:
        said = sys.stdin.readline().strip()
    try:
        set_pin(settings.home, said)
    except BadPin as error:
        raise BadInput(str(error)) from None
    return {"set": True}, "the staff PIN is set"


def print_test(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """A few lines, so that a print head that is seldom used does not stick."""
    from kiosk.bootstrap import now
    from kiosk.devices.printer import NotPrinted, Printer
    from kiosk.domain.paper import Line

    settings = load_settings(home_folder(args.home))
    if settings.printer is None:
        return {"printed": False}, "no printer is set up"
    lines = (Line(settings.office.name), Line(f"Uji printer {now():%Y-%m-%d %H:%M}"))
    try:
        told = Printer(settings.printer).print(lines)
    except NotPrinted as error:
        raise NotNow(f"printer: {error.problem}: see to it") from None
    return {"printed": True, "confirmed": told}, "printed" if told else "sent, it tells nothing"
