"""A service: what to bring, what it costs, how long, where; then the papers, ticked off."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.service import FACT_NAMES, Fact, Service
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import Tap, button
from kiosk.ui.widgets.rows import columns, labelled, notice, pairs, row

FACT_ICONS = {
    "requirements": "files",
    "steps": "list-numbers",
    "fee": "cash",
    "time": "clock",
    "place": "map-pin",
    "counter": "door-enter",
    "output": "file-check",
    "legal": "scale",
    "validity": "calendar-due",
}
SHOWN_FIRST = ("requirements", "fee", "time", "place")


def standing_words(view: View, fact: Fact) -> str:
    """What a fact rests on, and whether anyone approved it; on screen as on paper."""
    parts = [view.say(f"standing.{fact.standing(view.services.now().date())}")]
    if fact.valid_until is not None:
        parts.append(view.say("fact.until", day=f"{fact.valid_until:%d-%m-%Y}"))
    parts.append(view.say(f"evidence.{fact.evidence}"))
    parts.append(f"{fact.recorded:%d-%m-%Y}")
    return " · ".join(parts)


def _is_expired(view: View, fact: Fact | None) -> bool:
    return fact is not None and fact.standing(view.services.now().date()) == "kedaluwarsa"


def _differs(view: View, service: Service, fact: Fact) -> bool:
    """Whether it stands otherwise than most of the page, whose standing is said once on top."""
    today = view.services.now().date()
    mixed = any(one.standing(today) == "disahkan" for one in service.facts.values())
    return mixed or _is_expired(view, fact)


def _fact(
    view: View, service: Service, name: str, width: float, *, icon: bool = True, most: float = 0
) -> list[Widget]:
    fact = service.fact(name)
    if fact is None:
        return []
    lines = [view.said(line) for line in fact.lines]
    small = standing_words(view, fact) if _differs(view, service, fact) else ""
    return labelled(
        view.look,
        view.say(f"fact.{name}"),
        lines,
        width,
        small=small,
        icon=FACT_ICONS[name] if icon else "",
        tone="warn" if _is_expired(view, fact) else "plain",
        numbered=name == "steps",
        most=most or view.look.most,
    )


def _first_facts(view: View, service: Service, width: float) -> list[Widget]:
    """Bring, cost, time, where: one glance when it fits, one below the other when it does not."""
    look = view.look
    shown = [name for name in SHOWN_FIRST if service.fact(name)]
    whole: list[Widget] = []
    if not service.at_kelurahan:
        whole += labelled(
            look, view.say("service.elsewhere"), [view.said(service.agency)], width, icon="building"
        )
    for name in shown:
        whole += _fact(view, service, name, width)
    if (
        look.portrait
        or look.text > 1.2
        or any(_is_expired(view, service.fact(name)) for name in shown)
    ):
        return whole
    wide = (width - look.dp(12)) * 0.53
    left = _fact(view, service, "requirements", wide, icon=False, most=look.dp(298))
    places = [("place", "fact.place")] if service.at_kelurahan else []
    short = [
        (view.say(key), _in_short(view, service, name))
        for name, key in [("fee", "fact.fee"), ("time", "fact.time"), *places]
    ]
    if not service.at_kelurahan:
        short.append((view.say("service.elsewhere"), view.said(service.agency)))
    right = pairs(look, short, width - look.dp(12) - wide)
    if len(left) != 1 or right[0].height > look.dp(298):
        return whole
    rest = [] if service.at_kelurahan else _fact(view, service, "place", width)
    return [columns(look, width, [left[0], right[0]]), *rest]


def _in_short(view: View, service: Service, name: str) -> str:
    fact = service.fact(name)
    return (
        "\n".join(view.said(line) for line in fact.lines)
        if fact
        else view.say("fact.unknown_short")
    )


def _unknown(view: View, service: Service, width: float) -> list[Widget]:
    """All that nobody could tell us, in one box instead of many empty ones."""
    names = [view.say(f"fact.{name}") for name in FACT_NAMES if name not in service.facts]
    if not names:
        return []
    return labelled(
        view.look, view.say("fact.unknown"), [", ".join(names)], width, icon="help-circle"
    )


def _standings(view: View, service: Service, width: float) -> list[Widget]:
    """Each fact's state, evidence and date, for whoever wants to know how sure it is."""
    items = [
        (view.say(f"fact.{name}"), standing_words(view, service.facts[name]))
        for name in FACT_NAMES
        if name in service.facts
    ]
    return pairs(view.look, items, width, most=view.look.most, token=24) if items else []


def _sources(view: View, service: Service, width: float) -> list[Widget]:
    keys = dict.fromkeys(key for fact in service.facts.values() for key in fact.sources)
    known = view.services.catalogue.sources
    lines = [f"{key}: {known[key].title}" for key in keys if key in known]
    if not lines:
        return []
    return labelled(
        view.look, view.say("fact.sources"), lines, width, icon="books", most=view.look.most
    )


