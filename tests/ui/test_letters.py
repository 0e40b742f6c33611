"""Letters by real taps: several of a life event in one go, and two more, as a citizen would."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from display import Display
from loop import Loop

from tests.store_support import raw_connection
from tests.ui.errand import NIK, Errand, Seen

pytestmark = [pytest.mark.display, pytest.mark.slow]

TYPED = {
    "nik": NIK,
    "name": "Siti Aminah",
    "birth_date": "17081990",
    "deceased_name": "Budi Santoso",
    "deceased_nik": "",
    "death_date": "05112026",
    "father_name": "Ahmad",
    "mother_name": "Aminah",
    "partner_name": "Joko Susilo",
    "phone": "",
    "wedding_date": "",
    "event_date": f"{date.today() + timedelta(days=40):%d%m%Y}",
    "rt": "2",
    "rw": "5",
}


@pytest.fixture
def errand(xvfb: Display, tmp_path: Path) -> Iterator[Errand]:
    with Loop(tmp_path / "home") as loop:
        errand = Errand(xvfb, loop, tmp_path / "pictures", real_keys=True)
        errand.start()
        yield errand


def leaves(key: str) -> Callable[[Seen], bool]:
    return lambda now: not now.about.endswith(f"/{key}")


def answer_all(errand: Errand, about: str) -> list[str]:
    """Every question until the check page: the first of a list, else what TYPED says."""
    asked: list[str] = []
    while (seen := errand.seen()).screen == "question":
        key = seen.about.removeprefix(f"{about}/")
        asked.append(key)
        part = key.rpartition(".")[2]
        listed = [meaning for meaning in seen.taps if meaning.startswith("choose:")]
        if listed:
            errand.tap(listed[0])
        else:
            errand.type(TYPED.get(part, "Jl. Melati 12"))
            errand.tap("next")
        errand.wait(f"what follows {key}", leaves(key))
    errand.at("check")
    return asked


def stored(errand: Errand) -> list[dict[str, Any]]:
    connection = raw_connection(errand.loop.home)
    try:
        rows = connection.execute("SELECT body FROM txn JOIN payload USING (dseq) ORDER BY dseq")
        return [json.loads(body) for (body,) in rows.fetchall()]
    finally:
        connection.close()


def codes_in(picture: Path) -> set[str]:
    """What every QR on the picture says."""
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return set(read.stdout.split())


def test_two_letters_of_a_wedding_in_one_go(errand: Errand) -> None:
    about = "menikah:belum-menikah+pengantar-nikah"
    errand.to_home()
    for meaning in ("go:events", "go:event:menikah", "go:letters:menikah"):
        errand.tap(meaning)
    errand.tap("letter:belum-menikah")
    errand.tap("letter:pengantar-nikah")
    errand.picture("letters")
    errand.tap("letters_done:menikah")
    errand.at("checklist")
    errand.tap("tick:0")
    errand.picture("checklist")
    errand.tap("papers_done:")
    errand.at("missing")
    errand.picture("missing")
    errand.tap("papers_done:anyway")
    errand.tap("agree")
    asked = answer_all(errand, about)
    assert len(asked) == len(set(asked))
    assert "purpose" not in asked
    errand.picture("check")
    errand.tap(f"go:preview:{about}")
    errand.at("preview")
    errand.picture("preview")
    assert stored(errand) == []
    errand.tap("send")
    errand.at("receipts")
    receipts = errand.picture("receipts")

    single, wedding = stored(errand)
    assert (single["service"], wedding["service"]) == ("belum-menikah", "pengantar-nikah")
    assert single["answers"]["purpose"] == "nikah"
    assert wedding["answers"]["partner_name"] == "Joko Susilo"
    for name in ("nik", "name", "birth_date", "address", "phone"):
        assert single["answers"][name] == wedding["answers"][name]
    assert codes_in(receipts) == {single["code"], wedding["code"]}
    errand.tap("finish")
    errand.at("goodbye")


def test_two_new_letters_in_one_visit_in_both_languages(errand: Errand) -> None:
    errand.to_home()
    for meaning in ("go:category:surat", "service:ket-mati", "apply:ket-mati", "papers_done:"):
        errand.tap(meaning)
    errand.tap("agree")
    answer_all(errand, "ket-mati")
    errand.picture("check-death")
    errand.tap("send")
    errand.at("receipt")
    errand.tap("another")
    errand.at("home")
    errand.tap("lang")
    errand.tap("text")
    errand.tap("text")
    for meaning in ("go:category:surat", "service:keramaian", "apply:keramaian", "papers_done:"):
        errand.tap(meaning)
    errand.picture("privacy-again")  # another letter: it is said again
    errand.tap("agree")
    answer_all(errand, "keramaian")
    errand.picture("check-event-english-large")
    errand.tap("go:preview:keramaian")
    errand.picture("preview-event-english-large")
    errand.tap("send")
    errand.at("receipt")

    death, event = stored(errand)
    assert (death["service"], death["lang"]) == ("ket-mati", "id")
    assert death["answers"]["deceased_name"] == "Budi Santoso"
    assert death["answers"]["death_date"] == "2026-11-05"
    assert death["answers"]["deceased_nik"] is None
    assert (event["service"], event["lang"]) == ("keramaian", "en")
    assert event["answers"]["event_date"] > event["at"][:10]
    assert event["answers"]["guests"] == "sampai_100"
