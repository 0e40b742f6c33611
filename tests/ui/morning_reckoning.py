"""Is everybody's errand where it should be? Pure: facts in, what is wrong out, in words.

The day's totals are computed here anew from the log and the transactions alone, with none of the
kiosk's own sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median

from tests.ui.morning_facts import Facts, Row

ROUNDING_MIN = 0.02  # an act and its transaction are noted some milliseconds apart
STATES = {
    "new": "Baru",
    "open": "Sedang dikerjakan",
    "accepted": "Diterima, surat dibuat",
    "returned": "Dikembalikan, menunggu warga",
    "rejected": "Ditolak",
    "done": "Selesai",
}
DECIDED = ("accept", "return", "done")
ENDED = ("reject", "done")
STEPS = {
    "queue_call": "called", "queue_recall": "called", "queue_serve": "serving",
    "queue_hold": "held", "queue_resume": "waiting", "queue_no_show": "no_show",
    "queue_transfer": "waiting", "queue_done": "done",
}  # fmt: skip


def wrong(facts: Facts) -> list[str]:
    """Everything that does not agree, most important first."""
    parts = (promised, unpromised, numbers, desk, city, prints, acts, totals, traces)
    return [f"{part.__name__}: {said}" for part in parts for said in part(facts)]


def promised(facts: Facts) -> Iterator[str]:
    """Each receipt that somebody saw stands for one row, theirs, whole."""
    by_code: dict[str, list[Row]] = {}
    for row in facts.rows["txn"]:
        by_code.setdefault(row["code"], []).append(row)
    seen = Counter(one.code for one in facts.promises)
    yield from (f"{code} was shown to {count} people" for code, count in seen.items() if count > 1)
    for one in facts.promises:
        found = by_code.get(one.code, [])
        if len(found) != 1:
            yield f"{one.code} is stored {len(found)} times"
            continue
        row = found[0]
        body, digest = facts.bodies.get(row["dseq"], ({}, ""))
        if (digest, body.get("id"), body.get("code")) != (row["sha256"], row["id"], one.code):
            yield f"{one.code}: its bytes are not what was stored"
        if row["kind"] != one.kind:
            yield f"{one.code} is a {row['kind']}, wanted was a {one.kind}"
        if one.kind == "application":
            if row["service"] not in one.services:
                yield f"{one.code} is for {row['service']}, wanted was {one.services}"
            if body.get("answers", {}).get("nik") != one.nik:
                yield f"{one.code} is of another person"
        else:
            yield from _matters(facts, row, one.services, one.belongs_to, one.priority)


def _matters(
    facts: Facts, row: Row, services: tuple[str, ...], letters: tuple[str, ...], priority: bool
) -> Iterator[str]:
    """What a number is for: the services wanted, tied to the letters filed before."""
    errands = [one for one in facts.rows["errand"] if one["dseq"] == row["dseq"]]
    if {one["service"] for one in errands} != set(services):
        yield f"{row['code']} is for {sorted(one['service'] for one in errands)}, not {services}"
    codes = {one["dseq"]: one["code"] for one in facts.rows["txn"]}
    tied = {codes.get(one["application"], "?") for one in errands if one["application"]}
    if tied != set(letters):
        yield f"{row['code']} belongs to {sorted(tied)}, not to {letters}"
    queue = [one for one in facts.rows["queue"] if one["dseq"] == row["dseq"]]
    if [bool(one["priority"]) for one in queue] != [priority]:
        yield f"{row['code']}: priority {priority} stands {len(queue)} times in the queue"


def unpromised(facts: Facts) -> Iterator[str]:
    """What nobody saw a receipt for: the desk's own, and at most one errand a power cut."""
    known = {one.code for one in facts.promises} | {code for code, _, _ in facts.entered}
    rest = [
        row
        for row in facts.rows["txn"]
        if row["kind"] in ("application", "ticket") and row["code"] not in known
    ]
    left = list(facts.interrupted)
    for row in rest:
        nik = facts.bodies.get(row["dseq"], ({}, ""))[0].get("answers", {}).get("nik", "")
        fits = next(
            (one for one in left if (one.kind, one.nik) == (row["kind"], nik)
             and (row["service"] in one.services or row["kind"] == "ticket")), None,
        )  # fmt: skip
        if fits is None:
            yield f"{row['code']} ({row['kind']} {row['service']}) was promised to nobody"
        elif len(fits.services) == 1 or fits.kind == "ticket":
            left.remove(fits)
    if len(facts.interrupted) > facts.cuts:
        yield f"{len(facts.interrupted)} were interrupted by {facts.cuts} power cuts"
    by_code = {row["code"]: row for row in facts.rows["txn"]}
    for code, service, nik in facts.entered:
        row = by_code.get(code, {"dseq": 0, "service": ""})
        answers = facts.bodies.get(row["dseq"], ({}, ""))[0].get("answers", {})
        if (row["service"], answers.get("nik")) != (service, nik):
            yield f"{code}, entered at the desk for {service}, is not here as that"
    niks = [body.get("answers", {}).get("nik") for body, _ in facts.bodies.values()]
    yield from (f"{nik} walked off and is kept" for nik in facts.walked_off if nik in niks)


