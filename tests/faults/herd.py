"""Every kiosk comes back within a minute after a day offline: all drained, none starved.

    python -m tests.faults.herd --kiosks 500 --errands 20 --spread-s 60

Each simulated kiosk is the real agent over real sockets, with its queue in memory; the city is the
real one in a process of its own. A kiosk is starved when it took longer than --patience-s. The
server's memory is read when a quarter has drained and at the end: it must not grow with the herd.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402

from sync import protocol, signing  # noqa: E402
from sync.agent import Agent  # noqa: E402
from sync.city.store import CityStore  # noqa: E402
from sync.city.tables import open_engine  # noqa: E402
from sync.transport import CityTransport  # noqa: E402
from tests.sync_support import MemoryOutbox, make_item, running_city  # noqa: E402

GROWTH_MAX = 1.5  # of the server's memory, from a quarter of the herd to all of it


class Member:
    """One kiosk of the herd."""

    def __init__(self, number: int, errands: int, store: CityStore, url: str) -> None:
        self.outbox = MemoryOutbox()
        epoch = f"herd{number}"
        self.outbox.add(*(_errand(epoch, dseq) for dseq in range(1, errands + 1)))
        self.outbox.epoch = epoch
        key = Ed25519PrivateKey.generate()
        code, _ = store.issue_code(datetime.now(UTC), 1)
        asked = protocol.EnrolRequest(protocol.plain_code(code), signing.public_text(key))
        device = store.enrol(asked, datetime.now(UTC))
        self.outbox.save_device({"device": device, "city_url": url})
        self.agent = Agent(self.outbox, CityTransport(url, key, device=device))
        self.took_s: float | None = None

    def come_back(self, after_s: float, stop: threading.Event) -> None:
        if stop.wait(after_s):
            return
        began, done = time.monotonic(), threading.Event()
        runner = threading.Thread(
            target=self.agent.run_forever, args=(done, self.outbox.data_version), daemon=True
        )
        runner.start()
        while self.outbox.left() and not stop.is_set():
            stop.wait(0.1)
        if not self.outbox.left():
            self.took_s = time.monotonic() - began
        done.set()
        runner.join()


def _errand(epoch: str, dseq: int) -> protocol.Item:
    name = str(uuid.uuid4())
    body = json.dumps({"v": 1, "id": name, "kind": "application", "answers": {"nama": "Siti"}})
    return make_item(dseq, epoch=epoch, id=name, body=body.encode())


def resident_mb(process: int) -> float:
    words = Path(f"/proc/{process}/statm").read_text().split()
    return int(words[1]) * 4096 / 1e6


def run(kiosks: int, errands: int, spread_s: float, patience_s: float, seed: int) -> dict[str, Any]:
    rng, stop = random.Random(seed), threading.Event()
    threading.stack_size(256 * 1024)
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-herd-") as folder,
        running_city(Path(folder)) as city,
    ):
        assert city.process is not None
        store = CityStore(open_engine(city.database))
        members = [Member(number, errands, store, city.url) for number in range(kiosks)]
        herd = [
            threading.Thread(target=one.come_back, args=(rng.random() * spread_s, stop))
            for one in members
        ]
        began = time.monotonic()
        for thread in herd:
            thread.start()
        quarter_mb = None
        while any(thread.is_alive() for thread in herd):
            if quarter_mb is None and sum(one.took_s is not None for one in members) * 4 >= kiosks:
                quarter_mb = resident_mb(city.process.pid)
            if time.monotonic() - began > spread_s + patience_s:
                stop.set()
            time.sleep(0.2)
        end_mb = resident_mb(city.process.pid)
        arrived = [line["id"] for line in store.transactions()]
        store.close()
    waits = sorted(one.took_s for one in members if one.took_s is not None)
    sent = {item.id for one in members for item in one.outbox.items}
    growth = end_mb / quarter_mb if quarter_mb else None
    return {
        "name": "herd",
        "seed": seed,
        "kiosks": kiosks,
        "errands": len(sent),
        "drained": len(waits),
        "wait_s_median": round(waits[len(waits) // 2], 1) if waits else None,
        "wait_s_most": round(waits[-1], 1) if waits else None,
        "server_mb_at_quarter": round(quarter_mb or 0, 1),
        "server_mb_at_end": round(end_mb, 1),
        "memory_flat": growth is not None and growth <= GROWTH_MAX,
        "lost": len(sent - set(arrived)),
        "doubled": len(arrived) - len(set(arrived)),
        "silently_stuck": kiosks - len(waits),
        "took_s": round(time.monotonic() - began, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kiosks", type=int, default=20)
    parser.add_argument("--errands", type=int, default=20, help="of each kiosk")
    parser.add_argument("--spread-s", type=float, default=60.0)
    parser.add_argument("--patience-s", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    line = run(given.kiosks, given.errands, given.spread_s, given.patience_s, given.seed)
    print(json.dumps(line), flush=True)
    fine = not (line["lost"] or line["doubled"] or line["silently_stuck"]) and line["memory_flat"]
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
