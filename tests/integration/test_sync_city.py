"""The city API over real HTTP: who may speak, what is kept, and its administrator's commands."""

from __future__ import annotations

import gzip
import json
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import protocol, signing
from sync.city.store import CityStore, CodeRefused, KnownDevice
from sync.city.tables import open_engine
from sync.problems import DeviceStopped, Refused, Unreachable
from sync.transport import CityTransport
from tests.sync_support import City, answers, make_item, running_city, wait_until


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with running_city(tmp_path_factory.mktemp("city")) as running:
        yield running


class Device:
    """A device with a key of its own that can also misbehave."""

    def __init__(self, city: City, *, enrolled: bool = True) -> None:
        self.city = city
        self.key = Ed25519PrivateKey.generate()
        self.name = signing.device_id(signing.public_text(self.key))
        self.transport = CityTransport(city.url, self.key)
        if enrolled:
            assert self.transport.enrol(city.code()).device == self.name

    def prepared(
        self,
        method: str = "GET",
        path: str = protocol.STATUS_PATH,
        body: bytes = b"",
        nonce: str | None = None,
        created: datetime | None = None,
    ) -> requests.PreparedRequest:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"} if body else {}
        message = requests.Request(
            method, self.city.url + path, headers=headers, data=body or None
        ).prepare()
        moment = created or signing.utc_now()
        signing.sign(message, self.key, self.name, nonce or signing.new_nonce(), moment, body)
        return message


def send(message: requests.PreparedRequest) -> tuple[int, str]:
    """Status and problem code ("" when it is none)."""
    with requests.Session() as session:
        response = session.send(message, timeout=20, allow_redirects=False)
    if response.headers["Content-Type"] != protocol.PROBLEM_TYPE:
        return response.status_code, ""
    said = protocol.read_problem(response.content)
    assert said.status == response.status_code
    return response.status_code, said.code


def standing(device: Device) -> protocol.StatusReply:
    """The whole status reply, whatever the device's own transport remembers."""
    reply = CityTransport(device.city.url, device.key).status()
    assert reply is not None
    return reply


def push(body: bytes) -> dict[str, Any]:
    return {"method": "POST", "path": protocol.PUSH_PATH, "body": gzip.compress(body)}


# --- what is kept --------------------------------------------------------------------------------
def test_pushed_twice_is_there_once(city: City) -> None:
    device = Device(city)
    items = [make_item(n, epoch="twice") for n in (1, 2, 3)]
    first = device.transport.push(items[:2])
    again = device.transport.push(items)
    assert [said.outcome for said in first.outcomes] == ["stored", "stored"]
    assert [said.outcome for said in again.outcomes] == ["duplicate", "duplicate", "stored"]
    assert [said.server_seq for said in again.outcomes[:2]] == [
        said.server_seq for said in first.outcomes
    ]
    assert [said.sha256 for said in again.outcomes] == [item.sha256 for item in items]
    mine = [line for line in city.lines("transactions") if line["device"] == device.name]
    assert [(line["id"], line["dseq"], line["kind"], line["sha256"]) for line in mine] == [
        (item.id, item.dseq, item.kind, item.sha256) for item in items
    ]
    assert list(mine[0]) == ["id", "device", "dseq", "kind", "sha256", "received_at"]


def test_the_same_id_with_other_bytes_is_a_conflict(city: City) -> None:
    device, other = Device(city), Device(city)
    item = make_item(1, epoch="conflict")
    changed = make_item(1, epoch="conflict", body=item.body.replace(b"Siti", b"Sita"))
    device.transport.push([item])
    for sender in (device, other):
        (said,) = sender.transport.push([changed]).outcomes
        assert (said.outcome, said.problem) == ("conflict", "id-taken")
    taken = make_item(1, epoch="conflict", id=make_item(77, epoch="conflict").id)
    body = taken.body.replace(item.id.encode(), taken.id.encode())
    taken = make_item(1, epoch="conflict", id=taken.id, body=body)
    (said,) = device.transport.push([taken]).outcomes
    assert (said.outcome, said.problem) == ("conflict", "dseq-taken")
    kept = [line for line in city.lines("transactions") if line["device"] == device.name]
    assert [line["sha256"] for line in kept] == [item.sha256]


