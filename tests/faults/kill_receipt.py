"""kill -9 around the receipt's first frame: what stood on a receipt is stored, once, for ever.

    python tests/faults/kill_receipt.py --kills 200 --seed 1 --out DIR

Each round starts `kiosk ui` at "periksa jawaban" on a virtual screen, touches "Kirim" by xdotool
and kills the process from outside. The oracle is the screen itself: its frame buffer is copied
just before the SIGKILL (copied, then killed; the gap is measured), and the QR in the copy is read
by zbarimg. A code that could be read was promised.

Where the instant of the kill comes from: the future first frame cannot be known, so most kills
("predicted") fall evenly into ±300 ms around the running median of the frames seen so far; one in
four ("seen") waits for the real first frame, then 0 to 300 ms. One home lives through nearly all
rounds, so that doubles across restarts would show; one round in seventeen has a home of its own.
In turns of ten rounds there runs beside it: nothing; city and sync agent; the agent, no city.

Leaves oracle.jsonl (each promise), rounds.jsonl and ui.log in DIR, prints a JSON summary; exit 1
if a promise was broken. With --commit-after MS the kiosk lies (early_receipt.py): it must exit 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "build" / "dev")]

from display import Display, png  # noqa: E402
from loop import Loop  # noqa: E402

from kiosk.domain.code import read_code  # noqa: E402
from kiosk.store.connection import open_database  # noqa: E402
from tests.faults.promises import Faults, Round, Stored, classes, faults_of  # noqa: E402

AROUND_MS = 300.0
CALIBRATIONS = 6
BESIDE = ("none", "both", "agent")
SEEN_EVERY, FRESH_EVERY, TURN = 4, 17, 10
LAST_FRAMES = 15  # of which the running median is taken
LEAD_S = AROUND_MS / 1000 + 0.05  # from begin to touch: the earliest kill still lies ahead
START_WITHIN_S, FRAME_WITHIN_S, LOOK_S = 30.0, 5.0, 0.002
ABOVE_FOOTER_PX = 480  # a pressed button changes nothing above it


class Harness:
    """One display, one home at a time, one UI at a time."""

    def __init__(self, display: Display, out: Path, rng: random.Random, lie_ms: int) -> None:
        self.display, self.out, self.rng, self.lie_ms = display, out, rng, lie_ms
        self.rounds: list[Round] = []
        self._frames_ms: list[float] = []
        self._form = out / "form.json"
        self._top_bytes = ABOVE_FOOTER_PX * display.width_px * 4

    def visit(self, loop: Loop, how: str, sync: str) -> Round:
        """One round, from the start of the process to its end by SIGKILL."""
        one = Round(len(self.rounds), loop.home.name, how, sync, began_wall_ms=_wall_ms())
        if not self._form.exists():
            self._form.write_text(json.dumps(loop.kiosk("submit", "--example", "sktm")[0]))
        with self._ui(loop, one.number) as (process, send):
            check_page = self.display.pixels()[: self._top_bytes]
            copied = self._touch_and_kill(process, send, check_page, one)
        one.killed_wall_ms = _wall_ms()  # of its end, which lies just after the signal
        one.changed = copied[: self._top_bytes] != check_page
        one.code = self._code_in(copied, one)
        self._remember(one)
        return one

    @contextmanager
    def _ui(self, loop: Loop, number: int) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
        """The UI at the check page, and where "Kirim" is; ended and off the screen afterwards."""
        taps = self.out / "taps" / f"{number}.json"
        taps.parent.mkdir(exist_ok=True)
        control = [str(CHECKOUT / "tests" / "faults" / "early_receipt.py"), str(self.lie_ms)]
        program = control if self.lie_ms else ["-m", "kiosk"]
        words = ["ui", "--windowed", "--size", "1024x600", "--home", str(loop.home)]
        with (self.out / "ui.log").open("ab") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, *program, *words],
                cwd=CHECKOUT,
                env={
                    **self.display.environment,
                    "KIOSK_TAP_MAP": str(taps),
                    "KIOSK_UI_START": str(self._form),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + START_WITHIN_S
            while not taps.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the UI did not start, see {log.name}")
                time.sleep(0.01)
            state = json.loads(taps.read_text())
            if state["screen"] != "check":
                raise RuntimeError(f"the UI began at {state['screen']!r} instead of the check page")
            self.display.wait_until_still(0.1)
            yield process, state["taps"]["send"]
        finally:
            process.kill()
            process.wait()
            while any(self._top()):  # X takes the window away
                time.sleep(LOOK_S)

    def _touch_and_kill(
        self, process: subprocess.Popen[bytes], send: list[int], check_page: bytes, one: Round
    ) -> bytes:
        """Touch, look, copy the screen, kill. Returns the copy."""
        tap_at = time.monotonic() + LEAD_S
        kill_at = tap_at + FRAME_WITHIN_S  # until it is known better
        if one.how == "predicted":
            one.planned_ms = self.rng.uniform(-AROUND_MS, AROUND_MS)
            kill_at = tap_at + (self._median_ms() + one.planned_ms) / 1000
        elif one.how == "seen":
            one.planned_ms = self.rng.uniform(0, AROUND_MS)
        else:
            one.planned_ms = AROUND_MS + self.lie_ms
        finger: subprocess.Popen[bytes] | None = None
        frame_at: float | None = None
        while (now := time.monotonic()) < kill_at:
            if finger is None and now >= tap_at:
                words = ["mousemove", *map(str, send), "click", "1"]
                tap_at, finger = (
                    now,
                    subprocess.Popen(["xdotool", *words], env=self.display.environment),
                )
            if finger is not None and frame_at is None and self._top() != check_page:
                frame_at = time.monotonic()
                if one.how != "predicted":
                    kill_at = frame_at + one.planned_ms / 1000
            time.sleep(max(0.0, min(LOOK_S, kill_at - time.monotonic())))
        copy_at = time.monotonic()
        copied = self.display.pixels()
        os.kill(process.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        if finger is not None:
            finger.wait()
        one.tapped = finger is not None
        one.copy_to_killed_ms = (killed_at - copy_at) * 1000
        if frame_at is not None:
            one.frame_after_tap_ms = (frame_at - tap_at) * 1000
            one.kill_after_frame_ms = (killed_at - frame_at) * 1000
            self._frames_ms.append(one.frame_after_tap_ms)
        return copied

    def _top(self) -> bytes:
        return self.display.pixels()[: self._top_bytes]

    def _median_ms(self) -> float:
        return statistics.median(self._frames_ms[-LAST_FRAMES:])

    def _code_in(self, screen: bytes, one: Round) -> str:
        """The code in the QR on `screen`, "" if there is none; one unreadable is kept as PNG."""
        picture = self.out / "screen.png"
        picture.write_bytes(png(screen, self.display.width_px, self.display.height_px))
        done = subprocess.run(
            ["zbarimg", "--nodbus", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)],
            capture_output=True,
            text=True,
        )
        if done.returncode not in (0, 4):  # 4: no code in it
            raise RuntimeError(f"zbarimg ended with {done.returncode}: {done.stderr.strip()}")
        text = done.stdout.strip()
        if not text and one.changed:
            picture.rename(self.out / f"unreadable-{one.number}.png")
        if text and read_code(text) != text:
            raise RuntimeError(f"round {one.number}: the QR holds something else than a code")
        return text

    def _remember(self, one: Round) -> None:
        self.rounds.append(one)
        if one.code:
            line = {"round": one.number, "home": one.home, "code": one.code}
            with (self.out / "oracle.jsonl").open("a") as oracle:
                oracle.write(json.dumps(line) + "\n")


def run(
    kills: int, seed: int, out: Path, lie_ms: int = 0, calibrations: int = CALIBRATIONS
) -> dict[str, Any]:
    """All rounds, then the reckoning; the summary that is printed."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "oracle.jsonl").write_text("")
    rng = random.Random(seed)
    began = time.monotonic()
    faults: list[Faults] = []
    with tempfile.TemporaryDirectory(prefix="kiosk-kills-") as folder, Display() as display:
        harness = Harness(display, out, rng, lie_ms)
        with Loop(Path(folder) / "long-lived") as loop:
            loop.start_city()
            loop.enrol()
            loop.stop("city")
            for _ in range(calibrations):
                harness.visit(loop, "calibration", "none")
            for number in range(kills):
                if number % TURN == 0:
                    beside = _turn(loop, number // TURN)
                how = "seen" if number % SEEN_EVERY == SEEN_EVERY - 1 else "predicted"
                if number % FRESH_EVERY == FRESH_EVERY // 3:
                    with Loop(Path(folder) / f"fresh-{number}") as fresh:
                        faults.append(_reckoned([harness.visit(fresh, how, "none")], fresh))
                    continue
                harness.visit(loop, how, beside)
            lived = [one for one in harness.rounds if one.home == loop.home.name]
            faults.append(_reckoned(lived, loop))
    lines = (json.dumps(asdict(one)) for one in harness.rounds)
    (out / "rounds.jsonl").write_text("\n".join(lines) + "\n")
    return _summary(harness.rounds, faults, seed, lie_ms, time.monotonic() - began)


def _turn(loop: Loop, turn: int) -> str:
    """Start or stop what a new turn of rounds has beside the UI; its name."""
    beside = BESIDE[turn % len(BESIDE)]
    if beside == "none":
        loop.stop("sync")
    elif beside == "both":
        loop.start_city()
        loop.start_sync()
    else:
        loop.stop("city")
    return beside


def _reckoned(rounds: list[Round], loop: Loop) -> Faults:
    """What is here, what arrives after `kiosk sync --once`, and what is wrong with it."""
    loop.stop("sync")
    outbox = loop.kiosk("outbox")
    whole = _whole_payloads(loop.home)
    loop.stop("city")
    loop.start_city()
    loop.enrol()
    loop.kiosk("sync", "--once")
    return faults_of(rounds, Stored(outbox, whole, loop.kiosk("outbox"), loop.city("transactions")))


def _whole_payloads(home: Path) -> dict[str, str]:
    """id -> sha256 of each payload that is what its transaction says."""
    db = open_database(home)
    rows = db.execute("SELECT id, code, sha256, body FROM txn JOIN payload USING (dseq)").fetchall()
    db.close()
    whole = {}
    for id_, code, sha256, body in rows:
        said = json.loads(body)
        if hashlib.sha256(body).hexdigest() == sha256 and (said["id"], said["code"]) == (id_, code):
            whole[id_] = sha256
    return whole


def _summary(
    rounds: list[Round], faults: list[Faults], seed: int, lie_ms: int, took_s: float
) -> dict[str, Any]:
    met = classes(rounds)
    kills = [one for one in rounds if one.how != "calibration"]
    frames = sorted(one.frame_after_tap_ms for one in rounds if one.frame_after_tap_ms is not None)
    after = [one.kill_after_frame_ms for one in kills if one.kill_after_frame_ms is not None]
    planned = [one.planned_ms for one in kills if one.how == "predicted"]
    total = {name.name: sum(getattr(one, name.name) for one in faults) for name in fields(Faults)}
    return {
        "kills": len(kills),
        "seed": seed,
        "control_commit_after_ms": lie_ms,
        "met": met,
        "all_three_met": all(
            met[name] for name in ("before_commit", "committed_before_frame", "promised")
        ),
        "kept": not any(total.values()),
        "faults": total,
        "homes": len(faults),
        "beside": {name: sum(one.sync == name for one in kills) for name in BESIDE},
        "codes_on_receipts": sum(bool(one.code) for one in rounds),
        "tap_to_receipt_ms": {"median": round(statistics.median(frames), 1),
                              "least": round(frames[0], 1), "most": round(frames[-1], 1)},
        "planned_offsets_ms": _spread(planned),
        "kill_after_seen_frame_ms": _spread(after),
        "copy_to_killed_ms_most": round(max(one.copy_to_killed_ms for one in rounds), 3),
        "took_s": round(took_s, 1),
    }  # fmt: skip


def _spread(values_ms: list[float]) -> dict[str, int]:
    """How many fall into each 100 ms."""
    spread: dict[int, int] = {}
    for value in values_ms:
        spread[int(value // 100) * 100] = spread.get(int(value // 100) * 100, 0) + 1
    return {f"{start} to {start + 100}": spread[start] for start in sorted(spread)}


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--commit-after", type=int, default=0, metavar="MS", dest="lie_ms")
    args = parser.parse_args(arguments)
    summary = run(args.kills, args.seed, args.out.resolve(), args.lie_ms)
    print(json.dumps(summary, indent=2))
    return 0 if summary["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
