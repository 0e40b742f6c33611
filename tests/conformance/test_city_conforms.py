"""What sync/PROTOCOL.md demands of any city. It leaves behind two devices and a few transactions,
each marked `"conformance": true` in its body; let it try a test system, not the real one.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import feed_signing, protocol, signing
from sync.protocol import Item
from tests.conformance.conftest import TriedCity
from tests.conformance.device import Speaker, problem_of


@pytest.fixture
def epoch() -> str:
    """An install epoch that this city has never seen."""
    return f"conf-{uuid4().hex[:12]}"


def an_item(epoch: str, dseq: int, kind: str = "application", **changed: Any) -> Item:
    name = str(uuid4())
    content = {"id": name, "kind": kind, "v": 1, "conformance": True, "text": 'é "\\\n'}
    body = changed.pop("body", json.dumps(content, ensure_ascii=False).encode())
    fields = {
        "id": name,
        "epoch": epoch,
        "dseq": dseq,
        "kind": kind,
        "schema": 1,
        "sha256": protocol.sha256_of(body),
        "body": body,
    }
    return Item(**(fields | changed))


def pushed(device: Speaker, *items: Item) -> protocol.PushReply:
    answer = device.push(*items)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == protocol.JSON_TYPE
    reply = protocol.read_push_reply(answer.content)
    assert reply.nonce == answer.headers[protocol.NONCE_HEADER]
    assert reply.digest == answer.request.headers["Content-Digest"]
    return reply


def outcomes(reply: protocol.PushReply) -> dict[str, str]:
    return {said.id: said.outcome for said in reply.outcomes}


def through(reply: protocol.PushReply | protocol.StatusReply, epoch: str) -> int:
    return {s.epoch: s.contiguous_through for s in reply.streams}.get(epoch, 0)


# --- enrolment ------------------------------------------------------------------------------------
def test_a_code_is_one_devices(tried: TriedCity, device: Speaker) -> None:
    again = device.enrol(tried.codes[0].lower())
    reply = protocol.read_enrol_reply(again.content)
    assert reply.device == device.name, "the same key may repeat its code, however typed"
    assert reply.digest == again.request.headers["Content-Digest"]
    stranger = tried.stranger()
    assert problem_of(stranger.enrol(tried.codes[0])) == "enrol-code"
    assert problem_of(stranger.enrol("2222-2222-2222")) == "enrol-code"
    assert problem_of(stranger.status()) == "unknown-device"


def test_a_key_enrols_itself_only(tried: TriedCity, other: Speaker) -> None:
    thief = tried.stranger()
    request = protocol.EnrolRequest("222222222222", signing.public_text(other.key))
    answer = thief.ask("POST", protocol.ENROL_PATH, protocol.enrol_request(request))
    assert answer.status_code == 401


# --- who may speak --------------------------------------------------------------------------------
def test_a_replay_is_refused(device: Speaker, other: Speaker) -> None:
    nonce = signing.new_nonce()
    assert device.status(nonce=nonce).status_code == 200
    assert problem_of(device.status(nonce=nonce)) == "replayed"
    assert other.status(nonce=nonce).status_code == 200, "nonces are each device's own"


@pytest.mark.parametrize("years", [-20, 20])
def test_a_wrong_clock_is_told_the_time(device: Speaker, years: int) -> None:
    answer = device.status(created=signing.utc_now() + timedelta(days=365 * years))
    assert problem_of(answer) == "clock"
    assert protocol.read_problem(answer.content).server_time


def test_a_signature_covers_what_it_must(tried: TriedCity, device: Speaker) -> None:
    assert (
        problem_of(
            requests.get(tried.url + protocol.STATUS_PATH, timeout=60, verify=tried.ca_file or True)
        )
        == "signature"
    )
    assert problem_of(device.status(key=Ed25519PrivateKey.generate())) == "signature"
    message = requests.Request(
        "POST",
        tried.url + protocol.PUSH_PATH,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        data=gzip.compress(protocol.push_request([])),
    ).prepare()
    body = message.body
    assert isinstance(body, bytes)
    signing.sign(message, device.key, device.name, signing.new_nonce(), signing.utc_now(), body)
    good = dict(message.headers)
    for change in (
        {"Content-Digest": good["Content-Digest"].replace("sha-256=:", "sha-256=:A", 1)},
        {"Signature-Input": good["Signature-Input"].replace(' "@query"', "")},
        {"Signature-Input": good["Signature-Input"].replace(' "content-digest"', "")},
        {"Signature-Input": good["Signature-Input"].replace("kiosk-sync-v1", "kiosk-sync-v0")},
    ):
        message.headers.update(good | change)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = tried.ca_file or True
            assert problem_of(session.send(message, timeout=60)) == "signature", change


# --- push -----------------------------------------------------------------------------------------
def test_twice_is_once(device: Speaker, epoch: str) -> None:
    items = [an_item(epoch, n) for n in (1, 2)]
    first = pushed(device, *items)
    again = pushed(device, *items, an_item(epoch, 3))
    assert [said.outcome for said in first.outcomes] == ["stored", "stored"]
    by_id = {said.id: said for said in again.outcomes}
    for said, item in zip(first.outcomes, items, strict=True):
        assert said.server_seq is not None
        assert by_id[item.id].outcome == "duplicate"
        assert (by_id[item.id].sha256, by_id[item.id].server_seq) == (item.sha256, said.server_seq)
    assert through(again, epoch) == 3


def test_no_gap_below_contiguous_through(device: Speaker, epoch: str) -> None:
    reached = [
        through(pushed(device, *(an_item(epoch, n) for n in part)), epoch)
        for part in ([2], [3, 5], [1], [4])
    ]
    assert reached == [0, 0, 3, 5]
    assert through(protocol.read_status_reply(device.status().content), epoch) == 5


def test_the_same_id_with_other_bytes_is_a_conflict(
    device: Speaker, other: Speaker, epoch: str
) -> None:
    item = an_item(epoch, 1)
    pushed(device, item)
    changed = an_item(epoch, 1, id=item.id, body=item.body.replace(b"true", b"false"))
    for sender in (device, other):
        assert outcomes(pushed(sender, changed)) == {item.id: "conflict"}
    assert outcomes(pushed(device, an_item(epoch, 1))).popitem()[1] == "conflict", "dseq is taken"
    assert outcomes(pushed(device, item)) == {item.id: "duplicate"}


def bad_items(epoch: str) -> Iterator[Item]:
    yield an_item(epoch, 2, body=b"not json")
    yield an_item(epoch, 3, kind="party")
    yield an_item(epoch, 4, schema=9999)
    yield an_item(epoch, 5, sha256="0" * 64)
    yield an_item(epoch, 6, id=str(uuid4()))
    yield an_item(epoch, 7, body=b"[" * 50_000)


def test_bad_items_do_not_hold_up_the_others(device: Speaker, epoch: str) -> None:
    bad = list(bad_items(epoch))
    first, last = an_item(epoch, 1), an_item(epoch, 8)
    for _ in range(2):
        said = outcomes(pushed(device, first, *bad, last))
        assert {said[item.id] for item in bad} == {"quarantined"}
    assert said[first.id] == said[last.id] == "duplicate"
    assert through(pushed(device, last), epoch) == 8, "what is kept raw is accounted for"


def test_an_unreadable_entry_costs_itself_alone(device: Speaker, epoch: str) -> None:
    request = json.loads(protocol.push_request([an_item(epoch, 1), an_item(epoch, 2)]))
    del request["items"][0]["sha256"]
    answer = device.ask("POST", protocol.PUSH_PATH, json.dumps(request).encode())
    said = outcomes(protocol.read_push_reply(answer.content))
    assert [said[entry["id"]] for entry in request["items"]] == ["quarantined", "stored"]


def test_what_the_device_lost_is_accounted_for(device: Speaker, epoch: str) -> None:
    lost = protocol.Damaged(str(uuid4()), epoch, 1)
    body = protocol.push_request([an_item(epoch, 2)], [lost])
    reply = protocol.read_push_reply(device.ask("POST", protocol.PUSH_PATH, body).content)
    assert outcomes(reply)[lost.id] == "quarantined"
    assert through(reply, epoch) == 2


def test_the_watermark_is_never_ahead(device: Speaker, epoch: str) -> None:
    reply = pushed(device, an_item(epoch, 1))
    for stream in reply.streams:
        assert 0 <= stream.backup_watermark <= stream.contiguous_through


@pytest.mark.parametrize("size", ["least", "told"])
def test_a_full_batch_passes(device: Speaker, epoch: str, size: str) -> None:
    told = pushed(device).batch if size == "told" else protocol.Batch()
    text = "x" * (told.bytes // told.items - 200)
    items = []
    for n in range(1, told.items + 1):
        plain = an_item(epoch, n)
        content = {**json.loads(plain.body), "text": text}
        items.append(an_item(epoch, n, id=plain.id, body=json.dumps(content).encode()))
    assert set(outcomes(pushed(device, *items)).values()) == {"stored"}
    assert through(pushed(device, items[0]), epoch) == len(items)


def test_every_kind_is_known(device: Speaker, epoch: str) -> None:
    items = [an_item(epoch, n, kind) for n, kind in enumerate(protocol.KINDS, start=1)]
    assert set(outcomes(pushed(device, *items)).values()) == {"stored"}


# --- refused as a whole ---------------------------------------------------------------------------
def test_what_cannot_be_read_is_malformed(device: Speaker, epoch: str) -> None:
    whole = protocol.push_request([an_item(epoch, 1)])
    twice = json.loads(whole)
    twice["items"] *= 2
    many = [an_item(epoch, n) for n in range(1, protocol.BATCH_TOLD_MAX_ITEMS + 2)]
    for body in (b"[]", whole[:-2], json.dumps(twice).encode(), protocol.push_request(many)):
        assert problem_of(device.ask("POST", protocol.PUSH_PATH, body)) == "malformed"
    plain = device.ask("POST", protocol.PUSH_PATH, whole, headers={"Content-Encoding": "identity"})
    assert problem_of(plain) == "malformed"


def test_what_is_too_large_is_said_so(device: Speaker) -> None:
    bomb = bytes(protocol.INFLATED_MAX_BYTES + 1)
    assert problem_of(device.ask("POST", protocol.PUSH_PATH, bomb)) == "too-large"


def test_another_version_is_told_which_are_spoken(device: Speaker, epoch: str) -> None:
    newer = protocol.push_request([an_item(epoch, 1)]).replace(b'"protocol":1', b'"protocol":2')
    for answer in (
        device.ask("POST", protocol.PUSH_PATH, newer),
        device.ask("GET", "/v2/sync/status"),
    ):
        assert problem_of(answer) == "version"
        assert protocol.VERSION in protocol.read_problem(answer.content).supported
    assert problem_of(device.ask("GET", "/v1/sync/nothing")) == "not-found"


# --- status and feeds -----------------------------------------------------------------------------
def test_an_unchanged_status_is_short(device: Speaker) -> None:
    first = device.status()
    etag = first.headers["ETag"]
    assert device.status(headers={"If-None-Match": etag}).status_code == 304
    reply = protocol.read_status_reply(first.content)
    assert reply.nonce == first.headers[protocol.NONCE_HEADER]
    assert reply.feeds is not None and set(reply.feeds) >= set(protocol.FEEDS)


@pytest.mark.parametrize("feed", protocol.FEEDS)
def test_a_feed_is_read_to_its_end(device: Speaker, feed: str) -> None:
    items, cursor = device.whole_feed(feed)
    status = protocol.read_status_reply(device.status().content)
    assert status.feeds is not None and status.feeds[feed] == cursor
    current = device.pull(feed, cursor, headers={"If-None-Match": f'"{cursor}"'})
    assert current.status_code == 304
    odd = protocol.read_pull_page(device.pull(feed, "rubbish.7").content)
    assert odd.reset
    assert odd.feed == feed
    if feed in protocol.PUBLISHED_FEEDS and items:
        keys = {key.key: key.public_key for key in status.feed_keys}
        assert feed_signing.check_layer(feed, items, keys) > 0
    ids = [item.id for item in items]
    assert len(set(ids)) == len(ids)


def test_an_unknown_feed_is_not_found(device: Speaker) -> None:
    assert problem_of(device.pull("secrets")) == "not-found"


# --- rotation, last: the other device changes its key ---------------------------------------------
def test_the_old_key_holds_until_the_new_one_is_used(other: Speaker) -> None:
    new = Ed25519PrivateKey.generate()
    request = protocol.rotate_request(feed_signing.rotation(other.name, new))
    for _ in range(2):
        reply = protocol.read_rotate_reply(other.ask("POST", protocol.ROTATE_PATH, request).content)
        assert reply.device == other.name
    assert other.status().status_code == 200
    assert other.status(key=new).status_code == 200
    assert problem_of(other.status()) == "signature"
    wrong = feed_signing.rotation("d-somebody-else", Ed25519PrivateKey.generate())
    body = protocol.rotate_request(wrong)
    assert problem_of(other.ask("POST", protocol.ROTATE_PATH, body, key=new)) == "malformed"
    other.key = new
