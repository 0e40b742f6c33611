"""The tables of the counter: the line, calls for help, what is printed. None of them is sent.

What happened in the queue is a log that only grows; the row beside it says how things stand.
"""

from __future__ import annotations

TABLES: dict[str, str] = {
    # One row a number; the number itself stands in `ticket`, which never changes.
    "queue": """CREATE TABLE queue (
  dseq INTEGER PRIMARY KEY REFERENCES ticket (dseq),
  day TEXT NOT NULL,
  line TEXT NOT NULL,
  priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN
    ('waiting', 'called', 'serving', 'held', 'no_show', 'done')),
  version INTEGER NOT NULL,
  calls INTEGER NOT NULL DEFAULT 0,
  counter TEXT NOT NULL DEFAULT '',
  taken_ms INTEGER NOT NULL,
  called_ms INTEGER,
  served_ms INTEGER,
  ended_ms INTEGER
) STRICT""",
    "queue_day": "CREATE INDEX queue_day ON queue (day, state)",
    # Several services in one visit; `application` is what was filed for it here, if anything.
    "errand": """CREATE TABLE errand (
  dseq INTEGER NOT NULL REFERENCES queue (dseq),
  place INTEGER NOT NULL,
  service TEXT NOT NULL,
  application INTEGER REFERENCES txn (dseq),
  PRIMARY KEY (dseq, place)
) STRICT, WITHOUT ROWID""",
    "errand_application": "CREATE INDEX errand_application ON errand (application)",
    "queue_event": """CREATE TABLE queue_event (
  seq INTEGER PRIMARY KEY,
  day TEXT NOT NULL,
  dseq INTEGER NOT NULL REFERENCES queue (dseq),
  at_ms INTEGER NOT NULL,
  act TEXT NOT NULL,
  line TEXT NOT NULL,
  counter TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL DEFAULT ''
) STRICT""",
    "queue_event_day": "CREATE INDEX queue_event_day ON queue_event (day)",
    # Somebody calls for help (no body: nothing of theirs), or hands over what is half filled in.
    "handover": """CREATE TABLE handover (
  id TEXT PRIMARY KEY,
  sign TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('ring', 'form')),
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'seen', 'taken')),
  lang TEXT NOT NULL,
  service TEXT NOT NULL DEFAULT '',
  body TEXT CHECK ((kind = 'form') = (body IS NOT NULL)),
  by TEXT NOT NULL DEFAULT '',
  at_ms INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  monotonic_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    # What is printed is made from the record when it is printed; here stands only that it is.
    "print_job": """CREATE TABLE print_job (
  id INTEGER PRIMARY KEY,
  dseq INTEGER REFERENCES txn (dseq),
  what TEXT NOT NULL CHECK (what IN ('receipt', 'ticket', 'papers')),
  service TEXT NOT NULL DEFAULT '',
  lang TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
    ('queued', 'printing', 'confirmed', 'failed')),
  problem TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL DEFAULT '',
  at_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT""",
    "print_job_dseq": "CREATE INDEX print_job_dseq ON print_job (dseq)",
    # A record is printed once by itself; whatever more is a person's word.
    "print_job_once": """CREATE UNIQUE INDEX print_job_once ON print_job (dseq, what)
  WHERE by = ''""",
}

TRIGGERS: dict[str, str] = {
    "queue_event_fixed": (
        "CREATE TRIGGER queue_event_fixed BEFORE UPDATE ON queue_event "
        "BEGIN SELECT RAISE(ABORT, 'the log of the queue only grows'); END"
    ),
    "queue_event_kept": (
        "CREATE TRIGGER queue_event_kept BEFORE DELETE ON queue_event "
        "BEGIN SELECT RAISE(ABORT, 'the log of the queue only grows'); END"
    ),
    "queue_event_new": (
        "CREATE TRIGGER queue_event_new BEFORE INSERT ON queue_event "
        "WHEN EXISTS (SELECT 1 FROM queue_event WHERE seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'the log of the queue only grows'); END"
    ),
    "queue_kept": (
        "CREATE TRIGGER queue_kept BEFORE DELETE ON queue "
        "BEGIN SELECT RAISE(ABORT, 'a number in the queue is kept'); END"
    ),
}

# Numbers given before this version: those of today still wait, older ones are history.
_OLDER = """INSERT INTO queue (dseq, day, line, priority, state, version, taken_ms)
  SELECT n.dseq, n.day, 'umum', 0, 'waiting', 1, t.at_ms FROM ticket n JOIN txn t USING (dseq)"""
_OLDER_EVENTS = """INSERT INTO queue_event (day, dseq, at_ms, act, line)
  SELECT day, dseq, taken_ms, 'take', line FROM queue ORDER BY dseq"""
STATEMENTS = (*TABLES.values(), _OLDER, _OLDER_EVENTS)
