"""The wire's values, and PROTOCOL.md held against them."""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import feed_signing, protocol, signing, words
from sync.city import app
from sync.protocol import Item, Malformed, Outcome
from tests.sync_support import ROOT, make_item

PAGE = (ROOT / "sync" / "PROTOCOL.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, str] = dict(
    re.findall(r"<!-- example: ([a-z-]+) -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
)
READERS: dict[str, Callable[[bytes], Any]] = {
    "enrol-request": protocol.read_enrol_request,
    "enrol-reply": protocol.read_enrol_reply,
    "rotate-request": protocol.read_rotate_request,
    "rotate-reply": protocol.read_rotate_reply,
    "push-request": protocol.read_push_request,
    "push-reply": protocol.read_push_reply,
    "status-reply": protocol.read_status_reply,
    "pull-page": protocol.read_pull_page,
    "pull-page-first-release": protocol.read_pull_page,
    "pull-page-running": protocol.read_pull_page,
    "problem": protocol.read_problem,
}
REPLIES = ("enrol-reply", "push-reply", "status-reply", "rotate-reply")
LATER = {
    "damaged",
    "feeds",
    "feed_keys",
    "batch",
}  # what the first release did not know may be absent


# --- the page ------------------------------------------------------------------------------------
def test_the_page_has_an_example_of_every_message() -> None:
    assert sorted(EXAMPLES) == sorted(READERS)


@pytest.mark.parametrize("name", sorted(READERS))
def test_an_example_is_read_and_written_again_alike(name: str) -> None:
    text = EXAMPLES[name].encode()
    value = READERS[name](text)
    if name == "push-request":
        assert value.unreadable == ()
        again = protocol.push_request(value.items, value.damaged)
    elif name == "rotate-request":
        again = protocol.rotate_request(value)
    elif name.startswith("pull-page"):
        again = protocol.pull_page(value, "" if name.endswith("release") else protocol.BYTES_FORM)
    elif name == "enrol-request":
        again = protocol.enrol_request(value)
    elif name == "problem":
        again = protocol.problem(value)
    else:
        assert name in REPLIES
        again = protocol.reply(value)
    assert json.loads(again) == json.loads(text)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_key_of_an_example_is_needed(name: str) -> None:
    whole = json.loads(EXAMPLES[name])
    for key in whole:
        if key in LATER:
            READERS[name](json.dumps({k: v for k, v in whole.items() if k != key}).encode())
            continue
        with pytest.raises(Malformed):
            READERS[name](json.dumps({k: v for k, v in whole.items() if k != key}).encode())


def test_the_examples_hang_together() -> None:
    asked_push = protocol.read_push_request(EXAMPLES["push-request"].encode())
    items = asked_push.items
    reply = protocol.read_push_reply(EXAMPLES["push-reply"].encode())
    named = [item.id for item in items] + [one.id for one in asked_push.damaged]
    assert named == [outcome.id for outcome in reply.outcomes]
    assert all(item.sha256 == protocol.sha256_of(item.body) for item in items)
    asked = protocol.read_enrol_request(EXAMPLES["enrol-request"].encode())
    answered = protocol.read_enrol_reply(EXAMPLES["enrol-reply"].encode())
    assert answered.device == signing.device_id(asked.public_key)
    assert len(asked.code) == protocol.CODE_LENGTH
    assert set(asked.code) <= set(protocol.CODE_ALPHABET)
    rotate = protocol.read_rotate_request(EXAMPLES["rotate-request"].encode())
    assert feed_signing.rotation_holds(answered.device, rotate)
    status = protocol.read_status_reply(EXAMPLES["status-reply"].encode())
    first = {key.key: key.public_key for key in answered.feed_keys}
    keys = feed_signing.trusted_keys(first, status.feed_keys)
    assert len(keys) == 2
    assert all(name == protocol.key_id(public) for name, public in keys.items())
    page = protocol.read_pull_page(EXAMPLES["pull-page"].encode())
    assert feed_signing.check_layer(page.feed, page.items, first) == 1763691307412
    assert status.feeds is not None
    assert set(status.feeds) == set(protocol.FEEDS)
    assert status.feeds[page.feed] == page.cursor


def test_the_page_gives_every_limit_its_true_value() -> None:
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| ([0-9.,]+) \|", PAGE, re.MULTILINE))
    source = Path(words.__file__).read_text(encoding="utf-8")
    limits = {
        target.id
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        and re.search(r"_(ITEMS|BYTES|PAGES|MAX|S|HOURS)$", target.id)
    } - {"DSEQ_MAX", "KINDS", "SCHEMAS", "OUTCOMES", "PROBLEMS", "FEEDS"}
    assert set(table) == limits
    for name, text in table.items():
        assert float(text.replace(",", "")) == getattr(protocol, name), name


def test_the_page_names_every_problem_with_its_status() -> None:
    table = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)
    assert {code: int(status) for code, status in table} == {
        code: status for code, (status, _) in app.STATUS.items()
    }
    assert set(app.STATUS) == set(protocol.PROBLEMS)


