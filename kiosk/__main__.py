"""`kiosk …`: the sub-commands and their arguments; what they do stands in `kiosk.commands`."""

from __future__ import annotations

import argparse
import errno
import io
import logging
import os
import sys
from typing import Any, NoReturn

from kiosk import __version__
from kiosk.problems import EXPECTED, TRY_LATER, exit_code

TEXT_NOTE = "Exit: 0 done, 1 a check failed, 2 wrong usage or input, 75 try again later."


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}: see {self.prog} --help\n")


class _Command(_OneLineParser):
    """Files and words may stand before, between and behind options."""

    _at_it = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._at_it or "--" in (args or ()):  # after it there are no options
            return super().parse_known_args(args, namespace)
        self._at_it = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._at_it = False


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 320:
        return int(width), int(height)
    raise argparse.ArgumentTypeError("write it like 1024x600")


def _count(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 100:
        return int(text)
    raise argparse.ArgumentTypeError("write a whole number, 1 to 100")


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError("write a port, 1 to 65535")


def _listened_for(parser: argparse.ArgumentParser) -> None:
    tasks = ("lookup", "digits", "yesno", "open")
    parser.add_argument("--task", choices=tasks, help="what is listened for (default: lookup)")
    parser.add_argument("--grammar", metavar="F", help="only these phrases, one a line")


def parser() -> argparse.ArgumentParser:
    """The whole command line. `--home` and `--json` may stand before or after the command."""
    common = _Command(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--home", metavar="DIR", help="settings, database, logs (KIOSK_HOME)")
    common.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    top = _OneLineParser(prog="kiosk", parents=[common], epilog=TEXT_NOTE, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"kiosk {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Command)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    ui = command("ui", "the touchscreen app (also without a command)")
    ui.add_argument("--windowed", action="store_true")
    ui.add_argument("--size", type=_size, metavar="WxH")

    lookup = command("lookup", "what did this citizen mean?")
    lookup.add_argument("text", nargs="*", metavar="TEXT")
    lookup.add_argument("--limit", type=_count, default=3)
    lookup.add_argument("--file", metavar="F.tsv", help="many questions: the first column")

    ask = command("ask", "one conversation: a turn a line on stdin, an answer a line on stdout")
    ask.add_argument("--lang", choices=("id", "en"), default="id")

    rebuild = command("rebuild", "learn the ranking anew from catalogue and example questions")
    rebuild.add_argument("what", choices=["lookup"])
    rebuild.add_argument("--output", metavar="FILE", help="elsewhere than in the home")

    transcribe = command("transcribe", "what is said in these recordings?")
    transcribe.add_argument("files", nargs="*", metavar="WAV", help="WAV, FLAC or Ogg Opus")
    transcribe.add_argument("--file", metavar="F", help="many recordings: a path a line")
    _listened_for(transcribe)

    evaluate = command("evaluate", "figures of the understanding over questions with answers")
    evaluate.add_argument("what", choices=["lookup", "voice"])
    evaluate.add_argument(
        "file",
        nargs="?",
        metavar="FILE.tsv",
        help="columns query, expected; for voice: path, transcript, speaker (kind: oov)",
    )
    evaluate.add_argument("--cross", action="store_true", help="lookup: across its own lessons")
    evaluate.add_argument("--write", action="store_true", help="lookup: keep the decision fitted")
    _listened_for(evaluate)

    submit = command("submit", "file one transaction as the screens would")
    submit.add_argument("form", nargs="?", metavar="FORM.json", help="- reads standard input")
    submit.add_argument("--example", metavar="SERVICE", help="print a valid FORM.json")

    command("outbox", "what is stored here and where it stands")

    sync = command("sync", "send what is unsent to the city and pull what it publishes")
    sync.add_argument("--once", action="store_true", help="try once, at once")

    enrol = command("enrol", "register this device with the city")
    enrol.add_argument("code", nargs="?", metavar="CODE")
    enrol.add_argument("--city", metavar="URL")
    enrol.add_argument("--file", metavar="F", help="code and city from a USB stick, read once")

    command("rotate-key", "give this device a new key and tell the city")

    catalogue = command("catalogue", "what this office said in the place of the city's facts")
    catalogue.add_argument("act", nargs="?", choices=["list", "say", "decide"], default="list")
    catalogue.add_argument(
        "fact",
        nargs="?",
        metavar="FACT.json|SERVICE.FACT",
        help='say: a file {"service", "fact", "lines": [{"id", "en"}], "source", "valid_until"}; '
        "decide: which one",
    )
    catalogue.add_argument("choice", nargs="?", choices=["local", "city"])
    catalogue.add_argument("--person", metavar="NAME", help="who says or decides it")
    catalogue.add_argument("--role", metavar="ROLE", default="lurah")

    backup = command("backup", "a proven copy of database and keys")
    backup.add_argument("folder", metavar="DIR")

    restore = command("restore", "make the database readable to this version again")
    restore.add_argument("folder", metavar="DIR", help="a backup from before the update")
    restore.add_argument("--check", action="store_true", help="only prove that the backup is whole")

    command("print-test", "a few lines on the receipt printer")
    command("pin", "set the PIN with which staff leave the kiosk's screens")

    desk = command("desk", "the staff's page for browsers of the office network")
    desk.add_argument("--port", type=_port)
    desk.add_argument("--host", help="0.0.0.0: open to the office network (or in kiosk.toml)")
    desk.add_argument("--add-admin", metavar="NAME", help="who may add others; a password is told")

    command("doctor", "is this machine fit to serve?")

    screenshots = command("screenshots", "every screen as PNG")
    screenshots.add_argument("folder", metavar="DIR")
    screenshots.add_argument("--sheet", action="store_true", help="contact sheets too")
    screenshots.add_argument("--only", action="append", default=[], metavar="SCREEN", help="these")

    bench = command("bench", "the benchmarks of tests/bench")
    bench.add_argument("names", nargs="*", metavar="NAME")
    return top


def _open_streams() -> None:
    """All three are there and write UTF-8, whatever the locale. Of a closed one nothing is read and
    nobody reads it; else the next file that is opened, the database, would be in its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115  # to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a test's own is none
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _keep_stderr() -> None:
    """The voice shuts the process's stderr for moments, so that sound drivers hold their tongue
    (`kiosk.voice.portaudio.quiet`): what other threads tell meanwhile goes by a copy of it."""
    now = sys.stderr
    copy = os.dup(now.fileno())
    sys.stderr = os.fdopen(copy, "w", 1, encoding=now.encoding, errors=now.errors)


def main(arguments: list[str] | None = None) -> int:
    _open_streams()
    args = parser().parse_args(arguments)
    args.home = getattr(args, "home", None)
    args.json = getattr(args, "json", False)
    if args.command is None:
        args.command, args.windowed, args.size = "ui", False, None
    _keep_stderr()
    speaker = logging.StreamHandler()  # to stderr
    speaker.setLevel(logging.WARNING)  # Kivy sets its own logger to INFO
    logging.basicConfig(handlers=[speaker], format="%(levelname)s %(name)s: %(message)s")
    from kiosk import commands

    try:
        code = int(getattr(commands, args.command.replace("-", "_"))(args))
        sys.stdout.flush()
        return code
    except EXPECTED as error:
        print(f"kiosk {args.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, e.g. `kiosk outbox | head`
        _write_no_more()
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _write_no_more()
        where = error.filename or "the output"
        print(f"kiosk {args.command}: {where}: {error.strerror}: free some room", file=sys.stderr)
        return TRY_LATER


def _write_no_more() -> None:
    """What is still held back would be tried once more at the end, and its failure told."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
