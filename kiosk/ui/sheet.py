"""Lays a screen out: bar, heading, body in pages, footer, keyboard. All sizes known, one pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.view import Screen, View
from kiosk.ui.widgets.parts import Icon, Tap, Words, fitted

CHROME_WIDTH = 104
PAGER_WIDTH = 132
TOUCH_SHARE_UPRIGHT = 0.6  # of the height of an upright screen is within a seated person's reach

# The bar and the keyboards hold nothing of a person; building them anew at each key would be slow.
_kept: dict[tuple[Any, ...], Widget] = {}


def kept(key: tuple[Any, ...], build: Callable[[], Widget]) -> Widget:
    """The widget of `key`, built once and taken out of the screen it was on."""
    widget = _kept.get(key)
    if widget is None:
        if len(_kept) > 64:
            _kept.clear()
        widget = _kept[key] = build()
    if widget.parent is not None:
        widget.parent.remove_widget(widget)
    return widget


def chrome_button(
    look: Look, meaning: str, on_meant: Callable[[str], None], icon: str, text: str, width: float
) -> Tap:
    """An icon with its word below, for the bar."""
    p = look.palette
    tap = Tap(look, meaning, on_meant, size=(width, look.dp(theme.TARGET + 4)), kind="bar")
    ink, paper = p.on_bar, p.bar
    words = Words(look, text, font_px=look.chrome_font(22), ink=ink, paper=paper, bold=True)
    room = tap.width - look.dp(4)
    while words.width > room:
        words = Words(
            look, text, font_px=round(words.font_size) - 1, ink=ink, paper=paper, bold=True
        )
    if icon in ("Aa", "ID", "EN"):
        sign = Words(look, icon, font_px=look.dp(30), ink=ink, paper=paper, bold=True)
    else:
        sign = Icon(look, icon, size=look.dp(34), ink=ink, paper=paper)
    low, line = look.dp(5), look.dp(32)  # one baseline for all words, however high the icon
    tap.put(words, (tap.width - words.width) / 2, low + (line - words.height) / 2)
    tap.put(sign, (tap.width - sign.width) / 2, low + line + (look.dp(38) - sign.height) / 2)
    return tap


def _speaks(view: View, screen: Screen) -> bool:
    """Whether this screen has words to read out, and the kiosk a voice to do it."""
    voice = view.services.voice
    return voice is not None and voice.speaks() and not screen.night  # the microphone is open


def _listen_key(view: View) -> str:
    """Asked again, it is read slowly, or with the answers where there are some."""
    if not view.read_once:
        return "bar.listen"
    answers = view.session.place.name in ("check", "preview")
    return "bar.listen_all" if answers else "bar.listen_slow"


def _bar(view: View, screen: Screen) -> Widget:
    look, p = view.look, view.look.palette
    high = look.dp(theme.HEADER)
    bar = RelativeLayout(size_hint=(None, None), size=(look.width, high))
    with bar.canvas.before:
        Color(*theme.colour(p.bar))
        Rectangle(pos=(0, 0), size=bar.size)
        Color(*theme.colour(p.accent))
        Rectangle(pos=(0, high - look.dp(4) if look.portrait else 0), size=(look.width, look.dp(4)))

    def add(taps: list[Tap], x: float) -> float:
        for tap in taps:
            tap.pos = (
                round(x),
                round((high - tap.height) / 2 + (look.dp(-2) if look.portrait else look.dp(2))),
            )
            bar.add_widget(tap)
            x += tap.width + look.dp(theme.GAP)
        return x

    speaks = _speaks(view, screen)
    wide = look.dp(CHROME_WIDTH)
    if speaks and look.portrait:  # seven beside each other
        wide = (look.width - 2 * look.dp(18) - 6 * look.dp(theme.GAP)) // 7

    def make(meaning: str, icon: str, key: str) -> Tap:
        return chrome_button(look, meaning, view.on_meant, icon, view.say(key), wide)

    left = (
        [make("back", "arrow-left", "bar.back"), make("home", "home", "bar.home")]
        if screen.back
        else []
    )
    right = [make("text", "Aa", "bar.text"), make("staff", "help", "bar.staff")]
    if screen.typed is None or look.portrait:
        right = [
            make("lang", "language", "bar.lang"),
            right[0],
            make("contrast", "contrast-2", "bar.contrast"),
            right[1],
        ]
    if speaks:
        right.insert(0, make("say", "volume", _listen_key(view)))
    edge = look.dp(18)
    span = len(right) * wide + (len(right) - 1) * look.dp(theme.GAP)
    start = add(left, edge)
    add(right, look.width - edge - span)
    if not look.portrait and screen.typed is None:
        room = look.width - edge - span - start - look.dp(theme.GAP)
        title = _title(view, screen, room)
        title.pos = (round(start + look.dp(4)), round((high - title.height) / 2 + look.dp(2)))
        bar.add_widget(title)
    return bar


def _title(view: View, screen: Screen, room: float) -> Widget:
    look, p = view.look, view.look.palette
    text = screen.step or view.services.office.name
    token = 24
    words = Words(look, text, font_px=look.dp(token), ink=p.on_bar, paper=p.bar, bold=True)
    if words.width > room:
        words = Words(
            look,
            text,
            font_px=look.dp(token),
            ink=p.on_bar,
            paper=p.bar,
            bold=True,
            width=room,
            lines=0,
        )
    return words


def _top_band(view: View, screen: Screen) -> Widget:
    """Upright screens carry the office's name on top, where nothing is to be touched."""
    look, p = view.look, view.look.palette
    high = look.dp(theme.HEADER)
    band = RelativeLayout(size_hint=(None, None), size=(look.width, high))
    with band.canvas.before:
        Color(*theme.colour(p.bar))
        Rectangle(pos=(0, 0), size=band.size)
        Color(*theme.colour(p.accent))
        Rectangle(pos=(0, 0), size=(look.width, look.dp(4)))
    sign = Icon(look, "building-community", size=look.dp(40), ink=p.on_bar, paper=p.bar)
    sign.pos = (look.dp(24), round((high - sign.height) / 2))
    band.add_widget(sign)
    title = _title(view, screen, look.width - look.dp(110))
    title.pos = (look.dp(80), round((high - title.height) / 2))
    band.add_widget(title)
    return band


