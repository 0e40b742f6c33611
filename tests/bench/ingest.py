"""How fast the city takes pushes into PostgreSQL, against COPY of the very same rows.

Ours is all that a push costs behind the HTTP server: the request inflated, read and judged, its
nonce and its rows in one commit, the place in the stream moved, the reply written. COPY gets the
rows as PostgreSQL itself wrote them out, into the same table with the same indexes, emptied, in
one transaction.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sync import protocol
from sync.city.store import CityStore
from sync.city.tables import open_engine

TURNS = 5  # alternating, so that what else the machine does falls on both


def against_copy(url: str, items: Sequence[protocol.Item]) -> tuple[float, float]:
    """Rows a second: ours and COPY's, the median of TURNS."""
    store = CityStore(open_engine(url))
    store.prepare()
    size = protocol.BATCH_TOLD_MAX_ITEMS
    pushes = [
        gzip.compress(protocol.push_request(items[place : place + size]), 1)
        for place in range(0, len(items), size)
    ]
    engine = open_engine(url)
    ours, copied = [], []
    with engine.connect() as db:
        cursor = db.connection.driver_connection.cursor()  # type: ignore[union-attr]
        for turn in range(TURNS):
            cursor.execute("TRUNCATE envelope, stream")
            cursor.execute("COMMIT")
            start_s = time.perf_counter()
            for number, push in enumerate(pushes):
                asked = protocol.read_push_request(protocol.inflate(push))
                nonce = f"turn-{turn}-push-{number}"
                taken = store.take("d-bench", asked, datetime.now(UTC), nonce=nonce)
                protocol.reply(
                    protocol.PushReply(nonce, "", taken.epoch, "", taken.streams, taken.outcomes)
                )
            ours.append(len(items) / (time.perf_counter() - start_s))
            with cursor.copy("COPY envelope TO STDOUT") as out:
                rows = b"".join(out)
            if rows.count(b"\n") != len(items):
                raise RuntimeError("not every row arrived")
            cursor.execute("TRUNCATE envelope")
            cursor.execute("COMMIT")
            start_s = time.perf_counter()
            with cursor.copy("COPY envelope FROM STDIN") as into:
                into.write(rows)
            cursor.execute("COMMIT")
            copied.append(len(items) / (time.perf_counter() - start_s))
    engine.dispose()
    store.close()
    return statistics.median(ours), statistics.median(copied)
