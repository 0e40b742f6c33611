"""A keyboard instead of a finger: where the focus is, and whether it is a scanner that types.

Tab and arrows go from one thing to touch to the next, body first, then the keys, the footer and the
bar; Enter or the space bar touches it. No mouse and no screen is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from kivy.graphics import Color, InstructionGroup, Line
from kivy.uix.widget import Widget

from kiosk.domain.code import read_code
from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.view import Screen
from kiosk.ui.widgets.parts import Icon, Tap, Words

TAB, ENTER, PAD_ENTER, ESCAPE, BACKSPACE, SPACE = 9, 13, 271, 27, 8, 32
UP, DOWN, RIGHT, LEFT = 273, 274, 275, 276
FORWARD, BACKWARD = frozenset({DOWN, RIGHT}), frozenset({UP, LEFT})
SCAN_SIGN_S, SCAN_GAP_S = 0.06, 0.3  # nobody types eight signs at sixteen a second


def taps_in_order(root: Widget, look: Look) -> list[Tap]:
    """Everything that can be touched, as one would read it; the bar last."""
    found = [one for one in root.walk() if isinstance(one, Tap) and one.meaning]

    def place(tap: Tap) -> tuple[bool, int, float]:
        x, y = tap.to_window(*tap.pos)
        return tap.kind == "bar", -round((y + tap.height / 2) / look.dp(24)), x

    return sorted(found, key=place)


class Focus:
    """Which thing the keyboard is at, by its meaning, and the how manieth of that meaning: a screen
    that is drawn anew keeps it."""

    def __init__(self) -> None:
        self._at: tuple[str, int] | None = None
        self._ringed: tuple[Tap, InstructionGroup] | None = None

    @property
    def meaning(self) -> str:
        """What Enter would touch; "" for nothing."""
        return self._at[0] if self._at else ""

    def move(self, root: Widget, look: Look, step: int) -> None:
        places = list(_places(root, look))
        if not places:
            return
        if self._at in places:
            self._at = places[(places.index(self._at) + step) % len(places)]
        else:
            self._at = places[0 if step > 0 else -1]
        self.show(root, look)

    def forget(self) -> None:
        self._at = None
        self._unring()

    def show(self, root: Widget, look: Look) -> None:
        """Rings the thing on this screen; one that is not here any more has lost it."""
        self._unring()
        tap = _places(root, look).get(self._at) if self._at else None
        if tap is None:
            self._at = None
            return
        p, group, width = look.palette, InstructionGroup(), look.dp(4)
        for colour, inset in ((tap.ink, 2.5), (p.focus if tap.paper != p.focus else p.ink, 6.5)):
            space = look.dp(inset)
            box = (space, space, tap.width - 2 * space, tap.height - 2 * space)
            group.add(Color(*theme.colour(colour)))
            group.add(Line(rounded_rectangle=(*box, look.dp(theme.RADIUS_KEY)), width=width / 2))
        tap.canvas.after.add(group)
        self._ringed = (tap, group)

    def _unring(self) -> None:
        if self._ringed is not None:
            tap, group = self._ringed
            tap.canvas.after.remove(group)
            self._ringed = None


def _places(root: Widget, look: Look) -> dict[tuple[str, int], Tap]:
    """Each thing to touch, in order; "Kembali" may stand in the bar and in the footer."""
    count: dict[str, int] = {}
    places: dict[tuple[str, int], Tap] = {}
    for tap in taps_in_order(root, look):
        count[tap.meaning] = count.get(tap.meaning, 0) + 1
        places[tap.meaning, count[tap.meaning]] = tap
    return places


class Scan:
    """Tells a scanner that types from a person: a receipt's code in so little time, then Enter.

    What is no code was typed, however fast."""

    def __init__(self) -> None:
        self._text = ""
        self._begun_s = self._last_s = 0.0

    def typed(self, text: str, now_s: float) -> None:
        if now_s - self._last_s > SCAN_GAP_S:
            self._text, self._begun_s = "", now_s
        self._text = (self._text + text)[-64:]
        self._last_s = now_s

    def ended(self, now_s: float) -> str:
        """The code that was scanned, at the Enter behind it; "" when somebody typed."""
        text, self._text = self._text, ""
        quick = now_s - self._begun_s < SCAN_SIGN_S * max(1, len(text)) + SCAN_GAP_S
        fresh = now_s - self._last_s <= SCAN_GAP_S
        return text if quick and fresh and read_code(text) else ""


# What stands there is nearly all of a person: unasked only the heading is read.
OF_A_PERSON = frozenset({"preview", "spoken", "listen"})
READ_WHEN_ASKED = frozenset({"check", "preview"})


def read_out(screen: Screen, root: Widget, place: str, *, asked: bool) -> str:
    """What "Dengarkan" says of this screen; `asked`: it was touched a second time."""
    if asked and place in READ_WHEN_ASKED:
        return words_of(root, private=True)
    if screen.spoken:
        return screen.spoken
    if place in OF_A_PERSON:
        return screen.heading
    return words_of(root, private=False)


def words_of(root: Widget, *, private: bool) -> str:
    """What stands on a screen, in reading order, without the bar and the keys. Without `private`
    nothing that a person gave: no field, no answer."""
    lines: list[tuple[int, float, str]] = []
    for one in _read(root, private=private):
        x, y = one.to_window(*one.pos)
        lines.append((-round(y / 12), x, one.text.replace("\n", ". ")))
    parts = [text.strip() for _, _, text in sorted(lines) if text.strip()]
    return ". ".join(part.rstrip(".") for part in parts)


def _read(widget: Widget, *, private: bool) -> Iterator[Words]:
    if isinstance(widget, Tap) and (widget.kind in ("bar", "key") or widget.meaning == "next"):
        return
    if not private and getattr(widget, "private", False):
        return
    if isinstance(widget, Words) and not isinstance(widget, Icon) and widget.text:
        yield widget
    for child in widget.children:
        yield from _read(child, private=private)
