"""The agent's decisions, with a city and an outbox in memory. The real ones: tests/integration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sync import protocol
from sync.agent import Agent, Summary
from sync.protocol import FeedItem, Item, Outcome, PullPage, PushReply, StatusReply, Stream
from sync.transport import CityTransport, DeviceStopped, Refused, Unreachable
from tests.sync_support import MemoryOutbox, make_item, wait_until

NONCE = "n" * 22


class MemoryCity:
    """Answers as PROTOCOL.md says; `before_push` may raise or change what happens."""

    def __init__(self) -> None:
        self.epoch = "c-1"
        self.held: dict[str, Item] = {}
        self.pushes: list[list[str]] = []
        self.before_push: Callable[[Sequence[Item]], None] = lambda items: None
        self.answer: Callable[[Outcome], Outcome] = lambda outcome: outcome
        self.pages: list[PullPage | None] = [None]
        self.pulls: list[str] = []
        self.asked_status = 0

    def _streams(self) -> tuple[Stream, ...]:
        numbers = {item.dseq for item in self.held.values()}
        through = 0
        while through + 1 in numbers:
            through += 1
        return (Stream("e1", through),)

    def push(self, items: Sequence[Item]) -> PushReply:
        self.pushes.append([item.id for item in items])
        self.before_push(items)
        outcomes = []
        for item in items:
            word: Any = "duplicate" if item.id in self.held else "stored"
            self.held[item.id] = item
            outcomes.append(self.answer(Outcome(item.id, word, item.sha256, item.dseq)))
        return PushReply(NONCE, "", self.epoch, "", self._streams(), tuple(outcomes))

    def status(self) -> StatusReply:
        self.asked_status += 1
        return StatusReply(NONCE, self.epoch, "", self._streams())

    def pull(self, feed: str, cursor: str) -> PullPage | None:
        self.pulls.append(cursor)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


@pytest.fixture
def city() -> MemoryCity:
    return MemoryCity()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def agent_of(outbox: MemoryOutbox, city: MemoryCity, **given: Any) -> Agent:
    moment = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    return Agent(outbox, cast(CityTransport, city), now=lambda: moment, **given)


def states(outbox: MemoryOutbox) -> list[str]:
    return [outbox.state[item.id] for item in outbox.items]


# --- draining ------------------------------------------------------------------------------------
def test_drains_everything_in_order_and_in_batches(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(*(make_item(n) for n in range(1, 251)))
    summary = agent_of(outbox, city).once()
    assert summary == Summary(sent=250, acked=250, left=0)
    assert [len(push) for push in city.pushes] == [100, 100, 50]
    assert [name for push in city.pushes for name in push] == [item.id for item in outbox.items]
    assert outbox.words["last_success"] == "2026-11-21T08:00:00+00:00"
    assert summary.counts() == {
        "sent": 250,
        "acked": 250,
        "duplicates": 0,
        "quarantined": 0,
        "pulled": 0,
        "left": 0,
    }


def test_a_repetition_is_an_acknowledgement(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(make_item(1), make_item(2))
    city.held[make_item(1).id] = make_item(1)
    assert agent_of(outbox, city).once() == Summary(sent=2, acked=2, duplicates=1)


def test_one_bad_item_is_set_aside_and_the_rest_flow(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    bad = make_item(37)

    def choke(items: Sequence[Item]) -> None:
        if bad in items:
            raise Refused("malformed", by_city=True)

    city.before_push = choke
    outbox.add(*(make_item(n) for n in range(1, 101)))
    summary = agent_of(outbox, city).once()
    assert (summary.sent, summary.acked, summary.quarantined, summary.left) == (100, 99, 1, 0)
    assert summary.problem is None
    assert outbox.state[bad.id] == "quarantined"
    assert outbox.problems[bad.id] == "malformed"
    assert states(outbox).count("acked") == 99
    assert len(city.pushes) <= 2 * 7 + 1, "bisecting 100 items takes 7 halvings"


def test_a_proxys_413_condemns_nothing(city: MemoryCity, outbox: MemoryOutbox) -> None:
    large = make_item(3)

    def small_proxy(items: Sequence[Item]) -> None:
        if large in items:
            raise Refused("too-large", by_city=False)

    city.before_push = small_proxy
    outbox.add(*(make_item(n) for n in range(1, 6)))
    summary = agent_of(outbox, city).once()
    assert (summary.acked, summary.quarantined, summary.left) == (4, 0, 1)
    assert outbox.state[large.id] == "accepted"
    city.before_push = lambda items: None
    assert agent_of(outbox, city).once().left == 0


def test_damaged_bytes_are_never_sent(city: MemoryCity, outbox: MemoryOutbox) -> None:
    flipped = make_item(2, sha256=protocol.sha256_of(b"what it was"))
    not_text = make_item(3, body=b"\xff\xfe")
    outbox.add(make_item(1), flipped, not_text, make_item(4))
    summary = agent_of(outbox, city).once()
    assert states(outbox) == ["acked", "quarantined", "quarantined", "acked"]
    assert (summary.quarantined, summary.left) == (2, 0)
    assert sorted(city.held) == sorted([make_item(1).id, make_item(4).id])


@pytest.mark.parametrize("word", ["conflict", "quarantined"])
def test_what_the_city_cannot_take_is_kept_and_counted(
    city: MemoryCity, outbox: MemoryOutbox, word: Any
) -> None:
    outbox.add(make_item(1))
    city.answer = lambda said: Outcome(said.id, word, "0" * 64, None, "why")
    summary = agent_of(outbox, city).once()
    assert (summary.quarantined, summary.acked, summary.left) == (1, 0, 0)
    assert outbox.state[make_item(1).id] == word
    assert outbox.problems[make_item(1).id] == "why"


@pytest.mark.parametrize(
    "answer",
    [
        lambda said: Outcome(said.id, "stored", "0" * 64, 1),
        lambda said: Outcome(said.id, "duplicate", said.sha256, None),
        lambda said: Outcome(make_item(99).id, "stored", said.sha256, 1),
    ],
)
def test_a_word_about_other_bytes_is_no_acknowledgement(
    city: MemoryCity, outbox: MemoryOutbox, answer: Callable[[Outcome], Outcome]
) -> None:
    outbox.add(make_item(1))
    city.answer = answer
    summary = agent_of(outbox, city).once()
    assert (summary.sent, summary.acked, summary.left) == (1, 0, 1)
    assert states(outbox) == ["accepted"]


def test_unreachable_leaves_everything_and_says_why(city: MemoryCity, outbox: MemoryOutbox) -> None:
    def away(items: Sequence[Item]) -> None:
        raise Unreachable("ConnectionError", retry_after_s=9.0)

    city.before_push = away
    outbox.add(make_item(1))
    agent = agent_of(outbox, city)
    summary = agent.once()
    assert (summary.left, summary.wait_s, summary.stopped) == (1, 9.0, False)
    assert "ConnectionError" in outbox.words["last_problem"]
    assert "last_success" not in outbox.words
    city.before_push = lambda items: None
    assert agent.once().left == 0
    assert outbox.words["last_problem"] == ""


def test_a_thin_line_gets_smaller_batches_until_it_flows(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    def thin(items: Sequence[Item]) -> None:
        if len(items) > 20:
            raise Unreachable("too slow", slow=True)

    city.before_push = thin
    outbox.add(*(make_item(n) for n in range(1, 31)))
    agent = agent_of(outbox, city)
    rounds = 0
    while agent.once().left:
        rounds += 1
        assert rounds < 10, "never flows"
    assert set(states(outbox)) == {"acked"}


@pytest.mark.parametrize("code", ["revoked", "unknown-device"])
def test_a_device_the_city_does_not_serve_stops_clearly(
    city: MemoryCity, outbox: MemoryOutbox, code: str
) -> None:
    def stopped(items: Sequence[Item]) -> None:
        raise DeviceStopped(code)

    city.before_push = stopped
    outbox.add(make_item(1))
    agent = agent_of(outbox, city)
    summary = agent.run_forever(threading.Event(), outbox.data_version)
    assert summary.stopped
    assert code in outbox.words["stopped"]
    assert states(outbox) == ["accepted"]
    city.before_push = lambda items: None
    assert not agent.once().stopped
    assert outbox.words["stopped"] == ""


# --- a restored city -----------------------------------------------------------------------------
def test_a_new_epoch_makes_the_device_send_again(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(*(make_item(n) for n in range(1, 8)))
    agent = agent_of(outbox, city)
    agent.once()
    for lost in (make_item(n) for n in (5, 6, 7)):
        del city.held[lost.id]
    city.epoch = "c-2"
    summary = agent.once()  # nothing new to send: it learns by asking
    assert (summary.sent, summary.duplicates, summary.left) == (3, 0, 0)
    assert len(city.held) == 7
    assert agent.once().sent == 0, "once per restore, not for ever"


def test_a_city_that_has_less_than_it_acknowledged_gets_it_again(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(*(make_item(n) for n in range(1, 8)))
    agent = agent_of(outbox, city)
    agent.once()
    city.held.clear()  # an old snapshot, and nobody told the city so
    outbox.add(make_item(8))
    summary = agent.once()
    assert len(city.held) == 8
    assert (summary.left, set(states(outbox))) == (0, {"acked"})
    assert agent.once().sent == 0


def test_a_city_that_changes_its_epoch_at_every_word_does_not_hold_us(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(*(make_item(n) for n in range(1, 4)))
    agent = agent_of(outbox, city)
    agent.once()
    counter = iter(range(10_000))

    def restless(items: Sequence[Item]) -> None:
        city.epoch = f"c-{next(counter)}"
        city.held.clear()

    city.before_push = restless
    outbox.add(make_item(4))
    agent.once()
    assert len(city.pushes) < 20


# --- feeds ---------------------------------------------------------------------------------------
def page(*names: str, reset: bool = False, more: bool = False, cursor: str = "v") -> PullPage:
    items = tuple(FeedItem(name, {"id": name}) for name in names)
    return PullPage(NONCE, "catalogue", reset, more, cursor, items)


def test_pages_are_gathered_then_swapped_in(city: MemoryCity, outbox: MemoryOutbox) -> None:
    city.pages = [
        page("a", "b", reset=True, more=True, cursor="v1.2"),
        page("x", reset=True, more=True, cursor="v2.1"),  # republished meanwhile
        page("y", cursor="v2"),
        None,
    ]
    agent = agent_of(outbox, city)
    assert agent.once().pulled == 2
    assert [item["id"] for item in outbox.feeds["catalogue"]] == ["x", "y"]
    assert agent.once().pulled == 0
    assert city.pulls == ["", "v1.2", "v2.1", "v2"]


def test_half_a_feed_is_no_feed(
    city: MemoryCity, outbox: MemoryOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.feeds["catalogue"] = [{"id": "old"}]
    city.pages = [page("a", reset=True, more=True)]
    monkeypatch.setattr(city, "pull", _then_away(city.pull))
    summary = agent_of(outbox, city).once()
    assert summary.problem is not None
    assert outbox.feeds["catalogue"] == [{"id": "old"}]


def _then_away(pull: Callable[[str, str], PullPage | None]) -> Callable[[str, str], Any]:
    def once_only(feed: str, cursor: str) -> PullPage | None:
        if cursor:
            raise Unreachable("gone")
        return pull(feed, cursor)

    return once_only


@pytest.mark.parametrize("first", [page("a"), page("a", reset=True, more=True)])
def test_a_feed_without_start_or_end_is_refused(
    city: MemoryCity, outbox: MemoryOutbox, first: PullPage
) -> None:
    city.pages = [first]
    assert agent_of(outbox, city).once().problem is not None
    assert outbox.feeds == {}
    assert len(city.pulls) <= protocol.PULL_MAX_PAGES


# --- for ever ------------------------------------------------------------------------------------
def running(agent: Agent, outbox: MemoryOutbox, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=agent.run_forever, args=(stop, outbox.data_version))
    thread.start()
    return thread


def test_a_new_transaction_wakes_the_agent(city: MemoryCity, outbox: MemoryOutbox) -> None:
    stop = threading.Event()
    thread = running(agent_of(outbox, city), outbox, stop)
    try:
        wait_until(lambda: len(city.pulls) == 1, "the first round")
        outbox.add(make_item(1))
        wait_until(lambda: states(outbox) == ["acked"], "the transaction is acknowledged")
        assert len(city.pulls) == 1, "waking up for a transaction is no reason to pull"
        assert city.asked_status == 1
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()


def test_backing_off_is_not_cut_short_by_new_transactions(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    def away(items: Sequence[Item]) -> None:
        raise Unreachable("away", retry_after_s=1000.0)

    city.before_push = away
    outbox.add(make_item(1))
    clock = [0.0]
    stop = threading.Event()
    agent = agent_of(outbox, city, monotonic_s=lambda: clock[0], draw=lambda: 0.5)
    thread = running(agent, outbox, stop)
    try:
        wait_until(lambda: len(city.pushes) == 1, "the first try")
        outbox.add(make_item(2))
        assert not stop.wait(0.8)  # two looks at data_version
        assert len(city.pushes) == 1
        clock[0] = 999.0
        assert not stop.wait(0.8)
        assert len(city.pushes) == 1
        city.before_push = lambda items: None
        clock[0] = 1002.0
        wait_until(lambda: states(outbox) == ["acked", "acked"], "drained after the wait")
    finally:
        stop.set()
        thread.join(timeout=10)


def test_one_bug_is_survived_and_a_row_of_them_crashes(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(make_item(1))
    bugs = [RuntimeError("one"), RuntimeError("two")]

    def stumble(items: Sequence[Item]) -> None:
        if bugs:
            raise bugs.pop()

    city.before_push = stumble
    stop = threading.Event()
    thread = running(agent_of(outbox, city, draw=lambda: 0.0), outbox, stop)
    wait_until(lambda: states(outbox) == ["acked"], "drained after two bugs")
    stop.set()
    thread.join(timeout=10)

    def always(items: Sequence[Item]) -> None:
        raise RuntimeError("always")

    city.before_push = always
    outbox.add(make_item(2))
    with pytest.raises(RuntimeError, match="always"):
        agent_of(outbox, city, draw=lambda: 0.0).run_forever(threading.Event(), outbox.data_version)
