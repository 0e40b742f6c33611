"""The shipped catalogue loads whole; a broken file names file and key and costs only itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.service import FACT_NAMES, CatalogueProblem
from kiosk.store.catalogue import load_catalogue

ASSETS = Path(__file__).parents[2] / "assets"
Break = Callable[[str], str]


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Two services, one event over both, all sources."""
    (tmp_path / "catalogue").mkdir()
    shutil.copytree(ASSETS / "schemas", tmp_path / "schemas")
    for name in ("sources.toml", "categories.toml", "fields.toml"):
        shutil.copy(ASSETS / name, tmp_path / name)
    papers = (ASSETS / "papers.toml").read_text(encoding="utf-8")
    papers = re.sub("^service = .*$", "", papers, flags=re.M)  # the services are not here
    (tmp_path / "papers.toml").write_text(papers, encoding="utf-8")
    for name in ("sktm", "belum-menikah"):
        shutil.copy(ASSETS / "catalogue" / f"{name}.toml", tmp_path / "catalogue")
    (tmp_path / "events.toml").write_text(
        '[[event]]\nid = "menikah"\nicon = "hearts"\nservices = ["belum-menikah", "sktm"]\n'
        'name = { id = "Menikah", en = "Marriage" }\n'
        'given = { belum-menikah = { purpose = "nikah" }, sktm = { purpose = "lain" } }\n',
        encoding="utf-8",
    )
    return tmp_path


def only_problem(assets: Path) -> CatalogueProblem:
    problems = load_catalogue(assets).problems
    assert len(problems) == 1, problems
    return problems[0]


def test_the_shipped_catalogue_has_no_problem() -> None:
    catalogue = load_catalogue(ASSETS)
    assert catalogue.problems == ()
    assert len(catalogue.services) == 93
    categories = {one.id for one in catalogue.categories}
    assert {one.category for one in catalogue.services.values()} == categories
    filed = {one.id for one in catalogue.services.values() if one.filing == "form"}
    assert filed >= {"sktm", "dom-penduduk", "belum-menikah", "penghasilan", "ket-umum"}
    for event in catalogue.events:
        assert event.services


def test_a_service_reads_as_written() -> None:
    service = load_catalogue(ASSETS).services["sktm"]
    assert service.name.id == "Surat Keterangan Tidak Mampu (SKTM)"
    assert list(service.facts) == [name for name in FACT_NAMES if name in service.facts]
    fee = service.fact("fee")
    assert fee is not None
    assert fee.lines[0].said("en") == "Free"
    assert fee.recorded == date(2026, 11, 21)
    assert service.form is not None
    other = next(one for one in service.form.fields if one.name == "purpose_other")
    assert other.only_if is not None
    assert (other.only_if.field, other.only_if.values) == ("purpose", ("lain",))


def test_the_fixture_is_whole(assets: Path) -> None:
    catalogue = load_catalogue(assets)
    assert catalogue.problems == ()
    assert list(catalogue.services) == ["belum-menikah", "sktm"]


def replacing(old: str, new: str) -> Break:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        (replacing('icon = "', 'icno = "'), "", "icno"),
        (replacing("at_kelurahan = true", "at_kelurahan = 1"), "at_kelurahan", "boolean"),
        (replacing('id = "sktm"', 'id = "sktn"'), "id", "rename"),
        (replacing('name = { id = "', 'name = { id = '), "", "is not TOML"),
        (replacing("[facts.fee]", "[facts.fees]"), "facts", "fees"),
        (replacing('state = "contoh"', 'state = "sah"'), "facts.requirements.state", "contoh"),
        (replacing("unknown = [", 'unknown = ["fee", '), "facts.fee", "in both"),
        (replacing('unknown = ["counter", ', "unknown = ["), "facts.counter", "missing"),
        (replacing('"N11"', '"N999"'), "facts.requirements.sources", "N999"),
        (replacing('"2026-11-21"', '"2026-02-31"'), "facts.requirements.recorded", "calendar"),
        (replacing('filing = "form"', 'filing = "none"'), "filing", "form"),
        (replacing('value = "berobat"', 'value = "lain"'), "form.fields.1.choices", "same value"),
        (replacing('value = "lain"', 'value = "lai"'), "form.fields.2.only_if.values", "lain"),
        (replacing('kind = "choice"', 'kind = "text"'), "form.fields.1.choices", "choice"),
        (replacing('name = "purpose"', 'name = "use"'), "form.fields.2.only_if.field", "purpose"),
        (replacing('use = "phone"', 'use = "nik"'), "form.fields.3.name", "twice"),
        (replacing('use = "phone"', 'use = "fax"'), "form.fields.3.use", "fields.toml"),
        (replacing('use = "phone"', 'use = "phone"\nkind = "text"'), "form.fields.3.use", "kind"),
        (
            replacing('use = "applicant"', 'use = "applicant"\nrequired = false'),
            "form.fields.0.use",
            "group",
        ),
        (replacing('kind = "choice"\n', ""), "form.fields.1.kind", "missing"),
        (replacing("{purpose}", "{purpse}"), "form.letter.says", "purpse"),
        (replacing('paper = "ktp"', 'paper = "ktq"'), "facts.requirements.lines", "ktq"),
        (lambda text: "", "", "must contain"),
        (lambda text: "x = [" * 5000, "", "is not TOML"),
        (lambda text: text + "#" * 70_000, "", "shorten"),
    ],
)  # fmt: skip
def test_a_broken_file_costs_its_own_service(
    assets: Path, change: Break, key: str, says: str
) -> None:
    path = assets / "catalogue" / "sktm.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    problem = only_problem(assets)
    assert (problem.file, problem.key) == ("sktm.toml", key)
    assert says in problem.message
    catalogue = load_catalogue(assets)
    assert list(catalogue.services) == ["belum-menikah"]
    assert [event.services for event in catalogue.events] == [("belum-menikah",)]


