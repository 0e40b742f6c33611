"""The kiosk's real outbox and the real city, with every kind of bad line between them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.domain.transaction import Draft
from kiosk.store.connection import open_database
from kiosk.store.outbox import Outbox
from kiosk.store.transactions import Transactions
from sync import outbox as outbox_of_agent
from sync import protocol
from sync.agent import Agent, enrol, open_agent, rotate_key
from sync.enrolment import feed_keys
from sync.feed_signing import check_layer
from sync.feeds import from_kept
from sync.problems import BadCityUrl, EnrolRefused, NotEnrolled, Unreachable
from sync.signing import NEXT_KEY_FILE, KeyUnusable, load_key, public_text
from tests.sync_support import (
    PATIENCE_S,
    ROOT,
    BadLine,
    City,
    OneAnswer,
    free_port,
    http_answer,
    running_city,
    wait_until,
)

JAKARTA = dt.timezone(dt.timedelta(hours=7))


class Kiosk:
    """One kiosk's home: what `kiosk submit` and `kiosk sync` use of it, without the commands."""

    def __init__(self, home: Path, keep_days: int | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.db = open_database(home)
        self.outbox = Outbox(self.db, home, keep_days=keep_days)
        self.transactions = Transactions(
            self.db, home, kiosk_prefix="KR", queue_prefix="A", zone=JAKARTA, free_min_bytes=0
        )

    def submit(self, count: int = 1, text: str = "Siti Aé") -> list[str]:
        draft = Draft("application", "sktm", {"name": text})
        return [self.transactions.accept(draft).id for _ in range(count)]

    def enrol(self, city: City) -> str:
        return enrol(self.outbox, self.home, city.code(), city.url)

    def via(self, url: str) -> Agent:
        """The agent, speaking to the city over another address than it was enrolled at."""
        device = self.outbox.device()
        assert device is not None
        self.outbox.save_device(device | {"city_url": url})
        return open_agent(self.outbox, self.home)

    def states(self) -> list[str]:
        return [row["state"] for row in self.transactions.listing()]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with running_city(tmp_path_factory.mktemp("city")) as running:
        yield running


@pytest.fixture
def kiosk(tmp_path: Path, city: City) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path / "kiosk")
    made.enrol(city)
    yield made
    made.db.close()


@pytest.fixture
def line(city: City) -> Iterator[BadLine]:
    made = BadLine(city.port)
    yield made
    made.close()


def arrived(city: City, kiosk: Kiosk) -> list[dict[str, Any]]:
    device = kiosk.outbox.device()
    assert device is not None
    return [row for row in city.lines("transactions") if row["device"] == device["device"]]


def ids_of(rows: list[dict[str, Any]]) -> list[str]:
    """In their own order: two of one millisecond have none, and the newest may overtake."""
    return sorted(row["id"] for row in rows)


def is_exactly_once(city: City, kiosk: Kiosk, ids: list[str]) -> None:
    rows = arrived(city, kiosk)
    assert ids_of(rows) == sorted(ids)
    stored = {row["id"]: row["sha256"] for row in kiosk.db.query("SELECT id, sha256 FROM txn")}
    assert {row["id"]: row["sha256"] for row in rows} == {name: stored[name] for name in ids}
    assert kiosk.states() == ["acked"] * len(ids)


# --- the good day --------------------------------------------------------------------------------
def test_what_was_filed_arrives_once_with_its_bytes(city: City, kiosk: Kiosk) -> None:
    ids = kiosk.submit(130)
    agent = open_agent(kiosk.outbox, kiosk.home)
    summary = agent.once()
    assert (summary.sent, summary.acked, summary.left, summary.problem) == (130, 130, 0, None)
    is_exactly_once(city, kiosk, ids)
    assert agent.once().sent == 0
    assert kiosk.outbox.get("last_problem") in (None, "")
    assert kiosk.outbox.get("last_success")


