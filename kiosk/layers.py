"""The city's word and this office's, put together: checked each time it is shown, not only when
it came. What does not hold is not shown, and staff are told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.domain.local_fact import Laid, layered
from kiosk.domain.service import Catalogue, CatalogueProblem
from kiosk.store.catalogue import load_catalogue

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from kiosk.store.local_facts import LocalFacts
    from kiosk.store.outbox import Outbox


def shown_catalogue(
    assets: Path, home: Path, outbox: Outbox, facts: LocalFacts
) -> tuple[Catalogue, tuple[Laid, ...]]:
    """The package's services, over them the city's, over these what was said in this office."""
    city, problems = published(outbox, "catalogue")
    catalogue = load_catalogue(assets, city)
    said, unheld = facts.newest(holds_by(home))
    shown, laid = layered(catalogue, said)
    return replace(shown, problems=(*shown.problems, *problems, *unheld)), laid


def published(
    outbox: Outbox, feed: str
) -> tuple[dict[str, dict[str, Any]], tuple[CatalogueProblem, ...]]:
    """A signed feed by id, whole or not at all."""
    from sync.enrolment import feed_keys
    from sync.feed_signing import LayerRefused, check_layer
    from sync.feeds import from_kept

    refused = outbox.get(f"refused:{feed}")
    problems = [CatalogueProblem(f"city: {feed}", "", _refused_words(refused))] if refused else []
    try:
        items = [from_kept(kept) for kept in outbox.pulled(feed)]
        check_layer(feed, items, feed_keys(outbox))
        contents = {item.id: dict(json.loads(item.body)) for item in items}
    except (LayerRefused, ValueError, KeyError, TypeError) as why:
        words = f"is not shown: {why or type(why).__name__}; run kiosk sync, call the city's IT"
        return {}, (CatalogueProblem(f"city: {feed}", "", words),)
    return contents, tuple(problems)


def _refused_words(why: str) -> str:
    return (
        f"a newer one was not taken: {why}; if the city changed its key, enrol again with a new "
        "code, else call the city's IT"
    )


# --- this device's own hand ----------------------------------------------------------------------
def signer_of(home: Path) -> Callable[[bytes], str]:
    """Signs with this device's key, made when there is none. Raises KeyUnusable when called."""

    def sign(statement: bytes) -> str:
        from sync.signing import load_or_make_key

        return signer_with(load_or_make_key(home))(statement)

    return sign


def signer_with(key: Ed25519PrivateKey) -> Callable[[bytes], str]:
    from sync.feed_signing import sign_text

    return lambda statement: sign_text(key, statement)


def holds_by(home: Path) -> Callable[[str, bytes], bool]:
    """Was this signed by this device? With either key in the middle of a rotation."""
    from sync.feed_signing import holds
    from sync.signing import KeyUnusable, own_public_keys

    try:
        keys = own_public_keys(home)
    except KeyUnusable:
        keys = ()
    return lambda signature, statement: any(holds(key, signature, statement) for key in keys)
