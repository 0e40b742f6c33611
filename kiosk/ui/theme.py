"""Every colour and size of the kiosk. Figures and reasons: docs of research/interface.md.

One design of 1024x600 units (720x1280 upright) is scaled to the screen by `Look.k`; the citizen's
text size multiplies fonts only, so targets never shrink.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FONT = "PlusJakartaSans"
ICONS = "TablerIcons"

Colour = tuple[float, float, float, float]

TEXT_SCALES = (1.0, 1.33, 1.5)

# Font sizes at text size 1x. Everything one must read to finish is `isi` or larger.
KET, ISI, KARTU, TANYA, ANGKA, ANTREAN = 24, 32, 36, 44, 64, 128
TARGET, GAP, MARGIN, HEADER, FOOTER = 72, 12, 20, 84, 84
RADIUS_KEY, RADIUS_BUTTON, RADIUS_CARD = 8, 12, 16


def colour(hex_rgb: str) -> Colour:
    red, green, blue = (int(hex_rgb[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return (red, green, blue, 1.0)


@dataclass(frozen=True, slots=True)
class Palette:
    """Roles, as `#rrggbb`. `on_x` is the ink for paper `x`; `PAIRS` lists what may meet. While the
    kiosk listens the whole screen is `night`: nobody must wonder whether the microphone is on."""

    page: str
    card: str
    chosen: str
    ink: str
    soft: str
    edge: str
    main: str
    on_main: str
    pressed: str
    on_pressed: str
    focus: str
    accent: str
    on_accent: str
    error: str
    error_paper: str
    done: str
    done_paper: str
    warn: str
    warn_paper: str
    bar: str
    on_bar: str
    night: str
    on_night: str


LIGHT = Palette(
    page="#F6F4EE",
    card="#FFFFFF",
    chosen="#DCEBEA",
    ink="#17262B",
    soft="#3A484E",
    edge="#66747A",
    main="#07454F",
    on_main="#FFFFFF",
    pressed="#042F37",
    on_pressed="#FFFFFF",
    focus="#F4B92E",
    accent="#F4B92E",
    on_accent="#17262B",
    error="#94130E",
    error_paper="#FBE9E6",
    done="#15522E",
    done_paper="#E4F1E8",
    warn="#624100",
    warn_paper="#FFF0CC",
    bar="#07454F",
    on_bar="#FFFFFF",
    night="#062F38",
    on_night="#FFFFFF",
)
HIGH = Palette(
    page="#000000",
    card="#1E1E1E",
    chosen="#1E1E1E",
    ink="#FFFFFF",
    soft="#FFFFFF",
    edge="#FFFFFF",
    main="#FFE500",
    on_main="#000000",
    pressed="#FFFFFF",
    on_pressed="#000000",
    focus="#7DE3FF",
    accent="#FFE500",
    on_accent="#000000",
    error="#FFB4A8",
    error_paper="#000000",
    done="#8DF0A6",
    done_paper="#000000",
    warn="#FFE500",
    warn_paper="#1E1E1E",
    bar="#000000",
    on_bar="#FFFFFF",
    night="#000000",
    on_night="#FFFFFF",
)


@dataclass(frozen=True, slots=True)
class Look:
    """How this person sees the kiosk on this screen: pixels, text size, palette."""

    width: int
    height: int
    text: float = 1.0
    high_contrast: bool = False

    @property
    def portrait(self) -> bool:
        return self.height > self.width

    @property
    def k(self) -> float:
        """Pixels a design unit; never below 1, a target must not shrink under 72 px."""
        base = (720, 1280) if self.portrait else (1024, 600)
        return max(1.0, min(self.width / base[0], self.height / base[1]))

    @property
    def palette(self) -> Palette:
        return HIGH if self.high_contrast else LIGHT

    @property
    def margin(self) -> int:
        return self.dp(24 if self.portrait else MARGIN)

    @property
    def half(self) -> float:
        """The width of one of two buttons beside each other."""
        return (self.width - 2 * self.margin - self.dp(GAP)) / 2

    @property
    def most(self) -> int:
        """The height a box in the body may have: above a footer, below a strip, in large text."""
        return self.dp(700 if self.portrait else 248)

    @property
    def border(self) -> int:
        return round(self.k * (3 if self.high_contrast else 2))

    def dp(self, units: float) -> int:
        return round(units * self.k)

    def font(self, token: int) -> int:
        return round(token * self.k * self.text)

    def chrome_font(self, token: int) -> int:
        """Words on the bar grow a little only: they repeat an icon and are never needed alone."""
        return round(token * self.k * min(self.text, 1.12))


def luminance(hex_rgb: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0..1."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue, _ = colour(hex_rgb)
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1..21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
