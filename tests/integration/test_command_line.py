"""The commands as other programs call them: a process each, JSON lines, exit codes, one line."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import catalogue_of, regions_of
from kiosk.config import load_settings
from kiosk.domain.answers import check_all
from kiosk.example import example_draft
from tests.store_support import files_of

CHECKOUT = Path(__file__).resolve().parents[2]


def kiosk(home: Path, *arguments: str, given: str = "", **environment: str) -> Any:
    """Run one command; a traceback is a fault of any of them."""
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "KIOSK_HOME": str(home), **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def lines(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refusal(done: Any, code: int = 2) -> str:
    """The one line on stderr; nothing on stdout."""
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    return str(line)


def test_from_an_example_to_the_outbox(home: Path) -> None:
    example = kiosk(home, "submit", "--example", "sktm")
    form = home.parent / "form.json"
    form.write_text(example.stdout)
    receipts = [lines(kiosk(home, "submit", str(form), "--json"))[0] for _ in range(2)]
    assert {"id", "code", "state"} == set(receipts[0])
    assert receipts[0]["state"] == "accepted"
    rows = lines(kiosk(home, "--json", "outbox"))
    assert [row["id"] for row in rows] == [one["id"] for one in receipts]
    assert rows[0] == {
        "id": receipts[0]["id"],
        "kind": "application",
        "code": receipts[0]["code"],
        "dseq": 1,
        "state": "accepted",
        "attempts": 0,
        "last_problem": None,
    }
    assert receipts[0]["code"] in kiosk(home, "outbox").stdout


@pytest.mark.parametrize("kind", ["ticket", "complaint", "survey"])
def test_the_other_kinds_are_filed_from_standard_input(home: Path, kind: str) -> None:
    answers = {} if kind == "ticket" else {"text": "Lampu jalan mati", "score": 3}
    done = kiosk(
        home, "submit", "-", "--json", given=json.dumps({"kind": kind, "answers": answers})
    )
    assert lines(done)[0]["state"] == "accepted"
    assert lines(kiosk(home, "outbox", "--json"))[0]["kind"] == kind


def test_every_service_with_a_form_has_a_valid_example(home: Path) -> None:
    settings = load_settings(home)
    catalogue, regions = catalogue_of(settings), regions_of(settings)
    with_form = [one for one in catalogue.services.values() if one.filing == "form"]
    assert {"sktm", "dom-penduduk", "belum-menikah"} <= {one.id for one in with_form}
    today = date(2026, 11, 22)
    for service in with_form:
        assert service.form is not None
        example = example_draft(catalogue, service.id, regions, today)
        _, problems = check_all(service.form, example["answers"], today=today, regions=regions)
        assert problems == [], service.id


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("{", "line 1"),
        ("[]", "object"),
        ("{}", "kind"),
        ('{"kind": "gift"}', "kind"),
        ('{"kind": ["ticket"]}', "kind"),
        ('{"kind": "ticket", "answers": {"a": 1}}', "answers"),
        ('{"kind": "ticket", "extra": 1}', "extra"),
        ('{"kind": "ticket", "lang": "jv"}', "lang"),
        ('{"kind": "ticket", "service": "nothing"}', "service"),
        ('{"kind": "application", "service": "nothing", "answers": {}}', "service"),
        ('{"kind": "application", "service": "ktp-hilang", "answers": {}}', "service"),
        ('{"kind": "application", "service": "sktm", "answers": {"nik": "12"}}', "answers.nik"),
        ('{"kind": "complaint", "answers": {"text": {"deep": 1}}}', "answers.text"),
        ('{"kind": "complaint", "answers": {"text": NaN}}', "JSON"),
        ('{"kind": "complaint", "answers": {"text": "\\ud800"}}', "answers.text"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_bad_form_is_named_in_one_line_and_stores_nothing(
    home: Path, form: str, key: str
) -> None:
    line = refusal(kiosk(home, "submit", "-", given=form))
    assert key in line
    assert lines(kiosk(home, "outbox", "--json")) == []


def test_an_error_never_repeats_a_personal_value(home: Path) -> None:
    answers = {"nik": "36710114019400019999", "name": "Siti4 Aminah", "birth_date": "14x01"}
    form = json.dumps({"kind": "application", "service": "sktm", "answers": answers})
    line = refusal(kiosk(home, "submit", "-", given=form))
    for value in ("3671011401940", "Siti", "Aminah", "14x01"):
        assert value not in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("lookup",),
        ("lookup", "a", "--file", "b"),
        ("lookup", "--limit", "0", "ktp"),
        ("lookup", "--file", "/nowhere.tsv"),
        ("submit",),
        ("submit", "/nowhere.json"),
        ("submit", "--example", "nothing"),
        ("submit", "--example", "ktp-hilang"),
        ("ui", "--size", "big"),
        ("bench", "nothing"),
        ("sync", "--once"),
        ("enrol", "AAAA", "--city", "http://example.org"),
    ],
)
def test_wrong_usage_is_one_line(home: Path, arguments: tuple[str, ...]) -> None:
    assert refusal(kiosk(home, *arguments)).startswith("kiosk")


def test_a_city_that_is_not_there_is_for_later(home: Path, free_port: int) -> None:
    city = f"http://127.0.0.1:{free_port}"
    assert "could not be reached" in refusal(kiosk(home, "enrol", "AAAA", "--city", city), 75)


def test_lookup_answers_in_json(home: Path) -> None:
    (answer,) = lines(kiosk(home, "lookup", "--json", "surat", "tidak", "mampu"))
    assert answer["query"] == "surat tidak mampu"
    assert answer["outcome"] == "match"
    assert answer["services"][0]["id"] == "sktm"
    assert set(answer["services"][0]) == {"id", "name", "score"}
    assert answer["ms"] >= 0


def test_lookup_answers_a_file_line_by_line(home: Path, tmp_path: Path) -> None:
    questions = tmp_path / "q.tsv"
    questions.write_bytes(b"query\texpected\nsktm\tsktm\n\nktp hilang\tx\r\n")
    answers = lines(kiosk(home, "lookup", "--file", str(questions), "--json", "--limit", "1"))
    assert [one["query"] for one in answers] == ["sktm", "", "ktp hilang"]
    assert all(len(one["services"]) <= 1 for one in answers)
    questions.write_text("sktm")
    assert len(lines(kiosk(home, "lookup", "--file", str(questions), "--json"))) == 1


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (("tidak", "--json", "mampu"), "tidak mampu"),
        (("--json", "tidak", "--limit", "2", "mampu"), "tidak mampu"),
        (("--json", "--", "--tidak", "mampu"), "--tidak mampu"),
    ],
)
def test_words_stand_before_between_and_behind_options(
    home: Path, words: tuple[str, ...], query: str
) -> None:
    (answer,) = lines(kiosk(home, "lookup", *words))
    assert answer["query"] == query


def test_figures_are_one_line_and_their_file_stands_anywhere(home: Path, tmp_path: Path) -> None:
    questions = tmp_path / "q.tsv"
    questions.write_text("note\texpected\tquery\npaspor\tsktm\tsurat tidak mampu\n")
    for words in (("lookup", "--json", str(questions)), ("lookup", str(questions))):
        (figures,) = lines(kiosk(home, "evaluate", *words))
        assert (figures["n"], figures["top1"][0]) == (1, 1.0)


def test_output_that_cannot_be_written_is_for_later(home: Path) -> None:
    for words in (("lookup", "ktp"), ("submit", "--example", "sktm")):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "kiosk", *words],
                cwd=CHECKOUT,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        said = f"kiosk {words[0]}: the output: No space left on device: free some room\n"
        assert (done.returncode, done.stderr) == (75, said)


def shell(home: Path, line: str, **environment: str) -> Any:
    """`line` as a shell takes it; `kiosk` in it is ours."""
    return subprocess.run(
        ["bash", "-c", f'kiosk() {{ "{sys.executable}" -m kiosk "$@"; }}; {line}'],
        cwd=CHECKOUT,
        env={**os.environ, "KIOSK_HOME": str(home), **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_closed_stream_is_empty_or_read_by_nobody(home: Path) -> None:
    for line in ("kiosk ask >&-", "kiosk ask <&-", "kiosk ask <&- >&- 2>&-"):
        done = shell(home, line)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), line
    done = shell(home, "kiosk lookup 2>&-")  # its line is for nobody, least of all a reader of JSON
    assert (done.returncode, done.stdout) == (2, b"")


def test_what_is_written_is_utf_8_whatever_the_locale(home: Path) -> None:
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell(home, "kiosk ask", **posix)
    assert (done.returncode, done.stderr) == (0, b"")
    done = shell(home, "printf 'ktp hilang\\nm\\xc3\\xa9ja\\n' | kiosk ask", **posix)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.decode("utf-8").splitlines()) == 2


def test_a_home_that_cannot_be_found_is_told(home: Path) -> None:
    line = refusal(kiosk(home, "outbox", KIOSK_HOME="~nobody-of-this-name/x"))
    assert "KIOSK_HOME: no such user's folder: name a whole path" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evaluate", "lookup", "q.tsv", "--write"), "--write: keeps what --cross fits"),
        (("lookup", "--file", os.devnull), "no questions: write one a line"),
        (("lookup", "ktp", "--limit", "\N{SUPERSCRIPT TWO}"), "write a whole number, 1 to 100"),
        (("rebuild", "lookup", "--output", "/tmp"), "/tmp: no plain file, and not replaced"),
        (("rebuild", "lookup", "--output", "/dev/null"), "/dev/null: no plain file"),
        (("screenshots", "/dev/null"), "/dev/null: File exists: name a folder"),
    ],
)
def test_what_is_no_use_is_told(home: Path, words: tuple[str, ...], told: str) -> None:
    assert told in refusal(kiosk(home, *words))


def test_doctor_sees_a_damaged_ranking(home: Path) -> None:
    kept = home / "lookup" / "model.bin"
    kept.parent.mkdir(parents=True)
    data = bytearray((CHECKOUT / "assets/lookup/model.bin").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1000] = bytes(1000)
    kept.write_bytes(data)
    checks = {one["check"]: one for one in lines(kiosk(home, "doctor", "--json"))}
    assert checks["lookup"]["state"] == "warn"
    assert f"{kept}: it is damaged" in checks["lookup"]["detail"]


def test_a_second_instance_is_told_so(home: Path) -> None:
    kiosk(home, "outbox")
    for command, name in (("ui", "ui.lock"), ("sync", "sync.lock")):
        with (home / name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            line = refusal(kiosk(home, command, SDL_VIDEODRIVER="offscreen"))
        assert "already running" in line


def test_no_display_is_said_in_one_line(home: Path) -> None:
    line = refusal(kiosk(home, "ui", SDL_VIDEODRIVER="", DISPLAY=":4711"))
    assert "make demo" in line


def test_a_broken_setting_is_named(home: Path) -> None:
    kiosk(home, "outbox")
    (home / "kiosk.toml").write_text('[office]\nname = "X"\nkiosk_prefix = "00"\n')
    assert "office.kiosk_prefix" in refusal(kiosk(home, "outbox"))


def test_a_foreign_database_is_left_alone(home: Path) -> None:
    kiosk(home, "outbox")
    (home / "kiosk.db").write_bytes(b"SQLite format 3\x00" + b"\x00" * 5000)
    before = files_of(home)
    form = json.dumps({"kind": "ticket"})
    assert "E-14" in refusal(kiosk(home, "submit", "-", given=form), 1)
    doctor = kiosk(home, "doctor", "--json")
    assert doctor.returncode == 1
    states = {one["check"]: one for one in map(json.loads, doctor.stdout.splitlines())}
    assert states["database"]["state"] == "fail"
    assert "E-14" in states["database"]["detail"]
    assert states["catalogue"]["state"] == "ok"
    assert files_of(home) == before


def test_doctor_speaks_of_everything(home: Path) -> None:
    checks = lines(kiosk(home, "doctor", "--json"))
    names = [one["check"] for one in checks]
    expected = "database keys catalogue model microphone speaker printer disk clock city version"
    assert set(expected.split()) <= set(names)
    assert all(set(one) == {"check", "state", "detail"} for one in checks)
    assert all(one["state"] in ("ok", "warn", "fail") and one["detail"] for one in checks)
    (home / "db.key").chmod(0o644)
    again = kiosk(home, "doctor", "--json")
    assert again.returncode == 1
    assert "chmod 600" in again.stdout


def test_doctor_sees_a_changed_byte(home: Path) -> None:
    for _ in range(3):
        kiosk(
            home,
            "submit",
            "-",
            given=json.dumps({"kind": "complaint", "answers": {"a": "b" * 900}}),
        )
    path = home / "kiosk.db"
    data = bytearray(path.read_bytes())
    data[-700] ^= 1
    path.write_bytes(data)
    done = kiosk(home, "doctor", "--json")
    assert done.returncode == 1
    assert "E-16" in done.stdout


def test_our_reader_may_leave_early(home: Path) -> None:
    for _ in range(3):
        kiosk(home, "submit", "-", given='{"kind": "ticket"}')
    read_end, write_end = os.pipe()
    os.close(read_end)  # nobody reads
    with os.fdopen(write_end, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", "outbox"],
            cwd=CHECKOUT,
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")
