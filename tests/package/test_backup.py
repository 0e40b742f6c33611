"""A backup is proven or it is none; the way back from a newer version keeps what came after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from kiosk.store import migrations as steps
from kiosk.store.backup import NEWER, back_up, go_back, proven
from kiosk.store.connection import DATABASE_NAME, open_database
from kiosk.store.problems import DatabaseUnusable
from tests.store_support import LETTER, TICKET, raw_connection, transactions_in

CHECKOUT = Path(__file__).resolve().parents[2]


def codes(home: Path) -> list[str]:
    db = open_database(home)
    try:
        return [row[0] for row in db.conn.execute("SELECT code FROM txn ORDER BY dseq")]
    finally:
        db.close()


def newer_version(home: Path) -> None:
    """The database as a version after this one leaves it: a step and a column we do not know."""
    connection = raw_connection(home)
    connection.execute("ALTER TABLE txn ADD COLUMN priority INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('kiosk', 'a_step_of_tomorrow', '2027-01-01')"
    )
    connection.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    transactions = transactions_in(place)
    for draft in (LETTER, TICKET, LETTER):
        transactions.accept(draft)
    return place


def test_a_backup_holds_every_errand_and_is_as_encrypted(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert back_up(home, folder) == 3
    assert proven(folder) == 3
    assert codes(folder) == codes(home)
    assert not (folder / DATABASE_NAME).read_bytes().startswith(b"SQLite format 3")
    assert folder.stat().st_mode & 0o077 == 0


def test_it_is_made_while_others_write(home: Path, tmp_path: Path) -> None:
    transactions = transactions_in(home)
    counts = []
    for number in range(3):
        transactions.accept(LETTER)
        counts.append(back_up(home, tmp_path / f"backup{number}"))
    assert counts == [4, 5, 6]


def test_a_damaged_one_is_no_backup_and_a_failed_one_leaves_the_last(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    back_up(home, folder)
    (home / "db.key").chmod(0o644)  # the next one cannot open the database
    with pytest.raises(DatabaseUnusable):
        back_up(home, folder)
    assert proven(folder) == 3
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    data = bytearray((folder / DATABASE_NAME).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / DATABASE_NAME).write_bytes(data)
    with pytest.raises(DatabaseUnusable):
        proven(folder)


def test_proving_never_brings_a_backup_to_newer_steps(home: Path, tmp_path: Path) -> None:
    """A newer version looked at it, and the older one could not go back to it any more."""
    folder = tmp_path / "backup"
    back_up(home, folder)
    connection = raw_connection(folder)  # as an older version made it
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'corrections'")
    connection.execute("DROP TABLE correction")
    connection.close()
    assert proven(folder) == 3
    connection = raw_connection(folder)
    names = {row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations")}
    connection.close()
    assert "corrections" not in names


def test_a_database_that_this_version_reads_stays(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    back_up(home, folder)
    transactions_in(home).accept(LETTER)
    assert "stays" in go_back(home, folder)
    assert len(codes(home)) == 4


def test_going_back_carries_over_what_was_filed_after_the_backup(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    back_up(home, folder)
    transactions = transactions_in(home)
    for draft in (TICKET, LETTER):
        transactions.accept(draft)
    before = codes(home)
    newer_version(home)
    with pytest.raises(DatabaseUnusable, match="a_step_of_tomorrow"):
        open_database(home)
    assert "2 later transactions" in go_back(home, folder)
    assert codes(home) == before
    assert proven(home) == 5
    assert (home / NEWER).exists()
    transactions_in(home).accept(LETTER)  # and it serves
    assert len(codes(home)) == 6


def test_nothing_changes_when_they_cannot_be_carried_over(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    back_up(home, folder)
    transactions_in(home).accept(LETTER)
    newer_version(home)
    connection = raw_connection(home)
    connection.execute("ALTER TABLE payload RENAME COLUMN body TO contents")
    connection.close()
    before = (home / DATABASE_NAME).read_bytes()
    with pytest.raises(DatabaseUnusable):
        go_back(home, folder)
    assert (home / DATABASE_NAME).read_bytes() == before
    assert not (home / NEWER).exists()
    assert not (home / ".going-back").exists()


def test_this_version_opens_its_own_next_step(home: Path) -> None:
    """The usual update: a step is added, and the way there loses nothing."""
    later = Migrations("kiosk")
    for step in steps.MIGRATIONS._migrations:
        later._migrations.append(step)

    @later()
    def tomorrow(db: Database) -> None:
        db.conn.execute("CREATE TABLE tomorrow (one INTEGER) STRICT")

    before = codes(home)
    open_database(home, migrations=later).close()
    with pytest.raises(DatabaseUnusable, match="tomorrow"):
        codes(home)
    assert before


def kiosk(home: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *words, "--home", str(home), "--json"]
    return subprocess.run(command, cwd=CHECKOUT, input=said, capture_output=True, text=True)


@pytest.mark.slow
def test_the_commands_of_whoever_looks_after_the_box(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    example = kiosk(home, "submit", "--example", "sktm").stdout
    filed = json.loads(kiosk(home, "submit", "-", said=example).stdout)
    done = kiosk(home, "backup", str(folder))
    assert json.loads(done.stdout)["transactions"] == 1, done.stderr
    assert json.loads(kiosk(home, "restore", str(folder), "--check").stdout)["transactions"] == 1
    assert filed["code"] in codes(folder)
    assert kiosk(home, "restore", str(tmp_path / "none"), "--check").returncode == 1
    assert kiosk(home, "pin", said="493817\n").returncode == 0
    refused = kiosk(home, "pin", said="123456\n")
    assert (refused.returncode, "too easy" in refused.stderr) == (2, True)
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy/notes.txt").touch()
    assert kiosk(home, "backup", str(tmp_path / "busy")).returncode == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('code = "A"', "city"),
        ('city = "https://x"', "code"),
        ("code = 3", "code"),
        ('code = "A"\ncity = "https://x"\nname = "B"', "name"),
        ("not toml", "not TOML"),
        ("#" * 5000, "longer"),
    ],
)
def test_an_odd_enrolment_is_told_by_its_line(text: str, word: str, tmp_path: Path) -> None:
    from kiosk.enrol_file import read_enrolment
    from kiosk.problems import BadInput

    (tmp_path / "enrol.toml").write_text(text)
    with pytest.raises(BadInput, match=word):
        read_enrolment(tmp_path / "enrol.toml")


def test_an_enrolment_is_read_once(tmp_path: Path) -> None:
    from kiosk.enrol_file import read_enrolment, spend

    path = tmp_path / "enrol.toml"
    path.write_text('\ufeffcode = "AB12 CD34"\r\ncity = "https://kota.example"\r\n')
    assert read_enrolment(path) == ("AB12 CD34", "https://kota.example")
    assert spend(path) is None
    assert not path.exists()
    assert "erase it yourself" in (spend(path) or "")
