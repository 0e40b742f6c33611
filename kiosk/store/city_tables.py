"""The tables between this kiosk and its city: what is held back, kept for how long, pulled, and
said here in place of the city's word.
"""

from __future__ import annotations

from kiosk.store.triggers import refuse

TABLES: dict[str, str] = {
    # Answers without a name wait here until their day is over: no number of their own yet, for it
    # would tell beside whose errand they were given. Their ids are random: so is their order.
    "withheld": """CREATE TABLE withheld (
  id TEXT PRIMARY KEY,
  day TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('complaint', 'survey')),
  service TEXT NOT NULL,
  schema INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID""",
    # How long bytes stay after an errand is closed (none set: for ever), and the city's clock as
    # it was last heard: this machine's own may be years off.
    "keeping": """CREATE TABLE keeping (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  keep_ms INTEGER,
  city_ms INTEGER NOT NULL
) STRICT""",
    # When the city's clock first saw this errand at its end.
    "closed": """CREATE TABLE closed (
  dseq INTEGER PRIMARY KEY REFERENCES txn (dseq),
  city_ms INTEGER NOT NULL
) STRICT""",
    # What the city tells bit by bit; `item` as it was said, newest in place of older.
    "running": """CREATE TABLE running (
  feed TEXT NOT NULL,
  id TEXT NOT NULL,
  item TEXT NOT NULL,
  PRIMARY KEY (feed, id)
) STRICT, WITHOUT ROWID""",
    # What a person of this office put in the place of one fact, or took back: the newest of a
    # fact counts. `content` are the signed bytes; `signature` is the device's and made anew when
    # its key is.
    "local_fact": """CREATE TABLE local_fact (
  serial INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  fact TEXT NOT NULL,
  content TEXT NOT NULL,
  signature TEXT NOT NULL
) STRICT""",
}

# At its end: staff finished it and nobody has it open again, the city says so, or there was never
# anything to wait for.
ENDED = """CREATE VIEW ended AS
  SELECT t.dseq FROM txn t
  LEFT JOIN work w USING (dseq)
  LEFT JOIN running r ON r.feed = 'statuses' AND r.id = t.code
  WHERE t.kind IN ('ticket', 'survey', 'act') OR (t.kind = 'complaint' AND t.code = t.id)
    OR w.state IN ('done', 'rejected')
    OR (json_extract(r.item, '$.state') IN ('done', 'refused') AND w.state IS NOT 'open')"""

# Small ones: a citizen's commit writes neither of them.
INDEXES = (
    """CREATE INDEX outbox_aside ON outbox (dseq) WHERE state IN ('conflict', 'quarantined')""",
    """CREATE INDEX outbox_confirmed ON outbox (dseq) WHERE state = 'confirmed'""",
)
STATEMENTS = (*TABLES.values(), ENDED, *INDEXES, "INSERT INTO keeping VALUES (1, NULL, 0)")

# True of the row whose bytes may not go yet: both for payload, the second for outbox, too.
NOT_PRUNABLE = "(SELECT state FROM outbox WHERE dseq = OLD.dseq) IS NOT 'prunable'"
MUST_STAY = """NOT EXISTS (SELECT 1 FROM closed c, keeping k
  WHERE c.dseq = OLD.dseq AND c.city_ms + k.keep_ms <= k.city_ms)"""


TRIGGERS: dict[str, str] = {
    "withheld_new": refuse(
        "withheld_new",
        "INSERT",
        "withheld",
        "EXISTS (SELECT 1 FROM withheld WHERE id = NEW.id)"
        " OR EXISTS (SELECT 1 FROM txn WHERE id = NEW.id)",
        "id is taken",
    ),
    "withheld_fixed": refuse("withheld_fixed", "UPDATE", "withheld", "", "withheld is immutable"),
    "withheld_kept": refuse(
        "withheld_kept",
        "DELETE",
        "withheld",
        "NOT EXISTS (SELECT 1 FROM txn JOIN payload USING (dseq)"
        " WHERE id = OLD.id AND sha256 = OLD.sha256 AND body = OLD.body)",
        "withheld is kept until it is in the outbox",
    ),
    "local_fact_new": refuse(
        "local_fact_new",
        "INSERT",
        "local_fact",
        "NEW.serial IS NOT (SELECT coalesce(max(serial), 0) + 1 FROM local_fact)",
        "local_fact only grows",
    ),
    "local_fact_fixed": refuse(
        "local_fact_fixed",
        "UPDATE OF serial, service, fact, content",
        "local_fact",
        "",
        "local_fact only grows",
    ),
    "local_fact_kept": refuse(
        "local_fact_kept", "DELETE", "local_fact", "", "local_fact only grows"
    ),
    "prunable_in_time": refuse(
        "prunable_in_time",
        "UPDATE OF state",
        "outbox",
        f"NEW.state = 'prunable' AND OLD.state <> 'prunable' AND {MUST_STAY}",
        "its errand is open or its time is not over",
    ),
}