def services_folder(folder: Path, fee: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "sktm.toml").write_text(f'id = "sktm"\nfee = "{fee}"\nsince = 2026-01-02\n')
    return folder


def test_the_pulled_catalogue_is_staged_signed(city: City, tmp_path: Path) -> None:
    city.lines("catalogue-key")
    kiosk = Kiosk(tmp_path / "kiosk")
    kiosk.enrol(city)
    city.lines("publish-catalogue", str(services_folder(tmp_path / "catalogue", "0")))
    agent = open_agent(kiosk.outbox, kiosk.home)
    assert agent.once().pulled == 1
    (kept,) = kiosk.outbox.pulled("catalogue")
    assert json.loads(kept["body"]) == {"id": "sktm", "fee": "0", "since": "2026-01-02"}
    assert check_layer("catalogue", [from_kept(kept)], feed_keys(kiosk.outbox)) > 0
    assert agent.once().pulled == 0
    city.lines("publish-catalogue", str(services_folder(tmp_path / "catalogue", "1")))
    assert agent.once().pulled == 1
    kiosk.db.close()


def test_a_device_that_never_heard_of_the_key_shows_nothing_by_it(
    city: City, kiosk: Kiosk, tmp_path: Path
) -> None:
    kiosk.outbox.put("feed_keys", "{}")  # enrolled before the city had a key
    city.lines("publish-catalogue", str(services_folder(tmp_path / "catalogue", "2")))
    open_agent(kiosk.outbox, kiosk.home).once()
    assert kiosk.outbox.pulled("catalogue") == []
    assert kiosk.outbox.get("refused:catalogue")
    kiosk.enrol(city)  # the same device, with a new code: now it knows
    open_agent(kiosk.outbox, kiosk.home).once()
    assert len(kiosk.outbox.pulled("catalogue")) == 1
    assert kiosk.outbox.get("refused:catalogue") == ""


# --- bad lines -----------------------------------------------------------------------------------
def test_a_reply_lost_after_the_commit_doubles_nothing(
    city: City, kiosk: Kiosk, line: BadLine
) -> None:
    ids = kiosk.submit(5)
    agent = kiosk.via(line.url)
    line.fault = "lose_reply"
    summary = agent.once()
    assert (summary.acked, summary.left) == (0, 5)
    assert summary.problem is not None
    assert line.reply_seen.is_set(), "the city never answered, so nothing was lost"
    assert ids_of(arrived(city, kiosk)) == sorted(ids), "committed before the loss"
    assert kiosk.states() == ["accepted"] * 5
    line.fault = "none"
    summary = agent.once()
    assert (summary.acked, summary.duplicates, summary.left) == (5, 5, 0)
    is_exactly_once(city, kiosk, ids)


PORTAL = b"<html>Selamat datang di Wi-Fi gratis</html>"


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("302 Found", b"", "Location: http://login.wifi.example/"),
        http_answer("200 OK", PORTAL, "Content-Type: text/html"),
        http_answer("200 OK", PORTAL, "Content-Type: application/json"),
        http_answer("403 Forbidden", PORTAL, "Content-Type: text/html"),
    ],
    ids=["302", "html", "html as json", "403"],
)
def test_a_captive_portal_acknowledges_nothing(city: City, kiosk: Kiosk, answer: bytes) -> None:
    ids = kiosk.submit(3)
    portal = OneAnswer(answer)
    summary = kiosk.via(portal.url).once()
    portal.close()
    assert (summary.acked, summary.quarantined, summary.left) == (0, 0, 3)
    assert summary.why == "portal"
    assert "Wi-Fi minta login" in (kiosk.outbox.get("last_problem") or "")
    assert kiosk.transactions.unsent().why == "portal"
    assert not summary.stopped, "a portal cannot talk a device out of service"
    assert kiosk.states() == ["accepted"] * 3
    assert kiosk.via(city.url).once().left == 0
    is_exactly_once(city, kiosk, ids)


