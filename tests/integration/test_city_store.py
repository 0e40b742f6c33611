"""What the city keeps, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from sync import feed_signing, protocol, signing
from sync.city import feeds
from sync.city.citizen import CodeUnknown
from sync.city.intake import KeptEnough
from sync.city.store import CityStore, KeyRefused, Replayed, WouldWait
from sync.city.tables import open_engine
from sync.protocol import Damaged, Item, PushRequest
from tests.city_support import open_store, postgres_cluster
from tests.sync_support import make_item

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CODE = "KH7F-3KTM"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgres_cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CityStore]:
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path}/city.sqlite")
    else:
        url = request.getfixturevalue("postgres")
        engine = open_engine(url)
        with engine.begin() as db:
            db.exec_driver_sql("DROP SCHEMA public CASCADE")
            db.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()
        opened = open_store(url)
    yield opened
    opened.close()


def with_code(dseq: int, code: str = CODE, epoch: str = "e1", name: str = "Siti") -> Item:
    plain = make_item(dseq, epoch=epoch)
    content = {"id": plain.id, "kind": plain.kind, "code": code, "answers": {"nama": name}}
    return make_item(dseq, epoch=epoch, body=json.dumps(content).encode())


def push(store: CityStore, device: str, *items: Item, revoked: bool = False) -> list[str]:
    taken = store.take(device, PushRequest(items), NOW, revoked=revoked)
    return [said.problem or said.outcome for said in taken.outcomes]


def through(store: CityStore, device: str) -> dict[str, tuple[int, int]]:
    streams = store.standing(device).streams
    return {s.epoch: (s.contiguous_through, s.backup_watermark) for s in streams}


# --- a nonce is used once -------------------------------------------------------------------------
def test_a_nonce_is_used_once_by_whichever_request(store: CityStore) -> None:
    asked = PushRequest((make_item(1),))
    assert len(store.take("d-1", asked, NOW, nonce="a").outcomes) == 1
    with pytest.raises(Replayed):
        store.take("d-1", PushRequest((make_item(2),)), NOW, nonce="a")
    assert through(store, "d-1") == {"e1": (1, 0)}, "what was replayed left nothing behind"
    for again in (store.look, store.use_nonce):
        with pytest.raises(Replayed):
            again("d-1", "a", NOW)
    assert store.look("d-1", "b", NOW) == store.standing("d-1")
    with pytest.raises(Replayed):
        store.take("d-1", asked, NOW, nonce="b")
    store.use_nonce("d-2", "a", NOW)
    later = NOW + timedelta(seconds=protocol.NONCE_KEPT_S + 61)
    store.look("d-1", "c", later)
    store.use_nonce("d-1", "a", later)


def test_a_look_at_once_waits_for_nobody(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/city.sqlite")
    with pytest.raises(WouldWait):  # old nonces are to be swept first
        store.look_at_once("d-1", "a", NOW)
    store.look("d-1", "a", NOW)
    with pytest.raises(Replayed):
        store.look_at_once("d-1", "a", NOW)
    with store._writing(), pytest.raises(WouldWait):
        store.look_at_once("d-1", "b", NOW)
    assert store.look_at_once("d-1", "b", NOW) == store.standing("d-1")
    store.close()


def test_of_many_at_once_with_one_nonce_one_is_heard(store: CityStore) -> None:
    def look(number: int) -> bool:
        try:
            store.look("d-1", f"n{number // 8}", NOW)
        except Replayed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(look, range(80)))
    assert [sum(heard[n : n + 8]) for n in range(0, 80, 8)] == [1] * 10


# --- kept once, whatever comes --------------------------------------------------------------------
def test_every_dseq_that_arrives_is_accounted_for(store: CityStore) -> None:
    items = [make_item(n) for n in range(1, 9)]
    assert push(store, "d-1", items[0], items[1]) == ["stored", "stored"]
    assert push(store, "d-1", items[0]) == ["duplicate"]
    wrong = make_item(3, sha256="0" * 64)
    taken = make_item(4, id=items[0].id)  # the id of dseq 1, with other bytes
    bad = make_item(5, body=b"not json")
    assert push(store, "d-1", wrong, taken, bad) == ["digest-differs", "id-taken", "body-not-json"]
    assert through(store, "d-1") == {"e1": (5, 0)}
    assert push(store, "d-1", items[6]) == ["stored"]
    assert through(store, "d-1") == {"e1": (5, 0)}, "6 is missing"
    lost = PushRequest((), damaged=(Damaged(items[5].id, "e1", 6),))
    told = store.take("d-1", lost, NOW)
    (said,) = told.outcomes
    assert (said.outcome, said.problem) == ("quarantined", "damaged-on-device")
    assert [s.contiguous_through for s in told.streams] == [7]
    store.take("d-1", lost, NOW)  # its reply was lost: told again, kept once
    assert push(store, "d-1", items[2]) == ["stored"], "the right bytes may still come"
    aside = [(line["dseq"], line["problem"]) for line in store.transactions(quarantined=True)]
    assert sorted(aside) == [
        (3, "digest-differs"),
        (4, "id-taken"),
        (5, "body-not-json"),
        (6, "damaged-on-device"),
    ]
    assert [line["dseq"] for line in store.transactions()] == [1, 2, 7, 3]


def test_an_unreadable_entry_is_kept_as_it_came(store: CityStore) -> None:
    request = json.loads(protocol.push_request([with_code(1), with_code(2)]))
    request["items"][0]["sha256"] = 7
    asked = protocol.read_push_request(json.dumps(request).encode())
    taken = store.take("d-1", asked, NOW)
    outcomes, streams = taken.outcomes, taken.streams
    assert [said.outcome for said in outcomes] == ["stored", "quarantined"]
    assert streams[0].contiguous_through == 2
    held = store.citizen_access(CODE, NOW)["held"]
    assert {entry["problem"] for entry in held} == {None, "unreadable"}
    (raw,) = (entry["body"] for entry in held if entry["problem"])
    assert json.loads(raw) == request["items"][0]


def test_the_desks_acts_are_a_kind(store: CityStore) -> None:
    assert push(store, "d-1", make_item(1, "act"), make_item(2, "party")) == [
        "stored",
        "kind-unknown",
    ]


def test_a_revoked_devices_data_is_set_aside_up_to_a_limit(
    store: CityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "REVOKED_KEPT_ITEMS", 3)
    early = make_item(9)
    push(store, "d-1", early)
    assert push(store, "d-1", early, revoked=True) == ["duplicate"], "only its reply was lost"
    assert push(store, "d-1", make_item(1), make_item(2), revoked=True) == ["device-revoked"] * 2
    assert push(store, "d-1", make_item(1), make_item(3), revoked=True) == ["device-revoked"] * 2
    assert [line["id"] for line in store.transactions()] == [early.id]
    aside = [(line["dseq"], line["problem"]) for line in store.transactions(quarantined=True)]
    assert aside == [(1, "device-revoked"), (2, "device-revoked"), (3, "device-revoked")]
    with pytest.raises(KeptEnough):
        push(store, "d-1", make_item(4), revoked=True)


def test_many_devices_at_once_lose_and_double_nothing(store: CityStore) -> None:
    items = {f"d-{n}": [make_item(d, epoch=f"e{n}") for d in range(1, 31)] for n in range(6)}

    def send(device: str) -> None:
        for start in (0, 10, 5, 20, 0):
            push(store, device, *items[device][start : start + 10])

    both = [threading.Thread(target=send, args=(device,)) for device in [*items, *items]]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    arrived = [(line["device"], line["dseq"]) for line in store.transactions()]
    assert sorted(arrived) == sorted((d, i.dseq) for d, all_ in items.items() for i in all_)
    for number, device in enumerate(items):
        assert through(store, device) == {f"e{number}": (30, 0)}


# --- an order that no commit slips behind ---------------------------------------------------------
def test_readers_by_cursor_meet_every_commit(store: CityStore) -> None:
    """Six writers commit when they like; two readers go on from where they were."""
    codes = [
        f"K{n}A2-{d:04}".replace("0", "A").replace("1", "C") for n in range(6) for d in range(20)
    ]
    for n, code in enumerate(codes, start=1):
        push(store, "d-1", with_code(n, code))
    done = threading.Event()
    seen_states: set[str] = set()
    seen_items: set[str] = set()

    def write(worker: int) -> None:
        for turn in range(20):
            store.set_status(codes[worker * 20 + turn], "ready", {"id": "", "en": ""}, NOW)
            push(store, f"d-w{worker}", make_item(turn + 1, epoch=f"w{worker}"))

    def read() -> None:
        cursor, after = store.page("statuses", "d-1", "", "n")[0].cursor, ""
        last = False
        while True:
            page, _ = store.page("statuses", "d-1", cursor, "n")
            assert not page.reset
            seen_states.update(item.id for item in page.items)
            cursor = page.cursor
            lines = store.transactions_after(after, 50)
            seen_items.update(line["id"] for line in lines)
            after = lines[-1]["cursor"] if lines else after
            if last and not page.items and not lines:
                return
            last = done.is_set()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen_states == set(codes)
    assert seen_items == {line["id"] for line in store.transactions()}


def test_a_commit_that_comes_late_is_not_passed_by(store: CityStore) -> None:
    if store._engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nobody can come late")
    push(store, "d-1", with_code(1, "KH7F-3KTA"), with_code(2, "KH7F-3KTC"))
    note = {"id": "", "en": ""}
    late = store._engine.connect()
    feeds.set_status(late, "KH7F-3KTA", "ready", note, NOW)  # has its number, is not committed
    store.set_status("KH7F-3KTC", "ready", note, NOW)
    page, _ = store.page("statuses", "d-1", "", "n")
    assert page.items == (), "the later number waits for the earlier one"
    late.commit()
    late.close()
    page, _ = store.page("statuses", "d-1", page.cursor, "n")
    assert [item.id for item in page.items] == ["KH7F-3KTA", "KH7F-3KTC"]


# --- statuses -------------------------------------------------------------------------------------
def test_a_status_reaches_the_device_that_sent_the_application_alone(store: CityStore) -> None:
    push(store, "d-1", with_code(1), with_code(2, "KH2A-9PXC"))
    push(store, "d-2", with_code(1, "KJ2A-9PXC", epoch="e2"))
    assert store.set_status(CODE, "in-process", {"id": "", "en": ""}, NOW) == 1
    first, version = store.page("statuses", "d-1", "", "n")
    assert first.reset
    assert [item.content["state"] for item in first.items] == ["in-process"]
    assert first.cursor == version
    assert store.page("statuses", "d-2", "", "n")[0].items == ()
    store.set_status(CODE, "ready", {"id": "Bawa KTP", "en": "Bring your ID card"}, NOW)
    store.set_status("KH2A-9PXC", "refused", {"id": "", "en": ""}, NOW)
    then, _ = store.page("statuses", "d-1", first.cursor, "n")
    assert not then.reset
    assert [(item.id, item.content["state"]) for item in then.items] == [
        (CODE, "ready"),
        ("KH2A-9PXC", "refused"),
    ]
    assert store.set_status("KH99-9999", "ready", {"id": "", "en": ""}, NOW) == 0
    store.renew_epoch()
    again, _ = store.page("statuses", "d-1", then.cursor, "n")
    assert again.reset, "restored from a backup: the device starts again"
    assert len(again.items) == 2
    store.citizen_erase(CODE, "asked", NOW)
    gone, _ = store.page("statuses", "d-1", again.cursor, "n")
    assert [(item.id, item.gone) for item in gone.items] == [(CODE, True)]


def test_many_statuses_come_in_pages(store: CityStore) -> None:
    codes = [f"KA{a}C-{b}{c}A2" for a in "3479" for b in "346789" for c in "346789"]
    for start in range(0, len(codes), 72):
        part = codes[start : start + 72]
        push(store, "d-1", *(with_code(start + n, code) for n, code in enumerate(part, 1)))
    for code in codes:
        store.set_status(code, "received", {"id": "", "en": ""}, NOW)
    seen: list[str] = []
    cursor = ""
    for number in range(9):
        page, version = store.page("statuses", "d-1", cursor, "n")
        assert page.reset == (number == 0)
        seen += [item.id for item in page.items]
        cursor = page.cursor
        if not page.more:
            break
    assert seen == codes
    assert cursor == version


# --- backup ---------------------------------------------------------------------------------------
def test_the_watermark_follows_a_confirmed_backup_only(store: CityStore) -> None:
    push(store, "d-1", make_item(1), make_item(2), make_item(4))
    mark = store.begin_backup(NOW)
    push(store, "d-1", make_item(3), make_item(5))
    assert through(store, "d-1") == {"e1": (5, 0)}
    assert store.confirm_backup(mark) == 1
    assert through(store, "d-1") == {"e1": (5, 2)}, "3 came after the backup began"
    with pytest.raises(LookupError):
        store.confirm_backup(mark)
    with pytest.raises(LookupError):
        store.confirm_backup("b-nonsense")
    old, new = store.begin_backup(NOW), store.begin_backup(NOW + timedelta(seconds=5))
    push(store, "d-1", make_item(6))
    store.confirm_backup(new)
    with pytest.raises(LookupError):
        store.confirm_backup(old)
    assert through(store, "d-1") == {"e1": (6, 5)}
    store.confirm_backup(None)
    assert through(store, "d-1") == {"e1": (6, 6)}
    stale = store.begin_backup(NOW)
    store.renew_epoch()
    with pytest.raises(LookupError):
        store.confirm_backup(stale)


# --- keys -----------------------------------------------------------------------------------------
def enrolled(store: CityStore) -> tuple[str, str]:
    public = signing.public_text(Ed25519PrivateKey.generate())
    code, _ = store.issue_code(NOW, 1)
    return store.enrol(protocol.EnrolRequest(protocol.plain_code(code), public), NOW), public


def test_a_next_key_takes_over_at_its_first_use(store: CityStore) -> None:
    device, first = enrolled(store)
    other, others_key = enrolled(store)
    second = signing.public_text(Ed25519PrivateKey.generate())
    store.rotate_key(device, second)
    known = store.find_device(device)
    assert known is not None and (known.public_key, known.next_key) == (first, second)
    for asking, taken in ((device, others_key), (other, second), (other, first)):
        with pytest.raises(KeyRefused):
            store.rotate_key(asking, taken)
    store.promote_key(device, "not the one that waits", NOW)
    assert store.find_device(device) == known
    store.promote_key(device, second, NOW)
    known = store.find_device(device)
    assert known is not None and (known.public_key, known.next_key) == (second, None)
    store.rotate_key(device, second)  # its reply was lost: nothing to do
    assert store.find_device(device) == known


def test_a_feed_keeps_its_edition_until_it_changes(store: CityStore) -> None:
    key, newer = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    contents: dict[str, dict[str, object]] = {"a": {"id": "a", "n": 1}, "b": {"id": "b", "n": "é"}}
    edition = store.publish("catalogue", contents, key, NOW)
    version = store.feed_version("catalogue")
    assert store.publish("catalogue", contents, key, NOW + timedelta(days=1)) == edition
    assert store.feed_version("catalogue") == version
    assert store.publish("catalogue", contents, newer, NOW) > edition, "also if the clock stood"
    page, _ = store.page("catalogue", "d-1", "", "n")
    public = signing.public_text(newer)
    keys = {protocol.key_id(public): public}
    assert feed_signing.check_layer("catalogue", page.items, keys, edition) > edition


# --- a citizen asks -------------------------------------------------------------------------------
def test_access_correction_and_erasure(store: CityStore, tmp_path: Path) -> None:
    name = "Siti Nurhaliza Kesatu"
    item = with_code(1, name=name)
    push(store, "d-1", item, with_code(2, "KH2A-9PXC", name="Budi"))
    store.set_status(CODE, "ready", {"id": "", "en": ""}, NOW)
    told = store.citizen_access(CODE, NOW)
    assert [json.loads(entry["body"])["answers"]["nama"] for entry in told["held"]] == [name]
    assert [status["state"] for status in told["statuses"]] == ["ready"]
    store.citizen_correct(CODE, {"nama": "Siti N. Kesatu"}, "typed wrongly", NOW)
    told = store.citizen_access(CODE, NOW)
    assert told["corrections"][0]["values"] == {"nama": "Siti N. Kesatu"}
    assert protocol.sha256_of(told["held"][0]["body"].encode()) == item.sha256, "as it was sent"

    assert store.citizen_erase(CODE, "asked for it", NOW) == 1
    told = store.citizen_access(CODE, NOW)
    assert (told["held"][0]["body"], told["held"][0]["sha256"]) == ("", item.sha256)
    assert told["held"][0]["erased_at"]
    assert (told["corrections"], told["statuses"]) == ([], [])
    acts = [request["act"] for request in told["requests"]]
    assert acts == ["access", "correct", "access", "erase"]
    assert push(store, "d-1", item) == ["duplicate"], "sent again, it does not come back"
    assert store.citizen_access(CODE, NOW)["held"][0]["body"] == ""
    assert item.id in {line["id"] for line in store.transactions()}
    assert store.citizen_erase(CODE, "again", NOW) == 0
    with pytest.raises(CodeUnknown):
        store.citizen_correct(CODE, {"nama": "x"}, "nothing left", NOW)
    with pytest.raises(CodeUnknown):
        store.citizen_access("KH99-9999", NOW)
    other = store.citizen_access("KH2A-9PXC", NOW)["held"][0]["body"]
    assert "Budi" in other
    for file in tmp_path.glob("city.sqlite*"):
        assert name.encode() not in file.read_bytes(), file.name
        assert b"Siti N. Kesatu" not in file.read_bytes(), file.name


def test_the_journal_of_requests_names_nobody(store: CityStore) -> None:
    push(store, "d-1", with_code(1, name="Siti"))
    store.citizen_erase(CODE, "asked", NOW)
    with store._reading() as db:
        rows = db.execute(text("SELECT * FROM citizen_request")).all()
    assert "Siti" not in str(rows)
