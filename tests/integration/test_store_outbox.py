"""The outbox as the sync agent uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.domain.transaction import Draft
from kiosk.store.outbox import Outbox, Outcome
from tests.store_support import LETTER, transactions_in


@pytest.fixture
def five(tmp_path: Path) -> tuple[Outbox, list[str]]:
    transactions = transactions_in(tmp_path)
    ids = [transactions.accept(LETTER).id for _ in range(5)]
    return Outbox(transactions._db, tmp_path), ids


def states(outbox: Outbox) -> list[str]:
    return [row[0] for row in outbox._db.conn.execute("SELECT state FROM outbox ORDER BY dseq")]


def test_what_is_due_comes_in_order_and_in_pages(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    assert [item.id for item in outbox.due(10)] == ids
    assert [item.dseq for item in outbox.due(2, after_dseq=2)] == [3, 4]
    assert {item.epoch for item in outbox.due(10)} == {outbox.epoch}


def test_every_outcome_has_its_state(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.record(
        [
            (ids[0], "stored", 7, None),
            (ids[1], "duplicate", 8, None),
            (ids[2], "conflict", None, "another digest"),
            (ids[3], "quarantined", None, "schema"),
            ("not here", "stored", 9, None),
        ]
    )
    assert states(outbox) == ["acked", "acked", "conflict", "quarantined", "accepted"]
    assert outbox.left() == 1
    assert [item.id for item in outbox.due(10)] == [ids[4]]


def test_a_problem_that_is_no_text_is_kept_readable(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.record([(ids[0], "quarantined", None, 'half \ud800 "of\x00 a\\ pair')])
    outbox.note_attempt([ids[1]], "\udfff")
    rows = outbox._db.conn.execute("SELECT last_problem FROM outbox ORDER BY dseq LIMIT 2")
    assert [row[0] for row in rows] == ['half ? "of\x00 a\\ pair', "?"]


def test_a_late_word_takes_no_acknowledgement_back(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.record([(ids[0], "stored", 7, None)])
    outbox.record([(ids[0], "conflict", None, "late"), (ids[1], "stored", 8, None)])
    assert states(outbox)[:2] == ["acked", "acked"]
    outbox.record([(ids[2], "quarantined", None, "x")])
    outbox.record([(ids[2], "stored", 9, None)])  # the city read it after all
    assert states(outbox)[2] == "acked"


def test_an_unknown_outcome_writes_nothing(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    with pytest.raises(ValueError, match="perhaps"):
        outbox.record([(ids[0], "stored", 1, None), (ids[1], "perhaps", None, None)])
    assert states(outbox) == ["accepted"] * 5


def test_a_restored_city_gets_everything_again(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.record([(one, "stored", number, None) for number, one in enumerate(ids)])
    assert outbox.left() == 0
    outbox.resend_from(3)
    assert [item.dseq for item in outbox.due(10)] == [3, 4, 5]


def test_the_newest_come_the_latest_first(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.record([(ids[4], "stored", 1, None)])
    assert [item.id for item in outbox.newest(2)] == [ids[3], ids[2]]


def test_what_the_backup_has_is_confirmed_and_still_sent_again(
    five: tuple[Outbox, list[str]],
) -> None:
    outbox, ids = five
    outbox.record([(one, "stored", number, None) for number, one in enumerate(ids[:4])])
    assert outbox.confirm_through(3) == 3
    assert outbox.confirm_through(3) == 0
    assert states(outbox) == ["confirmed"] * 3 + ["acked", "accepted"]
    outbox.record([(ids[0], "conflict", None, "late")])
    assert states(outbox)[0] == "confirmed", "a late word takes nothing back"
    assert [outbox.acknowledged(dseq) for dseq in range(1, 7)] == [True] * 4 + [False] * 2
    assert outbox.resend_from(2) == 3, "a city restored to before its own backup"
    assert [item.dseq for item in outbox.due(10)] == [2, 3, 4, 5]


def test_only_what_changed_is_written_down(five: tuple[Outbox, list[str]], tmp_path: Path) -> None:
    outbox, _ = five
    other = Outbox(transactions_in(tmp_path)._db, tmp_path)
    outbox.note({"why": "portal", "last_problem": "x"})
    seen = other.data_version()
    outbox.note({"why": "portal", "last_problem": "x", "stopped": ""})
    assert other.data_version() == seen, "nobody is woken for nothing"
    outbox.note({"why": ""})
    assert other.data_version() != seen
    assert (outbox.get("why"), outbox.get("last_problem")) == ("", "x")


def test_what_runs_is_changed_one_by_one_with_its_cursor(five: tuple[Outbox, list[str]]) -> None:
    outbox, _ = five

    def held() -> list[tuple[str, str]]:
        sql = "SELECT id, item FROM running WHERE feed = 'statuses' ORDER BY id"
        return list(outbox._db.conn.execute(sql).fetchall())

    first = [{"id": "A", "body": '{"state":"received"}'}, {"id": "B", "body": "{}"}]
    outbox.change_pulled("statuses", first, "1", reset=False)
    second = [{"id": "A", "body": '{"state":"ready"}'}, {"id": "B"}]
    outbox.change_pulled("statuses", second, "2", reset=False)
    assert held() == [("A", '{"state":"ready"}')]
    assert outbox.get("cursor:statuses") == "2"
    outbox.change_pulled("statuses", [{"id": "C", "body": "{}"}], "3", reset=True)
    assert held() == [("C", "{}")]


def test_attempts_are_counted_and_their_problem_kept_short(five: tuple[Outbox, list[str]]) -> None:
    outbox, ids = five
    outbox.note_attempt(ids[:2], "x" * 1000)
    outbox.note_attempt(ids[:1], None)
    rows = outbox._db.conn.execute("SELECT attempts, length(last_problem) FROM outbox").fetchall()
    assert rows == [(2, None), (1, 300), (0, None), (0, None), (0, None)]


def test_a_feed_is_swapped_whole_with_its_cursor(five: tuple[Outbox, list[str]]) -> None:
    outbox, _ = five
    outbox.replace_pulled("catalogue", [{"id": "a"}, {"id": "b"}], "7")
    outbox.replace_pulled("news", [{"id": "n"}], "1")
    with pytest.raises(TypeError):
        outbox.replace_pulled("catalogue", [{"id": {1, 2}}], "8")  # no JSON
    assert outbox.pulled("catalogue") == [{"id": "a"}, {"id": "b"}]
    assert outbox.get("cursor:catalogue") == "7"
    outbox.replace_pulled("catalogue", [{"id": "c"}], "9")
    assert outbox.pulled("catalogue") == [{"id": "c"}]
    assert outbox.pulled("news") == [{"id": "n"}]


def test_another_process_s_commit_is_seen(tmp_path: Path) -> None:
    one, two = transactions_in(tmp_path), transactions_in(tmp_path)
    outbox = Outbox(one._db, tmp_path)
    seen = outbox.data_version()
    assert outbox.data_version() == seen
    two.accept(LETTER)
    assert outbox.data_version() != seen


def test_the_device_is_remembered(five: tuple[Outbox, list[str]]) -> None:
    outbox, _ = five
    assert outbox.device() is None
    outbox.save_device({"device": "d-1", "city_url": "https://city"})
    assert outbox.device() == {"device": "d-1", "city_url": "https://city"}


class QueueMachine(RuleBasedStateMachine):
    """`settled` is a short cut: the queue must be what a walk through all rows would find."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name)
        self.transactions = transactions_in(home)
        self.outbox = Outbox(self.transactions._db, home)
        self.ids: list[str] = []

    @rule()
    def accept(self) -> None:
        self.ids.append(self.transactions.accept(LETTER).id)

    @rule(
        picks=st.lists(st.integers(0, 30), max_size=4),
        outcome=st.sampled_from(["stored", "duplicate", "conflict", "quarantined"]),
    )
    def record(self, picks: list[int], outcome: str) -> None:
        outcomes: list[Outcome] = [
            (self.ids[pick % len(self.ids)], outcome, 1, None) for pick in picks if self.ids
        ]
        self.outbox.record(outcomes)

    @rule(dseq=st.integers(0, 30))
    def backed_up(self, dseq: int) -> None:
        self.outbox.confirm_through(dseq)

    @rule()
    def survey(self) -> None:
        self.transactions.accept(Draft("survey", "sktm", {"q1": 3}))

    @rule()
    def day_is_over(self) -> None:
        self.outbox.release(everything=True)

    @rule(dseq=st.integers(0, 30))
    def restored(self, dseq: int) -> None:
        self.outbox.resend_from(dseq)

    @invariant()
    def the_queue_is_every_unsent_row(self) -> None:
        rows = self.outbox._db.conn.execute(
            "SELECT dseq FROM outbox WHERE state = 'accepted' ORDER BY dseq"
        ).fetchall()
        assert [item.dseq for item in self.outbox.due(1000)] == [row[0] for row in rows]
        newest = [item.dseq for item in self.outbox.newest(1000)]
        assert newest == [row[0] for row in reversed(rows)]
        assert self.outbox.left() == self.transactions.unsent().count == len(rows)

    def teardown(self) -> None:
        self.transactions._db.close()
        self.folder.cleanup()


TestQueue = QueueMachine.TestCase
TestQueue.settings = hypothesis_settings(max_examples=20, stateful_step_count=20, deadline=None)
