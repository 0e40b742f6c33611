"""What each sub-command does. Heavy parts are imported inside, so that a quick one stays quick."""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

from kiosk.config import Settings, assets_folder, home_folder, load_settings
from kiosk.display import prepare_kivy
from kiosk.form_file import read_form
from kiosk.memory import small_pages
from kiosk.problems import BAD_INPUT, CHECK_FAILED, TRY_LATER, BadInput, NotNow
from kiosk.store.problems import DatabaseUnusable, TryLater
from kiosk.watchdog import Heartbeat


def ui(args: argparse.Namespace) -> int:
    """KIOSK_UI_START names a FORM.json to begin at, for tests: see `kiosk.ui.start`."""
    small_pages()
    settings = load_settings(home_folder(args.home))
    fullscreen = not args.windowed and args.size is None
    prepare_kivy(settings.home, size=args.size, fullscreen=fullscreen)
    from kiosk.bootstrap import build_ui, caller_of, printing_of, voice_of
    from kiosk.domain.filing import NotFileable
    from kiosk.store.room import hold_ballast

    start = None
    if form := os.environ.get("KIOSK_UI_START"):
        from kiosk.ui.start import start_from

        start = start_from(form)
    with _only_one(settings.home / "ui.lock"):
        services = build_ui(settings)
        code = None
        try:
            services.version()
            hold_ballast(settings.home)
        except DatabaseUnusable as error:
            code = error.code
            print(f"kiosk ui: out of order: {error}", file=sys.stderr)
        except TryLater as error:
            code = "E-18"
            print(f"kiosk ui: out of order: {error}", file=sys.stderr)
        from kiosk.ui.app import run_ui

        heart, status = Heartbeat(), f"out of order {code}" if code else ""
        window: dict[str, Any] = {"size": args.size, "windowed": args.windowed}
        window["alive"] = lambda: heart.beat(status)
        caller = caller_of() if code is None else None
        voice = voice_of(settings, caller) if code is None else None
        services = dataclasses.replace(services, voice=voice, caller=caller)
        printing = printing_of(settings, services.catalogue) if code is None else None
        try:
            return int(run_ui(services, **window, out_of_order=code, start=start))
        except NotFileable as error:  # by `start`: nobody has touched the screen yet
            raise BadInput(f"{form}: {_in_words(error.problems, settings)}") from None
        finally:
            if printing is not None:
                printing.stop()
            if voice is not None:
                voice.close()


def lookup(args: argparse.Namespace) -> int:
    from kiosk.lookup_commands import looked_up

    for answer, text in looked_up(args, load_settings(home_folder(args.home))):
        _say(args, answer, text)
    return 0


def rebuild(args: argparse.Namespace) -> int:
    from kiosk.lookup_commands import rebuilt

    _say(args, *rebuilt(args, load_settings(home_folder(args.home))))
    return 0


def evaluate(args: argparse.Namespace) -> int:
    """Figures of the understanding: over a file of questions, or across its own lessons; of the
    ear, over recordings with their words."""
    settings = load_settings(home_folder(args.home))
    if args.what == "voice":
        from kiosk.voice_commands import evaluate_voice

        figures = evaluate_voice(args, settings)
    else:
        from kiosk.lookup_commands import evaluate_lookup

        figures = evaluate_lookup(args, settings)
    _say(args, figures, json.dumps(figures, ensure_ascii=False))
    return 0


def transcribe(args: argparse.Namespace) -> int:
    """A recording that cannot be read has its line too; the others are done all the same."""
    settings = load_settings(home_folder(args.home))
    from kiosk.voice_commands import transcribed

    broken = 0
    for answer in transcribed(args, settings):
        words = answer["text"] if answer["accepted"] else f"({answer['text'] or 'not understood'})"
        _say(args, answer, f"{answer['file']}: {answer.get('problem') or words}")
        if problem := answer.get("problem"):
            broken += 1
            print(f"kiosk transcribe: {answer['file']}: {problem}", file=sys.stderr)
    return BAD_INPUT if broken else 0


def ask(args: argparse.Namespace) -> int:
    """JSON for a program that reads along, whether it asked for it or not; words at a terminal."""
    settings = load_settings(home_folder(args.home))
    from kiosk.bootstrap import now, shown_of, talk_of, understanding_of

    shown = shown_of(settings)
    catalogue = shown.catalogue
    find = understanding_of(settings, catalogue).find
    talk = talk_of(settings, catalogue, find, args.lang, shown.holidays)
    args.json = args.json or not sys.stdout.isatty()
    for line in sys.stdin.buffer:
        turn = talk.answer(line.decode("utf-8", "replace").rstrip("\r\n"), now())
        options = [
            {"id": one, "name": catalogue.services[one].name.said(args.lang)}
            for one in (*turn.options, *((turn.besides,) if turn.besides else ()))
        ]
        answer = {
            "turn": turn.number,
            "outcome": turn.outcome,
            "service": turn.service,
            "slot": turn.slot,
            "text": turn.text,
            "options": options,
            "sources": list(turn.sources),
        }
        _say(args, answer, turn.text)
    return 0


