"""One way down: what the city publishes, and what it tells of this device's own errands."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sync import protocol
from sync.feed_signing import LayerRefused, check_layer
from sync.outbox import Outbox
from sync.problems import Refused, Unreachable
from sync.protocol import FeedItem

if TYPE_CHECKING:  # the screens read what is kept here, and need no HTTP for it
    from sync.transport import CityTransport

log = logging.getLogger("sync.feeds")

# A layer may become empty (no announcement today), but not this one: a city without any service.
NEVER_EMPTY = "catalogue"


class Feeds:
    """What is held stays until a whole layer, checked, takes its place in one commit."""

    def __init__(self, outbox: Outbox, transport: CityTransport) -> None:
        self._outbox = outbox
        self._transport = transport
        # Not fetched again while nothing changed: the version that was refused, with which keys.
        self._refused: dict[str, tuple[str, frozenset[str]]] = {}

    def pull(self, versions: Mapping[str, str] | None, keys: Mapping[str, str]) -> int:
        """Everything whose version is not what is held; how many items came.

        `versions` None: a city of the first release, which has one feed and tells no versions.
        Raises Unreachable, DeviceStopped.
        """
        asked = protocol.FEEDS if versions is not None else ("catalogue",)
        came = 0
        for feed in asked:
            version = None if versions is None else versions.get(feed)
            if versions is not None and version is None:
                continue  # this city has no such feed
            cursor = self._outbox.get(f"cursor:{feed}") or ""
            if version is not None and version in (cursor, self._known_bad(feed, keys)):
                continue
            if version == "0" and not cursor:
                continue  # nothing was ever published
            try:
                if feed in protocol.RUNNING_FEEDS:
                    came += self._pull_running(feed, cursor)
                else:
                    came += self._pull_published(feed, cursor, keys)
            except Refused as refused:  # the others are none the worse for it
                log.warning("feed %s: the city says %s", feed, refused.code)
        return came

    def _known_bad(self, feed: str, keys: Mapping[str, str]) -> str | None:
        version, with_keys = self._refused.get(feed, (None, None))
        return version if with_keys == frozenset(keys) else None

    def _pull_published(self, feed: str, cursor: str, keys: Mapping[str, str]) -> int:
        """Gathers a changed feed whole, checks it, then swaps it in."""
        gathered: list[FeedItem] = []
        for number in range(protocol.PULL_MAX_PAGES):
            page = self._transport.pull(feed, cursor)
            if page is None:
                return 0
            if page.reset:
                gathered.clear()
            elif number == 0:
                raise Unreachable("the feed does not start at its beginning", why="stranger")
            gathered += page.items
            cursor = page.cursor
            if not page.more:
                return self._swap(feed, gathered, cursor, keys)
        raise Unreachable("the feed has more pages than any feed of the city", why="stranger")

    def _swap(
        self, feed: str, items: Sequence[FeedItem], cursor: str, keys: Mapping[str, str]
    ) -> int:
        held_edition = int(self._outbox.get(f"edition:{feed}") or 0)
        try:
            if not items and feed == NEVER_EMPTY:
                raise LayerRefused("no service in it")
            edition = check_layer(feed, items, keys, held_edition)
        except LayerRefused as refused:
            self._refused[feed] = (cursor, frozenset(keys))
            log.error("feed %s was not taken: %s", feed, refused)
            self._outbox.note({f"refused:{feed}": str(refused)})
            return 0
        # The edition first: after a crash in between, the same layer is simply fetched again.
        self._outbox.note({f"refused:{feed}": "", f"edition:{feed}": str(edition or held_edition)})
        self._outbox.replace_pulled(feed, [as_kept(item) for item in items], cursor)
        return len(items)

    def _pull_running(self, feed: str, cursor: str) -> int:
        """Page by page, each with its cursor: a broken line costs one page."""
        came = 0
        for _ in range(protocol.PULL_MAX_PAGES):
            page = self._transport.pull(feed, cursor)
            if page is None:
                return came
            told = [
                {"id": item.id} if item.gone else {"id": item.id, "body": item.body.decode()}
                for item in page.items
            ]
            self._outbox.change_pulled(feed, told, page.cursor, reset=page.reset)
            came += len(told)
            cursor = page.cursor
            if not page.more:
                return came
        return came  # the rest at the next poll


def as_kept(item: FeedItem) -> dict[str, Any]:
    """An item of a published feed as the store keeps it: bytes and signature, to be checked
    again whenever it is shown."""
    signature = item.signature
    return {
        "id": item.id,
        "body": item.body.decode("utf-8"),
        "signature": None
        if signature is None
        else [signature.key, signature.edition, signature.of, signature.value],
    }


def from_kept(kept: Mapping[str, Any]) -> FeedItem:
    """Raises ValueError, KeyError or TypeError when it is not as it was kept."""
    key, edition, of, value = kept["signature"]
    signature = protocol.FeedSignature(str(key), int(edition), int(of), str(value))
    return FeedItem(str(kept["id"]), {}, str(kept["body"]).encode(), signature)