def _fit_pages(blocks: list[Widget], room: float, gap: float) -> list[list[Widget]]:
    """Blocks in pages of at most `room` pixels; a block that is too high alone gets a page."""
    pages: list[list[Widget]] = [[]]
    used = 0.0
    for block in blocks:
        need = block.height + (gap if pages[-1] else 0)
        if pages[-1] and used + need > room:
            pages.append([])
            used, need = 0.0, block.height
        pages[-1].append(block)
        used += need
    return pages


def _pager(view: View, page: int, pages: int) -> list[Widget]:
    look = view.look
    p = look.palette
    items: list[Widget] = []
    for step, icon, key in ((-1, "chevron-up", "pager.up"), (1, "chevron-down", "pager.down")):
        size = (look.dp(PAGER_WIDTH - 12), look.dp(84))
        if not 0 <= page + step < pages:
            items.append(Widget(size_hint=(None, None), size=size))
            continue
        tap = Tap(look, f"page:{step:+d}", view.on_meant, size=size, kind="plain")
        sign = Icon(look, icon, size=look.dp(36), ink=tap.ink, paper=tap.paper)
        words = Words(
            look,
            view.say(key),
            font_px=look.chrome_font(24),
            ink=tap.ink,
            paper=tap.paper,
            bold=True,
        )
        low = (tap.height - sign.height - words.height) / 2
        tap.put(words, (tap.width - words.width) / 2, low)
        tap.put(sign, (tap.width - sign.width) / 2, low + words.height)
        items.append(tap)
    count = Words(
        look,
        f"{page + 1} / {pages}",
        font_px=look.chrome_font(26),
        bold=True,
        ink=p.soft,
        paper=p.page,
    )
    items.insert(1, count)
    return items


