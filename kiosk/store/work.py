"""Where each application stands at the desk. Rules: `kiosk.domain.work`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kiosk.domain import work as rules
from kiosk.domain.queue import written
from kiosk.domain.work import ENDED, REASONS, Figures, Work, WorkAct
from kiosk.store.audit import Audit
from kiosk.store.connection import select, writing

LOOK_BACK = 2000  # lines of the log in which the last to end are looked for, at each live page
TAKE_IN_MAX = 5000  # applications in one commit; the rest comes with the next one

# In order of dseq, so nothing is looked at twice; what is not an application costs a step only.
_TAKE_IN = """INSERT INTO work (dseq, day, arrived_ms)
  SELECT dseq, date(at_ms / 1000 + :offset_s, 'unixepoch'), at_ms FROM txn
  WHERE kind = 'application' AND dseq > :after AND dseq <= :through"""
_WORK = """SELECT w.dseq, t.id, t.code, t.service, w.state, w.version, w.holder, w.ticked, w.reason,
  w.returns, w.arrived_ms, w.opened_ms, w.ended_ms, w.changed_ms,
  (SELECT n.prefix FROM errand e JOIN ticket n USING (dseq) WHERE e.application = w.dseq
    ORDER BY e.dseq DESC LIMIT 1),
  (SELECT n.number FROM errand e JOIN ticket n USING (dseq) WHERE e.application = w.dseq
    ORDER BY e.dseq DESC LIMIT 1)
  FROM work w JOIN txn t USING (dseq)"""
# The same service for the same NIK on the same day.
_ALIKE = """JOIN payload p USING (dseq) WHERE w.dseq <> :dseq
  AND w.day = (SELECT day FROM work WHERE dseq = :dseq)
  AND t.service = (SELECT service FROM txn WHERE dseq = :dseq)
  AND json_extract(CAST(p.body AS TEXT), '$.answers.nik') = (SELECT
    json_extract(CAST(body AS TEXT), '$.answers.nik') FROM payload WHERE dseq = :dseq)
  ORDER BY w.dseq LIMIT 5"""
_CHANGE = """UPDATE work SET state = ?, version = version + 1, holder = ?, ticked = ?, reason = ?,
  returns = returns + ?, decided = max(decided, ?), opened_ms = coalesce(opened_ms, ?),
  ended_ms = ?, changed_ms = ? WHERE dseq = ?"""


class Overtaken(Exception):
    """Somebody did something with it first; `work` is how it stands now."""

    def __init__(self, work: Work) -> None:
        super().__init__(f"dseq {work.dseq} is {work.state}")
        self.work = work


class NotHolder(Exception):
    """Another clerk has it: it has to be taken over first."""

    def __init__(self, work: Work) -> None:
        super().__init__(f"dseq {work.dseq} is with clerk {work.holder}")
        self.work = work


class WorkList:
    """Every method may raise DatabaseUnusable or TryLater."""

    def __init__(
        self,
        db: Database,
        home: Path,
        audit: Audit,
        *,
        zone: tzinfo,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._db = db
        self._home = home
        self._audit = audit
        self._zone = zone
        self._wall_ms = wall_ms

    def take_in(self) -> None:
        """Put what was filed since on the desk's list. Reads first: it is asked often."""
        through, last = self._rows(
            "SELECT (SELECT through FROM work_in), (SELECT coalesce(max(dseq), 0) FROM txn)", ()
        )[0]
        while through < last:
            upto = min(last, through + TAKE_IN_MAX)
            offset = datetime.now(self._zone).utcoffset()
            assert offset is not None
            with writing(self._db, self._home):
                (now,) = self._db.conn.execute("SELECT through FROM work_in").fetchone()
                where = {"after": now, "through": upto, "offset_s": int(offset.total_seconds())}
                self._db.conn.execute(_TAKE_IN, where)
                self._db.conn.execute("UPDATE work_in SET through = max(through, ?)", (upto,))
            through = upto

    def get(self, dseq: int) -> Work:
        """Raises KeyError."""
        found = self._work("WHERE w.dseq = ?", (dseq,))
        if not found:
            raise KeyError(dseq)
        return found[0]

    def find(self, txn_id: str) -> Work | None:
        """The application with this id, or None."""
        found = self._work("WHERE t.id = ?", (txn_id,))
        return found[0] if found else None

    def find_code(self, code: str) -> Work | None:
        found = self._work("WHERE t.code = ?", (code,))
        return found[0] if found else None

    def listing(self, states: Sequence[str], limit: int, after_dseq: int = 0) -> list[Work]:
        """Those in these states, the longest waiting first."""
        marks = ",".join("?" * len(states))
        where = f"WHERE w.state IN ({marks}) AND w.dseq > ? ORDER BY w.dseq LIMIT ?"
        return self._work(where, (*states, after_dseq, limit))

    def latest_ended(self, limit: int) -> list[tuple[Work, int]]:
        """Of what ended not long ago, with the clerk who ended each; the last one first."""
        sql = """SELECT about, staff FROM audit WHERE act IN ('done', 'reject')
          AND seq > (SELECT max(seq) FROM audit) - ? ORDER BY seq DESC LIMIT ?"""
        ends = self._rows(sql, (LOOK_BACK, limit))
        marks = ",".join("?" * len(ends))
        ids = tuple(about for about, _ in ends)
        works = {one.id: one for one in self._work(f"WHERE t.id IN ({marks})", ids)}
        return [(works[about], clerk) for about, clerk in ends]

    def counts(self) -> dict[str, int]:
        """How many stand in each state, those that ended left out."""
        sql = """SELECT state, count(*) FROM work
          WHERE state IN ('new', 'open', 'accepted', 'returned') GROUP BY state"""
        return {"new": 0, "open": 0, "accepted": 0, "returned": 0} | dict(self._rows(sql, ()))

    def newest(self) -> int:
        """The dseq of the newest application, 0 without any: has something come in?"""
        return int(self._rows("SELECT coalesce(max(dseq), 0) FROM work", ())[0][0])

    def answers(self, dseq: int) -> dict[str, Any] | None:
        """What was filed, as it was checked; None once the city keeps it and it was wiped here."""
        rows = self._rows("SELECT body FROM payload WHERE dseq = ?", (dseq,))
        if not rows:
            return None
        answers: dict[str, Any] = json.loads(rows[0][0])["answers"]
        return answers

    def alike(self, dseq: int) -> list[Work]:
        """Others of that day for the same service and person: filed twice, as somebody does whose
        first receipt a power cut kept from the screen."""
        return self._work(_ALIKE, {"dseq": dseq})

    def act(
        self,
        dseq: int,
        act: WorkAct,
        clerk: int,
        *,
        version: int,
        ticked: Sequence[int] | None = None,
        reason: str = "",
    ) -> Work:
        """One step with an application as it was seen, its line in the log and its transaction, in
        one commit. `ticked` None leaves the ticks as they are.

        Raises KeyError, Overtaken, NotHolder, and ValueError for a step that makes no sense.
        """
        known = REASONS.get(act, {})
        if bool(known) != bool(reason) or (reason and reason not in known):
            raise ValueError(f"{act}: reason {reason!r} is not one of its reasons")
        with writing(self._db, self._home):
            work = self.get(dseq)
            if work.version != version:
                raise Overtaken(work)
            state = rules.after(work.state, act)
            if state is None:
                raise ValueError(f"{act} makes no sense for an application that is {work.state}")
            if act != "open" and work.holder != clerk:
                raise NotHolder(work)
            now_ms = self._wall_ms()
            holder = clerk if state in ("open", "accepted") else None
            ticks = work.ticked if ticked is None else tuple(sorted(set(ticked)))
            self._db.conn.execute(
                _CHANGE,
                (
                    state,
                    holder,
                    ",".join(map(str, ticks)),
                    reason or ("" if act == "open" else work.reason),
                    int(act == "return"),
                    int(act in ("accept", "return", "done")),
                    now_ms,
                    now_ms if state in ENDED else None,
                    now_ms,
                    dseq,
                ),
            )
            self._audit.act(clerk, act, work.id, reason, work.service)
            return self.get(dseq)

    def figures(self, since: date, until: date) -> Figures:
        """Of the applications that arrived on these days, both included."""
        rows = self._rows(
            "SELECT state, returns, decided, arrived_ms, opened_ms, ended_ms FROM work"
            " WHERE day BETWEEN ? AND ?",
            (since.isoformat(), until.isoformat()),
        )
        waits = [(o - a) / 60_000 for *_, a, o, _ in rows if o is not None]
        served = [
            (e - o) / 60_000 for *_, o, e in rows if e is not None and o is not None and e >= o
        ]
        decided = [returns for _, returns, was, *_ in rows if was]
        return Figures(
            arrived=len(rows),
            ended=sum(state in ENDED for state, *_ in rows),
            open=sum(state not in ENDED for state, *_ in rows),
            returned=sum(returns > 0 for _, returns, *_ in rows),
            wait_min=rules.spread([max(0.0, one) for one in waits]),
            service_min=rules.spread(served),
            first_visit=sum(not one for one in decided) / len(decided) if decided else None,
            decided=len(decided),
        )

    def by_service(self, since: date, until: date) -> list[tuple[str, int, int, int]]:
        """(service, arrived, decided, of these never returned), the most frequent first."""
        sql = """SELECT t.service, count(*), sum(w.decided), sum(w.decided AND NOT w.returns)
          FROM work w JOIN txn t USING (dseq) WHERE w.day BETWEEN ? AND ?
          GROUP BY t.service ORDER BY count(*) DESC, t.service"""
        return [tuple(row) for row in self._rows(sql, (since.isoformat(), until.isoformat()))]

    def _work(self, where: str, values: tuple[Any, ...] | dict[str, Any]) -> list[Work]:
        return [self._read(row) for row in self._rows(f"{_WORK} {where}", values)]

    def _read(self, row: Any) -> Work:
        dseq, id_, code, service, state, version, holder, ticked, reason, returns, *rest = row
        arrived, opened, ended, changed, prefix, number = rest
        at = self._local(arrived)
        assert at is not None
        return Work(
            dseq=dseq,
            id=id_,
            code=code,
            service=service,
            state=state,
            version=version,
            holder=holder,
            ticked=tuple(int(one) for one in ticked.split(",") if one),
            reason=reason,
            returns=returns,
            arrived=at,
            opened=self._local(opened),
            ended=self._local(ended),
            changed=self._local(changed),
            ticket="" if number is None else written(prefix, number),
        )

    def _rows(self, sql: str, values: Any = ()) -> list[Any]:
        return select(self._db, self._home, sql, values)

    def _local(self, at_ms: int | None) -> datetime | None:
        return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, self._zone)
