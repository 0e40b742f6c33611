"""A database that has less than what was promised of it: noticed at its opening, said, and kept.

Nothing is mended by guessing. The files are copied aside as they were found, an epoch begins, so
that nothing new takes the place of what is missing (`epoch_tables`), and the kiosk serves on.
"""

from __future__ import annotations

import logging
import subprocess
import time
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from kiosk.store import cut_log, epochs, mark
from kiosk.store.mark import Mark
from kiosk.store.room import FREE_MIN_BYTES, free_bytes

FOLDERS = "lost-*"
COPIES_MAX = 5  # a disk that goes on failing must not fill itself with copies
WORDS = """This kiosk's database lost commits; found on {at}.
Basis data kiosk ini kehilangan sebagian isi; ditemukan {at}.

What was found: {found}
Beside this text lie the database and its log as they were found, encrypted, under db.key of the
kiosk's folder. They may hold citizens' data: keep them on this machine or carry them by hand.
What reached the city is safe there. Ask the city's IT to look at both, then remove this folder:
the kiosk reminds its staff until then.
"""

logger = logging.getLogger(__name__)


def look_at_log(db: Database, home: Path, path: Path) -> int:
    """How many commits the log has lost; then the files are copied before anything is written."""
    if not path.with_name(f"{path.name}-wal").exists():
        return 0
    if lost := cut_log.lost_commits(path, lambda: frames(db)):
        put_aside(home, path, f"{lost} commits lie in the log behind a frame that is damaged")
    return lost


def frames(db: Database) -> int:
    """How many frames of the log SQLite goes by; it looks for newer ones only when it reads."""
    db.conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(db.conn.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()[1])


def look_at_mark(db: Database, home: Path, path: Path, said: Mark | None, cut: int) -> None:
    """Begins an epoch when the note beside the database knew of more than is here. `said` was read
    before the database was; `cut` is what `look_at_log` found."""
    why, known = _wrong(db, said, cut)
    if why is not None:
        words = f"{known} errands were noted beside the database" if known else "its end is gone"
        if not cut:
            put_aside(home, path, words)
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            (here,) = db.conn.execute("SELECT coalesce(max(dseq), 0) FROM txn").fetchone()
            epochs.begin(db, why, known, time.time_ns() // 1_000_000)
            if said is not None:
                epochs.pass_numbers(db, said.day, said.numbers)
            db.conn.execute("COMMIT")
        except BaseException:
            db.conn.execute("ROLLBACK")
            raise
        logger.error(
            "%s: %s, %d are here: the rest is gone from it; numbers are given anew",
            path,
            words,
            here,
        )
    mark.keep(db, home, said if why is not None else None)


def _wrong(db: Database, said: Mark | None, cut: int) -> tuple[epochs.Why | None, int]:
    install, same = db.conn.execute(
        "SELECT epoch, (SELECT id FROM txn WHERE dseq = ?) FROM install",
        (said.dseq if said is not None else 0,),
    ).fetchone()
    if said is None:
        return ("log", 0) if cut else (None, 0)
    if said.install != install:
        return "other", said.dseq
    if said.dseq and (same or "").replace("-", "") != said.id:
        return ("log" if cut else "mark"), said.dseq
    return None, 0


def put_aside(home: Path, path: Path, found: str) -> None:
    """A copy of the database and its log as they are, if there is room for one."""
    now = datetime.now().astimezone()
    which = cut_log.identity(path) or f"{now:%H%M%S}"
    if any(one.name.endswith(which) for one in folders(home)):
        return  # another process was here
    folder = home / f"lost-{now:%Y%m%d}-{which}"
    files = [one for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()]
    try:
        need = sum(one.stat().st_size for one in files) + 2 * FREE_MIN_BYTES
        if free_bytes(home) < need or len(folders(home)) >= COPIES_MAX:
            logger.error("%s: %s; no room for a copy of it", path, found)
            return
        folder.mkdir(mode=0o700)
        # By another process: one that closes a file drops all its locks on it, SQLite's too.
        subprocess.run(["cp", "--", *map(str, files), str(folder)], check=True)
        (folder / "README.txt").write_text(WORDS.format(at=f"{now:%Y-%m-%d %H:%M}", found=found))
    except (OSError, subprocess.CalledProcessError) as error:
        logger.error("%s: %s; not copied: %s", path, found, type(error).__name__)
        return
    logger.error("%s: %s; the files as they were lie in %s", path, found, folder)


def folders(home: Path) -> list[Path]:
    """Where copies of a damaged database wait for somebody."""
    return sorted(home.glob(FOLDERS))