def lay_out(view: View, screen: Screen) -> Widget:
    """The whole window's widget of `screen`."""
    look, p = view.look, view.look.palette
    root = RelativeLayout(size_hint=(None, None), size=(look.width, look.height))
    with root.canvas.before:
        Color(*theme.colour(p.night if screen.night else p.page))
        Rectangle(pos=(0, 0), size=root.size)
    margin, gap = look.margin, look.dp(theme.GAP)
    top, bottom = float(look.height), 0.0

    bar_key = (
        "bar",
        look,
        view.session.lang,
        screen.back,
        screen.step,
        screen.typed is None,
        _speaks(view, screen) and _listen_key(view),
        view.services.office.name,
        view.on_meant,
    )
    bar = kept(bar_key, lambda: _bar(view, screen))
    if look.portrait:
        bar.pos = (0, 0)
        bottom = bar.height
        band = _top_band(view, screen)
        band.pos = (0, look.height - band.height)
        root.add_widget(band)
        top -= band.height
    else:
        bar.pos = (0, look.height - bar.height)
        top -= bar.height
    root.add_widget(bar)
    if screen.typed is not None and not look.portrait:
        # With the keyboard open every line counts: the field takes the middle of the bar.
        start = look.dp(18) + (2 * look.dp(CHROME_WIDTH + theme.GAP) if screen.back else 0)
        right = 3 if _speaks(view, screen) else 2
        stop = look.width - look.dp(18 + right * (CHROME_WIDTH + theme.GAP))
        field = screen.typed(stop - start)
        field.pos = (
            start,
            round(look.height - bar.height + (bar.height - field.height) / 2 + look.dp(2)),
        )
        root.add_widget(field)

    if screen.tray is not None:
        screen.tray.pos = (0, bottom)
        root.add_widget(screen.tray)
        bottom += screen.tray.height
    if screen.footer:
        bottom += gap
        foot = bottom
        bottom += max(tap.height for tap in screen.footer)
    bottom += gap

    wide: float = look.width - 2 * margin
    if screen.aside is not None and not look.portrait:
        wide -= screen.aside.width + 2 * gap
    if screen.strip:
        top = _lay_strip(root, view, screen, top)
    top -= gap
    if screen.heading and not (look.portrait and screen.touched):
        # A heading in large text gives way before what it is about does.
        least = theme.ISI if look.portrait else round(theme.ISI / look.text)
        short = (screen.tray is not None or bool(screen.strip)) and not look.portrait
        token = theme.KARTU if short else theme.TANYA
        heading = fitted(look, screen.heading, wide, token=token, least=least, bold=True)
        top -= heading.height
        heading.pos = (margin, top)
        root.add_widget(heading)
        top -= gap
    if screen.aside is not None:
        if look.portrait:
            screen.aside.pos = (round((look.width - screen.aside.width) / 2), bottom)
            bottom += screen.aside.height + gap
        else:
            screen.aside.pos = (
                look.width - margin - screen.aside.width,
                look.height - look.dp(theme.HEADER) - gap - screen.aside.height,
            )
        root.add_widget(screen.aside)
    more = _lay_body(root, view, screen, margin, wide, top, bottom)
    if screen.footer:
        taps = screen.until_seen if more and screen.until_seen else screen.footer
        _lay_footer(root, taps, look, margin, gap, foot)
    return root


