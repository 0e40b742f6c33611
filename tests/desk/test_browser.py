"""The desk in Chromium: two clerks, the lurah, the administrator and the television, at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk.domain.transaction import Draft
from tests.desk.support import Office, RunningDesk, log_in, running

pytestmark = pytest.mark.slow
NewPage = Callable[..., Any]
LOCK_S = 6


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    office = Office(tmp_path_factory.mktemp("desk") / "home")
    with running(office) as made:
        yield made
    office.store.close()


def shown(page: Any, selector: str, pattern: str | None) -> None:
    """Wait until that part of the page says so, without a reload."""
    page.wait_for_function(
        "([part, words]) => { const seen = document.querySelector(part);"
        " return seen && new RegExp(words).test(seen.innerText); }",
        arg=[selector, pattern],
    )


def mark(page: Any) -> None:
    page.evaluate("window.stayed = true")


def stayed(page: Any) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def rang(page: Any) -> int:
    return int(page.evaluate("+(document.body.dataset.rang || 0)"))


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def test_a_new_application_appears_and_rings_while_the_page_stays(
    desk: RunningDesk, new_page: NewPage
) -> None:
    rina = new_page()
    log_in(rina, desk.url, "Rina")
    assert rina.url.endswith("/pekerjaan")
    mark(rina)
    before = rang(rina)
    receipt = desk.office.apply()
    shown(rina, "#baru", receipt.code)
    rina.wait_for_function("n => +(document.body.dataset.rang || 0) > n", arg=before)
    assert stayed(rina)


def test_a_press_is_not_lost_when_something_comes_in_before_the_release(
    desk: RunningDesk, new_page: NewPage
) -> None:
    first = desk.office.apply()
    rina = new_page()
    log_in(rina, desk.url, "Rina")
    row = rina.locator("#baru tbody tr").filter(has_text=first.code)
    row.get_by_role("button", name="Buka").hover()
    rina.mouse.down()
    second = desk.office.apply()
    time.sleep(1.5)  # it has been told, and waits
    assert second.code not in rina.inner_text("#baru")
    rina.mouse.up()
    rina.wait_for_url("**/permohonan/*")
    assert first.code in rina.inner_text("main")


def test_a_call_for_help_rings_until_somebody_takes_it_and_the_others_see_who(
    desk: RunningDesk, new_page: NewPage
) -> None:
    rina, budi = new_page(), new_page()
    log_in(rina, desk.url, "Rina")
    log_in(budi, desk.url, "Budi")
    rina.goto(f"{desk.url}/antrean")  # wherever she is
    mark(rina)
    call = desk.office.store.handovers.ring("id")
    shown(rina, "#bel", call.sign)
    rina.wait_for_function("() => /1 panggilan/.test(document.title)")
    rina.wait_for_function("() => +(document.body.dataset.rang || 0) > 1")  # it does not give up
    assert stayed(rina)
    assert desk.office.store.handovers.standing(call.id) == "seen"
    shown(budi, "#panggilan", call.sign)
    press(budi, "Saya datang")
    rina.goto(f"{desk.url}/pekerjaan")
    shown(rina, "#panggilan", "Budi menangani")
    assert rina.locator("#bel .ring").count() == 0
    assert desk.office.store.handovers.standing(call.id) == "taken"
    press(budi, "Sudah ditemani")
    shown(rina, "#panggilan", "Tidak ada yang memanggil")
    assert desk.office.store.handovers.standing(call.id) is None


def test_a_form_handed_over_is_finished_at_the_desk_and_leaves_nothing_behind(
    desk: RunningDesk, new_page: NewPage
) -> None:
    office = desk.office
    raw = {"nik": "3671011401940001", "name": "Siti Contoh"}
    call = office.store.handovers.offer("sktm", raw, frozenset(raw), "id")
    rina, budi = new_page(), new_page()
    log_in(rina, desk.url, "Rina")
    log_in(budi, desk.url, "Budi")
    mine = rina.locator("#panggilan li").filter(has_text=call.sign)
    mine.get_by_role("button", name="Teruskan isian").click()
    rina.wait_for_load_state()
    assert rina.get_by_label("Nama").input_value() == "Siti Contoh"
    assert "Siti" not in rina.url
    answer = budi.goto(f"{desk.url}/isi/sktm/{call.id}")
    assert answer.status == 409
    assert "Rina sudah menangani" in budi.inner_text("main")
    rina.get_by_label("Tanggal lahir").fill("14 01 1994")
    rina.get_by_label("Jalan dan nomor rumah").fill("Jl. Contoh No. 2")
    rina.get_by_label("RT", exact=True).fill("1")
    rina.get_by_label("RW", exact=True).fill("2")
    rina.get_by_label("Kelurahan").select_option("36.71.01.1001")
    other = rina.locator('[name="purpose_other"]')
    assert not other.is_visible()
    rina.get_by_role("radio", name="Keperluan lain").check()
    assert other.is_visible()
    rina.get_by_role("radio", name="Berobat").check()
    assert not other.is_visible()
    press(rina, "Simpan permohonan")
    assert re.search(r"/permohonan/\d+$", rina.url)
    assert "Tersimpan di kiosk ini" in rina.inner_text("main")
    assert "Siti Contoh" in rina.inner_text("main")
    assert office.rows("SELECT count(*) FROM handover") == [(0,)]


def test_of_two_clerks_on_one_application_the_second_is_told(
    desk: RunningDesk, new_page: NewPage
) -> None:
    receipt = desk.office.apply()
    rina, budi = new_page(), new_page()
    log_in(rina, desk.url, "Rina")
    log_in(budi, desk.url, "Budi")
    desk.office.store.work.take_in()
    address = f"{desk.url}/permohonan/{desk.office.dseq(receipt)}"
    rina.goto(address)
    budi.goto(address)
    assert "Contoh Warga" not in budi.inner_text("main")  # not before it is opened
    press(rina, "Buka dan kerjakan")
    budi.wait_for_selector("#berubah:not([hidden])")  # his page tells him by itself
    press(budi, "Buka dan kerjakan")  # and he presses all the same
    told = budi.inner_text("#masalah")
    assert "Tidak ada yang diubah" in told
    assert "Rina lebih dulu (membuka" in told
    assert budi.get_by_role("button", name="Terima: lengkap").count() == 0
    press(budi, "Ambil alih dari Rina")
    press(rina, "Terima: lengkap")
    assert "Budi lebih dulu" in rina.inner_text("#masalah")
    now = desk.office.store.work.find(receipt.id)
    assert now is not None
    assert now.state == "open"


def test_check_return_come_again_accept_done(desk: RunningDesk, new_page: NewPage) -> None:
    receipt = desk.office.apply()
    rina = new_page()
    log_in(rina, desk.url, "Rina")
    rina.get_by_label("Kode pada tanda terima").fill(receipt.code.lower().replace("-", " "))
    press(rina, "Cari")
    press(rina, "Buka dan kerjakan")
    rina.get_by_label("Kartu Keluarga (KK)").check()
    press(rina, "Kembalikan kepada warga")
    assert "Pilih alasannya" in rina.inner_text("#masalah")
    assert rina.get_by_label("Kartu Keluarga (KK)").is_checked()
    rina.get_by_label("Dikembalikan karena").first.select_option(label="Persyaratan belum lengkap")
    press(rina, "Kembalikan kepada warga")
    shown(rina, "#kembali", f"{receipt.code}[\\s\\S]*Persyaratan belum lengkap")
    rina.goto(f"{desk.url}/permohonan/{desk.office.dseq(receipt)}")
    press(rina, "Warga datang lagi: buka")
    assert rina.get_by_label("Kartu Keluarga (KK)").is_checked()
    for box in rina.get_by_role("checkbox").all():
        box.check()
    press(rina, "Terima: lengkap")
    press(rina, "Selesai: surat diserahkan")
    shown(rina, "#selesai", receipt.code)
    lurah = new_page()
    log_in(lurah, desk.url, "Ibu Lurah")
    assert "pernah dikembalikan" in lurah.inner_text("main")
    lurah.get_by_role("link", name="Catatan tindakan").click()
    lurah.wait_for_load_state()
    assert re.search(
        f"Rina\\s+Menyelesaikan permohonan\\s+{receipt.code}", lurah.inner_text("main")
    )


def test_the_queue_and_the_television(desk: RunningDesk, new_page: NewPage) -> None:
    office = desk.office
    first = office.ticket(line="kependudukan")
    first_priority = office.ticket(line="kependudukan", priority=True)
    rina, budi, tv = new_page(), new_page(), new_page(1920, 1080)
    for page, name, counter in ((rina, "Rina", "2"), (budi, "Budi", "3")):
        log_in(page, desk.url, name)
        page.goto(f"{desk.url}/antrean")
        page.get_by_label("Loket saya").select_option(counter)
        page.locator('select[name="line"]').first.select_option("kependudukan")
        press(page, "Pakai")
    tv.goto(f"{desk.url}/tv")
    mark(tv)
    press(rina, "Panggil berikutnya")
    assert first_priority.ticket in rina.inner_text("#sekarang")
    shown(tv, "#panggil", f"{first_priority.ticket}[\\s\\S]*Loket 2")
    tv.wait_for_function("() => +(document.body.dataset.rang || 0) === 1")
    press(rina, "Panggil ulang")
    tv.wait_for_function("() => +(document.body.dataset.rang || 0) === 2")
    press(budi, "Panggil berikutnya")
    shown(tv, "#panggil", f"{first.ticket}[\\s\\S]*Loket 3")
    shown(tv, "#sebelum", first_priority.ticket)
    assert stayed(tv)
    # Budi holds his; both pages show it; both call it; one is told.
    press(budi, "Tahan dulu")
    press(rina, "Datang: mulai layani")
    press(rina, "Selesai")
    shown(rina, "#tertahan", first.ticket)
    shown(budi, "#tertahan", first.ticket)
    # Both click within a moment: Rina's page cannot have heard yet of what Budi did.
    rina.evaluate("() => { window.fetch = () => new Promise(() => {}); }")
    budi.locator("#tertahan").get_by_role("button", name="Panggil").click()
    budi.wait_for_load_state()
    rina.locator("#tertahan").get_by_role("button", name="Panggil").click()
    rina.wait_for_load_state()
    told = rina.inner_text("#masalah")
    assert f"{first.ticket} sudah dipanggil ke loket 3 (Budi" in told
    press(budi, "Tidak hadir")
    shown(budi, "#tertahan", f"{first.ticket}[\\s\\S]*Tidak hadir")
    acts = [line.act for line in office.store.audit.listing(about=first.id)]
    assert acts == ["queue_no_show", "queue_call", "queue_hold", "queue_call"]


def test_a_copied_cookie_is_worth_nothing_after_the_lock(
    tmp_path_factory: pytest.TempPathFactory, new_page: NewPage
) -> None:
    office = Office(tmp_path_factory.mktemp("lock") / "home", lock_s=LOCK_S)
    with running(office) as desk:
        rina, thief = new_page(), new_page()
        log_in(rina, desk.url, "Rina")
        cookies = rina.context.cookies()
        (cookie,) = [one for one in cookies if one["name"] == "__Host-desk"]
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        thief.context.add_cookies(cookies)
        assert thief.goto(f"{desk.url}/pekerjaan").url.endswith("/pekerjaan")
        # Her page listens and refreshes itself all the while; that keeps nobody logged in.
        office.apply()
        rina.wait_for_selector("#hampir:not([hidden])")  # it asks first; she does not answer
        rina.wait_for_url(lambda url: url.endswith("/masuk?kunci=1"))
        assert "Terkunci" in rina.inner_text("main")
        time.sleep(LOCK_S + 1)
        assert "/masuk" in thief.goto(f"{desk.url}/pekerjaan").url
        fresh = new_page()
        fresh.context.add_cookies(cookies)
        assert "/masuk" in fresh.goto(f"{desk.url}/pekerjaan").url
    office.store.close()


def test_the_desk_says_when_it_lost_the_kiosk_and_comes_back_by_itself(
    desk: RunningDesk, new_page: NewPage
) -> None:
    tv = new_page()
    tv.goto(f"{desk.url}/tv")
    assert tv.locator("#terputus").is_hidden()
    desk.stop()
    tv.wait_for_selector("#terputus:not([hidden])")
    desk.start()
    tv.wait_for_selector("#terputus", state="hidden")


def test_hostile_answers_run_nothing_in_a_browser(desk: RunningDesk, new_page: NewPage) -> None:
    harm = "<img src=/x onerror=\"document.body.dataset.owned='1'\"><script>owned()</script>"
    receipt = desk.office.store.transactions.accept(
        Draft("application", "sktm", {"name": harm, "purpose_other": "=1+1", harm: harm})
    )
    call = desk.office.store.handovers.offer("sktm", {"name": harm, "nik": harm}, frozenset(), "id")
    rina = new_page()
    said: list[str] = []
    rina.on("console", lambda one: said.append(one.text))
    log_in(rina, desk.url, "Rina")
    rina.goto(f"{desk.url}/permohonan/{desk.office.dseq(receipt)}")
    press(rina, "Buka dan kerjakan")
    assert harm in rina.inner_text(".answers")
    assert "=1+1" in rina.inner_text(".answers")
    rina.goto(f"{desk.url}/pekerjaan")
    mine = rina.locator("#panggilan li").filter(has_text=call.sign)
    mine.get_by_role("button", name="Teruskan isian").click()
    rina.wait_for_load_state()
    assert rina.locator('[name="name"]').input_value() == harm
    assert rina.evaluate("document.body.dataset.owned") is None
    assert [one for one in said if "Content Security Policy" in one] == []
    desk.office.store.handovers.end(call.id)


@pytest.mark.parametrize("width", [1280, 400])
def test_nobody_is_shut_out_by_the_pages(desk: RunningDesk, new_page: NewPage, width: int) -> None:
    """axe-core's verdict on every page, as staff and hall see it."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    office = desk.office
    receipt = office.apply()
    office.store.handovers.ring("en")
    office.ticket(receipt.id, priority=True)
    office.store.work.take_in()
    address = f"/permohonan/{office.dseq(receipt)}"
    pages = {
        "": ["/masuk", "/masuk?kunci=1", "/tv"],
        "Rina": ["/pekerjaan", address, "/antrean", "/isi", "/isi/sktm", "/sandi", "/staf"],
        "Ibu Lurah": ["/angka?hari=30", "/catatan"],
        "Pak Kelola": ["/staf"],
    }
    found: list[str] = []
    for name, paths in pages.items():
        page = new_page(width, 800)
        page.context.set_extra_http_headers({})
        if name:
            log_in(page, desk.url, name)
        for path in paths:
            page.goto(f"{desk.url}{path}")
            if path == address and width == 1280:
                press(page, "Buka dan kerjakan")
            if path == "/isi/sktm":
                press(page, "Simpan permohonan")
            results = Axe().run(page)
            found += [
                f"{path}: {one['id']} ({one['impact']}) {one['nodes'][0]['html'][:120]}"
                for one in results.response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{path} is {over} px wider than {width}"
    assert found == []
