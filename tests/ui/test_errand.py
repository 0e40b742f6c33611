"""Whole errands on the running kiosk by real taps: what stood on the screen is what was stored."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from display import Display
from loop import CHECKOUT, Loop

from kiosk.store.connection import DATABASE_NAME
from kiosk.ui.theme import HIGH, LIGHT
from tests.store_support import files_of, raw_connection
from tests.ui.errand import NIK, STORED, TYPED, Errand

pytestmark = [pytest.mark.display, pytest.mark.slow]

WITHIN_S = 30.0
NOTICE_MIN_PX = 8_000  # a notice over the width of the receipt covers several times as many


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    with Loop(tmp_path / "home") as loop:
        yield loop


@pytest.fixture
def errand(xvfb: Display, loop: Loop, tmp_path: Path) -> Errand:
    """A person before a screen on which nothing is started yet; pictures in tmp_path/pictures."""
    return Errand(xvfb, loop, tmp_path / "pictures")


def stored_bytes(loop: Loop) -> list[tuple[str, bytes]]:
    """Every transaction's id and payload, read past the kiosk's own code."""
    connection = raw_connection(loop.home)
    try:
        rows = connection.execute("SELECT id, body FROM txn JOIN payload USING (dseq)").fetchall()
    finally:
        connection.close()
    return [(id_, bytes(body)) for id_, body in rows]


def states(loop: Loop) -> list[str]:
    return [line["state"] for line in loop.kiosk("outbox")]


def set_idle_s(loop: Loop, **seconds: int) -> None:
    """Rewrite seconds of kiosk.toml, which the first command makes."""
    loop.kiosk("outbox")
    settings = loop.home / "kiosk.toml"
    lines = settings.read_text().splitlines()
    for name, value in seconds.items():
        at = next(place for place, line in enumerate(lines) if line.startswith(f"{name} ="))
        lines[at] = f"{name} = {value}"
    settings.write_text("\n".join(lines) + "\n")


def test_an_errand_by_taps_reaches_the_city_once(errand: Errand, loop: Loop) -> None:
    loop.start_city()
    loop.enrol()
    loop.start_sync()
    errand.start()
    code = errand.file_sktm()

    wait_until(lambda: states(loop) == ["acked"], "the city did not acknowledge")
    (line,) = loop.kiosk("outbox")
    assert line["code"] == code
    ((id_, body),) = stored_bytes(loop)
    payload = json.loads(body)
    assert payload["answers"] == STORED
    assert (payload["id"], payload["service"], payload["code"]) == (id_, "sktm", code)
    (arrived,) = loop.city("transactions")
    assert (arrived["id"], arrived["sha256"]) == (line["id"], hashlib.sha256(body).hexdigest())
    assert len(list(errand.pictures.iterdir())) >= 15


def test_with_the_city_off_the_receipt_says_so_and_changes_by_itself(
    errand: Errand, loop: Loop
) -> None:
    loop.start_city()
    loop.enrol()
    loop.stop("city")
    loop.start_sync()
    errand.real_keys = True
    errand.start()
    code = errand.file_sktm()

    assert states(loop) == ["accepted"]
    assert errand.pixels_of(LIGHT.warn_paper) > NOTICE_MIN_PX
    assert errand.pixels_of(LIGHT.done_paper) == 0
    before = errand.display.pixels()

    loop.start_city()  # from here on nobody touches anything
    errand.display.wait_for_change(before, WITHIN_S)
    errand.picture("receipt-at-the-city")
    assert errand.seen().screen == "receipt"
    assert errand.pixels_of(LIGHT.done_paper) > NOTICE_MIN_PX
    assert errand.pixels_of(LIGHT.warn_paper) == 0
    assert errand.code_on_screen() == code
    assert states(loop) == ["acked"]
    ((id_, _),) = stored_bytes(loop)
    assert [line["id"] for line in loop.city("transactions")] == [id_]


def test_language_size_and_contrast_keep_the_answers_and_end_with_the_session(
    errand: Errand, loop: Loop
) -> None:
    errand.start()
    first_visit = errand.to_home().session
    errand.picture("home")
    home = errand.display.pixels()
    errand.to_first_question()
    errand.type(NIK[:9])
    for meaning in ("lang", "contrast", "text"):
        before = errand.display.pixels()
        assert errand.tap(meaning).place == errand.at("question", "sktm/nik").place
        errand.display.wait_until_still(0.15)
        assert errand.display.pixels() != before, meaning
    errand.picture("nik-english-large-contrast")
    assert errand.pixels_of(LIGHT.page) == 0 < errand.pixels_of(HIGH.page)
    errand.real_keys = True  # quicker; the screen's keys are proven above
    errand.type(NIK[9:])
    errand.tap("next")
    for key in list(TYPED)[1:]:
        errand.answer(key)
    errand.at("check")
    errand.picture("check-english-large-contrast")
    errand.tap("send")
    errand.at("receipt")
    errand.picture("receipt-english-large-contrast")

    ((_, body),) = stored_bytes(loop)
    payload: dict[str, Any] = json.loads(body)
    assert payload["answers"] == STORED
    assert payload["lang"] == "en"
    errand.tap("finish")
    errand.at("goodbye")
    errand.tap("leave")
    errand.at("attract")
    assert errand.to_home().session == first_visit + 1
    errand.picture("home-of-the-next")
    assert errand.display.pixels() == home


def test_a_real_keyboard_types_hands_in_and_goes_back(errand: Errand) -> None:
    errand.real_keys = True
    errand.start()
    errand.press("space")  # any key wakes it
    errand.at("home")
    errand.tap("go:search")
    errand.type("tidak mampu")
    assert "service:sktm" in errand.seen().taps
    errand.picture("search-by-keyboard")
    assert errand.press("Return").screen == "results"
    assert errand.press("Escape").screen == "search"
    assert "service:sktm" in errand.seen().taps  # the words are still there
    for meaning in ("service:sktm", "apply:sktm", "papers_done:", "agree"):
        errand.tap(meaning)
    errand.at("question", "sktm/nik")
    errand.type(f"x{NIK}")  # a letter is no part of a NIK
    assert errand.press("Return").about == "sktm/name"
    assert errand.press("Escape").about == "sktm/nik"
    errand.picture("nik-again")
    assert errand.press("Return").about == "sktm/name"  # the NIK is still there and still good


def test_idle_warns_then_wipes(errand: Errand, loop: Loop) -> None:
    set_idle_s(loop, info_s=5, form_s=5, warning_s=5)
    errand.start()
    first_visit = errand.to_home().session
    errand.to_first_question()
    errand.picture("nik-empty")
    empty = errand.display.pixels()
    errand.type(NIK[:15])
    errand.wait("the warning", lambda seen: "still_here" in seen.taps)
    errand.picture("warning")
    errand.tap("still_here")
    errand.type(NIK[15:])  # what was typed is still there
    errand.tap("next")
    errand.at("question", "sktm/name")
    errand.tap("back")
    errand.wait("the second warning", lambda seen: "still_here" in seen.taps)
    seen = errand.at("attract")
    assert seen.session == first_visit + 1

    errand.to_home()
    errand.to_first_question()
    errand.picture("nik-of-the-next")
    assert errand.display.pixels() == empty
    errand.tap("next")
    assert errand.at("question").about == "sktm/nik"  # nothing to hand in


def test_a_second_kiosk_on_the_same_home_is_refused(errand: Errand, loop: Loop) -> None:
    first = errand.start()
    errand.to_home()
    second = subprocess.run(
        [sys.executable, "-m", "kiosk", "ui", "--windowed", "--home", str(loop.home)],
        cwd=CHECKOUT, env=errand.display.environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert second.returncode == 2
    assert second.stdout == ""
    (line,) = second.stderr.splitlines()
    assert "already running" in line and str(loop.home / "ui.lock") in line
    assert first.poll() is None
    errand.tap("go:search")
    errand.type("ktp")
    errand.picture("first-one-goes-on")


@pytest.mark.parametrize(("foreign", "code"), [("plain", "E-14"), ("noise", "E-13")])
def test_a_foreign_database_is_left_alone(
    errand: Errand, loop: Loop, foreign: str, code: str
) -> None:
    loop.kiosk("outbox")
    for path in loop.home.glob(f"{DATABASE_NAME}*"):
        path.unlink()
    database = loop.home / DATABASE_NAME
    if foreign == "plain":
        with sqlite3.connect(database) as connection:
            connection.execute("CREATE TABLE other (words TEXT)")
        connection.close()
    else:
        database.write_bytes(bytes(range(256)) * 64)
    before = files_of(loop.home)

    process = loop.start_ui(errand.display.environment)
    wait_until(lambda: errand.pixels_of(LIGHT.page) > 300_000, "no screen came")
    errand.picture("out-of-order")
    assert errand.pixels_of(LIGHT.warn) > 1_000  # the tool's picture
    errand.display.tap(512, 300)
    errand.display.press("Return")
    errand.picture("out-of-order-touched")
    assert process.poll() is None
    loop.stop("ui")
    (line,) = loop.log("ui").read_text().splitlines()
    assert line.startswith(f"kiosk ui: out of order: {code}:")
    after = files_of(loop.home)
    after.pop("ui.lock")
    assert after == before
