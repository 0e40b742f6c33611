"""The agent's decisions, with a city and an outbox in memory. The real ones: tests/integration."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol
from sync.agent import Agent, Summary
from sync.drain import NEWEST_ITEMS
from sync.feed_signing import sign_item
from sync.problems import DeviceStopped, Refused, Unreachable
from sync.protocol import (
    Batch,
    Damaged,
    FeedItem,
    FeedKey,
    Item,
    Outcome,
    PullPage,
    PushReply,
    StatusReply,
    Stream,
)
from sync.signing import public_text
from sync.transport import CityTransport
from tests.sync_support import MemoryOutbox, make_item, wait_until

NONCE = "n" * 22
CITY_KEY = Ed25519PrivateKey.generate()
CITY_KEY_ID = protocol.key_id(public_text(CITY_KEY))


class MemoryCity:
    """Answers as PROTOCOL.md says; `before_push` may raise or change what happens."""

    clock_error = timedelta(0)

    def __init__(self) -> None:
        self.epoch = "c-1"
        self.held: dict[str, Item] = {}
        self.gone: set[int] = set()
        self.backup = 0
        self.pushes: list[list[str]] = []
        self.before_push: Callable[[Sequence[Item]], None] = lambda items: None
        self.answer: Callable[[Outcome], Outcome] = lambda outcome: outcome
        self.versions: dict[str, str] | None = {}
        self.pages: list[PullPage | None] = [None]
        self.pulls: list[str] = []
        self.asked_status = 0
        self.batch = Batch()

    def _streams(self) -> tuple[Stream, ...]:
        numbers = {item.dseq for item in self.held.values()} | self.gone
        through = 0
        while through + 1 in numbers:
            through += 1
        return (Stream("e1", through, min(self.backup, through)),)

    def packed(
        self, items: Sequence[Item], damaged: Sequence[Damaged] = ()
    ) -> tuple[Sequence[Item], Sequence[Damaged]]:
        return items, damaged

    def deliver(self, parcel: tuple[Sequence[Item], Sequence[Damaged]]) -> PushReply:
        return self.push(*parcel)

    def push(self, items: Sequence[Item], damaged: Sequence[Damaged] = ()) -> PushReply:
        self.pushes.append([item.id for item in items])
        self.before_push(items)
        outcomes = []
        for item in items:
            word: Any = "duplicate" if item.id in self.held else "stored"
            self.held[item.id] = item
            outcomes.append(self.answer(Outcome(item.id, word, item.sha256, item.dseq)))
        self.gone |= {entry.dseq for entry in damaged}
        batch = self.batch
        return PushReply(NONCE, "", self.epoch, "", self._streams(), tuple(outcomes), batch)

    def status(self) -> StatusReply | None:
        self.asked_status += 1
        time = "2026-11-21T08:00:00.000Z"
        key = FeedKey(CITY_KEY_ID, public_text(CITY_KEY))
        return StatusReply(NONCE, self.epoch, time, self._streams(), self.versions, (key,))

    def forget_status(self) -> None: ...

    def pull(self, feed: str, cursor: str) -> PullPage | None:
        self.pulls.append(cursor)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


@pytest.fixture
def city() -> MemoryCity:
    return MemoryCity()


@pytest.fixture
def outbox() -> MemoryOutbox:
    made = MemoryOutbox()
    made.put("feed_keys", json.dumps({CITY_KEY_ID: public_text(CITY_KEY)}))
    return made


def agent_of(outbox: MemoryOutbox, city: MemoryCity, **given: Any) -> Agent:
    moment = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    return Agent(outbox, cast(CityTransport, city), now=lambda: moment, **given)


def states(outbox: MemoryOutbox) -> list[str]:
    return [outbox.state[item.id] for item in outbox.items]


# --- draining ------------------------------------------------------------------------------------
def test_drains_everything_in_batches_each_item_once(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(*(make_item(n) for n in range(1, 251)))
    summary = agent_of(outbox, city).once()
    assert summary == Summary(sent=250, acked=250, left=0)
    assert [len(push) for push in city.pushes] == [100, 100, 50]
    sent = [name for push in city.pushes for name in push]
    assert sorted(sent) == sorted(item.id for item in outbox.items)
    assert outbox.words["last_success"] == "2026-11-21T08:00:00+00:00"
    assert summary.counts() == {
        "sent": 250,
        "acked": 250,
        "duplicates": 0,
        "quarantined": 0,
        "pulled": 0,
        "left": 0,
    }


def test_batches_grow_to_what_the_city_takes(city: MemoryCity, outbox: MemoryOutbox) -> None:
    city.batch = Batch(500, 512 * 1024)
    outbox.add(*(make_item(n) for n in range(1, 1501)))
    assert agent_of(outbox, city).once() == Summary(sent=1500, acked=1500)
    # Two of a size, as each is put together while the one before it is on its way.
    assert [len(push) for push in city.pushes] == [100, 100, 400, 400, 500]
    outbox.add(*(make_item(n) for n in range(1501, 2001)))
    city.batch = Batch()  # another city, or an older one
    agent = agent_of(outbox, city)
    agent._pace.allow(Batch(500, 512 * 1024))
    assert agent.once().acked == 500
    assert max(len(push) for push in city.pushes[5:]) == 100


def test_one_request_is_on_its_way_at_a_time(city: MemoryCity, outbox: MemoryOutbox) -> None:
    flying: list[int] = []

    def fly(items: Sequence[Item]) -> None:
        flying.append(1)
        assert len(flying) == 1
        time.sleep(0.001)
        flying.pop()

    city.before_push = fly
    outbox.add(*(make_item(n) for n in range(1, 606)))
    assert agent_of(outbox, city).once() == Summary(sent=605, acked=605)
    sent = [name for push in city.pushes for name in push]
    assert len(sent) == len(set(sent)) == 605, "what is on its way is not sent a second time"


def test_what_could_not_be_written_down_is_sent_again(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    """The next batch is on its way already when the disk refuses the last one's reply."""

    class Full(Exception):
        pass

    def full(outcomes: Any, words: Any = None) -> int:
        raise Full

    outbox.add(*(make_item(n) for n in range(1, 301)))
    record, outbox.record = outbox.record, full  # type: ignore[method-assign]
    agent = agent_of(outbox, city, not_now=(Full,))
    assert agent.once().why == "disk"
    assert 100 <= len(city.held) <= 200, "what was on its way has landed, nothing followed"
    outbox.record = record  # type: ignore[method-assign]
    summary = agent.once()
    assert (summary.acked, summary.left) == (300, 0)
    assert set(states(outbox)) == {"acked"}


