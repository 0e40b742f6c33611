"""The control: a kiosk that shows the receipt first and commits later, to be caught.

    python tests/faults/early_receipt.py MS ui …   (then as `kiosk ui …`)

The same kiosk but for one lie: filing returns with the transaction still open, and the commit
follows MS milliseconds later.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from kiosk.__main__ import main
from kiosk.domain.queue import Taking
from kiosk.domain.transaction import Draft, Receipt
from kiosk.store.transactions import NO_WISH, Transactions


def lie(commit_after_s: float) -> None:
    """Makes every filing of this process promise before it commits."""

    def _accept(
        self: Transactions, drafts: Sequence[Draft], taking: Taking = NO_WISH
    ) -> tuple[Receipt, ...]:
        from kivy.clock import Clock

        execute = self._db.conn.execute
        execute("BEGIN IMMEDIATE")
        receipts = tuple(self._store(execute, draft, taking) for draft in drafts)
        Clock.schedule_once(lambda _dt: execute("COMMIT"), commit_after_s)
        return receipts

    Transactions._accept = _accept  # type: ignore[method-assign]


if __name__ == "__main__":
    lie(float(sys.argv[1]) / 1000)
    sys.exit(main(sys.argv[2:]))
