"""The queue of one kiosk: numbers, calls, and what became of each. Formulas: `domain.queue`.

Every method may raise DatabaseUnusable or TryLater. Times are local and never run backwards.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain import queue as rules
from kiosk.domain.queue import Act, Call, Entry, Errand, Event, Line, Outlook, Taking, Totals
from kiosk.domain.service import Text
from kiosk.store.connection import select, writing

MEASURED_MOST = 60  # the latest services of a line that an estimate rests on
MEASURED_DAYS = 30
COUNTER_ACTIVE_MS = 45 * 60 * 1000  # a counter that did something since then is open
BOARD_CALLS = 6

_ADD = """INSERT INTO queue (dseq, day, line, priority, state, version, taken_ms)
  VALUES (?, ?, ?, ?, 'waiting', 1, ?)"""
_ADD_EVENT = """INSERT INTO queue_event (day, dseq, at_ms, act, line, counter, by)
  VALUES (?, ?, ?, ?, ?, ?, ?)"""
_ADD_ERRAND = "INSERT INTO errand VALUES (?, ?, ?, ?)"
_APPLICATION = "SELECT service, dseq FROM txn WHERE id = ? AND kind = 'application'"
_ENTRY = """SELECT q.dseq, t.code, n.prefix, n.number, q.line, q.priority, q.state, q.version,
  q.calls, q.counter, q.taken_ms, q.called_ms, q.served_ms, q.ended_ms
  FROM queue q JOIN ticket n USING (dseq) JOIN txn t USING (dseq)"""
_ERRANDS = """SELECT e.dseq, e.service, a.id FROM errand e
  LEFT JOIN txn a ON a.dseq = e.application WHERE e.dseq IN ({}) ORDER BY e.dseq, e.place"""
_CHANGE = """UPDATE queue SET state = ?, version = version + 1, calls = ?, counter = ?, line = ?,
  called_ms = ?, served_ms = ?, ended_ms = ? WHERE dseq = ?"""
_LAST_MS = "SELECT coalesce(max(at_ms), 0) FROM queue_event"
_CALLS = """SELECT e.seq, e.at_ms, e.counter, n.prefix, n.number FROM queue_event e
  JOIN ticket n USING (dseq) WHERE e.act IN ('call', 'recall') AND {} ORDER BY e.seq {}"""
_LAST_CALLED = """SELECT q.priority FROM queue_event e JOIN queue q USING (dseq)
  WHERE e.day = ? AND e.act = 'call' ORDER BY e.seq DESC LIMIT ?"""
# From the first word to the last: a number sent on to another line counts for the last one.
_TIMES = """SELECT ended_ms - coalesce(served_ms, called_ms) FROM queue
  WHERE state = 'done' AND line = ? AND day >= ? ORDER BY ended_ms DESC LIMIT ?"""
_COUNTERS = """SELECT count(DISTINCT counter) FROM queue_event
  WHERE day = ? AND at_ms >= ? AND counter <> '' AND act <> 'take'"""
_EVENTS = """SELECT seq, dseq, at_ms, act, line, counter, by FROM queue_event
  WHERE day = ? ORDER BY seq"""


def load_lines(path: Path) -> tuple[Line, ...]:
    """assets/queue.toml. Raises OSError, or ValueError that says which entry is wrong."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("line", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: not TOML: {error}") from None
    lines: list[Line] = []
    for number, row in enumerate(rows, start=1):
        letter, name = row.get("letter"), row.get("name", {})
        if not row.get("id") or not name.get("id") or not name.get("en"):
            raise ValueError(f"{path.name} line {number}: need an id and a name in id and en")
        if not isinstance(letter, str) or not (
            letter == "" or letter in "ABCDEFGHIJKLMNPQRSTUVWXYZ"
        ):
            raise ValueError(f"{path.name} line {number}: letter: write A to Z, or nothing")
        text = Text(name["id"], name["en"])
        lines.append(Line(row["id"], letter, text, tuple(row.get("categories", ()))))
    for what in ("id", "letter"):
        values = [getattr(one, what) for one in lines]
        if twice := [value for value in values if values.count(value) > 1]:
            raise ValueError(f"{path.name}: {what} {twice[0]!r} stands twice")
    if not any(not one.letter for one in lines):
        raise ValueError(f'{path.name}: one line needs letter = "": it takes what is in no other')
    return tuple(lines)


def add_entry(
    execute: Callable[..., Any], dseq: int, at: datetime, at_ms: int, service: str, taking: Taking
) -> None:
    """The number's row, its errands and its first event, inside the commit that gives it."""
    day = at.date().isoformat()
    execute(_ADD, (dseq, day, taking.line, taking.priority, at_ms))
    execute(_ADD_EVENT, (day, dseq, at_ms, "take", taking.line, "", ""))
    filed = [
        row for one in taking.applications if (row := execute(_APPLICATION, (one,)).fetchone())
    ]
    wanted = taking.services or ((service,) if service else ())
    others = [(one, None) for one in wanted if one not in {row[0] for row in filed}]
    for place, (name, application) in enumerate([*filed, *others]):
        execute(_ADD_ERRAND, (dseq, place, name, application))


