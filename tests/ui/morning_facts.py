"""What is there at the end of the morning: read past the kiosk's own code, off the papers, off the
desk's pages, and from the city."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.desk.support import log_in
from tests.paper import Printed
from tests.store_support import raw_connection
from tests.ui.errand import codes_in
from tests.ui.morning_person import Promise, Wish
from tests.ui.morning_site import Site

COPY = "SALINAN dari petugas"
CODE = r"\b[23456789ACEFHJKLMPRTWXY]{4}-[23456789ACEFHJKLMPRTWXY]{4}\b"
Row = dict[str, Any]

TABLES = {
    "txn": "SELECT dseq, id, code, kind, service, sha256, at_ms FROM txn ORDER BY dseq",
    "number": "SELECT dseq, day, prefix, number FROM ticket",
    "queue": "SELECT dseq, line, priority, state FROM queue",
    "errand": "SELECT dseq, service, application FROM errand",
    "event": "SELECT seq, dseq, at_ms, act FROM queue_event ORDER BY seq",
    "work": "SELECT dseq, state, returns FROM work",
    "audit": "SELECT seq, at_ms, staff, act, about, reason, dseq FROM audit ORDER BY seq",
    "job": "SELECT id, dseq, what, service, state, problem, by FROM print_job ORDER BY id",
    "handover": "SELECT id, kind FROM handover",
}


@dataclass(frozen=True)
class Paper:
    """One paper that came out. `number` and `code` are "" on a list to bring."""

    code: str
    number: str
    copy: bool
    in_qr: str  # what zbarimg reads off its picture
    says: str


@dataclass
class Facts:
    """`rows` by table; `bodies` each payload by dseq, with the digest of its bytes. `at_desk`: by
    code what the desk's page of it says. `figures`: the lurah's page, words by their label."""

    rows: dict[str, list[Row]]
    bodies: dict[int, tuple[Row, str]]
    papers: list[Paper]
    unknown_bytes: int
    outbox: list[Row]
    city: list[Row]
    at_desk: dict[str, str]
    figures: dict[str, str]
    on_tv: str
    tv_stayed: bool
    promises: Sequence[Promise]
    interrupted: Sequence[Wish]
    entered: Sequence[tuple[str, str, str]]
    walked_off: Sequence[str]
    cuts: int
    leaks: list[str]  # "file: NIK …" found in a log


def rows_of(home: Path) -> tuple[dict[str, list[Row]], dict[int, tuple[Row, str]]]:
    """Every row that the reckoning needs, and every payload."""
    connection = raw_connection(home)
    try:
        rows = {}
        for name, sql in TABLES.items():
            found = connection.execute(sql)
            names = [one[0] for one in found.description]
            rows[name] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        bodies = {
            dseq: (json.loads(body), hashlib.sha256(body).hexdigest())
            for dseq, body in connection.execute("SELECT dseq, body FROM payload").fetchall()
        }
    finally:
        connection.close()
    return rows, bodies


def papers_of(printed: Sequence[Printed], folder: Path) -> list[Paper]:
    """Each paper as a PNG, and what stands on it."""
    folder.mkdir(exist_ok=True)
    papers = []
    for place, one in enumerate(printed, start=1):
        code = re.search(CODE, one.text)
        number = re.search(r"(?m)^\s*([A-Z]{1,2}-\d{3})\s*$", one.text)
        picture = one.save(folder / f"{place:03d}.png", 58)
        in_qr = codes_in(picture)
        papers.append(
            Paper(
                code=code.group() if code else "",
                number=number.group(1) if number else "",
                copy=COPY in one.text,
                in_qr=in_qr[0] if len(in_qr) == 1 else "",
                says=one.text,
            )
        )
    return papers


def pages_of(site: Site, codes: Sequence[str], pictures: Path) -> tuple[dict[str, str], Row]:
    """In a thread of its own, as the browser's driver wants it."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(_pages, site.desk_url, codes, pictures).result()


def _pages(url: str, codes: Sequence[str], pictures: Path) -> tuple[dict[str, str], Row]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        clerk = browser.new_context(ignore_https_errors=True).new_page()
        log_in(clerk, url, "Rina")
        at_desk = {}
        for code in codes:
            clerk.goto(f"{url}/pekerjaan")
            clerk.get_by_label("Kode pada tanda terima").fill(code)
            clerk.get_by_role("button", name="Cari").click()
            clerk.wait_for_load_state()
            facts = clerk.locator(".facts")
            at_desk[code] = facts.inner_text() if facts.count() else "tidak ada"
        clerk.goto(f"{url}/pekerjaan")
        clerk.screenshot(path=pictures / "pekerjaan-akhir.png", full_page=True)
        clerk.goto(f"{url}/antrean")
        clerk.screenshot(path=pictures / "antrean-akhir.png", full_page=True)
        lurah = browser.new_context(ignore_https_errors=True).new_page()
        log_in(lurah, url, "Ibu Lurah")
        lurah.goto(f"{url}/catatan")
        lurah.screenshot(path=pictures / "catatan.png", full_page=True)
        lurah.goto(f"{url}/angka?hari=1")
        lurah.screenshot(path=pictures / "angka.png", full_page=True)
        figures = {
            tile.locator("dt").inner_text(): tile.locator("dd").inner_text()
            for tile in lurah.locator(".tiles > div").all()
        }
        queue, services = lurah.locator("#angka table").last, lurah.locator("#angka table").first
        figures["Antrean"] = "|".join(
            queue.locator("tbody tr").first.locator("td").all_inner_texts()
        )
        figures["Per layanan"] = ";".join(
            "|".join(row.locator("td").all_inner_texts())
            for row in services.locator("tbody tr").all()
        )
        browser.close()
    return at_desk, figures


def leaks_in(home: Path, niks: Sequence[str]) -> list[str]:
    """Numbers of people in any log, and bugs that a log tells of."""
    found = []
    for log in sorted(home.rglob("*.log")):
        text = log.read_text(errors="replace")
        found += [f"{log.name}: a NIK" for nik in niks if nik in text]
        found += [
            f"{log.name}: {line[:160]}"
            for line in text.splitlines()
            if re.search(r"\bbug \w|Traceback|\bERROR\b", line)
        ]
    return found