def numbers(facts: Facts) -> Iterator[str]:
    """One number, one code: in the store, on every paper; and none left out."""
    codes = {row["dseq"]: row["code"] for row in facts.rows["txn"]}
    given = {codes.get(one["dseq"], "?"): _written(one) for one in facts.rows["number"]}
    told = Counter({(number, code) for code, number in given.items()})
    told |= Counter({(one.number, one.code) for one in facts.papers if one.number})
    for name, place in (("number", 0), ("code", 1)):
        count = Counter(pair[place] for pair in told)
        yield from (f"{name} {one} was given twice" for one, many in count.items() if many > 1)
    for one in facts.papers:
        if one.number and given.get(one.code) != one.number:
            yield f"a paper says {one.number} for {one.code}, the store {given.get(one.code)}"
    by_row: dict[tuple[str, str], list[int]] = {}
    for row in facts.rows["number"]:
        by_row.setdefault((row["day"], row["prefix"]), []).append(row["number"])
    for (_, prefix), found in by_row.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"{prefix}: the numbers are {sorted(found)}"
    tickets = sum(row["kind"] == "ticket" for row in facts.rows["txn"])
    if not tickets == len(facts.rows["number"]) == len(facts.rows["queue"]):
        yield f"{tickets} tickets, {len(facts.rows['number'])} numbers"


def _written(row: Row) -> str:
    return f"{row['prefix']}-{row['number']:03d}"


def desk(facts: Facts) -> Iterator[str]:
    """Every application once on the desk's list, and its page says how it stands."""
    letters = {row["dseq"]: row for row in facts.rows["txn"] if row["kind"] == "application"}
    work = Counter(one["dseq"] for one in facts.rows["work"])
    if work != Counter(list(letters)):
        yield f"{len(letters)} applications, {work.total()} on the desk's list"
    states = {one["dseq"]: one["state"] for one in facts.rows["work"]}
    for dseq, row in letters.items():
        said = facts.at_desk.get(row["code"], "not looked for")
        if row["code"] not in said or STATES.get(states.get(dseq, ""), "?") not in said:
            yield f"{row['code']} is {states.get(dseq)}, its page says: {said[:80]}"
    open_now = [one for one in states.values() if one in ("new", "open", "accepted")]
    if open_now:
        yield f"{len(open_now)} applications were not finished"
    waiting = [one for one in facts.rows["queue"] if one["state"] not in ("done", "no_show")]
    if waiting:
        yield f"{len(waiting)} numbers were not finished"
    calls = [one["act"] in ("call", "recall") for one in facts.rows["event"]]
    if any(calls):
        last = [one for one in facts.rows["event"] if one["act"] in ("call", "recall")][-1]
        given = {one["dseq"]: _written(one) for one in facts.rows["number"]}
        if facts.on_tv != given[last["dseq"]]:
            yield f"the television shows {facts.on_tv}, called last was {given[last['dseq']]}"
        if not facts.tv_stayed:
            yield "the television was loaded anew"


def city(facts: Facts) -> Iterator[str]:
    """What is here is there, once, with the same bytes."""
    here = {row["id"]: row["sha256"] for row in facts.rows["txn"]}
    there = Counter(one["id"] for one in facts.city)
    yield from (f"{id_} arrived {count} times" for id_, count in there.items() if count > 1)
    if missing := sorted(set(here) - set(there)):
        yield f"{len(missing)} never arrived, the first is {missing[0]}"
    if strange := sorted(set(there) - set(here)):
        yield f"{len(strange)} are only at the city, the first is {strange[0]}"
    for one in facts.city:
        if here.get(one["id"], one["sha256"]) != one["sha256"]:
            yield f"{one['id']} has other bytes at the city"
    unsent = [one["id"] for one in facts.outbox if one["state"] != "acked"]
    if unsent or len(facts.outbox) != len(here):
        yield f"the outbox has {len(facts.outbox)} rows, {len(unsent)} of them not acknowledged"