def test_one_bad_item_is_quarantined_and_the_others_stored(city: City) -> None:
    device = Device(city)

    def bad(dseq: int, **changed: Any) -> protocol.Item:
        return make_item(dseq, epoch="mixed", **changed)

    items = [
        bad(1),
        bad(2, body=b"not json"),
        bad(3, body=b'{"id":"another"}'),
        bad(4, kind="party"),
        bad(5, schema=99),
        bad(6, sha256="0" * 64),
        bad(7, body=b"[" * 100_000),
        bad(8),
    ]
    reply = device.transport.push(items)
    assert [(said.outcome, said.problem) for said in reply.outcomes] == [
        ("stored", None),
        ("quarantined", "body-not-json"),
        ("quarantined", "body-id-differs"),
        ("quarantined", "kind-unknown"),
        ("quarantined", "schema-unknown"),
        ("quarantined", "digest-differs"),
        ("quarantined", "body-not-json"),
        ("stored", None),
    ]
    arrived = [line["dseq"] for line in city.lines("transactions") if line["device"] == device.name]
    assert arrived == [1, 8]
    aside = [
        line
        for line in city.lines("transactions", "--quarantined")
        if line["device"] == device.name
    ]
    assert [(line["dseq"], line["problem"]) for line in aside] == [
        (2, "body-not-json"),
        (3, "body-id-differs"),
        (4, "kind-unknown"),
        (5, "schema-unknown"),
        (6, "digest-differs"),
        (7, "body-not-json"),
    ]
    again = device.transport.push(items)
    assert [said.outcome for said in again.outcomes] == [
        "duplicate", *["quarantined"] * 6, "duplicate",
    ]  # fmt: skip


def test_contiguous_through_has_no_gap_below(city: City) -> None:
    device = Device(city)
    through = []
    for wanted in ([2], [3, 5], [1], [4], [6, 7]):
        reply = device.transport.push([make_item(n, epoch="gap") for n in wanted])
        through.append({s.epoch: s.contiguous_through for s in reply.streams}["gap"])
    assert through == [0, 0, 3, 5, 7]
    assert standing(device).streams == (protocol.Stream("gap", 7),)


def test_batches_of_the_largest_size_pass(city: City) -> None:
    device = Device(city)
    text = 'é"\\\n' * 300
    items = []
    for n in range(1, protocol.BATCH_MAX_ITEMS + 1):
        plain = make_item(n, epoch="large")
        body = json.dumps({"id": plain.id, "kind": plain.kind, "text": text}).encode()
        items.append(make_item(n, epoch="large", body=body))
    for batch in protocol.pack(items):
        assert {said.outcome for said in device.transport.push(batch).outcomes} == {"stored"}


# --- who may speak -------------------------------------------------------------------------------
def test_a_replayed_request_is_refused(city: City) -> None:
    device = Device(city)
    message = device.prepared(**push(protocol.push_request([make_item(1, epoch="replay")])))
    assert send(message)[0] == 200
    assert send(message) == (401, "replayed")
    status = device.prepared(nonce="again-and-again-and-a")
    assert send(status)[0] == 200
    assert send(device.prepared(nonce="again-and-again-and-a")) == (401, "replayed")
    assert send(Device(city).prepared(nonce="again-and-again-and-a"))[0] == 200


def test_a_wrong_signature_is_refused_and_nothing_kept(city: City) -> None:
    device, thief = Device(city), Device(city)
    before = len(city.lines("transactions"))
    request = push(protocol.push_request([make_item(1, epoch="thief")]))
    forged = thief.prepared(**request)
    mine = device.prepared(**request)
    claimed = str(forged.headers["Signature-Input"]).replace(thief.name, device.name)
    forged.headers["Signature-Input"] = claimed
    assert send(forged) == (401, "signature")
    mine.body = gzip.compress(protocol.push_request([make_item(2, epoch="thief")]))
    mine.headers["Content-Length"] = str(len(mine.body))
    assert send(mine) == (401, "signature")
    bare = requests.Request("GET", city.url + protocol.STATUS_PATH).prepare()
    assert send(bare) == (401, "signature")
    assert len(city.lines("transactions")) == before


def test_a_stranger_is_told_apart_from_a_revoked_device(city: City) -> None:
    stranger = Device(city, enrolled=False)
    with pytest.raises(DeviceStopped, match="unknown-device"):
        stranger.transport.status()
    device = Device(city)
    device.transport.push([make_item(1, epoch="revoked")])
    assert city.command("revoke", device.name).returncode == 0
    with pytest.raises(DeviceStopped, match="revoked"):
        device.transport.status()
    with pytest.raises(DeviceStopped, match="revoked"):
        device.transport.enrol(city.code())
    listed = {line["device"]: line["revoked_at"] for line in city.lines("devices")}
    assert listed[device.name] is not None
    assert stranger.name not in listed
    assert city.command("revoke", "d-nobody").returncode == 2


