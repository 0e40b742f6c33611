"""For the lurah: how long people wait and are served, and who did what."""

from __future__ import annotations

from datetime import timedelta

from kiosk.desk.asking import Ask, Go, Page, whole
from kiosk.desk.desk import Desk
from kiosk.store.audit import PAGE_LINES

PERIODS = {"1": "Hari ini", "7": "7 hari", "30": "30 hari"}


def figures(desk: Desk, ask: Ask) -> Page | Go:
    chosen = ask.query.get("hari", "1")
    days = int(chosen) if chosen in PERIODS else 1
    work, queue = desk.store.work, desk.store.queue
    work.take_in()
    today = desk.now().date()
    since = today - timedelta(days=days - 1)
    by_day = [
        (day, totals)
        for day in (today - timedelta(days=back) for back in range(days))
        if (totals := queue.totals(day)).taken or day == today
    ]
    return Page(
        "figures.html",
        {
            "periods": PERIODS,
            "chosen": str(days),
            "since": desk.words.short_day(since),
            "figures": work.figures(since, today),
            "counts": work.counts(),
            "by_day": [(desk.words.short_day(day), totals) for day, totals in by_day],
            "by_service": [
                (desk.name_of(service), arrived, decided, first / decided if decided else None)
                for service, arrived, decided, first in work.by_service(since, today)
            ],
            "corrections": [
                (desk.name_of(shown), desk.name_of(chosen) if chosen else "", count)
                for shown, chosen, count in desk.store.corrections.listing(since, today)
            ],
        },
    )


def log(desk: Desk, ask: Ask) -> Page | Go:
    before = whole(ask.query.get("sebelum", ""))
    lines = desk.store.audit.listing(before if before > 0 else None)
    older = lines[-1].seq if len(lines) == PAGE_LINES else 0
    day = desk.words.short_day
    return Page("log.html", {"lines": lines, "older": older, "day": day})