def prints(facts: Facts) -> Iterator[str]:
    """Confirmed means that it came out, failed that it did not; only `cut` may be either."""
    if facts.unknown_bytes:
        yield f"{facts.unknown_bytes} bytes that no printer understands"
    codes = {row["dseq"]: row["code"] for row in facts.rows["txn"]}
    out = Counter((one.code, one.copy) for one in facts.papers if one.code)
    jobs: dict[tuple[str, bool], list[Row]] = {}
    for job in facts.rows["job"]:
        if job["dseq"] is not None:
            jobs.setdefault((codes.get(job["dseq"], "?"), bool(job["by"])), []).append(job)
    for (code, copy), found in jobs.items():
        came = out.pop((code, copy), 0)
        sure = sum(one["state"] == "confirmed" for one in found)
        cut = sum((one["state"], one["problem"]) == ("failed", "cut") for one in found)
        what = f"{code}{' (copy)' if copy else ''}"
        if not sure <= came <= sure + cut:
            yield f"{what}: {sure} confirmed, {cut} broken off, and {came} came out"
        if any(one["state"] in ("queued", "printing") for one in found):
            yield f"{what}: still waits for the printer"
    yield from (f"{code}: {count} papers that nobody asked for" for (code, _), count in out.items())
    for one in facts.papers:
        if one.code and one.in_qr != one.code:
            yield f"the QR on the paper of {one.code} says {one.in_qr or 'nothing'}"
    asked = {code for code, copy in jobs if not copy}
    for promise in facts.promises:
        if promise.code not in asked:
            yield f"{promise.code} was promised and no paper was asked for"


def acts(facts: Facts) -> Iterator[str]:
    """Each act of the desk is a line of the log and a transaction, the same in both."""
    lines = {one["dseq"]: one for one in facts.rows["audit"] if one["dseq"] is not None}
    sent = {row["dseq"] for row in facts.rows["txn"] if row["kind"] == "act"}
    if set(lines) != sent:
        yield f"{len(lines)} lines of the log with a transaction, {len(sent)} acts"
    for dseq, line in lines.items():
        said = facts.bodies.get(dseq, ({}, ""))[0].get("answers", {})
        told = {name: line[name] for name in ("act", "about", "reason") if line[name]}
        if said != told | {"clerk": line["staff"]}:
            yield f"line {line['seq']} says {told}, its transaction {said}"
    dseqs = {row["id"]: row["dseq"] for row in facts.rows["txn"]}
    logged = [
        (dseqs.get(one["about"], 0), one["act"].removeprefix("queue_"))
        for one in facts.rows["audit"]
        if one["act"].startswith("queue_")
    ]
    queue = [(one["dseq"], one["act"]) for one in facts.rows["event"] if one["act"] != "take"]
    if logged != queue:
        yield f"{len(logged)} acts on numbers in the log, {len(queue)} in the queue's own"


def totals(facts: Facts) -> Iterator[str]:
    """The lurah's figures, computed again from transactions alone."""
    letters = {row["id"]: row for row in facts.rows["txn"] if row["kind"] == "application"}
    by_letter: dict[str, list[Row]] = {id_: [] for id_ in letters}
    by_number: dict[str, list[Row]] = {
        row["id"]: [] for row in facts.rows["txn"] if row["kind"] == "ticket"
    }
    taken = {row["id"]: row["at_ms"] for row in facts.rows["txn"]}
    for row in facts.rows["txn"]:
        if row["kind"] == "act":
            said = facts.bodies[row["dseq"]][0]["answers"] | {"at_ms": row["at_ms"]}
            for those in (by_letter, by_number):
                if said.get("about") in those:
                    those[said["about"]].append(said)
    yield from _letters(facts, letters, by_letter)
    yield from _services(facts, letters, by_letter)
    last = [
        [STEPS[one["act"]] for one in acts if one["act"] in STEPS] for acts in by_number.values()
    ]
    state = Counter(one[-1] if one else "waiting" for one in last)
    waits, served = _times(by_number, taken)
    shown = facts.figures["Antrean"].split("|")[1:]
    want = [len(by_number), state["done"], state["no_show"]]
    want.append(len(by_number) - state["done"] - state["no_show"])
    if shown[:4] != [str(one) for one in want]:
        yield f"the queue's figures are {shown[:4]}, the log says {want}"
    for name, said, minutes in (("waiting", shown[4], waits), ("service", shown[5], served)):
        if said not in _lasting(median(minutes) if minutes else None):
            yield f"{name} is {said}, the log says {median(minutes) if minutes else None} min"


