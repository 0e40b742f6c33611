"""`kiosk screenshots DIR`: every screen as PNG, looked over by `audit`; contact sheets too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.core.window import Window
from kivy.graphics import ClearBuffers, ClearColor, Fbo, Rectangle, Scale, Translate
from kivy.graphics.texture import Texture
from kivy.lang import Builder
from kivy.uix.widget import Widget

from kiosk.domain.service import Lang
from kiosk.problems import BadInput
from kiosk.ui import theme
from kiosk.ui.audit import Fault, faults
from kiosk.ui.i18n import LANGS, Sentences
from kiosk.ui.scenes import OVERLAYS, SCENES
from kiosk.ui.screens import SCREENS, calm
from kiosk.ui.services import UiServices
from kiosk.ui.sheet import lay_out
from kiosk.ui.staff_example import Example
from kiosk.ui.theme import Look
from kiosk.ui.view import View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.parts import register_fonts

SIZES = ((1024, 600), (1280, 800), (1080, 1920))
TEXTS = (1.0, 1.5)
SHEET_COLUMNS, SHEET_WIDTH = 4, 480


@dataclass(frozen=True, slots=True)
class Shot:
    screen: str
    lang: str
    size: str
    text: float
    high_contrast: bool
    file: str
    faults: tuple[Fault, ...]


def _nothing(_meaning: str) -> None:
    """A picture is not touched."""


def draw(services: UiServices, sentences: Sentences, scene: str, look: Look, lang: Lang) -> Widget:
    """The widget tree of `scene`, as the app would show it."""
    visit = Visit(services, 1)
    visit.session.lang = lang  # a conversation answers in the language it is begun in
    if scene in SCENES:
        SCENES[scene](visit)
    elif scene == "idle":
        SCENES["check"](visit)
    visit.session.lang, visit.session.text = lang, look.text
    visit.session.high_contrast = look.high_contrast
    view = View(look, visit.session, visit.services, sentences, _nothing)
    place = visit.session.place.name
    if scene == "broken":
        return calm.out_of_order(look, sentences, services.office, "E-12")
    if scene == "not-in-service":
        visit.services = dataclasses.replace(services, staff=Example())
        view = dataclasses.replace(view, services=visit.services)
        return calm.not_in_service(view)
    if scene == "idle":
        widget, show = calm.idle_warning(view, _nothing)
        show(45)
        return widget
    if place == "attract":
        shown = calm.Attract(view)
        if scene == "attract-news":  # its turn comes after the pictures
            shown.show(len(calm.PICTURES), 1.0)
        return shown
    if place == "goodbye":
        return calm.goodbye(view)
    return lay_out(view, SCREENS[place](view, visit))


def picture(widget: Widget) -> Texture:
    """`widget` drawn off the screen, the right way up."""
    canvas_parent = widget.parent
    if canvas_parent is not None:
        canvas_parent.remove_widget(widget)
    fbo = Fbo(size=widget.size, with_stencilbuffer=True)
    with fbo:
        ClearColor(0, 0, 0, 1)
        ClearBuffers()
        Scale(1, -1, 1)
        Translate(-widget.x, -widget.y - widget.height, 0)
    Builder.sync()  # Kivy moves canvases to their widgets' places only before a frame
    Clock.tick_draw()
    Builder.sync()
    fbo.add(widget.canvas)
    fbo.draw()
    fbo.remove(widget.canvas)
    return fbo.texture


def _save(texture: Texture, path: Path) -> None:
    CoreImage(texture).save(str(path), flipped=False)


def shots(
    services: UiServices,
    folder: Path,
    *,
    sizes: tuple[tuple[int, int], ...] = SIZES,
    texts: tuple[float, ...] = TEXTS,
    only: frozenset[str] | None = None,
) -> Iterator[Shot]:
    """Draws and saves each scene in each size, text and language; high contrast at 1024x600."""
    register_fonts()
    sentences = Sentences(theme.ASSETS / "locales")
    looks = [Look(*size, text=text) for size in sizes for text in texts]
    looks.append(dataclasses.replace(looks[0], high_contrast=True))
    for look in looks:
        for lang in LANGS:
            for scene in (*SCENES, *OVERLAYS):
                if only is None or scene in only:
                    yield _shot(services, sentences, scene, look, lang, folder)


def _shot(
    services: UiServices, sentences: Sentences, scene: str, look: Look, lang: Lang, folder: Path
) -> Shot:
    widget = draw(services, sentences, scene, look, lang)
    size = f"{look.width}x{look.height}"
    high = "-hc" if look.high_contrast else ""
    path = folder / f"{scene}_{lang}_{size}_{look.text:g}x{high}.png"
    _save(picture(widget), path)
    shot = Shot(
        scene, lang, size, look.text, look.high_contrast, str(path), tuple(faults(widget, look))
    )
    widget.clear_widgets()
    return shot


def sheets(done: list[Shot], folder: Path) -> list[Path]:
    """Contact sheets: one a size, text size, language and palette, in reading order."""
    groups: dict[str, list[Shot]] = {}
    for shot in done:
        name = f"sheet_{shot.lang}_{shot.size}_{shot.text:g}x{'-hc' if shot.high_contrast else ''}"
        groups.setdefault(name, []).append(shot)
    paths = []
    for name, group in groups.items():
        width, height = (int(part) for part in group[0].size.split("x"))
        columns = SHEET_COLUMNS if width > height else 6
        wide = SHEET_WIDTH if width > height else 320
        high = wide * height // width
        for part, start in enumerate(
            range(0, len(group), columns * (4 if width > height else 2)), 1
        ):
            page = group[start : start + columns * (4 if width > height else 2)]
            path = folder / f"{name}_{part}.png"
            _sheet(page, columns, (wide, high), path)
            paths.append(path)
    return paths


def _sheet(page: list[Shot], columns: int, cell: tuple[int, int], path: Path) -> None:
    rows = -(-len(page) // columns)
    gap = 8
    size = (columns * (cell[0] + gap) + gap, rows * (cell[1] + gap) + gap)
    fbo = Fbo(size=size)
    with fbo:
        ClearColor(0.35, 0.35, 0.35, 1)
        ClearBuffers()
        for place, shot in enumerate(page):
            texture = CoreImage(shot.file, mipmap=True, nocache=True).texture
            x = gap + place % columns * (cell[0] + gap)
            y = gap + place // columns * (cell[1] + gap)
            texture.flip_vertical()
            Rectangle(texture=texture, pos=(x, y), size=cell)
    fbo.draw()
    _save(fbo.texture, path)


def pictured(services: UiServices) -> UiServices:
    """The same picture on every machine: no voice but the one in a scene, and an office that was
    never named gets an example's name."""
    services = dataclasses.replace(services, voice=None)
    if "belum diatur" not in services.office.name:
        return services
    office = dataclasses.replace(
        services.office, name="Kelurahan Sukasari", kecamatan="Tangerang", counter="Loket 1"
    )
    return dataclasses.replace(services, office=office)


def main(
    services: UiServices,
    folder: Path,
    *,
    sheet: bool,
    report: Callable[[Shot], None],
    only: frozenset[str] | None = None,
) -> int:
    """Saves all screens, or only those, in `folder`; returns the exit code: 1 when `audit` found a
    fault. Raises BadInput for a screen that there is not."""
    if Window is None:
        raise RuntimeError("no window could be opened, not even off the screen")
    if unknown := sorted((only or frozenset()) - {*SCENES, *OVERLAYS}):
        raise BadInput(f"--only {unknown[0]}: known are {', '.join((*SCENES, *OVERLAYS))}")
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for shot in shots(services, folder, only=only):
        report(shot)
        done.append(shot)
    if sheet:
        sheets(done, folder)
    return 1 if any(shot.faults for shot in done) else 0
