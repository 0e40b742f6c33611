"""The city over real HTTP: keys, feeds, versions, the herd, and the first release's own bytes."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import select
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync import feed_signing, protocol, signing
from sync.city import admission
from sync.city.__main__ import _bind, main
from sync.city.admission import Admission, Busy
from sync.city.door import HEAD_MAX_BYTES
from sync.city.tables import ENROL_CODE
from sync.feed_signing import LayerRefused
from tests.city_support import RunningCity, Speaker, open_store, problem_of, serving
from tests.sync_support import make_item

V1 = Path(__file__).resolve().parents[1] / "data/wire/v1"
RECORDED = json.loads((V1 / "recorded.json").read_text())


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('wire')}/city.sqlite") as running:
        yield running


def speaker(city: RunningCity) -> Speaker:
    made = Speaker(city.url)
    assert made.enrol(city.code()).status_code == 200
    return made


# --- rotation -------------------------------------------------------------------------------------
def rotate(device: Speaker, new: Ed25519PrivateKey, **how: Any) -> requests.Response:
    request = feed_signing.rotation(device.name, new)
    return device.ask("POST", protocol.ROTATE_PATH, protocol.rotate_request(request), **how)


def test_the_old_key_holds_until_the_new_one_is_used(city: RunningCity) -> None:
    device, new = speaker(city), Ed25519PrivateKey.generate()
    said = protocol.read_rotate_reply(rotate(device, new).content)
    assert said.device == device.name
    assert device.status().status_code == 200, "the old key, as the new one is not in use"
    assert rotate(device, new).status_code == 200, "its reply may have been lost"
    assert device.status(key=new).status_code == 200
    assert problem_of(device.status()) == "signature"
    assert rotate(device, new, key=new).status_code == 200, "told again by the new key"
    assert problem_of(device.enrol(city.code())) == "signature", "the old key is nobody's now"
    third = Ed25519PrivateKey.generate()
    assert rotate(device, third, key=new).status_code == 200
    assert device.push(make_item(1, epoch="rotated"), key=third).status_code == 200
    assert problem_of(device.status(key=new)) == "signature"


def test_a_key_is_taken_with_its_own_proof_only(city: RunningCity) -> None:
    device, other = speaker(city), speaker(city)
    new = Ed25519PrivateKey.generate()
    assert problem_of(rotate(device, new, key=new)) == "signature"
    wrong = protocol.RotateRequest(
        signing.public_text(new), feed_signing.rotation(other.name, new).proof
    )
    body = protocol.rotate_request(wrong)
    assert problem_of(device.ask("POST", protocol.ROTATE_PATH, body)) == "malformed"
    assert problem_of(rotate(device, other.key)) == "malformed", "in use by another device"
    assert problem_of(device.status(key=new)) == "signature"


# --- revoked --------------------------------------------------------------------------------------
def test_a_revoked_devices_unsent_data_goes_to_quarantine(city: RunningCity) -> None:
    device = speaker(city)
    device.push(make_item(1, epoch="rv"))
    city.store.revoke(device.name, signing.utc_now())
    for answer in (device.status(), device.pull("catalogue"), rotate(device, device.key)):
        assert problem_of(answer) == "revoked"
    reply = protocol.read_push_reply(device.push(make_item(2, epoch="rv")).content)
    assert [(said.outcome, said.problem) for said in reply.outcomes] == [
        ("quarantined", "device-revoked")
    ]
    lines = [
        (line["dseq"], line["problem"])
        for line in city.store.transactions(quarantined=True)
        if line["device"] == device.name
    ]
    assert lines == [(2, "device-revoked")]


# --- versions and status --------------------------------------------------------------------------
def test_another_version_is_told_which_are_spoken(city: RunningCity) -> None:
    device = speaker(city)
    newer = protocol.push_request([make_item(1)]).replace(b'"protocol":1', b'"protocol":2')
    for answer in (
        device.ask("POST", protocol.PUSH_PATH, newer),
        device.ask("POST", "/v2/sync/push", newer),
        device.ask("GET", "/v17/sync/status"),
    ):
        said = protocol.read_problem(answer.content)
        assert (said.code, said.status, said.supported) == ("version", 400, (1,))
    for path in ("/v1/sync/nothing", "/v1/", "/", "/vx/sync/push", "/v2"):
        assert problem_of(device.ask("GET", path)) == "not-found"


def test_a_quiet_device_asks_one_small_question(city: RunningCity) -> None:
    device = speaker(city)
    first = device.status()
    reply = protocol.read_status_reply(first.content)
    assert reply.feeds is not None and set(reply.feeds) == set(protocol.FEEDS)
    etag = first.headers["ETag"]
    quiet = device.status(headers={"If-None-Match": etag})
    assert (quiet.status_code, quiet.content) == (304, b"")
    device.push(make_item(1, epoch="quiet"))
    told = device.status(headers={"If-None-Match": etag})
    assert told.status_code == 200
    assert told.headers["ETag"] != etag


def test_a_head_without_an_end_is_hung_up_on(city: RunningCity) -> None:
    place = urlsplit(city.url)
    address = (str(place.hostname), int(place.port or 0))
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(b"GET /v1/sync/status HTTP/1.1\r\nHost: x\r\n")
        sent = 0
        with pytest.raises(OSError):
            while sent < 100 * HEAD_MAX_BYTES:
                line.sendall(b"X-Long: " + b"a" * 4000 + b"\r\n")
                sent += 4010
                if select.select([line], [], [], 0)[0] and not line.recv(1):
                    raise ConnectionResetError
    assert HEAD_MAX_BYTES <= sent < 100 * HEAD_MAX_BYTES
    # And no body is taken for a head.
    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200_000)
    body = json.dumps({"v": 1, "text": "".join(letters)}).encode()
    sha256 = protocol.sha256_of(body)
    answer = speaker(city).push(make_item(1, epoch="large", body=body, sha256=sha256))
    assert answer.status_code == 200


def test_idle_poll_is_small_on_the_wire(city: RunningCity) -> None:
    """Head to tail of both directions, as bytes on the line."""
    device = speaker(city)
    etag = device.status().headers["ETag"]
    message = requests.Request("GET", city.url + protocol.STATUS_PATH).prepare()
    message.headers.clear()
    message.headers["If-None-Match"] = etag
    signing.sign(message, device.key, device.name, signing.new_nonce(), signing.utc_now(), b"")
    lines = [f"{name}: {value}" for name, value in message.headers.items()]
    host = city.url.removeprefix("http://")
    asked = "\r\n".join([f"GET {protocol.STATUS_PATH} HTTP/1.1", f"Host: {host}", *lines, "", ""])
    answer = exchange(city.url, asked.encode())
    assert answer.startswith(b"HTTP/1.1 304")
    assert len(asked) + len(answer) <= 600


# --- feeds ----------------------------------------------------------------------------------------
def test_a_published_feed_arrives_whole_signed_and_compressed(
    city: RunningCity, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.generate()
    public = signing.public_text(key)
    named = protocol.FeedKey(protocol.key_id(public), public)
    city.store.add_feed_key(named, signing.utc_now())
    contents = {f"s-{n:03}": {"id": f"s-{n:03}", "text": "é" * 300} for n in range(53)}
    edition = city.store.publish("catalogue", contents, key, signing.utc_now())
    device = Speaker(city.url)
    enrolled = protocol.read_enrol_reply(device.enrol(city.code()).content)
    assert named in enrolled.feed_keys
    items, cursor = device.whole_feed("catalogue")
    keys = {key.key: key.public_key for key in enrolled.feed_keys}
    assert feed_signing.check_layer("catalogue", items, keys) == edition
    assert [json.loads(item.body) for item in items] == list(contents.values())
    status = protocol.read_status_reply(device.status().content)
    assert status.feeds is not None and status.feeds["catalogue"] == cursor
    current = device.pull("catalogue", cursor, headers={"If-None-Match": f'"{cursor}"'})
    assert current.status_code == 304
    page = device.pull("catalogue", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) < len(page.content) / 5
    plain = device.pull("catalogue")
    assert "Content-Encoding" not in plain.headers
    old = json.loads(device.pull("catalogue", form="").content)
    assert set(old["items"][0]) == {"id", "content"}


def signed_layer(
    key: Ed25519PrivateKey, count: int = 3, edition: int = 7
) -> list[protocol.FeedItem]:
    bodies = {f"s{n}": json.dumps({"id": f"s{n}"}).encode() for n in range(count)}
    return [
        protocol.FeedItem(
            name,
            json.loads(body),
            body,
            feed_signing.sign_item(key, "catalogue", name, edition, count, body),
        )
        for name, body in bodies.items()
    ]


def test_a_layer_that_is_not_the_citys_is_refused() -> None:
    key, thief = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = signing.public_text(key)
    keys = {protocol.key_id(public): public}
    good = signed_layer(key)
    assert feed_signing.check_layer("catalogue", good, keys, 7) == 7
    assert feed_signing.check_layer("catalogue", [], keys, 7) == 0
    first = good[0]
    assert first.signature is not None
    bare = protocol.FeedItem(first.id, first.content, first.body, None)
    renamed = protocol.FeedItem("other", first.content, first.body, first.signature)
    claimed = protocol.FeedSignature(
        protocol.key_id(public),
        7,
        3,
        signed_layer(thief)[0].signature.value,  # type: ignore[union-attr]
    )
    forged = protocol.FeedItem(first.id, first.content, first.body, claimed)
    bad: dict[str, tuple[str, list[protocol.FeedItem], int]] = {
        "older": ("catalogue", good, 8),
        "2 of 3": ("catalogue", good[1:], 0),
        "twice": ("catalogue", [*good, first], 0),
        "not signed": ("catalogue", [bare, *good[1:]], 0),
        "editions": ("catalogue", [*good[:2], signed_layer(key, edition=8)[2]], 0),
        "not what": ("catalogue", [renamed, *good[1:]], 0),
        "what the city": ("catalogue", [forged, *good[1:]], 0),
        "key": ("catalogue", signed_layer(thief), 0),
        "signed": ("announcements", good, 0),
    }
    for why, (feed, items, newest) in bad.items():
        with pytest.raises(LayerRefused):
            feed_signing.check_layer(feed, items, keys, newest)
            pytest.fail(why)


@given(place=st.integers(0, 200), change=st.integers(1, 255))
def test_one_changed_byte_is_refused(place: int, change: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public = signing.public_text(key)
    (item,) = signed_layer(key, 1)
    body = bytearray(item.body)
    body[place % len(body)] ^= change
    altered = protocol.FeedItem(item.id, item.content, bytes(body), item.signature)
    with pytest.raises(LayerRefused):
        feed_signing.check_layer("catalogue", [altered], {protocol.key_id(public): public})


def test_a_newer_key_needs_the_word_of_a_known_one() -> None:
    first, second, third, thief = (Ed25519PrivateKey.generate() for _ in range(4))
    public = signing.public_text(first)
    known = {protocol.key_id(public): public}
    told = [
        feed_signing.endorse(second, signing.public_text(third)),
        feed_signing.endorse(first, signing.public_text(second)),
        feed_signing.endorse(thief, signing.public_text(thief)),
        protocol.FeedKey(protocol.key_id(signing.public_text(thief)), signing.public_text(thief)),
        protocol.FeedKey(
            protocol.key_id(public), signing.public_text(thief), protocol.key_id(public), "A" * 86
        ),
    ]
    trusted = feed_signing.trusted_keys(known, told)
    assert set(trusted.values()) == {signing.public_text(key) for key in (first, second, third)}


class Administrator:
    """`city …` without a process of its own for each command."""

    def __init__(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self._capsys = capsys

    def command(self, *words: str) -> tuple[int, str, str]:
        status = main([*words, "--database", self.database])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def lines(self, *words: str) -> list[Any]:
        status, out, err = self.command(*words)
        assert status == 0, err
        return [json.loads(line) for line in out.splitlines()]


def test_the_administrators_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The path of a city: a key, three feeds, a status, a backup, a citizen who asks."""
    city = Administrator(f"sqlite:///{tmp_path}/city.sqlite", capsys)
    for name, text in {
        "catalogue/sktm.toml": 'id = "sktm"\n',
        "news/tutup.toml": 'id = "tutup"\nfrom = 2026-11-21\nuntil = 2026-11-30\nsource = "Lurah"\n'
        '[title]\nid = "Tutup"\nen = "Closed"\n[text]\nid = "Besok"\nen = "Tomorrow"\n',
        "bad/x.toml": 'id = "x"\nfrom = 2026-11-21\n',
        "holidays.toml": '[[holiday]]\nday = 2026-08-17\nname = { id = "Merdeka", en = "Free" }\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (made,) = city.lines("catalogue-key")
    assert (tmp_path / "catalogue.key").stat().st_mode & 0o777 == 0o600
    (newer,) = city.lines(
        *("catalogue-key", "--key", f"{tmp_path}/next.key"),
        *("--endorsed-by", f"{tmp_path}/catalogue.key"),
    )
    for feed, path in (
        ("catalogue", "catalogue"),
        ("announcements", "news"),
        ("holidays", "holidays.toml"),
    ):
        assert city.lines("publish", feed, f"{tmp_path}/{path}")[0]["items"] == 1
    for wrong in (
        ("publish", "announcements", f"{tmp_path}/bad"),
        ("publish", "holidays", f"{tmp_path}/catalogue"),
        ("publish", "catalogue", f"{tmp_path}/catalogue", "--key", f"{tmp_path}/stranger.key"),
        ("status", "KH7F-3KTM", "ready"),
        ("status", "nonsense", "ready"),
        ("citizen-request", "access", "KH7F-3KTM"),
        ("citizen-request", "erase", "KH7F-3KTM"),
        ("transactions", "--after", "", "--limit", "0"),
    ):
        status, _, err = city.command(*wrong)
        assert (status, err.count("\n")) == (2, 1), wrong
    store = open_store(city.database)
    plain = make_item(1)
    content = {"id": plain.id, "kind": plain.kind, "code": "KH7F-3KTM", "answers": {"n": "Siti"}}
    item = make_item(1, body=json.dumps(content).encode())
    store.take("d-1", protocol.PushRequest((item,)), signing.utc_now())
    assert city.lines("status", "KH7F-3KTM", "ready", "--note-id", "Bawa KTP")[0]["devices"] == 1
    assert city.lines("backup", f"{tmp_path}/copy.sqlite")[0]["envelopes"] == 1
    assert store.standing("d-1").streams[0].backup_watermark == 1
    assert city.command("backup", f"{tmp_path}/copy.sqlite")[0] == 2
    assert city.command("backed-up", "b-nonsense")[0] == 2
    (line,) = city.lines("transactions", "--after", "")
    assert line["id"] == item.id
    assert city.lines("transactions", "--after", line["cursor"]) == []
    (told,) = city.lines("citizen-request", "access", "KH7F-3KTM")
    assert "Siti" in told["held"][0]["body"]
    values = tmp_path / "values.json"
    values.write_text('{"n": "Sita"}')
    city.lines(
        *("citizen-request", "correct", "KH7F-3KTM", "--reason", "typed wrongly"),
        *("--values", str(values)),
    )
    assert city.lines("citizen-request", "erase", "KH7F-3KTM", "--reason", "asked")[0]["erased"]
    (told,) = city.lines("citizen-request", "access", "KH7F-3KTM")
    assert "Sit" not in json.dumps(told)
    keys = {made["key"]: made["public_key"]}
    trusted = feed_signing.trusted_keys(keys, store.feed_keys())
    assert set(trusted) == {made["key"], newer["key"]}
    store.close()


# --- a herd ---------------------------------------------------------------------------------------
def test_wrong_codes_from_one_address_are_slowed_down(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/city.sqlite") as city:
        said = [problem_of(Speaker(city.url).enrol("2222-2222-2222")) for _ in range(20)]
        assert set(said) == {"enrol-code"}
        late = Speaker(city.url).enrol(city.code())
        assert problem_of(late) == "too-many"
        assert int(late.headers["Retry-After"]) > 0


def test_attempts_are_forgotten_and_addresses_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ADDRESSES_MAX", 3)
    door = Admission(draw=lambda: 0.0)
    for second in range(admission.ENROL_FAILURES_MAX):
        door.may_enrol("a", second)
        door.enrol_failed("a", second)
    with pytest.raises(Busy) as refused:
        door.may_enrol("a", 20)
    assert refused.value.retry_after_s == admission.ENROL_WINDOW_S - 20 + admission.RETRY_FROM_S
    door.may_enrol("a", admission.ENROL_WINDOW_S)
    for address in "bcd":
        door.enrol_failed(address, 30)
    door.may_enrol("a", 20)  # the oldest of too many addresses is forgotten


def test_turns_are_bounded_and_the_rest_sent_away() -> None:
    draws = iter([0.0, 0.5, 0.999])

    async def herd() -> tuple[int, list[int]]:
        door = Admission(at_once=2, waiting_max=3, draw=lambda: next(draws))
        most = inside = 0
        away: list[int] = []

        async def one() -> None:
            nonlocal most, inside
            try:
                async with door.turn():
                    inside += 1
                    most = max(most, inside)
                    await asyncio.sleep(0.01)
                    inside -= 1
            except Busy as busy:
                away.append(busy.retry_after_s)

        await asyncio.gather(*(one() for _ in range(8)))
        return most, away

    most, away = asyncio.run(herd())
    assert most == 2
    assert away == [5, 33, 60], "spread out, so that they do not come back together"


def test_bodies_in_memory_are_bounded() -> None:
    door = Admission(bodies_max=100)
    door.hold(60)
    with pytest.raises(Busy):
        door.hold(41)
    door.release(60)
    door.hold(100)


def test_a_herd_is_drained_and_nobody_gets_less_than_an_answer(tmp_path: Path) -> None:
    """More pushes at once than the city takes: each is stored or told when to come again."""
    with serving(f"sqlite:///{tmp_path}/city.sqlite") as city:
        device = speaker(city)
        items = [make_item(n, epoch="herd") for n in range(1, 121)]

        def push(item: protocol.Item) -> tuple[int, str]:
            answer = device.push(item)
            if answer.status_code == 503:
                assert 5 <= int(answer.headers["Retry-After"]) <= 60
            return answer.status_code, problem_of(answer)

        with ThreadPoolExecutor(60) as crowd:
            said = list(crowd.map(push, items))
        assert set(said) <= {(200, ""), (503, "busy")}
        held = {line["id"] for line in city.store.transactions()}
        assert held == {i.id for i, (status, _) in zip(items, said, strict=True) if status == 200}
        for item in items:
            assert push(item)[0] == 200
        assert city.store.standing(device.name).streams[0].contiguous_through == len(items)


# --- what the first release sent ------------------------------------------------------------------
def exchange(url: str, request: bytes) -> bytes:
    """Raw bytes there and back, until the city's answer is whole."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += line.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next(
            (int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if b"content-length:" in h),
            0,
        )
        while len(body) < length:
            body += line.recv(65536)
        return head + b"\r\n\r\n" + body


def replayed(url: str, name: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """A recorded request sent again byte by byte: our status and JSON, and what it got then."""
    head, _, body = exchange(url, (V1 / f"{name}.request").read_bytes()).partition(b"\r\n\r\n")
    if b"content-encoding: gzip" in head:
        body = gzip.decompress(body)
    then = (V1 / f"{name}.reply").read_bytes().partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == then[0].split(b" ")[1]
    assert head.lower().split(b"kiosk-nonce: ")[1:] != []
    return (
        int(head.split(b" ")[1]),
        json.loads(body) if body else {},
        json.loads(then[2]) if then[2] else {},
    )


def told_alike(now: Any, then: Any) -> None:
    """Everything that the first release read is there, and but for times and numbers equal."""
    if isinstance(then, dict):
        for key, value in then.items():
            if key not in ("server_time", "server_epoch", "server_seq", "cursor"):
                told_alike(now[key], value)
            else:
                assert isinstance(now[key], type(value)), key
    elif isinstance(then, list):
        assert len(now) == len(then)
        for ours, theirs in zip(now, then, strict=True):
            told_alike(ours, theirs)
    else:
        assert now == then


@pytest.fixture
def then() -> datetime:
    """The moment of the recording, when its signatures were fresh."""
    return datetime.fromisoformat(RECORDED["at"]) + timedelta(seconds=5)


def test_the_first_releases_bytes_are_still_served(tmp_path: Path, then: datetime) -> None:
    with serving(f"sqlite:///{tmp_path}/city.sqlite", now=lambda: then) as city:
        code = protocol.plain_code(RECORDED["enrol_code"])
        with city.store._writing() as db:
            expires_at = (then + timedelta(days=1)).isoformat()
            row = {"code_sha256": protocol.sha256_of(code.encode()), "expires_at": expires_at}
            db.execute(ENROL_CODE.insert().values(row))
        services = {
            "sktm": {"id": "sktm", "filing": "form", "checked": "2026-11-01"},
            "antrean": {"id": "antrean", "filing": "ticket"},
        }
        city.store.publish("catalogue", services, Ed25519PrivateKey.generate(), then)
        for name in ("enrol", "status-empty", "push", "status", "pull"):
            status, said, told = replayed(city.url, name)
            assert status == 200
            if name != "status-empty":
                told_alike(said, told)
        # What it quarantined then by name only is a known kind of its own now: not here.
        _, said, told = replayed(city.url, "push-again")
        assert [entry["outcome"] for entry in said["outcomes"]] == [
            entry["outcome"] for entry in told["outcomes"]
        ]
        assert len(list(city.store.transactions())) == 4


def test_the_first_releases_database_is_served(tmp_path: Path, then: datetime) -> None:
    with sqlite3.connect(tmp_path / "city.sqlite") as old:
        old.executescript((V1 / "city.sql").read_text())
        old.execute("DELETE FROM nonce")
    old.close()
    with serving(f"sqlite:///{tmp_path}/city.sqlite", now=lambda: then) as city:
        for name in ("status", "push-again", "pull"):
            status, said, told = replayed(city.url, name)
            assert status == 200
            told_alike(said, told)
        status, _, _ = replayed(city.url, "pull-current")
        assert status == 304
        device = Speaker(city.url, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        page = protocol.read_pull_page(device.pull("catalogue", created=then).content)
        assert [item.signature for item in page.items] == [None, None], "published unsigned"
        assert [json.loads(item.body) for item in page.items] == [i.content for i in page.items]


# --- the line -------------------------------------------------------------------------------------
def test_a_reply_waits_for_no_acknowledgement() -> None:
    """With Nagle's algorithm each reply would stand 40 ms on the line."""

    async def delays() -> int:
        met: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = writer.get_extra_info("socket")
            met.set_result(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        bound = _bind("127.0.0.1", 0)
        async with await asyncio.start_server(meet, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            writer.close()
            return await met

    assert asyncio.run(delays()) != 0