def test_the_page_names_every_outcome_and_path() -> None:
    for word in protocol.OUTCOMES:
        assert f"| `{word}` |" in PAGE
    for path in (
        *(protocol.ENROL_PATH, protocol.ROTATE_PATH, protocol.PUSH_PATH),
        *(protocol.STATUS_PATH, protocol.PULL_PATH),
    ):
        assert path in PAGE
    for feed in protocol.FEEDS:
        assert f"| `{feed}` |" in PAGE
    for word in (*protocol.KINDS, *protocol.STATUS_STATES):
        assert f"`{word}`" in PAGE


def test_a_full_page_of_a_feed_fits_into_a_reply() -> None:
    full = protocol.PULL_PAGE_ITEMS * protocol.FEED_ITEM_MAX_BYTES
    assert full + 64 * 1024 < protocol.REPLY_MAX_BYTES


def test_a_nonce_is_remembered_for_longer_than_its_signature_is_valid() -> None:
    assert protocol.NONCE_KEPT_S > 2 * protocol.CLOCK_SKEW_MAX_S


# --- bodies are bytes ----------------------------------------------------------------------------
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_body_arrives_as_the_very_same_bytes(text: str) -> None:
    item = make_item(1, body=text.encode())
    read = protocol.read_push_request(protocol.push_request([item]))
    assert read == protocol.PushRequest((item,))


# --- reading what others wrote -------------------------------------------------------------------
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(READERS))
@given(data=st.binary() | JSONISH.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_malformed_and_nothing_worse(name: str, data: bytes) -> None:
    with pytest.raises(Malformed):
        READERS[name](data)


@given(
    key=st.sampled_from(["id", "epoch", "dseq", "kind", "schema", "sha256", "body"]), value=JSONISH
)
def test_one_odd_field_costs_its_item_alone(key: str, value: Any) -> None:
    request = json.loads(protocol.push_request([make_item(1), make_item(2)]))
    request["items"][0][key] = value
    try:
        read = protocol.read_push_request(json.dumps(request).encode())
    except Malformed:
        assert key == "id"  # it cannot even be answered: the sender bisects
        return
    assert make_item(2) in read.items
    assert len(read.items) + len(read.unreadable) == 2
    assert all(isinstance(entry, Item) for entry in read.items)
    for entry in read.unreadable:  # kept whole, and its place in the stream is known if it can be
        assert entry.outcome.outcome == "quarantined"
        assert json.dumps(json.loads(entry.raw)) == json.dumps(request["items"][0])
        assert entry.dseq in (0, 1)


def test_a_malformed_value_is_never_quoted() -> None:
    request = json.loads(protocol.push_request([make_item(1)]))
    request["items"][0]["kind"] = "NIK 3671012345678901"
    (unreadable,) = protocol.read_push_request(json.dumps(request).encode()).unreadable
    refused = unreadable.outcome
    assert isinstance(refused, Outcome)
    assert refused.problem is not None
    assert "3671" not in refused.problem
    assert "kind" in refused.problem


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"protocol": 2}, "protocol"),
        ({"protocol": True}, "protocol"),
        ({"items": {}}, "items"),
        ({"items": [1]}, "items"),
    ],
)
def test_a_request_of_another_shape_names_the_place(change: dict[str, Any], where: str) -> None:
    request = json.loads(protocol.push_request([make_item(1)])) | change
    with pytest.raises(Malformed, match=f"^{where}:"):
        protocol.read_push_request(json.dumps(request).encode())