def submit(args: argparse.Namespace) -> int:
    if bool(args.form) == bool(args.example):
        raise BadInput("say what to file: FORM.json, or --example SERVICE for a valid one")
    settings = load_settings(home_folder(args.home))
    from kiosk.bootstrap import Store, file_draft, now, regions_of, shown_of
    from kiosk.domain.filing import NotFileable

    catalogue, regions = shown_of(settings).catalogue, regions_of(settings)
    if args.example:
        from kiosk.example import NoExample, example_draft

        try:
            example = example_draft(catalogue, args.example, regions, now().date())
        except NoExample as error:
            raise BadInput(f"--example {args.example}: {error}") from None
        print(json.dumps(example, ensure_ascii=False, indent=None if args.json else 2))
        return 0
    draft = read_form(args.form)
    store = Store(settings)
    try:
        receipt = file_draft(draft, store, catalogue, regions)
    except NotFileable as error:
        raise BadInput(f"{args.form}: {_in_words(error.problems, settings)}") from None
    except ValueError as error:
        raise BadInput(f"{args.form}: {error}") from None
    finally:
        store.close()
    answer = {"id": receipt.id, "code": receipt.code, "state": receipt.state}
    _say(args, answer, f"{receipt.code} stored as {receipt.id} ({receipt.state})")
    return 0


def outbox(args: argparse.Namespace) -> int:
    with _store(args) as (_, store):
        for row in store.transactions.listing():
            problem = f"  {row['last_problem']}" if row["last_problem"] else ""
            number = "-" if row["dseq"] is None else row["dseq"]  # held back: it has none yet
            text = f"{number:>6}  {row['code']:<9}  {row['kind']:<11}  {row['state']:<11}"
            _say(args, row, f"{text}  {row['attempts']} tries  {row['id']}{problem}")
    return 0


def sync(args: argparse.Namespace) -> int:
    small_pages()
    from sync.agent import NotEnrolled, open_agent
    from sync.problems import BadCityUrl
    from sync.signing import KeyUnusable

    try:
        with _store(args) as (settings, store):
            if not args.once:
                return _sync_for_ever(settings, store)
            agent = open_agent(
                store.outbox, settings.home, ca_file=settings.ca_file, not_now=(TryLater,)
            )
            summary = agent.once()
    except (NotEnrolled, KeyUnusable, BadCityUrl) as error:
        raise BadInput(str(error)) from None
    if summary.problem:
        print(f"kiosk sync: {summary.problem}", file=sys.stderr)
    counts = summary.counts()
    _say(args, counts, ", ".join(f"{name} {count}" for name, count in counts.items()))
    return TRY_LATER if summary.left else 0


def _sync_for_ever(settings: Settings, store: Any) -> int:
    from kiosk.bootstrap import run_agent
    from kiosk.store.room import hold_ballast

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _only_one(settings.home / "sync.lock"):
        hold_ballast(settings.home)
        problem = run_agent(store, settings, stop, Heartbeat().beat)
    if problem:
        print(f"kiosk sync: {problem}", file=sys.stderr)
        return CHECK_FAILED
    return 0


def desk(args: argparse.Namespace) -> int:
    small_pages()
    from kiosk.desk_command import add_admin, run_desk

    settings = load_settings(home_folder(args.home))
    if args.add_admin is not None:
        answer = add_admin(settings, args.add_admin)
        text = f"{answer['name']}: first password {answer['password']} (told only now)"
        _say(args, answer, text)
        return 0
    with _only_one(settings.home / "desk.lock"):
        host, port = args.host or settings.desk_host, args.port or settings.desk_port
        run_desk(settings, host, port, Heartbeat().beat)
    return 0


def enrol(args: argparse.Namespace) -> int:
    from sync.agent import enrol as enrol_device
    from sync.problems import BadCityUrl, EnrolRefused, Unreachable
    from sync.signing import KeyUnusable

    if args.file and (args.code or args.city):
        raise BadInput("say --file F, or CODE and --city URL, not both")
    if args.file:
        from kiosk.enrol_file import read_enrolment

        args.code, args.city = read_enrolment(Path(args.file))
    if not (args.code and args.city):
        raise BadInput("say which: CODE --city URL, or --file F")
    try:
        with _store(args) as (settings, store):
            device = enrol_device(
                store.outbox, settings.home, args.code, args.city, ca_file=settings.ca_file
            )
    except (BadCityUrl, KeyUnusable, EnrolRefused) as error:
        raise BadInput(str(error)) from None
    except Unreachable as error:
        raise NotNow(f"the city could not be reached: {error}") from None
    if args.file:
        from kiosk.enrol_file import spend

        if problem := spend(Path(args.file)):
            print(f"kiosk enrol: {problem}", file=sys.stderr)
    _say(args, {"device": device}, f"this device is {device}")
    return 0


