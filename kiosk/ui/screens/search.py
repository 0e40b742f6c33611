"""Finding a service by words, typed or said: results as one types, and all of them."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.uix.widget import Widget

from kiosk.domain.meaning import Hit, Meaning
from kiosk.ui import theme
from kiosk.ui.screens.emergency import help_at_once
from kiosk.ui.sheet import kept
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import RESULTS_MOST, Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.keys import keyboard
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Tap, button, fitted
from kiosk.ui.widgets.rows import row

GUESSES_MOST = 2  # of what comes nearest, when it is none of ours by all signs


def search(view: View, visit: Visit) -> Screen:
    """Results as one types; the two best always stay above the keys."""
    look, say = view.look, view.say
    typed = view.session.raw.get("search", "")

    def field(width: float) -> Widget:
        return TypedField(
            look, typed, width, empty=say("search.empty"), icon="search", token=theme.ISI
        )

    def blocks(width: float) -> list[Widget]:
        if not typed.strip():
            return [notice(look, say("search.hint"), width, icon="bulb", most=view.look.most)]
        return _results(
            view, view.services.find(typed, RESULTS_MOST, typing=True), width, above_keys=True
        )

    return Screen(
        heading=say("home.title") if look.portrait else "",
        blocks=blocks,
        typed=field,
        tray=letters(view, visit, say("search.go"), speaks=visit.ear is not None),
        strip=gone(view, visit),
        touched=not look.portrait,
    )


def letters(view: View, visit: Visit, done: str, *, speaks: bool = False) -> Widget:
    """The letter keys for this look and language; `done` is on the key that hands in. With
    `speaks` there is a microphone among them."""
    look, say = view.look, view.say
    shift = (visit.capitals, visit.signs)
    key = ("keyboard", look, view.session.lang, *shift, done, speaks, view.on_meant)
    return kept(
        key,
        lambda: keyboard(
            look,
            view.on_meant,
            capitals=visit.capitals,
            signs=visit.signs,
            done=done,
            space=say("keys.space"),
            erase=say("keys.erase"),
            speak=say("keys.speak") if speaks else "",
        ),
    )


def gone(view: View, visit: Visit) -> str:
    """One calm line after the microphone went away in mid-sentence: touch goes on."""
    return view.say("listen.gone") if visit.microphone_gone else ""


def _results(view: View, meaning: Meaning, width: float, *, above_keys: bool) -> list[Widget]:
    """What was found, and the words that led to the first of it."""
    if meaning.outcome == "emergency":
        return [help_at_once(view, width, meaning.emergency_kind, told=above_keys)]
    look = view.look
    known = view.services.catalogue.services
    found = [known[hit.service_id] for hit in meaning.hits if hit.service_id in known]
    if meaning.outcome == "out_of_scope" or not found:
        return _nothing(view, () if above_keys else meaning.guesses[:GUESSES_MOST], width)
    why = view.say("results.because", words=", ".join(meaning.because)) if meaning.because else ""
    if above_keys and look.text > 1.2 and not look.portrait:
        why = ""  # two results stay above the keys in every text size
    options = dict(zip((hit.service_id for hit in meaning.hits), meaning.options, strict=False))
    rows: list[Widget] = []
    for place, one in enumerate(found):
        title, sub = view.said(one.name), why if not place else ""
        if one.id in options and not above_keys:  # the answer to the question, then its name
            title, sub = view.said(options[one.id]), title
        rows.append(
            row(
                look,
                f"service:{one.id}",
                view.on_meant,
                title,
                width,
                icon=one.icon,
                sub=sub,
                one_line=above_keys and not look.portrait,
            )
        )
    return rows


def _nothing(view: View, guesses: Sequence[Hit], width: float) -> list[Widget]:
    """It is none of ours; what comes nearest, if anything does, and the shelves."""
    look, meant = view.look, view.on_meant
    known = view.services.catalogue.services
    near = [known[hit.service_id] for hit in guesses if hit.service_id in known]
    told = view.say("results.perhaps" if near else "search.nothing")
    return [
        notice(look, told, width, tone="warn", icon="help-circle", most=look.most),
        *(
            row(look, f"service:{one.id}", meant, view.said(one.name), width, icon=one.icon)
            for one in near
        ),
        row(look, "go:services", meant, view.say("home.all"), width, icon="layout-grid"),
    ]


def results(view: View, visit: Visit) -> Screen:
    """All that was found, without the keys; asks which when it is not clear."""
    look = view.look
    typed = view.session.raw.get("search", "").strip()
    meaning = view.services.find(typed, RESULTS_MOST, typing=not visit.heard)
    heading = _results_heading(view, visit, meaning, typed)
    echoed = heading == view.say("results.heard", words=typed) or meaning.perhaps_urgent

    def blocks(width: float) -> list[Widget]:
        rows = [heard_line(view, typed, width)] if visit.heard and not echoed else []
        if meaning.perhaps_urgent:
            rows.append(help_at_once(view, width, meaning.urgent_kind))
        rows += _results(view, meaning, width, above_keys=False)
        if meaning.hits:
            none = view.say("results.none")
            rows.append(row(look, "none_of_these", view.on_meant, none, width, icon="circle-x"))
        return rows

    return Screen(
        heading=heading,
        picture="search",
        blocks=blocks,
        footer=_results_footer(view, visit),
    )


def _results_heading(view: View, visit: Visit, meaning: Meaning, typed: str) -> str:
    """What is to be done; else the words, but no danger of somebody's: others can read it too."""
    if visit.heard and not visit.sure:
        return view.say("results.maybe")
    if meaning.outcome == "choose" and len(meaning.hits) > 1:
        return view.said(meaning.question) if meaning.question else view.say("results.which")
    if meaning.perhaps_urgent:
        return view.say("results.found")
    return view.say("results.heard" if visit.heard else "results.title", words=typed)


def heard_line(view: View, words: str, width: float) -> Widget:
    """What was understood, on one line where that is possible at all."""
    look = view.look
    told = view.say("results.heard", words=words)
    least = round(theme.KET / look.text)
    return fitted(look, told, width, token=theme.ISI, least=least, ink=look.palette.soft)


def _results_footer(view: View, visit: Visit) -> list[Tap]:
    """Who spoke puts it right by typing or speaks again; who typed types again."""
    look, say, meant = view.look, view.say, view.on_meant
    if visit.heard and visit.ear is not None:
        edit = button(look, "back", meant, say("results.edit"), icon="keyboard", width=look.half)
        return [edit, microphone(look, meant, say("listen.again"), width=look.half)]
    staff = button(look, "staff", meant, say("bar.staff_long"), icon="help", width=look.half)
    again = say("results.again")
    return [
        staff,
        button(look, "back", meant, again, kind="main", icon="keyboard", width=look.half),
    ]