def service(view: View, visit: Visit) -> Screen:
    item = visit.service
    assert item is not None
    look = view.look

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        if item.id == "112":
            parts.append(
                notice(look, view.say("service.emergency"), width, tone="error", icon="urgent")
            )
        parts += _first_facts(view, item, width)
        if item.note is not None:
            parts.append(
                notice(
                    look,
                    view.said(item.note),
                    width,
                    tone="warn",
                    icon="info-circle",
                    title=view.say("service.note"),
                    most=look.most,
                )
            )
        for name in FACT_NAMES:
            if name not in SHOWN_FIRST and name != "legal":
                parts += _fact(view, item, name, width)
        parts += _unknown(view, item, width)
        parts.append(
            row(
                look,
                f"go:sources:{item.id}",
                view.on_meant,
                view.say("service.sources"),
                width,
                icon="books",
            )
        )
        return parts

    return Screen(
        heading=view.said(item.name),
        blocks=blocks,
        footer=_service_footer(view, item),
        touched=False,
        strip=_standing_strip(view, item),
    )


def sources(view: View, visit: Visit) -> Screen:
    """How sure each fact is, what it rests on, and the law behind it."""
    item = visit.service
    assert item is not None

    def blocks(width: float) -> list[Widget]:
        return [
            *_standings(view, item, width),
            *_fact(view, item, "legal", width),
            *_sources(view, item, width),
        ] or [notice(view.look, view.say("fact.unknown"), width, icon="help-circle")]

    return Screen(heading=view.say("service.sources"), blocks=blocks, touched=False)


def _standing_strip(view: View, item: Service) -> str:
    """Said once for the whole page, as long as nobody has approved all of it."""
    today = view.services.now().date()
    standings = {fact.standing(today) for fact in item.facts.values()}
    if item.filing == "ask_staff":
        return view.say("service.ask_staff")
    return "" if standings == {"disahkan"} else view.say("service.not_approved")


def _service_footer(view: View, item: Service) -> list[Tap]:
    look, meant = view.look, view.on_meant
    if item.filing == "form":
        return [
            button(
                look,
                f"go:ticket:{item.id}",
                meant,
                view.say("service.ticket"),
                icon="ticket",
                width=look.half - look.dp(60),
            ),
            button(
                look,
                f"apply:{item.id}",
                meant,
                view.say("service.apply"),
                kind="main",
                icon_right="arrow-right",
                width=look.half + look.dp(60),
            ),
        ]
    papers = button(
        look,
        f"apply:{item.id}",
        meant,
        view.say("service.papers"),
        icon="checklist",
        width=look.half,
    )
    if item.id == "112":
        return [
            button(
                look,
                "staff",
                meant,
                view.say("bar.staff_long"),
                kind="main",
                icon="help",
                width=look.half,
            )
        ]
    if item.at_kelurahan:
        ticket = button(
            look,
            f"go:ticket:{item.id}",
            meant,
            view.say("service.ticket"),
            kind="main",
            icon="ticket",
            width=look.half,
        )
        return [papers, ticket] if item.fact("requirements") else [ticket]
    return (
        [
            button(
                look,
                f"apply:{item.id}",
                meant,
                view.say("service.papers"),
                kind="main",
                icon="checklist",
                width=look.half,
            )
        ]
        if item.fact("requirements")
        else []
    )


def checklist(view: View, visit: Visit) -> Screen:
    """Each paper: touched means "sudah saya bawa". Nothing is refused here, only said."""
    item = visit.service
    assert item is not None
    look, fact = view.look, item.fact("requirements")
    missing = set(visit.missing(item))

    def blocks(width: float) -> list[Widget]:
        if fact is None:
            return [notice(look, view.say("fact.unknown"), width, tone="warn", icon="help-circle")]
        rows: list[Widget] = []
        for place, line in enumerate(fact.lines):
            here = place not in missing
            rows.append(
                row(
                    look,
                    f"tick:{place}",
                    view.on_meant,
                    view.said(line),
                    width,
                    tail=view.say("checklist.here" if here else "checklist.not_here"),
                    icon="square-check" if here else "square",
                    kind="chosen" if here else "row",
                    arrow="",
                )
            )
        return rows

    key = "checklist.go" if item.filing == "form" else "checklist.ready"
    footer = [
        button(
            look,
            "papers_done:",
            view.on_meant,
            view.say(key),
            kind="main",
            icon_right="arrow-right",
            width=look.dp(420),
        )
    ]
    if item.filing != "form" and not item.at_kelurahan:
        footer = [
            button(
                look,
                "back",
                view.on_meant,
                view.say("checklist.close"),
                kind="main",
                icon="check",
                width=look.dp(420),
            )
        ]
    strip = standing_words(view, fact) if fact else ""
    return Screen(
        heading=view.say("checklist.title"),
        blocks=blocks,
        footer=footer,
        strip=strip,
        picture="checklist",
    )


def missing(view: View, visit: Visit) -> Screen:
    """What is missing is said before a number is taken or a form is begun."""
    item = visit.service
    assert item is not None
    look, fact = view.look, item.fact("requirements")

    def blocks(width: float) -> list[Widget]:
        lines = [view.said(fact.lines[place]) for place in visit.missing(item)] if fact else []
        listed = labelled(
            look,
            view.say("missing.list"),
            lines,
            width,
            icon="alert-triangle",
            tone="warn",
            most=view.look.most,
        )
        return [*listed, notice(look, view.say("missing.may"), width, icon="info-circle")]

    return Screen(
        heading=view.say("missing.title"),
        blocks=blocks,
        footer=[
            button(look, "finish", view.on_meant, view.say("missing.later"), width=look.half),
            button(
                look,
                "papers_done:anyway",
                view.on_meant,
                view.say("missing.anyway"),
                kind="main",
                icon_right="arrow-right",
                width=look.half,
            ),
        ],
        touched=False,
    )
