"""`kiosk ask` as another program holds a conversation: a line in, a line out, at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
KEYS = ["turn", "outcome", "service", "slot", "text", "options", "sources"]


def start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "kiosk", "ask", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "KIOSK_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def answers(home: Path, given: bytes, *arguments: str) -> list[dict[str, Any]]:
    with start(home, *arguments) as process:
        out, err = process.communicate(given, timeout=60)
    assert (process.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.decode().splitlines()]


def test_each_answer_comes_before_the_next_question(home: Path) -> None:
    with start(home) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        turns = []
        for question in ("surat keterangan tidak mampu", "bayar nggak?", "makasih"):
            process.stdin.write(question.encode() + b"\n")
            process.stdin.flush()
            turns.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert [list(turn) for turn in turns] == [KEYS] * 3
    assert [(turn["turn"], turn["outcome"]) for turn in turns] == [
        (1, "answer"),
        (2, "answer"),
        (3, "smalltalk"),
    ]
    fee = turns[1]
    assert (fee["service"], fee["slot"]) == ("sktm", "biaya")
    assert "Gratis" in fee["text"]
    assert fee["sources"] == ["L10", "L11"]
    assert (turns[2]["service"], turns[2]["slot"]) == (None, None)


def test_options_name_the_services(home: Path) -> None:
    (turn,) = answers(home, b"anak saya baru lahir, apa saja yang harus diurus\n")
    assert turn["outcome"] == "choose"
    assert {"id": "akta-lahir", "name": "Akta kelahiran"} in turn["options"]


def test_in_english(home: Path) -> None:
    _, turn = answers(home, b"certificate of low income\nis it free?\n", "--lang", "en")
    assert "Fee: Free" in turn["text"]


def test_bytes_that_are_no_text_and_empty_lines_get_an_answer_each(home: Path) -> None:
    turns = answers(home, b"\xff\xfe\x00\n\n" + b"a" * 100_000 + b"\nno end of line")
    assert [turn["turn"] for turn in turns] == [1, 2, 3, 4]


def test_another_language_is_refused_in_one_line(home: Path) -> None:
    with start(home, "--lang", "fr") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert len(err.splitlines()) == 1


def test_ten_turns_a_conversation(home: Path) -> None:
    told = answers(home, b"halo\n" * 11)
    assert len(told) == 11
    assert told[9]["text"] != told[10]["text"]
