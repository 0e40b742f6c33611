"""Two clerks at `kiosk desk`, each in a Chromium session of their own, who do what they see.

They know nothing of the test: what to do next stands on their pages. When the desk is gone they
try again and log in again. What they touched is remembered in one `Ledger`.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loop import answers, free_port

from tests.desk.support import PASSWORD
from tests.ui.morning_site import STARTS_WITHIN_S, Site

WAITS_MS = 30_000
IDLE_S, REST_S = 1.0, 15.0
NEWS = """[...document.querySelectorAll('#bel, #menunggu, #tertahan')]
  .map(one => JSON.stringify(one.dataset) + one.innerText.replace(/\\d+ menit|kurang dari/g, ''))"""
QUIET_TURNS = 3  # so often nothing to do, and the morning is over
STUCK_S = 120.0
FIELD = {"birth_date": "17 08 1990", "street": "Jl. Meja 1", "rt": "1", "rw": "2"}
BROWSER = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run")


@dataclass
class Ledger:
    """What both clerks did and were told."""

    entered: list[tuple[str, str, str]] = field(default_factory=list)  # code, service, NIK
    played: set[tuple[str, str]] = field(default_factory=set)  # (number, what befell it)
    copies: set[str] = field(default_factory=set)  # number or code of which a copy was asked
    returned: list[str] = field(default_factory=list)
    acts: dict[str, int] = field(default_factory=dict)
    told_second: int = 0
    logins: int = 0
    troubles: list[str] = field(default_factory=list)

    def did(self, act: str) -> None:
        self.acts[act] = self.acts.get(act, 0) + 1


@contextmanager
def browser(folder: Path) -> Iterator[str]:
    """One Chromium for both clerks, each with cookies of their own; its address."""
    port = free_port()
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "setsid", str(shutil.which("chromium")), *BROWSER,
         f"--remote-debugging-port={port}", f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + STARTS_WITHIN_S
        while not answers(port):
            if time.monotonic() > until:
                raise TimeoutError("Chromium did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Clerk(threading.Thread):
    """Works until `closing` is set and nothing is left to do. `pace_s`: how long one service takes
    besides what the pages take, least and most. `holds`: asks the citizens whether somebody has a
    receipt with this code."""

    def __init__(
        self,
        name: str,
        counter: str,
        site: Site,
        browser_url: str,
        ledger: Ledger,
        pictures: Path,
        seed: int,
        pace_s: tuple[float, float],
        holds: Callable[[str], bool],
        *,
        television: bool = False,
    ) -> None:
        super().__init__(name=f"clerk {name}", daemon=True)
        self.who, self.counter, self.site, self.ledger = name, counter, site, ledger
        self.pictures, self.seed, self.pace_s = pictures, seed, pace_s
        self.browser_url, self.holds = browser_url, holds
        self.closing, self.problem, self.finished = threading.Event(), "", False
        self._rng = random.Random(f"{seed} {name}")
        self._television = television
        self._went_well_s = time.monotonic()
        self._snapped: set[str] = set()

    def run(self) -> None:
        from playwright.sync_api import Error, sync_playwright

        with sync_playwright() as play:
            browser = play.chromium.connect_over_cdp(self.browser_url)
            context = browser.new_context(
                ignore_https_errors=True, viewport={"width": 1280, "height": 800}
            )
            context.set_default_timeout(WAITS_MS)
            self.page = context.new_page()
            self.tv = context.new_page() if self._television else None
            quiet = 0
            while quiet < QUIET_TURNS:
                try:
                    worked = self.turn()
                    self._went_well_s = time.monotonic()
                except (Error, IndexError) as error:  # a row that was gone when it was read
                    worked = False
                    self._trouble((str(error).splitlines() or [""])[0])
                if worked:
                    quiet = 0
                elif not self.site.dark.is_set():
                    quiet = quiet + 1 if self.closing.is_set() else 0
                    self._rest()
                if self.problem:
                    break
            self._look_at_tv("akhir")
            context.close()
        self.finished = not self.problem

    def _trouble(self, said: str) -> None:
        """A page that did not come, or changed under the hand. Without power that is no wonder."""
        if self.site.dark.is_set():
            time.sleep(IDLE_S)
            self._went_well_s = time.monotonic()
            return
        self.ledger.troubles.append(f"{self.who}: {said[:160]}")
        if time.monotonic() - self._went_well_s > STUCK_S:
            self.problem = f"{self.who} got nowhere for {STUCK_S:.0f} s: {said[:200]}"
        time.sleep(IDLE_S)

    # -- one turn

    def turn(self) -> bool:
        """The most urgent thing that stands on the pages. False: nothing to do."""
        self._open("/pekerjaan")
        self._look_at_tv("pagi")
        if self._help() or self._paper() or self._number() or self._letter():
            return True
        return self._left_over()

    def _rest(self) -> None:
        """Sits before the page, which changes by itself, until it shows something to do."""
        from playwright.sync_api import Error

        try:
            before = self.page.evaluate(NEWS)
            until = time.monotonic() + (IDLE_S if self.closing.is_set() else REST_S)
            while time.monotonic() < until and self.page.evaluate(NEWS) == before:
                time.sleep(IDLE_S)
        except Error:
            time.sleep(IDLE_S)

    def _open(self, path: str) -> None:
        self.page.goto(self.site.desk_url + path)
        if "/masuk" not in self.page.url:
            return
        self.page.get_by_label("Nama").fill(self.who)
        self.page.get_by_label("Kata sandi").fill(PASSWORD)
        self._press("Masuk")
        self.ledger.logins += 1
        self.page.goto(self.site.desk_url + path)

    def _press(self, name: str, within: Any = None) -> None:
        place = within if within is not None else self.page
        place.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        if self.page.locator("#masalah").count():
            told = self.page.inner_text("#masalah")
            self.ledger.told_second += "Tidak ada yang diubah" in told

    def _has(self, name: str, within: Any = None) -> bool:
        place = within if within is not None else self.page
        return bool(place.get_by_role("button", name=name, exact=True).count())

    def _fate(self, about: str, what: str, share: float) -> bool:
        """Whether this befalls `about`, drawn once for both clerks; True only the first time."""
        if (about, what) in self.ledger.played:
            return False
        self.ledger.played.add((about, what))
        return random.Random(f"{self.seed} {about} {what}").random() < share

    def _serve(self) -> None:
        time.sleep(self._rng.uniform(*self.pace_s))

    # -- somebody calls

    def _help(self) -> bool:
        calls = self.page.locator("#panggilan li")
        for place in range(calls.count()):
            call = calls.nth(place)
            if self._has("Saya datang", call):
                self.snap("panggilan")
                self._press("Saya datang", call)
                time.sleep(1.0)
                self.page.goto(self.site.desk_url + "/pekerjaan")
            mine = self.page.locator("#panggilan li").nth(place)
            if self._has("Sudah ditemani", mine):
                self._press("Sudah ditemani", mine)
                self.ledger.did("helped")
                return True
            if self._has("Teruskan isian", call):
                self._press("Teruskan isian", call)
                return self._finish_form()
        return False

    def _finish_form(self) -> bool:
        """What the citizen did not fill in, the clerk asks and writes."""
        if not re.search(r"/isi/[^/]+/", self.page.url):
            return True  # a colleague was quicker: said on the page
        self.snap("isian-diserahkan")
        service = self.page.url.split("/isi/")[1].split("/")[0]
        for _ in range(3):
            for box in self.page.locator("form.wide .field").all():
                if box.is_visible():
                    self._fill(box)
        nik = "".join(self.page.locator('[name="nik"]').input_value().split())
        self._press("Simpan permohonan")
        if self._has("Sudah benar: simpan"):
            self._press("Sudah benar: simpan")
        told = self.page.inner_text("main")
        code = re.search(r"Kode untuk warga: (\S+)", told)
        if code is None:
            self.ledger.troubles.append(f"{self.who}: a handed form was not saved")
            return True
        self.ledger.entered.append((code.group(1), service, nik))
        self.ledger.did("entered")
        self._application()
        return True

    def _fill(self, box: Any) -> None:
        for radio in box.locator('input[type="radio"]').all()[:1]:
            name = radio.get_attribute("name")
            if not box.locator(f'input[name="{name}"]:checked').count():
                radio.check()
        for choice in box.locator("select").all():
            if not choice.input_value():
                choice.select_option(index=1)
        for line in box.locator('input:not([type="radio"]), textarea').all():
            name = (line.get_attribute("name") or "").split(".")[-1]
            if not line.input_value() and name != "phone":
                line.fill(FIELD.get(name, "1500000" if name == "income" else "Keperluan keluarga"))

    # -- paper

    def _paper(self) -> bool:
        """A copy, once, when the printer is there again."""
        rows = self.page.locator("#cetakan li")
        if rows.count():
            self.snap("cetakan")
        if not self.site.plugged:
            return False
        for place in range(rows.count()):
            row = rows.nth(place)
            about = row.locator(".code").inner_text()
            if about not in self.ledger.copies:
                self.ledger.copies.add(about)
                self._press("Cetak ulang", row)
                self.ledger.did("copy")
                return True
        return False

    # -- numbers

    def _number(self) -> bool:
        self._open("/antrean")
        if not self.page.locator('select[name="counter"]').input_value():
            self.page.locator('select[name="counter"]').select_option(self.counter)
            self._press("Pakai")
        now = self.page.locator("#sekarang")
        if self._has("Panggil berikutnya", now):
            held = self.page.locator("#tertahan tr").filter(has_text="Ditahan")
            if held.count() and self._rng.random() < 0.5:
                self._press("Panggil", held.first)
            else:
                self._press("Panggil berikutnya", now)
            now = self.page.locator("#sekarang")
        if now.locator(".number.empty").count():
            return False
        self._one_number(now)
        return True

    def _one_number(self, now: Any) -> None:
        number = now.locator(".number").inner_text().split()[0]
        if self._has("Datang: mulai layani", now):
            self.snap("antrean")
            if self._fate(number, "recall", 0.15):
                self._press("Panggil ulang", now)
                self.ledger.did("recall")
            if self._fate(number, "no_show", 0.06):
                self._press("Tidak hadir", now)
                self.ledger.did("no_show")
                return
            self._press("Datang: mulai layani", now)
        self.snap("antrean-dilayani")
        if self._fate(number, "hold", 0.1):
            self._press("Tahan dulu", now)
            self.ledger.did("hold")
            return
        if self._fate(number, "transfer", 0.1):
            now.locator('select[name="line"]').select_option(index=1)
            self._press("Pindahkan", now)
            self.ledger.did("transfer")
            return
        for link in [one.get_attribute("href") for one in now.locator("a").all()]:
            self.page.goto(self.site.desk_url + link)
            self._application()
        self._serve()
        self.page.goto(self.site.desk_url + "/antrean")
        now = self.page.locator("#sekarang")
        if self._has("Selesai", now):
            self._press("Selesai", now)
            self.ledger.did("served")

    # -- letters

    def _letter(self) -> bool:
        """The one that waits longest, unless its citizen has a number and will be called."""
        self.page.goto(self.site.desk_url + "/pekerjaan")
        for part, button in (("#saya", ""), ("#baru", "Buka")):
            rows = self.page.locator(f"{part} tbody tr")
            for place in range(rows.count()):
                cells = rows.nth(place).locator("td").all_inner_texts()
                if part == "#baru" and cells[2].strip() != "–" and not self.closing.is_set():
                    continue
                if button:
                    self._press(button, rows.nth(place))
                else:
                    rows.nth(place).get_by_role("link").click()
                    self.page.wait_for_load_state()
                return self._application()
        return False

    def _left_over(self) -> bool:
        """At the end of the morning half of those who were sent home come again."""
        if not self.closing.is_set():
            return False
        rows = self.page.locator("#kembali tbody tr")
        for place in range(rows.count()):
            code = rows.nth(place).locator(".code").inner_text()
            if self._fate(code, "comes again", 0.5):
                rows.nth(place).get_by_role("link").click()
                self._press("Warga datang lagi: buka")
                self.ledger.did("came_again")
                return self._application()
        return False

    def _application(self) -> bool:
        """From where it stands to where it should be. False: it is a colleague's."""
        page = self.page
        if self._has("Buka dan kerjakan"):
            self._press("Buka dan kerjakan")
        worked = self._has("Terima: lengkap")
        if worked:
            self._check(page.locator(".facts .code").inner_text())
        if self._has("Selesai: surat diserahkan"):
            self._press("Selesai: surat diserahkan")
            self.ledger.did("letter_done")
            worked = True
        return worked

    def _check(self, code: str) -> None:
        page = self.page
        self.snap("permohonan")
        if self._filed_twice(code):
            self._refuse("Permohonan yang sama sudah ada", "twice")
        elif self._fate(code, "reject", 0.04):
            self._refuse("Tidak memenuhi syarat", "rejected")
        elif self._fate(code, "return", 0.15):
            reasons = page.get_by_label("Dikembalikan karena").first
            reasons.select_option(label="Persyaratan belum lengkap")
            self._press("Kembalikan kepada warga")
            self.ledger.returned.append(code)
            self.ledger.did("returned")
        else:
            if not self._fate(code, "careless", 0.1):
                for box in page.get_by_role("checkbox").all():
                    box.check()
            self._press("Terima: lengkap")
            if self._has("Terima: lengkap"):
                self._press("Terima: lengkap")  # asked whether it is sure

    def _filed_twice(self, code: str) -> bool:
        """The page names what the same person filed today: the code on the citizen's paper goes
        on, unless another one is done already."""
        said = self.page.locator("#serupa")
        if not said.count():
            return False
        self.snap("serupa")
        others = said.inner_text()
        return "(Selesai)" in others or not self.holds(code)

    def _refuse(self, reason: str, act: str) -> None:
        self.page.get_by_text("Tolak permohonan").click()
        self.page.get_by_label("Ditolak karena").select_option(label=reason)
        self._press("Tolak")
        self.ledger.did(act)

    # -- pictures

    def snap(self, name: str) -> None:
        """The page as it stands, the first time it comes to this."""
        if name not in self._snapped:
            self._snapped.add(name)
            self.page.screenshot(path=self.pictures / f"{name}-{self.who}.png", full_page=True)

    def _look_at_tv(self, name: str) -> None:
        """The television stays open all morning: it comes back by itself after a power cut."""
        if self.tv is None:
            return
        if "/tv" not in self.tv.url:
            self.tv.set_viewport_size({"width": 1280, "height": 720})
            self.tv.goto(self.site.desk_url + "/tv")
            self.tv.evaluate("window.stayed = true")
        called = self.tv.locator("#panggil .number").inner_text()
        if name == "akhir":
            self.tv.wait_for_selector("#terputus", state="hidden")
            time.sleep(1.5)  # what was called last is fetched by then
            self.shown_on_tv = self.tv.locator("#panggil .number").inner_text()
            self.tv_stayed = bool(self.tv.evaluate("window.stayed === true"))
        if called != "–" and ("tv-" + name) not in self._snapped:
            self._snapped.add("tv-" + name)
            self.tv.screenshot(path=self.pictures / f"tv-{name}.png")
