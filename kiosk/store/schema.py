"""The tables and the triggers that keep them, as SQL beside the reasons.

One database file is one install epoch: `dseq` starts at 1 and has no gap. The triggers protect
against our own mistakes and those of tools; they do not rely on `recursive_triggers` alone,
which a raw connection may have switched off.
"""

from __future__ import annotations

from kiosk.store.city_tables import MUST_STAY, NOT_PRUNABLE
from kiosk.store.city_tables import TRIGGERS as CITY_TRIGGERS
from kiosk.store.counter_tables import TRIGGERS as COUNTER_TRIGGERS
from kiosk.store.desk_tables import TRIGGERS as DESK_TRIGGERS
from kiosk.store.epoch_tables import TRIGGERS as EPOCH_TRIGGERS
from kiosk.store.epoch_tables import UNPLACED
from kiosk.store.triggers import refuse

TABLES: dict[str, str] = {
    "install": """CREATE TABLE install (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL
) STRICT""",
    # For ever, and without a personal field: what was said stands in payload alone.
    "txn": """CREATE TABLE txn (
  dseq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  code TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('application', 'ticket', 'complaint', 'survey', 'act')),
  service TEXT NOT NULL,
  schema INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  at_ms INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  monotonic_ms INTEGER NOT NULL
) STRICT""",
    # The bytes as they are sent. Gone only after the city's backup has them: see payload_kept.
    "payload": """CREATE TABLE payload (
  dseq INTEGER PRIMARY KEY REFERENCES txn (dseq),
  body BLOB NOT NULL
) STRICT""",
    "outbox": """CREATE TABLE outbox (
  dseq INTEGER PRIMARY KEY REFERENCES txn (dseq),
  state TEXT NOT NULL DEFAULT 'accepted' CHECK (state IN
    ('accepted', 'acked', 'confirmed', 'prunable', 'conflict', 'quarantined')),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_problem TEXT,
  server_seq INTEGER
) STRICT""",
    # Nothing up to `through` is still to be sent: the queue is found without walking years of
    # history, and without an index that every commit would have to write.
    "settled": """CREATE TABLE settled (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  through INTEGER NOT NULL
) STRICT""",
    # A number on a paper in someone's hand: `day` is the local date, numbers start at 1.
    "ticket": """CREATE TABLE ticket (
  day TEXT NOT NULL,
  prefix TEXT NOT NULL,
  number INTEGER NOT NULL,
  dseq INTEGER NOT NULL UNIQUE REFERENCES txn (dseq),
  PRIMARY KEY (day, prefix, number)
) STRICT, WITHOUT ROWID""",
    "sync_state": """CREATE TABLE sync_state (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "pulled": """CREATE TABLE pulled (
  feed TEXT NOT NULL,
  position INTEGER NOT NULL,
  item TEXT NOT NULL,
  PRIMARY KEY (feed, position)
) STRICT, WITHOUT ROWID""",
}

# What a person put right in one touch: found this, wanted that ("" = none of them). A number a
# day, for whoever edits the catalogue; never the words they used.
CORRECTION = """CREATE TABLE correction (
  day TEXT NOT NULL,
  shown TEXT NOT NULL,
  chosen TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, shown, chosen)
) STRICT, WITHOUT ROWID"""

VIEWS: dict[str, str] = {
    "unsent": """CREATE VIEW unsent AS SELECT dseq, attempts FROM outbox
  WHERE state = 'accepted' AND dseq > (SELECT through FROM settled)""",
}


TRIGGERS: dict[str, str] = {
    # A REPLACE is refused here before it can delete anything.
    "txn_in_order": refuse(
        "txn_in_order",
        "INSERT",
        "txn",
        "NEW.dseq IS NOT (SELECT coalesce(max(dseq), 0) + 1 FROM txn)",
        "dseq is not the next one",
    ),
    "txn_new": refuse(
        "txn_new",
        "INSERT",
        "txn",
        "EXISTS (SELECT 1 FROM txn WHERE code = NEW.code)"
        " OR EXISTS (SELECT 1 FROM txn WHERE id = NEW.id)",
        "id or code is taken",
    ),
    "txn_fixed": refuse("txn_fixed", "UPDATE", "txn", "", "txn is immutable"),
    "txn_kept": refuse("txn_kept", "DELETE", "txn", "", "txn is kept for ever"),
    "payload_new": refuse(
        "payload_new",
        "INSERT",
        "payload",
        "EXISTS (SELECT 1 FROM payload WHERE dseq = NEW.dseq)",
        "payload is immutable",
    ),
    "payload_fixed": refuse("payload_fixed", "UPDATE", "payload", "", "payload is immutable"),
    "payload_kept": refuse(
        "payload_kept",
        "DELETE",
        "payload",
        f"{NOT_PRUNABLE} OR {MUST_STAY}",
        "payload is kept until it is prunable",
    ),
    "outbox_new": refuse(
        "outbox_new",
        "INSERT",
        "outbox",
        "NEW.state <> 'accepted' OR EXISTS (SELECT 1 FROM outbox WHERE dseq = NEW.dseq) OR "  # noqa: S608
        + UNPLACED,
        "an outbox row starts as accepted, once, in its place",
    ),
    # acked or confirmed -> accepted is the city restored from an older copy: sent again; conflict
    # -> accepted this database itself, see epoch_tables.
    "outbox_steps": refuse(
        "outbox_steps",
        "UPDATE",
        "outbox",
        "NEW.dseq IS NOT OLD.dseq OR (NEW.state IS NOT OLD.state AND"
        " (OLD.state || ' ' || NEW.state) NOT IN ('accepted acked', 'accepted conflict',"
        " 'accepted quarantined', 'acked accepted', 'acked confirmed', 'confirmed accepted',"
        " 'confirmed prunable',"
        " 'conflict acked', 'quarantined acked', 'conflict accepted'))",
        "the outbox has no such step",
    ),
    "outbox_again": (
        "CREATE TRIGGER outbox_again AFTER UPDATE OF state ON outbox WHEN NEW.state = 'accepted' "
        "BEGIN UPDATE settled SET through = min(through, NEW.dseq - 1); END"
    ),
    "outbox_kept": refuse("outbox_kept", "DELETE", "outbox", "", "outbox is kept for ever"),
    "ticket_new": refuse(
        "ticket_new",
        "INSERT",
        "ticket",
        "EXISTS (SELECT 1 FROM ticket"
        " WHERE day = NEW.day AND prefix = NEW.prefix AND number = NEW.number)"
        " OR EXISTS (SELECT 1 FROM ticket WHERE dseq = NEW.dseq)",
        "a ticket number is given once",
    ),
    "ticket_fixed": refuse("ticket_fixed", "UPDATE", "ticket", "", "ticket is immutable"),
    "ticket_kept": refuse("ticket_kept", "DELETE", "ticket", "", "ticket is kept for ever"),
    "install_fixed": refuse("install_fixed", "UPDATE", "install", "", "install is immutable"),
    "install_kept": refuse("install_kept", "DELETE", "install", "", "install is immutable"),
    **COUNTER_TRIGGERS,
    **DESK_TRIGGERS,
    **CITY_TRIGGERS,
    **EPOCH_TRIGGERS,
}
