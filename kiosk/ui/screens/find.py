"""Finding a service without words: by what happened, or by shelf."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.domain.errand import together
from kiosk.domain.service import Service
from kiosk.ui import theme
from kiosk.ui.screens import news
from kiosk.ui.screens.search import gone
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Icon, Tap, button, fitted
from kiosk.ui.widgets.rows import row, side_by_side, tile

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