def backup(args: argparse.Namespace) -> int:
    from kiosk import upkeep

    _say(args, *upkeep.backup(args))
    return 0


def restore(args: argparse.Namespace) -> int:
    from kiosk import upkeep

    _say(args, *upkeep.restore(args))
    return 0


def print_test(args: argparse.Namespace) -> int:
    from kiosk import upkeep

    _say(args, *upkeep.print_test(args))
    return 0


def pin(args: argparse.Namespace) -> int:
    from kiosk import upkeep

    _say(args, *upkeep.pin(args))
    return 0


def rotate_key(args: argparse.Namespace) -> int:
    from kiosk.city_commands import rotated

    with _store(args) as (settings, store):
        public = rotated(settings, store)
    _say(args, {"public_key": public}, "this device has a new key")
    return 0


def catalogue(args: argparse.Namespace) -> int:
    """What this office said in the place of the city's facts; or say, or decide."""
    from kiosk import city_commands

    with _store(args) as (settings, store):
        if args.act == "say":
            city_commands.say(args, settings, store)
        elif args.act == "decide":
            city_commands.decide(args, settings, store)
        for line, text in city_commands.laid_lines(settings):
            _say(args, line, text)
    return 0


def doctor(args: argparse.Namespace) -> int:
    from kiosk.doctor import checks

    failed = False
    for check in checks(home_folder(args.home)):
        failed |= check.state == "fail"
        answer = {"check": check.name, "state": check.state, "detail": check.detail}
        _say(args, answer, f"{check.state:<4}  {check.name:<11}  {check.detail}")
    return CHECK_FAILED if failed else 0


def screenshots(args: argparse.Namespace) -> int:
    settings = load_settings(home_folder(args.home))
    prepare_kivy(settings.home, offscreen=True)
    from kiosk.bootstrap import build_ui
    from kiosk.ui.screenshots import Shot, main, pictured

    def report(shot: Shot) -> None:
        answer = {"screen": shot.screen, "lang": shot.lang, "size": shot.size, "file": shot.file}
        _say(args, answer, shot.file)
        for fault in shot.faults:
            print(f"kiosk screenshots: {shot.file}: {fault}", file=sys.stderr)

    folder, only = Path(args.folder), frozenset(args.only) or None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise BadInput(f"{folder}: {error.strerror}: name a folder for the pictures") from None
    # The scenes file errands: never in this kiosk's own store.
    with tempfile.TemporaryDirectory(prefix="kiosk-screenshots-") as home:
        services = build_ui(dataclasses.replace(settings, home=Path(home)))
        return main(pictured(services), folder, sheet=args.sheet, report=report, only=only)


def bench(args: argparse.Namespace) -> int:
    folder = assets_folder().parent / "tests" / "bench"
    known = {path.stem.removeprefix("bench_"): path for path in sorted(folder.glob("bench_*.py"))}
    if not known:
        raise BadInput(f"{folder}: no benchmarks here, they are a part of the checkout")
    if unknown := [name for name in args.names if name not in known] or not args.names:
        what = unknown[0] if isinstance(unknown, list) else "NAME missing"
        raise BadInput(f"bench {what}: known are {', '.join(known)}")
    sys.path.insert(0, str(folder.parent.parent))
    failed = False
    for name in args.names:
        spec = util.spec_from_file_location(f"bench_{name}", known[name])
        if spec is None or spec.loader is None:
            raise BadInput(f"{known[name]}: cannot be loaded")
        module = util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        failed |= bool(module.main())
    return CHECK_FAILED if failed else 0


@contextmanager
def _store(args: argparse.Namespace) -> Iterator[tuple[Settings, Any]]:
    from kiosk.bootstrap import Store

    settings = load_settings(home_folder(args.home))
    store = Store(settings)
    try:
        yield settings, store
    finally:
        store.close()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """A second instance is told so; the lock ends with the process, however it ends."""
    try:
        file = path.open("w")
    except OSError:  # a read-only home: the database says so with its code
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{path}: already running with this home; stop that one first") from None
        yield


def _say(args: argparse.Namespace, answer: dict[str, Any], text: str) -> None:
    """Bytes of a file's name that are not UTF-8 are written as "\\udcff", which JSON reads back."""
    print(json.dumps(answer, ensure_ascii=False) if args.json else text, flush=True)


def _in_words(problems: list[tuple[str, Any]], settings: Settings) -> str:
    """The problems in English, as the screen would say them; a code where there is no sentence."""
    from kiosk.ui.i18n import Sentences

    try:
        sentences = Sentences(settings.assets / "locales")
    except OSError:
        sentences = None
    said = []
    for key, problem in problems:
        sentence = f"error.{problem.code}"
        if sentences is not None and sentences.has(sentence):
            text = sentences.say("en", sentence, **problem.params)
        else:
            params = ", ".join(f"{name} {value}" for name, value in problem.params.items())
            text = problem.code + (f" ({params})" if params else "")
        said.append(f"{key}: {text}")
    return "; ".join(said)