def _times(by_number: dict[str, list[Row]], taken: Row) -> tuple[list[float], list[float]]:
    """First call after taking, and the end after the service began, in minutes."""
    waits, served = [], []
    for id_, acts in by_number.items():
        calls = [one["at_ms"] for one in acts if one["act"] == "queue_call"]
        if calls:
            waits.append((calls[0] - taken[id_]) / 60_000)
        begun = None
        for one in acts:
            if one["act"] in ("queue_call", "queue_serve"):
                begun = one["at_ms"]
            elif one["act"] == "queue_done" and begun is not None:
                served.append((one["at_ms"] - begun) / 60_000)
    return waits, served


def _letters(
    facts: Facts, letters: dict[str, Row], by_letter: dict[str, list[Row]]
) -> Iterator[str]:
    figures = facts.figures
    ended = sum(bool(a) and _last(a) in ENDED for a in by_letter.values())
    returned = sum(any(one["act"] == "return" for one in a) for a in by_letter.values())
    decided = [a for a in by_letter.values() if any(one["act"] in DECIDED for one in a)]
    first = sum(all(one["act"] != "return" for one in a) for a in decided)
    want = {
        "Masuk": f"{len(letters)} {ended} berakhir, {len(letters) - ended} belum",
        "Lengkap pada kunjungan pertama": (
            f"{first / len(decided) * 100:.0f} %" if decided else "–"
        ) + f" dari {len(decided)} yang sudah diputuskan; {returned} pernah dikembalikan",
    }  # fmt: skip
    for label, said in want.items():
        if " ".join(figures[label].split()) != said:
            yield f"{label}: the page says {figures[label]!r}, the log {said!r}"
    waits, served = [], []
    for id_, done in by_letter.items():
        opened = [one["at_ms"] for one in done if one["act"] == "open"]
        if opened:
            waits.append((opened[0] - letters[id_]["at_ms"]) / 60_000)
            if _last(done) in ENDED:  # a copy of its paper may have been printed since
                ended_ms = [one["at_ms"] for one in done if one["act"] in ENDED][-1]
                served.append((ended_ms - opened[0]) / 60_000)
    for label, minutes in (("Menunggu dibuka", waits), ("Dikerjakan sampai berakhir", served)):
        if not minutes:
            continue
        said = " ".join(figures[label].split())
        ordered = sorted(minutes)
        most = ordered[-(-9 * len(ordered) // 10) - 1]
        right = {
            f"{one} sembilan dari sepuluh paling lama {two}"
            for one in _lasting(median(minutes))
            for two in _lasting(most)
        }
        if said not in right:
            yield f"{label}: the page says {said!r}, the log {median(minutes):.2f} and {most:.2f}"


def _services(
    facts: Facts, letters: dict[str, Row], by_letter: dict[str, list[Row]]
) -> Iterator[str]:
    """(arrived, decided) of each service; the page has names, not ids: the pairs are compared."""
    want: dict[str, list[int]] = {}
    for id_, row in letters.items():
        counts = want.setdefault(row["service"], [0, 0])
        counts[0] += 1
        counts[1] += any(one["act"] in DECIDED for one in by_letter[id_])
    shown = [line.split("|")[1:3] for line in facts.figures["Per layanan"].split(";") if line]
    if Counter(map(tuple, shown)) != Counter((str(a), str(b)) for a, b in want.values()):
        yield f"per service the page says {shown}, the log {sorted(want.values())}"


def _last(acts: list[Row]) -> str:
    """What was done with it last, ticks and looks left out."""
    steps = [one["act"] for one in acts if one["act"] not in ("check", "assist", "reprint")]
    return steps[-1] if steps else ""


def _lasting(minutes: float | None) -> set[str]:
    """How a page may write so many minutes, on either side of a rounding."""
    if minutes is None:
        return {"–"}
    whole = {round(max(0.0, minutes + by)) for by in (-ROUNDING_MIN, 0, ROUNDING_MIN)}
    return {
        "kurang dari 1 menit" if one < 1
        else f"{one} menit" if one < 60
        else f"{one // 60} jam" + (f" {one % 60} menit" if one % 60 else "")
        for one in whole
    }  # fmt: skip


def traces(facts: Facts) -> Iterator[str]:
    """No half form is left at the desk, nobody's number in a log."""
    yield from (f"a {one['kind']} is left over" for one in facts.rows["handover"])
    yield from facts.leaks
