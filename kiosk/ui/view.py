"""What a screen is built from: how it looks, whose visit it is, what the kiosk knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kivy.uix.widget import Widget

from kiosk.domain.service import Text
from kiosk.domain.session import Session
from kiosk.ui.i18n import Sentences
from kiosk.ui.services import UiServices
from kiosk.ui.theme import Look
from kiosk.ui.widgets.parts import Tap


@dataclass(frozen=True)
class View:
    """`on_meant` takes what a touch meant, a word such as `service:sktm` or `key:a`."""

    look: Look
    session: Session
    services: UiServices
    sentences: Sentences
    on_meant: Callable[[str], None]
    read_once: bool = False  # this screen was read out already

    def say(self, key: str, **params: object) -> str:
        return self.sentences.say(self.session.lang, key, **params)

    def said(self, text: Text) -> str:
        return text.said(self.session.lang)


@dataclass
class Screen:
    """One screen as data for `sheet.lay_out`.

    `blocks(width)` gives the body's widgets, top to bottom, in rows of at most `width` pixels;
    what does not fit goes to further pages. While there are any, `until_seen`, as high as the
    footer, stands in its place: nobody says yes to a list of which they saw half.
    `touched` means that the body is to be touched, so an
    upright screen keeps it within a seated person's reach. `typed(width)` is what one types in
    while the letter keys are open. `spoken` is what "Dengarkan" reads out: nothing personal. With
    `night` the page is dark: the microphone is on.
    """

    heading: str
    blocks: Callable[[float], list[Widget]]
    footer: list[Tap] = field(default_factory=list)
    until_seen: list[Tap] = field(default_factory=list)
    tray: Widget | None = None
    aside: Widget | None = None
    typed: Callable[[float], Widget] | None = None
    touched: bool = True
    back: bool = True
    step: str = ""
    strip: str = ""
    strip_large: bool = False
    picture: str = "building-community"
    spoken: str = ""
    night: bool = False
