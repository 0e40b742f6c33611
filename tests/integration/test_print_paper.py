"""Paper, end to end: an errand is filed, a listening printer prints it, the record knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest

from kiosk.bootstrap import Store, build_ui, catalogue_of, now
from kiosk.config import WIB, PrinterSettings, Settings, SettingsProblem, load_settings
from kiosk.devices.paper import QR_DOTS, ascii_of, escpos_bytes, laid_out, qr_image
from kiosk.devices.printer import NotPrinted, Printer
from kiosk.doctor import checks
from kiosk.domain.paper import Item, Line, Paper, PrintState, Qr, Rule
from kiosk.domain.transaction import Draft, Receipt
from kiosk.example import example_draft
from kiosk.printing import PrintWorker
from kiosk.store.prints import LATE_S, AlreadyPrinted, Prints
from kiosk.ui.i18n import Sentences
from kiosk.ui.services import UiServices
from tests.paper import ListeningPrinter
from tests.store_support import LETTER, TICKET, transactions_in

T = TypeVar("T")
PAPER: Paper = (
    Line("Kelurahan Sukasari", bold=True, centred=True),
    Line("A-017", size=4, bold=True, centred=True),
    Rule(),
    Item("[ ]", "Fotokopi Kartu Keluarga dan KTP seluruh anggota keluarga"),
    Qr("KH7F-3KTM"),
)


@pytest.fixture
def roll() -> Iterator[ListeningPrinter]:
    printer = ListeningPrinter()
    yield printer
    printer.unplug()


def printer_at(roll: ListeningPrinter, width_mm: int = 58) -> Printer:
    return Printer(PrinterSettings("network", roll.address, width_mm))


# -- the printer alone


@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_paper_comes_out_as_it_was_written(roll: ListeningPrinter, width_mm: int) -> None:
    assert printer_at(roll, width_mm).print(PAPER) is True
    (paper,) = roll.papers
    assert roll.unknown == []
    columns = {58: 32, 80: 48}[width_mm]
    for text, size, _, _ in paper.lines:
        assert len(text) * size <= columns
    assert [text for text, size, bold, _ in paper.lines if size == 4 and bold] == ["A-017"]
    assert "[ ] Fotokopi Kartu Keluarga" in paper.text
    (picture,) = paper.pictures
    code = qr_image("KH7F-3KTM", QR_DOTS[width_mm])
    assert picture.crop((0, 0, *code.size)).tobytes() == code.tobytes()


def test_what_hinders_it_is_said_before_anything_is_sent(roll: ListeningPrinter) -> None:
    printer = printer_at(roll)
    assert printer.state() == ""
    roll.paper_low = True
    assert printer.state() == "paper_low"
    assert printer.print(PAPER) is True
    roll.paper_low, roll.paper_out = False, True
    assert printer.state() == "paper_out"
    roll.new_roll()
    roll.cover_open = True
    with pytest.raises(NotPrinted, match="cover"):
        printer.print(PAPER)
    roll.cover_open = False
    roll.unplug()
    assert printer.state() == "off"
    roll.plug()
    assert printer.state() == ""
    assert len(roll.papers) == 1


@pytest.mark.parametrize("after", [50, 200, 400])
def test_a_roll_that_ends_in_the_middle_is_no_paper(roll: ListeningPrinter, after: int) -> None:
    roll.paper_out_after = after
    with pytest.raises(NotPrinted, match="paper_out"):
        printer_at(roll).print(PAPER)
    assert roll.papers == []


@pytest.mark.parametrize("after", [50, 400])
def test_a_cable_pulled_in_the_middle_is_no_paper(roll: ListeningPrinter, after: int) -> None:
    roll.unplug_after = after
    with pytest.raises(NotPrinted, match=r"cut|off"):
        printer_at(roll).print(PAPER)
    assert roll.papers == []


def test_a_printer_that_says_nothing_is_believed_only_when_so_set(roll: ListeningPrinter) -> None:
    roll.mute = True
    assert printer_at(roll).state() == "silent"
    quiet = Printer(PrinterSettings("network", roll.address, 58, answers=False))
    assert quiet.print(PAPER) is False


def test_a_file_takes_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    path.touch()
    printer = Printer(PrinterSettings("file", str(path)))
    assert printer.state() == ""
    assert printer.print(PAPER) is False
    assert path.read_bytes() == escpos_bytes(PAPER, 58)
    gone = Printer(PrinterSettings("file", str(tmp_path / "none" / "lp0")))
    assert gone.state() == "off"


def test_a_usb_printer_that_is_not_there_is_off() -> None:
    assert Printer(PrinterSettings("usb", "04b8:0e15")).state() == "off"


def test_no_text_brings_a_command_to_the_printer() -> None:
    hostile = "\x1b@\x1dV\x00 \x10\x14\x01 “Siti” – é ✓ \u202e\r\n=cmd|' /C calc'!A0 " + "x" * 200
    assert all(" " <= sign <= "~" for sign in ascii_of(hostile))
    data = escpos_bytes((Line(hostile),), 58)
    text = data[data.index(b"?@") : data.index(b"xx")]
    assert not set(text) & {0x1B, 0x1D, 0x10, 0x0D}
    assert all(len(line) <= 32 for line in laid_out((Line(hostile),), 58))


# -- the record and its paper


def prints_in(home: Path) -> tuple[Prints, Receipt]:
    transactions = transactions_in(home)
    receipt = transactions.accept(LETTER)
    return Prints(transactions._db, home, zone=WIB), receipt


def test_a_record_is_printed_once_and_again_only_on_a_clerk_s_word(tmp_path: Path) -> None:
    prints, receipt = prints_in(tmp_path)
    prints.ask("receipt", txn_id=receipt.id)
    with pytest.raises(AlreadyPrinted):
        prints.ask("receipt", txn_id=receipt.id)
    first = prints.next()
    assert first is not None
    assert (first.state, first.code, first.by) == ("printing", receipt.code, "")
    prints.fail(first.id, "paper_out")
    assert [one.code for one in prints.failed()] == [receipt.code]
    with pytest.raises(ValueError, match="name"):
        prints.reprint(receipt.id, "")
    prints.reprint(receipt.id, "siti")
    again = prints.next()
    assert again is not None
    assert again.by == "siti"
    prints.confirm(again.id)
    assert prints.failed() == []
    latest = prints.of(receipt.id)
    assert latest is not None
    assert (latest.state, latest.by) == ("confirmed", "siti")
    with pytest.raises(KeyError):
        prints.ask("receipt", txn_id="nobody")


def test_a_power_cut_while_printing_is_a_paper_that_failed(tmp_path: Path) -> None:
    prints, receipt = prints_in(tmp_path)
    prints.ask("receipt", txn_id=receipt.id)
    prints.next()
    assert prints.start() == 1
    job = prints.of(receipt.id)
    assert job is not None
    assert (job.state, job.problem) == ("failed", "cut")
    prints.confirm(job.id)  # a late word of the run before changes nothing
    after = prints.of(receipt.id)
    assert after is not None
    assert after.state == "failed"


def test_nobody_s_paper_comes_out_minutes_later(tmp_path: Path) -> None:
    transactions = transactions_in(tmp_path)
    clock = [round(time.time() * 1000)]
    prints = Prints(transactions._db, tmp_path, zone=WIB, wall_ms=lambda: clock[0])
    receipt = transactions.accept(TICKET)
    prints.ask("ticket", txn_id=receipt.id)
    clock[0] += LATE_S * 1000 + 1
    assert prints.next() is None
    job = prints.of(receipt.id)
    assert job is not None
    assert (job.state, job.problem) == ("failed", "late")
    prints.reprint(receipt.id, "siti")
    clock[0] += LATE_S * 2000
    assert prints.next() is not None  # a clerk waits beside the printer


# -- all of it


class Office:
    def __init__(self, home: Path, roll: ListeningPrinter, width_mm: int) -> None:
        self.settings: Settings = replace(
            load_settings(home), printer=PrinterSettings("network", roll.address, width_mm)
        )
        self.services: UiServices = build_ui(self.settings)
        self.worker = PrintWorker(self.settings, catalogue_of(self.settings))
        self.worker.start()

    def printed(self, receipt: Receipt, within_s: float = 60) -> tuple[PrintState, str]:
        """What became of its paper, once that is known."""
        counter = self.services.counter
        assert counter is not None

        def known() -> tuple[PrintState, str] | None:
            told = counter.print_of(receipt.id)
            return told if told and told[0] in ("confirmed", "failed") else None

        return wait_for(known, within_s)

    def take(self, service: str, lang: str = "id", *, priority: bool = False) -> Receipt:
        counter = self.services.counter
        assert counter is not None
        draft = Draft("ticket", service, {}, lang)
        return counter.take(draft, priority=priority, services=(service,), applications=())


def wait_for(ask: Callable[[], T | None], within_s: float) -> T:
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if (told := ask()) is not None:
            return told
        time.sleep(0.05)
    raise AssertionError("it never came")


@pytest.fixture(params=[58, 80])
def office(
    tmp_path: Path, roll: ListeningPrinter, request: pytest.FixtureRequest
) -> Iterator[Office]:
    office = Office(tmp_path, roll, request.param)
    yield office
    office.worker.stop()


def test_a_morning_of_paper(office: Office, roll: ListeningPrinter, tmp_path: Path) -> None:
    """Number, receipt, list; no paper and pulled cable in between; a clerk's copy."""
    counter, width_mm = office.services.counter, office.worker._printer.settings.width_mm
    assert counter is not None
    number = office.take("ktp-hilang", "en", priority=True)
    assert office.printed(number) == ("confirmed", "")
    text = roll.papers[-1].text
    assert (number.ticket, number.code) == ("AK-001", number.code)
    assert "AK-001" in text
    assert number.code in text
    assert "QUEUE NUMBER" in text  # an English visit prints both
    assert "NOMOR ANTREAN" in text
    assert "DIDAHULUKAN" in text

    known, regions, today = office.services.catalogue, office.services.regions, now().date()
    form = example_draft(known, "sktm", regions, today)
    draft = Draft("application", "sktm", form["answers"])
    receipt = office.services.accept(draft)
    assert office.printed(receipt) == ("confirmed", "")
    text = roll.papers[-1].text
    assert receipt.code in text
    assert "Belum ditandatangani" in text.replace("\n", " ")
    for value in draft.answers.values():  # nothing that a person wrote
        if isinstance(value, str) and len(value) > 3:
            assert value not in text

    roll.paper_out = True
    lost = office.take("sktm")
    assert office.printed(lost) == ("failed", "paper_out")
    roll.new_roll()
    roll.unplug()
    unplugged = office.take("sktm")
    assert office.printed(unplugged) == ("failed", "off")
    roll.plug()
    prints = Prints(Store(office.settings).db, office.settings.home, zone=WIB)
    assert [one.code for one in prints.failed()] == [unplugged.code, lost.code]
    before = len(roll.papers)
    prints.reprint(lost.id, "siti")
    wait_for(lambda: True if len(roll.papers) > before else None, 60)
    assert lost.ticket is not None
    assert lost.ticket in roll.papers[-1].text
    assert "SALINAN" in roll.papers[-1].text

    job = counter.print_papers("sktm", "id")
    assert job is not None
    wait_for(lambda: True if (counter.print_job(job) or ("",))[0] == "confirmed" else None, 60)
    listed = roll.papers[-1]
    assert "YANG PERLU DIBAWA" in listed.text
    assert listed.text.count("[ ]") >= 3
    assert roll.unknown == []
    for place, paper in enumerate(roll.papers):
        png = paper.save(tmp_path / f"paper-{width_mm}-{place}.png", width_mm)
        assert png.stat().st_size > 1000