def _lay_strip(root: Widget, view: View, screen: Screen, top: float) -> float:
    look = view.look
    p = look.palette
    words = Words(
        look,
        screen.strip,
        font_px=look.chrome_font(theme.ISI if screen.strip_large else theme.KET),
        ink=p.warn,
        paper=p.warn_paper,
        bold=True,
        width=look.width - 2 * look.margin,
    )
    high = words.height + look.dp(8)
    with root.canvas.before:
        Color(*theme.colour(p.warn_paper))
        Rectangle(pos=(0, top - high), size=(look.width, high))
    words.pos = (look.margin, round(top - high + look.dp(4)))
    root.add_widget(words)
    return float(top - high)


def _lay_footer(
    root: Widget, footer: list[Tap], look: Look, margin: float, gap: float, bottom: float
) -> None:
    """Main button at the right, where a reading eye ends; the others from the left."""
    x = margin
    for tap in footer[:-1]:
        tap.pos = (round(x), round(bottom))
        root.add_widget(tap)
        x += tap.width + gap
    last = footer[-1]
    last.pos = (round(look.width - margin - last.width), round(bottom))
    root.add_widget(last)


def _lay_body(
    root: Widget, view: View, screen: Screen, margin: float, wide: float, top: float, bottom: float
) -> bool:
    """Whether pages follow the one that is shown."""
    look, gap = view.look, view.look.dp(theme.GAP)
    if look.portrait and screen.touched:
        top = _lay_upright_heading(root, view, screen, wide, top)
    blocks = screen.blocks(wide)
    if screen.typed is not None and look.portrait:
        blocks.insert(0, screen.typed(wide))
    pages = _fit_pages(blocks, top - bottom, gap)
    if screen.tray is not None:
        pages = pages[:1]  # what does not fit above the keys waits behind "Cari"
    if len(pages) > 1:
        if look.portrait:
            floor = bottom + look.dp(84) + gap
            pages = _fit_pages(blocks, top - floor, gap)
        else:
            floor = bottom
            pages = _fit_pages(screen.blocks(wide - look.dp(PAGER_WIDTH)), top - floor, gap)
        page = min(view.session.place.page, len(pages) - 1)
        _lay_pager(root, view, page, len(pages), margin, top, bottom)
        bottom = floor
    else:
        page = 0
    y = top
    for block in pages[page]:
        y -= block.height
        block.pos = (round(margin), round(y))
        root.add_widget(block)
        y -= gap
    return page + 1 < len(pages)


def _lay_upright_heading(
    root: Widget, view: View, screen: Screen, wide: float, top: float
) -> float:
    """The heading just above the part within reach, a picture above it. Returns the body's top."""
    look, p = view.look, view.look.palette
    reach = round(look.height * TOUCH_SHARE_UPRIGHT)
    heading = fitted(look, screen.heading, wide, token=theme.TANYA, least=theme.ISI, bold=True)
    heading.pos = (look.margin, reach + look.dp(theme.GAP))
    room = top - heading.pos[1] - heading.height
    sign = Icon(
        look,
        screen.picture,
        size=min(look.dp(220), room * 0.7),
        ink=p.accent if look.high_contrast else p.main,
    )
    x = round((look.width - sign.width) / 2)
    sign.pos = (x, round(heading.pos[1] + heading.height + (room - sign.height) / 2))
    root.add_widget(sign)
    root.add_widget(heading)
    return float(reach)


def _lay_pager(
    root: Widget, view: View, page: int, pages: int, margin: float, top: float, bottom: float
) -> None:
    look = view.look
    up, count, down = _pager(view, page, pages)
    if look.portrait:
        up.pos = (margin, bottom)
        down.pos = (look.width - margin - down.width, bottom)
        count.pos = (
            round((look.width - count.width) / 2),
            round(bottom + (up.height - count.height) / 2),
        )
    else:
        x = look.width - margin - up.width
        up.pos = (x, round(top - up.height))
        down.pos = (x, round(bottom))
        middle = (up.y + down.top) / 2
        count.pos = (round(x + (up.width - count.width) / 2), round(middle - count.height / 2))
    for item in (up, count, down):
        root.add_widget(item)
