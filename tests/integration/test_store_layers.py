"""The catalogue in layers: the package's, the city's, this office's word. What does not hold is
not shown."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import city_commands, lookup_commands
from kiosk.__main__ import parser
from kiosk.bootstrap import Store, build_ui
from kiosk.config import SettingsProblem, assets_folder, load_settings
from kiosk.doctor import checks
from kiosk.domain.local_fact import Laid, LocalFact, NotSayable, check, fact_digest
from kiosk.domain.service import Catalogue, Service, Text
from kiosk.layers import holds_by, shown_catalogue, signer_of, signer_with
from kiosk.lookup import keeping
from kiosk.lookup.learned import Model, load_model
from kiosk.lookup.lessons import digest, sentences_of
from kiosk.problems import BadInput
from kiosk.store.catalogue import load_catalogue
from kiosk.store.connection import open_database
from kiosk.store.local_facts import LocalFacts
from kiosk.store.outbox import Outbox
from sync import protocol, signing
from sync.feed_signing import sign_item
from sync.feeds import as_kept
from sync.protocol import FeedItem
from tests.store_support import raw_connection

ASSETS = assets_folder()
DAY = date(2026, 11, 21)
CITY = Ed25519PrivateKey.generate()
CITY_KEYS = {protocol.key_id(signing.public_text(CITY)): signing.public_text(CITY)}


def sktm(fee: str) -> dict[str, Any]:
    table = tomllib.loads((ASSETS / "catalogue" / "sktm.toml").read_text())
    table["facts"]["fee"]["lines"] = [{"id": fee, "en": fee}]
    table["facts"]["fee"]["sources"] = ["T900"]  # the city's own, unknown to the package
    return table


class Office:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.db = open_database(home)
        self.outbox = Outbox(self.db, home)
        self.facts = LocalFacts(self.db, home)
        self.outbox.put("feed_keys", json.dumps(CITY_KEYS))

    def city_publishes(
        self, *tables: dict[str, Any], edition: int = 1, key: Ed25519PrivateKey = CITY
    ) -> None:
        """As the agent stores it, whoever signed it."""
        items = []
        for table in tables:
            body = json.dumps(table).encode()
            signature = sign_item(key, "catalogue", table["id"], edition, len(tables), body)
            items.append(as_kept(FeedItem(table["id"], table, body, signature)))
        self.outbox.replace_pulled("catalogue", items, "v")

    def says(self, words: str, *, fact: str = "fee", over: str | None = None) -> None:
        beneath = self.shown()[0].services["sktm"].fact(fact)
        lines = (Text(words, words),) if words else ()
        one = LocalFact(
            service="sktm",
            fact=fact,
            lines=lines,
            role="lurah",
            person="Bu Ani",
            day=DAY,
            source="Edaran lurah 3/2026",
            over=fact_digest(beneath) if over is None else over,
        )
        self.facts.say(one, signer_of(self.home))

    def shown(self) -> tuple[Catalogue, tuple[Laid, ...]]:
        return shown_catalogue(ASSETS, self.home, self.outbox, self.facts)

    def fee(self) -> str:
        fact = self.shown()[0].services["sktm"].fact("fee")
        assert fact is not None
        return fact.lines[0].id

    def problems(self) -> list[str]:
        return [
            f"{one.file}: {one.key}"
            for one in self.shown()[0].problems
            if one.file.startswith(("city", "local"))
        ]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_the_citys_layer_lies_over_the_packages(office: Office) -> None:
    package = load_catalogue(ASSETS)
    assert office.shown()[0].services == package.services
    office.city_publishes(sktm("Rp 0 (Perwal)"))
    shown, _ = office.shown()
    assert office.fee() == "Rp 0 (Perwal)"
    assert len(shown.services) == len(package.services), "others stay as the package has them"
    assert shown.sources["T900"].title == "T900"
    assert office.problems() == []


def unsigned(kept: dict[str, Any]) -> None:
    kept["signature"] = None


def altered(kept: dict[str, Any]) -> None:
    kept["body"] = kept["body"].replace("Rp 0", "Rp 50.000")


def renamed(kept: dict[str, Any]) -> None:
    kept["id"] = "sku"


def not_whole(kept: dict[str, Any]) -> None:
    kept["signature"][2] = 2


def odd(kept: dict[str, Any]) -> None:
    kept["signature"] = ["f-1", "x", 1, 2]


@pytest.mark.parametrize("change", [unsigned, altered, renamed, not_whole, odd])
def test_a_city_layer_that_does_not_hold_is_not_shown(
    office: Office, change: Callable[[dict[str, Any]], None]
) -> None:
    """Even when somebody put it into the database past the agent."""
    before = office.fee()
    office.city_publishes(sktm("Rp 0"))
    assert office.fee() == "Rp 0"
    (kept,) = office.outbox.pulled("catalogue")
    change(kept)
    office.outbox.replace_pulled("catalogue", [kept], "v")
    assert office.fee() == before
    assert office.problems() == ["city: catalogue: "]


def test_a_strangers_signature_is_none(office: Office) -> None:
    before = office.fee()
    office.city_publishes(sktm("Rp 50.000"), key=Ed25519PrivateKey.generate())
    assert office.fee() == before


def test_a_broken_service_of_the_city_costs_itself_alone(office: Office) -> None:
    broken = sktm("x")
    broken["id"] = "sku"
    office.city_publishes(sktm("Rp 0"), broken | {"category": 7})
    assert office.fee() == "Rp 0"
    assert office.problems() == ["city: sku: category"]
    assert "sku" in office.shown()[0].services, "the package's is shown"


# --- this office's word ---------------------------------------------------------------------------
def test_a_local_fact_wins_and_says_by_whom(office: Office) -> None:
    office.says("Gratis, tanpa materai")
    shown, (laid,) = office.shown()
    fact = shown.services["sktm"].facts["fee"]
    assert fact.lines[0].id == "Gratis, tanpa materai"
    assert fact.standing(DAY) == "disahkan"
    assert fact.approval is not None
    assert (fact.approval.role, fact.approval.person, fact.approval.day) == ("lurah", "Bu Ani", DAY)
    assert shown.sources[fact.sources[0]].title == "Edaran lurah 3/2026"
    assert laid.place == "shown"


def test_a_fact_nobody_had_can_be_said(office: Office) -> None:
    office.says("Loket 2", fact="counter")
    fact = office.shown()[0].services["sktm"].fact("counter")
    assert fact is not None
    assert fact.lines[0].id == "Loket 2"


def test_a_newer_word_of_the_city_is_shown_and_both_are_kept(office: Office) -> None:
    office.says("Gratis, tanpa materai")
    office.city_publishes(sktm("Rp 0 (Perwal)"))
    _, (laid,) = office.shown()
    assert office.fee() == "Rp 0 (Perwal)"
    assert laid.place == "undecided"
    assert laid.local.lines[0].id == "Gratis, tanpa materai"
    assert laid.beneath is not None
    assert laid.beneath.lines[0].id == "Rp 0 (Perwal)"

    office.says("Gratis, tanpa materai")  # decided: here it stays so
    assert office.fee() == "Gratis, tanpa materai"
    office.city_publishes(sktm("Rp 0 (Perwal)"), edition=2)
    assert office.fee() == "Gratis, tanpa materai", "published again, but nothing new about it"
    office.city_publishes(sktm("Rp 1"), edition=3)
    assert office.fee() == "Rp 1"

    office.says("")  # decided: the city's
    _, (laid,) = office.shown()
    assert (office.fee(), laid.place) == ("Rp 1", "city")


def test_another_fact_of_the_service_is_not_touched(office: Office) -> None:
    office.says("Gratis, tanpa materai")
    other = sktm("x")
    del other["facts"]["fee"]
    other["facts"]["fee"] = tomllib.loads((ASSETS / "catalogue" / "sktm.toml").read_text())[
        "facts"
    ]["fee"]
    other["facts"]["time"]["lines"] = [{"id": "5 menit", "en": "5 minutes"}]
    office.city_publishes(other)
    assert office.fee() == "Gratis, tanpa materai"
    fact = office.shown()[0].services["sktm"].fact("time")
    assert fact is not None
    assert fact.lines[0].id == "5 menit"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE local_fact SET signature = 'x'",
        "UPDATE local_fact SET content = replace(content, 'Gratis', 'Rp 50.000')",
        "UPDATE local_fact SET fact = 'time'",
        "UPDATE local_fact SET serial = 7",
    ],
)
def test_an_altered_local_fact_is_not_shown(office: Office, statement: str) -> None:
    before = office.fee()
    office.says("Gratis, tanpa materai")
    raw = raw_connection(office.home)
    for trigger in ("local_fact_fixed", "local_fact_new"):
        raw.execute(f"DROP TRIGGER {trigger}")
    raw.execute(statement)
    raw.close()
    assert office.fee() == before
    assert len(office.problems()) == 1


def test_the_triggers_keep_every_word_that_was_said(office: Office) -> None:
    office.says("Satu")
    for statement in (
        "DELETE FROM local_fact",
        "UPDATE local_fact SET content = '{}'",
        "REPLACE INTO local_fact SELECT * FROM local_fact",
    ):
        with pytest.raises(Exception, match="only grows"):
            office.db.conn.execute(statement)


def test_an_older_word_does_not_come_back(office: Office) -> None:
    """Somebody copies the row of a word that was taken back, with its good signature."""
    before = office.fee()
    office.says("Lama")
    office.says("")
    raw = raw_connection(office.home)
    raw.execute(
        "INSERT INTO local_fact SELECT 3, service, fact, content, signature FROM local_fact"
        " WHERE serial = 1"
    )
    raw.close()
    assert office.fee() == before
    assert len(office.problems()) == 1


def test_another_devices_signature_is_none(office: Office) -> None:
    before = office.fee()
    stranger = signer_with(Ed25519PrivateKey.generate())
    said = LocalFact("sktm", "fee", (Text("x", "x"),), "lurah", "N", DAY, "s", "")
    office.facts.say(said, stranger)
    assert office.fee() == before


def test_a_new_key_of_the_device_keeps_its_words(office: Office) -> None:
    office.says("Gratis, tanpa materai")
    holds = holds_by(office.home)
    fresh = signing.load_or_make_key(office.home, signing.NEXT_KEY_FILE)
    office.facts.sign_again(holds, signer_with(fresh))
    assert office.fee() == "Gratis, tanpa materai", "in the middle of the rotation"
    signing.adopt_next_key(office.home)
    assert office.fee() == "Gratis, tanpa materai"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"service": "none"}, "service"),
        ({"fact": "price"}, "fact"),
        ({"lines": (Text("x" * 301, "x"),)}, "lines"),
        ({"lines": (Text("x", ""),)}, "lines"),
        ({"person": " "}, "person"),
        ({"source": ""}, "source"),
        ({"valid_until": date(2026, 1, 1)}, "valid_until"),
    ],
)
def test_what_cannot_be_said_names_the_key(change: dict[str, Any], key: str) -> None:
    from dataclasses import replace

    good = LocalFact("sktm", "fee", (Text("x", "x"),), "lurah", "N", DAY, "s", "")
    catalogue = load_catalogue(ASSETS)
    check(good, catalogue)
    with pytest.raises(NotSayable, match=f"^{key}: "):
        check(replace(good, **change), catalogue)


def test_the_screens_hear_of_it_between_two_people(tmp_path: Path) -> None:
    services = build_ui(load_settings(tmp_path))
    assert services.renewed() is None
    office = Office(tmp_path)
    assert services.renewed() is not None, "the city's keys came"
    services = build_ui(load_settings(tmp_path))
    office.says("Gratis, tanpa materai")
    fresh = services.renewed()
    assert fresh is not None
    assert fresh.catalogue.services["sktm"].facts["fee"].lines[0].id == "Gratis, tanpa materai"
    assert fresh.renewed() is None


def test_a_person_decides_between_the_two(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    store = Store(settings)
    fact = {
        "service": "sktm",
        "fact": "fee",
        "lines": [{"id": "Gratis di sini", "en": "Free here"}],
        "source": "Edaran lurah 3/2026",
    }
    path = tmp_path / "fact.json"
    path.write_text(json.dumps(fact))

    def run(act: str, *given: str) -> list[dict[str, Any]]:
        arguments = ["catalogue", act, *given, "--person", "Bu Ani", "--home", str(tmp_path)]
        args = parser().parse_args(arguments)
        getattr(city_commands, act)(args, settings, store)
        return [line for line, _ in city_commands.laid_lines(settings)]

    (line,) = run("say", str(path))
    assert (line["place"], line["local"], line["person"]) == ("shown", ["Gratis di sini"], "Bu Ani")
    with pytest.raises(BadInput, match=r"sku\.fee: nothing was said"):
        run("decide", "sku.fee", "local")
    store.outbox.put("feed_keys", json.dumps(CITY_KEYS))
    office = Office(tmp_path)
    office.city_publishes(sktm("Rp 0"))
    ((line, text),) = list(city_commands.laid_lines(settings))
    assert (line["place"], line["city"]) == ("undecided", ["Rp 0"])
    assert text.endswith("decide")
    (line,) = run("decide", "sktm.fee", "local")
    assert (line["place"], office.fee()) == ("shown", "Gratis di sini")
    (line,) = run("decide", "sktm.fee", "city")
    assert (line["place"], office.fee()) == ("city", "Rp 0")
    fact["lines"] = []
    path.write_text(json.dumps(fact))
    with pytest.raises(BadInput, match="lines: is empty"):
        run("say", str(path))
    store.close()


def test_the_commands_understand_what_the_city_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the screens do: a ranking learned without it would be an old one to them for ever."""
    settings = load_settings(tmp_path)
    table = sktm("Rp 0") | {"id": "izin-drone", "aliases": ["izin menerbangkan drone"]}
    table["name"] = {"id": "Izin menerbangkan drone", "en": "Permit to fly a drone"}
    Office(tmp_path).city_publishes(table)
    args = parser().parse_args(["lookup", "izin", "menerbangkan", "drone"])
    ((answer, _),) = lookup_commands.looked_up(args, settings)
    assert answer["services"][0]["id"] == "izin-drone"

    questions = tmp_path / "q.tsv"
    questions.write_text("query\texpected\nizin menerbangkan drone\tizin-drone\n")
    args = parser().parse_args(["evaluate", "lookup", str(questions)])
    assert lookup_commands.evaluate_lookup(args, settings)["top1"][0] == 1

    def learned(services: Iterable[Service], _assets: Path, path: Path) -> Model:
        """That it learns is shown elsewhere, in half a minute."""
        told = digest(services, sentences_of(ASSETS), ASSETS / "lookup")
        model = replace(load_model(ASSETS / keeping.MODEL), digest=told)
        path.parent.mkdir()
        path.write_bytes(model.to_bytes())
        return model

    def seen_by_doctor() -> str:
        (state,) = (one.state for one in checks(tmp_path) if one.name == "lookup")
        return state

    assert seen_by_doctor() == "warn"
    monkeypatch.setattr(keeping, "rebuild", learned)
    lookup_commands.rebuilt(parser().parse_args(["rebuild", "lookup"]), settings)
    assert seen_by_doctor() == "ok"


def test_the_citys_own_authority_is_looked_at_when_it_is_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.ca_file is None
    path = tmp_path / "kiosk.toml"
    path.write_text(path.read_text() + f'\n[city]\nca_file = "{path}"\n')
    with pytest.raises(SettingsProblem, match=r"city\.ca_file: .*PEM"):
        load_settings(tmp_path)