def test_the_screen_never_waits_for_the_printer(tmp_path: Path, roll: ListeningPrinter) -> None:
    """A printer that takes bytes and answers nothing: numbers are given all the same."""
    roll.mute = True
    office = Office(tmp_path, roll, 58)
    receipts = [office.take("sktm") for _ in range(5)]
    counter = office.services.counter
    assert counter is not None
    states = [(counter.print_of(one.id) or ("",))[0] for one in receipts]
    assert "failed" not in states  # given before the first try was even over
    assert [one.ticket for one in receipts] == [f"A-00{n}" for n in range(1, 6)]
    assert office.printed(receipts[0]) == ("failed", "silent")
    office.worker.stop(30)


def test_without_a_printer_nobody_speaks_of_paper(tmp_path: Path) -> None:
    services = build_ui(load_settings(tmp_path))
    counter = services.counter
    assert counter is not None
    assert not counter.prints()
    draft = Draft("ticket", "", {})
    receipt = counter.take(draft, priority=False, services=(), applications=())
    assert counter.print_of(receipt.id) is None


def test_every_service_s_list_fits_its_paper(tmp_path: Path) -> None:
    from kiosk.ui.paper import Words, papers_paper

    settings = load_settings(tmp_path)
    words = Words(Sentences(settings.assets / "locales"), "en")
    at = datetime(2026, 11, 23, 9, 0, tzinfo=WIB)
    for service in catalogue_of(settings).services.values():
        paper = papers_paper(words, settings.office, service, at)
        for width_mm, columns in ((58, 32), (80, 48)):
            lines = laid_out(paper, width_mm)
            assert max(len(line) for line in lines) <= columns
            assert not any("?" in line for line in lines if "?" not in str(paper))