@pytest.mark.parametrize("years", [-30, 30])
def test_a_wrong_clock_costs_a_second_signature_only(city: City, years: int) -> None:
    device = Device(city)
    wrong = signing.utc_now() + timedelta(days=365 * years)
    assert send(device.prepared(created=wrong)) == (401, "clock")
    behind = CityTransport(city.url, device.key, now=lambda: wrong)
    (said,) = behind.push([make_item(1, epoch=f"clock{years}")]).outcomes
    assert said.outcome == "stored"


def test_anything_malformed_gets_a_problem_and_no_more(city: City) -> None:
    device = Device(city)
    whole = protocol.push_request([make_item(1, epoch="odd")])
    cases = {
        b"": (400, "malformed"),
        b"[]": (400, "malformed"),
        whole[:-2]: (400, "malformed"),
        whole.replace(b'"protocol":1', b'"protocol":2'): (400, "version"),
        whole.replace(b'"protocol":1', b'"protocol":true'): (400, "malformed"),
        bytes(protocol.INFLATED_MAX_BYTES + 1): (413, "too-large"),
    }
    for body, expected in cases.items():
        assert send(device.prepared(**push(body))) == expected
    plain = device.prepared("POST", protocol.PUSH_PATH, whole)
    assert send(plain) == (400, "malformed")  # said gzip, is not
    assert send(device.prepared("GET", "/v1/nothing")) == (404, "not-found")
    assert send(device.prepared("DELETE", protocol.PUSH_PATH)) == (404, "not-found")
    assert send(device.prepared("GET", protocol.PULL_PATH + "?feed=secrets")) == (404, "not-found")
    large = requests.Request(
        "POST",
        city.url + protocol.PUSH_PATH,
        headers={"Content-Encoding": "gzip"},
        data=iter([b"x" * 65536] * (protocol.REQUEST_MAX_BYTES // 65536 + 2)),
    ).prepare()
    try:
        assert send(large) == (413, "too-large")
    except requests.ConnectionError:
        pass  # it may hang up on someone who goes on talking
    assert send(device.prepared())[0] == 200


# --- enrolment -----------------------------------------------------------------------------------
def test_a_code_serves_one_device_once(city: City) -> None:
    code = city.code()
    device, other = Device(city, enrolled=False), Device(city, enrolled=False)
    assert device.transport.enrol(code.lower().replace("-", " ")).device == device.name
    with pytest.raises(Refused, match="enrol-code"):
        other.transport.enrol(code)
    # Its first reply may have been lost: the same device may ask again.
    assert device.transport.enrol(code).device == device.name
    with pytest.raises(Refused, match="enrol-code"):
        other.transport.enrol("2222-2222-2222")
    with pytest.raises(DeviceStopped):
        other.transport.status()


def test_a_code_expires(tmp_path: Path) -> None:
    store = CityStore(open_engine(f"sqlite:///{tmp_path}/city.sqlite"))
    store.prepare()
    made_at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    code, expires_at = store.issue_code(made_at, 24)
    assert expires_at == made_at + timedelta(hours=24)
    key = signing.public_text(Ed25519PrivateKey.generate())
    request = protocol.EnrolRequest(protocol.plain_code(code), key)
    with pytest.raises(CodeRefused):
        store.enrol(request, expires_at)
    assert store.find_device(signing.device_id(key)) is None
    device = store.enrol(request, expires_at - timedelta(seconds=1))
    assert store.find_device(device) == KnownDevice(key, None, False)
    store.close()


def test_a_code_cannot_be_read_from_the_database(tmp_path: Path) -> None:
    city = City(tmp_path)
    code = city.code()
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert code.encode() not in data
        assert protocol.plain_code(code).encode() not in data


def test_enrolling_with_someone_elses_key_fails(city: City) -> None:
    victim, thief = Device(city), Device(city, enrolled=False)
    request = protocol.EnrolRequest(
        protocol.plain_code(city.code()), signing.public_text(victim.key)
    )
    body = gzip.compress(protocol.enrol_request(request))
    assert send(thief.prepared("POST", protocol.ENROL_PATH, body))[0] == 401


# --- feeds ---------------------------------------------------------------------------------------
def service(folder: Path, name: str, text: str = "x") -> None:
    (folder / f"{name}.toml").write_text(f'id = "{name}"\nname = "{text}"\nsince = 2026-01-02\n')


def test_the_catalogue_is_pulled_in_pages_and_only_when_changed(city: City, tmp_path: Path) -> None:
    device = Device(city)
    for number in range(protocol.PULL_PAGE_ITEMS + 3):
        service(tmp_path, f"service-{number:03}")
    (published,) = city.lines("publish-catalogue", str(tmp_path))
    edition = published.pop("edition")
    assert published == {"feed": "catalogue", "items": protocol.PULL_PAGE_ITEMS + 3}
    (again,) = city.lines("publish", "catalogue", str(tmp_path))
    assert again["edition"] == edition, "nothing changed: nobody need fetch it again"
    first = device.transport.pull("catalogue", "")
    assert first is not None and first.reset and first.more
    second = device.transport.pull("catalogue", first.cursor)
    assert second is not None and not second.reset and not second.more
    names = [item.id for item in first.items + second.items]
    assert names == [f"service-{number:03}" for number in range(protocol.PULL_PAGE_ITEMS + 3)]
    assert first.items[0].content == {
        "id": "service-000",
        "name": "x",
        "since": "2026-01-02",
    }
    assert device.transport.pull("catalogue", second.cursor) is None

    service(tmp_path, "service-000", "changed")
    city.lines("publish-catalogue", str(tmp_path))
    for stale in (first.cursor, second.cursor, "rubbish.7", "99999999999999999999.1"):
        page = device.transport.pull("catalogue", stale)
        assert page is not None and page.reset
        assert page.items[0].content["name"] == "changed"


def test_a_broken_service_file_publishes_nothing(tmp_path: Path) -> None:
    city = City(tmp_path)
    folder = tmp_path / "catalogue"
    assert city.command("publish-catalogue", str(folder)).returncode == 2
    folder.mkdir()
    assert "no *.toml" in city.command("publish-catalogue", str(folder)).stderr
    service(folder, "good")
    for text in ("id = ", 'id = "other"', ""):
        (folder / "bad.toml").write_text(text)
        done = city.command("publish-catalogue", str(folder))
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "bad.toml" in done.stderr
    store = CityStore(open_engine(city.database))
    assert store.feed_version("catalogue") == "0"
    store.close()


# --- the server as a process ---------------------------------------------------------------------
def test_the_port_is_free_after_a_kill_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_city(tmp_path) as city:
        device = Device(city)
        item = make_item(1, epoch="kill")
        device.transport.push([item])
        assert city.stop(signal.SIGKILL) == f"city: serving on {city.url}\n"
        socket.create_server(("127.0.0.1", city.port)).close()
        with pytest.raises(Unreachable):
            device.transport.status()
        city.start()
        (said,) = device.transport.push([item]).outcomes
        assert said.outcome == "duplicate"
        said_on_stderr = city.stop(signal.SIGTERM)
    assert "Traceback" not in said_on_stderr
    assert item.id not in said_on_stderr


def test_workers_share_the_work_and_die_with_their_parent(tmp_path: Path) -> None:
    with running_city(tmp_path, "--workers", "2") as city:
        device = Device(city)
        epoch = standing(device).server_epoch
        nonce = signing.new_nonce()
        answered = [send(device.prepared(nonce=nonce)) for _ in range(6)]
        assert [status for status, _ in answered].count(200) == 1, "nonces are shared"
        assert standing(device).server_epoch == epoch
        city.stop(signal.SIGKILL)
        wait_until(lambda: not answers(city.port), "the workers are gone")
        socket.create_server(("127.0.0.1", city.port)).close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serve", "--port", "99999"), "--port"),
        (("serve", "--workers", "0"), "--workers"),
        (("serve", "--host", "not a host"), "--host"),
        (("serve", "--host", "x" * 80), "--host"),
        (("enrol-code", "--hours", "0"), "--hours"),
        (("transactions", "--database", "nonsense"), "--database"),
        (("transactions", "--database", "oracle://x"), "--database"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    city = City(tmp_path)
    if "--database" in arguments:
        city.database = arguments[2]
        arguments = arguments[:1]
    done = city.command(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("city: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_port_in_use_is_one_line(city: City, tmp_path: Path) -> None:
    done = City(tmp_path).command("serve", "--port", str(city.port))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--port" in done.stderr


def test_a_foreign_or_absent_database_is_left_alone(tmp_path: Path) -> None:
    city = City(tmp_path)
    path = tmp_path / "city.sqlite"
    path.write_bytes(b"someone else's letters, by no means a database" * 100)
    done = city.command("transactions")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert path.read_bytes().startswith(b"someone else's letters")
    city.database = f"sqlite:///{tmp_path}/no/such/folder/city.sqlite"
    done = city.command("transactions")
    assert (done.returncode, done.stderr.count("\n")) == (75, 1)


def test_the_database_is_durable(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/city.sqlite")
    with engine.connect() as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        version = str(db.exec_driver_sql("SELECT sqlite_version()").scalar())
    assert tuple(map(int, version.split("."))) >= (3, 51, 3)
    engine.dispose()
