"""The sender's process of bench_sync.py: what `kiosk sync` runs, and nothing of the bench itself.
python sync_agent.py HOME LOOKS: drains, then looks so often whether there is anything new.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from kiosk.store.connection import open_database  # noqa: E402
from kiosk.store.outbox import Outbox  # noqa: E402
from sync.agent import open_agent  # noqa: E402


def main(home: Path, looks: int) -> int:
    db = open_database(home)
    one = open_agent(Outbox(db, home), home)
    for _ in range(looks):
        one._round(poll=True, everything=True)  # as run_forever does: what stood is remembered
    left = Outbox(db, home).left()
    db.close()
    return int(left > 0)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2])))
