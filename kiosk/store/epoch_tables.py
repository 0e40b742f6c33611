"""A database that is older than what was already told of it counts its errands anew.

Put back from a backup, or with its last commits gone, it would give the numbers that followed a
second time: the city knows those as other errands. So it begins an epoch: what is filed from then
on has a place in it, and what was filed under a number that is taken gets a place there, once.
"""

from __future__ import annotations

from kiosk.store.triggers import refuse

TABLES: dict[str, str] = {
    # None on nearly every kiosk: then `install.epoch` is the only one, and a place is its dseq.
    "epoch": """CREATE TABLE epoch (
  serial INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL UNIQUE,
  made_at_ms INTEGER NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('mark', 'log', 'city', 'taken', 'other')),
  here INTEGER NOT NULL,
  known INTEGER NOT NULL
) STRICT""",
    # Under which number of which epoch an errand is sent; `again`: it got another one.
    "place": """CREATE TABLE place (
  dseq INTEGER PRIMARY KEY REFERENCES txn (dseq),
  epoch TEXT NOT NULL REFERENCES epoch (epoch),
  number INTEGER NOT NULL,
  again INTEGER NOT NULL CHECK (again IN (0, 1)),
  UNIQUE (epoch, number)
) STRICT""",
    # Numbers on papers that this database does not remember; prefix '' is every prefix.
    "passed": """CREATE TABLE passed (
  day TEXT NOT NULL,
  prefix TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (day, prefix)
) STRICT, WITHOUT ROWID""",
}

# No trigger gives the places: one that writes cost every commit a journal of its own, a third more.
UNPLACED = """EXISTS (SELECT 1 FROM epoch) AND NOT EXISTS (SELECT 1 FROM place
  WHERE dseq = NEW.dseq)"""
NEWEST = "(SELECT epoch FROM epoch ORDER BY serial DESC LIMIT 1)"
NEXT = (
    "(SELECT coalesce(max(number), 0) + 1 FROM place"
    " WHERE epoch = (SELECT epoch FROM epoch ORDER BY serial DESC LIMIT 1))"
)

TRIGGERS: dict[str, str] = {
    "epoch_new": refuse(
        "epoch_new",
        "INSERT",
        "epoch",
        "NEW.serial IS NOT (SELECT coalesce(max(serial), 0) + 1 FROM epoch)"
        " OR NEW.epoch IN (SELECT epoch FROM epoch UNION SELECT epoch FROM install)",
        "an epoch begins once",
    ),
    "epoch_fixed": refuse("epoch_fixed", "UPDATE", "epoch", "", "epoch is immutable"),
    "epoch_kept": refuse("epoch_kept", "DELETE", "epoch", "", "epoch is kept for ever"),
    "place_new": refuse(
        "place_new",
        "INSERT",
        "place",
        f"NEW.epoch IS NOT {NEWEST} OR NEW.number IS NOT {NEXT}"  # noqa: S608
        + " OR EXISTS (SELECT 1 FROM place WHERE dseq = NEW.dseq)",
        "a place is the next one of the newest epoch",
    ),
    "place_fixed": refuse(
        "place_fixed",
        "UPDATE",
        "place",
        "NEW.dseq IS NOT OLD.dseq OR OLD.again = 1 OR NEW.again = 0"  # noqa: S608
        + f" OR NEW.epoch IS OLD.epoch OR NEW.epoch IS NOT {NEWEST} OR NEW.number IS NOT {NEXT}"
        + " OR (SELECT state FROM outbox WHERE dseq = OLD.dseq) IS NOT 'conflict'",
        "a place changes once, to the newest epoch, when its number was taken",
    ),
    "place_kept": refuse("place_kept", "DELETE", "place", "", "place is kept for ever"),
    "outbox_placed": refuse(
        "outbox_placed",
        "UPDATE OF state",
        "outbox",
        "OLD.state = 'conflict' AND NEW.state = 'accepted'"
        " AND NOT EXISTS (SELECT 1 FROM place WHERE dseq = NEW.dseq AND again = 1)",
        "a conflict is sent again only from another place",
    ),
}
