"""Finding a service: by what happened, by shelf, or by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.domain.errand import together
from kiosk.domain.meaning import Meaning
from kiosk.domain.service import Service
from kiosk.ui import theme
from kiosk.ui.screens import news
from kiosk.ui.sheet import kept
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import RESULTS_MOST, Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.keys import keyboard
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Icon, Kind, Tap, button, fitted
from kiosk.ui.widgets.rows import row, side_by_side, tile

GUESSES_MOST = 2  # of what comes nearest, when it is none of ours by all signs
HOME_EVENTS = ("bayi-lahir", "keluarga-meninggal")
HOME_SHELVES = ("surat", "adminduk")


def home(view: View, visit: Visit) -> Screen:
    """Three equal doors: touch a tile, type, take a number. Six tiles at most."""
    look, say = view.look, view.say
    shelves = {item.id: item for item in view.services.catalogue.categories}
    events = {item.id: item for item in view.services.catalogue.events}
    doors = [
        (f"go:category:{key}", view.said(shelves[key].name), shelves[key].icon)
        for key in HOME_SHELVES
        if key in shelves
    ]
    doors.append(("go:services", say("home.all"), "layout-grid"))
    doors += [
        (f"go:event:{key}", view.said(events[key].name), events[key].icon)
        for key in HOME_EVENTS
        if key in events
    ]
    doors.append(("go:events", say("home.events"), "calendar-heart"))
    columns = 2 if look.portrait or look.text > 1.2 else 3

    def blocks(width: float) -> list[Widget]:
        tiles = [_tile(view, *door) for door in doors]
        search = _search_doors(view, visit, width)
        grid, told = side_by_side(look, width, tiles, columns, 100), news.door(view, width)
        return [*told, search, *grid] if look.text < 1.3 else [search, *grid, *told]

    told = gone(view, visit)
    crowded = told or view.services.announcements()  # the tiles are needed more than the heading
    return Screen(
        heading=say("home.title") if look.portrait or (look.text < 1.3 and not crowded) else "",
        blocks=blocks,
        footer=_home_acts(view),
        back=False,
        strip=told,
    )


def _home_acts(view: View) -> list[Tap]:
    """A number is what most people came for; the others as wide as they need."""
    look = view.look
    acts = [("go:machine", "home.machine", "shield-check")]
    if view.services.counter is not None:
        acts.append(("go:status", "home.status", "qrcode"))
    acts.append(("go:ticket", "home.ticket", "ticket"))
    room = look.width - 2 * look.margin - look.dp(theme.GAP) * (len(acts) - 1)
    shares = (0.29, 0.29, 0.42) if len(acts) == 3 else (0.4, 0.53)
    crowded = look.portrait and len(acts) == 3
    return [
        button(
            look,
            meaning,
            view.on_meant,
            view.say(key),
            icon="" if crowded else icon,
            kind="main" if meaning == "go:ticket" else "plain",
            width=room * share,
            height=look.dp(78),
        )
        for (meaning, key, icon), share in zip(acts, shares, strict=True)
    ]


def gone(view: View, visit: Visit) -> str:
    """One calm line after the microphone went away in mid-sentence: touch goes on."""
    return view.say("listen.gone") if visit.microphone_gone else ""


def _tile(view: View, meaning: str, title: str, icon: str) -> Callable[[float, float], Tap]:
    return lambda width, least: tile(view.look, meaning, view.on_meant, title, icon, width, least)


def _search_doors(view: View, visit: Visit, width: float) -> Widget:
    """Speak, where the kiosk can hear, or type."""
    look, gap = view.look, view.look.dp(theme.GAP)
    if visit.ear is None:
        return _search_door(view, "home.search", width, look.dp(84))
    high, wide = look.dp(92), look.dp(250)
    mic = microphone(look, view.on_meant, view.say("home.speak"), width=wide, height=high)
    door = _search_door(view, "home.type", width - wide - gap, high)
    door.pos = (round(wide + gap), 0)
    line = RelativeLayout(size_hint=(None, None), size=(width, high))
    line.add_widget(mic)
    line.add_widget(door)
    return line


def _search_door(view: View, key: str, width: float, high: float) -> Tap:
    """Looks like a field, opens the search with its keyboard."""
    look, p = view.look, view.look.palette
    tap = Tap(
        look,
        "go:search",
        view.on_meant,
        size=(width, high),
        kind="row",
        radius=theme.RADIUS_CARD,
    )
    sign = Icon(look, "search", size=look.dp(40), ink=p.ink, paper=p.card)
    tap.put(sign, look.dp(18), (tap.height - sign.height) / 2)
    words = fitted(
        look,
        view.say(key),
        width - look.dp(96),
        token=theme.ISI,
        least=round(theme.KET / look.text),
        ink=p.soft,
        paper=p.card,
    )
    tap.put(words, look.dp(76), (tap.height - words.height) / 2)
    return tap


def events(view: View, visit: Visit) -> Screen:
    items = [
        (f"go:event:{item.id}", view.said(item.name), item.icon)
        for item in view.services.catalogue.events
    ]
    return _tiles(view, view.say("events.title"), items, "calendar-heart")


def services(view: View, visit: Visit) -> Screen:
    shelves = [
        (f"go:category:{item.id}", view.said(item.name), item.icon)
        for item in view.services.catalogue.categories
    ]
    return _tiles(view, view.say("services.title"), shelves, "layout-grid")


def _tiles(view: View, heading: str, items: Sequence[tuple[str, str, str]], picture: str) -> Screen:
    look = view.look

    def blocks(width: float) -> list[Widget]:
        tiles = [_tile(view, *item) for item in items]
        return side_by_side(look, width, tiles, 2, 104)

    return Screen(heading=heading, blocks=blocks, picture=picture)


def event(view: View, visit: Visit) -> Screen:
    """The services of a life event, numbered in the order to do them."""
    about = view.session.place.about
    item = next(one for one in view.services.catalogue.events if one.id == about)
    known = view.services.catalogue.services
    found = [known[key] for key in item.services if key in known]

    def blocks(width: float) -> list[Widget]:
        intro = notice(
            view.look,
            view.say("event.intro"),
            width,
            tone="chosen",
            icon="list-numbers",
            most=view.look.most,
        )
        in_one_go: list[Widget] = []
        if together(item, view.services.catalogue):
            words = view.say("letters.open")
            in_one_go = [
                row(
                    view.look,
                    f"go:letters:{item.id}",
                    view.on_meant,
                    words,
                    width,
                    icon="files",
                    kind="chosen",
                )
            ]
        return [
            intro,
            *in_one_go,
            *(
                _service_row(view, service, width, number=place)
                for place, service in enumerate(found, 1)
            ),
        ]

    return Screen(heading=view.said(item.name), blocks=blocks, picture=item.icon)


def category(view: View, visit: Visit) -> Screen:
    about = view.session.place.about
    shelf = next(one for one in view.services.catalogue.categories if one.id == about)
    found = [one for one in view.services.catalogue.services.values() if one.category == about]
    found.sort(key=lambda one: (one.filing != "form", view.said(one.name)))

    def blocks(width: float) -> list[Widget]:
        return [_service_row(view, service, width) for service in found]

    return Screen(heading=view.said(shelf.name), blocks=blocks, picture=shelf.icon)


def _service_row(view: View, service: Service, width: float, *, number: int = 0) -> Widget:
    return row(
        view.look,
        f"service:{service.id}",
        view.on_meant,
        view.said(service.name),
        width,
        icon=service.icon,
        number=number,
    )


def search(view: View, visit: Visit) -> Screen:
    """Results as one types; the two best always stay above the keys."""
    look, say = view.look, view.say
    typed = view.session.raw.get("search", "")

    def field(width: float) -> Widget:
        return TypedField(
            look, typed, width, empty=say("search.empty"), icon="search", token=theme.ISI
        )

    def blocks(width: float) -> list[Widget]:
        if not typed.strip():
            return [notice(look, say("search.hint"), width, icon="bulb", most=view.look.most)]
        return _results(
            view, view.services.find(typed, RESULTS_MOST, typing=True), width, above_keys=True
        )

    return Screen(
        heading=say("home.title") if look.portrait else "",
        blocks=blocks,
        typed=field,
        tray=letters(view, visit, say("search.go"), speaks=visit.ear is not None),
        strip=gone(view, visit),
        touched=not look.portrait,
    )


def letters(view: View, visit: Visit, done: str, *, speaks: bool = False) -> Widget:
    """The letter keys for this look and language; `done` is on the key that hands in. With
    `speaks` there is a microphone among them."""
    look, say = view.look, view.say
    shift = (visit.capitals, visit.signs)
    key = ("keyboard", look, view.session.lang, *shift, done, speaks, view.on_meant)
    return kept(
        key,
        lambda: keyboard(
            look,
            view.on_meant,
            capitals=visit.capitals,
            signs=visit.signs,
            done=done,
            space=say("keys.space"),
            erase=say("keys.erase"),
            speak=say("keys.speak") if speaks else "",
        ),
    )


def _results(view: View, meaning: Meaning, width: float, *, above_keys: bool) -> list[Widget]:
    """What was found, and the words that led to the first of it."""
    look = view.look
    known = view.services.catalogue.services
    found = [known[hit.service_id] for hit in meaning.hits if hit.service_id in known]
    if meaning.outcome == "out_of_scope" or not found:
        guesses = [] if above_keys else meaning.guesses[:GUESSES_MOST]
        near = [known[hit.service_id] for hit in guesses if hit.service_id in known]
        told = view.say("results.perhaps" if near else "search.nothing")
        return [
            notice(look, told, width, tone="warn", icon="help-circle", most=look.most),
            *(
                row(
                    look,
                    f"service:{one.id}",
                    view.on_meant,
                    view.said(one.name),
                    width,
                    icon=one.icon,
                )
                for one in near
            ),
            row(
                look, "go:services", view.on_meant, view.say("home.all"), width, icon="layout-grid"
            ),
        ]
    kind: Kind = "warn" if meaning.outcome == "emergency" else "row"
    why = view.say("results.because", words=", ".join(meaning.because)) if meaning.because else ""
    if above_keys and look.text > 1.2 and not look.portrait:
        why = ""  # two results stay above the keys in every text size
    options = dict(zip((hit.service_id for hit in meaning.hits), meaning.options, strict=False))
    rows: list[Widget] = []
    for place, one in enumerate(found):
        title, sub = view.said(one.name), why if not place else ""
        if one.id in options and not above_keys:  # the answer to the question, then its name
            title, sub = view.said(options[one.id]), title
        rows.append(
            row(
                look,
                f"service:{one.id}",
                view.on_meant,
                title,
                width,
                icon=one.icon,
                sub=sub,
                kind=kind,
                one_line=above_keys and not look.portrait,
            )
        )
    return rows


def results(view: View, visit: Visit) -> Screen:
    """All that was found, without the keys; asks which when it is not clear."""
    look = view.look
    typed = view.session.raw.get("search", "").strip()
    meaning = view.services.find(typed, RESULTS_MOST, typing=not visit.heard)
    heading = view.say("results.title", words=typed)
    if meaning.outcome == "choose" and len(meaning.hits) > 1:
        asked = meaning.question
        heading = view.said(asked) if asked else view.say("results.which")
    heard = bool(visit.heard)
    if heard and not visit.sure:
        heading = view.say("results.maybe")
    elif heard and heading == view.say("results.title", words=typed):
        heading, heard = view.say("results.heard", words=typed), False

    def blocks(width: float) -> list[Widget]:
        rows = [heard_line(view, typed, width)] if heard else []
        if meaning.perhaps_urgent:
            rows.append(help_at_once(view, width))
        rows += _results(view, meaning, width, above_keys=False)
        if meaning.hits:
            none = view.say("results.none")
            rows.append(row(look, "none_of_these", view.on_meant, none, width, icon="circle-x"))
        return rows

    return Screen(
        heading=heading,
        picture="search",
        blocks=blocks,
        footer=_results_footer(view, visit),
    )


def help_at_once(view: View, width: float, service: str = "112") -> Widget:
    """The way to help, for somebody who may be in danger."""
    urgent = view.say("results.urgent")
    return row(
        view.look,
        f"service:{service}",
        view.on_meant,
        urgent,
        width,
        icon="urgent",
        kind="warn",
        one_line=not view.look.portrait,
    )


def heard_line(view: View, words: str, width: float) -> Widget:
    """What was understood, on one line where that is possible at all."""
    look = view.look
    told = view.say("results.heard", words=words)
    least = round(theme.KET / look.text)
    return fitted(look, told, width, token=theme.ISI, least=least, ink=look.palette.soft)


def _results_footer(view: View, visit: Visit) -> list[Tap]:
    """Who spoke puts it right by typing or speaks again; who typed types again."""
    look, say, meant = view.look, view.say, view.on_meant
    if visit.heard and visit.ear is not None:
        edit = button(look, "back", meant, say("results.edit"), icon="keyboard", width=look.half)
        return [edit, microphone(look, meant, say("listen.again"), width=look.half)]
    staff = button(look, "staff", meant, say("bar.staff_long"), icon="help", width=look.half)
    again = say("results.again")
    return [
        staff,
        button(look, "back", meant, again, kind="main", icon="keyboard", width=look.half),
    ]
