"""The tables of the desk: who works here, what was done, and where each application stands.

Only `txn` travels: each act is a transaction of kind "act" besides its line in `audit`.
"""

from __future__ import annotations

from sqlite_utils import Database

TABLES: dict[str, str] = {
    # `version` changes with password, role and leave: a log-in with an older one is over.
    "staff": """CREATE TABLE staff (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  role TEXT NOT NULL CHECK (role IN ('petugas', 'lurah', 'admin')),
  password TEXT NOT NULL,
  must_change INTEGER NOT NULL DEFAULT 1 CHECK (must_change IN (0, 1)),
  active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1,
  made_ms INTEGER NOT NULL
) STRICT""",
    # Wrong passwords, by name and by address; slower each time, also after a restart.
    "guess": """CREATE TABLE guess (
  who TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    # `staff` 0: nobody known. `dseq` is the transaction of the act, null for log-ins and looks.
    "audit": """CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  staff INTEGER NOT NULL,
  act TEXT NOT NULL,
  about TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  dseq INTEGER UNIQUE REFERENCES txn (dseq)
) STRICT""",
    "audit_about": "CREATE INDEX audit_about ON audit (about)",
    # The desk takes applications in by itself (`work_in`), so that a citizen's commit is no dearer.
    "work": """CREATE TABLE work (
  dseq INTEGER PRIMARY KEY REFERENCES txn (dseq),
  day TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN
    ('new', 'open', 'accepted', 'returned', 'rejected', 'done')),
  version INTEGER NOT NULL DEFAULT 1,
  holder INTEGER REFERENCES staff (id),
  ticked TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  returns INTEGER NOT NULL DEFAULT 0,
  decided INTEGER NOT NULL DEFAULT 0,
  arrived_ms INTEGER NOT NULL,
  opened_ms INTEGER,
  ended_ms INTEGER,
  changed_ms INTEGER
) STRICT""",
    "work_state": "CREATE INDEX work_state ON work (state, dseq)",
    "work_day": "CREATE INDEX work_day ON work (day)",
    "work_in": """CREATE TABLE work_in (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  through INTEGER NOT NULL
) STRICT""",
}
STATEMENTS = (*TABLES.values(), "INSERT INTO work_in VALUES (1, 0)")


def _only_grows(name: str, act: str, table: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
    )


TRIGGERS: dict[str, str] = {
    "audit_fixed": _only_grows("audit_fixed", "UPDATE", "audit"),
    "audit_kept": _only_grows("audit_kept", "DELETE", "audit"),
    # Neither a REPLACE nor a line slipped in between.
    "audit_new": _only_grows(
        "audit_new",
        "INSERT",
        "audit",
        "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit) "
        "OR EXISTS (SELECT 1 FROM audit WHERE dseq = NEW.dseq) ",
    ),
    "staff_kept": _only_grows("staff_kept", "DELETE", "staff"),
    "work_kept": _only_grows("work_kept", "DELETE", "work"),
}

_OLD_KINDS = "('application', 'ticket', 'complaint', 'survey')"
_NEW_KINDS = "('application', 'ticket', 'complaint', 'survey', 'act')"


def allow_acts(db: Database) -> None:
    """Let `txn` hold the kind "act", in a file that was made before there was a desk.

    A wider CHECK leaves every row valid, so the table is not copied: its text is changed as
    SQLite's manual tells (ALTER TABLE, chapter 8), inside the step's transaction, and every
    trigger stays where it is.
    """
    execute = db.conn.execute
    (sql,) = execute("SELECT sql FROM sqlite_master WHERE name = 'txn'").fetchone()
    if _OLD_KINDS not in sql:
        return
    (version,) = execute("PRAGMA schema_version").fetchone()
    execute("PRAGMA writable_schema = ON")
    execute(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'txn'",
        (_OLD_KINDS, _NEW_KINDS),
    )
    execute(f"PRAGMA schema_version = {version + 1}")
    execute("PRAGMA writable_schema = OFF")
