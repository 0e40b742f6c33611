"""What a machine can see wrong in a drawn screen: clipped, overlapping, too small, too faint."""

from __future__ import annotations

from dataclasses import dataclass

from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.theme import Look
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.parts import Card, Icon, Tap, Words

CONTRAST_TEXT, CONTRAST_ICON = 4.5, 3.0
LETTER_LEAST = (56, 60)  # design units; on an upright screen keys are narrower and higher


@dataclass(frozen=True, slots=True)
class Fault:
    """`what` names the kind, `where` the text or meaning. Not for a citizen's own screen."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    right: float
    top: float

    def meets(self, other: _Box, slack: float = 1.0) -> bool:
        return (
            self.x < other.right - slack
            and other.x < self.right - slack
            and self.y < other.top - slack
            and other.y < self.top - slack
        )

    def gap(self, other: _Box) -> float:
        across = max(self.x - other.right, other.x - self.right)
        up = max(self.y - other.top, other.y - self.top)
        return max(across, up)

    def holds(self, other: _Box, slack: float = 1.5) -> bool:
        return (
            other.x >= self.x - slack
            and other.right <= self.right + slack
            and other.y >= self.y - slack
            and other.top <= self.top + slack
        )


def _box(widget: Widget, *, text: bool = False) -> _Box:
    x, y = widget.to_window(*widget.pos)
    width, height = widget.size
    if text and isinstance(widget, Words):
        seen_w, seen_h = widget.texture_size
        spare = width - seen_w
        x += {"center": spare / 2, "right": spare}.get(widget.halign, 0) if spare > 0 else 0
        y += (height - seen_h) / 2
        width, height = seen_w, seen_h
    return _Box(x, y, x + width, y + height)


def faults(root: Widget, look: Look) -> list[Fault]:
    """Every fault of the widget tree `root` as laid out for `look`."""
    words = [one for one in root.walk() if isinstance(one, Words) and one.text and one.opacity > 0]
    taps = [one for one in root.walk() if isinstance(one, Tap) and one.meaning]
    return [
        *_clipped(words, look),
        *_beyond(taps, look),
        *_broken(words),
        *_faint(words),
        *_overlapping(words),
        *_small(taps, look),
        *_crowded(taps, look),
        *_covered(root, taps),
    ]


def _covered(root: Widget, taps: list[Tap]) -> list[Fault]:
    """A box of text that runs under a button, or a button under a box."""
    found = []
    for card in root.walk():
        if isinstance(card, (Card, TypedField)):
            box = _box(card)
            inside = set(card.walk())
            found += [
                Fault("a box over a button", tap.meaning)
                for tap in taps
                if tap not in inside and box.meets(_box(tap))
            ]
    return found


def _clipped(words: list[Words], look: Look) -> list[Fault]:
    found = []
    window = _Box(0, 0, look.width, look.height)
    for one in words:
        box = _box(one, text=True)
        if not window.holds(box):
            found.append(Fault("beyond the window", one.text))
        parent = one.parent
        while parent is not None and not isinstance(parent, Tap):
            parent = (
                parent.parent
                if isinstance(parent.parent, Widget) and parent.parent is not parent
                else None
            )
        if isinstance(parent, Tap) and not _box(parent).holds(box):
            found.append(Fault("beyond its button", one.text))
        if one.text_size[0] and one.texture_size[0] > one.text_size[0] + 1:
            found.append(Fault("wider than its column", one.text))
    return found


def _beyond(taps: list[Tap], look: Look) -> list[Fault]:
    window = _Box(0, 0, look.width, look.height)
    return [Fault("beyond the window", tap.meaning) for tap in taps if not window.holds(_box(tap))]


def _broken(words: list[Words]) -> list[Fault]:
    """A word wider than its column: Kivy goes on in the next line in the middle of it."""
    return [
        Fault("broken inside a word", part)
        for one in words
        if one.text_size[0] and not isinstance(one, Icon)
        for part in one.text.split()
        if len(part) > 6 and one._written.get_extents(part)[0] > one.text_size[0] + 1
    ]


def _faint(words: list[Words]) -> list[Fault]:
    found = []
    for one in words:
        least = CONTRAST_ICON if isinstance(one, Icon) else CONTRAST_TEXT
        ratio = theme.contrast(one.ink, one.paper)
        if ratio < least:
            found.append(Fault(f"contrast {ratio:.1f} under {least}", one.text))
    return found


def _overlapping(words: list[Words]) -> list[Fault]:
    boxes = [(one, _box(one, text=True)) for one in words]
    return [
        Fault("overlapping", f"{one.text} | {other.text}")
        for place, (one, box) in enumerate(boxes)
        for other, other_box in boxes[place + 1 :]
        if box.meets(other_box, slack=4)
    ]


def _small(taps: list[Tap], look: Look) -> list[Fault]:
    found = []
    for tap in taps:
        letter = tap.meaning.startswith("key:") or tap.meaning in (
            "shift",
            "erase",
            "signs",
            "next",
            "listen:",  # beside the space bar
        )
        least_w, least_h = LETTER_LEAST if letter else (theme.TARGET, theme.TARGET)
        if tap.width < look.dp(least_w) - 1 or tap.height < look.dp(least_h) - 1:
            found.append(Fault(f"target {tap.width:.0f}x{tap.height:.0f}", tap.meaning))
    return found


def _crowded(taps: list[Tap], look: Look) -> list[Fault]:
    boxes = [(tap, _box(tap)) for tap in taps]
    least = look.dp(theme.GAP) - 2
    return [
        Fault(f"targets {box.gap(other_box):.0f} px apart", f"{tap.meaning} | {other.meaning}")
        for place, (tap, box) in enumerate(boxes)
        for other, other_box in boxes[place + 1 :]
        if box.gap(other_box) < least
    ]
