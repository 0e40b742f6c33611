"""Applications at the desk: each act is one commit of state, log line and transaction."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop import Loop

from kiosk.bootstrap import Store, file_draft
from kiosk.config import load_settings
from kiosk.domain import work as rules
from kiosk.domain.filing import NotFileable
from kiosk.domain.transaction import Draft
from kiosk.domain.work import REASONS, WorkAct, spread
from kiosk.store.problems import StorageFull
from kiosk.store.work import NotHolder, Overtaken
from tests.desk.support import CHECKOUT, Office
from tests.store_support import raw_connection, run_together

ACTS = get_args(WorkAct)


def acts_of(office: Office) -> list[dict[str, Any]]:
    sql = "SELECT p.body FROM payload p JOIN txn t USING (dseq) WHERE t.kind = 'act' ORDER BY dseq"
    return [json.loads(body)["answers"] for (body,) in office.rows(sql)]


def test_only_applications_come_to_the_desk_and_each_once(office: Office) -> None:
    first = office.apply()
    office.ticket(first.id)
    second = office.apply("ket-mati")
    for _ in range(3):
        office.store.work.take_in()
    found = office.store.work.listing(["new"], 10)
    assert [(one.id, one.service) for one in found] == [
        (first.id, "sktm"),
        (second.id, "ket-mati"),
    ]
    assert found[0].ticket == "A-001"
    assert found[1].ticket == ""


def test_what_somebody_filed_twice_today_is_named_with_its_code(office: Office) -> None:
    first, other = office.apply(), office.apply("ket-mati")
    stranger = office.apply(nik="3671011401940002")
    again = office.apply()
    office.store.work.take_in()
    work = office.store.work
    assert [one.code for one in work.alike(office.dseq(first))] == [again.code]
    assert [one.code for one in work.alike(office.dseq(again))] == [first.code]
    assert work.alike(office.dseq(other)) == work.alike(office.dseq(stranger)) == []


def test_the_last_to_end_stands_first_whenever_it_was_filed_and_with_who_ended_it(
    office: Office,
) -> None:
    rina, budi = office.ids["Rina"], office.ids["Budi"]
    work = office.store.work
    filed = [office.dseq(office.apply()) for _ in range(3)]
    work.take_in()
    assert work.latest_ended(2) == []
    ends: list[tuple[int, int, tuple[WorkAct, ...], str]] = [
        (filed[2], rina, ("open", "accept", "done"), ""),
        (filed[0], budi, ("open", "reject"), "withdrawn"),
    ]
    for dseq, clerk, acts, reason in ends:
        for version, act in enumerate(acts, start=1):
            why = reason if act == "reject" else ""
            work.act(dseq, act, clerk, version=version, reason=why)
    seen = [(one.dseq, one.state, clerk) for one, clerk in work.latest_ended(2)]
    assert seen == [(filed[0], "rejected", budi), (filed[2], "done", rina)]
    assert len(work.latest_ended(1)) == 1


def test_the_way_of_an_application_its_log_and_what_travels(office: Office) -> None:
    receipt = office.apply()
    office.store.work.take_in()
    rina, work = office.ids["Rina"], office.store.work
    dseq = office.dseq(receipt)
    steps: list[tuple[WorkAct, str]] = [
        ("open", ""),
        ("check", ""),
        ("return", "papers_missing"),
        ("open", ""),
        ("accept", ""),
        ("done", ""),
    ]
    for version, (act, reason) in enumerate(steps, start=1):
        work.act(dseq, act, rina, version=version, ticked=[0, 1], reason=reason)
    after = work.get(dseq)
    assert (after.state, after.version, after.returns, after.holder) == ("done", 7, 1, None)
    assert after.ticked == (0, 1)
    lines = office.store.audit.listing(about=receipt.id)
    assert [line.act for line in reversed(lines)] == [act for act, _ in steps]
    assert {line.by for line in lines} == {"Rina"}
    assert acts_of(office) == [
        {"act": act, "clerk": rina, "about": receipt.id} | ({"reason": reason} if reason else {})
        for act, reason in steps
    ]


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from(["Rina", "Budi"]), st.booleans()),
        max_size=12,
    )
)
def test_whatever_clerks_try_state_log_and_transactions_agree(
    office: Office, tries: list[tuple[WorkAct, str, bool]]
) -> None:
    dseq = office.dseq(office.apply())
    work = office.store.work
    work.take_in()
    before_acts = len(acts_of(office))
    done = 0
    for act, who, fresh in tries:
        now = work.get(dseq)
        reason = next(iter(REASONS[act])) if act in REASONS else ""
        version = now.version if fresh else now.version - 1
        try:
            after = work.act(dseq, act, office.ids[who], version=version, reason=reason)
        except (Overtaken, NotHolder, ValueError):
            assert work.get(dseq) == now
            continue
        done += 1
        assert fresh
        assert after.state == rules.after(now.state, act)
        assert act == "open" or now.holder == office.ids[who]
        assert after.version == now.version + 1
    id_ = work.get(dseq).id
    assert len(office.store.audit.listing(about=id_)) == done
    assert len(acts_of(office)) - before_acts == done


def test_of_two_clerks_at_once_one_is_told(office: Office) -> None:
    dseq = office.dseq(office.apply())
    office.store.work.take_in()
    rina, budi = office.ids["Rina"], office.ids["Budi"]
    told = office.home / "told"

    def open_it(number: int) -> None:
        store = Store(load_settings(office.home))
        try:
            store.work.act(dseq, "open", (rina, budi)[number % 2], version=1)
        except Overtaken as why:
            with told.open("a") as file:
                file.write(f"{why.work.state} {why.work.holder}\n")

    assert run_together(4, open_it) == [0] * 4
    assert office.store.work.get(dseq).version == 2
    holder = office.store.work.get(dseq).holder
    assert told.read_text().splitlines() == [f"open {holder}"] * 3
    assert len(acts_of(office)) == 1


def test_without_room_neither_the_state_nor_the_log_changes(office: Office) -> None:
    dseq = office.dseq(office.apply())
    office.store.work.take_in()
    office.store.transactions._free_min_bytes = 1 << 60
    with pytest.raises(StorageFull):
        office.store.work.act(dseq, "open", office.ids["Rina"], version=1)
    assert office.store.work.get(dseq).state == "new"
    assert office.store.audit.listing() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET staff = 9",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (seq, at_ms, staff, act) VALUES (1, 1, 1, 'login')",
        "INSERT INTO audit (seq, at_ms, staff, act) VALUES (0, 1, 1, 'login')",
        "DELETE FROM work",
        "DELETE FROM staff",
    ],
)
def test_the_log_only_grows_for_whatever_tool(office: Office, sql: str) -> None:
    office.apply()
    office.store.work.take_in()
    office.store.audit.note(1, "login")
    office.store.audit.note(1, "logout")
    before = office.rows("SELECT * FROM audit")
    raw = raw_connection(office.home)
    with pytest.raises(Exception, match="only grows"):
        raw.execute(sql)
    raw.close()
    assert office.rows("SELECT * FROM audit") == before


def test_figures_against_a_table_made_by_hand(office: Office, monkeypatch: Any) -> None:
    """Four applications at 0; minutes of opening and end, returns: see the table."""
    #         opened, ended, act at the end, returned before
    table = [(5, 25, "done", 0), (10, 40, "done", 1), (60, 70, "reject", 0), (None, None, "", 0)]
    work, rina = office.store.work, office.ids["Rina"]
    start = office.apply().at
    for _ in table[1:]:
        office.apply()
    work.take_in()
    office.store.db.conn.execute("UPDATE work SET arrived_ms = ?", (start.timestamp() * 1000 // 1,))
    first = int(start.timestamp() * 1000)

    def at(minute: int) -> None:
        monkeypatch.setattr(work, "_wall_ms", lambda: first + minute * 60_000)

    for dseq, (opened, ended, last, returned) in enumerate(table, start=1):
        if opened is None or ended is None:
            continue
        at(opened)
        work.act(dseq, "open", rina, version=1)
        if returned:
            work.act(dseq, "return", rina, version=2, reason="stamp")
            work.act(dseq, "open", rina, version=3)
        at(ended)
        if last == "done":
            now = work.act(dseq, "accept", rina, version=work.get(dseq).version)
            work.act(dseq, "done", rina, version=now.version)
        else:
            work.act(dseq, "reject", rina, version=2, reason="not_here")
    today = start.date()
    seen = work.figures(today, today)
    assert (seen.arrived, seen.ended, seen.open, seen.returned) == (4, 3, 1, 1)
    assert seen.wait_min == (10.0, 60.0)  # of 5, 10, 60
    assert seen.service_min == (20.0, 30.0)  # of 20, 30, 10
    assert (seen.first_visit, seen.decided) == (0.5, 2)  # the rejected one counts neither way
    assert work.by_service(today, today) == [("sktm", 4, 2, 1)]
    assert work.figures(today - timedelta(days=9), today - timedelta(days=1)).arrived == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([7.0], (7.0, 7.0)),
        ([1.0, 3.0], (2.0, 3.0)),
        ([float(n) for n in range(1, 11)], (5.5, 9.0)),
        ([float(n) for n in range(1, 12)], (6.0, 10.0)),
    ],
)
def test_spread(values: list[float], expected: tuple[float, float] | None) -> None:
    assert spread(values) == expected


def test_a_file_from_before_the_desk_takes_acts_and_keeps_its_triggers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlite_utils.migrations import Migrations

    from kiosk.store import migrations, schema
    from kiosk.store.connection import first_wrong_row, open_database, triggers_stand
    from kiosk.store.desk_tables import _NEW_KINDS, _OLD_KINDS
    from tests.store_support import LETTER, transactions_in

    older = Migrations("kiosk")
    for step in migrations.MIGRATIONS._migrations:
        if step.name == "desk":
            break
        older._migrations.append(step)
    with monkeypatch.context() as patch:
        old_text = schema.TABLES["txn"].replace(_NEW_KINDS, _OLD_KINDS)
        assert old_text != schema.TABLES["txn"]
        patch.setitem(schema.TABLES, "txn", old_text)
        patch.setattr("kiosk.store.connection._verify_triggers", lambda *_: None)
        db = open_database(tmp_path, migrations=older)
        assert "'act'" not in db["txn"].schema
        db.close()
    transactions = transactions_in(tmp_path)
    transactions.accept(LETTER)
    transactions.accept(Draft("act", "", {"act": "open", "clerk": 1}))
    db = transactions._db
    assert triggers_stand(db)
    assert first_wrong_row(db) is None
    assert db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    with pytest.raises(Exception, match="CHECK"):
        transactions.accept(Draft("spook", "", {}))  # type: ignore[arg-type]


def test_acts_reach_the_city_as_transactions_of_their_own(office: Office) -> None:
    """Over the real wire: filed, opened, accepted, done while the city is away, then sent."""
    receipt = office.apply()
    office.store.work.take_in()
    dseq, rina = office.dseq(receipt), office.ids["Rina"]
    steps: tuple[WorkAct, ...] = ("open", "accept", "done")
    for version, act in enumerate(steps, start=1):
        office.store.work.act(dseq, act, rina, version=version)
    assert {line.sent for line in office.store.audit.listing()} == {"accepted"}
    with Loop(office.home) as loop:
        loop.start_city()
        loop.enrol()
        kiosk = [sys.executable, "-m", "kiosk", "--home", str(office.home), "--json", "sync"]
        done = subprocess.run([*kiosk, "--once"], cwd=CHECKOUT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        city = [sys.executable, "-m", "sync.city", "transactions", "--json"]
        city += ["--database", loop.database_url]
        told = subprocess.run(city, cwd=CHECKOUT, capture_output=True, text=True)
    kinds = [json.loads(line)["kind"] for line in told.stdout.splitlines()]
    assert sorted(kinds) == ["act", "act", "act", "application"]
    assert {line.sent for line in office.store.audit.listing()} == {"acked"}


def test_nobody_files_an_act_by_hand(office: Office) -> None:
    with pytest.raises(NotFileable, match="kind_unknown"):
        file_draft(
            Draft("act", "", {"act": "done"}), office.store, office.catalogue, office.regions
        )
    assert office.rows("SELECT count(*) FROM txn") == [(0,)]