def test_too_many_items_or_an_id_twice_are_refused() -> None:
    many = [make_item(n) for n in range(1, protocol.BATCH_TOLD_MAX_ITEMS + 2)]
    assert len(protocol.read_push_request(protocol.push_request(many[1:])).items) == len(many) - 1
    with pytest.raises(Malformed, match="more than"):
        protocol.read_push_request(protocol.push_request(many))
    with pytest.raises(Malformed, match="twice"):
        protocol.read_push_request(protocol.push_request([make_item(1), make_item(1)]))


def told(batch: Any) -> Any:
    reply = json.loads(EXAMPLES["push-reply"]) | {"batch": batch}
    return protocol.read_push_reply(json.dumps(reply).encode()).batch


@given(items=st.integers(0, protocol.DSEQ_MAX), size=st.integers(0, protocol.DSEQ_MAX))
def test_a_city_is_believed_about_its_batches_within_limits(items: int, size: int) -> None:
    batch = told({"items": items, "bytes": size})
    assert protocol.BATCH_MAX_ITEMS <= batch.items <= protocol.BATCH_TOLD_MAX_ITEMS
    assert protocol.BATCH_MAX_BYTES <= batch.bytes <= protocol.BATCH_TOLD_MAX_BYTES
    if protocol.BATCH_MAX_ITEMS <= items <= protocol.BATCH_TOLD_MAX_ITEMS:
        assert batch.items == items


def test_the_largest_batch_fits_into_a_request() -> None:
    worst = 2 * protocol.BATCH_TOLD_MAX_BYTES  # every sign of a body escaped
    assert worst + 500 * protocol.BATCH_TOLD_MAX_ITEMS < protocol.INFLATED_MAX_BYTES
    assert protocol.BATCH_TOLD_MAX_BYTES < protocol.REQUEST_MAX_BYTES


def test_a_lone_surrogate_is_no_utf8() -> None:
    request = json.loads(protocol.push_request([make_item(1)]))
    request["items"][0]["body"] = "\ud800"
    (unreadable,) = protocol.read_push_request(json.dumps(request).encode()).unreadable
    refused = unreadable.outcome
    assert refused.problem == "body: not writable as UTF-8"


# --- inflating -----------------------------------------------------------------------------------
def test_gzip_is_undone() -> None:
    assert protocol.inflate(gzip.compress(b"abc")) == b"abc"


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(protocol.INFLATED_MAX_BYTES + 1))
    assert len(bomb) < 10_000
    with pytest.raises(OverflowError):
        protocol.inflate(bomb)
    exact = bytes(protocol.INFLATED_MAX_BYTES)
    assert protocol.inflate(gzip.compress(exact)) == exact


_PACKED = gzip.compress(b"abc", mtime=0)  # tests at once must all have the same names


@pytest.mark.parametrize("data", [b"", b"{}", _PACKED[:-1], _PACKED + b"x"])
def test_half_or_doubled_gzip_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        protocol.inflate(data)


# --- packing -------------------------------------------------------------------------------------
@given(
    sizes=st.lists(st.integers(0, protocol.BATCH_MAX_BYTES + 9), max_size=40),
    limit=st.integers(1, 12),
)
def test_batches_keep_order_lose_nothing_and_stay_within_limits(
    sizes: list[int], limit: int
) -> None:
    items = [make_item(n, body=b"x" * size) for n, size in enumerate(sizes, 1)]
    batches = protocol.pack(items, limit)
    assert [item for batch in batches for item in batch] == items
    for batch in batches:
        assert 1 <= len(batch) <= limit
        total = sum(len(item.body) for item in batch)
        assert total <= protocol.BATCH_MAX_BYTES or len(batch) == 1


def test_a_code_reads_the_same_however_it_was_typed() -> None:
    assert protocol.plain_code(" k7rm-3hpx w4tc ") == "K7RM3HPXW4TC"
