"""The peer of the screen benchmarks: a bare Kivy window whose one rectangle changes its colour.

It changes as a finger goes down and again as it is lifted; nothing else lives in the process.
Its size comes from the environment: KCFG_GRAPHICS_WIDTH and KCFG_GRAPHICS_HEIGHT.
"""

from __future__ import annotations

from kivy.config import Config

Config.set("input", "mouse", "mouse,disable_multitouch")
Config.set("graphics", "multisamples", "0")

from kivy.app import App  # noqa: E402
from kivy.core.window import Window  # noqa: E402
from kivy.graphics import Color, Rectangle  # noqa: E402
from kivy.uix.widget import Widget  # noqa: E402

UP, DOWN = (0.0, 0.5, 0.5, 1.0), (1.0, 0.5, 0.0, 1.0)


class Bare(Widget):
    def __init__(self, width_px: int, height_px: int) -> None:
        super().__init__(size_hint=(None, None), size=(width_px, height_px))
        with self.canvas:
            self._colour = Color(*UP)
            Rectangle(pos=(0, 0), size=self.size)

    def on_touch_down(self, touch: object) -> bool:
        self._colour.rgba = DOWN
        return True

    def on_touch_up(self, touch: object) -> bool:
        self._colour.rgba = UP
        return True


class BareApp(App):
    def build(self) -> Widget:
        return Bare(*Window.size)


if __name__ == "__main__":
    BareApp().run()
