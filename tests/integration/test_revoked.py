"""A kiosk that the city revoked hands over what it has, takes nothing more, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.doctor import checks
from kiosk.domain.transaction import Draft
from kiosk.store.outbox import Outbox
from kiosk.store.problems import NotInService
from kiosk.store.trouble import troubles
from sync.agent import enrol, open_agent
from tests.store_support import LETTER, TICKET, transactions_in
from tests.sync_support import City, running_city


def test_a_revoked_kiosk_takes_nothing_and_says_why(tmp_path: Path) -> None:
    home = tmp_path / "kiosk"
    (tmp_path / "city").mkdir()
    with running_city(tmp_path / "city") as city:
        _walk(home, city)


def _walk(home: Path, city: City) -> None:
    transactions = transactions_in(home)
    outbox = Outbox(transactions._db, home)
    device = enrol(outbox, home, city.code(), city.url)
    unsent = transactions.accept(LETTER).id
    assert city.command("revoke", device).returncode == 0
    assert transactions.in_service(), "nobody told it yet"
    assert open_agent(outbox, home).once().stopped
    assert [(row["id"], row["state"]) for row in transactions.listing()] == [
        (unsent, "quarantined")
    ]
    for draft in (LETTER, TICKET, Draft("survey", "", {"stars": "5"})):
        with pytest.raises(NotInService):
            transactions.accept(draft)
    assert not transactions.in_service()
    assert transactions.accept(Draft("act", "", {"act": "open"})), "the desk finishes its work"
    assert troubles(transactions._db, home) == ["revoked"]
    (told,) = [check for check in checks(home) if check.name == "device"]
    assert (told.state, "revoked" in told.detail) == ("fail", True)
    city.stop()  # a line that breaks takes nothing back
    open_agent(outbox, home).once()
    assert not transactions.in_service()