def test_one_bad_transaction_does_not_hold_up_the_others(
    city: City, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, (bad,), after = kiosk.submit(4), kiosk.submit(1, "bad"), kiosk.submit(4)
    write = protocol.push_request

    def garble(items: Any, damaged: Any = ()) -> bytes:
        """As a kiosk with a bug would: this one item makes the whole request unreadable."""
        data = write(items, damaged)
        return data[:-1] if any(item.id == bad for item in items) else data

    monkeypatch.setattr(protocol, "push_request", garble)
    summary = open_agent(kiosk.outbox, kiosk.home).once()
    assert (summary.sent, summary.acked, summary.quarantined, summary.left) == (9, 8, 1, 0)
    assert kiosk.states() == ["acked"] * 4 + ["quarantined"] + ["acked"] * 4
    assert ids_of(arrived(city, kiosk)) == sorted(before + after)
    row = next(row for row in kiosk.transactions.listing() if row["id"] == bad)
    assert row["last_problem"] == "malformed"


def test_a_conflict_is_kept_and_seen(city: City, kiosk: Kiosk, tmp_path: Path) -> None:
    (mine,) = kiosk.submit()
    item = kiosk.outbox.due(1)[0]
    other = Kiosk(tmp_path / "other")
    other.enrol(city)
    body = item.body.replace("Siti Aé".encode(), b"Sita")
    forged = protocol.Item(item.id, "e9", 1, item.kind, item.schema, protocol.sha256_of(body), body)
    reply = open_agent(other.outbox, other.home)._transport.push([forged])
    assert reply.outcomes[0].outcome == "stored"
    summary = open_agent(kiosk.outbox, kiosk.home).once()
    assert (summary.acked, summary.quarantined, summary.left) == (0, 1, 0)
    assert kiosk.states() == ["conflict"]
    assert arrived(city, kiosk) == []
    assert mine == item.id
    other.db.close()


def test_tls_is_spoken_and_its_certificate_verified(
    city: City, kiosk: Kiosk, tmp_path: Path
) -> None:
    authority, context = self_signed(tmp_path)
    ids = kiosk.submit(2)
    line = BadLine(city.port, context)
    strict = kiosk.via(line.url)
    summary = strict.once()
    assert (summary.acked, summary.left) == (0, 2)
    assert summary.why == "tls"
    assert "call the city's IT" in (summary.problem or "")
    trusting = open_agent(kiosk.outbox, kiosk.home, ca_file=authority)
    assert trusting.once().left == 0
    line.close()
    is_exactly_once(city, kiosk, ids)


@pytest.mark.parametrize("days", [(-9, -2), (2, 9)], ids=["run out", "not yet valid"])
def test_a_date_that_tls_refuses_is_said_as_the_clock(
    city: City, kiosk: Kiosk, tmp_path: Path, days: tuple[int, int]
) -> None:
    """As a kiosk without a clock battery sees a good certificate; then somebody sets the clock."""
    ids = kiosk.submit(2)
    authority, context = self_signed(tmp_path, days)
    line = BadLine(city.port, context)
    url = line.url
    kiosk.via(url)
    summary = open_agent(kiosk.outbox, kiosk.home, ca_file=authority).once()
    line.close()
    assert (summary.why, summary.left) == ("clock", 2)
    assert "jam mesin salah" in (kiosk.outbox.get("last_problem") or "")
    assert kiosk.transactions.unsent().why == "clock"
    authority, context = self_signed(tmp_path)
    line = BadLine(city.port, context)
    kiosk.via(line.url)
    assert open_agent(kiosk.outbox, kiosk.home, ca_file=authority).once().left == 0
    line.close()
    assert kiosk.transactions.unsent().why == ""
    is_exactly_once(city, kiosk, ids)


def self_signed(folder: Path, days: tuple[int, int] = (-1, 1)) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "city")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + dt.timedelta(days=days[0]))
        .not_valid_after(today + dt.timedelta(days=days[1]))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "city.pem", folder / "city.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context