def test_a_file_in_another_encoding(assets: Path) -> None:
    path = assets / "catalogue" / "sktm.toml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert "UTF-8" in only_problem(assets).message


def test_an_event_without_its_service(assets: Path) -> None:
    path = assets / "events.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("sktm", "sktn"), encoding="utf-8")
    problem = only_problem(assets)
    assert (problem.file, problem.key) == ("events.toml", "menikah.services")
    assert "sktn" in problem.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", ""),
        ("event = 3", ""),
        ("event = [3]", "0"),
        ('[[event]]\nid = "x"', "x.name"),
        ('[[event]]\nid = "x"\nname = { id = "X", en = 3 }', "0.name"),
        ('[[event]]\nicon = "x"', "0.key"),
    ],
)
def test_a_broken_list_costs_only_its_entry(assets: Path, text: str, key: str) -> None:
    order = 'icon = "hearts"\nservices = []\n' if key == "x.name" else ""
    (assets / "events.toml").write_text(f"{text}\n{order}", encoding="utf-8")
    problem = only_problem(assets)
    assert (problem.file, problem.key) == ("events.toml", key)
    assert len(load_catalogue(assets).services) == 2


def test_a_missing_list_is_a_problem(assets: Path) -> None:
    (assets / "events.toml").unlink()
    problem = only_problem(assets)
    assert problem.file == "events.toml"
    assert "cannot be read" in problem.message


def test_an_empty_catalogue_is_a_problem(tmp_path: Path, assets: Path) -> None:
    shutil.rmtree(assets / "catalogue")
    assert "catalogue/" in {problem.file for problem in load_catalogue(assets).problems}


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        (lambda text: text.partition("given")[0], "menikah.services", "purpose"),
        (replacing('purpose = "lain"', 'purpose = "lai"'), "menikah.given.sktm", "no choice"),
        (replacing('purpose = "lain"', 'name = "Siti"'), "menikah.given.sktm", "no choice"),
        (replacing("given = {", "given = 3 #"), "0.given", "table"),
    ],
)
def test_letters_that_cannot_be_filed_together(
    assets: Path, change: Break, key: str, says: str
) -> None:
    path = assets / "events.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    problem = only_problem(assets)
    assert (problem.file, problem.key) == ("events.toml", key)
    assert says in problem.message
    assert len(load_catalogue(assets).services) == 2


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("fields.toml", replacing('kind = "nik"', 'kind = "nikk"'), "field.0"),
        ("fields.toml", replacing('applicant = ["nik"', 'applicant = ["fax"'), "groups.applicant"),
        ("fields.toml", replacing("[groups]", "[group]"), ""),
        ("papers.toml", replacing('key = "ktp"', 'key = "kk"'), "kk"),
    ],
)
def test_a_broken_shared_file_names_its_key(
    assets: Path, name: str, change: Break, key: str
) -> None:
    path = assets / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    found = {(one.file, one.key) for one in load_catalogue(assets).problems}
    assert (name, key) in found


def test_every_letter_has_a_form_or_a_word_why_not() -> None:
    catalogue = load_catalogue(ASSETS)
    letters = [one for one in catalogue.services.values() if one.category == "surat"]
    assert len(letters) == 28
    without = {one.id for one in letters if one.filing == "none"}
    assert without == {"disp-nikah", "numpang-nikah", "pengantar-rt"}  # of other offices
    assert not any(catalogue.services[one].at_kelurahan for one in without)
    forms = [one for one in letters if one.filing == "form"]
    assert len(forms) == 18
    for one in forms:
        assert one.form is not None
        assert one.form.letter is not None, one.id
        assert [field.name for field in one.form.fields][:3] == ["nik", "name", "birth_date"]
    assert all(one.note for one in letters if one.filing == "ask_staff")


def test_what_the_facts_do_not_tell_is_told_apart(assets: Path) -> None:
    services = load_catalogue(ASSETS).services
    assert services["sku"].note_first
    first = services["paspor"].first_issue
    assert first is not None
    assert "paspor" in first.of
    assert first.expires
    assert services["akta-kawin"].not_for[0].see == "nikah-kua"
    path = assets / "catalogue" / "sktm.toml"
    text = path.read_text(encoding="utf-8")
    strange = 'not_for = [{ said = ["SKTM lain"], see = "nowhere" }]\n'
    path.write_text(text.replace("filing = ", strange + "filing = ", 1), encoding="utf-8")
    problem = only_problem(assets)
    assert (problem.file, problem.key) == ("sktm.toml", "not_for.see")
