"""The kiosk with one bug in it, to show that the morning would notice. Never imported by it.

    python tests/ui/morning_planted.py BUG ui …   (then as `kiosk ui …`)

doubled_number  two people get the same number on screen and paper
lost_print      a paper that did not come out is written down as printed
lost_act        every third act at the desk is written in the log but never becomes a transaction
twice           a letter is filed twice by one touch
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from typing import Any

from kiosk.__main__ import main


def doubled_number() -> None:
    from kiosk.domain.queue import written as right
    from kiosk.store import transactions

    transactions.written = lambda prefix, number: right(prefix, (number + 1) // 2 * 2)  # type: ignore[attr-defined]


def lost_print() -> None:
    from kiosk.store.prints import Prints

    Prints.fail = lambda self, id_, problem: self.confirm(id_)  # type: ignore[method-assign]


def lost_act() -> None:
    from kiosk.store.audit import Audit

    right, count = Audit.act, 0

    def act(self: Audit, staff: int, act: str, about: str = "", *rest: str, **named: str) -> None:
        nonlocal count
        count += 1
        if count % 3:
            right(self, staff, act, about, *rest, **named)
        else:
            self.note(staff, act, about)

    Audit.act = act  # type: ignore[method-assign]


def twice() -> None:
    from kiosk.store.transactions import Transactions

    right = Transactions.accept_all

    def accept_all(self: Transactions, drafts: Any) -> Any:
        right(self, drafts)
        return right(self, drafts)

    Transactions.accept_all = accept_all  # type: ignore[method-assign]


BUGS = {one.__name__: one for one in (doubled_number, lost_print, lost_act, twice)}

if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
