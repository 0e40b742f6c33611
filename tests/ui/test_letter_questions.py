"""Every question of every letter in large text, where most breaks; a shared one is drawn once."""

from __future__ import annotations

import pytest

from kiosk.domain.form import Field
from kiosk.ui.audit import faults
from kiosk.ui.i18n import Sentences
from kiosk.ui.scenes import answer, open_form
from kiosk.ui.visit import Visit
from tests.ui.support import ALL_LETTERS, LETTERS, Desk
from tests.ui.test_screens import LARGE_TEXT, pages, sentences

__all__ = ["sentences"]  # the fixture
pytestmark = pytest.mark.slow


def test_every_question_of_the_other_letters_is_whole(sentences: Sentences) -> None:
    """`test_screens` looks at those of LETTERS in every way."""
    found: list[str] = []
    drawn: set[tuple[Field, str]] = set()
    for service in (one for one in ALL_LETTERS if one not in LETTERS):
        visit = Visit(Desk().services(), 1)
        open_form(visit, service)
        while (page := visit.question) is not None:
            if (page.field, page.part) not in drawn:
                drawn.add((page.field, page.part))
                for lang in ("id", "en"):
                    for widget in pages(visit, sentences, LARGE_TEXT, lang):
                        about = f"{visit.session.place.about} {lang}"
                        found += [f"{about}: {one}" for one in faults(widget, LARGE_TEXT)]
                    visit.session.turn(-visit.session.place.page)
            visit.session.lang = "id"
            answer(visit)
    assert len(drawn) > 50
    assert "\n".join(found) == ""
