"""The waiting line at the desk, and the page for the television in the hall."""

from __future__ import annotations

from typing import Any

from kiosk.desk.asking import Ask, Go, Page, Refused
from kiosk.desk.desk import Desk
from kiosk.desk.entrance import COUNTERS
from kiosk.domain.queue import STEPS, Entry
from kiosk.store.connection import writing
from kiosk.store.queue import CounterBusy, Overtaken

# What a clerk may do; `take` is the kiosk's, `call` of the next one has a page of its own.
ACTS = frozenset(STEPS)
PREVIOUS_CALLS = 5


def queue(desk: Desk, ask: Ask) -> Page | Go:
    return _queue(desk, ask)


def sit_down(desk: Desk, ask: Ask) -> Page | Go:
    counter, line = ask.text("counter"), ask.text("line")
    if counter not in COUNTERS or line not in {"", *(one.id for one in desk.services.lines)}:
        raise Refused(422, "Pilih loket dari daftar.")
    ask.who.counter, ask.who.line = counter, line
    return Go("/antrean", counter=counter)


def call_next(desk: Desk, ask: Ask) -> Page | Go:
    session = ask.who
    if not session.counter:
        return _queue(desk, ask, problem="Pilih loket Anda dulu.", status=422)
    lines = (session.line,) if session.line else ()
    try:
        with writing(desk.store.db, desk.services.home):
            entry = desk.store.queue.call_next(session.counter, session.clerk.name, lines)
            if entry is not None:
                desk.store.audit.act(
                    session.clerk.id, "queue_call", desk.store.audit.id_of(entry.dseq)
                )
    except CounterBusy as why:
        said = f"{why.entry.ticket} belum selesai. Selesaikan atau tahan dulu."
        return _queue(desk, ask, problem=said, status=409)
    if entry is None:
        session.told = "Tidak ada yang menunggu."
    return Go("/antrean")


def do(desk: Desk, ask: Ask) -> Page | Go:
    act, session = ask.args.get("act", ""), ask.who
    if act not in ACTS:
        raise Refused(404, "Halaman ini tidak ada.")
    line = ask.text("line") if act == "transfer" else ""
    if act == "transfer" and line not in {one.id for one in desk.services.lines}:
        return _queue(desk, ask, problem="Pilih antrean tujuannya dulu.", status=422)
    if act == "call" and not session.counter:
        return _queue(desk, ask, problem="Pilih loket Anda dulu.", status=422)
    counter = session.counter if act == "call" else ""
    try:
        with writing(desk.store.db, desk.services.home):
            entry = desk.store.queue.act(
                ask.arg("dseq"),
                act,
                session.clerk.name,
                version=ask.number("version"),
                counter=counter,
                line=line,
            )
            desk.store.audit.act(
                session.clerk.id, f"queue_{act}", desk.store.audit.id_of(entry.dseq), line
            )
    except KeyError:
        raise Refused(404, "Nomor ini tidak ada.") from None
    except Overtaken as why:
        said = f"Tidak ada yang diubah: {_how_it_stands(desk, why.entry)}"
        return _queue(desk, ask, problem=said, status=409)
    except CounterBusy as why:
        said = f"{why.entry.ticket} belum selesai. Selesaikan atau tahan dulu."
        return _queue(desk, ask, problem=said, status=409)
    except ValueError:
        said = "Tidak ada yang diubah: langkah itu tidak cocok dengan keadaannya sekarang."
        return _queue(desk, ask, problem=said, status=409)
    return Go("/antrean")


def television(desk: Desk, ask: Ask) -> Page | Go:
    """For everybody in the hall: numbers and counters, nothing of a person."""
    board = desk.store.queue.board()
    names = {one.id: one.name.id for one in desk.services.lines}
    return Page(
        "tv.html",
        {
            "latest": board.calls[0] if board.calls else None,
            "earlier": board.calls[1 : 1 + PREVIOUS_CALLS],
            "following": board.following,
            "waiting": [
                (names.get(line, line), count) for line, count in sorted(board.waiting.items())
            ],
            "sequence": board.calls[0].seq if board.calls else 0,
        },
    )


def _queue(desk: Desk, ask: Ask, *, problem: str = "", status: int = 200) -> Page:
    store, session = desk.store.queue, ask.who
    entries = store.entries()
    names = {one.id: one.name.id for one in desk.services.lines}
    lines = (session.line,) if session.line else ()
    current = store.at_counter(session.counter) if session.counter else None
    held = [one for one in entries if one.state in ("held", "no_show")]
    busy = [one for one in entries if one.state in ("called", "serving") and one != current]
    return Page(
        "queue.html",
        {
            "counters": COUNTERS,
            "lines": desk.services.lines,
            "line_names": names,
            "current": _shown(desk, current) if current else None,
            "waiting": [_shown(desk, one) for one in store.waiting(lines=lines)],
            "held": [_shown(desk, one) for one in held],
            "busy": [_shown(desk, one) for one in busy],
            "totals": store.totals(),
            "problem": problem,
            "here": "/antrean",
        },
        status,
    )


def _shown(desk: Desk, entry: Entry) -> dict[str, Any]:
    errands = []
    for errand in entry.errands:
        work = desk.store.work.find(errand.application) if errand.application else None
        errands.append((desk.name_of(errand.service), work))
    return {"entry": entry, "errands": errands}


def _how_it_stands(desk: Desk, entry: Entry) -> str:
    last = [one for one in desk.store.queue.events() if one.dseq == entry.dseq]
    by = last[-1].by if last else ""
    at = f", {last[-1].at:%H.%M}" if last else ""
    state = {
        "waiting": "kembali menunggu",
        "called": f"sudah dipanggil ke loket {entry.counter}",
        "serving": f"sedang dilayani di loket {entry.counter}",
        "held": "ditahan",
        "no_show": "ditandai tidak hadir",
        "done": "sudah selesai",
    }[entry.state]
    return f"{entry.ticket} {state} ({by or 'petugas lain'}{at})."
