"""What the catalogue says, as boxes: each fact, how sure it is, what nobody could tell."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.service import FACT_NAMES, Fact, Service
from kiosk.ui import theme
from kiosk.ui.view import View
from kiosk.ui.widgets.boxes import columns, labelled, notice, pairs

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
    standing = fact.standing(view.services.now().date())
    if fact.approval is not None and standing == "disahkan":
        day = f"{fact.approval.day:%d-%m-%Y}"
        return view.say("standing.local", role=fact.approval.role, day=day) + _until(view, fact)
    parts = [view.say(f"standing.{standing}")]
    if fact.valid_until is not None:
        parts.append(view.say("fact.until", day=f"{fact.valid_until:%d-%m-%Y}"))
    parts.append(view.say(f"evidence.{fact.evidence}"))
    parts.append(f"{fact.recorded:%d-%m-%Y}")
    return " · ".join(parts)


def _until(view: View, fact: Fact) -> str:
    if fact.valid_until is None:
        return ""
    return " · " + view.say("fact.until", day=f"{fact.valid_until:%d-%m-%Y}")


def is_expired(view: View, fact: Fact | None) -> bool:
    return fact is not None and fact.standing(view.services.now().date()) == "kedaluwarsa"


def _approved_in_part(view: View, service: Service) -> bool:
    """Then each fact says how it stands; otherwise the page says it once, on top."""
    today = view.services.now().date()
    return any(one.standing(today) == "disahkan" for one in service.facts.values())


def fact_boxes(
    view: View,
    service: Service,
    name: str,
    width: float,
    *,
    icon: bool = True,
    most: float = 0,
    least: float = 0,
) -> list[Widget]:
    fact = service.fact(name)
    if fact is None:
        return []
    lines = [view.said(line) for line in fact.lines]
    old: list[Widget] = []
    if is_expired(view, fact) and fact.valid_until is not None:
        day = view.sentences.day(view.session.lang, fact.valid_until)
        told = view.say("fact.expired", day=day)
        old.append(
            notice(view.look, told, width, tone="warn", icon="alert-triangle", most=view.look.most)
        )
    small = standing_words(view, fact) if _approved_in_part(view, service) else ""
    return old + labelled(
        view.look,
        view.say(f"fact.{name}"),
        lines,
        width,
        small=small,
        icon=FACT_ICONS[name] if icon else "",
        tone="warn" if is_expired(view, fact) else "plain",
        numbered=name == "steps",
        most=most or view.look.most,
        least=least,
    )


def first_facts(view: View, service: Service, width: float) -> list[Widget]:
    """Bring, cost, time, where: one glance when it fits, one below the other when it does not."""
    look = view.look
    shown = [name for name in SHOWN_FIRST if service.fact(name)]
    agency = view.say("service.elsewhere"), view.said(service.agency)
    short = [
        (view.say(f"fact.{name}"), _in_short(view, service, name))
        for name in SHOWN_FIRST[1:]
        if not is_expired(view, service.fact(name))
    ]
    if not service.at_kelurahan:
        short.append(agency)
    whole = [
        *fact_boxes(view, service, "requirements", width),
        *(pairs(look, short, width, most=look.most) if service.facts else []),
    ]
    for name in shown[1:] if "requirements" in shown else shown:
        if is_expired(view, service.fact(name)):
            whole += fact_boxes(view, service, name, width)
    if (
        look.portrait
        or look.text > 1.2
        or any(is_expired(view, service.fact(name)) for name in shown)
    ):
        return whole
    wide = (width - look.dp(12)) * 0.53
    left = fact_boxes(view, service, "requirements", wide, icon=False, most=look.dp(298))
    if not service.at_kelurahan:
        short = [one for one in short if one[0] != view.say("fact.place")]
    right = pairs(look, short, width - look.dp(12) - wide)
    if len(left) != 1 or right[0].height > look.dp(298):
        return whole
    high = max(left[0].height, right[0].height)
    left = fact_boxes(
        view, service, "requirements", wide, icon=False, most=look.dp(298), least=high
    )
    right = pairs(look, short, width - look.dp(12) - wide, least=high)
    rest = [] if service.at_kelurahan else fact_boxes(view, service, "place", width)
    return [columns(look, width, [left[0], right[0]]), *rest]


def _in_short(view: View, service: Service, name: str) -> str:
    fact = service.fact(name)
    if fact is None:
        return view.say("fact.unknown_short")
    lines = [view.said(line) for line in fact.lines]
    if fact.approval is not None:  # the page's banner speaks of the others
        lines.append(f"({standing_words(view, fact)})")
    return "\n".join(lines)


def unknown(view: View, service: Service, width: float) -> list[Widget]:
    """All that nobody could tell us, in one box instead of many empty ones."""
    if not service.facts:
        told = view.say("fact.none")
        return [notice(view.look, told, width, tone="warn", icon="help-circle")]
    names = [view.say(f"fact.{name}") for name in FACT_NAMES if name not in service.facts]
    if service.first_issue is not None:
        names.append(view.say("fact.lost"))
    if not names:
        return []
    return [
        notice(
            view.look,
            ", ".join(names),
            width,
            icon="help-circle",
            title=view.say("fact.unknown"),
            most=view.look.most,
        )
    ]


def standings(view: View, service: Service, width: float) -> list[Widget]:
    """How sure each fact is, for whoever wants to know: what it rests on, and since when."""
    items = []
    for name in FACT_NAMES:
        if (fact := service.fact(name)) is not None:
            basis = view.say(f"evidence.{fact.evidence}")
            standing = fact.standing(view.services.now().date())
            if standing != "contoh":
                basis = f"{view.say(f'standing.{standing}')}, {basis}"
            items.append((view.say(f"fact.{name}"), f"{basis}, {fact.recorded:%d-%m-%Y}"))
    if not items:
        return []
    return pairs(view.look, items, width, most=view.look.most, token=theme.KET)


def source_boxes(view: View, service: Service, width: float) -> list[Widget]:
    keys = dict.fromkeys(key for fact in service.facts.values() for key in fact.sources)
    known = view.services.catalogue.sources
    lines = [f"{key}: {known[key].title}" for key in keys if key in known]
    if not lines:
        return []
    return labelled(
        view.look, view.say("fact.sources"), lines, width, icon="books", most=view.look.most
    )


def standing_strip(view: View, item: Service) -> str:
    """Said once for the whole page, as long as nobody has approved all of it."""
    today = view.services.now().date()
    standings = {fact.standing(today) for fact in item.facts.values()}
    if item.filing == "ask_staff":
        return view.say("service.ask_staff")
    return "" if standings == {"disahkan"} else view.say("service.not_approved")
