"""Colours that meet on a screen can be told apart, in both palettes, at both text sizes."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.theme import HIGH, LIGHT, TARGET, TEXT_SCALES, Look, Palette, contrast, luminance

AA_TEXT, AA_EDGE = 4.5, 3.0
# Words on paper: which roles the widgets lay on which.
TEXT_PAIRS = (
    ("ink", "page"),
    ("ink", "card"),
    ("ink", "chosen"),
    ("soft", "page"),
    ("soft", "card"),
    ("soft", "chosen"),
    ("on_main", "main"),
    ("on_pressed", "pressed"),
    ("on_accent", "accent"),
    ("on_bar", "bar"),
    ("on_night", "night"),
    ("accent", "night"),
    ("error", "error_paper"),
    ("done", "done_paper"),
    ("done", "page"),
    ("warn", "warn_paper"),
    ("warn", "page"),
)
# Icons, and the edges by which one sees what can be touched.
EDGE_PAIRS = (
    ("edge", "card"),
    ("edge", "page"),
    ("main", "page"),
    ("main", "card"),
    ("main", "chosen"),
    ("accent", "bar"),
    ("error", "card"),
    ("error", "page"),
    ("warn", "card"),
    ("done", "card"),
)
# The ring in a pressed button, and in high contrast the edge of the field one types in.
FOCUS_PAIRS = ((LIGHT, "focus", "pressed"), (HIGH, "focus", "card"), (HIGH, "focus", "page"))
PALETTES = pytest.mark.parametrize("palette", [LIGHT, HIGH], ids=["light", "high"])
HEX = st.integers(0, 0xFFFFFF).map("#{:06X}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#FFFFFF", "#FFFFFF", 1.0),
        ("#777777", "#FFFFFF", 4.48),  # the grey that just fails AA
        ("#767676", "#FFFFFF", 4.54),  # the grey that just passes
        ("#FF0000", "#FFFFFF", 4.00),
        ("#0000FF", "#FFFFFF", 8.59),
        ("#FFFF00", "#FFFFFF", 1.07),
    ],
)
def test_contrast_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@given(HEX, HEX)
def test_contrast_has_no_direction_and_stays_in_range(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1.0 <= contrast(one, other) <= 21.0 + 1e-9
    assert 0.0 <= luminance(one) <= 1.0 + 1e-9


@PALETTES
@pytest.mark.parametrize(("ink", "paper"), TEXT_PAIRS)
def test_words_can_be_read(palette: Palette, ink: str, paper: str) -> None:
    assert contrast(getattr(palette, ink), getattr(palette, paper)) >= AA_TEXT


@PALETTES
@pytest.mark.parametrize(("edge", "paper"), EDGE_PAIRS)
def test_edges_and_icons_can_be_seen(palette: Palette, edge: str, paper: str) -> None:
    assert contrast(getattr(palette, edge), getattr(palette, paper)) >= AA_EDGE


@pytest.mark.parametrize(("palette", "edge", "paper"), FOCUS_PAIRS)
def test_where_the_finger_or_the_next_sign_is_can_be_seen(
    palette: Palette, edge: str, paper: str
) -> None:
    assert contrast(getattr(palette, edge), getattr(palette, paper)) >= AA_EDGE


def test_every_role_is_looked_at() -> None:
    looked_at = {role for pair in (*TEXT_PAIRS, *EDGE_PAIRS) for role in pair} | {"focus"}
    assert looked_at == {role.name for role in dataclasses.fields(Palette)}


@PALETTES
def test_ink_reads_far_better_than_it_must(palette: Palette) -> None:
    """Most of what is read is ink on a card: AAA there."""
    assert contrast(palette.ink, palette.card) >= 7
    assert contrast(palette.ink, palette.page) >= 7


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1080, 1920), (800, 480)])
@pytest.mark.parametrize("text", TEXT_SCALES)
def test_larger_text_never_shrinks_a_target(size: tuple[int, int], text: float) -> None:
    look = Look(*size, text=text)
    assert look.dp(TARGET) >= 72
    assert look.dp(TARGET) == Look(*size).dp(TARGET)
    assert look.font(32) == round(32 * look.k * text)
