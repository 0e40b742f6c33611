"""The desk over TLS as a hostile neighbour on the office network would talk to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from kiosk.bootstrap import now
from kiosk.desk.app import BODY_MAX_BYTES, WAYS
from kiosk.domain.transaction import Draft
from tests.desk.support import PASSWORD, PEOPLE, Office, RunningDesk, running

HOSTILE = {
    "name": "<script>document.title='owned'</script>",
    "purpose_other": '=HYPERLINK("http://evil","x")',
    "address": {"street": "../../etc/passwd", "rt": "{{7*7}}", "rw": "'--", "kelurahan": "%00"},
    "note": "x" * 20_000,
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    office = Office(tmp_path_factory.mktemp("desk") / "home")
    with running(office) as made:
        yield made
    office.store.close()


class Visitor:
    """A browser's cookies without a browser."""

    def __init__(self, desk: RunningDesk, name: str | None = None) -> None:
        self.url = desk.url
        self.http = requests.Session()
        self.http.trust_env = False  # this machine's own certificates are not asked
        self.http.verify = str(desk.office.home / "desk.crt")
        self.http.headers["Sec-Fetch-Site"] = "same-origin"
        self.csrf = ""
        if name:
            answer = self.post("/masuk", name=name, password=PASSWORD)
            assert answer.status_code == 303, answer.text
            self.csrf = self.token_of(self.get("/sandi").text)

    @staticmethod
    def token_of(page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found
        return found.group(1)

    def get(self, path: str, **other: Any) -> requests.Response:
        return self.http.get(self.url + path, allow_redirects=False, timeout=60, **other)

    def post(self, path: str, **fields: Any) -> requests.Response:
        data = {"csrf": self.csrf} | fields
        return self.http.post(self.url + path, data=data, allow_redirects=False, timeout=60)


def version_of(page: str) -> str:
    found = re.search(r'data-version="(\d+)"', page)
    assert found
    return found.group(1)


def test_every_answer_has_the_headers_and_the_page_no_inline_script(desk: RunningDesk) -> None:
    rina = Visitor(desk, "Rina")
    for path in ("/masuk", "/pekerjaan", "/antrean", "/isi/sktm", "/tv", "/nothing", "/static/x"):
        answer = rina.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in answer.headers
        for found in (r"<script(?! src=)", r"\son\w+=", r"\sstyle=", r"https?://"):
            assert not re.search(found, answer.text), (path, found)
    assert rina.get("/pekerjaan").headers["Cache-Control"] == "no-store"


def test_the_cookie_is_for_this_page_alone(desk: RunningDesk) -> None:
    answer = Visitor(desk).post("/masuk", name="rina", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    for word in ("__Host-desk=", "Secure", "HttpOnly", "Path=/", "SameSite=strict"):
        assert word in cookie
    assert "Domain" not in cookie
    assert "expires" not in cookie.lower()


def test_a_role_sees_and_does_only_its_own(desk: RunningDesk) -> None:
    """Every way of the desk, tried by everybody who may not, with a right token."""
    visitors = {role: Visitor(desk, name) for name, role in PEOPLE.items() if name != "Budi"}
    stranger, tried = Visitor(desk), 0
    for way in WAYS:
        path = way.path.format(dseq=1, act="open", id=1, service="sktm") if way.roles else ""
        if not path:
            continue
        path = re.sub(r"\{\w+\}", "1", path)
        ask = "get" if way.method == "GET" else "post"
        answer = getattr(stranger, ask)(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/masuk"), path
        for role, visitor in visitors.items():
            if role not in way.roles:
                tried += 1
                refused = getattr(visitor, ask)(path)
                assert refused.status_code == 403, (role, path)
                assert "bukan untuk peran Anda" in refused.text
    assert tried > 40
    nav = {
        role: set(re.findall(r'<li><a href="(/\w+)"', visitor.get("/sandi").text))
        for role, visitor in visitors.items()
    }
    assert nav == {
        "petugas": {"/pekerjaan", "/antrean", "/isi"},
        "lurah": {"/angka", "/catatan"},
        "admin": {"/staf", "/catatan"},
    }


def test_another_site_can_send_nothing(desk: RunningDesk) -> None:
    dseq = desk.office.dseq(desk.office.apply())
    rina = Visitor(desk, "Rina")
    page = rina.get(f"/permohonan/{dseq}").text
    path, fields = f"/permohonan/{dseq}/open", {"version": version_of(page)}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        rina.http.headers.update(headers)
        assert rina.post(path, **fields).status_code == 403
    del rina.http.headers["Sec-Fetch-Site"]
    rina.http.headers["Origin"] = "https://evil.example"
    assert rina.post(path, **fields).status_code == 403
    rina.http.headers.update({"Origin": rina.url, "Sec-Fetch-Site": "same-origin"})
    right, rina.csrf = rina.csrf, ""
    assert rina.post(path, **fields).status_code == 403
    rina.csrf = right[:-1]
    assert rina.post(path, **fields).status_code == 403
    assert desk.office.store.work.get(dseq).state == "new"
    rina.csrf = right
    assert rina.post(path, **fields).status_code == 303
    assert desk.office.store.work.get(dseq).state == "open"


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", "/a\r\nX: y"])
def test_log_in_leads_nowhere_else(desk: RunningDesk, to: str) -> None:
    answer = Visitor(desk).post("/masuk", name="Rina", password=PASSWORD, to=to)
    assert answer.headers["Location"] == "/pekerjaan"


def test_guessing_is_slowed_also_after_a_restart(desk: RunningDesk) -> None:
    """The third wrong one is followed by 5 s of waiting; ten more, told to the table, by minutes,
    so that a slow machine is no excuse."""
    office = desk.office
    guesser = Visitor(desk)
    statuses = [guesser.post("/masuk", name="Budi", password="salah").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert set(office.rows("SELECT failures FROM guess")) == {(3,)}
    office.rows("UPDATE guess SET failures = 13 WHERE who GLOB 'person*'")
    desk.stop()
    desk.start()
    slowed = Visitor(desk).post("/masuk", name="Budi", password=PASSWORD)
    assert slowed.status_code == 429
    assert "Tunggu" in slowed.text
    assert Visitor(desk, "Rina")  # others come in
    office.rows("DELETE FROM guess")
    assert Visitor(desk, "Budi")


def test_a_wrong_name_and_a_wrong_password_say_the_same(desk: RunningDesk) -> None:
    pages = [
        Visitor(desk).post("/masuk", name=name, password="salah").text.replace(name, "X")
        for name in ("Rina", "Siapa")
    ]
    assert pages[0] == pages[1]
    desk.office.rows("DELETE FROM guess")


@pytest.mark.parametrize("size", [BODY_MAX_BYTES + 1, 1_000_000])
def test_a_megabyte_is_refused_and_stores_nothing(desk: RunningDesk, size: int) -> None:
    rina = Visitor(desk, "Rina")
    before = desk.office.rows("SELECT count(*) FROM txn")
    answer = rina.post("/isi/sktm", name="x" * size)
    assert answer.status_code == 413
    assert desk.office.rows("SELECT count(*) FROM txn") == before
    many = {f"f{number}": "1" for number in range(400)}
    assert rina.post("/isi/sktm", **many).status_code == 413


def test_hostile_answers_are_words_and_nothing_else(desk: RunningDesk) -> None:
    """Past every check, straight into the store: what a broken kiosk might have taken."""
    office = desk.office
    receipt = office.store.transactions.accept(Draft("application", "sktm", dict(HOSTILE)))
    strange = office.store.transactions.accept(
        Draft("application", "<img src=x onerror=alert(1)>", {"<b>": "<svg/onload=alert(1)>"})
    )
    rina = Visitor(desk, "Rina")
    for one in (receipt, strange):
        dseq = office.dseq(one)
        version = version_of(rina.get(f"/permohonan/{dseq}").text)
        assert rina.post(f"/permohonan/{dseq}/open", version=version).status_code == 303
        page = rina.get(f"/permohonan/{dseq}").text
        # The answers alone: a token of the forms below them may hold "49" by chance.
        answers = page.partition("Isian warga")[2].partition("</dl>")[0]
        assert "<dd" in answers
        for harm in ("<script>d", "<img", "<svg", "<b>", "49"):
            assert harm not in answers
    page = rina.get(f"/permohonan/{office.dseq(receipt)}").text
    assert "&lt;script&gt;" in page
    pdf = rina.get(f"/permohonan/{office.dseq(receipt)}/rancangan")
    assert pdf.status_code in (200, 404)
    assert b"/JavaScript" not in pdf.content
    assert b"/URI" not in pdf.content
    assert rina.get("/pekerjaan").status_code == 200
    assert Visitor(desk, "Ibu Lurah").get("/angka").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../desk.py",
        "/static/%2e%2e/desk.py",
        "/font/..%2f..%2fkiosk.toml",
        "/permohonan/..%2f..%2fetc",
        "/permohonan/1%27%20OR%201=1",
        "/permohonan/99999999999999999999",
        "/isi/..%2fsktm",
        "/isi/sktm/1%27--",
    ],
)
def test_odd_paths_are_not_there(desk: RunningDesk, path: str) -> None:
    rina = Visitor(desk, "Rina")
    request = requests.Request("GET", rina.url + path).prepare()
    request.url = rina.url + path  # as written, not made tidy
    request.headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in rina.http.cookies)
    answer = rina.http.send(request, allow_redirects=False, timeout=60)
    assert answer.status_code in (404, 410)
    assert "Traceback" not in answer.text


def test_assisted_entry_checks_like_the_kiosk_and_is_filed_with_who_did_it(
    desk: RunningDesk,
) -> None:
    office, rina = desk.office, Visitor(desk, "Rina")
    refused = rina.post("/isi/sktm", nik="1", name=HOSTILE["name"])
    assert refused.status_code == 422
    assert "NIK harus 16 angka" in refused.text
    assert "<script>d" not in refused.text
    fields = {
        "nik": "3671011401940001",
        "name": "Contoh Warga",
        "birth_date": "14-01-1994",
        "address.street": "Jl. Contoh No. 1",
        "address.rt": "1",
        "address.rw": "2",
        "address.kelurahan": "36.71.01.1001",
        "purpose": "sekolah",
    }
    before = office.rows("SELECT max(dseq) FROM txn")[0][0]
    answer = rina.post("/isi/sktm", **fields)
    assert answer.status_code == 303, answer.text
    filed = [row for row in office.rows("SELECT kind FROM txn WHERE dseq > ?", before)]
    assert filed == [("application",), ("act",), ("act",)]
    work = office.store.work.get(before + 1)
    assert (work.state, work.holder) == ("open", office.ids["Rina"])
    acts = [line.act for line in office.store.audit.listing(about=work.id)]
    assert acts == ["open", "assist"]
    assert work.code in rina.get(answer.headers["Location"]).text


def test_a_paper_that_did_not_come_out_is_told_and_printed_on_a_clerks_word(
    desk: RunningDesk,
) -> None:
    office, rina = desk.office, Visitor(desk, "Rina")
    receipt = office.apply()
    prints = office.store.prints
    prints.ask("receipt", txn_id=receipt.id)
    job = prints.next()
    assert job is not None
    prints.fail(job.id, "paper_out")
    page = rina.get("/pekerjaan").text
    assert "kertas habis" in page
    dseq = office.dseq(receipt)
    assert rina.post(f"/nomor/{dseq}/cetak").status_code == 303
    again = prints.next()
    assert again is not None
    assert (again.txn_id, again.by) == (receipt.id, "Rina")
    prints.confirm(again.id)
    assert "kertas habis" not in rina.get("/pekerjaan").text
    assert office.store.audit.listing(about=receipt.id)[0].act == "reprint"
    assert rina.post("/nomor/999999/cetak").status_code == 404


def test_the_lurah_sees_what_citizens_put_right(desk: RunningDesk) -> None:
    lurah = Visitor(desk, "Ibu Lurah")
    assert "Dibetulkan warga</h2>\n<p" in lurah.get("/angka").text
    store, today = desk.office.store, now().date()
    for day in (today, today, today - timedelta(days=3)):
        store.corrections.count(day, "sktm", "dtsen")
    store.corrections.count(today, "akta-kematian", "")

    def rows(days: int) -> str:
        return lurah.get(f"/angka?hari={days}").text.partition("Dibetulkan warga")[2]

    assert re.search(r'<td>Bukan layanan itu</td><td class="n">1</td>', rows(1))
    assert rows(1).count('<td class="n">2</td>') == 1
    assert rows(7).count('<td class="n">3</td>') == 1


def test_one_neighbour_cannot_take_all_the_lines(desk: RunningDesk) -> None:
    rina, lines = Visitor(desk, "Rina"), []
    try:
        statuses = []
        for _ in range(14):
            lines.append(rina.get("/live", stream=True))
            statuses.append(lines[-1].status_code)
        assert statuses == [200] * 12 + [503] * 2
        assert rina.get("/pekerjaan").status_code == 200
    finally:
        for line in lines:
            line.close()


def test_a_new_person_must_choose_a_password_and_a_gone_one_is_out_at_once(
    desk: RunningDesk,
) -> None:
    admin = Visitor(desk, "Pak Kelola")
    page = admin.post("/staf", name="Dewi <b>", role="petugas").text
    found = re.search(r'first-password">([^<]+)<', page)
    assert found
    assert "<b>" not in page
    dewi = Visitor(desk)
    dewi.post("/masuk", name="Dewi <b>", password=found.group(1))
    assert dewi.get("/pekerjaan").headers["Location"] == "/sandi"
    dewi.csrf = dewi.token_of(dewi.get("/sandi").text)
    weak = dewi.post("/sandi", old=found.group(1), new="pendek", again="pendek")
    assert weak.status_code == 422
    new = "tiga kucing tidur"
    done = dewi.post("/sandi", old=found.group(1), new=new, again=new)
    assert done.headers["Location"] == "/pekerjaan"
    assert dewi.get("/pekerjaan").status_code == 200
    id_ = next(one.id for one in desk.office.store.staff.listing() if one.name == "Dewi <b>")
    admin.post(f"/staf/{id_}/nonaktif")
    assert dewi.get("/pekerjaan").status_code == 303
    again = Visitor(desk).post("/masuk", name="Dewi <b>", password=new)
    assert again.status_code == 401
    last = admin.post(f"/staf/{desk.office.ids['Pak Kelola']}/peran", role="petugas")
    assert last.status_code == 409
    desk.office.rows("DELETE FROM guess")


def test_a_new_password_from_the_command_line_ends_the_log_in(desk: RunningDesk) -> None:
    admin = Visitor(desk, "Pak Kelola")
    office = desk.office
    from kiosk.desk_command import add_admin
    from kiosk.problems import BadInput

    made = add_admin(office.settings, "Bu Kelola")
    again = add_admin(office.settings, "bu kelola")
    assert made["name"] == again["name"] == "Bu Kelola"
    assert made["password"] != again["password"]
    with pytest.raises(BadInput, match="petugas"):
        add_admin(office.settings, "Rina")
    bu = Visitor(desk)
    assert bu.post("/masuk", name="Bu Kelola", password=made["password"]).status_code == 401
    assert bu.post("/masuk", name="Bu Kelola", password=again["password"]).status_code == 303
    add_admin(office.settings, "Bu Kelola")
    assert bu.get("/staf").status_code == 303
    assert admin.get("/staf").status_code == 200


def test_nothing_of_a_citizen_is_in_logs_acts_or_urls(desk: RunningDesk) -> None:
    """After all the tests above."""
    office = desk.office
    assert "3671" not in desk.log.read_text()
    assert "Contoh Warga" not in desk.log.read_text()
    acts = office.rows("SELECT p.body FROM payload p JOIN txn t USING (dseq) WHERE t.kind = 'act'")
    assert len(acts) >= 4
    for (body,) in acts:
        assert b"3671011401940001" not in body
        assert b"Contoh" not in body
    audit = str(office.rows("SELECT * FROM audit"))
    assert "3671" not in audit
    assert "Contoh" not in audit