class Overtaken(Exception):
    """Somebody did something with this number first; `entry` is how it stands now."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry.ticket} is {entry.state} at {entry.counter or 'no counter'}")
        self.entry = entry


class CounterBusy(Exception):
    """The counter has not finished with `entry`: a second number cannot be called to it."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{entry.ticket} is still {entry.state}")
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Board:
    """What the TV shows: the latest calls, one a number, newest first; how many wait, by line;
    the next numbers. Nothing of a person."""

    calls: tuple[Call, ...]
    waiting: dict[str, int]
    following: tuple[str, ...]


class Queue:
    """Days are local dates. Lines, counters and people (`by`) are the office's own names."""

    def __init__(
        self,
        db: Database,
        home: Path,
        *,
        zone: tzinfo,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._zone = zone
        self._wall_ms = wall_ms

    # -- reading

    def entry(self, dseq: int) -> Entry:
        """Raises KeyError for a number that is not here."""
        found = self._entries("WHERE q.dseq = ?", (dseq,))
        if not found:
            raise KeyError(dseq)
        return found[0]

    def entry_of(self, txn_id: str) -> Entry | None:
        """The number a transaction gave, or the newest taken for this application."""
        found = self._entries(
            "WHERE t.id = ? OR q.dseq IN (SELECT e.dseq FROM errand e JOIN txn a"
            " ON a.dseq = e.application WHERE a.id = ?) ORDER BY q.dseq DESC LIMIT 1",
            (txn_id, txn_id),
        )
        return found[0] if found else None

    def waiting(self, day: date | None = None, lines: Sequence[str] = ()) -> list[Entry]:
        """Those who wait, in the order in which they are called."""
        day = day or self.today()
        found = self._entries("WHERE q.day = ? AND q.state = 'waiting'", (day.isoformat(),))
        return rules.in_order(
            (one for one in found if not lines or one.line in lines), self._run(day)
        )

    def entries(self, day: date | None = None) -> list[Entry]:
        """Every number of the day, in the order of taking."""
        day = day or self.today()
        return self._entries("WHERE q.day = ? ORDER BY q.dseq", (day.isoformat(),))

    def at_counter(self, counter: str, day: date | None = None) -> Entry | None:
        """What this counter is busy with."""
        day = day or self.today()
        found = self._entries(
            "WHERE q.day = ? AND q.state IN ('called', 'serving') AND q.counter = ?",
            (day.isoformat(), counter),
        )
        return found[0] if found else None

    def board(self, day: date | None = None) -> Board:
        day = day or self.today()
        calls: dict[str, Call] = {}
        for call in self._calls("e.day = ?", "DESC LIMIT 60", (day.isoformat(),)):
            if len(calls) < BOARD_CALLS:
                calls.setdefault(call.ticket, call)
        line = self.waiting(day)
        count: dict[str, int] = {}
        for one in line:
            count[one.line] = count.get(one.line, 0) + 1
        following = tuple(one.ticket for one in line[:BOARD_CALLS])
        return Board(tuple(calls.values()), count, following)

    def calls_after(self, seq: int) -> list[Call]:
        """What was called since, oldest first; for the voice. Only of today: a kiosk that was off
        calls nobody from yesterday."""
        return self._calls("e.seq > ? AND e.day = ?", "", (seq, self.today().isoformat()))

    def last_seq(self) -> int:
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM queue_event", ())[0][0])

    def outlook(self, entry: Entry) -> Outlook:
        """For a number that waits; a called one has nobody before it."""
        if entry.state != "waiting":
            return Outlook(0, None)
        order = [one.dseq for one in self.waiting(entry.taken.date(), (entry.line,))]
        ahead = order.index(entry.dseq) if entry.dseq in order else 0
        return self._outlook(entry.line, ahead)

    def outlook_before(self, line: str, *, priority: bool) -> Outlook:
        """For somebody who has not taken a number yet."""
        waiting = self.waiting(lines=(line,))
        if not priority:
            return self._outlook(line, len(waiting))
        now = datetime.fromtimestamp(self._wall_ms() / 1000, self._zone)
        me = Entry(-1, "", "", line, True, "waiting", 1, 0, "", now)
        order = rules.in_order([*waiting, me], self._run(self.today()))
        return self._outlook(line, order.index(me))

    def totals(self, day: date | None = None) -> Totals:
        return rules.totals(self.events(day))

    def events(self, day: date | None = None) -> list[Event]:
        """The raw log of a day."""
        day = day or self.today()
        return [
            Event(seq, dseq, self._local(at_ms), act, line, counter, by)
            for seq, dseq, at_ms, act, line, counter, by in self._rows(_EVENTS, (day.isoformat(),))
        ]

    def today(self) -> date:
        return self._local(self._wall_ms()).date()

    # -- acts of the desk

    def call_next(self, counter: str, by: str, lines: Sequence[str] = ()) -> Entry | None:
        """The next one of these lines (all when none are named) comes to `counter`; None when
        nobody waits. Raises CounterBusy."""
        with writing(self._db, self._home):
            self._refuse_busy(counter)
            waiting = self.waiting(lines=lines)
            if not waiting:
                return None
            return self._do(waiting[0], "call", by, counter, "")

    def act(
        self, dseq: int, act: Act, by: str, *, version: int, counter: str = "", line: str = ""
    ) -> Entry:
        """One step (`rules.STEPS`) with a number as it was seen. `call` needs the counter,
        `transfer` the line to send it to. Raises Overtaken, CounterBusy, KeyError, and ValueError
        for a step that makes no sense."""
        if (act == "call" and not counter) or (act == "transfer" and not line):
            raise ValueError(f"{act} needs {'a counter' if act == 'call' else 'a line'}")
        with writing(self._db, self._home):
            entry = self.entry(dseq)
            if entry.version != version:
                raise Overtaken(entry)
            if act == "call":
                self._refuse_busy(counter)
            return self._do(entry, act, by, counter, line)

    def _refuse_busy(self, counter: str) -> None:
        if (busy := self.at_counter(counter)) is not None:
            raise CounterBusy(busy)

    def _do(self, entry: Entry, act: Act, by: str, counter: str, line: str) -> Entry:
        state = rules.after(entry.state, act)
        if state is None:
            raise ValueError(f"{act} makes no sense for a number that is {entry.state}")
        execute = self._db.conn.execute
        at_ms = max(self._wall_ms(), execute(_LAST_MS).fetchone()[0])
        where = counter or entry.counter
        called_ms, served_ms, ended_ms = execute(
            "SELECT called_ms, served_ms, ended_ms FROM queue WHERE dseq = ?", (entry.dseq,)
        ).fetchone()
        if act == "call":
            called_ms, served_ms, ended_ms = at_ms, None, None
        elif act == "serve":
            served_ms = at_ms
        elif act in ("done", "no_show"):
            ended_ms = at_ms
        elif act in ("transfer", "resume"):
            where = ""
        calls = entry.calls + (act in ("call", "recall"))
        new_line = line or entry.line
        execute(
            _CHANGE,
            (state, calls, where, new_line, called_ms, served_ms, ended_ms, entry.dseq),
        )
        day = entry.taken.date().isoformat()
        said_at = where or entry.counter
        execute(_ADD_EVENT, (day, entry.dseq, at_ms, act, new_line, said_at, by))
        return self.entry(entry.dseq)

    # -- inside

    def _outlook(self, line: str, ahead: int) -> Outlook:
        now_ms, day = self._wall_ms(), self.today()
        since = date.fromordinal(day.toordinal() - MEASURED_DAYS).isoformat()
        rows = self._rows(_TIMES, (line, since, MEASURED_MOST))
        times_s = rules.measured(row[0] / 1000 for row in rows if row[0] is not None)
        counters = self._rows(_COUNTERS, (day.isoformat(), now_ms - COUNTER_ACTIVE_MS))[0][0]
        busy = self._rows(
            "SELECT count(*) FROM queue WHERE day = ? AND state IN ('called', 'serving')",
            (day.isoformat(),),
        )[0][0]
        return Outlook(ahead, rules.wait(ahead, busy, max(counters, busy, 1), times_s))

    def _run(self, day: date) -> int:
        """How many with priority were called last, one after another."""
        last = self._rows(_LAST_CALLED, (day.isoformat(), rules.PRIORITY_RUN_MAX))
        run = 0
        for (priority,) in last:
            if not priority:
                break
            run += 1
        return run

    def _calls(self, where: str, order: str, params: tuple[Any, ...]) -> list[Call]:
        return [
            Call(seq, rules.written(prefix, number), counter, self._local(at_ms))
            for seq, at_ms, counter, prefix, number in self._rows(
                _CALLS.format(where, order), params
            )
        ]

    def _entries(self, where: str, params: tuple[Any, ...]) -> list[Entry]:
        rows = self._rows(f"{_ENTRY} {where}", params)
        errands: dict[int, list[Errand]] = {}
        if rows:
            marks = ",".join("?" * len(rows))
            for dseq, service, application in self._rows(
                _ERRANDS.format(marks), tuple(row[0] for row in rows)
            ):
                errands.setdefault(dseq, []).append(Errand(service, application or ""))
        return [self._read(row, tuple(errands.get(row[0], ()))) for row in rows]

    def _read(self, row: Sequence[Any], errands: tuple[Errand, ...]) -> Entry:
        dseq, code, prefix, number, line, priority, state, version, calls, counter, *times = row
        taken, called, served, ended = (None if ms is None else self._local(ms) for ms in times)
        assert taken is not None
        return Entry(
            dseq=dseq,
            code=code,
            ticket=rules.written(prefix, number),
            line=line,
            priority=bool(priority),
            state=state,
            version=version,
            calls=calls,
            counter=counter,
            taken=taken,
            called=called,
            served=served,
            ended=ended,
            errands=errands,
        )

    def _rows(self, sql: str, values: Any = ()) -> list[Any]:
        return select(self._db, self._home, sql, values)

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self._zone)