# --- killed --------------------------------------------------------------------------------------
RUN_ONCE = """
import sys
from pathlib import Path
from kiosk.store.connection import open_database
from kiosk.store.outbox import Outbox
from sync.agent import open_agent
home = Path(sys.argv[1])
print(open_agent(Outbox(open_database(home), home), home).once().counts(), flush=True)
"""


def agent_process(home: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN_ONCE, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_killed_between_the_citys_commit_and_its_reply(
    city: City, kiosk: Kiosk, line: BadLine
) -> None:
    ids = kiosk.submit(7)
    kiosk.via(line.url)
    line.fault = "hold_reply"
    process = agent_process(kiosk.home)
    assert line.reply_seen.wait(PATIENCE_S)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert process.stdout is not None
    assert process.stdout.read() == "", "it had already finished"
    assert kiosk.states() == ["accepted"] * 7, "nothing may say it was being sent"
    summary = kiosk.via(city.url).once()
    assert (summary.acked, summary.duplicates, summary.left) == (7, 7, 0)
    is_exactly_once(city, kiosk, ids)


@pytest.mark.slow
def test_killed_at_any_moment_of_a_push(city: City, kiosk: Kiosk) -> None:
    ids: list[str] = []
    for number in range(12):
        ids += kiosk.submit(40)
        process = agent_process(kiosk.home)
        # From its start-up (about 0.6 s) to its end, in even steps.
        try:
            process.wait(0.3 + number * 0.06)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
    assert open_agent(kiosk.outbox, kiosk.home).once().left == 0
    is_exactly_once(city, kiosk, ids)


# --- away and back -------------------------------------------------------------------------------
def test_the_city_away_then_back_drains_untouched(tmp_path: Path) -> None:
    with running_city(tmp_path) as city:
        kiosk = Kiosk(tmp_path / "kiosk")
        kiosk.enrol(city)
        city.stop()
        ids = kiosk.submit(3)
        summary = open_agent(kiosk.outbox, kiosk.home).once()
        assert (summary.acked, summary.left) == (0, 3)  # `kiosk sync --once` exits 75 then
        assert "could not be reached" in (kiosk.outbox.get("last_problem") or "")

        stop = threading.Event()
        tries: list[int] = []

        def serve() -> None:
            db = open_database(kiosk.home)  # a process of its own in the field
            outbox = Outbox(db, kiosk.home)
            agent = open_agent(outbox, kiosk.home)
            agent._draw = lambda: 0.05  # short waits
            drain = agent._drain
            agent._drain = lambda tally: (tries.append(1), drain(tally))[1]  # type: ignore[method-assign,func-returns-value]
            agent.run_forever(stop, outbox.data_version)
            db.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            wait_until(lambda: len(tries) >= 2, "it tried and failed again")
            assert kiosk.states() == ["accepted"] * 3
            city.start()
            wait_until(lambda: kiosk.outbox.left() == 0, "drained after the city came back")
            ids += kiosk.submit(1)  # by another connection: the agent notices the commit
            wait_until(lambda: kiosk.outbox.left() == 0, "woken by the new transaction")
        finally:
            stop.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()
        is_exactly_once(city, kiosk, ids)
        assert not kiosk.outbox.get("last_problem")
        kiosk.db.close()


def test_a_city_restored_from_an_old_backup_gets_everything_again(tmp_path: Path) -> None:
    with running_city(tmp_path) as city:
        kiosk = Kiosk(tmp_path / "kiosk")
        kiosk.enrol(city)
        agent = open_agent(kiosk.outbox, kiosk.home)
        ids = kiosk.submit(3)
        agent.once()
        city.stop(signal.SIGTERM)
        backup = {file: file.read_bytes() for file in tmp_path.glob("city.sqlite*")}
        city.start()
        ids += kiosk.submit(4)
        agent.once()
        city.stop(signal.SIGTERM)
        for file in tmp_path.glob("city.sqlite*"):
            file.unlink()
        for file, data in backup.items():
            file.write_bytes(data)
        assert "server_epoch" in city.lines("restored")[0]
        city.start()
        assert len(arrived(city, kiosk)) == 3
        summary = agent.once()  # nothing new was filed
        assert (summary.sent, summary.left) == (4, 0)
        is_exactly_once(city, kiosk, ids)
        kiosk.db.close()


# --- the end of the way --------------------------------------------------------------------------
def test_what_is_backed_up_closed_and_over_its_time_is_deleted_here(tmp_path: Path) -> None:
    with running_city(tmp_path) as city:
        kiosk = Kiosk(tmp_path / "kiosk", keep_days=0)
        kiosk.enrol(city)

        def once() -> list[str]:
            assert open_agent(kiosk.outbox, kiosk.home).once().problem is None
            return kiosk.states()

        first, second = kiosk.submit(2)
        assert once() == ["acked", "acked"]
        city.lines("backup", str(tmp_path / "backup.sqlite"))
        assert once() == ["confirmed", "confirmed"]
        code = kiosk.transactions.receipt(first).code
        city.lines("status", code, "done")
        assert once() == ["prunable", "confirmed"]
        bodies = kiosk.db.conn.execute("SELECT dseq FROM payload").fetchall()
        assert bodies == [(2,)]

        # Back to before the first of them: it is lost at the city, and that is said.
        city.stop(signal.SIGTERM)
        for file in tmp_path.glob("city.sqlite*"):
            file.unlink()
        city.lines("restored")  # a new, empty one
        city.start()
        enrol(kiosk.outbox, kiosk.home, city.code(), city.url)
        once()
        assert [row["id"] for row in arrived(city, kiosk)] == [second]
        assert kiosk.outbox.get("lost_at_city") == "1"
        kiosk.db.close()


# --- keys ----------------------------------------------------------------------------------------
def test_a_new_key_for_the_same_device(city: City, kiosk: Kiosk) -> None:
    ids = kiosk.submit(1)
    running = open_agent(kiosk.outbox, kiosk.home)  # another process, with the old key
    running.once()
    before = load_key(kiosk.home)
    signed_again: list[Any] = []
    public = rotate_key(kiosk.outbox, kiosk.home, sign_again=signed_again.append)
    assert len(signed_again) == 1
    after = load_key(kiosk.home)
    assert public_text(after) == public != public_text(before)
    assert sorted(path.name for path in kiosk.home.glob("device.key*")) == ["device.key"]
    ids += kiosk.submit(1)
    assert open_agent(kiosk.outbox, kiosk.home).once().left == 0
    ids += kiosk.submit(1)
    assert running.once().left == 0, "it reads the key anew"
    is_exactly_once(city, kiosk, ids)


def test_a_rotation_whose_reply_was_lost_is_simply_repeated(
    city: City, kiosk: Kiosk, line: BadLine
) -> None:
    kiosk.via(line.url)
    line.fault = "lose_reply"
    with pytest.raises(Unreachable):
        rotate_key(kiosk.outbox, kiosk.home)
    assert line.reply_seen.is_set()
    line.fault = "none"
    assert kiosk.via(line.url).once().problem is None, "the old key is still good"
    fresh = load_key(kiosk.home, NEXT_KEY_FILE)
    assert rotate_key(kiosk.outbox, kiosk.home) == public_text(fresh)
    assert kiosk.via(line.url).once().problem is None


def test_a_key_that_others_can_read_is_not_used(kiosk: Kiosk) -> None:
    (kiosk.home / "device.key").chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        open_agent(kiosk.outbox, kiosk.home)


# --- without a name ------------------------------------------------------------------------------
def test_nameless_answers_arrive_without_their_place(city: City, kiosk: Kiosk) -> None:
    survey = Draft("survey", "sktm", {"q1": 3})
    told = [kiosk.transactions.accept(survey).id for _ in range(6)]
    letters = kiosk.submit(2)
    agent = open_agent(kiosk.outbox, kiosk.home)
    assert agent._round(poll=True).acked == 2
    assert ids_of(arrived(city, kiosk)) == sorted(letters), "their day is not over"
    summary = agent.once()  # a person asks for everything
    assert (summary.acked, summary.left) == (6, 0)
    rows = arrived(city, kiosk)
    assert sorted(row["id"] for row in rows) == sorted(told + letters)
    assert [row["id"] for row in rows][2:] == sorted(told), "the order of random ids"


# --- enrolment -----------------------------------------------------------------------------------
def test_enrolling_twice_keeps_the_device(city: City, kiosk: Kiosk) -> None:
    device = kiosk.outbox.device()
    assert device is not None
    assert kiosk.enrol(city) == device["device"]


def test_a_lost_enrol_reply_costs_no_second_code(city: City, tmp_path: Path, line: BadLine) -> None:
    kiosk = Kiosk(tmp_path / "fresh")
    code = city.code()
    line.fault = "lose_reply"
    with pytest.raises(Unreachable):
        enrol(kiosk.outbox, kiosk.home, code, line.url)
    assert kiosk.outbox.device() is None
    line.fault = "none"
    device = enrol(kiosk.outbox, kiosk.home, code, line.url)
    assert kiosk.outbox.device() is not None
    assert [row["device"] for row in city.lines("devices")].count(device) == 1
    kiosk.db.close()


def test_what_cannot_be_enrolled_says_so(city: City, tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "fresh")
    with pytest.raises(NotEnrolled, match="kiosk enrol"):
        open_agent(kiosk.outbox, kiosk.home)
    attempts: list[tuple[type[Exception], Callable[[], Any]]] = [
        (BadCityUrl, lambda: enrol(kiosk.outbox, kiosk.home, "ABCD", "http://city.example")),
        (EnrolRefused, lambda: enrol(kiosk.outbox, kiosk.home, " - ", city.url)),
        (EnrolRefused, lambda: enrol(kiosk.outbox, kiosk.home, "2222-2222-2222", city.url)),
        (
            Unreachable,
            lambda: enrol(kiosk.outbox, kiosk.home, "AB", f"http://127.0.0.1:{free_port()}"),
        ),
    ]
    for expected, attempt in attempts:
        with pytest.raises(expected, match=r"^[^\n]+$"):
            attempt()
    assert kiosk.outbox.device() is None
    kiosk.db.close()


def test_a_revoked_device_hands_over_what_it_has_and_stops(city: City, tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "revoked")
    device = kiosk.enrol(city)
    kiosk.submit(2)
    city.command("revoke", device)
    agent = open_agent(kiosk.outbox, kiosk.home)
    summary = agent.run_forever(threading.Event(), kiosk.outbox.data_version)
    assert summary.stopped
    assert "revoked" in (kiosk.outbox.get("stopped") or "")
    assert kiosk.states() == ["quarantined"] * 2, "kept and shown here"
    aside = city.lines("transactions", "--quarantined")
    assert [row["problem"] for row in aside if row["device"] == device] == ["device-revoked"] * 2
    kiosk.db.close()


def test_nothing_personal_is_logged_or_kept_as_a_problem(
    city: City, kiosk: Kiosk, line: BadLine, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk.submit(1, "Penduduk Rahasia 3671010101010001")
    agent = kiosk.via(line.url)
    with caplog.at_level("DEBUG"):
        for fault in ("refuse", "lose_reply", "none"):
            line.fault = fault
            agent.once()
    words = json.dumps([dict(row) for row in kiosk.db.query("SELECT * FROM sync_state")])
    words += json.dumps(list(kiosk.transactions.listing())) + caplog.text
    assert kiosk.states() == ["acked"]
    assert "Rahasia" not in words
    assert "3671010101010001" not in words


def test_the_agents_outbox_is_the_stores() -> None:
    """mypy holds the store's class against the agent's idea of it here."""
    made: type[outbox_of_agent.Outbox] = Outbox
    assert made is Outbox