# -- settings and doctor


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('kind = "laser"', r"printer.kind: write one of network, usb, file"),
        ('kind = "network"\naddress = "printer"', r"printer.address: write HOST:PORT"),
        ('kind = "network"\naddress = "p:99999"', r"printer.address: write a port"),
        ('kind = "usb"\naddress = "/dev/lp0"', r"printer.address: write VENDOR:PRODUCT"),
        ('kind = "file"\naddress = "/dev/lp0"\nwidth_mm = 57', r"printer.width_mm: write 58 or 80"),
        ('kind = "file"\naddress = "/dev/lp0"\nanswers = "no"', r"printer.answers: write true"),
        ('kind = "file"\naddress = "/dev/lp0"\ncolour = 1', r"printer.colour: no such setting"),
    ],
)
def test_a_wrong_setting_is_said_in_one_line(tmp_path: Path, table: str, words: str) -> None:
    load_settings(tmp_path)
    path = tmp_path / "kiosk.toml"
    path.write_text(f"{path.read_text()}\n[printer]\n{table}\n")
    with pytest.raises(SettingsProblem, match=words):
        load_settings(tmp_path)


def test_the_doctor_asks_the_printer(tmp_path: Path, roll: ListeningPrinter) -> None:
    def told() -> tuple[str, str]:
        (check,) = [one for one in checks(tmp_path) if one.name == "printer"]
        return check.state, check.detail

    assert told()[0] == "warn"
    assert "not set up" in told()[1]
    path = tmp_path / "kiosk.toml"
    text = f'{path.read_text()}\n[printer]\nkind = "network"\naddress = "{roll.address}"\n'
    path.write_text(text)
    assert told() == ("ok", f"network {roll.address}, 58 mm")
    roll.paper_out = True
    assert "no paper: put a roll in" in told()[1]
    roll.unplug()
    assert told() == (
        "warn",
        f"network {roll.address}, 58 mm: "
        "cannot be reached: switch it on, look at cable and address",
    )