def test_the_newest_ride_along_with_a_backlog(city: MemoryCity, outbox: MemoryOutbox) -> None:
    backlog = [make_item(n) for n in range(1, 251)]
    outbox.add(*backlog)
    late = make_item(251)

    def someone_files(items: Sequence[Item]) -> None:
        if len(city.pushes) == 1:
            outbox.add(late)

    city.before_push = someone_files
    agent_of(outbox, city).once()
    first, second, *_ = city.pushes
    assert backlog[-1].id in first[:NEWEST_ITEMS]
    assert first[NEWEST_ITEMS:] == [item.id for item in backlog[: len(first) - NEWEST_ITEMS]]
    assert late.id in second, "it waits for one request, not for the backlog"


def test_one_batch_goes_in_order(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(*(make_item(n) for n in range(1, 60)))
    agent_of(outbox, city).once()
    assert city.pushes == [[item.id for item in outbox.items]]


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
    assert len(city.pushes) <= 2 * 7 + 2, "bisecting takes 7 halvings, and the city is told"
    assert city.gone == {37}


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
    assert city.gone == {2, 3}, "the city knows what it will never get"
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
    assert outbox.words["why"] == "offline"
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
def page(
    *names: str,
    reset: bool = False,
    more: bool = False,
    cursor: str = "v",
    edition: int = 1,
    of: int = 0,
    key: Ed25519PrivateKey = CITY_KEY,
) -> PullPage:
    def item(name: str) -> FeedItem:
        body = json.dumps({"id": name}).encode()
        signature = sign_item(key, "catalogue", name, edition, of or len(names), body)
        return FeedItem(name, {"id": name}, body, signature)

    return PullPage(NONCE, "catalogue", reset, more, cursor, tuple(item(one) for one in names))


def held(outbox: MemoryOutbox) -> list[str]:
    return [item["id"] for item in outbox.feeds.get("catalogue", [])]


def test_pages_are_gathered_then_swapped_in(city: MemoryCity, outbox: MemoryOutbox) -> None:
    city.versions = {"catalogue": "v2"}
    city.pages = [
        page("a", "b", reset=True, more=True, cursor="v1.2"),
        page("x", reset=True, more=True, cursor="v2.1", edition=2, of=2),  # republished meanwhile
        page("y", cursor="v2", edition=2, of=2),
    ]
    agent = agent_of(outbox, city)
    assert agent.once().pulled == 2
    assert held(outbox) == ["x", "y"]
    assert agent.once().pulled == 0
    assert city.pulls == ["", "v1.2", "v2.1"], "the version told that nothing is new"


def test_half_a_feed_is_no_feed(
    city: MemoryCity, outbox: MemoryOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.feeds["catalogue"] = [{"id": "old"}]
    city.versions = {"catalogue": "v"}
    city.pages = [page("a", reset=True, more=True)]
    monkeypatch.setattr(city, "pull", _then_away(city.pull))
    summary = agent_of(outbox, city).once()
    assert summary.problem is not None
    assert held(outbox) == ["old"]


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
    city.versions = {"catalogue": "w"}
    city.pages = [first]
    assert agent_of(outbox, city).once().problem is not None
    assert outbox.feeds == {}
    assert len(city.pulls) <= protocol.PULL_MAX_PAGES


def unsigned(one: PullPage) -> PullPage:
    return one._replace(items=tuple(item._replace(signature=None) for item in one.items))


def altered(one: PullPage) -> PullPage:
    return one._replace(items=tuple(item._replace(body=b'{"fee": 1}') for item in one.items))


@pytest.mark.parametrize(
    "wrong",
    [
        unsigned(page("a", reset=True, cursor="w")),
        altered(page("a", reset=True, cursor="w")),
        page("a", reset=True, cursor="w", of=2),
        page("a", reset=True, cursor="w", edition=4),
        page("a", reset=True, cursor="w", edition=9, key=Ed25519PrivateKey.generate()),
        page(reset=True, cursor="w"),
    ],
    ids=["unsigned", "altered", "not whole", "older", "a stranger's key", "no service at all"],
)
def test_a_layer_that_is_not_the_citys_is_not_taken(
    city: MemoryCity, outbox: MemoryOutbox, wrong: PullPage
) -> None:
    city.versions = {"catalogue": "v"}
    city.pages = [page("good", reset=True, cursor="v", edition=5)]
    agent = agent_of(outbox, city)
    agent.once()
    city.versions, city.pages = {"catalogue": "w"}, [wrong]
    assert agent.once().pulled == 0
    assert held(outbox) == ["good"]
    assert outbox.words["refused:catalogue"]
    asked = len(city.pulls)
    agent.once()
    assert len(city.pulls) == asked, "the same wrong layer is not fetched again and again"
    city.versions = {"catalogue": "x"}
    city.pages = [page("better", reset=True, cursor="x", edition=6)]
    assert agent.once().pulled == 1
    assert (held(outbox), outbox.words["refused:catalogue"]) == (["better"], "")


def test_what_runs_is_taken_page_by_page(city: MemoryCity, outbox: MemoryOutbox) -> None:
    def told(name: str, state: str) -> FeedItem:
        return FeedItem(name, {}, json.dumps({"id": name, "state": state}).encode())

    def running_page(*items: FeedItem, cursor: str, **given: bool) -> PullPage:
        flags = {"reset": False, "more": False} | given
        return PullPage(NONCE, "statuses", flags["reset"], flags["more"], cursor, items)

    city.versions = {"statuses": "s2"}
    city.pages = [
        running_page(told("A", "received"), cursor="s1", reset=True, more=True),
        running_page(told("B", "received"), told("A", "ready"), cursor="s2"),
    ]
    agent = agent_of(outbox, city)
    assert agent.once().pulled == 3
    assert {item["id"]: json.loads(item["body"])["state"] for item in outbox.feeds["statuses"]} == {
        "A": "ready",
        "B": "received",
    }
    city.versions = {"statuses": "s3"}
    city.pages = [running_page(FeedItem("B", {}, gone=True), cursor="s3")]
    agent.once()
    assert [item["id"] for item in outbox.feeds["statuses"]] == ["A"]
    assert outbox.words["cursor:statuses"] == "s3"


# --- for ever ------------------------------------------------------------------------------------
def running(agent: Agent, outbox: MemoryOutbox, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=agent.run_forever, args=(stop, outbox.data_version))
    thread.start()
    return thread


def test_a_new_transaction_wakes_the_agent(city: MemoryCity, outbox: MemoryOutbox) -> None:
    stop = threading.Event()
    thread = running(agent_of(outbox, city), outbox, stop)
    try:
        wait_until(lambda: city.asked_status == 1, "the first round")
        outbox.add(make_item(1))
        wait_until(lambda: states(outbox) == ["acked"], "the transaction is acknowledged")
        assert city.asked_status == 1, "waking up for a transaction is no reason to poll"
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


def test_after_a_failure_one_item_goes_first(city: MemoryCity, outbox: MemoryOutbox) -> None:
    def away(items: Sequence[Item]) -> None:
        raise Unreachable("away")

    outbox.add(*(make_item(n) for n in range(1, 41)))
    city.before_push = away
    agent = agent_of(outbox, city, draw=lambda: 0.0)
    stop = threading.Event()
    thread = running(agent, outbox, stop)
    try:
        wait_until(lambda: len(city.pushes) >= 3, "it tried again")
        city.before_push = lambda items: None
        wait_until(lambda: outbox.left() == 0, "drained")
    finally:
        stop.set()
        thread.join(timeout=10)
    sizes = [len(push) for push in city.pushes]
    assert sizes[0] == 40
    assert set(sizes[1:-1]) == {1}, "the half-open way is tried with one"
    assert sizes[-1] == 39


@pytest.mark.parametrize(
    ("why", "given", "early"),
    [
        ("offline", {"link_up": [False, True]}, True),
        ("offline", {"link_up": [True, False]}, False),  # up before it failed
        ("clock", {"clock_moves": True}, True),
        ("offline", {"clock_moves": True}, False),
    ],
)
def test_what_ends_a_wait_early(
    city: MemoryCity, outbox: MemoryOutbox, why: Any, given: dict[str, Any], early: bool
) -> None:
    """A new link, or a clock that was set when the clock was the trouble."""

    def away(items: Sequence[Item]) -> None:
        raise Unreachable("away", why=why)

    links = iter(given.get("link_up", []))
    clock = [datetime(2026, 11, 21, 8, 0, tzinfo=UTC)]
    outbox.add(make_item(1))
    city.before_push = away
    agent = Agent(
        outbox,
        cast(CityTransport, city),
        draw=lambda: 0.9,
        now=lambda: clock[0],
        link_up=lambda: next(links, False),
        monotonic_s=lambda: 1.0,  # time itself never ends a wait here
    )
    stop = threading.Event()
    if early:
        agent._between = lambda low, high: low  # type: ignore[method-assign]
    thread = running(agent, outbox, stop)
    try:
        wait_until(lambda: bool(city.pushes), "the first try")
        if given.get("clock_moves"):
            assert not stop.wait(0.4)
            clock[0] += timedelta(days=365)
        if early:
            wait_until(lambda: len(city.pushes) >= 2, "it tried at once")
        else:
            assert not stop.wait(1.0)
            assert len(city.pushes) == 1
    finally:
        stop.set()
        thread.join(timeout=10)


def test_a_revoked_device_hands_over_what_is_unsent_then_stops(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(*(make_item(n) for n in range(1, 151)))
    city.answer = lambda said: Outcome(said.id, "quarantined", said.sha256, 1, "device-revoked")
    summary = agent_of(outbox, city).run_forever(threading.Event(), outbox.data_version)
    assert (summary.stopped, summary.left, summary.why) == (True, 0, "stopped")
    assert set(states(outbox)) == {"quarantined"}
    assert "revoked" in outbox.words["stopped"]


def test_a_city_that_refuses_everything_costs_no_item(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    def broken(items: Sequence[Item]) -> None:
        raise Refused("malformed", by_city=True)

    city.before_push = broken
    outbox.add(*(make_item(n) for n in range(1, 9)))
    summary = agent_of(outbox, city).once()
    assert (summary.quarantined, summary.left, summary.why) == (0, 8, "refused")


def test_what_the_backup_has_is_confirmed(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(*(make_item(n) for n in range(1, 6)))
    city.backup = 3
    agent = agent_of(outbox, city)
    agent.once()
    assert outbox.watermark == 3
    city.backup = 5
    agent.once()
    assert outbox.watermark == 5


def test_a_city_that_counts_wrongly_is_not_sent_everything_for_ever(
    city: MemoryCity, outbox: MemoryOutbox
) -> None:
    outbox.add(*(make_item(n) for n in range(1, 6)))
    agent = agent_of(outbox, city)
    agent.once()
    city._streams = lambda: (Stream("e1", 2),)  # type: ignore[method-assign]
    agent.once()
    asked = len(city.pushes)
    agent.once()
    assert len(city.pushes) == asked


def test_a_full_disk_is_waited_out_and_said(city: MemoryCity, outbox: MemoryOutbox) -> None:
    class Full(Exception):
        pass

    def full(outcomes: Any, words: Any = None) -> int:
        raise Full("no room")

    outbox.add(make_item(1))
    record, outbox.record = outbox.record, full  # type: ignore[method-assign]
    agent = agent_of(outbox, city, not_now=(Full,))
    summary = agent.once()
    assert (summary.why, summary.left) == ("disk", 1)
    outbox.record = record  # type: ignore[method-assign]
    assert agent.once().duplicates == 1


def test_a_long_drain_can_be_followed(city: MemoryCity, outbox: MemoryOutbox) -> None:
    outbox.add(*(make_item(n) for n in range(1, 251)))
    seen: list[Any] = []
    city.before_push = lambda items: seen.append(json.loads(outbox.words["drain"]))
    agent_of(outbox, city).once()
    assert seen[0] == {"began_with": 250, "since": "2026-11-21T08:00:00+00:00"}
    assert outbox.words["drain"] == ""
